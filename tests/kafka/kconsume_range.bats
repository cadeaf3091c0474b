#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Where kconsume begins and where it ends: --once, -c, -p, -o, and readers that end before it.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154  # bats runs each test in a subshell; another shell expands pipelines

bats_require_minimum_version 1.5.0
load ../support/common
load pipeline

setup() {
  export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
  cd "$BATS_TEST_TMPDIR" || return 1
}

# numbers PARTITION FIRST LAST: one record each.
numbers() { seq "$2" "$3" | produce "$TOPIC" -p "$1"; }

# values [option...]: those that kconsume --once reads, with spaces between; nothing on stderr.
values() {
  kconsume -t "$TOPIC" --once "$@" 2>err | jq -j '"\(.value) "' | sed 's/ $//'
  [[ ! -s err ]] || cat err
}

# stored: sets STATUSES; the topic through a group into a file.
stored() { pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once | ksink-file -q out.ndjson'; }

# lag_is_zero: the group has committed each partition's end, as the broker says both.
lag_is_zero() {
  assert_equal "$(committed "$GROUP" "$TOPIC" | cut -f 1,2)" "$(kadmin ends "$TOPIC" | awk -v OFS='\t' '$4 > 0 { print $1, $4 }')"
}

@test "--once: an empty topic ends at once with nothing" {
  new_topic 3
  assert_equal "$(values)" ""
  new_group
  stored
  assert_equal "$STATUSES" "0 0"
  assert_equal "$(wc -c <out.ndjson)" 0
}

@test "--once: the end as seen at the start, not later records" {
  new_topic 1
  numbers 0 1 2000
  # The pipe to a reader that reads nothing yet is shorter than the topic, so kconsume is still at it.
  head -c 2000000 /dev/zero | tr '\0' '\n' | sed 's/.*/"padding padding padding padding"/' | head -20000 | produce "$TOPIC"
  mkfifo pipe
  kconsume -t "$TOPIC" --once >pipe 3>&- &
  local source=$!
  exec 5<pipe
  local first
  read -r first <&5
  assert_regex "$first" '"offset":0'
  numbers 0 1 7
  { echo "$first"; cat <&5; } | wc -l >count
  wait "$source"
  assert_equal "$(<count)" 22000
}

@test "--once: a partition emptied by deletion" {
  new_topic 2
  numbers 0 1 10
  numbers 1 1 10
  kadmin delete-records "$TOPIC" 0 10
  assert_equal "$(values | wc -w)" 10
  new_group
  stored
  assert_equal "$STATUSES" "0 0"
  assert_equal "$(wc -l <out.ndjson)" 10
}

@test "--once: holes of compaction" {
  new_topic 1 cleanup.policy=compact segment.ms=100 min.cleanable.dirty.ratio=0.001 min.compaction.lag.ms=0 max.compaction.lag.ms=100
  local round
  compacted() {
    for round in 1 2 3; do
      printf 'k%d\t%d\n' 1 "$round" 2 "$round" 3 "$round" | produce "$TOPIC" -K '\t'
    done
    (($(kadmin records "$TOPIC" | wc -l) < $(kadmin ends "$TOPIC" | cut -f 4)))
  }
  wait_until 60 compacted
  new_group
  stored
  assert_equal "$STATUSES" "0 0"
  lag_is_zero
  # Compaction may have gone on since: what is there now has been read, each once.
  kadmin records "$TOPIC" | jq .offset | sort >there
  jq .offset out.ndjson | sort | uniq >seen
  assert_equal "$(wc -l <seen)" "$(wc -l <out.ndjson)"
  assert_equal "$(comm -23 there seen)" ""
}

@test "--once: transaction markers and aborted records at the end; lag 0" {
  new_topic 1
  kadmin produce-transactional "$TOPIC" 5 3
  assert_equal "$(kadmin ends "$TOPIC")" "$(printf '0\t0\t10\t10')"
  assert_equal "$(kconsume -t "$TOPIC" --once | jq -c .value.committed | paste -sd' ')" "0 1 2 3 4"
  new_group
  stored
  assert_equal "$STATUSES" "0 0"
  assert_equal "$(wc -l <out.ndjson)" 5
  lag_is_zero
  stored
  assert_equal "$STATUSES" "0 0"
  assert_equal "$(wc -l <out.ndjson)" 5
  lag_is_zero
}

@test "--once: only markers after what is stored: the sink stores the position, lag 0" {
  new_topic 1
  new_group
  numbers 0 1 3
  stored
  kadmin produce-transactional "$TOPIC" 0 4
  stored
  assert_equal "$STATUSES" "0 0"
  assert_equal "$(wc -l <out.ndjson)" 3
  lag_is_zero
  assert_equal "$(ksink-file --print-offsets out.ndjson | jq .offset)" 8
}

@test "--once: an open transaction ends at the last stable offset" {
  new_topic 1
  numbers 0 1 3
  kadmin produce-transactional "$TOPIC" 0 0 --leave-open 2
  numbers 0 4 5
  assert_equal "$(kadmin ends "$TOPIC" | cut -f 3)" 3
  assert_equal "$(values)" "1 2 3"
}

@test "-c: so many records, no more; with a group exactly these are committed" {
  new_topic 1
  numbers 0 1 100
  assert_equal "$(kconsume -t "$TOPIC" -c 3 | wc -l)" 3
  new_group
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" -c 7 | ksink-file -q out.ndjson'
  assert_equal "$STATUSES" "0 0"
  committed_is 0 7
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" -c 5 | ksink-file -q out.ndjson'
  assert_equal "$(jq -c .value out.ndjson | paste -sd' ')" "1 2 3 4 5 6 7 8 9 10 11 12"
  committed_is 0 12
}

@test "-p and TOPIC:PARTITIONS read these partitions; a missing one is named" {
  new_topic 4
  local p
  for p in 0 1 2 3; do numbers "$p" "$p" "$p"; done
  assert_equal "$(values -p 1)" 1
  assert_equal "$(values -p 0,2-3 | tr ' ' '\n' | sort | paste -sd' ')" "0 2 3"
  assert_equal "$(kconsume -t "$TOPIC:3" --once | jq .value)" 3
  run -66 --separate-stderr kconsume -t "$TOPIC:4" --once
  assert_regex "$stderr" "$TOPIC\[4\]: no such partition: the topic has 4"
}

@test "several topics, as a list and repeated" {
  new_topic 1
  local first=$TOPIC
  numbers 0 1 2
  new_topic 2
  numbers 1 3 4
  assert_equal "$(kconsume -t "$first,$TOPIC" --once | jq -r '"\(.topic) \(.value)"' | sort)" \
    "$(printf '%s\n' "$first 1" "$first 2" "$TOPIC 3" "$TOPIC 4" | sort)"
  assert_equal "$(kconsume -t "$first" -t "$TOPIC:0" --once | jq .value | paste -sd' ')" "1 2"
}

@test "-o: earliest, latest, an offset, the last N, a time, a duration, none" {
  new_topic 1
  local now
  now=$(date +%s%3N)
  printf '{"value":"%d","timestamp":%d}\n' 1 $((now - 7200000)) 2 $((now - 3600000)) 3 $((now - 1800000)) 4 $((now - 1000)) |
    kadmin produce "$TOPIC"
  assert_equal "$(values -o earliest)" "1 2 3 4"
  assert_equal "$(values -o latest)" ""
  assert_equal "$(kconsume -t "$TOPIC:0" -o 2 --once | jq .value | paste -sd' ')" "3 4"
  assert_equal "$(values -o -1)" "4"
  assert_equal "$(values -o -100)" "1 2 3 4"
  assert_equal "$(values -o -40m)" "3 4"
  assert_equal "$(values -o "@$((now / 1000 - 5400))")" "2 3 4"
  assert_equal "$(values -o "@$(date -u -d "@$((now / 1000 - 60))" +%Y-%m-%dT%H:%M:%SZ)")" "4"
  assert_equal "$(values -o @2035-01-01T00:00Z)" ""
  new_group
  run -66 --separate-stderr kconsume -t "$TOPIC" -g "$GROUP" --commit none -o none --once
  assert_regex "${stderr_lines[-1]}" "$TOPIC\[0\]: no stored offset"
  run -64 --separate-stderr kconsume -t "$TOPIC" -o 2 --once
  assert_regex "$stderr" 'an offset means one partition'
}

@test "a committed offset goes before -o" {
  new_topic 1
  new_group
  numbers 0 1 3
  stored
  numbers 0 4 5
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" -o latest --once | ksink-file -q out.ndjson'
  assert_equal "$(jq .value out.ndjson | paste -sd' ')" "1 2 3 4 5"
}

@test "without a group the sink's offsets decide: exactly once from cron" {
  new_topic 2
  numbers 0 1 10
  numbers 1 11 20
  pipeline 'kconsume -q -t "$TOPIC" --once | ksink-file -q out.ndjson'
  numbers 0 21 25
  pipeline 'kconsume -q -t "$TOPIC" --once | ksink-file -q out.ndjson'
  assert_equal "$STATUSES" "0 0"
  assert_equal "$(jq .value out.ndjson | sort -n | paste -sd' ')" "$(seq -s' ' 1 25)"
}

@test "kconsume | head -3 ends quietly with 0, also when nothing more comes" {
  new_topic 1
  numbers 0 1 10
  pipeline 'timeout 30 kconsume -t "$TOPIC" 2>err | head -3'
  assert_equal "$STATUSES" "0 0"
  assert_equal "$(jq .value pipeline.out | paste -sd' ')" "1 2 3"
  assert_equal "$(cat err)" ""
  numbers 0 11 50000
  pipeline 'timeout 30 kconsume -t "$TOPIC" 2>err | head -3'
  assert_equal "$STATUSES" "0 0"
  assert_equal "$(cat err)" ""
}

@test "kconsume -g | head -3 ends with 75 and commits nothing, also when nothing more comes" {
  new_topic 1
  new_group
  numbers 0 1 10
  pipeline 'timeout 30 kconsume -g "$GROUP" -t "$TOPIC" 2>err | head -3'
  assert_equal "$STATUSES" "75 0"
  assert_regex "$(tail -1 err)" 'not acknowledged; their offsets are not committed'
  committed_is
}

@test "a record appears while the producer is idle" {
  new_topic 1
  kconsume -t "$TOPIC" >out 3>&- &
  local source=$! n
  for n in 1 2 3; do
    echo "$n" | produce "$TOPIC"
    wait_until 10 eval '[[ $(wc -l <out) == '"$n"' ]]'
  done
  kill "$source"
  wait "$source"
  new_group
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" -c 3 | ksink-file -q out.ndjson'
  committed_is 0 3
}

@test "--batch-timeout lets records wait, and no longer" {
  new_topic 1
  kconsume -t "$TOPIC" --batch-timeout 300ms >out 3>&- &
  local source=$!
  echo 1 | produce "$TOPIC"
  wait_until 10 test -s out
  kill "$source"
  wait "$source"
  assert_equal "$(jq .value out)" 1
}
