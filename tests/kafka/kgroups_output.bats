#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# How kgroups shows what it knows: Prometheus metrics (read by Prometheus's own Python parser), files replaced as a whole,
# --watch, colours. Against a real broker.
# shellcheck disable=SC2030,SC2031,SC2154  # bats runs each test in a subshell, and sets status and stderr there

bats_require_minimum_version 1.5.0
load ../support/common
load members

setup() {
    export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
    cd "$BATS_TEST_TMPDIR" || return 1
    watcher=
    new_group
    new_topic 2
    seq 10 | produce "$TOPIC" -p 0
    kadmin commit "$GROUP" "$TOPIC" 0 4
}

teardown() {
    [[ -z $watcher ]] || kill "$watcher" 2>/dev/null || true
    members_end
}

# metrics FILE: name<TAB>labels as JSON<TAB>value of each sample, after the checks that promtool makes of names and units.
metrics() {
    "$KPIPE_PYTHON" - "$1" <<'PYTHON'
import json, re, sys
from prometheus_client.parser import text_string_to_metric_families
text = open(sys.argv[1], encoding="utf-8", newline="").read()
families = list(text_string_to_metric_families(text))
names = [family.name for family in families]
assert text.endswith("\n") and len(names) == len(set(names)) and families, names
for family in families:
    assert family.type == "gauge" and family.documentation.endswith("."), family
    assert re.fullmatch("(kafka|kgroups)_[a-z_]+", family.name), family.name
    assert not re.search("_(ms|milliseconds|minutes|total|count|gauge|bucket)(_|$)", family.name), family.name
    seen = [json.dumps(sample.labels, sort_keys=True) for sample in family.samples]
    assert len(seen) == len(set(seen)), family
    for sample, labels in zip(family.samples, seen):
        assert sample.name == family.name
        print(sample.name, labels, f"{sample.value:g}", sep="\t")
PYTHON
}

@test "Prometheus: lag of each partition, with what is around it" {
    hold classic
    run --separate-stderr kgroups lag "$GROUP" --time-lag --output prometheus
    # Partition 1 is empty and not committed: 0 to read.
    assert_equal "$stderr" ''
    assert_equal "$status" 0
    printf '%s\n' "$output" >metrics.prom
    metrics metrics.prom >samples
    local at="{\"group\": \"$GROUP\", \"partition\": \"0\", \"topic\": \"$TOPIC\"}" log="{\"partition\": \"0\", \"topic\": \"$TOPIC\"}"
    grep -Fx "kafka_group_lag_records	$at	6" samples
    grep -Fx "kafka_group_committed_offset	$at	4" samples
    grep -Fx "kafka_group_held_back_records	$at	0" samples
    grep -Fx "kafka_group_unknown_partitions	$at	0" samples
    grep -Fx "kafka_partition_start_offset	$log	0" samples
    grep -Fx "kafka_partition_end_offset	$log	10" samples
    grep -Fx "kafka_partition_stable_end_offset	$log	10" samples
    grep -Fx "kafka_group_members	{\"group\": \"$GROUP\"}	1" samples
    grep -F "kafka_group_info	{\"group\": \"$GROUP\", \"protocol\": \"" samples | grep '"state": "Stable", "type": "Classic"}	1$'
    grep -Fx 'kgroups_failures	{}	0' samples
    # Seconds, of records that were written some moments ago.
    awk -F'\t' '$1 == "kafka_group_lag_seconds" && $3 > 0 && $3 < 600 { ok = 1 } END { exit !ok }' samples
    assert_equal "$(grep -c '^kafka_group_committed_offset' samples)" 1
}

@test "Prometheus: a name of any bytes is a valid label, in all of --by" {
    local name=$'a"b\\c\nd\e'$GROUP by
    kadmin commit "$name" "$TOPIC" 0 4
    for by in partition topic member group; do
        run -0 --separate-stderr kgroups lag "$name" --output prometheus --by "$by" --output-file metrics.prom
        assert_equal "$output$stderr" ''
        metrics metrics.prom >samples
        assert_equal "$(cut -f 2 <(grep '^kafka_group_lag_records' samples) | jq -r .group)" "$name"
    done
    kgroups list --output prometheus >metrics.prom
    metrics metrics.prom | grep '^kafka_group_info' >samples
    kadmin delete-group "$name"
}

@test "Prometheus: what is not known has no sample" {
    seq 3 | produce "$TOPIC" -p 1
    hold classic
    run -0 kgroups lag "$GROUP" --output prometheus --time-lag --output-file metrics.prom
    metrics metrics.prom >samples
    assert_equal "$(grep -c '^kafka_group_lag_records' samples)" 1
    assert_equal "$(grep -c '^kafka_group_lag_seconds' samples)" 1
    grep -Fx "kafka_group_unknown_partitions	{\"group\": \"$GROUP\", \"partition\": \"1\", \"topic\": \"$TOPIC\"}	1" samples
}

@test "--output-file: replaced as a whole, readable for the collector, left alone when Kafka is away" {
    echo old >metrics.prom
    umask 022
    run -0 --separate-stderr kgroups lag "$GROUP" --output prometheus --output-file metrics.prom
    assert_equal "$output$stderr" ''
    assert_equal "$(stat -c %a metrics.prom)" 644
    metrics metrics.prom >samples
    cp metrics.prom before
    run -69 kgroups lag "$GROUP" --output prometheus --output-file metrics.prom -b 127.0.0.1:1 --timeout 300ms
    run -69 kgroups lag --output prometheus --output-file metrics.prom -b 127.0.0.1:1 --timeout 300ms
    run -66 kgroups lag nobody --output prometheus --output-file metrics.prom
    cmp before metrics.prom
    run -74 --separate-stderr kgroups lag "$GROUP" --output-file nowhere/metrics.prom
    [[ $stderr == 'kgroups: --output-file: nowhere/metrics.prom: No such file or directory'* ]]
    # No drafts are left, and NDJSON is what a file gets unless something else is asked for.
    run -0 kgroups lag "$GROUP" --output-file lag.ndjson
    assert_equal "$(jq .lag lag.ndjson)" 6
    assert_equal "$(find . -type f ! -name 'separate-stderr*' | sort)" "$(printf './%s\n' before lag.ndjson metrics.prom samples)"
}

# watch_into FILE ARGUMENT...: kgroups with these, in the background.
watch_into() {
    kgroups "${@:2}" >"$1" 2>"$1.err" 3>&- &
    watcher=$!
}
lines_in() { (($(wc -l <"$1") >= $2)); }
# stopped SIGNAL: sends it, and returns the exit status.
stopped() {
    local pid=$watcher
    watcher=
    kill "-$1" "$pid"
    wait "$pid"
}

@test "--watch on a pipe: a block of lines each time, with its time, rates and the time left" {
    local signal
    for signal in TERM INT; do
        # The shell lets background jobs ignore SIGINT; --watch takes it all the same.
        watch_into lines lag "$GROUP" --watch 300ms
        wait_until 20 lines_in lines 1
        seq 4 | produce "$TOPIC" -p 0
        kadmin commit "$GROUP" "$TOPIC" 0 6
        wait_until 20 caught 8
        kadmin commit "$GROUP" "$TOPIC" 0 14
        wait_until 20 caught 0
        stopped "$signal"
        assert_equal "$(cat lines.err)" ''
        # First no rates; then 4 were produced and 2 read; times go up; the last block is whole.
        jq -se 'first | .lag == 6 and .consumed_per_s == null and .produced_per_s == null and .eta_s == null' lines
        jq -se 'map(select(.produced_per_s > 0)) | length >= 1' lines
        jq -se 'map(select(.consumed_per_s > 0)) | length >= 2' lines
        jq -se 'last.eta_s == 0' lines
        jq -se '[.[].time] | . == sort and (unique | length) == length' lines
        new_group
        new_topic 1
        seq 10 | produce "$TOPIC" -p 0
        kadmin commit "$GROUP" "$TOPIC" 0 4
    done
}
caught() { tail -n 1 lines | jq -e ".lag == $1" >/dev/null; }

@test "--watch ends when nobody reads, and when the first look fails" {
    run -0 --separate-stderr bash -o pipefail -c 'kgroups lag "$GROUP" --watch 100ms | head -n 1 | jq .lag'
    assert_output 6
    assert_equal "$stderr" ''
    run -66 kgroups lag nobody --watch 1s
    run -69 kgroups list --watch 1s -b 127.0.0.1:1 --timeout 300ms
}

@test "--watch with --output-file: the file is always whole; the status is that of the last look" {
    watch_into out lag "$GROUP" --watch 100ms --output prometheus --output-file metrics.prom --max-lag 5
    wait_until 20 test -s metrics.prom
    local look
    for look in 1 2 3 4 5; do
        echo "look $look"
        metrics metrics.prom >samples
        grep -c '^kafka_group_lag_records' samples
    done
    local ended=0
    stopped TERM || ended=$?
    assert_equal "$ended" 1
    assert_equal "$(sort -u out.err)" "kgroups: $GROUP ${TOPIC}[0]: lag 6 is above --max-lag 5"
    assert_equal "$(cat out)" ''
}

# own_kafka COMMAND...: in a shell that knows packaging/lib/servers.bash, for a broker that only this test has.
own_kafka() {
    bash -c 'set -euo pipefail; cd "$KPIPE_TOP"; . packaging/lib/common.bash; . packaging/lib/servers.bash; "$@"' own "$@" \
        >>"$BATS_TEST_TMPDIR/kafka.log" 2>&1 3>&-
}

@test "--watch says that Kafka is away, keeps the last file, and goes on when it is back" {
    export KPIPE_TOP
    local dir=$BATS_TEST_TMPDIR/kafka before
    own_kafka kafka_start "$dir"
    export KAFKA_BOOTSTRAP
    KAFKA_BOOTSTRAP=127.0.0.1:$(<"$dir/port")
    export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
    new_topic 1
    seq 10 | produce "$TOPIC" -p 0
    kadmin commit "$GROUP" "$TOPIC" 0 4
    watch_into out lag --watch 100ms --timeout 1s --output prometheus --output-file metrics.prom
    wait_until 20 test -s metrics.prom
    own_kafka kafka_kill "$dir"
    wait_until 20 grep -q 'connect: broker 1 at .*: Connection refused\|no answer within' out.err
    before=$(<metrics.prom)
    metrics metrics.prom | grep "^kafka_group_lag_records.*$GROUP.*	6$"
    own_kafka kafka_start "$dir"
    wait_until 30 written_after "$before"
    local ended=0
    stopped TERM || ended=$?
    own_kafka kafka_stop "$dir"
    echo "$ended"
    cat out.err
    assert_equal "$ended" 0
}
written_after() { [[ $(<metrics.prom) != "$1" ]]; }

@test "--watch on a terminal redraws; colours only there, and not with NO_COLOR" {
    NO_COLOR='' TERM=xterm run -0 script -qec 'timeout -s INT --preserve-status 2 kgroups lag "$GROUP" --watch 200ms' /dev/null
    assert_output --partial $'\e[2J\e[H'
    assert_output --partial $'\e[1mGROUP'
    assert_output --regexp 'PRODUCED/S +CONSUMED/S +ETA'
    assert_output --partial ', every 200ms'
    TERM=xterm NO_COLOR=1 run -0 script -qec 'kgroups lag "$GROUP"' /dev/null
    refute_output --partial $'\e'
    TERM=xterm run -0 script -qec 'kgroups lag "$GROUP"' /dev/null
    assert_output --partial $'\e[1mGROUP'
    TERM=xterm run -0 kgroups lag "$GROUP" --output table
    refute_output --partial $'\e'
    TERM=xterm run -0 script -qec 'kgroups lag "$GROUP" --output-file table --output table' /dev/null
    assert_equal "$(grep -c $'\e' table || true)" 0
}
