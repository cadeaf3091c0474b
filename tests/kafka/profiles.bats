#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Profiles against a real broker: the tools find it, and kconsume its group, by --profile alone.

bats_require_minimum_version 1.5.0
load ../support/common

setup() {
    unset KPIPE_BOOTSTRAP_SERVERS KPIPE_PROFILE
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_CONFIG_HOME=$PWD
    new_group
    new_topic 1
    printf '{"n":%d}\n' 1 2 3 | produce "$TOPIC"
    mkdir -p kpipe/connections.d
    cat >kpipe/config.toml <<END
[connections.test]
brokers = ["${KAFKA_BOOTSTRAP//,/\", \"}"]
group_id = "$GROUP"
properties.client.id = "from-the-profile"

[connections.look]
bootstrap_servers = "\${env:TEST_BROKERS}"
purpose = "r"

[connections.nobody]
brokers = ["127.0.0.1:1"]
END
    export TEST_BROKERS=$KAFKA_BOOTSTRAP
}

@test "kconsume --profile: reads, and commits for the profile's group; kgroups and kseek --profile see it" {
    run -0 --separate-stderr kconsume --profile test -t "$TOPIC" --once --commit written
    assert_equal "$(jq -c .value <<<"$output" | paste -sd ' ')" '{"n":1} {"n":2} {"n":3}'
    assert_regex "$stderr" "group $GROUP"
    run committed "$GROUP" "$TOPIC"
    assert_line --partial $'0\t3\t'

    run -0 --separate-stderr kgroups --profile test lag "$GROUP"
    assert_equal "$stderr" ''
    assert_equal "$(jq -c '[.group, .offset, .lag]' <<<"$output")" "[\"$GROUP\",3,0]"
    # The name of a variable in the environment does as well, and so does the environment's choice.
    KPIPE_PROFILE=look run -0 --separate-stderr kgroups lag "$GROUP"
    assert_equal "$(jq -c '[.group, .offset, .lag]' <<<"$output")" "[\"$GROUP\",3,0]"

    run -77 kseek --profile look -g "$GROUP" -t "$TOPIC" --to earliest --execute
    run committed "$GROUP" "$TOPIC"
    assert_line --partial $'0\t3\t'
    run -0 kseek --profile test -g "$GROUP" -t "$TOPIC" --to earliest --execute
    run committed "$GROUP" "$TOPIC"
    assert_line --partial $'0\t0\t'
}

@test "a member from a profile has its client.id; an empty -g reads without the group" {
    kconsume --profile test -t "$TOPIC" --commit written >out 2>err 3>&- &
    local reader=$!
    wait_until 30 bash -c "[[ \$(wc -l <out) == 3 ]]"
    run -0 kgroups --profile test describe "$GROUP"
    kill -TERM "$reader"
    wait "$reader"
    assert_equal "$(jq -r '.members[].client_id' <<<"$output")" from-the-profile

    new_group
    sed -i "s/^group_id = .*/group_id = \"$GROUP\"/" kpipe/config.toml
    run -0 --separate-stderr kconsume --profile test -t "$TOPIC" --once -g ''
    assert_equal "$(wc -l <<<"$output")" 3
    run committed "$GROUP" "$TOPIC"
    assert_output ''
}

@test "what is given by hand wins over the profile" {
    run -69 --separate-stderr kgroups --profile nobody list --timeout 300ms
    assert_regex "$stderr" '^kgroups: .*127\.0\.0\.1:1.*Connection refused'
    run -0 --separate-stderr kgroups --profile nobody list -b "$KAFKA_BOOTSTRAP"
    KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP run -0 --separate-stderr kgroups --profile nobody list
    assert_equal "$stderr" ''
}
