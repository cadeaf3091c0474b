#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ksink-pg --strategy replace on a real PostgreSQL: the rows of a whole run take the place of the table's, or none does.
# shellcheck disable=SC1091,SC2154,SC2016,SC2030,SC2031 # stderr and stderr_lines are set by run --separate-stderr

bats_require_minimum_version 1.5.0

load ../support/common
load records
load replace

setup() { new_folder_and_db; }

teardown() { end_feeders; }

@test "each run replaces all rows by its own; offsets are those of the last" {
    psqlq 'CREATE TABLE t (p integer, o bigint, text text)'
    psqlq "INSERT INTO t VALUES (9, 9, 'old')"
    { numbered o 0 0 300; numbered o 1 0 200; } >in
    replaces t --batch-size 70 <in
    assert_equal "$stderr" "ksink-pg: replaced the rows of public.t by 500 records, 0 duplicates dropped, 8 transactions"
    exactly_once t 0 300
    exactly_once t 1 200
    assert_equal "$(psqlq 'SELECT count(*) FROM t')|$(next_offset public.t o 0)|$(next_offset public.t o 1)" '500|300|200'
    # A shorter topic, and again from its beginning.
    numbered o 0 0 20 >in
    replaces t <in
    assert_equal "$(psqlq 'SELECT count(*) FROM t')|$(psqlq 'SELECT sink, topic, next_offset FROM kpipe_offsets')" '20|public.t|o|20'
    replaces t <in
    exactly_once t 0 20
    assert_equal "$(asides)" 0
    # What is appended later goes on behind it: the table is still the one that the offsets know.
    numbered o 0 0 25 | ksink-pg --table t 2>err
    exactly_once t 0 25
    assert_equal "$(ksink-pg --table t --print-offsets | jq -c '[.sink, .offset]')" '["pg:public.t",25]'
    numbered o 0 0 10 >in
    replaces t <in
    exactly_once t 0 10
}

@test "a missing table is made at the end, with its key, names and comments" {
    { keyed 0 null '{"id":1,"note":"a","more":{"x":1}}'; keyed 1 null '{"id":2,"note":"b"}'; keyed 2 null '{"id":1,"note":"c"}'; } >in
    begin_feed t --primary-key id --replace-at-eof
    cat in >&"$FEED"
    wait_until 20 db_says 'SELECT count(*) FROM t_kpipe_new' 2
    assert_equal "$(psqlq "SELECT to_regclass('t')")" ''
    ends 0
    assert_equal "$(sed 's/"//g' err)" "ksink-pg: created a table: CREATE TABLE public.t (id bigint, note text, more jsonb, PRIMARY KEY (id))
ksink-pg: replaced the rows of public.t by 3 records, 0 duplicates dropped, 1 transaction"
    assert_equal "$(rows)" $'1|c|\n2|b|'
    assert_equal "$(psqlq "SELECT indexrelid::regclass, col_description('t'::regclass, 3) FROM pg_index WHERE indrelid = 't'::regclass")" \
        't_pkey|kpipe: one field of the value'
    replaces t --primary-key id <in
    assert_equal "$(rows)" $'1|c|\n2|b|'
    psqlq 'DROP TABLE t'
    keeps 66 t --no-create-table <in
}

@test "keys: the last offset wins, tombstones delete, in any batches; without a key a second row is refused" {
    psqlq 'CREATE TABLE t (id text PRIMARY KEY, n integer)'
    psqlq "INSERT INTO t VALUES ('old', 1)"
    { keyed 0 '"a"' '{"n":1}'; keyed 1 '"b"' '{"n":2}'; keyed 2 '"a"' '{"n":3}'; keyed 3 '"b"' null; keyed 4 '"c"' null; } >in
    local size
    for size in 50000 1; do
        replaces t --primary-key key --batch-size "$size" <in
        assert_equal "$(rows)" 'a|3'
    done
    assert_regex "$stderr" 'by 3 records, 0 duplicates dropped, 5 transactions, 2 deletes$'
    { keyed 0 null '{"id":"a"}'; keyed 1 null '{"id":"a"}'; } >in
    keeps 65 t <in
    assert_regex "$stderr" '^ksink-pg: row not stored in public.t: .*\(Key \(id\)=\(a\) already exists\.\) \[23505\]'
    assert_equal "$(rows)" 'a|3'
}

@test "only rows that differ are written: the others stay where they are" {
    psqlq 'CREATE TABLE t (id bigint PRIMARY KEY, note text, doc json)'
    for i in {0..9}; do record o 0 "$i" "{\"id\":$i,\"note\":\"n$i\",\"doc\":{\"b\": $i}}"; done >in
    replaces t <in
    psqlq 'CREATE TABLE before AS SELECT ctid AS at, * FROM t'
    sed -i 's/"n3"/"new"/; /"offset":7,/d' in
    record o 0 10 '{"id":10}' >>in
    run --separate-stderr ksink-pg -v --strategy replace --table t <in
    assert_success
    assert_regex "$stderr" 'rows of public.t: 2 removed, 0 changed, 2 added'
    assert_equal "$(psqlq 'SELECT count(*) FROM t JOIN before ON at = t.ctid')" 8
    assert_equal "$(psqlq "SELECT string_agg(id || COALESCE(note, ''), ' ' ORDER BY id) FROM t")" '0n0 1n1 2n2 3new 4n4 5n5 6n6 8n8 9n9 10'
}

# --- the end of the run ---

# says HELLO BYE <records: a run that a kconsume feeds which says these.
says() {
    SOURCE_HELLO=$1 SOURCE_BYE=$2 run --separate-stderr "$KPIPE_PYTHON" "$BATS_TEST_DIRNAME/source.py" o '' 0 \
        ksink-pg --table t --strategy replace "${@:3}"
}

@test "kconsume's word counts: its end reached and all of it stored, or the old rows stay" {
    psqlq 'CREATE TABLE t (p integer, o bigint, text text)'
    psqlq "INSERT INTO t VALUES (9, 9, 'old')"
    numbered o 0 0 50 >in
    local bye
    for bye in none '{}' '{"end":[{"topic":"o","partition":0,"offset":51}]}' '{"end":[{"topic":"o","partition":1,"offset":1}]}'; do
        rm -rf runtime
        says '{}' "$bye" --replace-at-eof <in
        assert_equal "$status" 75
        assert_regex "$stderr" 'ksink-pg: table public.t: keeps its old rows: '
        assert_equal "$(rows)" '9|9|old'
    done
    assert_regex "$stderr" 'o\[1\] was read up to offset 1, and what came ends at 0: a filter died, or drops records. .*--marks'
    rm -rf runtime
    says '{}' '{"end":[{"topic":"o","partition":0,"offset":50}]}' <in
    assert_success
    assert_equal "$output" '[]'
    exactly_once t 0 50
    # The stored offsets of one run do not tell the next where to begin.
    rm -rf runtime
    says '{}' '{"end":[{"topic":"o","partition":0,"offset":50}]}' <in
    assert_success
    assert_equal "$output" '[]'
    exactly_once t 0 50
}

@test "a group and a run without an end are refused before a row is stored" {
    psqlq 'CREATE TABLE t (p integer, o bigint, text text)'
    psqlq "INSERT INTO t VALUES (9, 9, 'old')"
    numbered o 0 0 50 >in
    says '{"group":"g"}' '{}' <in
    assert_equal "$status" 78
    assert_regex "$stderr" '^ksink-pg: table public.t: --strategy replace: kconsume reads for group g, and so only what .* Leave out its -g'
    rm -rf runtime
    says '{"unbounded":true}' '{}' <in
    assert_equal "$status" 78
    assert_regex "$stderr" 'kconsume would read on for ever, .*Give it --once$'
    assert_equal "$(rows)" '9|9|old'
}

@test "a pipe that ends says nothing: only --replace-at-eof takes it for the end; torn lines never are" {
    psqlq 'CREATE TABLE t (p integer, o bigint, text text)'
    psqlq "INSERT INTO t VALUES (9, 9, 'old')"
    numbered o 0 0 50 >in
    run --separate-stderr bash -c 'cat in | ksink-pg --table t --strategy replace'
    assert_equal "$status" 75
    assert_regex "$stderr" 'nobody said that the run was whole, .* or say --replace-at-eof$'
    run --separate-stderr bash -c 'head -c -3 in | ksink-pg --table t --strategy replace --replace-at-eof'
    assert_equal "$status" 75
    head -c -3 in >torn
    keeps 65 t <torn
    assert_equal "$(rows)" '9|9|old'
    run --separate-stderr bash -c 'cat in | ksink-pg --table t --strategy replace --replace-at-eof'
    assert_success
    exactly_once t 0 50
}

@test "a run without rows keeps the old ones, unless it may empty the table" {
    psqlq 'CREATE TABLE t (id text PRIMARY KEY)'
    psqlq "INSERT INTO t VALUES ('old')"
    keeps 65 t </dev/null
    assert_equal "$stderr" "ksink-pg: table public.t: keeps its old rows: the run brought none. To empty the table then, say --allow-empty"
    { keyed 0 '"a"' '{}'; keyed 1 '"a"' null; } >in
    keeps 65 t --primary-key key <in
    assert_equal "$(rows 't, t AS u')" 'old|old'
    replaces t --primary-key key --allow-empty <in
    assert_equal "$(psqlq 'SELECT count(*) FROM t')|$(next_offset public.t o 0)" '0|2'
    # Nothing at all to make a table of.
    replaces none --allow-empty </dev/null
    assert_equal "$(psqlq "SELECT to_regclass('none')")" ''
}

# --- runs that break off, and two at once ---

@test "a run that was killed leaves the rows and an aside, which the next drops; nothing of it is used" {
    psqlq 'CREATE TABLE t (p integer, o bigint, text text)'
    psqlq "INSERT INTO t VALUES (9, 9, 'old')"
    begin_feed t
    numbered o 0 0 100 >&"$FEED"
    wait_until 20 db_says 'SELECT count(*) FROM t_kpipe_new' 100
    # Its offsets stand under a name of their own.
    assert_equal "$(psqlq 'SELECT sink, next_offset FROM kpipe_offsets')" 'public.t (replace)|100'
    assert_equal "$(ksink-pg --table t --print-offsets)" ''
    kill -KILL "$SINK"
    ends 137
    assert_equal "$(rows)|$(asides)" '9|9|old|1'
    numbered o 0 0 30 >in
    replaces t <in
    exactly_once t 0 30
    assert_equal "$(asides)|$(psqlq 'SELECT sink, next_offset FROM kpipe_offsets')" '0|public.t|30'
}

@test "while one run lives a second stops with 75; the first goes on" {
    psqlq 'CREATE TABLE t (p integer, o bigint, text text)'
    begin_feed t --replace-at-eof
    numbered o 0 0 100 >&"$FEED"
    wait_until 20 db_says 'SELECT count(*) FROM t_kpipe_new' 100
    numbered o 0 0 5 >in
    keeps 75 t <in
    assert_equal "$stderr" "ksink-pg: table public.t: another ksink-pg --strategy replace is filling it. Try again when that is done"
    # The run holds nothing back meanwhile.
    assert_equal "$(psqlq "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'kpipe ksink-pg' AND state = 'idle in transaction' AND backend_xmin IS NULL AND backend_xid IS NULL")" 1
    numbered o 0 100 7 >&"$FEED"
    ends 0
    exactly_once t 0 107
}

@test "a run whose lock was lost to another never mixes with it" {
    psqlq 'CREATE TABLE t (p integer, o bigint, text text)'
    begin_feed t --replace-at-eof
    numbered o 0 0 100 >&"$FEED"
    wait_until 20 db_says 'SELECT count(*) FROM t_kpipe_new' 100
    kill -STOP "$SINK"
    psqlq "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction' AND application_name = 'kpipe ksink-pg'"
    numbered o 0 0 40 >in
    replaces t <in
    kill -CONT "$SINK"
    numbered o 0 100 7 >&"$FEED"
    ends 75
    assert_regex "$(<err)" 'table public.t: keeps its old rows: the table in which this run collected the new ones was taken away'
    exactly_once t 0 40
}

@test "the table aside is ours or it is not touched; its name has room for any table's" {
    psqlq 'CREATE TABLE t (id bigint)'
    psqlq 'CREATE TABLE t_kpipe_new AS SELECT 7 AS mine'
    record o 0 0 '{"id":1}' >in
    keeps 78 t <in
    assert_regex "$stderr" '^ksink-pg: table public.t_kpipe_new: stands where the new rows of public.t .* is not of ksink-pg.s making. Rename it'
    assert_equal "$(psqlq 'SELECT mine FROM t_kpipe_new')" 7
    local long=äääääääääääääääääääääääääääääää # 62 bytes
    replaces "\"$long\"" <in
    replaces "\"${long}x\"" <in
    assert_equal "$(psqlq "SELECT id FROM \"$long\" JOIN \"${long}x\" USING (id)")|$(asides)" '1|1'
}

# --- the server's part ---

@test "an outage during the run: nothing is lost or twice" {
    psqlq 'CREATE TABLE t (p integer, o bigint, text text)'
    begin_feed t --replace-at-eof --batch-size 10
    local i
    for i in 0 1 2 3 4 5; do
        numbered o 0 $((i * 100)) 100 >&"$FEED"
        wait_until 20 db_says 'SELECT count(*) FROM t_kpipe_new' $((i * 100 + 100))
        psqlq "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'kpipe ksink-pg'" >/dev/null
    done
    ends 0
    assert_regex "$(<err)" 'Trying again'
    exactly_once t 0 600
}

@test "writers are waited for and wait; readers are not" {
    psqlq 'CREATE TABLE t (p integer, o bigint, text text)'
    psqlq "INSERT INTO t VALUES (9, 9, 'old')"
    exec {READING}> >(psql -X -q >/dev/null 3>&-)
    echo 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t; LOCK TABLE t IN ACCESS SHARE MODE;' >&"$READING"
    wait_until 10 db_says "SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass" 1
    numbered o 0 0 50 >in
    replaces t <in
    exactly_once t 0 50
    exec {READING}>&-
    # One who changes the table holds the swap up, which asks again and again.
    exec {WRITING}> >(psql -X -q >/dev/null 3>&-)
    echo 'BEGIN; DELETE FROM t WHERE o < 10;' >&"$WRITING"
    wait_until 10 db_says "SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass AND mode = 'RowExclusiveLock'" 1
    ksink-pg --table t --strategy replace <in 2>err 3>&- {WRITING}>&- &
    SINK=$!
    wait_until 20 grep -q 'lock timeout.*Trying again' err
    echo 'COMMIT;' >&"$WRITING"
    exec {WRITING}>&-
    wait "$SINK"
    SINK=
    exactly_once t 0 50
}

@test "a reader sees all old or all new rows, also with a snapshot of the time when the new ones came" {
    psqlq 'CREATE TABLE t (p integer, o bigint, text text)'
    numbered o 0 0 3000 >in
    replaces t <in
    begin_feed t --replace-at-eof --batch-size 500
    numbered o 0 0 2000 | sed 's/"p":0/"p":1/' >&"$FEED"
    wait_until 20 db_says 'SELECT count(*) FROM t_kpipe_new' 2000
    exec {READING}> >(exec psql -X -q -At >seen 3>&- {FEED}>&-)
    echo 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;' >&"$READING"
    wait_until 10 test -s seen
    (while :; do psqlq 'SELECT min(p), max(p), count(*) FROM t'; done) >polled 3>&- {READING}>&- {FEED}>&- &
    READER=$!
    wait_until 10 grep -qs '^0|0|3000$' polled
    numbered o 0 2000 7000 | sed 's/"p":0/"p":1/' >&"$FEED"
    ends 0
    wait_until 10 grep -q '^1|1|9000$' polled
    kill "$READER"
    READER=
    assert_equal "$(sort -u polled | paste -sd' ')" '0|0|3000 1|1|9000'
    # Renaming tables would show this one the first 2000 of the new rows.
    echo 'SELECT min(p), max(p), count(*) FROM t;' >&"$READING"
    wait_until 10 grep -q '^0|0|3000$' seen
    exec {READING}>&-
}
