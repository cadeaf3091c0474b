#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ksink-pg --strategy replace on a real PostgreSQL: the rows of a whole run take the place of the table's, or none does.
# shellcheck disable=SC1091,SC2154,SC2016,SC2030,SC2031 # stderr and stderr_lines are set by run --separate-stderr

bats_require_minimum_version 1.5.0

load ../support/common
load records

setup() { new_folder_and_db; }

teardown() {
    local pid
    for pid in "${SINK-}" "${READER-}"; do [[ ! $pid ]] || kill -KILL "$pid" 2>/dev/null || true; done
}

# replaces TABLE [option...] <file: a whole run, as the end of a file is its end.
replaces() {
    run --separate-stderr ksink-pg --strategy replace --table "$@"
    assert_success
}

# keeps STATUS TABLE [option...] <file: the run ends so, with one line.
keeps() {
    local status_wanted=$1
    shift
    run --separate-stderr ksink-pg --strategy replace --table "$@"
    assert_equal "$status" "$status_wanted"
    assert_equal "${#stderr_lines[@]}" 1
}

rows() { psqlq "SELECT * FROM ${1:-t} ORDER BY 1, 2"; }
# keyed OFFSET KEY VALUE: a record of topic o, partition 0; KEY and VALUE are JSON.
keyed() {
    printf '{"topic":"o","partition":0,"offset":%s,"timestamp":1,"key":%s,"headers":[],"value":%s}\n' "$@"
}
asides() { psqlq "SELECT count(*) FROM pg_class WHERE relname LIKE '%kpipe\_new%' AND relkind = 'r'"; }
# What a run that was broken off leaves: ksink-pg is killed when N rows are aside.
begin_feed() { # TABLE [option...]
    mkfifo feed
    ksink-pg --strategy replace --table "$@" <feed 2>err 3>&- &
    SINK=$!
    exec {FEED}>feed
}
ends() { # STATUS
    local status=0
    exec {FEED}>&-
    wait "$SINK" || status=$?
    SINK=
    assert_equal "$status" "$1"
}

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
