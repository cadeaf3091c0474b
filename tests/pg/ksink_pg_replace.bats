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
    assert_equal "$(psqlq "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kpipe ksink-pg' AND state = 'idle in transaction' AND backend_xmin IS NULL AND backend_xid IS NULL")" 1
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
    psqlq "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND application_name = 'kpipe ksink-pg'"
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
        psqlq "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kpipe ksink-pg'" >/dev/null
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

# --- what hangs on the table ---

@test "views, grants, owner, comments, policies, triggers, indexes and publications are those of the table, whose oid stays" {
    psqlq 'CREATE TABLE t (id bigint PRIMARY KEY, note text NOT NULL, n integer DEFAULT 7 CHECK (n > 0)) WITH (fillfactor = 70)'
    psqlq 'CREATE INDEX t_note ON t (note)'
    psqlq "INSERT INTO t VALUES (1, 'old'), (5, 'gone')"
    psqlq 'CREATE VIEW v AS SELECT id, upper(note) AS note FROM t'
    psqlq 'CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM t'
    psqlq 'CREATE TABLE log (what text, id bigint)'
    psqlq 'CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO log VALUES (TG_OP, COALESCE(NEW.id, OLD.id)); RETURN NEW; END$$'
    psqlq 'CREATE TRIGGER note AFTER INSERT OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note()'
    psqlq "CREATE ROLE reader_$BATS_TEST_NUMBER$$; GRANT SELECT ON t TO reader_$BATS_TEST_NUMBER$$"
    psqlq "COMMENT ON TABLE t IS 'the planes'"
    psqlq 'CREATE PUBLICATION p FOR TABLE t'
    psqlq 'CREATE STATISTICS s ON id, note FROM t'
    local looks="SELECT c.oid, relacl, reloptions, obj_description(c.oid), (SELECT string_agg(indexrelid || '' || indexrelid::regclass, ' ') FROM pg_index WHERE indrelid = c.oid),
        (SELECT string_agg(conname, ' ' ORDER BY conname) FROM pg_constraint WHERE conrelid = c.oid), (SELECT count(*) FROM pg_publication_rel WHERE prrelid = c.oid),
        (SELECT count(*) FROM pg_statistic_ext WHERE stxrelid = c.oid) FROM pg_class c WHERE relname = 't'"
    local before
    before=$(psqlq "$looks")
    { record o 0 0 '{"id":1,"note":"old"}'; record o 0 1 '{"id":2,"note":"b","n":3}'; } >in
    replaces t <in
    assert_equal "$(psqlq "$looks")" "$before"
    assert_equal "$(rows)" $'1|old|7\n2|b|3'
    assert_equal "$(rows v)" $'1|OLD\n2|B'
    psqlq 'REFRESH MATERIALIZED VIEW m'
    assert_equal "$(psqlq 'SELECT * FROM m')|$(psqlq "SELECT has_table_privilege('reader_$BATS_TEST_NUMBER$$', 't', 'SELECT')")" '2|t'
    # Triggers see what changes, not what stays.
    assert_equal "$(psqlq 'SELECT * FROM log ORDER BY id')" $'INSERT|2\nDELETE|5'
    psqlq "DROP OWNED BY reader_$BATS_TEST_NUMBER$$; DROP ROLE reader_$BATS_TEST_NUMBER$$"
    record o 0 0 '{"id":1,"note":"x","n":0}' >in
    keeps 65 t <in
    assert_regex "$stderr" 'row not stored in public.t: o\[0\]@0: .* violates check constraint .*\[23514\]'
}

@test "tables that refer to it: rows that stay are not deleted for a moment; rows that go, by the foreign key's rule" {
    psqlq 'CREATE TABLE t (id bigint PRIMARY KEY, up bigint REFERENCES t, note text)'
    psqlq 'CREATE TABLE child (t_id bigint REFERENCES t ON DELETE CASCADE)'
    psqlq 'CREATE TABLE other (t_id bigint REFERENCES t)'
    psqlq "INSERT INTO t VALUES (1, NULL, 'a'), (2, 1, 'b'), (3, 2, 'c'), (4, 3, 'd')"
    psqlq 'INSERT INTO child VALUES (1), (2), (3); INSERT INTO other VALUES (1), (2)'
    { record o 0 0 '{"id":2,"up":5,"note":"new"}'; record o 0 1 '{"id":1,"note":"a"}'; record o 0 2 '{"id":5,"note":"e"}'; } >in
    run --separate-stderr ksink-pg -v --strategy replace --table t <in
    assert_success
    assert_regex "$stderr" 'rows of public.t: 2 removed, 1 changed, 1 added'
    assert_equal "$(rows)" $'1||a\n2|5|new\n5||e'
    assert_equal "$(psqlq 'SELECT t_id FROM child ORDER BY 1' | paste -sd' ')" '1 2'
    # One that is referred to and may not go.
    record o 0 0 '{"id":1,"note":"z"}' >in
    keeps 65 t <in
    assert_regex "$stderr" '^ksink-pg: cannot replace the rows of public.t: .*\(Key \(id\)=\(2\) is still referenced from table "other"\.\) \[23503\]'
    # One that refers to what is not there.
    { cat in; record o 0 1 '{"id":2,"up":77}'; } >in2
    keeps 65 t <in2
    assert_regex "$stderr" '\(Key \(up\)=\(77\) is not present in table "t"\.\) \[23503\]'
    assert_equal "$(rows)" $'1||a\n2|5|new\n5||e'
}

@test "identities, serials, defaults and generated columns go on with the table's own sequences" {
    psqlq "CREATE TABLE t (a bigint GENERATED ALWAYS AS IDENTITY, d bigint GENERATED BY DEFAULT AS IDENTITY, s serial, n integer, double integer GENERATED ALWAYS AS (n * 2) STORED)"
    psqlq 'INSERT INTO t (n) VALUES (1), (2), (3)'
    { record o 0 0 '{"n":5}'; record o 0 1 '{"n":6,"d":100,"s":200}'; } >in
    replaces t <in
    assert_equal "$(psqlq 'SELECT * FROM t ORDER BY n')" $'4|4|4|5|10\n5|100|200|6|12'
    psqlq 'INSERT INTO t (n) VALUES (7)'
    assert_equal "$(psqlq 'SELECT a, d > 4, s > 4 FROM t WHERE n = 7')" '6|t|t'
    record o 0 0 '{"n":5,"a":9}' >in
    keeps 65 t <in
    assert_regex "$stderr" 'there is no column for field "a"'
}

@test "triggers that give rows their form do so at the swap, before constraints" {
    psqlq "CREATE TABLE t (id bigint, note text NOT NULL CHECK (note <> 'x'), n bigint GENERATED ALWAYS AS IDENTITY, code bigint PRIMARY KEY)"
    psqlq "CREATE FUNCTION form() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN IF NEW.note = 'skip' THEN RETURN NULL; END IF;
        NEW.note := COALESCE(NULLIF(NEW.note, 'x'), 'none'); NEW.code := NEW.id * 10; RETURN NEW; END\$\$"
    psqlq 'CREATE TRIGGER form BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION form()'
    { record o 0 0 '{"id":1}'; record o 0 1 '{"id":2,"note":"x"}'; record o 0 2 '{"id":3,"note":"skip"}'; record o 0 3 '{"id":4,"note":"a"}'; } >in
    local n
    for n in 1 2; do
        replaces t <in
        assert_equal "$(psqlq 'SELECT id, note, code FROM t ORDER BY 1')" $'1|none|10\n2|none|20\n4|a|40'
    done
    psqlq 'ALTER TABLE t DISABLE TRIGGER form'
    keeps 65 t <in
    assert_regex "$stderr" 'row not stored in public.t: o\[0\]@0: '
}

@test "partitioned tables, tables in another schema, several unique columns, names that need quotes" {
    psqlq 'CREATE SCHEMA "S p"'
    psqlq 'CREATE TABLE "S p"."T t" (region text, "Id" bigint, code text UNIQUE DEFERRABLE, UNIQUE ("Id", region))'
    psqlq "INSERT INTO \"S p\".\"T t\" VALUES ('eu', 1, 'a'), ('eu', 2, 'b'), (NULL, 3, 'c')"
    { record o 0 0 '{"region":"eu","Id":1,"code":"b"}'; record o 0 1 '{"region":"eu","Id":2,"code":"a"}'; record o 0 2 '{"Id":3,"code":"c"}'; } >in
    replaces '"S p"."T t"' <in
    assert_equal "$(psqlq 'SELECT * FROM "S p"."T t" ORDER BY 2')" $'eu|1|b\neu|2|a\n|3|c'
    assert_equal "$(psqlq 'SELECT sink FROM "S p".kpipe_offsets')" 'S p.T t'
    psqlq 'CREATE TABLE t (id bigint, region text) PARTITION BY LIST (region)'
    psqlq "CREATE TABLE t_eu PARTITION OF t FOR VALUES IN ('eu'); INSERT INTO t VALUES (9, 'eu')"
    record o 0 0 '{"id":1,"region":"eu"}' >in
    replaces t <in
    assert_equal "$(rows t_eu)" '1|eu'
    record o 0 0 '{"id":1,"region":"us"}' >in
    keeps 65 t <in
    assert_regex "$stderr" 'no partition of relation'
    assert_equal "$(rows)" '1|eu'
}

@test "what cannot be replaced as a whole is refused, with no trace" {
    record o 0 0 '{"id":1}' >in
    psqlq 'CREATE TABLE base (id bigint); CREATE VIEW v AS SELECT * FROM base'
    keeps 78 v <in
    psqlq 'CREATE TABLE ruled (id bigint); CREATE RULE r AS ON DELETE TO ruled DO INSTEAD NOTHING'
    keeps 78 ruled <in
    assert_regex "$stderr" 'is a table with rules: its rows cannot be replaced as a whole'
    psqlq 'CREATE TABLE parent (id bigint); CREATE TABLE heir () INHERITS (parent)'
    keeps 78 parent <in
    psqlq 'CREATE UNLOGGED TABLE u (id bigint)'
    keeps 78 u <in
    psqlq 'CREATE TABLE t (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id bigint); CREATE TABLE child (n bigint REFERENCES t ON DELETE CASCADE)'
    keeps 78 t <in
    assert_regex "$stderr" 'has no unique index of columns that records fill'
    psqlq 'CREATE TABLE w (id bigint); CREATE PUBLICATION every FOR ALL TABLES'
    keeps 78 w <in
    assert_regex "$stderr" 'publication every takes all tables, .* \(w_kpipe_new\)'
    keeps 78 fresh <in
    keeps 64 w --on-null delete <in
    keeps 64 w --sink-id 'x (replace)' <in
    run --separate-stderr ksink-pg --table w --replace-at-eof <in
    assert_equal "$status" 64
    run --separate-stderr ksink-pg --table w --allow-empty <in
    assert_equal "$status" 64
    psqlq 'DROP PUBLICATION every; DROP TABLE t CASCADE'
    assert_equal "$(psqlq 'SELECT count(*) FROM ruled, parent, w, base')" 0
}

@test "what changes during the run: an altered, dropped, replaced table, or one that others came to refer to" {
    psqlq 'CREATE TABLE t (p integer, o bigint PRIMARY KEY, text text)'
    psqlq "INSERT INTO t VALUES (0, 9, 'old')"
    local change
    for change in 'ALTER TABLE t ALTER o TYPE numeric' 'DROP TABLE t_kpipe_new' 'ALTER TABLE t RENAME TO u' 'ALTER TABLE t DROP text'; do
        begin_feed t --replace-at-eof
        numbered o 0 0 10 >&"$FEED"
        wait_until 20 db_says 'SELECT count(*) FROM t_kpipe_new' 10
        psqlq "$change"
        ends 75
        assert_regex "$(<err)" '^ksink-pg: table public.t: keeps its old rows: '
        rm feed
        psqlq 'ALTER TABLE IF EXISTS u RENAME TO t' 2>/dev/null
    done
    psqlq 'ALTER TABLE t ADD text text, ADD more integer DEFAULT 4'
    assert_equal "$(psqlq 'SELECT o FROM t')" 9
    begin_feed t --replace-at-eof
    numbered o 0 0 10 >&"$FEED"
    wait_until 20 db_says 'SELECT count(*) FROM t_kpipe_new' 10
    psqlq 'CREATE TABLE child (o numeric REFERENCES t ON DELETE CASCADE); INSERT INTO child VALUES (9); ALTER TABLE t ADD extra integer DEFAULT 5'
    ends 0
    assert_equal "$(psqlq 'SELECT count(*), min(extra) FROM t')|$(psqlq 'SELECT * FROM child')" '10|5|9'
}

@test "row security that hides rows ends the run; rights that are missing are named" {
    local role=replacer_$$
    psqlq "CREATE ROLE $role LOGIN PASSWORD '$PGPASSWORD'; CREATE TABLE t (id bigint); INSERT INTO t VALUES (1), (2)"
    psqlq "GRANT ALL ON SCHEMA public TO $role; GRANT SELECT, INSERT ON t TO $role"
    record o 0 0 '{"id":3}' >in
    keeps 77 t --dsn "user=$role" <in
    psqlq "GRANT DELETE ON t TO $role; ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (id > 1)"
    keeps 77 t --dsn "user=$role" <in
    assert_regex "$stderr" 'row-level security'
    psqlq 'ALTER TABLE t DISABLE ROW LEVEL SECURITY'
    replaces t --dsn "user=$role" <in
    assert_equal "$(psqlq 'SELECT * FROM t')" 3
    psqlq "DROP OWNED BY $role; DROP ROLE $role"
}

# --- with the other options ---

@test "rejects: set aside in each run; too many keep the old rows" {
    psqlq 'CREATE TABLE t (id bigint PRIMARY KEY)'
    psqlq 'INSERT INTO t VALUES (9)'
    { record o 0 0 '{"id":1}'; record o 0 1 '{"id":"x"}'; record o 0 2 '{"id":"y"}'; record o 0 3 '{"id":2}'; } >in
    keeps 65 t --rejects table:bad --max-rejects 1 <in
    assert_equal "$(psqlq 'SELECT id FROM t')" 9
    replaces t --rejects table:bad --max-rejects 2 <in
    assert_equal "$(psqlq "SELECT string_agg(id::text, ' ') FROM t")|$(psqlq 'SELECT count(*), min(target) FROM bad')" '1 2|2|public.t'
    replaces t --rejects file:bad.ndjson --primary-key id --batch-size 2 <in
    assert_equal "$(jq -c '[.offset, .error.table]' bad.ndjson)" $'[1,"public.t"]\n[2,"public.t"]'
}

@test "--dry-run tells what would be stored and changes nothing; metadata columns and paths work" {
    { record o 0 0 '{"id":1,"in":{"n":5}}'; record o 0 1 '{"id":1,"in":{"n":6}}'; } >in
    run --separate-stderr ksink-pg --table t --strategy replace --primary-key id --metadata-columns --dry-run <in
    assert_success
    assert_regex "${output//\"/}" '^CREATE TABLE public.t \(id bigint, in jsonb, _kafka_topic text,.* PRIMARY KEY \(id\)\);$'
    assert_regex "$stderr" 'dry run, nothing was changed: would have replaced the rows of public.t by 2 records'
    assert_equal "$(psqlq "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")" 0
    replaces t --primary-key id --columns 'id bigint, n integer = value.in.n' --metadata-columns <in
    assert_equal "$(psqlq 'SELECT id, n, _kafka_offset FROM t')" '1|6|1'
    run --separate-stderr ksink-pg --table t --strategy replace --dry-run --columns 'id, n = value.in.n' <in
    assert_equal "$status" 64
    record o 0 0 '{"id":"x"}' >in
    keeps 65 t --dry-run --columns 'id bigint' <in
    assert_regex "$stderr" 'row not stored in public.t: o\[0\]@0: column id'
    assert_equal "$(psqlq 'SELECT id, n, _kafka_offset FROM t')|$(asides)" '1|6|1|0'
}

@test "--evolve add: columns come to the table just before the swap, to a new one with it" {
    psqlq "CREATE TABLE t (id bigint); INSERT INTO t VALUES (9)"
    { record o 0 0 '{"id":1}'; record o 0 1 '{"id":2,"Note":"x","more":{"a":1}}'; record o 0 2 '{"id":3,"n":5}'; } >in
    run --separate-stderr ksink-pg --table t --strategy replace --evolve add --dry-run <in
    assert_success
    assert_equal "${output//\"/}" 'ALTER TABLE public.t ADD COLUMN Note text, ADD COLUMN more jsonb, ADD COLUMN n bigint;'
    # In a run that breaks off readers see nothing of them.
    begin_feed t --evolve add --batch-size 1 --replace-at-eof
    head -n 2 in >&"$FEED"
    record o 0 2 '{"id":"x"}' >&"$FEED"
    ends 65
    assert_equal "$(psqlq 'TABLE t')" 9
    replaces t --evolve add --batch-size 1 <in
    assert_equal "$(sed 's/"//g' <<<"${stderr_lines[0]}")" 'ksink-pg: added to the table: ALTER TABLE public.t ADD COLUMN Note text, ADD COLUMN more jsonb, ADD COLUMN n bigint'
    assert_equal "$(psqlq 'SELECT * FROM t ORDER BY 1')" $'1|||\n2|x|{"a": 1}|\n3|||5'
    # The jsonb column is that of one field, here as there.
    record o 0 3 '{"id":4,"other":true}' >>in
    keeps 65 t <in
    replaces t --evolve add <in
    assert_equal "$(psqlq 'SELECT other FROM t WHERE id = 4')" t
    replaces made --evolve add --batch-size 1 <in
    assert_regex "${stderr//\"/}" 'created a table: CREATE TABLE public.made \(id bigint\); ALTER TABLE public.made ADD COLUMN Note text, .*; ALTER TABLE public.made ADD COLUMN n bigint; '
    assert_equal "$(psqlq 'SELECT * FROM made EXCEPT ALL SELECT * FROM t')|$(asides)" '|0'
}

@test "a table that was dropped and made again, offsets that were set or forgotten: the next run makes it right" {
    psqlq 'CREATE TABLE t (p integer, o bigint, text text)'
    numbered o 0 0 20 >in
    replaces t <in
    psqlq 'DROP TABLE t; CREATE TABLE t (p integer, o bigint, text text)'
    replaces t <in
    exactly_once t 0 20
    echo '{"topic":"o","partition":0,"offset":3}' | ksink-pg --table t --set-offsets 2>err
    replaces t <in
    assert_equal "$(next_offset public.t o 0)" 20
    ksink-pg --table t --forget 2>err
    replaces t <in
    exactly_once t 0 20
    numbered o 0 0 25 | ksink-pg --table t 2>err
    exactly_once t 0 25
}
