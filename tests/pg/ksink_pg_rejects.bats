#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ksink-pg on a real PostgreSQL: records that cannot become rows. --rejects, --max-rejects.
# shellcheck disable=SC1091,SC2154,SC2016,SC2030,SC2031 # stderr and stderr_lines are set by run --separate-stderr

bats_require_minimum_version 1.5.0

load ../support/common
load records

setup() { new_folder_and_db; }

# values VALUE...: records of topic o, partition 0, from offset 0.
values() {
    local offset=0 value
    for value; do
        record o 0 "$((offset++))" "$value"
    done
}

# stores [option...] <records
stores() {
    run --separate-stderr ksink-pg --table t "$@"
    assert_success
}

ids() { psqlq 'SELECT string_agg(id::text, $$,$$ ORDER BY id) FROM t'; }

@test "a table: the line, its place, SQLSTATE, message, column and constraint, in the same transaction" {
    psqlq 'CREATE TABLE t (id integer PRIMARY KEY, n smallint CONSTRAINT few CHECK (n < 100), at timestamptz)'
    values '{"id":1,"n":1}' '{"id":"one"}' '{"id":2,"n":500}' '{"id":1}' '{"id":3,"at":"noon"}' '{"id":4,"more":1}' '{"id":5,"n":70000}' '"x"' '{"id":6}' '{"id":7,"at":"a\u0000"}' >in
    stores --rejects table:bad <in
    assert_equal "$(ids)" 1,6
    assert_equal "${#stderr_lines[@]}" 2
    assert_equal "${stderr_lines[0]}" 'ksink-pg: warning: row not stored in public.t: o[0]@1: column id: invalid input syntax for type integer: "one" [22P02]. Correct the record in a filter (jq), or change the column; set aside in table public.bad, with 7 more'
    assert_equal "${stderr_lines[1]}" 'ksink-pg: stored 2 records in public.t, 0 duplicates dropped, 1 transaction, 8 records set aside in table public.bad'
    assert_equal "$(psqlq 'SELECT "offset", sqlstate, column_name, constraint_name FROM bad ORDER BY 1')" \
        $'1|22P02|id|\n2|23514||few\n3|23505||t_pkey\n4|22007|at|\n5|||\n6|22003|n|\n7|||\n9|||'
    assert_equal "$(psqlq 'SELECT sink, target, topic, partition, generation, "timestamp", rejected_at > now() - $$1min$$::interval FROM bad LIMIT 1')" \
        'public.t|public.t|o|0|0|2026-11-21 07:34:08.656+00|t'
    assert_equal "$(psqlq 'SELECT message FROM bad ORDER BY "offset"' | sed -n '5p;7p;8p')" \
        $'there is no column for field "more"\nthe value is not a JSON object: "x"\nfield "at" contains U+0000, which PostgreSQL cannot hold in a text or in JSON'
    # What was set aside is the record as it came: mended, it is stored by a sink of its own.
    psqlq 'SELECT line FROM bad ORDER BY "offset"' >lines
    diff lines <(sed -n '2,8p;10p' in)
    jq -c 'if .offset == 1 then .value.id = 11 elif .offset == 2 then .value.n = 9 else empty end' <lines | ksink-pg --table t --sink-id mended
    assert_equal "$(ids)" 1,2,6,11
    # Once: the same again is known.
    stores --rejects table:bad <in
    assert_equal "$(psqlq 'SELECT count(*) FROM bad')" 8
}

@test "a file: the records with the reason, ready to be mended and stored" {
    psqlq 'CREATE TABLE t (id integer PRIMARY KEY)'
    values '{"id":1}' '{"id":"é"}' '{"id":1}' '{"id":2}' | ksink-pg --table t --rejects file:bad.ndjson 2>err
    assert_equal "$(tail -n 1 err)" 'ksink-pg: stored 2 records in public.t, 0 duplicates dropped, 1 transaction, 2 records set aside in file bad.ndjson'
    assert_equal "$(jq -c '[.topic, .offset, .value, .error]' bad.ndjson)" \
        '["o",1,{"id":"é"},{"table":"public.t","sqlstate":"22P02","message":"invalid input syntax for type integer: \"é\"","column":"id"}]
["o",2,{"id":1},{"table":"public.t","sqlstate":"23505","message":"duplicate key value violates unique constraint \"t_pkey\" (Key (id)=(1) already exists.)","constraint":"t_pkey"}]'
    jq -c '.value.id = 10 + .offset' bad.ndjson | ksink-pg --table t --sink-id mended
    assert_equal "$(ids)" 1,2,11,12
    # Appended to, in the next run.
    record o 0 4 '{}' | ksink-pg --table t --rejects file:bad.ndjson
    assert_equal "$(jq -r .offset bad.ndjson)" $'1\n2\n4'
    run --separate-stderr ksink-pg --table t --rejects file:no/such/folder </dev/null
    assert_equal "$status" 74
    assert_equal "$stderr" 'ksink-pg: --rejects: no/such/folder: No such file or directory'
}

@test "--max-rejects: that many in a run; one more stops it, and its batch is not stored" {
    psqlq 'CREATE TABLE t (id integer)'
    values '{"id":"a"}' '{"id":1}' '{"id":2}' '{"id":"b"}' '{"id":"c"}' '{"id":3}' >in
    run --separate-stderr ksink-pg --table t --rejects table:bad --max-rejects 2 --batch-size 2 <in
    assert_equal "$status" 65
    assert_equal "${stderr_lines[2]}" 'ksink-pg: row not stored in public.t: o[0]@4: column id: invalid input syntax for type integer: "c" [22P02]. Correct the record in a filter (jq), or change the column; of this run that is one more than --max-rejects 2 allows'
    assert_equal "$(ids) $(psqlq 'SELECT count(*) FROM bad') $(next_offset public.t o 0)" '1,2 2 4'
    # The next run may set aside two again.
    stores --rejects table:bad --max-rejects 2 --batch-size 2 <in
    assert_equal "$(ids) $(psqlq 'SELECT count(*) FROM bad') $(next_offset public.t o 0)" '1,2,3 3 6'
    psqlq 'TRUNCATE t, bad, kpipe_offsets'
    run --separate-stderr ksink-pg --table t --rejects table:bad --max-rejects 0 <in
    assert_equal "$status" 65
    assert_equal "$(psqlq 'SELECT count(*) FROM bad')" 0
}

@test "at every position of a batch, by every kind of fault, in every strategy" {
    local strategy options kind i bad size=6 all=36
    psqlq 'CREATE TABLE parent (id integer PRIMARY KEY)'
    psqlq 'CREATE TABLE t (id integer PRIMARY KEY, n integer CHECK (n < 100), up integer REFERENCES parent,
        late integer REFERENCES parent DEFERRABLE INITIALLY DEFERRED, d integer DEFAULT 5)'
    psqlq "CREATE FUNCTION angry() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN IF NEW.n = 66 THEN RAISE EXCEPTION 'not 66'; END IF; RETURN NEW; END \$\$"
    psqlq 'CREATE TRIGGER angry AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION angry()'
    for strategy in append ignore merge; do
        options=(--strategy "$strategy")
        [[ $strategy == append ]] || options+=(--primary-key id)
        for kind in '"id":"x"' '"n":100' '"up":77' '"late":77' '"n":66' '"n":9999999999' '"none":1'; do
            psqlq 'TRUNCATE t'
            psqlq 'DROP TABLE IF EXISTS kpipe_offsets, bad' 2>/dev/null
            # Batch k has its bad row at position k. Every third row leaves out a column with a default.
            for ((i = 0; i < all; i++)); do
                bad='' && ((i % size != i / size)) || bad=",$kind"
                if ((i % 3 == 1)); then record o 0 "$i" "{\"id\":$i,\"d\":1$bad}"; else record o 0 "$i" "{\"id\":$i$bad}"; fi
            done >in
            stores "${options[@]}" --rejects table:bad --batch-size "$size" <in
            assert_equal "$strategy $kind: $(psqlq 'SELECT "offset" FROM bad ORDER BY 1' | tr '\n' ' ')" "$strategy $kind: 0 7 14 21 28 35 "
            assert_equal "$strategy $kind: $(psqlq 'SELECT id, d FROM t ORDER BY 1')" \
                "$strategy $kind: $(for ((i = 0; i < all; i++)); do ((i % size == i / size)) || echo "$i|$((i % 3 == 1 ? 1 : 5))"; done)"
        done
    done
}

@test "of two records that exclude each other the later is refused, whatever their shapes" {
    local size
    psqlq 'CREATE TABLE t (id integer, d integer DEFAULT 5, u integer UNIQUE)'
    for size in 50000 1 2; do
        psqlq 'TRUNCATE t'
        psqlq 'DROP TABLE IF EXISTS kpipe_offsets, bad' 2>/dev/null
        values '{"id":1,"u":1}' '{"id":2,"d":1,"u":2}' '{"id":3,"u":2}' '{"id":4,"d":2,"u":1}' | ksink-pg --table t --rejects table:bad --batch-size "$size"
        assert_equal "$(ids) $(psqlq 'SELECT string_agg("offset"::text, $$,$$ ORDER BY 1) FROM bad')" '1,2 2,3'
    done
}

@test "a record that a deferred constraint needs in the same batch is not refused with a bad one" {
    psqlq 'CREATE TABLE t (id integer PRIMARY KEY, up integer REFERENCES t DEFERRABLE INITIALLY DEFERRED)'
    values '{"id":1,"up":2}' '{"id":"x"}' '{"id":2}' | ksink-pg --table t --rejects table:bad
    assert_equal "$(ids) $(psqlq 'SELECT "offset" FROM bad')" '1,2 1'
}

@test "fail: a merge, too, names the one record" {
    psqlq 'CREATE TABLE t (id integer PRIMARY KEY, n integer CHECK (n < 100))'
    for i in {0..99}; do record o 0 "$i" "{\"id\":$i,\"n\":$((i == 37 ? 100 : i))}"; done >in
    run --separate-stderr ksink-pg --table t --strategy merge --primary-key id <in
    assert_equal "$status" 65
    assert_equal "${stderr_lines[0]}" 'ksink-pg: row not stored in public.t: o[0]@37: new row for relation "t" violates check constraint "t_n_check" (Failing row contains (37, 100).) [23514]. Correct the record in a filter (jq), or change the column'
    assert_equal "$(psqlq 'SELECT count(*) FROM t')" 0
}

@test "an outage is no bad record, and a table that was changed meanwhile no reason to refuse" {
    psqlq 'CREATE TABLE t (id integer)'
    mkfifo in
    ksink-pg --table t --rejects table:bad <in 3>&- 2>err &
    exec 4>in
    record o 0 0 '{"id":1}' >&4
    wait_until 10 db_says 'SELECT count(*) FROM t' 1
    # Rows wait for the lock; its holder leaves with a changed column.
    psqlq 'BEGIN; ALTER TABLE t ALTER id TYPE text; SELECT pg_sleep(1); COMMIT' 3>&- 4>&- &
    record o 0 1 '{"id":"two"}' >&4
    wait_until 20 db_says 'SELECT count(*) FROM t' 2
    psqlq 'ALTER TABLE t ADD more integer'
    record o 0 2 '{"id":"three","more":3}' >&4
    wait_until 10 db_says 'SELECT count(*) FROM t WHERE more = 3' 1
    exec 4>&-
    wait "${!}"
    assert_equal "$(psqlq "SELECT to_regclass('bad') IS NULL")" t
}

@test "the table for rejects: made with the first, in the schema of the rows; a wrong one is refused before anything is read" {
    psqlq 'CREATE SCHEMA s'
    psqlq 'CREATE TABLE s.t (id integer)'
    values '{"id":1}' | ksink-pg --table s.t --rejects 'table:"Bad rows"'
    assert_equal "$(psqlq "SELECT to_regclass('s.\"Bad rows\"') IS NULL")" t
    record o 0 1 '{"id":"x"}' | ksink-pg --table s.t --rejects 'table:"Bad rows"'
    assert_equal "$(psqlq 'SELECT count(*) FROM s."Bad rows"')" 1
    psqlq 'CREATE TABLE s.other (id integer)'
    run --separate-stderr ksink-pg --table s.t --rejects table:other </dev/null
    assert_equal "$status" 78
    assert_regex "$stderr" '^ksink-pg: --rejects: table s.other: is not one that ksink-pg made for rejects: it needs the columns sink text, .* Name another, which is made then$'
    run --separate-stderr ksink-pg --table s.t --rejects table:t </dev/null
    assert_equal "$status" 64
    run --separate-stderr ksink-pg --table s.t --rejects table:missing --no-create-table </dev/null
    assert_equal "$status" 66
}

@test "a timestamp that is no time of PostgreSQL's is no reason not to set a record aside" {
    psqlq 'CREATE TABLE t (id integer)'
    local i=0 ms
    for ms in 9224318015999999 9224318016000000 -210866803200000 -210866803200001 1795246448656000000 null; do
        record o 0 "$((i++))" '{"id":"x"}' | sed "s/\"timestamp\":[0-9]*/\"timestamp\":$ms/"
    done | ksink-pg --table t --rejects table:bad
    assert_equal "$(psqlq 'SELECT array_agg("timestamp" IS NULL ORDER BY "offset") FROM bad')" '{f,t,f,t,t,t}'
}

@test "a record that the database's encoding cannot hold is set aside all the same" {
    local db=latin_$$
    psqlq "CREATE DATABASE $db ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
    export PGDATABASE=$db
    psqlq 'CREATE TABLE t (name text)'
    values '{"name":"é"}' '{"name":"世界 😀"}' | ksink-pg --table t --rejects table:bad
    assert_equal "$(psqlq 'SELECT count(*) FROM t') $(psqlq 'SELECT sqlstate FROM bad')" '1 22P05'
    assert_equal "$(psqlq 'SELECT line FROM bad' | jq -r .value.name)" '世界 😀'
    PGDATABASE=postgres psqlq "DROP DATABASE $db"
}
