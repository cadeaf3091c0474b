#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The templates of packaging/examples as they stand, but for the names of brokers, against a broker that demands what the
# platform demands: TLS by an authority that the system knows, and its kind of login. msk-iam.toml is in msk_iam.bats.
# shellcheck disable=SC2030,SC2031,SC2154  # bats runs each test in a subshell, and sets status and stderr there

bats_require_minimum_version 1.5.0
load ../support/common
load secured

setup_file() {
    load ../support/common
    load secured
    source "$KPIPE_TOP/packaging/lib/common.bash"
    source "$KPIPE_TOP/packaging/lib/servers.bash"
    local ports=() port dir=$BATS_FILE_TMPDIR
    while ((${#ports[@]} < 4)); do
        port=$(free_port)
        [[ " ${ports[*]-} " == *" $port "* ]] || ports+=("$port")
    done
    export CERTS=$dir/certs PLAIN=${ports[0]} CLOUD=${ports[1]} OWN=${ports[2]}
    export STRING='Endpoint=sb://ns.example/;SharedAccessKeyName=k;SharedAccessKey=a+b/c=' SECRET='s3cret/&+=%'
    mkdir -p "$CERTS"
    secured_certificates >"$dir/openssl.log" 2>&1 || {
        cat "$dir/openssl.log" >&2
        return 1
    }
    local scram=org.apache.kafka.common.security.scram.ScramLoginModule plain=org.apache.kafka.common.security.plain.PlainLoginModule
    kafka_start "$dir/kafka" \
        "controller.quorum.voters=1@127.0.0.1:${ports[3]}" \
        "listeners=PLAINTEXT://127.0.0.1:$PLAIN,CONTROLLER://127.0.0.1:${ports[3]},CLOUD://127.0.0.1:$CLOUD" \
        "advertised.listeners=PLAINTEXT://127.0.0.1:$PLAIN,CLOUD://localhost:$CLOUD" \
        listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CLOUD:SASL_SSL \
        ssl.keystore.type=PKCS12 "ssl.keystore.location=$CERTS/broker.p12" ssl.keystore.password=changeit ssl.key.password=changeit \
        listener.name.cloud.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512 \
        "listener.name.cloud.plain.sasl.jaas.config=$plain required user_APIKEY=\"$SECRET\" user_\$ConnectionString=\"$STRING\";" \
        "listener.name.cloud.scram-sha-256.sasl.jaas.config=$scram required;" "listener.name.cloud.scram-sha-512.sasl.jaas.config=$scram required;"
    export KAFKA_BOOTSTRAP=127.0.0.1:$PLAIN
    kadmin scram etl SCRAM-SHA-256 SECRET
    kadmin scram etl SCRAM-SHA-512 SECRET
    kadmin create-topic orders 1
    echo '{"n":1}' | produce orders
}

teardown_file() {
    source "$KPIPE_TOP/packaging/lib/common.bash"
    source "$KPIPE_TOP/packaging/lib/servers.bash"
    kafka_stop "$BATS_FILE_TMPDIR/kafka"
}

setup() {
    unset KPIPE_BOOTSTRAP_SERVERS KPIPE_PROFILE
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_CONFIG_HOME=$PWD
    umask 077
    mkdir -p kpipe/connections.d
}

# reads NAME: the template NAME, as a drop-in with our broker in place of its own, reads a record and passes the check.
reads() {
    sed -E "s/\"[^\"]*\.(com|net|cloud):[0-9]+\"/\"localhost:$CLOUD\"/g" "$KPIPE_TOP/packaging/examples/$1.toml" >"kpipe/connections.d/$1.toml"
    run -0 --separate-stderr kconsume --profile "$1" -t orders --once
    assert_equal "$stderr" ''
    assert_equal "$(jq -c .value <<<"$output")" '{"n":1}'
    run -0 --separate-stderr kgroups check --profile "$1" -t orders -g etl
    run -0 --separate-stderr kseek --profile "$1" -g etl -t orders --to earliest --create-group
}

# Whoever logs in without TLS, or as somebody else, would not get in here.
@test "Apache Kafka: SCRAM-SHA-512, a password in a file, an authority of one's own" {
    cp "$CERTS/ca.pem" kpipe/connections.d/ca.pem
    echo "$SECRET" >kpipe/connections.d/apache.password
    reads apache
}

@test "Confluent Cloud: the API key and its secret by PLAIN, the system's authorities" {
    export SSL_CERT_FILE=$CERTS/ca.pem KAFKA_API_KEY=APIKEY KAFKA_API_SECRET=$SECRET
    reads confluent-cloud
    unset SSL_CERT_FILE
    run -77 --separate-stderr kconsume --profile confluent-cloud -t orders --once
}

@test "Amazon MSK with SCRAM" {
    export SSL_CERT_FILE=$CERTS/ca.pem MSK_PASSWORD=$SECRET
    reads msk-scram
}

@test "Azure Event Hubs: \$ConnectionString and a password full of signs" {
    export SSL_CERT_FILE=$CERTS/ca.pem
    echo "$STRING" >kpipe/connections.d/event-hubs.connection-string
    reads event-hubs
}

@test "Redpanda: SCRAM-SHA-256" {
    export SSL_CERT_FILE=$CERTS/ca.pem REDPANDA_PASSWORD=$SECRET
    reads redpanda
}

@test "the same connection as a URI, as client.properties, as kcat.conf, as variables and as options" {
    export SSL_CERT_FILE=$CERTS/ca.pem SECRET
    local way=()
    in_ways() {
        run -0 --separate-stderr kconsume "$@" -t orders --once
        assert_equal "$stderr" ''
        assert_equal "$(jq -c .value <<<"$output")" '{"n":1}'
    }
    in_ways --uri "kafka://?bootstrap_servers=localhost:$CLOUD&security_protocol=SASL_SSL&sasl_mechanisms=SCRAM-SHA-512&sasl_username=etl&sasl_password={SECRET}"
    cat >client.properties <<END
bootstrap.servers=localhost:$CLOUD
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-256
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="etl" password="$SECRET";
ssl.endpoint.identification.algorithm=https
key.deserializer=org.apache.kafka.common.serialization.StringDeserializer
END
    in_ways --import client.properties
    printf '%s\n' "bootstrap.servers=localhost:$CLOUD" security.protocol=SASL_SSL sasl.mechanisms=PLAIN sasl.username=APIKEY "sasl.password=$SECRET" >kcat.conf
    in_ways --import kcat.conf
    way=(-b "localhost:$CLOUD" --security-protocol sasl_ssl --sasl-mechanism scram-sha-256 --sasl-username etl)
    in_ways "${way[@]}" --sasl-password env:SECRET
    in_ways "${way[@]}" --sasl-password env:SECRET --ssl-ca "$CERTS/ca.pem"
    KPIPE_SASL_PASSWORD=$SECRET in_ways "${way[@]}"
    # auth.type alone means TLS.
    in_ways -X auth.type=sasl -X auth.mechanism=PLAIN -X auth.username=APIKEY -X auth.password=env:SECRET -b "localhost:$CLOUD"
}

@test "native properties in a profile, by Java's names" {
    cat >kpipe/config.toml <<END
[connections.kafka_advanced]
bootstrap_servers = "$KAFKA_BOOTSTRAP"
topic = "orders"
[connections.kafka_advanced.properties]
"fetch.min.bytes" = 1024
"fetch.max.wait.ms" = 500
"max.partition.fetch.bytes" = 1048576
"session.timeout.ms" = 30000
"heartbeat.interval.ms" = 3000
"connections.max.idle.ms" = 540000
"max.poll.records" = 500
"max.poll.interval.ms" = 300000
END
    run -0 --separate-stderr kconsume --profile kafka_advanced --once
    assert_equal "$stderr" ''
    assert_equal "$(jq -c .value <<<"$output")" '{"n":1}'
}
