#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ksink-pg on a real PostgreSQL: which columns a record's fields go to, what is created, what is refused.
# shellcheck disable=SC1091,SC2154,SC2016,SC2030,SC2031 # stderr and stderr_lines are set by run --separate-stderr

bats_require_minimum_version 1.5.0

load ../support/common
load records

setup() { new_folder_and_db; }

# stores TABLE [option...] <records: runs the sink and demands its summary.
stores() {
    run --separate-stderr ksink-pg --table "$@"
    assert_success
    assert_equal "$output" ""
}

@test "existing table: fields by name, case-insensitively if need be, to every kind of type" {
    psqlq "CREATE TYPE mood AS ENUM ('sad', 'happy')"
    psqlq "CREATE TABLE t (id uuid, \"userId\" bigint, total numeric, mood mood, at timestamptz, day date, tags text[],
           grid int[][], docs jsonb[], doc jsonb, raw bytea, ok boolean, note varchar(20))"
    record o 0 0 '{"ID":"6f1c1f1e-8a3c-4a66-9a3e-2f0f3a6f7a11","userid":9007199254740993,"total":12345678901234567890.10,"mood":"happy","at":1795246448656,"day":"2026-11-21","tags":["a","b \"c\"",null],"grid":[[1,2],[3,4]],"docs":[{"a":1},[2]],"doc":{"x":"\u00e9\n","y":[1.0]},"raw":{"base64":"AP+A"},"ok":true,"note":"tab\there"}' >in
    record o 0 1 '{"at":"2026-11-21T07:34:08.656Z","raw":"\\x00ff80","doc":null,"ok":null}' >>in
    stores t <in
    assert_equal "$stderr" "ksink-pg: stored 2 records in public.t, 0 duplicates dropped, 1 transaction"
    assert_equal "$(psqlq "SELECT id, \"userId\", total, mood, day, tags[2], grid[2][1], docs[1]->>'a', doc->>'x', encode(raw, 'hex'), ok, note FROM t WHERE id IS NOT NULL")" \
        $'6f1c1f1e-8a3c-4a66-9a3e-2f0f3a6f7a11|9007199254740993|12345678901234567890.10|happy|2026-11-21|b "c"|3|1|é\n|00ff80|t|tab\there'
    assert_equal "$(psqlq 'SELECT count(DISTINCT at), count(DISTINCT raw) FROM t')" "1|1"
}

@test "fields without a column go into the one jsonb column" {
    psqlq 'CREATE TABLE t (id bigint, rest jsonb)'
    { record o 0 0 '{"id":1,"a":"x\ty","b":{"c":[1,2]}}'; record o 0 1 '{"id":2}'; } >in
    stores t <in
    assert_equal "$(psqlq 'SELECT id, rest FROM t ORDER BY id')" $'1|{"a": "x\\ty", "b": {"c": [1, 2]}}\n2|'
}

@test "a field without a column is refused by name, with what to do; nothing of the batch is stored" {
    psqlq 'CREATE TABLE t (id bigint, note text)'
    { record o 0 0 '{"id":1}'; record o 0 1 '{"id":2,"colour":"red"}'; } >in
    refuses 65 t <in
    assert_regex "$stderr" '^ksink-pg: row not stored in public.t: o\[0\]@1: there is no column for field "colour"\. Add the column'
    assert_equal "$(psqlq 'SELECT count(*) FROM t')" 0
    assert_equal "$(psqlq 'SELECT count(*) FROM kpipe_offsets')" 0
}

@test "a column added while the sink runs is found" {
    psqlq 'CREATE TABLE t (id bigint)'
    mkfifo in
    ksink-pg --table t <in 2>err 3>&- &
    local sink=$!
    exec {FEED}>in
    record o 0 0 '{"id":1}' >&"$FEED"
    wait_until 10 db_says 'SELECT count(*) FROM t' 1
    psqlq 'ALTER TABLE t ADD COLUMN colour text'
    record o 0 1 '{"id":2,"colour":"red"}' >&"$FEED"
    exec {FEED}>&-
    wait "$sink"
    assert_equal "$(<err)" "ksink-pg: stored 2 records in public.t, 0 duplicates dropped, 2 transactions"
    assert_equal "$(psqlq 'SELECT id, colour FROM t ORDER BY id')" $'1|\n2|red'
}

@test "generated columns are left out; a column's default fills what a record lacks, record by record" {
    psqlq "CREATE TABLE t (n bigint GENERATED ALWAYS AS IDENTITY, id bigint, twice bigint GENERATED ALWAYS AS (2 * id) STORED,
           state text DEFAULT 'new', at timestamptz DEFAULT now(), note text)"
    { record o 0 0 '{"id":1}'; record o 0 1 '{"id":2,"state":"old"}'; record o 0 2 '{"id":3,"state":null}'; record o 0 3 '{"id":4,"note":"x"}'; } >in
    stores t <in
    assert_equal "$(psqlq 'SELECT id, twice, state, at IS NOT NULL, note FROM t ORDER BY id')" $'1|2|new|t|\n2|4|old|t|\n3|6||t|\n4|8|new|t|x'
    record o 0 4 '{"id":5,"n":7}' >in
    refuses 65 t <in
    assert_regex "$stderr" 'o\[0\]@4: PostgreSQL alone gives values to column "n". It is generated: drop the field'
    record o 0 4 '{"id":5,"twice":10}' >in
    refuses 65 t --evolve add <in
    assert_regex "$stderr" 'gives values to column "twice"'
    psqlq 'ALTER TABLE t ADD COLUMN rest jsonb'
    stores t <in
    assert_equal "$(psqlq 'SELECT twice, rest FROM t WHERE id = 5')" '10|{"twice": 10}'
}

@test "a missing table is created from the first batch, in the transaction that stores it" {
    { record o 0 0 '{"id":1,"name":"x","at":"2026-11-01T00:00:00Z","doc":{"a":1},"rate":0.10}'
        record o 0 1 '{"id":2,"name":null,"ok":true}'; } >in
    stores shop <in
    assert_equal "${stderr_lines[0]}" 'ksink-pg: created a table: CREATE TABLE "public"."shop" ("id" bigint, "name" text, "at" timestamptz, "doc" jsonb, "rate" numeric, "ok" boolean)'
    assert_equal "$(psqlq 'SELECT id, name, at, doc, rate, ok FROM shop ORDER BY id')" $'1|x|2026-11-01 00:00:00+00|{"a": 1}|0.10|\n2|||||t'
    # A jsonb column inferred for one field is not the place for all others.
    record o 0 2 '{"id":3,"colour":"red"}' >in
    refuses 65 shop <in
    assert_regex "$stderr" 'no column for field "colour"'
}

@test "a table is not created when its first batch fails" {
    { record o 0 0 '{"id":1,"name":"x"}'; record o 0 1 '{"id":2,"name":"a\u0000b"}'; } >in
    refuses 65 t <in
    assert_regex "$stderr" 'o\[0\]@1: field "name" contains U\+0000'
    assert_equal "$(psqlq "SELECT to_regclass('t') IS NULL")" t
}

@test "--columns creates by declaration, and is checked against an existing table" {
    record o 0 0 '{"id":1,"Total":2.50,"at":"2026-11-01T00:00:00Z","x":1}' >in
    stores t --columns 'id bigint, total numeric(10,2), "At" timestamptz, rest jsonb' <in
    assert_equal "$(psqlq 'SELECT id, total, "At", rest FROM t')" '1|2.50|2026-11-01 00:00:00+00|{"x": 1}'
    record o 0 1 '{"id":2}' >in
    stores t --columns 'id bigint, total numeric(10,2), "At" timestamptz, rest jsonb' <in
    refuses 78 t --columns 'id text' <in
    assert_regex "$stderr" 'id text: is of type bigint in public.t'
    refuses 78 t --columns 'id bigint, nope text' <in
    assert_regex "$stderr" 'nope: public.t exists and has no such column'
    refuses 64 u --columns 'id bigserialish' <in
    assert_regex "$stderr" '^ksink-pg: --columns: id bigserialish: there is no such type'
}

@test "--columns value keeps whole values, also in a table that has other columns" {
    { record o 0 0 '{"value":1,"x":[1.0]}'; record o 0 1 '"text"'; record o 0 2 '[1]'; } >in
    stores t --columns value <in
    assert_equal "$(psqlq 'SELECT value FROM t')" $'{"x": [1.0], "value": 1}\n"text"\n[1]'
    record o 0 3 '{"value":2}' >in
    stores t <in
    assert_equal "$(psqlq "SELECT value FROM t WHERE value->>'value' = '2'")" '{"value": 2}'
    psqlq 'CREATE TABLE u (id bigserial, doc jsonb)'
    record o 0 0 '{"id":7,"doc":8}' >in
    stores u --columns doc <in
    assert_equal "$(psqlq 'SELECT id, doc FROM u')" '1|{"id": 7, "doc": 8}'
}

@test "values that are no objects: text, bytes, or refused with what to do" {
    { record s 0 0 '"a\tb"'; record s 0 1 '""'; record s 0 2 '"\\N"'; } >in
    stores lines <in
    assert_equal "$(psqlq "SELECT value = E'a\tb', value = '', value = E'\\\\N' FROM lines")" $'t|f|f\nf|t|f\nf|f|t'
    { record r 0 0 '{"base64":"AP+A"}'; record r 0 1 '{"base64":""}'; } >in
    stores bytes <in
    assert_equal "$(psqlq "SELECT encode(value, 'hex') || '.' FROM bytes")" $'00ff80.\n.'
    psqlq 'CREATE TABLE t (id bigint, doc jsonb)'
    record o 0 0 '[1,2]' >in
    refuses 65 t <in
    assert_regex "$stderr" 'o\[0\]@0: the value is not a JSON object: \[1,2\]\. Name a column .*--columns NAME'
}

@test "tombstones give no row, move the offset, are counted and said" {
    { record o 0 0 '{"id":1}'; record o 0 1 null; record o 0 2 null; } >in
    stores t <in
    assert_equal "${stderr_lines[1]}" "ksink-pg: stored 1 record in public.t, 0 duplicates dropped, 1 transaction, 2 tombstones skipped (see --on-null)"
    assert_equal "$(next_offset public.t o 0)" 3
    # Only tombstones: no table can be inferred, and the next start is no surprise.
    record o 0 0 null >in
    stores empty <in
    record o 0 1 '{"id":1}' >in
    stores empty <in
    assert_equal "$(psqlq 'SELECT count(*) FROM empty')" 1
}

@test "a bad row is named by topic, partition, offset and column" {
    psqlq 'CREATE TABLE t (id bigint NOT NULL, note varchar(3), CHECK (id < 100))'
    { numbered o 0 0 3 | jq -c '.value = {id: .value.o}'; record o 0 3 '{"id":"abc"}'; record o 0 4 '{"id":5}'; } >in
    refuses 65 t <in
    assert_equal "$stderr" 'ksink-pg: row not stored in public.t: o[0]@3: column id: invalid input syntax for type bigint: "abc" [22P02]. Correct the record in a filter (jq), or change the column'
    { record o 1 7 '{"id":1,"note":"x"}'; record o 1 9 '{"id":2,"note":"toolong"}'; } >in
    refuses 65 t <in
    assert_regex "$stderr" 'o\[1\]@9: column note: value too long for type character varying\(3\) \[22001\]'
    { record o 1 7 '{"id":1}'; record o 1 8 '{"note":"x"}'; } >in
    refuses 65 t <in
    assert_regex "$stderr" 'o\[1\]@8: column id: null value in column "id"'
    { record o 1 7 '{"id":1}'; record o 1 8 '{"id":100}'; } >in
    refuses 65 t <in
    assert_regex "$stderr" 'o\[1\]@8: .*check constraint'
    assert_equal "$(psqlq 'SELECT count(*) FROM t')|$(psqlq 'SELECT count(*) FROM kpipe_offsets')" '0|0'
}

@test "a bad row among rows that leave a column to its default is named too" {
    psqlq "CREATE TABLE t (id bigint, state text DEFAULT 'new')"
    { record o 0 0 '{"id":1}'; record o 0 1 '{"id":2,"state":"a"}'; record o 0 2 '{"id":3}'; record o 0 3 '{"id":"x","state":"b"}'; } >in
    refuses 65 t <in
    assert_regex "$stderr" 'o\[0\]@3: column id: invalid input'
}

@test "a constraint that is checked at COMMIT stops the batch with 65" {
    psqlq 'CREATE TABLE t (id bigint UNIQUE DEFERRABLE INITIALLY DEFERRED)'
    { record o 0 0 '{"id":1}'; record o 0 1 '{"id":1}'; } >in
    refuses 65 t <in
    assert_regex "$stderr" ': o\[0\]@1: duplicate key value .*\[23505\]'
    assert_equal "$(psqlq 'SELECT count(*) FROM t')|$(psqlq 'SELECT count(*) FROM kpipe_offsets')" '0|0'
}

@test "tables without our guarantee are refused" {
    record o 0 0 '{"id":1}' >in
    psqlq 'CREATE UNLOGGED TABLE u (id bigint)'
    refuses 78 u <in
    assert_regex "$stderr" '^ksink-pg: table public.u: is unlogged: .* SET LOGGED'
    psqlq 'CREATE TABLE p (id bigint) PARTITION BY RANGE (id)'
    psqlq 'CREATE UNLOGGED TABLE p1 PARTITION OF p DEFAULT'
    refuses 78 p <in
    assert_regex "$stderr" 'is unlogged'
    psqlq 'ALTER TABLE p1 SET LOGGED'
    stores p <in
}

@test "names are quoted as in SQL" {
    psqlq 'CREATE SCHEMA "My Shop"; CREATE TABLE "My Shop"."Order ""x""" ("a b" bigint, "c""d" text, "é" text)'
    record o 0 0 '{"a b":1,"c\"d":"x","é":"y"}' >in
    stores '"My Shop"."Order ""x"""' <in
    assert_regex "$stderr" 'stored 1 record in My Shop\.Order "x", '
    assert_equal "$(psqlq 'SELECT * FROM "My Shop"."Order ""x"""')" '1|x|y'
    assert_equal "$(psqlq 'SELECT sink FROM "My Shop".kpipe_offsets')" 'My Shop.Order "x"'
    record o 0 0 '{"drop table x; --":1,"\"":2}' >in
    stores '"Robert""); --"' <in
    assert_equal "$(psqlq 'SELECT "drop table x; --", """" FROM "Robert""); --"')" '1|2'
    stores Orders <in
    assert_equal "$(psqlq 'SELECT count(*) FROM orders')" 1
}

@test "what is missing is said with its remedy" {
    record o 0 0 '{"id":1}' >in
    refuses 66 t --no-create-table <in
    assert_regex "$stderr" '^ksink-pg: table public.t: does not exist\.'
    refuses 78 nowhere.t <in
    assert_equal "$stderr" 'ksink-pg: schema nowhere: does not exist. CREATE SCHEMA "nowhere"'
    stores t <in
    psqlq 'DROP TABLE t'
    refuses 78 t <in
    assert_regex "$stderr" "was it dropped\? Restore it; or start anew: ksink-pg --table t --forget$"
}

@test "privileges that are missing end with 77" {
    psqlq "CREATE TABLE t (id bigint); DROP ROLE IF EXISTS kpipe_guest; CREATE ROLE kpipe_guest LOGIN"
    record o 0 0 '{"id":1}' >in
    PGUSER=kpipe_guest refuses 77 t <in
    assert_regex "$stderr" 'GRANT CREATE ON SCHEMA "public"'
    stores t <in
    psqlq 'GRANT SELECT, INSERT, UPDATE ON kpipe_offsets TO kpipe_guest'
    record o 0 1 '{"id":2}' >in
    PGUSER=kpipe_guest refuses 77 t <in
    assert_regex "$stderr" 'permission denied for table t'
    psqlq 'GRANT INSERT ON t TO kpipe_guest'
    PGUSER=kpipe_guest stores t <in
    psqlq 'DROP OWNED BY kpipe_guest; DROP ROLE kpipe_guest'
}

@test "the database's own settings do not weaken the commit" {
    psqlq "ALTER DATABASE $PGDATABASE SET synchronous_commit = off"
    psqlq "ALTER DATABASE $PGDATABASE SET default_transaction_isolation = 'serializable'"
    psqlq "CREATE TABLE t (id bigint, how text DEFAULT concat_ws(', ', current_setting('synchronous_commit'), current_setting('transaction_isolation'),
           current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout')))"
    record o 0 0 '{"id":1}' >in
    stores t <in
    psqlq "DROP ROLE IF EXISTS kpipe_hasty; CREATE ROLE kpipe_hasty LOGIN SUPERUSER; ALTER ROLE kpipe_hasty SET synchronous_commit = local"
    psqlq "ALTER ROLE kpipe_hasty SET default_transaction_isolation = 'repeatable read'"
    record o 0 1 '{"id":2}' >in
    PGUSER=kpipe_hasty stores t <in
    psqlq 'DROP ROLE kpipe_hasty'
    assert_equal "$(psqlq 'SELECT DISTINCT how FROM t')" 'on, read committed, 30s, 1min'
    psqlq "ALTER DATABASE $PGDATABASE SET synchronous_commit = remote_apply; TRUNCATE t"
    record o 0 2 '{"id":3}' >in
    stores t <in
    assert_equal "$(psqlq 'SELECT how FROM t')" 'remote_apply, read committed, 30s, 1min'
}

@test "--metadata-columns: all in a table that is created, those that are there in another" {
    { echo '{"topic":"o","partition":3,"offset":9007199254740993,"timestamp":1795246448656,"key":"k\"1","headers":[{"key":"h","value":"v"},{"key":"h","value":null}],"value":{"id":1,"_kafka_offset":5}}'
      echo '{"topic":"o","partition":4,"offset":7,"timestamp":null,"key":null,"headers":[],"value":{"id":2}}'; } >in
    stores t --metadata-columns <in
    assert_equal "$(psqlq "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0")" \
        'id bigint, _kafka_offset bigint, _kafka_topic text, _kafka_partition integer, _kafka_timestamp timestamp with time zone, _kafka_key text, _kafka_headers jsonb'
    assert_equal "$(psqlq "SELECT id, _kafka_topic, _kafka_partition, _kafka_offset, _kafka_timestamp AT TIME ZONE 'UTC', _kafka_key, _kafka_headers FROM t ORDER BY id")" \
        $'1|o|3|9007199254740993|2026-11-21 07:34:08.656|k"1|[{"key": "h", "value": "v"}, {"key": "h", "value": null}]\n2|o|4|7|||[]'
    sed -i 's/,"_kafka_offset":5//' in
    psqlq 'CREATE TABLE few (_kafka_timestamp bigint, id bigint, _kafka_key bytea)'
    stores few --metadata-columns --sink-id few <in
    assert_equal "$(psqlq 'SELECT _kafka_timestamp, id, _kafka_key FROM few ORDER BY id')" $'1795246448656|1|\\x6b2231\n|2|'
    psqlq 'CREATE TABLE lacking (id bigint)'
    refuses 78 lacking --metadata-columns --sink-id lacking <in
    assert_regex "$stderr" 'has none of the columns that --metadata-columns fills'
    # Whole values beside them, and with declared columns.
    stores whole --metadata-columns --columns doc <in
    assert_equal "$(psqlq 'SELECT doc, _kafka_partition FROM whole ORDER BY 2')" $'{"id": 1}|3\n{"id": 2}|4'
    stores named --metadata-columns --columns 'id text, _kafka_offset text' <in
    assert_equal "$(psqlq 'SELECT id, _kafka_offset, _kafka_topic FROM named ORDER BY 1')" $'1|9007199254740993|o\n2|7|o'
}

@test "columns from places inside of the value and the key" {
    local columns='id bigint, total numeric(10,2) = value.order.total, first text = value.order.lines[0]."unit price", shop text = key.shop, rest jsonb'
    { echo '{"topic":"o","partition":0,"offset":0,"timestamp":1,"key":{"shop":"a"},"headers":[],"value":{"id":1,"order":{"total":12.345,"lines":[{"unit price":1e1},{}],"tax":1},"more":true}}'
      echo '{"topic":"o","partition":0,"offset":1,"timestamp":1,"key":null,"headers":[],"value":{"id":2,"order":null}}'; } >in
    stores t --columns "$columns" <in
    assert_equal "$(rows_of t)" $'1|12.35|1e1|a|{"more": true}\n2||||'
    # An existing table, a type left out; a field without a column is refused all the same, one that a path goes into is not.
    psqlq 'CREATE TABLE u (id bigint, total numeric, note text)'
    refuses 65 u --sink-id u --columns 'id bigint, total = value.order.total' <in
    assert_regex "$stderr" 'o\[0\]@0: there is no column for field "more"'
    sed -i 's/,"more":true//' in
    stores u --sink-id u --columns 'id bigint, total = value.order.total' <in
    assert_equal "$(rows_of u)" $'1|12.345|\n2||'
}

rows_of() { psqlq "SELECT * FROM $1 ORDER BY 1"; }

@test "a column for the whole value beside others; paths that are none" {
    { record o 0 0 '{"id":1,"a":{"b":5},"c":[1]}'; record o 0 1 '[7]'; record o 0 2 '"text"'; } >in
    stores t --columns 'id bigint, b integer = value.a.b, doc jsonb = value' <in
    assert_equal "$(rows_of t)" $'1|5|{"a": {"b": 5}, "c": [1], "id": 1}\n||[7]\n||"text"'
    local wrong
    for wrong in 'a text = order.total' 'a text = value.' 'a text = value[x]' 'a text =' 'a = value.x; b'; do
        refuses 64 u --columns "id bigint, $wrong" <in
    done
    refuses 64 u --columns 'id bigint, a = value.x y' <in
    assert_regex "$stderr" "^ksink-pg: --columns: a: 'value.x y' is no place in a record"
    { record o 0 3 '{"id":9,"k":{"id":4},"b":1}'; } >in
    stores m --sink-id m --strategy merge --primary-key key_id --columns 'key_id bigint = value.k.id, id bigint, b integer' <in
    assert_equal "$(rows_of m)" '4|9|1'
    # By name it would be the field's own.
    { record o 0 4 '{"key_id":9,"k":{"id":5},"id":1,"b":1}'; } >in
    refuses 65 m --sink-id m --strategy merge --primary-key key_id --columns 'key_id bigint = value.k.id, id bigint, b integer' <in
    assert_regex "$stderr" 'there is no column for field "key_id"'
}

@test "--evolve add: a new field becomes a column, of its values' type; nulls wait for a value" {
    { record o 0 0 '{"id":1}'; record o 0 1 '{"id":2,"later":null}'; } >in
    stores t --evolve add <in
    { record o 0 2 '{"id":3,"later":null,"total":1}'; record o 0 3 '{"id":4,"total":1.5,"Tags":["a"],"at":"2026-11-21T07:34:08Z"}'; } >in
    stores t --evolve add <in
    assert_equal "${stderr_lines[0]//\"/}" 'ksink-pg: added to the table: ALTER TABLE public.t ADD COLUMN total numeric, ADD COLUMN Tags jsonb, ADD COLUMN at timestamptz'
    record o 0 4 '{"id":5,"later":true,"tags":[1],"x":{"y":1}}' >in
    stores t --evolve add <in
    assert_equal "$(psqlq 'SELECT id, total, "Tags", at IS NOT NULL, later, x FROM t ORDER BY id')" $'1|||f||\n2|||f||\n3|1||f||\n4|1.5|["a"]|t||\n5||[1]|f|t|{"y": 1}'
    record o 0 5 '{"id":6,"more":1}' >in
    refuses 65 t <in
    assert_regex "$stderr" 'there is no column for field "more"'
    refuses 64 t --evolve add --columns 'id bigint' <in
    # A column that takes the rest takes new fields, too.
    psqlq 'CREATE TABLE r (id bigint, rest jsonb)'
    stores r --evolve add <in
    assert_equal "$(rows_of r)" '6|{"more": 1}'
}

@test "--evolve add: several instances at once; one that may not says which statement is wanted" {
    psqlq 'CREATE TABLE t (id bigint)'
    local i pids=()
    for i in 0 1 2 3 4 5; do
        record o "$i" 0 '{"id":1,"a":1,"b":"x"}' | ksink-pg --table t --evolve add 2>"err.$i" 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i"; done
    assert_equal "$(psqlq 'SELECT count(*), sum(a), min(b) FROM t')" '6|6|x'
    assert_equal "$(cat err.* | grep -c 'added to the table')" 1
    psqlq "CREATE ROLE r_$$ LOGIN"
    psqlq "GRANT ALL ON t, kpipe_offsets TO r_$$"
    record o 9 0 '{"id":2,"c":1}' >in
    PGUSER=r_$$ refuses 77 t --evolve add <in
    psqlq "DROP OWNED BY r_$$; DROP ROLE r_$$"
    assert_regex "${stderr//\"/}" '--evolve add: ALTER TABLE public.t ADD COLUMN c bigint'
}
