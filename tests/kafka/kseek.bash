# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154  # bats sets output
# What the tests of kseek share: a topic and a group to move. What kseek did is read back with kadmin (Python).

seek_setup() {
  export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
  cd "$BATS_TEST_TMPDIR" || return 1
  member=
  new_group
}

seek_teardown() {
  [[ -z $member ]] || kill -KILL "$member" 2>/dev/null || true
  [[ -z $member ]] || wait "$member" 2>/dev/null || true
}

# Two partitions with offsets 2 to 9 each, and a group that kpipe has taken to 5 and 6.
fill() {
  # The records are of 1970, which retention must not mind.
  new_topic 2 retention.ms=-1
  local p
  for p in 0 1; do
    seq 1 10 | awk '{ print "{\"partition\":'$p',\"timestamp\":" $1 "000,\"value\":\"" $1 "\"}" }' | kadmin produce "$TOPIC"
    kadmin delete-records "$TOPIC" "$p" 2
  done
  kadmin commit "$GROUP" "$TOPIC" 0 5 --metadata 'kpipe gen=2 sink=pg:public.orders'
  kadmin commit "$GROUP" "$TOPIC" 1 6 --metadata 'kpipe gen=1 sink=pg:public.orders'
}
# shellcheck disable=SC2034 # read by the tests
before=$'0\t5\tkpipe gen=2 sink=pg:public.orders\n1\t6\tkpipe gen=1 sink=pg:public.orders'

seek() { run --separate-stderr kseek -g "$GROUP" "$@"; }

# partition, current, new, delta of the plan in $output.
targets() { jq -c '[.partition,.current,.offset,.delta]' <<<"$output" | paste -sd ' '; }

# join [kconsume option...]: starts a member of the group, which commits nothing, and waits until it holds both partitions.
join() {
  kconsume -q -t "$TOPIC" -g "$GROUP" --commit none "$@" >/dev/null 2>"$BATS_TEST_TMPDIR/member.log" 3>&- &
  member=$!
  wait_until 30 holds_two
}
holds_two() { [[ $(kseek -g "$GROUP" -t "$TOPIC" --to earliest 2>&1 >/dev/null) == *"with $TOPIC:0-1"* ]]; }
no_members() { [[ $(group_members "$GROUP") == 0 ]]; }
