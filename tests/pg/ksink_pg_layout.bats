#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kpipe_offsets on a real PostgreSQL: its layout is brought up to date, and it must be about the table that is there.
# shellcheck disable=SC1091,SC2154,SC2016,SC2030,SC2031 # stderr and stderr_lines are set by run --separate-stderr

bats_require_minimum_version 1.5.0

load ../support/common
load records

setup() { new_folder_and_db; }

# What the first version of ksink-pg left behind: 10 rows of o[0] in table t.
version_1() {
    psqlq "CREATE TABLE t (p bigint, o bigint, text text);
        INSERT INTO t SELECT 0, i, 'row ' || i FROM generate_series(0, 9) i;
        CREATE TABLE kpipe_offsets (sink text NOT NULL, topic text NOT NULL, partition integer NOT NULL,
            next_offset bigint NOT NULL, generation bigint NOT NULL DEFAULT 0, stored_rows bigint NOT NULL DEFAULT 0,
            source_group text NOT NULL DEFAULT '', cluster text NOT NULL DEFAULT '',
            updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (sink, topic, partition)) WITH (fillfactor = 50);
        COMMENT ON TABLE kpipe_offsets IS 'kpipe_offsets version 1: what ksink-pg has stored';
        INSERT INTO kpipe_offsets (sink, topic, partition, next_offset, stored_rows) VALUES ('public.t', 'o', 0, 10, 10)"
}

layout() { psqlq "SELECT split_part(obj_description('kpipe_offsets'::regclass), ':', 1)"; }
oid_of() { psqlq "SELECT '$1'::regclass::oid"; }

# refuses STATUS TABLE [option...]: five more records than the ten that are stored are not taken.
refuses() {
    local status_wanted=$1
    numbered o 0 0 15 >in
    run --separate-stderr ksink-pg --table "${@:2}" <in
    assert_equal "$status" "$status_wanted"
    assert_equal "${#stderr_lines[@]}" 1
}

stores_up_to() { # COUNT
    numbered o 0 0 "$1" | ksink-pg --table t 2>err
}

@test "stored offsets of version 1 are printed as they are, and upgraded in place by the first run" {
    version_1
    run --separate-stderr ksink-pg --table t --print-offsets
    assert_success
    assert_equal "$(jq -c '[.offset, .rows, .topic_id]' <<<"$output")" '[10,10,null]'
    assert_equal "$(layout)" 'kpipe_offsets version 1'
    stores_up_to 15
    exactly_once t 0 15
    assert_equal "$(<err)" 'ksink-pg: stored 5 records in public.t, 10 duplicates dropped, 1 transaction'
    assert_equal "$(layout)" 'kpipe_offsets version 2'
    assert_equal "$(psqlq 'SELECT next_offset, stored_rows, topic_id, target_oid FROM kpipe_offsets')" "15|15||$(oid_of t)"
    psqlq 'CREATE TABLE made (LIKE kpipe_offsets)'
    psqlq 'DROP TABLE kpipe_offsets; TRUNCATE t'
    stores_up_to 1
    assert_equal "$(psqlq "SELECT count(*) FROM (SELECT attname, atttypid, attnotnull FROM pg_attribute WHERE attrelid = 'made'::regclass
        INTERSECT SELECT attname, atttypid, attnotnull FROM pg_attribute WHERE attrelid = 'kpipe_offsets'::regclass AND attnum > 0) a")" 11
}

@test "several instances that upgrade at once lose nothing" {
    version_1
    local sinks=() i
    for i in 1 2 3 4 5 6; do
        numbered o 0 0 $((300 * i)) | ksink-pg --table t --batch-size 37 2>"err.$i" 3>&- &
        sinks+=($!)
    done
    for i in "${sinks[@]}"; do wait "$i"; done
    exactly_once t 0 1800
    assert_equal "$(layout)" 'kpipe_offsets version 2'
    assert_equal "$(cat err.* | grep -vc 'ksink-pg: stored')" 0
}

@test "the commands that change stored offsets do well with version 1" {
    version_1
    ksink-pg --table t --print-offsets >saved
    run --separate-stderr ksink-pg --table t --forget
    assert_success
    assert_equal "$stderr" 'ksink-pg: sink pg:public.t: forgot the offsets of 1 partition'
    assert_equal "$(layout)" 'kpipe_offsets version 1'
    run --separate-stderr ksink-pg --table t --set-offsets <saved
    assert_success
    assert_equal "$stderr" 'ksink-pg: o[0]: none -> 10 (generation 0)'
    assert_equal "$(layout)" 'kpipe_offsets version 2'
    assert_equal "$(psqlq 'SELECT next_offset, stored_rows, target_oid FROM kpipe_offsets')" "10|10|$(oid_of t)"
}

@test "several instances that make the table of offsets at once set them all" {
    local setters=() i
    for i in {1..9}; do
        echo '{"topic":"o","partition":'"$i"',"offset":'"$i"'00}' | ksink-pg --table t --set-offsets 2>"err.$i" 3>&- &
        setters+=($!)
    done
    for i in "${setters[@]}"; do wait "$i"; done
    assert_equal "$(psqlq 'SELECT count(*), sum(next_offset) FROM kpipe_offsets')" '9|4500'
    assert_equal "$(cat err.* | sort)" "$(for i in {1..9}; do echo "ksink-pg: o[$i]: none -> ${i}00 (generation 0)"; done | sort)"
    assert_equal "$(layout)" 'kpipe_offsets version 2'
}

@test "another one makes the table of offsets without our lock: the sink goes on with it" {
    stores_up_to 5
    psqlq 'ALTER TABLE kpipe_offsets RENAME TO made; TRUNCATE t'
    exec {SQL}> >(psql -X -q -v ON_ERROR_STOP=1 3>&-)
    echo 'BEGIN; CREATE TABLE kpipe_offsets (LIKE made INCLUDING ALL);' >&"$SQL"
    wait_until 10 db_says "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'" 1
    numbered o 0 0 15 | ksink-pg --table t 2>err 3>&- {SQL}>&- &
    local sink=$!
    wait_until 10 db_says "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'" 1
    echo 'COMMIT;' >&"$SQL"
    exec {SQL}>&-
    wait "$sink"
    exactly_once t 0 15
    assert_equal "$(psqlq 'SELECT next_offset, stored_rows FROM kpipe_offsets')" '15|15'
}

@test "who may not upgrade ends with 77 and the statement for the owner" {
    version_1
    psqlq "DROP ROLE IF EXISTS kpipe_reader; CREATE ROLE kpipe_reader LOGIN; GRANT CREATE ON SCHEMA public TO kpipe_reader;
           GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO kpipe_reader"
    PGUSER=kpipe_reader refuses 77 t
    assert_regex "$stderr" 'cannot bring "public"."kpipe_offsets" to layout version 2: must be owner of table kpipe_offsets'
    psqlq "${stderr##*as the owner: }"
    numbered o 0 0 15 >in
    PGUSER=kpipe_reader run --separate-stderr ksink-pg --table t <in
    psqlq 'DROP OWNED BY kpipe_reader; DROP ROLE kpipe_reader'
    assert_success
    exactly_once t 0 15
}

# from_topic ID COUNT: the source knows the topic's id, and prints what it is told of the partition.
from_topic() { numbered o 0 0 "$2" | "$KPIPE_PYTHON" "$BATS_TEST_DIRNAME/source.py" o "$1" 0 ksink-pg --table t 2>err; }

@test "the topic's id is stored and told, and stays where the source does not know it" {
    stores_up_to 5
    assert_equal "$(from_topic PgwxuHgJQICJiwMvlvLYWQ 10)" '[{"topic": "o", "partition": 0, "offset": 5}]'
    stores_up_to 15
    run --separate-stderr ksink-pg --table t --print-offsets
    assert_equal "$(jq -c '[.offset, .topic_id]' <<<"$output")" '[15,"PgwxuHgJQICJiwMvlvLYWQ"]'
    assert_equal "$(from_topic wNzpnDjzTmmb5F6wRoEWYQ 20)" '[{"topic": "o", "partition": 0, "offset": 15, "topic_id": "PgwxuHgJQICJiwMvlvLYWQ"}]'
    assert_equal "$(psqlq 'SELECT next_offset, topic_id FROM kpipe_offsets')" '20|wNzpnDjzTmmb5F6wRoEWYQ'
    psqlq 'DELETE FROM kpipe_offsets; TRUNCATE t'
    assert_equal "$(from_topic PgwxuHgJQICJiwMvlvLYWQ 20)" '[]'
    assert_equal "$(psqlq 'SELECT next_offset, topic_id FROM kpipe_offsets')" '20|PgwxuHgJQICJiwMvlvLYWQ'
    exactly_once t 0 20
}

@test "a table dropped and created again is refused, with both ways on" {
    stores_up_to 10
    psqlq 'ALTER TABLE t RENAME TO old; CREATE TABLE t (LIKE old)'
    refuses 78 t
    assert_regex "$stderr" '^ksink-pg: table public.t: is not the one that took the 10 rows of sink public.t \(oid [0-9]+, now [0-9]+\): was it dropped and created again\?'
    local keep anew=${stderr##*start anew: } said=$stderr
    anew=${anew%%; or*} keep=${said##*keep the offsets: }
    assert_equal "$(psqlq 'SELECT count(*) FROM t')" 0
    psqlq 'INSERT INTO t SELECT * FROM old'
    psqlq "$keep"
    stores_up_to 15
    exactly_once t 0 15
    psqlq 'DROP TABLE t; CREATE TABLE t (LIKE old)'
    assert_equal "$anew" 'ksink-pg --table t --forget'
    $anew 2>err
    stores_up_to 20
    exactly_once t 0 20
}

@test "a table replaced while the sink runs is noticed before a row is stored in it" {
    mkfifo in
    ksink-pg --table t <in 2>err 3>&- &
    local sink=$! status=0
    exec {FEED}>in
    numbered o 0 0 10 >&"$FEED"
    wait_until 10 db_says "SELECT count(*) FROM pg_tables WHERE tablename = 't'" 1
    wait_until 10 db_says 'SELECT count(*) FROM t' 10
    psqlq 'ALTER TABLE t RENAME TO old; CREATE TABLE t (LIKE old)'
    numbered o 0 10 5 >&"$FEED"
    exec {FEED}>&-
    wait "$sink" || status=$?
    assert_equal "$status" 78
    assert_regex "$(tail -1 err)" 'is not the one that took the 10 rows'
    assert_equal "$(psqlq 'SELECT count(*) FROM t')|$(next_offset public.t o 0)" '0|10'
}

@test "a table dropped while the sink runs ends it with 78" {
    mkfifo in
    ksink-pg --table t <in 2>err 3>&- &
    local sink=$! status=0
    exec {FEED}>in
    numbered o 0 0 10 >&"$FEED"
    wait_until 10 db_says "SELECT count(*) FROM pg_tables WHERE tablename = 't'" 1
    psqlq 'DROP TABLE t'
    numbered o 0 10 5 >&"$FEED"
    exec {FEED}>&-
    wait "$sink" || status=$?
    assert_equal "$status" 78
    assert_regex "$(tail -1 err)" 'does not exist, but kpipe_offsets says that 10 rows of sink public.t are stored'
}

@test "a table without stored rows may be replaced, a table with them may be emptied" {
    { record o 0 0 null; record o 0 1 null; } | ksink-pg --table t 2>err
    assert_equal "$(psqlq 'SELECT target_oid FROM kpipe_offsets')" 0
    psqlq 'CREATE TABLE t (o bigint, p bigint, text text)'
    { record o 0 2 null; } | ksink-pg --table t 2>err
    psqlq 'DROP TABLE t'
    numbered o 0 0 10 | ksink-pg --table t 2>err
    assert_equal "$(psqlq 'SELECT count(*), min(o) FROM t')" '7|3'
    psqlq 'TRUNCATE t'
    stores_up_to 15
    assert_equal "$(psqlq 'SELECT count(*), min(o) FROM t')" '5|10'
}

@test "one sink's offsets do not speak for another table" {
    numbered o 0 0 10 | ksink-pg --table t --sink-id both 2>err
    numbered o 0 0 10 >in
    psqlq 'CREATE TABLE u (LIKE t)'
    refuses 78 u --sink-id both
    assert_regex "$stderr" 'table public.u: is not the one that took the 10 rows of sink both'
}

@test "unlogged stored offsets are refused" {
    stores_up_to 10
    psqlq 'ALTER TABLE kpipe_offsets SET UNLOGGED'
    refuses 78 t
    assert_regex "$stderr" '"public"."kpipe_offsets": is unlogged: .* SET LOGGED'
}
