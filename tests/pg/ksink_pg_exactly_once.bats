#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ksink-pg on a real PostgreSQL: every record is stored once, whoever repeats, races or dies.
# shellcheck disable=SC1091,SC2154,SC2016,SC2030,SC2031 # stderr and stderr_lines are set by run --separate-stderr

bats_require_minimum_version 1.5.0

load ../support/common
load records

setup() { new_folder_and_db; }

stored() { psqlq 'SELECT COALESCE(sum(stored_rows), 0) FROM kpipe_offsets' 2>/dev/null || echo 0; }
stored_more_than() { (($(stored) > $1)); }

@test "the same lines again are dropped and counted" {
    { numbered o 0 0 1000; numbered o 1 0 500; } >in
    ksink-pg --table t --batch-size 100 <in 2>err
    assert_equal "$(tail -1 err)" "ksink-pg: stored 1500 records in public.t, 0 duplicates dropped, 15 transactions"
    run --separate-stderr ksink-pg --table t <in
    assert_success
    assert_equal "$stderr" "ksink-pg: stored 0 records in public.t, 1500 duplicates dropped, 0 transactions"
    { numbered o 0 0 1200; } >in
    ksink-pg --table t <in 2>err
    assert_equal "$(<err)" "ksink-pg: stored 200 records in public.t, 1000 duplicates dropped, 1 transaction"
    exactly_once t 0 1200
    exactly_once t 1 500
}

@test "--print-offsets prints checkpoints and changes nothing" {
    run --separate-stderr ksink-pg --table t --print-offsets
    assert_equal "$status" 66
    assert_regex "$stderr" 'there is no kpipe_offsets'
    assert_equal "$(psqlq "SELECT to_regclass('kpipe_offsets') IS NULL")" t
    { numbered o 1 0 5; numbered o 0 0 7; record o 1 5 '{"p":1,"o":5,"text":"x"}' 2; } | ksink-pg --table t 2>/dev/null
    run --separate-stderr ksink-pg --table t --print-offsets
    assert_success
    assert_equal "$stderr" ""
    assert_equal "$(jq -c '[.topic, .partition, .offset, .gen, .sink, .rows]' <<<"$output")" \
        $'["o",0,7,null,"pg:public.t",7]\n["o",1,6,2,"pg:public.t",6]'
    run --separate-stderr ksink-pg --table t --print-offsets --sink-id other
    assert_success
    assert_equal "$output" ""
}

@test "two sinks with names of their own feed one table independently" {
    numbered o 0 0 10 >in
    ksink-pg --table t --sink-id a <in 2>/dev/null
    ksink-pg --table t --sink-id b <in 2>/dev/null
    assert_equal "$(psqlq 'SELECT count(*) FROM t')" 20
    assert_equal "$(psqlq 'SELECT sink, next_offset FROM kpipe_offsets ORDER BY sink')" $'a|10\nb|10'
}

@test "a greater generation replays, an older one is refused" {
    numbered o 0 0 100 | ksink-pg --table t 2>/dev/null
    numbered o 0 40 20 1 | ksink-pg --table t 2>err
    assert_equal "$(<err)" "ksink-pg: stored 20 records in public.t, 0 duplicates dropped, 1 transaction"
    assert_equal "$(psqlq 'SELECT next_offset, generation, stored_rows FROM kpipe_offsets')" '60|1|120'
    numbered o 0 40 20 1 | ksink-pg --table t 2>err
    assert_equal "$(<err)" "ksink-pg: stored 0 records in public.t, 20 duplicates dropped, 0 transactions"
    numbered o 0 100 10 >in
    run --separate-stderr ksink-pg --table t <in
    assert_equal "$status" 75
    assert_regex "$stderr" 'o\[0\]@100: generation 0 is older than the stored one \(1\)'
    assert_equal "$(psqlq 'SELECT count(*) FROM t')" 120
}

@test "several instances that race to create and fill one table store each record once" {
    local sinks=() i
    for i in 1 2 3 4; do
        { numbered o 0 0 $((500 * i)); numbered o 1 $((100 * i)) 0; numbered o 1 0 $((2500 - 500 * i)); } >"in.$i"
        ksink-pg --table t --batch-size 37 <"in.$i" 2>"err.$i" 3>&- &
        sinks+=($!)
    done
    for i in "${sinks[@]}"; do wait "$i"; done
    exactly_once t 0 2000
    exactly_once t 1 2000
    assert_equal "$(cat err.* | grep -c 'created a table')" 1
    assert_equal "$(cat err.* | sed -n 's/.*stored \([0-9]*\) records.*/\1/p' | paste -sd+ | bc)" 4000
}

@test "an instance whose stored offset another one moved drops what is stored and goes on" {
    mkfifo in
    ksink-pg --table t <in 2>err 3>&- &
    local sink=$!
    exec {FEED}>in
    numbered o 0 0 10 >&"$FEED"
    wait_until 10 stored_more_than 9
    numbered o 0 10 15 | ksink-pg --table t 2>/dev/null
    numbered o 0 10 30 >&"$FEED"
    exec {FEED}>&-
    wait "$sink"
    exactly_once t 0 40
    assert_equal "$(tail -1 err)" "ksink-pg: stored 25 records in public.t, 15 duplicates dropped, 2 transactions"
}

@test "kill -9 in the middle, many times, then once more to the end: each record once" {
    local total=30000 kills=0 before sink
    { numbered o 0 0 20000; numbered o 1 0 10000; } >in
    while before=$(stored) && ((before < total * 3 / 4)); do
        ksink-pg --table t --batch-size 40 <in 2>/dev/null 3>&- &
        sink=$!
        wait_until 20 stored_more_than "$before"
        kill -KILL "$sink" 2>/dev/null && kills=$((kills + 1))
        wait "$sink" 2>/dev/null || true
        # In one snapshot: the killed one's last COMMIT may still come.
        assert_equal "$(psqlq 'SELECT (SELECT count(*) FROM t) - (SELECT sum(stored_rows) FROM kpipe_offsets)')" 0
    done
    ((kills >= 1))
    assert [ "$(stored)" -lt "$total" ]
    ksink-pg --table t --batch-size 5000 <in 2>/dev/null
    exactly_once t 0 20000
    exactly_once t 1 10000
    assert_equal "$(stored)" "$total"
}

@test "a torn last line is said, what is before it is stored" {
    { numbered o 0 0 5; printf '{"topic":"o","partition":0,"off'; } >in
    run --separate-stderr ksink-pg --table t <in
    assert_equal "$status" 65
    exactly_once t 0 5
    assert_equal "$(next_offset public.t o 0)" 5
}

@test "stored offsets of a newer layout are left alone" {
    numbered o 0 0 5 | ksink-pg --table t 2>/dev/null
    psqlq "COMMENT ON TABLE kpipe_offsets IS 'kpipe_offsets version 3: from the future'"
    numbered o 0 5 5 >in
    run --separate-stderr ksink-pg --table t <in
    assert_equal "$status" 78
    assert_regex "$stderr" 'layout version 3'
}
