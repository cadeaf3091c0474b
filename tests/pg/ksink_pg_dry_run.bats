#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ksink-pg --dry-run on a real PostgreSQL: everything is tried, nothing stays.
# shellcheck disable=SC1091,SC2154,SC2016,SC2030,SC2031 # stderr and stderr_lines are set by run --separate-stderr

bats_require_minimum_version 1.5.0

load ../support/common
load records

setup() { new_folder_and_db; }

tables() { psqlq "SELECT string_agg(relname, ',' ORDER BY 1) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"; }

# tries [option...] <records
tries() {
    run --separate-stderr ksink-pg --table t --dry-run "$@"
    assert_success
}

@test "prints the statement that would make the table, which psql takes; nothing is made" {
    { record o 0 0 '{"id":1,"name":"a"}'; record o 0 1 null; record o 0 2 '{"id":2.5}'; } >in
    tries <in
    assert_equal "$output" 'CREATE TABLE "public"."t" ("id" numeric, "name" text);'
    assert_equal "$stderr" 'ksink-pg: dry run, nothing was changed: would have stored 2 records in public.t, 0 duplicates dropped, 1 tombstone skipped (see --on-null)'
    assert_equal "$(tables)" ''
    psqlq "$output"
    tries <in
    assert_equal "$output" ''
    ksink-pg --table t <in
    assert_equal "$(psqlq 'SELECT count(*) FROM t')" 2
    # What is stored would be dropped.
    { cat in; record o 0 3 '{"id":3}'; } >longer
    tries <longer
    assert_equal "$stderr" 'ksink-pg: dry run, nothing was changed: would have stored 1 record in public.t, 3 duplicates dropped'
    assert_equal "$(next_offset public.t o 0)" 3
}

@test "the columns that --evolve would add, and rows of every strategy" {
    psqlq 'CREATE TABLE t (id bigint PRIMARY KEY, late integer UNIQUE DEFERRABLE INITIALLY DEFERRED)'
    psqlq 'INSERT INTO t VALUES (1)'
    { record o 0 0 '{"id":1,"more":true}'; record o 0 1 '{"id":2,"note":"x"}'; } >in
    tries --evolve add --strategy merge --primary-key id <in
    assert_equal "$output" 'ALTER TABLE "public"."t" ADD COLUMN "more" boolean, ADD COLUMN "note" text;'
    assert_equal "$stderr" 'ksink-pg: dry run, nothing was changed: would have merged 2 records into public.t, 0 duplicates dropped'
    tries --evolve add --strategy ignore --primary-key id <in
    assert_equal "$stderr" 'ksink-pg: dry run, nothing was changed: would have stored 1 record in public.t, 0 duplicates dropped, 1 record ignored'
    assert_equal "$(tables) $(psqlq 'SELECT count(*) FROM t')" 't 1'
    assert_equal "$(psqlq "SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0")" 2
}

@test "refused records: the run's status and message, or how many would be set aside; no file and no table is made" {
    psqlq 'CREATE TABLE t (id integer, late integer UNIQUE DEFERRABLE INITIALLY DEFERRED)'
    { record o 0 0 '{"id":"x"}'; record o 0 1 '{"id":1,"late":1}'; record o 0 2 '{"id":2,"late":1}'; } >in
    run --separate-stderr ksink-pg --table t --dry-run <in
    assert_equal "$status" 65
    assert_regex "$stderr" '^ksink-pg: row not stored in public.t: o\[0\]@0: column id: '
    for where in table:bad file:bad.ndjson; do
        tries --rejects "$where" <in
        assert_regex "$stderr" '^ksink-pg: dry run, nothing was changed: would have stored 1 record in public.t, 0 duplicates dropped, 2 records set aside in (table public.bad|file bad.ndjson)$'
    done
    assert_equal "$(tables) $(psqlq 'SELECT count(*) FROM t')" 't 0'
    [[ ! -e bad.ndjson ]]
}

@test "only the first batch is read; nothing that is no record; no input is no error" {
    { record o 0 0 '{"id":1}'; record o 0 1 '{"id":2}'; echo nonsense; } >in
    tries --batch-size 2 <in
    assert_equal "$output" 'CREATE TABLE "public"."t" ("id" bigint);'
    run --separate-stderr ksink-pg --table t --dry-run <in
    assert_equal "$status" 65
    assert_regex "$stderr" '^ksink-pg: stdin: line 3: '
    tries </dev/null
    assert_equal "$stderr" 'ksink-pg: dry run, nothing was changed: would have stored 0 records in public.t, 0 duplicates dropped'
    run -64 --separate-stderr ksink-pg --table t --dry-run --forget
}
