#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A login with the password of a profile, on a broker of its own that demands one.

bats_require_minimum_version 1.5.0
load ../support/common

setup_file() {
    load ../support/common
    source "$KPIPE_TOP/packaging/lib/common.bash"
    source "$KPIPE_TOP/packaging/lib/servers.bash"
    local ports=() port
    while ((${#ports[@]} < 3)); do
        port=$(free_port)
        [[ " ${ports[*]-} " == *" $port "* ]] || ports+=("$port")
    done
    export PLAIN=127.0.0.1:${ports[0]} LOGIN=127.0.0.1:${ports[1]} PASSWORD=marker-$RANDOM$RANDOM
    kafka_start "$BATS_FILE_TMPDIR/kafka" \
        "controller.quorum.voters=1@127.0.0.1:${ports[2]}" \
        "listeners=PLAINTEXT://$PLAIN,CONTROLLER://127.0.0.1:${ports[2]},LOGIN://$LOGIN" \
        "advertised.listeners=PLAINTEXT://$PLAIN,LOGIN://$LOGIN" \
        listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_PLAINTEXT \
        sasl.enabled.mechanisms=PLAIN \
        "listener.name.login.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_alice=\"$PASSWORD\";"
}

teardown_file() {
    source "$KPIPE_TOP/packaging/lib/common.bash"
    source "$KPIPE_TOP/packaging/lib/servers.bash"
    kafka_stop "$BATS_FILE_TMPDIR/kafka"
}

setup() {
    unset KPIPE_BOOTSTRAP_SERVERS KPIPE_PROFILE
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_CONFIG_HOME=$PWD KAFKA_BOOTSTRAP=$PLAIN CREDENTIALS_DIRECTORY=$PWD/creds
    umask 077
    mkdir kpipe creds
    echo "$PASSWORD" >creds/kafka
    echo "$PASSWORD" >kpipe/pw
}

# profile VALUE [SECTION]: the connection p, whose password is VALUE.
profile() {
    cat >kpipe/config.toml <<END
[connections.p]
brokers = ["$LOGIN"]
secrets = [{ id = "alice" }]
[secrets.alice.data]
security_protocol = "SASL_PLAINTEXT"
sasl_mechanism = "PLAIN"
username = "alice"
[secrets.alice.${2:-data}]
password = "$1"
[connections.p.properties]
allow.cleartext.login = "true"
END
    [[ ${2:-data} != data ]] || sed -i '8d' kpipe/config.toml
}

@test "each way to a password logs in" {
    local way
    new_topic 1
    echo '{"n":1}' | produce "$TOPIC"
    for way in "$PASSWORD" env:PASSWORD cred:kafka "file:$PWD/kpipe/pw" file:pw "\${file:pw}" 'pw files'; do
        # shellcheck disable=SC2086 # with the section
        profile $way
        run -0 --separate-stderr kgroups --profile p list
        assert_equal "$stderr" ''
        run -0 --separate-stderr kconsume --profile p -t "$TOPIC" --once
        assert_equal "$(jq -c .value <<<"$output")" '{"n":1}'
    done
    # -X knows the secrets of the configuration, without a profile as well.
    run -0 kgroups -b "$LOGIN" -X security.protocol=SASL_PLAINTEXT -X sasl.mechanism=PLAIN \
        -X "sasl.username=\${secret:alice.username}" -X "sasl.password=\${secret:alice.password}" list
}

@test "a wrong password is refused by the broker, and not said" {
    profile wrong-hunter2
    run -77 --separate-stderr kgroups --profile p list --timeout 5m
    assert_equal "$stderr" "kgroups: login: $LOGIN: Invalid username or password. Check -X sasl.username, sasl.password and sasl.mechanism"
    refute grep -q hunter2 <<<"$stderr"
    profile cred:none
    run -74 --separate-stderr kgroups --profile p list
    assert_equal "$stderr" "kgroups: $PWD/kpipe/config.toml:8: sasl.password: $PWD/creds/none: No such file or directory"
}
