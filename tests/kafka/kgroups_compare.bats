#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kgroups beside Kafka's own kafka-consumer-groups and kafka-groups on the same broker and the same groups: the answers
# are equal. One empty group, one with a classic member, one KIP-848 group read by kconsume, one share group.
# shellcheck disable=SC2030,SC2031,SC2154  # bats runs each test in a subshell, and sets status and stderr there

bats_require_minimum_version 1.5.0
load ../support/common
load members

# java_tool CLASS ARGUMENT...: one of Kafka's own tools; a JVM takes a second or two.
java_tool() (
    set -euo pipefail
    . "$KPIPE_TOP/packaging/lib/common.bash"
    . "$KPIPE_TOP/packaging/lib/servers.bash"
    KAFKA_DUMP_CLASSES='' kafka_java -Xmx96m "org.apache.kafka.tools.$1" --bootstrap-server "$KAFKA_BOOTSTRAP" "${@:2}"
)
consumer_groups() { java_tool consumer.group.ConsumerGroupCommand "$@"; }

setup() {
    export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
    new_topic 3
    seq 100 | produce "$TOPIC" -p 0
    seq 20 | produce "$TOPIC" -p 1
}

teardown() { members_end; }

# groups_of_kinds: sets EMPTY, CLASSIC, KIP848 and SHARE, and GROUPS_ARGS for kafka-consumer-groups.
groups_of_kinds() {
    new_group && EMPTY=$GROUP
    kadmin commit "$EMPTY" "$TOPIC" 0 40
    kadmin commit "$EMPTY" "$TOPIC" 1 20
    new_group && CLASSIC=$GROUP
    kadmin commit "$CLASSIC" "$TOPIC" 0 99
    hold classic group.instance.id=one
    new_group && KIP848=$GROUP
    kconsume -t "$TOPIC" -g "$KIP848" --commit written -X group.protocol=consumer >"$BATS_TEST_TMPDIR/records" \
        2>"$BATS_TEST_TMPDIR/kconsume.log" 3>&- &
    members+=($!)
    wait_until 20 caught_up
    new_group && SHARE=$GROUP
    hold share
    GROUPS_ARGS=(--group "$EMPTY" --group "$CLASSIC" --group "$KIP848")
}
caught_up() { [[ $(committed_sum "$KIP848" "$TOPIC") == 120 ]]; }

# same NAME: compares what is in NAME.java and NAME.kgroups.
same() {
    [ -s "$BATS_TEST_TMPDIR/$1.java" ]
    diff -u <(sort "$BATS_TEST_TMPDIR/$1.java") <(sort "$BATS_TEST_TMPDIR/$1.kgroups")
}

@test "describe, members, state and list are those of kafka-consumer-groups" {
    groups_of_kinds
    local dir=$BATS_TEST_TMPDIR jobs=()
    consumer_groups --describe "${GROUPS_ARGS[@]}" --offsets >"$dir/offsets" 2>"$dir/offsets.err" 3>&- &
    jobs+=($!)
    consumer_groups --describe "${GROUPS_ARGS[@]}" --members --verbose >"$dir/members" 2>"$dir/members.err" 3>&- &
    jobs+=($!)
    for job in "${jobs[@]}"; do wait "$job"; done
    consumer_groups --describe "${GROUPS_ARGS[@]}" --state >"$dir/state" 2>"$dir/state.err" 3>&- &
    jobs=($!)
    java_tool GroupsCommand --list >"$dir/list" 2>"$dir/list.err" 3>&- &
    jobs+=($!)
    for job in "${jobs[@]}"; do wait "$job"; done
    run -0 --separate-stderr kgroups describe "$EMPTY" "$CLASSIC" "$KIP848"
    assert_equal "$stderr" ''
    printf '%s\n' "$output" >"$dir/described"

    # group, topic, partition, committed, end, lag, member, host, client. "-" as Java has it; what is assigned and not
    # committed has no lag there, here it is 0 when the partition is empty.
    awk -v topic="$TOPIC" '$2 == topic { sub("/", "", $8); print $1, $2, $3, $4, $5, $6, $7, $8, $9 }' "$dir/offsets" >"$dir/offsets.java"
    jq -r '.partitions[] | [.group, .topic, .partition, .offset // "-", .log_end, (if .offset then .lag else "-" end),
        .member_id // "-", .host // "-", .client_id // "-"] | join(" ")' "$dir/described" >"$dir/offsets.kgroups"
    assert_equal "$(wc -l <"$dir/offsets.java")" 8
    same offsets

    # group, member, host, client, number of partitions, the partitions; with a group instance id Java has a column more.
    awk -v topic="$TOPIC" '/GROUP-INSTANCE-ID/ { shift = 1 } $1 == "GROUP" && !/GROUP-INSTANCE-ID/ { shift = 0 }
        index($0, topic ":") { sub("/", "", $(3 + shift)); print $1, $2, $(3 + shift), $(4 + shift), $(5 + shift), $(7 + shift) }' \
        "$dir/members" >"$dir/members.java"
    jq -r '.group as $g | .members[] | [$g, .member_id, .host, .client_id, (.assignment | length),
        (.assignment[0].topic + ":" + (.assignment | map(.partition | tostring) | join(",")))] | join(" ")' \
        "$dir/described" >"$dir/members.kgroups"
    assert_equal "$(wc -l <"$dir/members.java")" 2
    same members
    assert_equal "$(jq -r --arg g "$CLASSIC" 'select(.group == $g) | .members[].instance_id' "$dir/described")" one

    # group, coordinator, strategy, state, members
    awk '/^g_/ { gsub("[()]", "", $3); print $1, $2, $3, $4, $5, $6 }' "$dir/state" >"$dir/state.java"
    jq -r '[.group, (.coordinator | "\(.host):\(.port) \(.id)"), (if .protocol == "" then "-" else .protocol end), .state,
        (.members | length)] | join(" ")' "$dir/described" >"$dir/state.kgroups"
    assert_equal "$(wc -l <"$dir/state.java")" 3
    same state

    # group, type; the protocol there is the kind of members.
    run -0 kgroups list
    jq -r --arg e "$EMPTY" --arg c "$CLASSIC" --arg k "$KIP848" --arg s "$SHARE" \
        'select([.group] | inside([$e, $c, $k, $s])) | [.group, .type] | join(" ")' <<<"$output" >"$dir/list.kgroups"
    grep -E "^($EMPTY|$CLASSIC|$KIP848|$SHARE) " "$dir/list" | awk '{ print $1, $2 }' >"$dir/list.java"
    assert_equal "$(wc -l <"$dir/list.java")" 4
    same list
}

@test "a group that kgroups deletes is gone for kafka-consumer-groups, and one that it makes is seen" {
    new_group
    kadmin commit "$GROUP" "$TOPIC" 0 1
    local gone=$GROUP
    new_group
    kadmin commit "$GROUP" "$TOPIC" 0 1
    run -0 kgroups delete "$gone" --execute
    run -0 --separate-stderr consumer_groups --list
    assert_line "$GROUP"
    refute_line "$gone"
}

@test "200 groups of 10 partitions: each answer is there and right" {
    new_topic 10
    local prefix dir=$BATS_TEST_TMPDIR
    prefix=$(unique many)
    seq 1000 | produce "$TOPIC" -p 3
    # Group i has committed offset i in each partition, in one commit.
    kadmin commit-many "$prefix" 200 "$TOPIC" 10
    run --separate-stderr kgroups lag
    ((status == 0 || status == 1)) # other tests' groups may have gone
    jq -r --arg p "$prefix" 'select(.group | startswith($p)) | [.group, .partition, .offset, .lag] | @tsv' <<<"$output" |
        sort >"$dir/seen"
    for i in $(seq 0 199); do
        for p in {0..9}; do
            printf '%s-%04d\t%d\t%d\t%d\n' "$prefix" "$i" "$p" "$i" "$((p == 3 ? 1000 - i : 0))"
        done
    done | sort >"$dir/wanted"
    diff -u "$dir/wanted" "$dir/seen"
    run -0 --separate-stderr kgroups list --state empty --type classic
    assert_equal "$(jq -r --arg p "$prefix" 'select(.group | startswith($p)) | .members' <<<"$output" | sort | uniq -c | awk '{$1=$1}1')" "200 0"
}
