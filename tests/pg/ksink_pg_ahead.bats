#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ksink-pg: rows of a batch that still fills are at the server already; nothing of them counts before the batch is whole.
# shellcheck disable=SC1091,SC2154 # stderr and stderr_lines are set by run --separate-stderr

bats_require_minimum_version 1.5.0

load ../support/common
load records

setup() { new_folder_and_db; }

in_copy() { db_says "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
    AND query LIKE 'COPY%' AND wait_event = 'ClientRead'" "${1:-1}"; }

# wide FIRST COUNT: records o[0] of half a kilobyte.
wide() {
    numbered o 0 "$1" "$2" | jq -c --arg pad "$(printf 'x%.0s' {1..400})" '.value.pad = $pad'
}

# begin OPTION...: a sink of table t that has 1900 records of a batch of 2000, and is in COPY. Whole batches came before.
begin() {
    mkfifo in
    ksink-pg --table t --batch-size 2000 --batch-timeout 5s "$@" <in 2>err 3>&- &
    sink=$!
    exec 4>in
    wide 0 2000 >&4
    wait_until 20 db_says 'SELECT next_offset FROM kpipe_offsets' 2000
    wide 2000 1900 >more.ndjson
    cat more.ndjson >&4
    wait_until 4 in_copy
    assert_equal "$(psqlq 'SELECT count(*) FROM t')" 2000
}

# finish STATUS [COMMAND...]: the rest of the input, and the sink's end.
finish() {
    local wanted=$1 status=0
    shift
    "$@" >&4
    exec 4>&-
    wait "$sink" || status=$?
    assert_equal "$status" "$wanted"
}

@test "rows are at the server before their batch is whole, and count when it is" {
    begin
    assert_equal "$(next_offset public.t o 0)" 2000
    finish 0 wide 3900 300
    exactly_once t 0 4200
    assert_equal "$(<err)" "$(grep 'created a table' err)
ksink-pg: stored 4200 records in public.t, 0 duplicates dropped, 3 transactions"
}

@test "a sink that is killed with rows ahead has stored none of them" {
    begin
    kill -9 "$sink"
    exec 4>&-
    wait "$sink" || true
    wait_until 10 in_copy 0
    assert_equal "$(psqlq 'SELECT count(*) FROM t')" 2000
    { wide 2000 1900; wide 3900 100; } | ksink-pg --table t 2>/dev/null
    exactly_once t 0 4000
}

@test "a connection that is lost with rows ahead: they are sent again" {
    begin
    psqlq "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%' AND pid <> pg_backend_pid()" >/dev/null
    wait_until 10 in_copy 0
    finish 0 wide 3900 100
    exactly_once t 0 4000
    assert_regex "$(tail -1 err)" 'stored 4000 records in public.t, 0 duplicates dropped'
}

@test "what another instance stores meanwhile is not stored twice" {
    begin
    ksink-pg --table t <more.ndjson 2>other
    assert_equal "$(<other)" "ksink-pg: stored 1900 records in public.t, 0 duplicates dropped, 1 transaction"
    finish 0 wide 3900 100
    exactly_once t 0 4000
    assert_regex "$(tail -1 err)" 'stored 2100 records in public.t, 1900 duplicates dropped'
}

@test "a refused row among those ahead is set aside, alone" {
    begin --rejects table:bad
    # A text where the column is of numbers, the first of those to come; by sed, as jq would have to know it.
    finish 0 sed '7s/"o":[0-9]*/"o":"seven"/' <(wide 3900 100)
    assert_equal "$(psqlq 'SELECT count(*), count(DISTINCT o) FROM t')" '3999|3999'
    wide 4000 2000 | sed '5s/"o":[0-9]*/"o":"five"/' >in2
    ksink-pg --table t --rejects table:bad --batch-size 2000 <in2 2>/dev/null
    assert_equal "$(psqlq 'SELECT count(*), count(DISTINCT o) FROM t')" '5998|5998'
    assert_equal "$(psqlq 'SELECT "offset" FROM bad ORDER BY 1')" $'3906\n4004'
}

@test "merge: the last row of a key counts, wherever its batch was taken apart" {
    psqlq 'CREATE TABLE t (p int, o int PRIMARY KEY, text text, pad text)'
    begin --strategy merge --primary-key o
    # The keys of the first and of the last row ahead come once more.
    wide 3900 100 | jq -c '.value.text = "new" | .value.o = (if .offset < 3950 then 2000 else 3899 end)' >tail.ndjson
    finish 0 cat tail.ndjson
    assert_equal "$(psqlq "SELECT count(*), count(*) FILTER (WHERE text = 'new'), min(o), max(o) FROM t")" '3900|2|0|3899'
    assert_equal "$(next_offset public.t o 0)" 4000
}

@test "a filter that dies between the lines of a record: that record is left out of what was ahead" {
    begin
    wide 3900 50 | jq -c '., (.value.text = "again")' | head -n 99 >tail.ndjson
    finish 75 cat <(echo '{"mark":{"topic":"o","partition":0,"offset":3900}}') tail.ndjson
    assert_regex "$(<err)" "ended without kconsume's goodbye"
    assert_equal "$(psqlq 'SELECT count(*), count(DISTINCT o), max(o) FROM t')" '3998|3949|3948'
    assert_equal "$(next_offset public.t o 0)" 3949
}
