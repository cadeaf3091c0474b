#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kgroups check: every way in which a connection can fail, on real listeners; a broker of its own with TLS, logins and
# access rights, beside the one that all tests share.
# shellcheck disable=SC2030,SC2031,SC2154  # bats runs each test in a subshell, and sets status and stderr there

bats_require_minimum_version 1.5.0
load ../support/common
load secured

setup_file() {
    source "$KPIPE_TOP/packaging/lib/common.bash"
    source "$KPIPE_TOP/packaging/lib/servers.bash"
    export SHARED=$KAFKA_BOOTSTRAP
    # The first question for a coordinator makes Kafka's own topic, which takes its time.
    kadmin group-state g >/dev/null
    secured_start "$BATS_FILE_TMPDIR"
}

teardown_file() {
    source "$KPIPE_TOP/packaging/lib/common.bash"
    source "$KPIPE_TOP/packaging/lib/servers.bash"
    kafka_stop "$BATS_FILE_TMPDIR/kafka"
}

setup() {
    unset KPIPE_BOOTSTRAP_SERVERS
    # Where kadmin and kcat go.
    export KAFKA_BOOTSTRAP=127.0.0.1:$PLAIN WRONG=wrong
    LOGIN_OPTIONS=(-X security.protocol=sasl_plaintext -X allow.cleartext.login=true -X sasl.mechanism=PLAIN -X sasl.username=alice)
    TLS_OPTIONS=(-X security.protocol=ssl -X "ssl.ca.location=$CERTS/ca.pem")
}

teardown() {
    [[ ! ${SILENT_PID-} ]] || kill "$SILENT_PID"
}

# check ARGUMENT...: never waits for long, whatever the other end does.
check() { timeout 50 kgroups check --timeout 5s "$@"; }

# results: the step and the result of each line of $output, in one line.
results() { jq -r '"\(.step)=\(.result)"' <<<"$output" | paste -sd' '; }

# of STEP FIELD: what $output says in the first line of this step.
of() { jq -r --arg step "$1" --arg field "$2" 'select(.step == $step) | .[$field]' <<<"$output" | head -1; }

@test "a broker that is well: every step is ok, with one schema" {
    run -0 --separate-stderr check -b "$SHARED"
    assert_equal "$stderr" ''
    assert_equal "$(results)" 'resolve=ok connect=ok api=ok advertised=ok'
    assert_equal "$(jq -sc 'map(keys_unsorted) | unique' <<<"$output")" '[["step","subject","result","detail","cause","remedy","ms"]]'
    assert_equal "$(of connect detail)" '127.0.0.1 from 127.0.0.1'
    assert_regex "$(of api detail)" '^cluster [A-Za-z0-9_-]{22}, 1 broker$'
    assert_equal "$(of advertised subject)" "broker 1 at $SHARED"
    run -0 check -b "$SHARED" --output table
    assert_line --regexp '^STEP +SUBJECT +RESULT +MS +DETAIL$'
    assert_line --regexp "^connect +$SHARED +ok +[0-9]+ +127\.0\.0\.1 from 127\.0\.0\.1$"
}

@test "nobody listens, and a name that nobody knows: 69, each its cause, the others are tried" {
    run -69 --separate-stderr check -b "127.0.0.1:$NOBODY,kafka.nosuch.invalid,$SHARED" -t t -g g
    assert_equal "$(jq -r 'select(.result != "ok") | "\(.subject) \(.step)=\(.result)"' <<<"$output")" "127.0.0.1:$NOBODY connect=failed
127.0.0.1:$NOBODY api=skipped
kafka.nosuch.invalid:9092 resolve=failed
kafka.nosuch.invalid:9092 connect=skipped
kafka.nosuch.invalid:9092 api=skipped
t topic=failed
t topic-read=skipped
t records=skipped"
    assert_line --partial '"subject":"'"$SHARED"'","result":"ok","detail":"cluster '
    assert_equal "${stderr_lines[0]}" "kgroups: connect: 127.0.0.1:$NOBODY: Connection refused. Nothing listens there: check that the broker runs, and the port"
    # Without a name server the cause is another; it is said all the same.
    assert_regex "${stderr_lines[1]}" '^kgroups: resolve: kafka\.nosuch\.invalid:9092: no (machine of that name is known|name server answered)'
    run -69 check -b "127.0.0.1:$NOBODY" -t t -g g
    assert_equal "$(jq -r 'select(.step == "topic" or .step == "group") | .result' <<<"$output" | paste -sd' ')" 'skipped skipped'
}

@test "packets that are dropped: 69 and a firewall is named, not a refusal" {
    # The queue of a listener that accepts nothing is full: Linux drops what more comes, as a firewall does.
    "$KPIPE_PYTHON" -c 'import signal, socket
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(0)
waiting = [socket.socket() for _ in range(8)]
for one in waiting:
    one.setblocking(False)
    one.connect_ex(listener.getsockname())
print(listener.getsockname()[1], flush=True)
signal.pause()' >"$BATS_TEST_TMPDIR/port" 3>&- &
    SILENT_PID=$!
    wait_until 20 test -s "$BATS_TEST_TMPDIR/port"
    run -69 check -b "127.0.0.1:$(<"$BATS_TEST_TMPDIR/port")" --timeout 500ms
    assert_equal "$(results)" 'resolve=ok connect=failed api=skipped advertised=skipped'
    assert_equal "$(of connect cause)" 'timed out after 500ms'
    assert_regex "$(of connect remedy)" firewall
}

@test "a port that takes connections and never answers: 69 within the timeout" {
    "$KPIPE_PYTHON" -c 'import signal, socket
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
signal.pause()' >"$BATS_TEST_TMPDIR/port" 3>&- &
    SILENT_PID=$!
    wait_until 20 test -s "$BATS_TEST_TMPDIR/port"
    local silent
    silent=127.0.0.1:$(<"$BATS_TEST_TMPDIR/port")
    run -69 check -b "$silent" --timeout 500ms
    assert_equal "$(results)" 'resolve=ok connect=ok api=failed advertised=skipped'
    assert_equal "$(of api cause)" 'the port takes connections, but nobody answered within 500ms'
    run -69 check -b "$silent" --timeout 500ms "${TLS_OPTIONS[@]}"
    assert_equal "$(results)" 'resolve=ok connect=ok tls=failed api=skipped advertised=skipped'
}

@test "login: right, wrong password, a mechanism that is not offered, none where one is wanted, one where none is" {
    run -0 --separate-stderr check -b "127.0.0.1:$LOGIN" "${LOGIN_OPTIONS[@]}" -X sasl.password=env:ALICE_PASSWORD
    assert_equal "$(results)" 'resolve=ok connect=ok login=warning api=ok advertised=ok'
    assert_equal "$(of login detail)" 'PLAIN as alice'
    assert_equal "$(of login cause)" 'the password goes over the network in the clear'
    assert_output_has_no_secret

    run -77 --separate-stderr check -b "127.0.0.1:$LOGIN" "${LOGIN_OPTIONS[@]}" -X sasl.password=env:WRONG -t t
    assert_equal "$(results)" 'resolve=ok connect=ok login=failed api=skipped advertised=skipped topic=skipped'
    assert_equal "$(of login cause)" 'Invalid username or password'

    run -77 check -b "127.0.0.1:$LOGIN" "${LOGIN_OPTIONS[@]}" -X sasl.password=env:ALICE_PASSWORD -X sasl.mechanism=SCRAM-SHA-256
    assert_equal "$(of login cause)" 'the broker does not offer the mechanism SCRAM-SHA-256, but PLAIN'

    run -78 check -b "127.0.0.1:$LOGIN"
    assert_equal "$(of login cause)" 'the broker hung up at our first request: the listener probably demands a login'
    run -78 check -b "127.0.0.1:$PLAIN" "${LOGIN_OPTIONS[@]}" -X sasl.password=env:ALICE_PASSWORD
    assert_equal "$(of login cause)" 'the listener knows no logins, and we want to log in'
}
assert_output_has_no_secret() {
    refute_output --partial "$ALICE_PASSWORD"
    [[ $stderr != *"$ALICE_PASSWORD"* ]] || fail "the password is on stderr"
}

@test "TLS: the broker's certificate is shown; an unknown authority and a wrong name are refused" {
    run -0 --separate-stderr check -b "localhost:$TLS" "${TLS_OPTIONS[@]}"
    assert_equal "$stderr" ''
    assert_equal "$(results)" 'resolve=ok connect=ok tls=ok api=ok advertised=ok'
    assert_regex "$(of tls detail)" '^CN=broker, for localhost, by CN=Test ca, until 20[0-9-]+T[0-9:]+Z$'

    run -77 check -b "localhost:$TLS" -X security.protocol=ssl -X "ssl.ca.location=$CERTS/other.pem"
    assert_equal "$(results)" 'resolve=ok connect=ok tls=failed api=skipped advertised=skipped'
    assert_regex "$(of tls cause)" 'authority that is not trusted here'
    assert_regex "$(of tls remedy)" 'ssl\.ca\.location=FILE'

    run -77 check -b "127.0.0.1:$TLS" "${TLS_OPTIONS[@]}"
    assert_equal "$(of tls cause)" 'the certificate is for other names than the one in -b'
    assert_regex "$(of tls detail)" '^CN=broker, for localhost, '

    run -0 --separate-stderr check -b "localhost:$TLS" -X security.protocol=ssl -X enable.ssl.certificate.verification=false
    assert_equal "$(of tls result) $(of tls cause)" "warning the broker's certificate is not checked"
}

@test "TLS and plain ports mixed up: 78, and which protocol to give" {
    run -78 check -b "localhost:$TLS"
    assert_equal "$(results)" 'resolve=ok connect=ok tls=failed api=skipped advertised=skipped'
    assert_regex "$(of tls cause)" 'speaks TLS'
    assert_regex "$(of tls remedy)" 'security\.protocol=ssl,'
    run -78 check -b "127.0.0.1:$PLAIN" "${TLS_OPTIONS[@]}"
    assert_equal "$(of tls cause)" 'the port does not speak TLS, and we do'
    assert_regex "$(of tls remedy)" 'security\.protocol=plaintext,'
}

@test "our own certificate: demanded, expired, not there" {
    run -77 check -b "localhost:$MUTUAL" "${TLS_OPTIONS[@]}"
    assert_equal "$(results)" 'resolve=ok connect=ok tls=failed api=skipped advertised=skipped'
    assert_regex "$(of tls remedy)" 'ssl\.certificate\.location'
    run -0 check -b "localhost:$MUTUAL" "${TLS_OPTIONS[@]}" -X "ssl.certificate.location=$CERTS/broker.pem" -X "ssl.key.location=$CERTS/broker.key"
    assert_equal "$(results)" 'certificate=ok resolve=ok connect=ok tls=ok api=ok advertised=ok'
    STORE=changeit run -0 check -b "localhost:$MUTUAL" "${TLS_OPTIONS[@]}" -X "ssl.keystore.location=$CERTS/broker.p12" -X ssl.keystore.password=env:STORE
    assert_regex "$(of certificate subject) $(of certificate detail)" '/broker\.p12 CN=broker, for localhost, by CN=Test ca, until 20'
    run -78 check -b "localhost:$MUTUAL" "${TLS_OPTIONS[@]}" -X "ssl.certificate.location=$CERTS/expired.pem" -X "ssl.key.location=$CERTS/expired.key"
    assert_equal "$(of configuration subject): $(of configuration remedy)" '-X: ssl.certificate.location: Renew it'
    assert_regex "$(of configuration cause)" '/expired\.pem: our certificate \(CN=expired\) has expired: notAfter 20'
    run -78 --separate-stderr check -b "localhost:$TLS" -X security.protocol=ssl -X ssl.ca.location=/nosuch.pem -t t
    assert_equal "$(results)" 'configuration=failed topic=skipped'
    assert_equal "$stderr" 'kgroups: configuration: -X: ssl.ca.location: /nosuch.pem: No such file or directory. Correct it'
}

@test "advertised addresses that lead nowhere: 69 with the address, though the broker answers" {
    run -69 check -b "127.0.0.1:$LOST" -t t -g g
    assert_equal "$(results)" 'resolve=ok connect=ok api=ok advertised=failed topic=skipped group=skipped'
    assert_equal "$(of advertised subject) $(of advertised cause)" "broker 1 at 127.0.0.1:$NOBODY Connection refused"
    assert_regex "$(of advertised remedy)" '^advertised\.listeners '
    run -69 check -b "127.0.0.1:$INNER"
    assert_equal "$(of advertised subject) $(of advertised result)" 'broker 1 at kafka-0.inner.invalid:9092 failed'
}

@test "brokers of two clusters in one list: 78" {
    run -78 check -b "127.0.0.1:$PLAIN,$SHARED"
    assert_output --partial '"cause":"the brokers belong to different clusters: '
}

@test "topics and groups: what is missing, and what would be granted" {
    local alice=("${LOGIN_OPTIONS[@]}" -X sasl.password=env:ALICE_PASSWORD -b "127.0.0.1:$LOGIN") seen unseen
    new_topic 2 && seen=$TOPIC
    new_topic 1 && unseen=$TOPIC
    new_group
    seq 5 | produce "$seen" -p 0
    kadmin commit "$GROUP" "$seen" 0 2
    kadmin allow alice DESCRIBE TOPIC "$seen"

    run -77 --separate-stderr check "${alice[@]}" -t "$seen"
    assert_equal "$(of topic result) $(of topic-read result)" 'ok failed'
    assert_equal "$(of topic-read cause)" 'no right to READ this topic; allowed: DESCRIBE'
    assert_regex "$(of topic-read remedy)" "kafka-acls\.sh --add --allow-principal User:alice --operation Read --topic $seen$"
    run -77 check "${alice[@]}" -t "$unseen"
    assert_equal "$(of topic result) $(of topic-read result) $(of records result)" 'failed skipped skipped'
    run -77 check "${alice[@]}" -g "$GROUP"
    assert_equal "$(of coordinator result) $(of group result) $(of group-read result)" 'skipped failed skipped'
    kadmin allow alice DESCRIBE GROUP "$GROUP"
    run -77 check "${alice[@]}" -g "$GROUP"
    assert_equal "$(of coordinator result) $(of group result) $(of group-read result)" 'ok ok failed'

    kadmin allow alice READ TOPIC "$seen"
    kadmin allow alice READ GROUP "$GROUP"
    run -0 --separate-stderr check "${alice[@]}" -t "$seen" -g "$GROUP"
    assert_equal "$(jq -r 'select(.result != "ok") | .step' <<<"$output")" login
    assert_regex "$(of records detail)" '^5 in 1 of 2 partitions, the newest 20'
    assert_equal "$(of coordinator detail)" "broker 1 at 127.0.0.1:$LOGIN"
    assert_equal "$(of offsets subject): $(of offsets detail)" \
        "$GROUP in $seen: 3 records left to read; nothing committed in 1 of 2 partitions"
}

@test "a topic that is not there: 66 and the name that was meant; an empty one and a group not there yet" {
    new_topic 1
    new_group
    run -66 check -b "127.0.0.1:$PLAIN" -t "${TOPIC}x"
    assert_equal "$(of topic cause): $(of topic remedy)" "no such topic: Did you mean $TOPIC?"
    run -0 check -b "127.0.0.1:$PLAIN" -t "$TOPIC" -g "$GROUP"
    assert_equal "$(of records result): $(of records cause)" 'warning: empty: nothing was ever written'
    assert_equal "$(of group detail)" 'none of that name yet; reading makes it'
    assert_equal "$(of group-read result)" ok
}
