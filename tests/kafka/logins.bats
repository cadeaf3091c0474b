#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Takes long: many a client that must be seen to wait no longer.
# What kconsume, kseek and kgroups say, and with which status they end, when a connection fails: on a broker of its own
# with every kind of login. That they end at once is proved by a --timeout that is longer than the test may take.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154  # bats runs each test in a subshell, and sets status and stderr there

bats_require_minimum_version 1.5.0
load ../support/common
load secured
load logins

setup_file() {
    source "$KPIPE_TOP/packaging/lib/common.bash"
    source "$KPIPE_TOP/packaging/lib/servers.bash"
    logins_start "$BATS_FILE_TMPDIR"
    export KAFKA_BOOTSTRAP=127.0.0.1:$PLAIN TOPIC=orders GROUP=etl
    kadmin create-topic orders 1
    echo '{"n":1}' | produce orders
    kadmin commit etl orders 0 0
    kadmin allow alice READ TOPIC orders
    kadmin allow alice READ GROUP etl
}

teardown_file() {
    source "$KPIPE_TOP/packaging/lib/common.bash"
    source "$KPIPE_TOP/packaging/lib/servers.bash"
    kafka_stop "$BATS_FILE_TMPDIR/kafka"
}

setup() {
    unset KPIPE_BOOTSTRAP_SERVERS
    LONG=5m  # never waited for: `ends` kills what takes 20 s
}

teardown() {
    [[ ! ${SILENT_PID-} ]] || kill "$SILENT_PID"
}

# ends STATUS STDERR OPTION...: all tools, kconsume also as a member of a group, end so without a byte on stdout. STDERR
# is a pattern of bash for the one line behind "TOOL: "; empty: there is none, and stdout is not looked at.
ends() {
    local status_wanted=$1 text=$2 tool command
    shift 2
    for command in "kgroups list" "kseek -g etl -t orders --to earliest" "kconsume -t orders --once" \
        "kconsume -t orders -g etl --once --commit written"; do
        tool=${command%% *}
        # shellcheck disable=SC2086 # a command and its arguments
        run --separate-stderr timeout 60 $command "$@" --timeout "$LONG"
        [[ $status == "$status_wanted" ]] || fail "$command $*: status $status: $output $stderr"
        if [[ $text ]]; then
            assert_equal "$output" ''
            # shellcheck disable=SC2053 # a pattern
            [[ $stderr == $tool:\ $text ]] || fail "$command $*: $stderr"
        else
            [[ $tool == kconsume || $tool == kseek ]] || assert_equal "$stderr" ''
        fi
    done
}

@test "mechanism x protocol x right and wrong password: 0 and 77, at once" {
    local mechanism listener where
    for mechanism in PLAIN SCRAM-SHA-256 SCRAM-SHA-512; do
        for listener in LOGIN LOGIN_TLS; do
            login "$listener" "$mechanism"
            ends 0 '' "${WAY[@]}"
            where=127.0.0.1:$LOGIN
            [[ $listener == LOGIN ]] || where=localhost:$LOGIN_TLS
            case $mechanism in
                PLAIN) ALICE=wrong ends 77 "login: $where: Invalid username or password. Check -X sasl.username, sasl.password and sasl.mechanism" "${WAY[@]}" ;;
                *) ALICE=wrong ends 77 "login: $where: * invalid credentials*. Check -X sasl.username, sasl.password and sasl.mechanism" "${WAY[@]}" ;;
            esac
        done
    done
}

@test "a mechanism that is not enabled: 77, and those that are" {
    login RENEW PLAIN
    ends 77 "login: 127.0.0.1:$RENEW: the broker does not offer the mechanism PLAIN, but SCRAM-SHA-256. Give one of these: *" "${WAY[@]}"
}

@test "an unknown authority, a certificate for another name: 77" {
    ends 77 "tls: localhost:$TLS: the certificate comes from an authority that is not trusted here *. Give the certificate of the authority *" \
        -b "localhost:$TLS" -X security.protocol=ssl -X "ssl.ca.location=$CERTS/other.pem"
    ends 77 "tls: 127.0.0.1:$TLS: the certificate is for other names than *" \
        -b "127.0.0.1:$TLS" -X security.protocol=ssl -X "ssl.ca.location=$CERTS/ca.pem"
}

@test "the protocol does not fit the listener: 78, and which one to give" {
    ends 78 "tls: localhost:$TLS: * speaks TLS. Give -X security.protocol=ssl, *" -b "localhost:$TLS"
    ends 78 "tls: 127.0.0.1:$PLAIN: the port does not speak TLS, and we do. Give -X security.protocol=plaintext, *" \
        -b "127.0.0.1:$PLAIN" -X security.protocol=ssl
    ends 78 "login: 127.0.0.1:$LOGIN: * the listener probably demands a login. Give -X security.protocol=sasl_plaintext *" -b "127.0.0.1:$LOGIN"
    login PLAIN PLAIN
    ends 78 "login: 127.0.0.1:$PLAIN: the listener knows no logins, and we want to log in. *" "${WAY[@]}"
}

@test "names that nobody knows: 69, each is named; one that is known is enough" {
    # Without a name server there is nothing that could be known at once.
    "$KPIPE_PYTHON" -c 'import socket, sys
try: socket.getaddrinfo("a.nosuch.invalid", 1)
except socket.gaierror as error: sys.exit(error.errno != socket.EAI_NONAME)' || LONG=1s
    ends 69 'resolve: a.nosuch.invalid:9092, b.nosuch.invalid:1: no *. Check *' -b a.nosuch.invalid,b.nosuch.invalid:1
    ends 0 '' -b "a.nosuch.invalid,127.0.0.1:$PLAIN"
}

@test "nobody listens: 69 within --timeout; one broker that answers is enough" {
    LONG=1s ends 69 "connect: 127.0.0.1:$NOBODY: Connection refused. Nothing listens there: *" -b "127.0.0.1:$NOBODY"
    ends 0 '' -b "127.0.0.1:$NOBODY,127.0.0.1:$PLAIN"
    # What each broker said; the status of what will not pass.
    login LOGIN PLAIN
    LONG=1s ALICE=wrong ends 77 "connect: 127.0.0.1:$NOBODY: Connection refused; login: 127.0.0.1:$LOGIN: Invalid username or password. Check -X sasl.username, *" \
        "${WAY[@]}" -b "127.0.0.1:$NOBODY,127.0.0.1:$LOGIN"
}

@test "packets that are dropped, and a port that never answers: 69 within --timeout" {
    listen 0
    LONG=1s ends 69 "connect: 127.0.0.1:$SILENT: timed out after 1s. A firewall drops our packets*" -b "127.0.0.1:$SILENT"
    kill "$SILENT_PID"
    rm "$BATS_TEST_TMPDIR/port"
    listen 1
    LONG=1s ends 69 "api: 127.0.0.1:$SILENT: the port takes connections, but nobody answered within 1s. *" -b "127.0.0.1:$SILENT"
}

@test "advertised addresses that lead nowhere: 69, with the address" {
    LONG=1s ends 69 "advertised: broker 1 at 127.0.0.1:$NOBODY: Connection refused. advertised.listeners *" -b "127.0.0.1:$LOST"
    LONG=3s ends 69 "advertised: broker 1 at kafka-0.inner.invalid:9092: no *. advertised.listeners *" -b "127.0.0.1:$INNER"
}

@test "rights that are missing: 77, which one, and who can give it" {
    local grant='An administrator can allow it: kafka-acls.sh --add --allow-principal User:alice --operation'
    new_topic 1
    new_group
    echo '{"n":1}' | produce "$TOPIC"
    kadmin commit "$GROUP" "$TOPIC" 0 0
    login LOGIN SCRAM-SHA-256
    WAY+=(--timeout 5m)
    local topic_denied="$TOPIC: Broker: Topic authorization failed: it takes READ on the topic $TOPIC. $grant Read --topic $TOPIC"
    says() {
        assert_equal "$output" ''
        assert_equal "$stderr" "$1"
    }

    run -77 --separate-stderr timeout 20 kconsume "${WAY[@]}" -t "$TOPIC" --once
    says "kconsume: $topic_denied"
    run -77 --separate-stderr timeout 20 kconsume "${WAY[@]}" -t "$TOPIC" -g "$GROUP" --once --commit written
    says "kconsume: $topic_denied"
    # Seen, but not to be read.
    kadmin allow alice DESCRIBE TOPIC "$TOPIC"
    run -77 --separate-stderr timeout 20 kconsume "${WAY[@]}" -t "$TOPIC" --once
    says "kconsume: ${TOPIC}[0]: Broker: Topic authorization failed: it takes READ on the topic $TOPIC. $grant Read --topic $TOPIC"

    # No group is none that one needs a right to.
    kadmin allow alice READ TOPIC "$TOPIC"
    run -0 --separate-stderr timeout 20 kconsume "${WAY[@]}" -t "$TOPIC" --once
    assert_equal "${#lines[@]}" 1
    assert_equal "$stderr" ''
    run -77 --separate-stderr timeout 20 kconsume "${WAY[@]}" -t "$TOPIC" -g "$GROUP" --once --commit written
    says "kconsume: group $GROUP: Broker: Group authorization failed: it takes READ on the group $GROUP. $grant Read --group $GROUP"
    run -77 --separate-stderr timeout 20 kconsume "${WAY[@]}" -t "$TOPIC:0" -g "$GROUP" --once --commit written
    says "kconsume: group $GROUP: Broker: Group authorization failed: it takes READ on the group $GROUP. $grant Read --group $GROUP"
    run -77 --separate-stderr timeout 20 kseek "${WAY[@]}" -g "$GROUP" -t "$TOPIC" --to latest
    says "kseek: $GROUP: committed offsets: Broker: Group authorization failed: it takes READ on the group $GROUP. $grant Read --group $GROUP"
    local command
    for command in lag describe; do
        run -77 --separate-stderr timeout 20 kgroups "$command" "$GROUP" "${WAY[@]}"
        says "kgroups: $GROUP: committed offsets: Broker: Group authorization failed: it takes DESCRIBE on the group $GROUP. $grant Describe --group $GROUP"
    done

    # Seen, but neither to be moved nor to be deleted nor to be committed.
    kadmin allow alice DESCRIBE GROUP "$GROUP"
    run -0 --separate-stderr timeout 20 kgroups lag "$GROUP" "${WAY[@]}"
    run -77 --separate-stderr timeout 20 kseek "${WAY[@]}" -g "$GROUP" -t "$TOPIC" --to latest --execute
    assert_regex "$stderr" "kseek: $GROUP: ${TOPIC}\[0\]: not moved: .*Group authorization failed: it takes READ on the group $GROUP\. "
    run -77 --separate-stderr timeout 20 kgroups delete "$GROUP" "${WAY[@]}" --execute
    assert_regex "$stderr" "kgroups: $GROUP: not deleted: .*Group authorization failed: it takes DELETE on the group $GROUP\. "
    run -77 --separate-stderr timeout 20 kconsume "${WAY[@]}" -t "$TOPIC:0" -g "$GROUP" --commit written
    assert_regex "$stderr" "kconsume: commit: .*Group authorization failed: it takes READ on the group $GROUP\. "
    assert_equal "$(committed_sum "$GROUP" "$TOPIC")" 0

    kadmin allow alice READ GROUP "$GROUP"
    run -0 --separate-stderr timeout 20 kconsume "${WAY[@]}" -t "$TOPIC" -g "$GROUP" --once --commit written
    assert_equal "${#lines[@]}" 1
    run -77 --separate-stderr timeout 20 kgroups topics nowhere "${WAY[@]}"
    assert_regex "$stderr" "it takes DESCRIBE on the topic nowhere\. "
}

# ------------------------------------------------------------------------------------------------ while it runs

# reader OPTION...: kconsume in the background as carol, with the password in the file pw; sets READER.
reader() {
    kconsume -b "127.0.0.1:$RENEW" -X security.protocol=sasl_plaintext -X sasl.mechanism=SCRAM-SHA-256 -X sasl.username=carol \
        -X sasl.password=file:pw -X reconnect.backoff.max.ms=500 -t "$TOPIC" -g "$GROUP" --commit written --timeout 10s "$@" >out 2>err 3>&- &
    READER=$!
}

# carol PASSWORD: what the broker wants from now on; connections log in again every second.
carol() { CAROL=$1 kadmin scram carol SCRAM-SHA-256 CAROL; }

change_setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    umask 077
    new_topic 1
    new_group
    kadmin allow carol READ TOPIC "$TOPIC"
    kadmin allow carol READ GROUP "$GROUP"
    carol first-secret
    echo first-secret >pw
}

lines_are() { [[ $(wc -l <out) == "$1" ]]; }
refusals_are() { (($(grep -c 'warning: login: .*invalid credentials.*(retrying)' err) >= $1)); }

@test "a password that changes while kconsume runs: it waits, says why, and goes on with the new one" {
    change_setup
    reader
    echo '{"n":1}' | produce "$TOPIC"
    wait_until 20 lines_are 1
    carol second-secret
    wait_until 20 refusals_are 1
    echo second-secret >pw
    wait_until 20 grep -q 'login: the password was changed' err
    echo '{"n":2}' | produce "$TOPIC"
    wait_until 20 lines_are 2
    # The file first, the broker then: nothing is refused for long.
    echo third-secret >pw
    carol third-secret
    wait_until 20 eval '[[ $(grep -c "login: the password was changed" err) == 2 ]]'
    echo '{"n":3}' | produce "$TOPIC"
    wait_until 20 lines_are 3
    kill "$READER"
    wait "$READER" || fail "status $?: $(<err)"
    assert_equal "$(committed_sum "$GROUP" "$TOPIC")" 3
    run ! grep -E 'first-secret|second-secret|third-secret' err
}

@test "a login that stays refused ends a running kconsume after --stall-timeout: 77, not a silent process" {
    change_setup
    reader --stall-timeout 2s
    echo '{"n":1}' | produce "$TOPIC"
    wait_until 20 lines_are 1
    carol other-secret
    wait "$READER" || status=$?
    assert_equal "$status" 77
    assert_regex "$(tail -1 err)" '^kconsume: no broker has let us in for 2s \(--stall-timeout\): login: broker 1 at 127\.0\.0\.1:[0-9]+: .*invalid credentials.*\. Check -X sasl\.username'
}

# ------------------------------------------------------------------------------------------------ secrets

# profile VALUE [files]: the connection p, of which the password is VALUE, or is in the file VALUE.
profile() {
    cat >kpipe/config.toml <<END
[connections.p]
brokers = ["127.0.0.1:$LOGIN"]
secrets = [{ id = "alice" }]
[secrets.alice.data]
security_protocol = "SASL_PLAINTEXT"
sasl_mechanism = "PLAIN"
username = "alice"
END
    [[ ! ${2-} ]] || echo '[secrets.alice.files]' >>kpipe/config.toml
    echo "password = \"$1\"" >>kpipe/config.toml
}

@test "a secret by any way is in no list of processes, no log, no configuration that is shown, no message" {
    local marker=marker-$RANDOM$RANDOM$RANDOM way right reading
    cd "$BATS_TEST_TMPDIR" || return 1
    umask 077
    export XDG_CONFIG_HOME=$PWD CREDENTIALS_DIRECTORY=$PWD/creds MARKER
    mkdir kpipe creds
    local typed=(-b "127.0.0.1:$LOGIN" -X security.protocol=sasl_plaintext -X allow.cleartext.login=true -X sasl.mechanism=PLAIN -X sasl.username=alice)
    # Once as the right password, once as a wrong one: errors and success.
    for right in 1 0; do
        MARKER=$ALICE
        ((right)) || MARKER=$marker
        echo "$MARKER" >kpipe/pw
        echo "$MARKER" >creds/kafka
        for way in file:kpipe/pw env:MARKER cred:kafka '${env:MARKER}' '${file:kpipe/pw}' '${secret:alice.password}' profile files; do
            case $way in
                profile) profile "$MARKER" && set -- --profile p ;;
                files) profile pw files && set -- --profile p ;;
                *) profile "$MARKER" && set -- "${typed[@]}" -X "sasl.password=$way" ;;
            esac
            run -0 --separate-stderr kconsume "$@" -t orders --show-config
            assert_regex "$output" 'sasl\.password'
            printf '%s\n' "$output" "$stderr" >>said
            run --separate-stderr timeout 20 kgroups list "$@" --log-level debug -X debug=all --timeout 5m
            assert_equal "$status" "$((right ? 0 : 77))"
            assert_regex "$stderr" 'librdkafka: '
            printf '%s\n' "$output" "$stderr" >>said
            run --separate-stderr timeout 20 kgroups check "$@" --timeout 5s
            printf '%s\n' "$output" "$stderr" >>said
            ((right)) || continue
            kconsume "$@" -t orders --log-level debug -X debug=all >out 2>>said 3>&- &
            reading=$!
            wait_until 20 test -s out
            ps -eo args >>said
            tr '\0' ' ' <"/proc/$reading/cmdline" >>said
            kill "$reading"
            wait "$reading" || true
        done
    done
    grep -q 'Invalid username or password' said
    run ! grep -F -e "$ALICE" -e "$marker" said
}
