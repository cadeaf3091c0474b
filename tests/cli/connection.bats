#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every way to say what a connection is, without a server: options, -X, --uri, KPIPE_*, profiles, --import; which wins, and
# what is refused.

bats_require_minimum_version 1.5.0
load ../support/common

setup() {
    unset KPIPE_BOOTSTRAP_SERVERS KPIPE_PROFILE
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_CONFIG_HOME=$PWD
    MARKER=marker-$RANDOM$RANDOM$RANDOM
    umask 077
}

# shown OPTION...: what kconsume takes the connection to be.
shown() { kconsume --show-config "$@"; }

# value NAME OPTION...: what it says of one property, with its origin.
value() { shown "${@:2}" | sed -n "s/^$1 = //p"; }

# says STATUS MESSAGE COMMAND...: ends so, prints nothing else, and no secret.
says() {
    run "-$1" --separate-stderr "${@:3}"
    assert_output ''
    assert_equal "$stderr" "$3: $2"
    refute grep -q "$MARKER" <<<"$stderr"
}

@test "--uri: all parameters, decoded, by any name" {
    export PW=$MARKER
    run -0 --separate-stderr shown --uri 'kafka://?bootstrap_servers=broker:9093&group_id=nilus-prod&security_protocol=SASL_SSL&sasl_mechanisms=SCRAM-SHA-512&sasl_username=a%26b%3D&sasl_password={PW}&ssl_ca_location=/ca.pem&batch_size=1000&batch_timeout=3&run_in_loop=false&fetch.max.wait.ms=500' -t orders
    assert_equal "$stderr" ''
    assert_output 'batch-size = 1000  # --uri
batch-timeout = 3s  # --uri
bootstrap.servers = broker:9093  # --uri
fetch.wait.max.ms = 500  # --uri
group.id = nilus-prod  # --uri
once = true  # --uri
sasl.mechanism = SCRAM-SHA-512  # --uri
sasl.password = ********  # --uri, ${secret:PW}
sasl.username = a&b=  # --uri
security.protocol = SASL_SSL  # --uri
ssl.ca.location = /ca.pem  # --uri
topic = orders  # -t'
    # The other tools pass over what is kconsume's.
    run -0 kgroups --uri 'kafka://h?topic=t&group_id=g' --show-config
    assert_output 'bootstrap.servers = h:9092  # --uri
security.protocol = PLAINTEXT  # default'
}

@test "--uri: a secret as it is is refused, and so is what means nothing" {
    says 64 '--uri: sasl.password: a secret on the command line can be read by others. Give {NAME}, the name of a variable or credential' \
        kgroups --uri "kafka://h?sasl_password=$MARKER" --show-config
    says 64 '--uri: pasword: no such parameter. Did you mean password?' kgroups --uri "kafka://h?pasword=$MARKER" list
    says 64 '--uri: unset_pasword: no such parameter' kgroups --uri 'kafka://h?unset_pasword=1' list
    says 78 '--uri: fetch.min.bites: No such configuration property. Did you mean fetch.min.bytes?' \
        kgroups --uri 'kafka://h?fetch.min.bites=1' --show-config
    says 78 '--uri: --batch-size: '"'x': not a whole number, 1 or more" kconsume --uri 'kafka://h?batch_size=x' -t t
    says 77 '--uri: it has purpose r, and this would write' kseek --uri 'kafka://h?purpose=r' -g g -t t --to earliest --execute
    says 78 "--uri: sasl.password: \${secret:NO_SUCH}: there is no such secret, credential of systemd or variable" \
        kgroups --uri 'kafka://h?sasl_password={NO_SUCH}' list
}

@test "--uri: a connection by its name" {
    mkdir kpipe
    cat >kpipe/config.toml <<END
[connections.depot]
brokers = ["h:1"]
topic = "events"
format = "string"
batch_size = 7
END
    assert_equal "$(value batch-size --uri 'dataos://depot?purpose=rw&batch_size=1000')" '1000  # --uri'
    assert_equal "$(value format --uri 'dataos://depot')" "string  # $PWD/kpipe/config.toml:4"
    assert_equal "$(value topic --profile depot)" "events  # $PWD/kpipe/config.toml:3"
    # Topics that are typed are all that is wanted.
    assert_equal "$(value topic --profile depot -t mine)" 'mine  # -t'
    assert_equal "$(value topic --profile depot --topic-pattern 'm.*')" ''
    says 64 '--uri, --profile: two connections; give one' kgroups --uri dataos://depot --profile other --show-config
}

@test "options for login and TLS, and which place wins" {
    echo "$MARKER" >pw
    run -0 --separate-stderr shown -b h --security-protocol sasl_ssl --sasl-mechanism plain --sasl-username u --sasl-password file:pw \
        --ssl-ca ca.pem --ssl-cert cert.pem --ssl-key key.pem --ssl-key-password env:X --ssl-truststore t.jks --ssl-truststore-type JKS \
        --ssl-truststore-password cred:x --insecure
    assert_equal "$stderr" ''
    assert_output 'bootstrap.servers = h:9093  # -b
enable.ssl.certificate.verification = false  # --insecure
sasl.mechanism = PLAIN  # --sasl-mechanism
sasl.password = ********  # --sasl-password, file:pw
sasl.username = u  # --sasl-username
security.protocol = SASL_SSL  # --security-protocol
ssl.ca.location = ca.pem  # --ssl-ca
ssl.certificate.location = cert.pem  # --ssl-cert
ssl.key.location = key.pem  # --ssl-key
ssl.key.password = ********  # --ssl-key-password, env:X
ssl.truststore.location = t.jks  # --ssl-truststore
ssl.truststore.password = ********  # --ssl-truststore-password, cred:x
ssl.truststore.type = JKS  # --ssl-truststore-type'

    mkdir kpipe
    echo 'sasl.username=import' >client.properties
    local places=()
    user() { value sasl.username -b h "${places[@]}"; }
    places+=(--import client.properties)
    assert_equal "$(user)" "import  # client.properties:1"
    printf '[connections.p]\nsasl_username = "profile"\n' >kpipe/config.toml
    places+=(--profile p)
    assert_equal "$(user)" "profile  # $PWD/kpipe/config.toml:2"
    export KPIPE_SASL_USERNAME=environment
    assert_equal "$(user)" 'environment  # KPIPE_SASL_USERNAME'
    places+=(--uri 'kafka://?sasl_username=uri')
    assert_equal "$(user)" 'uri  # --uri'
    places+=(-X sasl.username=property)
    assert_equal "$(user)" 'property  # -X'
    places+=(--sasl-username option)
    assert_equal "$(user)" 'option  # --sasl-username'
    says 64 '--sasl-password: sasl.password: a secret on the command line can be read by others. Give file:PATH, env:NAME or cred:NAME in its place' \
        kgroups -b h --sasl-password "$MARKER" --show-config
}

@test "a protocol that is none, a login that nobody asks for" {
    says 64 "--security-protocol: security.protocol: 'FOO': expected PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL" \
        kgroups -b h --security-protocol foo --show-config
    KPIPE_SECURITY_PROTOCOL=foo says 78 "KPIPE_SECURITY_PROTOCOL: security.protocol: 'FOO': expected PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL" \
        kgroups -b h --show-config
    run -69 --separate-stderr kgroups -b 127.0.0.1:1 --sasl-username u --timeout 300ms list
    assert_equal "${stderr_lines[0]}" 'kgroups: warning: --sasl-username: sasl.username: nobody logs in with security.protocol=PLAINTEXT. Give --security-protocol sasl_ssl and --sasl-mechanism'
}

@test "KPIPE_*: any property of the connection, and kconsume's options" {
    export KPIPE_BROKERS=h KPIPE_SECURITY_PROTOCOL=sasl_plaintext KPIPE_SASL_MECHANISM=PLAIN KPIPE_SASL_PASSWORD=$MARKER KPIPE_BATCH_SIZE=5 KPIPE_TOPIC=t
    run -0 shown
    assert_output 'batch-size = 5  # KPIPE_BATCH_SIZE
bootstrap.servers = h:9092  # KPIPE_BROKERS
sasl.mechanism = PLAIN  # KPIPE_SASL_MECHANISM
sasl.password = ********  # KPIPE_SASL_PASSWORD
security.protocol = SASL_PLAINTEXT  # KPIPE_SECURITY_PROTOCOL
topic = t  # KPIPE_TOPIC'
    KPIPE_SASL_PASWORD=$MARKER says 78 'KPIPE_SASL_PASWORD: sasl.pasword: No such configuration property. Did you mean sasl.password?' \
        kgroups --show-config
    KPIPE_BOOTSTRAP_SERVER=other says 78 'KPIPE_BROKERS: KPIPE_BOOTSTRAP_SERVER says something else of bootstrap.servers. Unset one of them' \
        kgroups --show-config
}

@test "--import: client.properties with a JAAS line" {
    cat >client.properties <<END
# as Java's clients have it
bootstrap.servers=h:9093
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\
  username="etl" password="$MARKER";
ssl.truststore.location=trust.jks
ssl.truststore.password=$MARKER
key.deserializer=org.apache.kafka.common.serialization.StringDeserializer
auto.offset.reset=latest
END
    run -0 --separate-stderr shown --import client.properties
    assert_equal "$stderr" ''
    assert_output "bootstrap.servers = h:9093  # client.properties:2
from = latest  # client.properties:10
sasl.mechanism = SCRAM-SHA-512  # client.properties:4
sasl.password = ********  # client.properties:5
sasl.username = etl  # client.properties:5
security.protocol = SASL_SSL  # client.properties:3
ssl.truststore.location = $PWD/trust.jks  # client.properties:7
ssl.truststore.password = ********  # client.properties:8"
    run -0 --separate-stderr kgroups --import client.properties --show-config -v
    assert_equal "$stderr" 'kgroups: info: --import: client.properties:9: key.deserializer: means nothing to kpipe, passed over'
    chmod 644 client.properties
    says 78 'client.properties: a secret stands in it, and others may read or change the file. Do: chmod 600 client.properties' \
        kgroups --import client.properties --show-config
    echo 'bootstrap.serves=h' >client.properties
    says 78 'client.properties:1: bootstrap.serves: No such configuration property. Did you mean bootstrap.servers?' \
        kgroups --import client.properties --show-config
}

@test "--import: kcat.conf" {
    printf '%s\n' 'metadata.broker.list=h' 'sasl.mechanisms=PLAIN' "sasl.password=$MARKER" 'ssl.cipher.suites=X' 'enable.auto.commit=true' >kcat.conf
    run -0 --separate-stderr shown --import kcat.conf
    assert_output 'bootstrap.servers = h:9092  # kcat.conf:1
sasl.mechanism = PLAIN  # kcat.conf:2
sasl.password = ********  # kcat.conf:3
security.protocol = PLAINTEXT  # default
ssl.cipher.suites = X  # kcat.conf:4'
    echo "$MARKER" >kcat.conf
    says 78 'kcat.conf:1: expected NAME=VALUE' kgroups --import kcat.conf --show-config
}

@test "-X list: librdkafka's properties, ours and all other names" {
    run -0 --separate-stderr kseek -X list -g g
    assert_equal "$stderr" ''
    assert_line --regexp '^  ssl.truststore.location: .'
    assert_line '  ssl_config.cafile: ssl.ca.location'
    assert_line --regexp '^fetch.min.bytes +\| +C +\|'
}

@test "a profile with options of kconsume: the start, in two parts" {
    mkdir kpipe
    cat >kpipe/config.toml <<END
[connections.p]
brokers = ["h:1"]
topic = "t"
offset = "timestamp"
timestamp = "2024-01-01T00:00:00Z"
commit.interval.ms = 5000
max.poll.records = 500
END
    run -0 shown --profile p
    assert_line "from = @2024-01-01T00:00:00Z  # $PWD/kpipe/config.toml:4"
    assert_line "commit-interval = 5000ms  # $PWD/kpipe/config.toml:6"
    assert_line "batch-size = 500  # $PWD/kpipe/config.toml:7"
    sed -i /^timestamp/d kpipe/config.toml
    says 78 "$PWD/kpipe/config.toml:4: offset: 'timestamp' needs a timestamp beside it, such as 2026-01-31T12:00:00Z" kconsume --profile p
    sed -i 's/^offset.*/format = "xml"/' kpipe/config.toml
    says 78 "$PWD/kpipe/config.toml:4: --format: xml not in {json,string,raw,avro,confluent_avro,protobuf,json-schema,json_schema}" kconsume --profile p
}
