#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kgroups describe, delete, the age of lag and lines by member, against a real broker.
# shellcheck disable=SC2030,SC2031,SC2154  # bats runs each test in a subshell, and sets status and stderr there

bats_require_minimum_version 1.5.0
load ../support/common
load members

setup() {
    export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP NO_COLOR=1
    new_group
}

teardown() { members_end; }

now_ms() { date +%s%3N; }

# records PARTITION TIMESTAMP...: one record each, of that time (ms).
records() { printf '{"partition":'"$1"',"timestamp":%d,"value":"x"}\n' "${@:2}" | kadmin produce "$TOPIC"; }

# aged FROM TO MS: MS is between the ages of a record at two moments.
aged() { (($3 >= $1 && $3 <= $2)) || fail "age $3, not within $1..$2"; }

@test "describe: an active group, its member and what it reads, of both protocols" {
    local protocol
    for protocol in classic consumer; do
        new_group
        new_topic 2
        seq 5 | produce "$TOPIC" -p 1
        kadmin commit "$GROUP" "$TOPIC" 1 2 --metadata 'kpipe gen=4 sink=pg:public.orders'
        hold "$protocol" group.instance.id=unit-1
        run -0 --separate-stderr kgroups describe "$GROUP"
        assert_equal "$stderr" ''
        assert_equal "${#lines[@]}" 1
        assert_equal "$(jq -c --arg topic "$TOPIC" '.members | map(del(.member_id)) | (.[].assignment[].topic |= if . == $topic then "T" else . end)' <<<"$output")" \
            '[{"client_id":"holder","host":"127.0.0.1","instance_id":"unit-1","assignment":[{"topic":"T","partition":0},{"topic":"T","partition":1}]}]'
        assert_equal "$(jq -c '[.state, .lag, .unknown, (.coordinator | "\(.host):\(.port)"), .coordinator.id, .error]' <<<"$output")" \
            "[\"Stable\",3,0,\"$KAFKA_BOOTSTRAP\",1,null]"
        refute [ "$(jq -r .protocol <<<"$output")" = '' ]
        assert_equal "$(jq -c '.members[0].member_id as $m | .partitions[] | [.partition, .offset, .log_end, .lag, .gen, .sink, .client_id, .member_id == $m]' <<<"$output")" \
            '[0,null,0,0,null,null,"holder",true]
[1,2,5,3,4,"pg:public.orders","holder",true]'
        members_end
    done
}

@test "describe: tables for people" {
    new_topic 2
    seq 5 | produce "$TOPIC" -p 1
    kadmin commit "$GROUP" "$TOPIC" 1 2 --metadata 'kpipe gen=4 sink=pg:public.orders'
    hold classic
    run -0 kgroups describe "$GROUP" --output table
    assert_line "Group        $GROUP"
    assert_line 'State        Stable'
    assert_line --regexp '^Protocol     [a-z]'
    assert_line "Coordinator  broker 1, $KAFKA_BOOTSTRAP"
    assert_line --regexp "^holder +127\.0\.0\.1 +2 +${TOPIC}\[0,1\] +holder-"
    assert_line --regexp "^$GROUP +$TOPIC +1 +2 +0 +5 +3 +[0-9]+m?s +4 +pg:public\.orders +holder +127\.0\.0\.1"
}

@test "describe: unknown groups: 66 alone, 1 beside a known one" {
    new_topic 1
    kadmin commit "$GROUP" "$TOPIC" 0 0
    run -66 --separate-stderr kgroups describe nobody
    assert_equal "$output" ''
    run -1 --separate-stderr kgroups describe nobody "$GROUP"
    assert_equal "$(jq -r .group <<<"$output")" "$GROUP"
    assert_equal "$stderr" 'kgroups: nobody: no such group. kgroups list shows what is there'
}

@test "a share group: listed with its type, never Dead; its lag is not known and that is said" {
    new_topic 1
    hold share
    run -0 kgroups list
    assert_equal "$(jq -c --arg g "$GROUP" 'select(.group == $g) | del(.group)' <<<"$output")" \
        '{"state":"Unknown","type":"Share","protocol":"","members":null,"error":null}'
    run -0 kgroups list --type classic,consumer
    refute_output --partial "$GROUP"
    run -0 kgroups describe "$GROUP"
    assert_equal "$(jq -c '[.type, .state, .members, .lag]' <<<"$output")" '["Share","Unknown",null,null]'
    run -1 --separate-stderr kgroups lag "$GROUP"
    assert_equal "$output" ''
    assert_equal "$stderr" "kgroups: $GROUP: no consumer group (Share): its lag is not known"
    # Kafka itself knows whether it has members.
    run -75 --separate-stderr kgroups delete "$GROUP" --execute
    assert_equal "$stderr" "kgroups: $GROUP: not deleted: the group has members. Stop them, then try again"
    members_end
    wait_until 30 deleted_now
    run -0 kgroups list
    refute_output --partial "$GROUP"
}
deleted_now() { kgroups delete "$GROUP" --execute >"$BATS_TEST_TMPDIR/deleted" 2>&1; }

@test "a group of Kafka Connect: listed with its protocol; it has no lag, and is not deleted while it works" {
    work
    run -0 kgroups list
    assert_equal "$(jq -c --arg g "$GROUP" 'select(.group == $g) | del(.group)' <<<"$output")" \
        '{"state":"Stable","type":"Classic","protocol":"connect","members":1,"error":null}'
    run -0 --separate-stderr kgroups describe "$GROUP"
    assert_equal "$(jq -c '[.type, .state, .protocol]' <<<"$output")" '["Classic","Stable","connect"]'
    assert_equal "$stderr" ''
    run -1 --separate-stderr kgroups lag "$GROUP"
    assert_equal "$stderr" "kgroups: $GROUP: no consumer group (Classic, connect): its lag is not known"
    run -0 kgroups lag
    refute_output --partial "$GROUP"
    run -75 --separate-stderr kgroups delete "$GROUP" --execute
    assert_equal "$stderr" "kgroups: $GROUP: not deleted: the group is active (Stable) with 1 members of the protocol connect. Stop them, then try again"
}

@test "time lag: the age of the record at the committed offset, of each partition" {
    new_topic 3
    local now before after
    now=$(now_ms)
    records 0 $((now - 3600000)) $((now - 600000)) $((now - 1000))
    records 1 $((now - 7200000)) $((now - 50))
    kadmin commit "$GROUP" "$TOPIC" 0 1
    kadmin commit "$GROUP" "$TOPIC" 1 0
    kadmin commit "$GROUP" "$TOPIC" 2 0
    before=$(now_ms)
    run -0 --separate-stderr kgroups lag "$GROUP" --time-lag
    after=$(now_ms)
    assert_equal "$stderr" ''
    local ages
    mapfile -t ages < <(jq .time_lag_ms <<<"$output")
    aged $((before - now + 600000)) $((after - now + 600000)) "${ages[0]}"
    aged $((before - now + 7200000)) $((after - now + 7200000)) "${ages[1]}"
    assert_equal "${ages[2]}" 0
    # Of several partitions the furthest behind.
    run -0 kgroups lag "$GROUP" --time-lag --by group
    (($(jq .time_lag_ms <<<"$output") >= 7200000))
}

@test "time lag: groups far apart in one partition, in the middle of batches" {
    new_topic 1
    local now offset
    now=$(now_ms)
    seq 0 2999 | jq -c --argjson now "$now" '{timestamp: ($now - 10000000 + . * 1000), value: "x"}' | kadmin produce "$TOPIC"
    local prefix=$GROUP
    for offset in 0 7 699 2998; do kadmin commit "$prefix-$offset" "$TOPIC" 0 "$offset"; done
    run -0 --separate-stderr kgroups lag "$prefix-0" "$prefix-7" "$prefix-699" "$prefix-2998" --time-lag
    # All by one clock: their differences are exact.
    assert_equal "$(jq -sc '[.[].time_lag_ms] | [.[0] - .[1], .[0] - .[2], .[0] - .[3]]' <<<"$output")" '[7000,699000,2998000]'
}

@test "time lag: markers and aborted records are nothing to read; what retention took does not count" {
    new_topic 2
    kadmin produce-transactional "$TOPIC" 0 3 --partition 0
    kadmin commit "$GROUP" "$TOPIC" 0 0
    local now before after
    now=$(now_ms)
    records 1 $((now - 3600000)) $((now - 600000)) $((now - 1000))
    kadmin commit "$GROUP" "$TOPIC" 1 0
    kadmin delete-records "$TOPIC" 1 1
    before=$(now_ms)
    run -0 --separate-stderr kgroups lag "$GROUP" --time-lag
    after=$(now_ms)
    assert_equal "$(jq -sc '.[0] | [.lag, .time_lag_ms]' <<<"$output")" '[4,0]'
    aged $((before - now + 600000)) $((after - now + 600000)) "$(jq -s '.[1].time_lag_ms' <<<"$output")"
}

@test "--max-time-lag names the offenders and exits 1; what is not known is not within" {
    new_topic 2
    local now
    now=$(now_ms)
    records 0 $((now - 3600000))
    records 1 "$now"
    kadmin commit "$GROUP" "$TOPIC" 0 0
    run -0 --separate-stderr kgroups lag "$GROUP" --max-time-lag 2h
    assert_equal "$stderr" ''
    run -1 --separate-stderr kgroups lag "$GROUP" --max-time-lag 59m --max-lag 1
    [[ $stderr == "kgroups: $GROUP ${TOPIC}[0]: time lag 1h00m is above --max-time-lag 59m00s" ]]
    hold classic
    run -1 --separate-stderr kgroups lag "$GROUP" --max-time-lag 2h
    [[ $stderr == "kgroups: $GROUP ${TOPIC}[1]: time lag not known, --max-time-lag 2h00m cannot be vouched for"* ]]
    assert_equal "${#stderr_lines[@]}" 1
    # A group that has nothing at all is not within either.
    members_end
    new_group
    run -66 kgroups lag "$GROUP" --max-lag 5
}

@test "lag by member: whose it is, and what nobody reads" {
    new_topic 2
    seq 5 | produce "$TOPIC" -p 0
    seq 3 | produce "$TOPIC" -p 1
    local other=$TOPIC
    new_topic 1
    seq 9 | produce "$TOPIC" -p 0
    kadmin commit "$GROUP" "$TOPIC" 0 2
    TOPIC=$other
    kadmin commit "$GROUP" "$TOPIC" 0 1
    kadmin commit "$GROUP" "$TOPIC" 1 1
    hold classic
    run -0 --separate-stderr kgroups lag "$GROUP" --by member
    assert_equal "$(jq -c '[.client_id, .host, .partitions, .lag, .unknown]' <<<"$output")" \
        '["holder","127.0.0.1",2,6,0]
[null,null,1,7,0]'
    run -1 --separate-stderr kgroups lag "$GROUP" --by member --max-lag 6
    assert_equal "$stderr" "kgroups: $GROUP: lag 7 is above --max-lag 6"
    run -0 kgroups lag "$GROUP" --by member --output table
    assert_line --regexp "^$GROUP +holder +127\.0\.0\.1 +2 +6"
    assert_line --regexp "^$GROUP +\(nobody\) +1 +7"
    assert_line --regexp '^TOTAL +3 +13'
}

@test "control characters of a client id are escaped on a terminal and kept in NDJSON" {
    new_topic 1
    hold classic client.id=$'\e[2Jevil'
    run -0 script -qec 'kgroups describe "$GROUP"' /dev/null
    assert_output --partial '\x1b[2Jevil'
    refute_output --partial $'\e'
    run -0 kgroups describe "$GROUP"
    assert_equal "$(jq -r '.members[0].client_id' <<<"$output")" $'\e[2Jevil'
    run -75 script -qec 'kgroups delete "$GROUP" --execute' /dev/null
    refute_output --partial $'\e'
}

@test "delete: shows, and does it only with --execute" {
    new_topic 2
    kadmin commit "$GROUP" "$TOPIC" 0 0
    kadmin commit "$GROUP" "$TOPIC" 1 0
    run -0 --separate-stderr kgroups delete "$GROUP"
    assert_output "{\"group\":\"$GROUP\",\"state\":\"Empty\",\"type\":\"Classic\",\"members\":0,\"offsets\":2,\"deleted\":false,\"error\":null}"
    assert_equal "$stderr" 'kgroups: dry run: nothing was deleted. --execute deletes'
    assert_equal "$(committed "$GROUP" "$TOPIC" | wc -l)" 2
    run -0 --separate-stderr kgroups delete "$GROUP" --execute
    assert_equal "$(jq -c '[.deleted, .error]' <<<"$output")" '[true,null]'
    assert_equal "$stderr" ''
    assert_equal "$(committed "$GROUP" "$TOPIC")" ''
    run -66 kgroups lag "$GROUP"
}

@test "delete: an active group is refused with its members, the others go all the same" {
    new_topic 2
    hold classic
    local active=$GROUP
    run -75 --separate-stderr kgroups delete "$active" --execute
    assert_equal "$stderr" "kgroups: $active: not deleted: the group is active (Stable): holder on 127.0.0.1 with ${TOPIC}[0,1]. Stop them, then try again"
    new_group
    kadmin commit "$GROUP" "$TOPIC" 0 0
    run -1 --separate-stderr kgroups delete "$active" "$GROUP" nobody --execute
    assert_equal "$(jq -c '[.group, .deleted, .error == null]' <<<"$output")" \
        "[\"$active\",false,false]
[\"$GROUP\",true,true]
[\"nobody\",false,false]"
    assert_equal "${#stderr_lines[@]}" 2
    assert_equal "$(kadmin group-state "$active" | cut -f 1)" STABLE
    run -66 kgroups describe "$GROUP"
    run -66 --separate-stderr kgroups delete nobody
    run -64 kgroups delete
    assert_output --partial 'no group given'
}
