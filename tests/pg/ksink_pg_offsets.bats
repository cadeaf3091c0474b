#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Stored offsets on a real PostgreSQL, changed by hand: --set-offsets, --forget, and what a pipeline that runs makes of it.
# shellcheck disable=SC1091,SC2154,SC2016,SC2030,SC2031 # stderr and stderr_lines are set by run --separate-stderr

bats_require_minimum_version 1.5.0

load ../support/common
load records

setup() {
    new_folder_and_db
    sink=
}

teardown() {
    [[ -z $sink ]] || kill -KILL "$sink" 2>/dev/null || true
}

# line PARTITION OFFSET [MEMBER...]: a checkpoint line of topic o.
line() { printf '{"topic":"o","partition":%s,"offset":%s%s}\n' "$1" "$2" "${3:+,$3}"; }

# set_offsets [option...] <lines: into table t.
set_offsets() { run --separate-stderr ksink-pg --table t "$@" --set-offsets; }

# All that is stored but the time, a line for each row.
rows() {
    psqlq 'SELECT sink, topic, partition, next_offset, generation, stored_rows, source_group, cluster, topic_id, target_oid
        FROM kpipe_offsets ORDER BY sink, topic, partition'
}

# 10 records of partition 0, 5 of partition 1 in generation 2.
fill() { { numbered o 0 0 10; numbered o 1 0 5 2; } | ksink-pg --table t 2>/dev/null; }

stores() { numbered o 0 "$1" "$2" "${3-}" | ksink-pg --table t 2>err; }

@test "offsets are set for the partitions that are named; all else stays" {
    fill
    psqlq "UPDATE kpipe_offsets SET source_group = 'etl', cluster = 'c', topic_id = 'T'"
    local oid
    oid=$(psqlq "SELECT 't'::regclass::oid")
    psqlq "UPDATE kpipe_offsets SET updated_at = '2000-01-01'"
    set_offsets < <(line 0 7 '"lag":3'; line 3 100 '"gen":4')
    assert_success
    assert_equal "$output" ''
    assert_equal "$stderr" $'ksink-pg: o[0]: 10 -> 7 (generation 0)\nksink-pg: o[3]: none -> 100 (generation 4)'
    assert_equal "$(rows)" "public.t|o|0|7|0|10|etl|c|T|$oid
public.t|o|1|5|2|5|etl|c|T|$oid
public.t|o|3|100|4|0||||$oid"
    assert_equal "$(psqlq "SELECT partition FROM kpipe_offsets WHERE updated_at < '2001-01-01'")" 1
    stores 5 10
    assert_equal "$(<err)" 'ksink-pg: stored 8 records in public.t, 2 duplicates dropped, 1 transaction'
    assert_equal "$(next_offset public.t o 0)" 15
}

@test "what --print-offsets printed brings everything back" {
    fill
    psqlq "UPDATE kpipe_offsets SET source_group = 'etl', cluster = 'c', topic_id = 'T'"
    local before
    before=$(rows)
    ksink-pg --table t --print-offsets >saved
    ksink-pg --table t --forget 2>/dev/null
    assert_equal "$(rows)" ''
    set_offsets <saved
    assert_success
    assert_equal "$stderr" $'ksink-pg: o[0]: none -> 10 (generation 0)\nksink-pg: o[1]: none -> 5 (generation 2)'
    assert_equal "$(rows)" "$before"
    psqlq "UPDATE kpipe_offsets SET next_offset = 1, stored_rows = 0, source_group = 'other', cluster = '', topic_id = ''"
    set_offsets <saved
    assert_equal "$(rows)" "$before"
    assert_equal "$stderr" $'ksink-pg: o[0]: 1 -> 10 (generation 0, group other -> etl)\nksink-pg: o[1]: 1 -> 5 (generation 2, group other -> etl)'
    stores 0 12
    exactly_once t 0 12
}

@test "the table of offsets and that of rows may be missing" {
    set_offsets < <(line 0 7)
    assert_success
    assert_equal "$stderr" 'ksink-pg: o[0]: none -> 7 (generation 0)'
    assert_equal "$(psqlq "SELECT to_regclass('t') IS NULL")" t
    assert_regex "$(psqlq "SELECT obj_description('kpipe_offsets'::regclass)")" '^kpipe_offsets version 2:'
    stores 0 10
    assert_equal "$(psqlq 'SELECT min(o), count(*) FROM t')" '7|3'
}

@test "a wrong line is named, and nothing is changed" {
    fill
    local before
    before=$(rows)
    set_offsets < <(line 0 7; echo '{"topic":"o","partition":1')
    assert_equal "$status" 65
    assert_equal "$stderr" 'ksink-pg: stdin: line 2: not a JSON object'
    set_offsets < <(line 0 7; line 0 8)
    assert_equal "$status" 65
    set_offsets </dev/null
    assert_equal "$status" 65
    assert_regex "$stderr" '^ksink-pg: stdin: no checkpoint line in it: nothing was changed'
    assert_equal "$(rows)" "$before"
    psqlq 'DROP TABLE kpipe_offsets'
    set_offsets </dev/null
    assert_equal "$(psqlq "SELECT to_regclass('kpipe_offsets') IS NULL")" t
}

@test "lines of another sink are refused, until they name none" {
    fill
    ksink-pg --table t --print-offsets >saved
    set_offsets --sink-id other <saved
    assert_equal "$status" 65
    assert_equal "$stderr" "ksink-pg: stdin: line 1: is of sink pg:public.t, and this is pg:other. Name the other one by --table and --sink-id; or, if its offsets are to be this one's: jq -c 'del(.sink)'"
    assert_equal "$(psqlq "SELECT count(*) FROM kpipe_offsets WHERE sink = 'other'")" 0
    set_offsets --sink-id other < <(jq -c 'del(.sink)' saved)
    assert_success
    assert_equal "$(psqlq "SELECT next_offset, stored_rows FROM kpipe_offsets WHERE sink = 'other' ORDER BY partition")" $'10|10\n5|5'
    # As kseek names the sinks of a group that feeds two.
    set_offsets < <(line 0 3 '"sink":"file:/out+pg:public.t"')
    assert_success
    assert_equal "$(next_offset public.t o 0)|$(next_offset other o 0)" '3|10'
}

@test "--forget deletes what is stored of this sink alone, and says how much; rows stay" {
    fill
    numbered o 0 0 3 | ksink-pg --table t --sink-id b 2>/dev/null
    run --separate-stderr ksink-pg --table t --forget
    assert_success
    assert_equal "$output" ''
    assert_equal "$stderr" 'ksink-pg: sink pg:public.t: forgot the offsets of 2 partitions'
    assert_equal "$(psqlq 'SELECT sink FROM kpipe_offsets; SELECT count(*) FROM t')" $'b\n18'
    run --separate-stderr ksink-pg --table t --forget
    assert_success
    assert_equal "$stderr" 'ksink-pg: sink pg:public.t: nothing is stored, nothing to forget'
    run --separate-stderr ksink-pg --table t --sink-id b --forget
    assert_equal "$stderr" 'ksink-pg: sink pg:b: forgot the offsets of 1 partition'
    psqlq 'DROP TABLE kpipe_offsets'
    run --separate-stderr ksink-pg --table t --forget
    assert_success
    assert_equal "$stderr" 'ksink-pg: sink pg:public.t: nothing is stored, nothing to forget'
    assert_equal "$(psqlq "SELECT to_regclass('kpipe_offsets') IS NULL")" t
}

@test "one of the three commands at a time" {
    local options
    for options in '--set-offsets --forget' '--print-offsets --set-offsets' '--print-offsets --forget'; do
        # shellcheck disable=SC2086 # two words
        run --separate-stderr ksink-pg --table t $options </dev/null
        assert_equal "$status" 64
        assert_equal "$stderr" "ksink-pg: ${options/ / excludes }. See ksink-pg --help"
    done
}

@test "a smaller generation does not take the stored one back" {
    fill
    set_offsets < <(line 1 3 '"gen":1')
    assert_success
    assert_equal "$stderr" "ksink-pg: o[1]: 5 -> 3 (generation 2; the line's 1 is older)"
    assert_equal "$(psqlq 'SELECT next_offset, generation FROM kpipe_offsets WHERE partition = 1')" '3|2'
}

@test "what may not be changed ends with 77" {
    fill
    psqlq "DROP ROLE IF EXISTS kpipe_clerk; CREATE ROLE kpipe_clerk LOGIN; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO kpipe_clerk"
    local before
    before=$(rows)
    PGUSER=kpipe_clerk set_offsets < <(line 0 7)
    assert_equal "$status" 77
    PGUSER=kpipe_clerk run --separate-stderr ksink-pg --table t --forget
    assert_equal "$status" 77
    assert_regex "$stderr" 'cannot delete from "public"."kpipe_offsets": permission denied'
    assert_equal "$(rows)" "$before"
    # What a sink needs, and DELETE for --forget.
    psqlq 'GRANT UPDATE ON kpipe_offsets TO kpipe_clerk'
    PGUSER=kpipe_clerk set_offsets < <(line 0 7)
    assert_success
    psqlq 'GRANT DELETE ON kpipe_offsets TO kpipe_clerk'
    PGUSER=kpipe_clerk run --separate-stderr ksink-pg --table t --forget
    psqlq 'DROP OWNED BY kpipe_clerk; DROP ROLE kpipe_clerk'
    assert_success
    assert_equal "$(rows)" ''
}

# ------------------------------------------------------------------------------------------ while a sink runs

# running [GENERATION]: a sink that has stored 10 records of partition 0 and waits for more on FEED.
running() {
    mkfifo in
    ksink-pg --table t <in 2>err 3>&- &
    sink=$!
    exec {FEED}>in
    numbered o 0 0 10 "${1-}" >&"$FEED"
    wait_until 10 db_says "SELECT count(*) FROM pg_tables WHERE tablename = 't'" 1
    wait_until 10 db_says 'SELECT count(*) FROM t' 10
}

# then_gets FIRST COUNT [GENERATION]: more records, and the end; sets ended.
then_gets() {
    numbered o 0 "$@" >&"$FEED"
    exec {FEED}>&-
    ended=0
    wait "$sink" || ended=$?
    sink=
}

# Nothing but the first ten records is stored, and the offset is as it was set.
nothing_more() { # OFFSET|GENERATION
    assert_equal "$(psqlq 'SELECT count(*) FROM t')" 10
    assert_equal "$(psqlq 'SELECT next_offset, generation FROM kpipe_offsets')" "$1"
}

@test "a sink whose offset is set back stops before it stores anything more" {
    running
    line 0 7 | ksink-pg -q --table t --set-offsets
    then_gets 10 5
    assert_equal "$ended" 75
    assert_equal "$(tail -1 err)" 'ksink-pg: o[0]: the stored offset went back from 10 to 7 (restored from a backup, or set by hand?). Start the pipeline again: it resumes there'
    nothing_more '7|0'
}

@test "a sink whose offset is set on drops what is below it" {
    running
    line 0 12 | ksink-pg -q --table t --set-offsets
    then_gets 10 5
    assert_equal "$ended" 0
    assert_equal "$(tail -1 err)" 'ksink-pg: stored 13 records in public.t, 2 duplicates dropped, 2 transactions'
    assert_equal "$(psqlq 'SELECT count(*), count(DISTINCT o), min(o) FILTER (WHERE o > 9) FROM t')" '13|13|12'
}

@test "a sink whose generation is raised stops" {
    running
    line 0 7 '"gen":1' | ksink-pg -q --table t --set-offsets
    then_gets 10 5
    assert_equal "$ended" 75
    assert_equal "$(tail -1 err)" "ksink-pg: o[0]: generation 0 is older than the stored one (1): the group's offsets were moved while this pipeline ran. Start it again"
    nothing_more '7|1'
}

@test "a sink whose offsets are forgotten stops, also when they are set to before a kseek" {
    running 2
    ksink-pg -q --table t --forget
    line 0 7 '"gen":1' | ksink-pg -q --table t --set-offsets
    then_gets 10 5 2
    assert_equal "$ended" 75
    assert_regex "$(tail -1 err)" 'o\[0\]: the stored offset went back from 10 to 7'
    nothing_more '7|1'
}

@test "a sink whose offsets are forgotten stops" {
    running
    ksink-pg -q --table t --forget
    then_gets 10 5
    assert_equal "$ended" 75
    assert_regex "$(tail -1 err)" 'o\[0\]: the stored offset went back from 10 to none'
    assert_equal "$(psqlq 'SELECT count(*) FROM t; SELECT count(*) FROM kpipe_offsets')" $'10\n0'
}

@test "setting offsets waits for whoever is adding a row, and says what that was" {
    fill
    exec {SQL}> >(psql -X -q -v ON_ERROR_STOP=1 3>&-)
    echo "BEGIN; INSERT INTO kpipe_offsets (sink, topic, partition, next_offset, generation) VALUES ('public.t', 'o', 5, 77, 3);" >&"$SQL"
    wait_until 10 db_says "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'" 1
    line 5 7 | ksink-pg --table t --set-offsets 2>err 3>&- {SQL}>&- &
    sink=$!
    wait_until 10 db_says "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'" 1
    echo 'COMMIT;' >&"$SQL"
    exec {SQL}>&-
    wait "$sink"
    sink=
    assert_equal "$(<err)" 'ksink-pg: o[5]: 77 -> 7 (generation 3)'
    assert_equal "$(psqlq 'SELECT next_offset, generation FROM kpipe_offsets WHERE partition = 5')" '7|3'
}

@test "sinks that store all the time are not disturbed when other partitions are set" {
    local writers=() i
    for i in 0 1 2; do
        numbered o "$i" 0 20000 | ksink-pg --table t --batch-size 20 2>"err.$i" 3>&- &
        writers+=($!)
    done
    wait_until 20 db_says "SELECT to_regclass('kpipe_offsets') IS NOT NULL" t
    for i in {1..20}; do { line 7 "$i"; line 8 "$i"; } | ksink-pg -q --table t --set-offsets; done
    for i in "${writers[@]}"; do wait "$i"; done
    for i in 0 1 2; do exactly_once t "$i" 20000; done
    assert_equal "$(next_offset public.t o 7)|$(next_offset public.t o 8)" '20|20'
}
