#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ksink-pg --table NAME{topic}: several topics, a table for each.
# shellcheck disable=SC1091,SC2154,SC2016 # stderr and stderr_lines are set by run --separate-stderr

bats_require_minimum_version 1.5.0

setup() {
    load ../support/common
    load records
    new_folder_and_db
    psqlq 'CREATE SCHEMA raw'
}

# mixed FIRST COUNT: records of three topics, by turns.
mixed() { paste -d '\n' <(numbered orders 0 "$1" "$2") <(numbered Customers.v1 0 "$1" "$2") <(numbered orders 1 "$1" "$2"); }
both=(--allow-topics 'orders,Customers.v1')

@test "each topic has its table, with its own offsets; a second run adds nothing" {
    mixed 0 500 >in
    ksink-pg --table 'raw.{topic}' "${both[@]}" --batch-size 70 <in 2>err
    assert_equal "$(tail -1 err)" "ksink-pg: stored 1500 records in the tables of 2 topics, 0 duplicates dropped, 22 batches"
    assert_equal "$(grep -c 'created a table: CREATE TABLE "raw"."' err)" 2
    exactly_once raw.orders 0 500
    exactly_once raw.orders 1 500
    exactly_once 'raw."customers.v1"' 0 500
    assert_equal "$(psqlq 'SELECT sink, topic, partition, next_offset FROM raw.kpipe_offsets ORDER BY 1, 2, 3')" \
        $'raw.customers.v1|Customers.v1|0|500\nraw.orders|orders|0|500\nraw.orders|orders|1|500'
    ksink-pg --table 'raw.{topic}' "${both[@]}" <in 2>err
    assert_equal "$(tail -1 err)" "ksink-pg: stored 0 records in the tables of 2 topics, 1500 duplicates dropped, 0 batches"
    # One of them by itself goes on in the same table.
    numbered orders 0 480 40 | ksink-pg --table raw.orders 2>err
    assert_equal "$(tail -1 err)" "ksink-pg: stored 20 records in raw.orders, 20 duplicates dropped, 1 transaction"
}

@test "a topic that is not on the list: 65 before anything of its batch is stored" {
    { numbered orders 0 0 5; numbered secrets 0 0 1; } >in
    run --separate-stderr ksink-pg --table 'raw.{topic}' "${both[@]}" <in
    assert_equal "$status" 65
    assert_equal "${stderr_lines[-1]}" "ksink-pg: topic secrets: is not one of --allow-topics: none of its records is stored. Add it to the list, or leave it out of what kconsume reads"
    assert_equal "$(psqlq "SELECT to_regclass('raw.orders') IS NULL, to_regclass('raw.secrets') IS NULL")" 't|t'
}

@test "every strategy, by table: merge by key, tombstones, metadata, new columns" {
    { numbered orders 0 0 4; numbered Customers.v1 0 0 4; } | jq -c '.key = (.offset % 2 | tostring) | .value |= {n: .o}' >in
    psqlq 'CREATE TABLE raw.orders (id text PRIMARY KEY, n bigint); CREATE TABLE raw."Customers.v1" (id text PRIMARY KEY, n bigint)'
    merge=(ksink-pg --table 'raw."{topic}"' "${both[@]}" --strategy merge --primary-key key)
    "${merge[@]}" <in 2>err
    assert_equal "$(tail -1 err)" "ksink-pg: merged 8 records into the tables of 2 topics, 0 duplicates dropped, 1 batch"
    assert_equal "$(psqlq 'SELECT * FROM raw.orders ORDER BY 1')" $'0|2\n1|3'
    { record orders 0 4 null; record Customers.v1 0 4 '{"n":9,"colour":"red"}'; } | jq -c '.key = "1"' | "${merge[@]}" --evolve add 2>err
    assert_equal "$(psqlq 'SELECT * FROM raw.orders')|$(psqlq 'SELECT * FROM raw."Customers.v1" ORDER BY 1')" $'0|2|0|2|\n1|9|red'
}

@test "rejects go to one file or one table, within one budget" {
    { record orders 0 0 '{"n":1}'; record orders 0 1 '{"n":"x"}'; record Customers.v1 0 0 '{"n":"y"}'; record Customers.v1 0 1 '{"n":2}'; } >in
    psqlq 'CREATE TABLE raw.orders (n int); CREATE TABLE raw."customers.v1" (n int)'
    ksink-pg --table 'raw.{topic}' "${both[@]}" --rejects file:bad --max-rejects 2 <in 2>err
    assert_equal "$(jq -c '[.topic, .offset, .error.table]' bad)" $'["orders",1,"raw.orders"]\n["Customers.v1",0,"raw.customers.v1"]'
    assert_equal "$(psqlq 'SELECT n FROM raw.orders UNION ALL SELECT n FROM raw."customers.v1"')" $'1\n2'
    { record orders 0 2 '{"n":"x"}'; record Customers.v1 0 2 '{"n":"y"}'; } >in
    run --separate-stderr ksink-pg --table 'raw.{topic}' "${both[@]}" --rejects table:raw.bad --max-rejects 1 <in
    assert_equal "$status" 65
    assert_regex "${stderr_lines[-1]}" 'Customers.v1\[0\]@2.*one more than --max-rejects 1 allows'
    ksink-pg --table 'raw.{topic}' "${both[@]}" --rejects table:raw.bad <in 2>err
    assert_equal "$(psqlq 'SELECT target, topic, "offset" FROM raw.bad ORDER BY rejected_at')" $'raw.orders|orders|2\nraw.customers.v1|Customers.v1|2'
}

@test "--print-offsets, --set-offsets, --forget and --dry-run are of all tables" {
    mixed 0 10 >in
    run --separate-stderr ksink-pg --table 'raw.{topic}' "${both[@]}" --dry-run <in
    assert_success
    assert_equal "$(grep -c '^CREATE TABLE "raw"' <<<"$output")" 2
    assert_equal "${stderr_lines[-1]}" 'ksink-pg: dry run, nothing was changed: would have stored 30 records in the tables of 2 topics, 0 duplicates dropped'
    assert_equal "$(psqlq "SELECT to_regclass('raw.orders') IS NULL")" t
    run -66 ksink-pg --table 'raw.{topic}' "${both[@]}" --print-offsets
    ksink-pg --table 'raw.{topic}' "${both[@]}" <in 2>err
    ksink-pg --table 'raw.{topic}' "${both[@]}" --print-offsets >offsets
    assert_equal "$(jq -c '[.topic, .partition, .offset, .sink]' offsets)" \
        $'["orders",0,10,"pg:raw.orders"]\n["orders",1,10,"pg:raw.orders"]\n["Customers.v1",0,10,"pg:raw.customers.v1"]'
    jq -c '.offset = 4' offsets | ksink-pg --table 'raw.{topic}' "${both[@]}" --set-offsets 2>err
    assert_equal "$(grep -c ': 10 -> 4' err)" 3
    run --separate-stderr ksink-pg --table 'raw.{topic}' "${both[@]}" --set-offsets <<<'{"topic":"other","partition":0,"offset":1}'
    assert_equal "$status|$stderr" '65|ksink-pg: stdin: line 1: topic other: is not one of --allow-topics'
    ksink-pg --table 'raw.{topic}' "${both[@]}" --forget 2>err
    assert_equal "$(cat err)" $'ksink-pg: sink pg:raw.orders: forgot the offsets of 2 partitions\nksink-pg: sink pg:raw.customers.v1: forgot the offsets of 1 partition'
}

@test "several instances at once: each record once, in its table" {
    local sinks=() i
    for i in 1 2 3; do
        mixed 0 $((1000 + i)) | ksink-pg --table 'raw.{topic}' "${both[@]}" --batch-size 40 2>"err.$i" 3>&- &
        sinks+=($!)
    done
    for i in "${sinks[@]}"; do wait "$i"; done
    exactly_once raw.orders 0 1003
    exactly_once raw.orders 1 1003
    exactly_once 'raw."customers.v1"' 0 1003
}

@test "kill -9 in the middle, many times: each record once, in its table" {
    local kills=0 sink before
    all() { psqlq 'SELECT COALESCE(sum(stored_rows), 0) FROM raw.kpipe_offsets' 2>/dev/null || echo 0; }
    more_than() { (($(all) > $1)); }
    mixed 0 8000 >in
    while before=$(all) && ((before < 18000)); do
        ksink-pg --table 'raw.{topic}' "${both[@]}" --batch-size 40 <in 2>/dev/null 3>&- &
        sink=$!
        wait_until 20 more_than "$before"
        kill -KILL "$sink" 2>/dev/null && kills=$((kills + 1))
        wait "$sink" 2>/dev/null || true
    done
    ((kills >= 1))
    ksink-pg --table 'raw.{topic}' "${both[@]}" <in 2>/dev/null
    exactly_once raw.orders 0 8000
    exactly_once raw.orders 1 8000
    exactly_once 'raw."customers.v1"' 0 8000
}

@test "one connection serves all tables" {
    mkfifo in
    ksink-pg --table 'raw.{topic}' "${both[@]}" <in 2>err 3>&- &
    local sink=$!
    exec {FEED}>in
    mixed 0 10 >&"$FEED"
    wait_until 20 db_says "SELECT to_regclass('raw.\"customers.v1\"') IS NOT NULL AND to_regclass('raw.orders') IS NOT NULL" t
    assert_equal "$(psqlq "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'kpipe ksink-pg'")" 1
    exec {FEED}>&-
    wait "$sink"
}
