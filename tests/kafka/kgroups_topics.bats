#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kgroups topics and brokers, compared with what kcat and an independent client say of the same broker.
# shellcheck disable=SC2030,SC2031,SC2154  # bats runs each test in a subshell, and sets status and stderr there

bats_require_minimum_version 1.5.0
load ../support/common

setup() { export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP NO_COLOR=1; }

# records PARTITION TIMESTAMP...: one record each, of that time (ms).
records() { printf '{"partition":'"$1"',"timestamp":%d,"value":"x"}\n' "${@:2}" | kadmin produce "$TOPIC"; }

@test "topics: partitions of a named topic, their ends, and how many records came lately" {
    new_topic 3
    local now
    now=$(date +%s%3N)
    records 0 $((now - 7200000)) $((now - 60000)) $((now - 1000))
    records 1 $((now - 7200000)) $((now - 5400000))
    kadmin delete-records "$TOPIC" 0 1
    run -0 --separate-stderr kgroups topics "$TOPIC" --since 1h
    assert_equal "$stderr" ''
    assert_equal "$(jq -c '[.partition, .leader, .replicas, .in_sync, .under_replicated, .start, .end, .records, .recent, .newest_ms, .error]' <<<"$output")" \
        "[0,1,[1],[1],false,1,3,2,2,$((now - 1000)),null]
[1,1,[1],[1],false,0,2,2,0,$((now - 5400000)),null]
[2,1,[1],[1],false,0,0,0,0,null,null]"
    assert_equal "$(jq -r '"\(.partition)\t\(.start)\t\(.end)\t\(.end)"' <<<"$output")" "$(kadmin ends "$TOPIC")"
    # Without --since there is no such member.
    run -0 kgroups topics "$TOPIC"
    assert_equal "$(jq -c 'has("recent")' <<<"$output" | sort -u)" false
}

@test "topics: one line a topic with the sums, by default of all; tables for people" {
    new_topic 3
    seq 5 | produce "$TOPIC" -p 0
    seq 2 | produce "$TOPIC" -p 2
    local id
    run -0 --separate-stderr kgroups topics
    assert_equal "$stderr" ''
    assert_equal "$(jq -c --arg t "$TOPIC" 'select(.topic == $t) | [.internal, .partitions, .replication_factor, .in_sync, .under_replicated, .leaderless, .start, .end, .records, .error]' <<<"$output")" \
        '[false,3,1,1,0,0,0,7,7,null]'
    id=$(jq -r --arg t "$TOPIC" 'select(.topic == $t) | .topic_id' <<<"$output")
    assert_regex "$id" '^[A-Za-z0-9+/_-]{22}$'
    assert_equal "$(kgroups topics "$TOPIC" --by topic | jq -r .topic_id)" "$id"
    run -0 kgroups topics "$TOPIC" --by topic --output table
    assert_line --regexp '^TOPIC +PARTITIONS +REPLICAS +IN-SYNC +UNDER-REPLICATED +START +END +RECORDS +NEWEST +TOPIC-ID$'
    assert_line --regexp "^$TOPIC +3 +1 +1 +0 +0 +7 +7 +20[0-9-]+T[0-9:]+Z \([0-9a-z]+ ago\) +"
    run -0 kgroups topics "$TOPIC" --output table
    assert_line --regexp "^$TOPIC +0 +1 +1 +1 +0 +5 +5 +20"
    assert_line --regexp "^$TOPIC +1 +1 +1 +1 +0 +0 +0 +-$"
}

@test "topics: Kafka's own ones when named or asked for" {
    new_topic 1
    new_group
    kadmin commit "$GROUP" "$TOPIC" 0 0
    run -0 kgroups topics
    refute_output --partial __consumer_offsets
    run -0 kgroups topics --internal
    assert_equal "$(jq -r 'select(.topic == "__consumer_offsets") | .internal' <<<"$output")" true
    run -0 kgroups topics __consumer_offsets
    assert_equal "$(jq -r .partition <<<"$output")" 0
}

@test "topics: one that is not there: 66 alone, 1 beside another, which is shown" {
    new_topic 1
    run -66 --separate-stderr kgroups topics "${TOPIC}x"
    assert_equal "$output" ''
    assert_equal "$stderr" "kgroups: ${TOPIC}x: no such topic. kgroups topics shows what is there"
    run -1 --separate-stderr kgroups topics "${TOPIC}x" "$TOPIC"
    assert_equal "$(jq -r .topic <<<"$output")" "$TOPIC"
    # It must not have been made by the asking.
    run -66 kgroups topics "${TOPIC}x"
}

@test "brokers: as kcat lists them, with what they lead" {
    new_topic 3
    run -0 --separate-stderr kgroups brokers
    assert_equal "$stderr" ''
    assert_equal "$(jq -c '[.id, "\(.host):\(.port)", .rack, .online, .controller, .under_replicated, .out_of_sync]' <<<"$output")" \
        "$(kcat -b "$KAFKA_BOOTSTRAP" -L -J | jq -c '.controllerid as $c | .brokers[] | [.id, .name, null, true, .id == $c, 0, 0]')"
    assert_regex "$(jq -r .cluster_id <<<"$output")" '^[A-Za-z0-9_-]{22}$'
    # Other tests' topics are there as well.
    (($(jq .leaders <<<"$output") >= 3))
    run -0 kgroups brokers --output table
    assert_line --regexp "^ID +ADDRESS +STATE +CONTROLLER +LEADERS +REPLICAS +UNDER-REPLICATED +OUT-OF-SYNC +CLUSTER-ID$"
    assert_line --regexp "^ *1 +$KAFKA_BOOTSTRAP +up +yes +[0-9]+ +[0-9]+ +0 +0 +"
}
