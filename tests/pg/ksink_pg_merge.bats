#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ksink-pg on a real PostgreSQL: rows told apart by a key. --strategy merge and ignore, --primary-key, --on-null.
# shellcheck disable=SC1091,SC2154,SC2016,SC2030,SC2031 # stderr and stderr_lines are set by run --separate-stderr

bats_require_minimum_version 1.5.0

load ../support/common
load records

setup() { new_folder_and_db; }

# keyed OFFSET KEY VALUE: a record of topic o, partition 0; KEY and VALUE are JSON.
keyed() {
    printf '{"topic":"o","partition":0,"offset":%s,"timestamp":1,"key":%s,"headers":[],"value":%s}\n' "$@"
}

# stores [option...] <records: runs the sink on table t.
stores() {
    run --separate-stderr ksink-pg --table t "$@"
    assert_success
}

# refuses STATUS [option...] <records
refuses() {
    local status_wanted=$1
    shift
    run --separate-stderr ksink-pg --table t "$@"
    assert_equal "$status" "$status_wanted"
    assert_equal "${#stderr_lines[@]}" 1
}

rows() { psqlq "SELECT * FROM t ORDER BY 1, 2"; }

@test "merge: rows are made and changed; of one key in a batch the last offset wins" {
    psqlq 'CREATE TABLE t (id bigint PRIMARY KEY, note text, n integer)'
    psqlq "INSERT INTO t VALUES (1, 'old', 1), (9, 'stays', 9)"
    { keyed 0 null '{"id":1,"note":"new","n":5}'; keyed 1 null '{"id":2,"note":"a"}'; keyed 2 null '{"id":2,"note":"b"}'; keyed 3 null '{"id":1,"n":6}'; } >in
    stores --strategy merge --primary-key id <in
    assert_equal "$stderr" "ksink-pg: merged 4 records into public.t, 0 duplicates dropped, 1 transaction"
    # What a record does not say of a column without a default is NULL, as in a row of its own.
    assert_equal "$(rows)" $'1||6\n2|b|\n9|stays|9'
    assert_equal "$(next_offset public.t o 0)" 4
    # Again: nothing is done twice.
    stores --strategy merge --primary-key id <in
    assert_equal "$stderr" "ksink-pg: merged 0 records into public.t, 4 duplicates dropped, 0 transactions"
    # In batches of one the result is the same.
    psqlq 'TRUNCATE t, kpipe_offsets'
    stores --strategy merge --primary-key id --batch-size 1 <in
    assert_equal "$(rows)" $'1||6\n2|b|'
}

@test "merge: a column with a default takes it in a new row and keeps its value in an old one" {
    psqlq "CREATE TABLE t (id bigint PRIMARY KEY, state text DEFAULT 'new', made timestamptz DEFAULT '2026-01-01', n bigint GENERATED ALWAYS AS IDENTITY)"
    { keyed 0 null '{"id":1}'; keyed 1 null '{"id":2}'; keyed 2 null '{"id":3,"state":"sent"}'; keyed 3 null '{"id":3}'; keyed 4 null '{"id":4,"state":null}'
      keyed 5 null '{"id":5,"state":"a","made":"2024-01-01"}'; keyed 6 null '{"id":5,"state":"b"}'; keyed 7 null '{"id":5}'; keyed 8 null '{"id":5,"state":"c"}'
      keyed 9 '{"id":6}' '{"id":6,"state":"x"}'; keyed 10 '{"id":6}' null; keyed 11 '{"id":6}' '{"id":6}'; keyed 12 '{"id":1}' null; keyed 13 '{"id":1}' '{"id":1}'; } >in
    # However the records fall into batches: each does what it would do alone.
    local size
    for size in 50000 1 4; do
        psqlq 'TRUNCATE t'
        psqlq 'DROP TABLE IF EXISTS kpipe_offsets' 2>/dev/null
        psqlq "INSERT INTO t (id, state, made) VALUES (1, 'paid', '2025-01-01'), (2, 'paid', '2025-01-01')"
        stores --strategy merge --primary-key id --on-null delete --batch-size "$size" <in
        assert_equal "$(psqlq "SELECT id, state, extract(year FROM made AT TIME ZONE 'UTC') FROM t ORDER BY 1")" \
            $'1|new|2026\n2|paid|2025\n3|sent|2026\n4||2026\n5|c|2024\n6|new|2026'
    done
}

@test "ignore: rows that are there stay, of one key in a batch the first offset wins" {
    psqlq 'CREATE TABLE t (id bigint PRIMARY KEY, note text)'
    psqlq "INSERT INTO t VALUES (1, 'old')"
    { keyed 0 null '{"id":1,"note":"new"}'; keyed 1 null '{"id":2,"note":"a"}'; keyed 2 null '{"id":2,"note":"b"}'; } >in
    stores --strategy ignore --primary-key id <in
    assert_equal "$stderr" "ksink-pg: stored 1 record in public.t, 0 duplicates dropped, 1 transaction, 2 records ignored"
    assert_equal "$(rows)" $'1|old\n2|a'
    # Without a key any unique index counts.
    psqlq 'TRUNCATE kpipe_offsets'
    psqlq 'CREATE UNIQUE INDEX ON t (note)'
    { keyed 0 null '{"id":3,"note":"a"}'; keyed 1 null '{"id":4,"note":"c"}'; keyed 2 null '{"id":4,"note":"d"}'; } >in
    stores --strategy ignore <in
    assert_equal "$(rows)" $'1|old\n2|a\n4|c'
}

@test "keys of several columns, in any order, with quoted names, by a unique index, in a partitioned table" {
    psqlq 'CREATE TABLE t (region text, "Id" bigint, "say ""hi""" text, UNIQUE ("Id", region)) PARTITION BY LIST (region)'
    psqlq "CREATE TABLE t_eu PARTITION OF t FOR VALUES IN ('eu')"
    psqlq "CREATE TABLE t_us PARTITION OF t FOR VALUES IN ('us')"
    { keyed 0 null '{"region":"eu","Id":1,"say \"hi\"":"a"}'; keyed 1 null '{"region":"us","Id":1,"say \"hi\"":"b"}'; keyed 2 null '{"region":"eu","Id":1,"say \"hi\"":"c"}'; } >in
    stores --strategy merge --primary-key 'region, "Id"' <in
    assert_equal "$(rows)" $'eu|1|c\nus|1|b'
}

@test "the record's key: text into the primary key; tombstones delete, also of a key in the same batch" {
    psqlq 'CREATE TABLE t (k text PRIMARY KEY, total numeric)'
    psqlq "INSERT INTO t VALUES ('x', 1), ('gone', 2)"
    { keyed 0 '"x"' '{"total":5}'; keyed 1 '"gone"' null; keyed 2 '"y"' '{"total":6}'; keyed 3 '"y"' null; keyed 4 '"z"' null; keyed 5 '"z"' '{"total":7}'; keyed 6 '"never"' null; } >in
    stores --strategy merge --primary-key key <in
    assert_equal "$stderr" "ksink-pg: merged 3 records into public.t, 0 duplicates dropped, 1 transaction, 4 deletes"
    assert_equal "$(rows)" $'x|5\nz|7'
}

@test "the record's key: a JSON object fills the key's columns; a field of the value with that name does not count" {
    psqlq 'CREATE TABLE t (shop text, id bigint, total numeric, PRIMARY KEY (shop, id))'
    { keyed 0 '{"shop":"a","id":1}' '{"total":5,"id":99}'; keyed 1 '{"id":2,"shop":"a"}' '{"total":6}'; keyed 2 '{"shop":"a","id":2}' null; } >in
    stores --strategy merge --primary-key key <in
    assert_equal "$(rows)" 'a|1|5'
    keyed 3 '"{\"shop\":\"a\",\"id\":1}"' '{"total":5}' >in
    refuses 65 --strategy merge --primary-key key <in
    assert_regex "$stderr" "o\[0\]@3: the key of the table has 2 columns, and the record's key is no JSON object: .*kconsume --key-format json"
    keyed 3 null '{"total":5}' >in
    refuses 65 --strategy merge --primary-key key <in
    assert_equal "$stderr" "ksink-pg: row not stored in public.t: o[0]@3: the record has no key"
    keyed 3 '{"shop":"a","id":1,"more":1}' '{"total":5}' >in
    refuses 65 --strategy merge --primary-key key <in
    assert_regex "$stderr" "field \"more\" of the record's key is no column of the table's key"
}

@test "a table is made with its primary key: of the value, of keys as text, of keys as objects" {
    { keyed 0 '"k1"' '{"id":1,"note":"a"}'; keyed 1 '"k2"' '{"id":1,"note":"b"}'; } >in
    stores --strategy merge --primary-key id <in
    assert_regex "${stderr//\"/}" 'created a table: CREATE TABLE public.t \(id bigint, note text, PRIMARY KEY \(id\)\)'
    assert_equal "$(rows)" '1|b'
    psqlq 'DROP TABLE t, kpipe_offsets'
    stores --strategy merge --primary-key key <in
    assert_regex "${stderr//\"/}" 'CREATE TABLE public.t \(_kafka_key text, id bigint, note text, PRIMARY KEY \(_kafka_key\)\)'
    assert_equal "$(rows)" $'k1|1|a\nk2|1|b'
    psqlq 'DROP TABLE t, kpipe_offsets'
    { keyed 0 '{"id":7,"at":"x"}' '{"id":1,"note":"a"}'; keyed 1 '{"id":8,"at":"y"}' null; } >in
    stores --strategy merge --primary-key key <in
    assert_regex "${stderr//\"/}" 'CREATE TABLE public.t \(id bigint, at text, note text, PRIMARY KEY \(id, at\)\)'
    assert_equal "$(rows)" '7|x|a'
    psqlq 'DROP TABLE t, kpipe_offsets'
    stores --strategy append --primary-key '"id"' --columns 'id bigint, note text' <in
    assert_equal "$(rows)" '1|a'
}

@test "values as they are beside their key: a table like a compacted topic" {
    { keyed 0 '"a"' '{"x":1,"doc":2}'; keyed 1 '"b"' '[1,2]'; keyed 2 '"c"' '"text"'; keyed 3 '"a"' '{"y":1.50}'; keyed 4 '"b"' null; } >in
    stores --strategy merge --primary-key key --columns doc <in
    assert_regex "${stderr//\"/}" 'CREATE TABLE public.t \(_kafka_key text, doc jsonb, PRIMARY KEY \(_kafka_key\)\)'
    assert_equal "$(rows)" $'a|{"y": 1.50}\nc|"text"'
    keyed 5 '"d"' '{"doc":3}' >in
    stores --strategy merge --primary-key key <in
    assert_equal "$(psqlq "SELECT doc FROM t WHERE _kafka_key = 'd'")" '{"doc": 3}'
}

@test "tombstones: skip, insert and fail; delete by the fields of a JSON key" {
    psqlq 'CREATE TABLE t (id bigint, note text)'
    { keyed 0 '"k"' '{"id":1}'; keyed 1 '"k"' null; } >in
    stores <in
    assert_regex "$stderr" '1 transaction, 1 tombstone skipped \(see --on-null\)$'
    psqlq 'TRUNCATE t, kpipe_offsets'
    stores --on-null insert <in
    assert_equal "$(rows)" $'1|\n|'
    psqlq 'TRUNCATE t, kpipe_offsets'
    refuses 65 --on-null fail <in
    assert_regex "$stderr" '^ksink-pg: row not stored in public.t: o\[0\]@1: is a tombstone'
    assert_equal "$(rows)" ''
    psqlq 'ALTER TABLE t ADD PRIMARY KEY (id)'
    { keyed 0 '{"id":1,"v":3}' '{"id":1}'; keyed 1 '{"id":2}' '{"id":2}'; keyed 2 '{"id":1,"v":4}' null; } >in
    stores --strategy merge --primary-key id --on-null delete <in
    assert_equal "$(rows)" '2|'
    keyed 3 '"2"' null >in
    refuses 65 --strategy merge --primary-key id --on-null delete <in
    assert_regex "$stderr" 'o\[0\]@3: is a tombstone whose key does not say which row to delete'
    # Tombstones before any table: nothing to delete, and nothing to make a table of.
    psqlq 'DROP TABLE t, kpipe_offsets'
    keyed 0 '"k"' null >in
    stores --strategy merge --primary-key key <in
    assert_equal "$(next_offset public.t o 0)" 1
}

@test "what cannot work is refused before or without any change" {
    keyed 0 null '{"id":1}' >in
    refuses 64 --strategy merge <in
    assert_regex "$stderr" 'needs --primary-key'
    refuses 64 --on-null delete <in
    refuses 64 --strategy merge --primary-key 'key,id' <in
    refuses 64 --strategy merge --primary-key 'id;' <in
    refuses 64 --strategy merge --primary-key no --columns 'id bigint' <in
    assert_equal "$stderr" "ksink-pg: --primary-key: no: is not among --columns"
    refuses 65 --strategy merge --primary-key no <in
    assert_regex "$stderr" 'no: is no field of the first records'
    psqlq 'CREATE TABLE t (id bigint, n bigint GENERATED ALWAYS AS IDENTITY UNIQUE)'
    refuses 78 --strategy merge --primary-key id <in
    assert_regex "$stderr" 'has no unique index on \(id\).*CREATE UNIQUE INDEX ON public.t \(id\)$'
    refuses 78 --strategy merge --primary-key n <in
    assert_regex "$stderr" 'column n of the key is generated'
    psqlq 'ALTER TABLE t DROP COLUMN n'
    refuses 78 --strategy ignore <in
    psqlq 'CREATE UNIQUE INDEX ON t (id) WHERE id > 0'
    psqlq 'CREATE UNIQUE INDEX ON t ((id + 1))'
    refuses 78 --strategy merge --primary-key id <in
    psqlq 'ALTER TABLE t ADD UNIQUE (id)'
    keyed 0 null '{"id":null}' >in
    refuses 65 --strategy merge --primary-key id <in
    assert_equal "$stderr" "ksink-pg: row not stored in public.t: o[0]@0: has no value for column id of the key"
    { keyed 0 null '{"id":1}'; keyed 1 null '{"id":"one"}'; } >in
    refuses 65 --strategy merge --primary-key id <in
    assert_regex "$stderr" 'o\[0\]@1: column id: invalid input syntax for type bigint: "one" \[22P02\]'
    psqlq 'ALTER TABLE t ADD CHECK (id < 10)'
    { keyed 0 null '{"id":1}'; keyed 1 null '{"id":10}'; } >in
    refuses 65 --strategy merge --primary-key id <in
    assert_regex "$stderr" ': o\[0\]@1: .*\(Failing row contains \(10\)\.\) \[23514\]'
    assert_equal "$(psqlq 'SELECT count(*) FROM t')|$(psqlq 'SELECT count(*) FROM kpipe_offsets')" "0|0"
}

@test "triggers, foreign keys and text that is equal only by its collation" {
    psqlq "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    psqlq 'CREATE TABLE shops (name text COLLATE nocase PRIMARY KEY)'
    psqlq "INSERT INTO shops VALUES ('Corner')"
    psqlq 'CREATE TABLE t (shop text COLLATE nocase PRIMARY KEY REFERENCES shops, n bigint)'
    psqlq 'CREATE TABLE log (what text)'
    psqlq 'CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO log VALUES (TG_OP); RETURN NEW; END$$'
    psqlq 'CREATE TRIGGER note AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note()'
    { keyed 0 null '{"shop":"CORNER","n":1}'; keyed 1 null '{"shop":"corner","n":2}'; } >in
    stores --strategy merge --primary-key shop <in
    keyed 2 null '{"shop":"Corner","n":3}' >in
    stores --strategy merge --primary-key shop <in
    assert_equal "$(psqlq 'SELECT n FROM t')" 3
    assert_equal "$(psqlq 'SELECT what FROM log ORDER BY ctid' | paste -sd' ')" "INSERT UPDATE"
    keyed 3 null '{"shop":"none","n":3}' >in
    refuses 65 --strategy merge --primary-key shop <in
    assert_regex "$stderr" 'o\[0\]@3: .*\(Key \(shop\)=\(none\) is not present in table "shops"\.\) \[23503\]'
}
