#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kgroups against a real broker. What it says is compared with what kadmin (Python) finds.
# shellcheck disable=SC2030,SC2031,SC2154  # bats runs each test in a subshell, and sets status and stderr there

bats_require_minimum_version 1.5.0
load ../support/common
load members

setup() {
  # Colours have tests of their own.
  export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP NO_COLOR=1
  new_group
}

teardown() { members_end; }

# numbers PARTITION COUNT: fills a partition of $TOPIC.
numbers() { seq 1 "$2" | produce "$TOPIC" -p "$1"; }

field() { jq -r "select(.group == \"$GROUP\") | .$1" <<<"$output"; }

@test "list: a group without members, as NDJSON" {
  new_topic 1
  kadmin commit "$GROUP" "$TOPIC" 0 0
  run -0 --separate-stderr kgroups
  assert_equal "$(field state)" Empty
  assert_equal "$(field members)" 0
  assert_equal "$stderr" ""
}

@test "list: members and protocol of a classic and of a KIP-848 group" {
  local protocol expected
  for protocol in classic consumer; do
    new_group
    new_topic 1
    hold "$protocol"
    run -0 --separate-stderr kgroups list
    expected=Classic
    [[ $protocol == classic ]] || expected=Consumer
    assert_equal "$(field type)" "$expected"
    assert_equal "$(field state)" Stable
    assert_equal "$(field members)" 1
    refute [ -z "$(field protocol)" ]
    members_end
  done
}

@test "list: by state and type" {
  new_topic 1
  kadmin commit "$GROUP" "$TOPIC" 0 0
  local empty=$GROUP
  new_group
  hold consumer
  seen() { jq -r .group | grep -Fx -e "$empty" -e "$GROUP"; }
  assert_equal "$(kgroups list --state empty | seen)" "$empty"
  assert_equal "$(kgroups list --type classic | seen)" "$empty"
  assert_equal "$(kgroups list --state stable --type Consumer | seen)" "$GROUP"
  assert_equal "$(kgroups list --state Stable,Empty | seen | sort)" "$(printf '%s\n' "$empty" "$GROUP" | sort)"
  assert_equal "$(kgroups lag --type consumer | seen)" "$GROUP"
  assert_equal "$(kgroups list --state dead | seen)" ""
}

@test "lag: each partition as a checkpoint line, equal to the broker's own numbers" {
  new_topic 3
  numbers 0 10
  numbers 1 20
  kadmin commit "$GROUP" "$TOPIC" 0 4
  kadmin commit "$GROUP" "$TOPIC" 1 20 --metadata 'kpipe gen=3 sink=pg:public.orders'
  kadmin commit "$GROUP" "$TOPIC" 2 0
  run -0 --separate-stderr kgroups lag "$GROUP"
  assert_equal "$stderr" ""
  assert_equal "$(jq -c '[.partition,.offset,.log_start,.log_end,.lag,.gen,.sink]' <<<"$output")" \
    '[0,4,0,10,6,null,null]
[1,20,0,20,0,3,"pg:public.orders"]
[2,0,0,0,0,null,null]'
  assert_equal "$(jq -r '[.partition,.log_start,.stable_end,.log_end]|@tsv' <<<"$output")" "$(kadmin ends "$TOPIC")"
}

@test "lag: summed by topic and by group" {
  new_topic 2
  numbers 0 10
  numbers 1 5
  kadmin commit "$GROUP" "$TOPIC" 0 4
  kadmin commit "$GROUP" "$TOPIC" 1 0
  run -0 kgroups lag "$GROUP" --by topic
  assert_output "{\"group\":\"$GROUP\",\"topic\":\"$TOPIC\",\"partitions\":2,\"lag\":11,\"unknown\":0,\"held_back\":0}"
  run -0 kgroups --by group lag "$GROUP"
  assert_output "{\"group\":\"$GROUP\",\"partitions\":2,\"lag\":11,\"unknown\":0,\"held_back\":0}"
}

@test "lag: all groups when none is named" {
  new_topic 1
  kadmin commit "$GROUP" "$TOPIC" 0 0
  local first=$GROUP
  new_group
  kadmin commit "$GROUP" "$TOPIC" 0 0
  # Groups of other tests may go at any moment; these two stay.
  run --separate-stderr kgroups lag
  assert_equal "$(jq -r "select(.topic == \"$TOPIC\") | .group" <<<"$output" | sort)" "$(printf '%s\n' "$first" "$GROUP" | sort)"
}

@test "lag: an aligned table with a total on a terminal" {
  new_topic 2
  numbers 1 7
  kadmin commit "$GROUP" "$TOPIC" 0 0
  kadmin commit "$GROUP" "$TOPIC" 1 2
  run -0 script -qec "kgroups lag $GROUP" /dev/null
  assert_line --index 0 --regexp '^GROUP +TOPIC +PARTITION +COMMITTED +LOG-START +LOG-END +LAG'
  assert_line --index 2 --regexp "^$GROUP +$TOPIC +1 +2 +0 +7 +5"
  assert_line --index 3 --regexp '^TOTAL +5'
}

@test "lag: control characters of a group's name do not reach the terminal" {
  new_topic 1
  local name=$'\e[31m'$GROUP
  kadmin commit "$name" "$TOPIC" 0 0
  # script runs its command with $SHELL, whatever that is: the name travels in the environment.
  NAME=$name run -0 script -qec 'kgroups lag "$NAME"' /dev/null
  assert_line --index 1 --partial "\\x1b[31m$GROUP"
  refute_output --partial $'\e'
  run -0 kgroups lag "$name"
  assert_equal "$(jq -r .group <<<"$output")" "$name"
  kadmin delete-group "$name"
}

# Where librdkafka must look for leaders in the midst of ListOffsets, it may crash: see offsets.cpp.
@test "ListOffsets is sent when the leaders are known, never to find them" {
  new_topic 2
  kadmin commit "$GROUP" "$TOPIC" 0 0
  local command
  for command in "kgroups lag $GROUP" "kgroups lag $GROUP --time-lag" "kgroups topics $TOPIC" "kgroups check -t $TOPIC" \
    "kseek -g $GROUP -t $TOPIC --to latest" "kconsume -t $TOPIC --once"; do
    # shellcheck disable=SC2086 # words
    run -0 --separate-stderr $command -vv -X debug=metadata
    assert_regex "$stderr" 'Request metadata for 1 topic\(s\): describe topics'
    refute_regex "$stderr" 'query partition leaders'
  done
}

@test "lag: an open transaction holds back what can be read" {
  new_topic 1
  kadmin produce-transactional "$TOPIC" 3 0 --leave-open 4
  kadmin commit "$GROUP" "$TOPIC" 0 0
  run -0 kgroups lag "$GROUP"
  assert_equal "$(jq -c '[.stable_end,.log_end,.lag,.held_back]' <<<"$output")" '[4,8,4,4]'
  run -0 kgroups lag "$GROUP" --output table
  assert_output --partial "open transaction holds back 4"
}

@test "lag: retention past the committed offset is said, and only what is left counts" {
  new_topic 1
  numbers 0 10
  kadmin commit "$GROUP" "$TOPIC" 0 2
  kadmin delete-records "$TOPIC" 0 6
  run -0 kgroups lag "$GROUP"
  assert_equal "$(jq -c '[.offset,.log_start,.lag,.truncated]' <<<"$output")" '[2,6,4,true]'
}

@test "lag: a committed offset beyond the end is no negative lag" {
  new_topic 1
  numbers 0 3
  kadmin commit "$GROUP" "$TOPIC" 0 99
  run -0 kgroups lag "$GROUP"
  assert_equal "$(jq -c '[.lag,.beyond_end]' <<<"$output")" '[0,true]'
}

@test "lag: an assigned partition without a commit has no known lag" {
  new_topic 2
  numbers 0 3
  hold classic
  run -0 kgroups lag "$GROUP"
  assert_equal "$(jq -c '[.partition,.offset,.lag]' <<<"$output")" '[0,null,null]
[1,null,0]'
  run -1 --separate-stderr kgroups lag "$GROUP" --max-lag 1000
  assert_equal "${#stderr_lines[@]}" 1
  [[ $stderr == *"$GROUP ${TOPIC}[0]: lag not known"* ]]
}

@test "lag: --max-lag names the offenders and exits 1" {
  new_topic 2
  numbers 0 10
  numbers 1 3
  kadmin commit "$GROUP" "$TOPIC" 0 0
  kadmin commit "$GROUP" "$TOPIC" 1 0
  run -0 --separate-stderr kgroups lag "$GROUP" --max-lag 10
  assert_equal "$stderr" ""
  run -1 --separate-stderr kgroups lag "$GROUP" --max-lag 9
  assert_equal "$stderr" "kgroups: $GROUP ${TOPIC}[0]: lag 10 is above --max-lag 9"
  assert_equal "${#lines[@]}" 2
  run -1 --separate-stderr kgroups lag "$GROUP" --by group --max-lag 12
  assert_equal "$stderr" "kgroups: $GROUP: lag 13 is above --max-lag 12"
}

@test "lag: unknown groups: 66 alone, 1 beside a known one, which is shown" {
  new_topic 1
  kadmin commit "$GROUP" "$TOPIC" 0 0
  run -66 --separate-stderr kgroups lag nobody
  assert_equal "$output" ""
  assert_equal "$stderr" "kgroups: nobody: no such group. kgroups list shows what is there"
  run -1 --separate-stderr kgroups lag nobody "$GROUP"
  assert_equal "$(field topic)" "$TOPIC"
}

@test "shared options work before and after the subcommand" {
  new_topic 1
  kadmin commit "$GROUP" "$TOPIC" 0 0
  unset KPIPE_BOOTSTRAP_SERVERS
  run -0 kgroups -b "$KAFKA_BOOTSTRAP" lag "$GROUP" "$GROUP"
  assert_equal "${#lines[@]}" 1
  run -0 kgroups lag "$GROUP" -b "$KAFKA_BOOTSTRAP" --output ndjson --timeout 5s
  run -0 kgroups lag "$GROUP" -b "$KAFKA_BOOTSTRAP" -o table
  assert_line --index 0 --partial COMMITTED
  run -0 kgroups lag -b "$KAFKA_BOOTSTRAP" "$GROUP"
  run -64 kgroups lag "$GROUP"
  assert_output --partial "-b: no brokers given"
}

@test "usage errors exit 64 and say what is right" {
  run -64 kgroups list --max-lag 5
  assert_output --partial "--max-lag: only kgroups lag knows it"
  run -64 kgroups list "$GROUP"
  run -64 kgroups "$GROUP"
  run -64 kgroups lag "$GROUP" --by broker
  assert_output --partial "partition, topic, member or group"
  run -64 kgroups lag ""
  run -64 kgroups lag --max-lag -1
  run -64 kgroups --output yaml
  run -64 kgroups list --state Gone
  assert_output --partial "--state: 'Gone': unknown. Use Stable, Empty"
  run -64 kgroups lag "$GROUP" --type classic
  run -64 kgroups describe
  run -64 kgroups list --execute
  assert_output --partial "--execute: only kgroups delete knows it"
  run -64 kgroups describe "$GROUP" --output prometheus
  run -64 kgroups lag --output prometheus --watch 5s
  run -64 kgroups lag --watch 0s
}

@test "an unreachable broker is 69, and never an empty answer with 0" {
  local command
  for command in list lag "lag $GROUP" "describe $GROUP" 'lag --time-lag --watch 1s' 'list --output prometheus'; do
    # shellcheck disable=SC2086  # words
    run -69 --separate-stderr kgroups $command -b 127.0.0.1:1 --timeout 500ms
    assert_equal "$output" ""
    refute [ -z "$stderr" ]
  done
  run -69 --separate-stderr kgroups delete "$GROUP" --execute -b 127.0.0.1:1 --timeout 500ms
  assert_equal "$(field deleted)" false
}

@test "a reader that has seen enough is no error" {
  new_topic 1
  kadmin commit "$GROUP" "$TOPIC" 0 0
  run -0 --separate-stderr bash -o pipefail -c 'kgroups | true'
  assert_equal "$stderr" ""
}

@test "a full output device is an error" {
  new_topic 1
  kadmin commit "$GROUP" "$TOPIC" 0 0
  run -74 bash -c 'kgroups >/dev/full'
}
