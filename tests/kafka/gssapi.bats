#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Logins by Kerberos: a real KDC, and a broker of its own that asks for tickets.

bats_require_minimum_version 1.5.0
load ../support/common
load gssapi

setup_file() {
    load ../support/common
    source "$KPIPE_TOP/packaging/lib/common.bash"
    source "$KPIPE_TOP/packaging/lib/servers.bash"
    gssapi_start "$BATS_FILE_TMPDIR"
    export KAFKA_BOOTSTRAP=127.0.0.1:$PLAIN TOPIC
    TOPIC=$(unique t)
    kadmin create-topic "$TOPIC" 1
    echo '{"n":1}' | produce "$TOPIC"
}

teardown_file() {
    source "$KPIPE_TOP/packaging/lib/common.bash"
    source "$KPIPE_TOP/packaging/lib/servers.bash"
    gssapi_stop "$BATS_FILE_TMPDIR"
}

setup() {
    unset KPIPE_BOOTSTRAP_SERVERS KPIPE_PROFILE
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_CONFIG_HOME=$PWD KRB5CCNAME=FILE:$PWD/tickets
    LOGIN=(-b "localhost:$KERBEROS" --security-protocol sasl_plaintext --sasl-mechanism GSSAPI)
    KEYTAB=(-X "sasl.kerberos.keytab=$KEYS/etl.keytab" -X sasl.kerberos.principal=etl@KPIPE.TEST)
}

# quiet_success COMMAND...: it succeeds without a word on stderr; bats' $output is what it wrote.
quiet_success() {
    run --separate-stderr "$@"
    assert_equal "$status $stderr" '0 '
}

@test "each tool logs in with a keytab" {
    local group
    quiet_success kconsume "${LOGIN[@]}" "${KEYTAB[@]}" -t "$TOPIC" --once
    assert_equal "$(jq -c .value <<<"$output")" '{"n":1}'
    run -0 klist
    assert_output --partial 'Default principal: etl@KPIPE.TEST'
    assert_output --partial 'kafka/localhost@KPIPE.TEST'
    rm tickets
    group=$(unique g)
    kadmin commit "$group" "$TOPIC" 0 1
    run -0 --separate-stderr kseek "${LOGIN[@]}" "${KEYTAB[@]}" -X sasl.kerberos.service.name=kafka -g "$group" -t "$TOPIC" --to earliest
    assert_equal "$stderr" 'kseek: dry run: nothing was changed. --execute moves the group'
    assert_equal "$(jq -r .offset <<<"$output")" 0
    run -0 klist
    rm tickets
    quiet_success kgroups "${LOGIN[@]}" "${KEYTAB[@]}" -X "sasl.kerberos.keytab=FILE:$KEYS/etl.keytab" list
    assert_output --partial "\"$group\""
}

@test "a ticket cache alone is enough, and is used as it is" {
    local before
    kinit -k -t "$KEYS/etl.keytab" etl
    before=$(klist | grep krbtgt)
    quiet_success kconsume "${LOGIN[@]}" -t "$TOPIC" --once
    assert_equal "$(jq -c .value <<<"$output")" '{"n":1}'
    quiet_success kgroups "${LOGIN[@]}" list
    assert_equal "$(klist | grep krbtgt)" "$before"
}

@test "a client.properties of Java, with its Krb5LoginModule" {
    local way
    cp "$KEYS/etl.keytab" .
    for way in "useKeyTab=true storeKey=true keyTab=\"etl.keytab\" principal=\"etl@KPIPE.TEST\"" useTicketCache=true; do
        cat >client.properties <<-END
			bootstrap.servers=localhost:$KERBEROS
			security.protocol=SASL_PLAINTEXT
			sasl.mechanism=GSSAPI
			sasl.kerberos.service.name=kafka
			sasl.jaas.config=com.sun.security.auth.module.Krb5LoginModule required $way;
		END
        # The second finds the ticket of the first.
        quiet_success kconsume --import client.properties -t "$TOPIC" --once
        assert_equal "$(jq -c .value <<<"$output")" '{"n":1}'
    done
}

@test "what kinit prints never gets among the records" {
    quiet_success kconsume "${LOGIN[@]}" "${KEYTAB[@]}" -t "$TOPIC" --once
    run -0 --separate-stderr kconsume "${LOGIN[@]}" "${KEYTAB[@]}" -t "$TOPIC" --once \
        -X 'sasl.kerberos.kinit.cmd=echo said; kinit -k -t "%{sasl.kerberos.keytab}" %{sasl.kerberos.principal}'
    assert_equal "$(jq -c .value <<<"$output")" '{"n":1}'
    assert_equal "$stderr" said
}

@test "a long run gets new tickets in time" {
    # They live for 3 s, and the broker wants a new login every 2 s (connections.max.reauth.ms).
    sed 's/default_realm.*/&\nticket_lifetime = 3s/' "$KRB5_CONFIG" >krb5.conf
    export KRB5_CONFIG=$PWD/krb5.conf
    new_topic
    echo '{"n":1}' | produce "$TOPIC"
    kconsume "${LOGIN[@]}" "${KEYTAB[@]}" -X sasl.kerberos.min.time.before.relogin=1000 -t "$TOPIC" -c 2 >out 2>err 3>&- &
    local pid=$!
    wait_until 20 test -s out
    cp tickets first
    wait_until 20 eval '! klist -s -c first'
    wait_until 20 logged_in_with_new_ticket
    echo '{"n":2}' | produce "$TOPIC"
    wait "$pid"
    assert_equal "$(jq -c .value out)" $'{"n":1}\n{"n":2}'
    assert_equal "$(<err)" ''
}
# kinit empties the cache: the broker's ticket in it was asked for with the one that is there now.
logged_in_with_new_ticket() { klist -s && klist | grep -q kafka/localhost; }

@test "a ticket that cannot be renewed is used, and that is said" {
    kinit -k -t "$KEYS/etl.keytab" etl
    new_topic
    kconsume "${LOGIN[@]}" -X sasl.kerberos.kinit.cmd=false -t "$TOPIC" -c 1 >out 2>err 3>&- &
    local pid=$!
    wait_until 20 test -s err
    echo '{"n":1}' | produce "$TOPIC"
    wait "$pid"
    assert_equal "$(jq -c .value out)" '{"n":1}'
    assert_equal "$(<err)" 'kconsume: warning: Kerberos: kinit failed: the ticket was not renewed, and serves until it expires'
}

# refuses STATUS MESSAGE OPTION...: by each tool, and soon.
refuses() {
    local tool
    for tool in 'kgroups list' "kconsume -t $TOPIC --once" "kseek -g $TOPIC -t $TOPIC --to earliest"; do
        # shellcheck disable=SC2086 # words
        run --separate-stderr timeout 30 $tool "${LOGIN[@]}" "${@:3}"
        assert_equal "$status $stderr" "$1 ${tool%% *}: $2"
        refute [ "$output" ]
    done
}
@test "a keytab that is not there, is none, or has keys of others only: 78" {
    local where='-X: sasl.kerberos.keytab:'
    refuses 78 "$where nosuch: No such file or directory" -X sasl.kerberos.keytab=nosuch
    echo none >none
    refuses 78 "$where none: the file is no keytab (Unsupported key table format version number). Check sasl.kerberos.keytab" \
        "${KEYTAB[@]}" -X sasl.kerberos.keytab=none
    refuses 78 "$where $KEYS/gone.keytab: the keytab has no key of the principal (Keytab contains no suitable keys for etl@KPIPE.TEST). Check sasl.kerberos.principal: klist -k FILE shows whose keys are in it" \
        "${KEYTAB[@]}" -X "sasl.kerberos.keytab=$KEYS/gone.keytab"
}

@test "a principal that the KDC does not know, a key that it no longer takes: 77" {
    local where='-X: sasl.kerberos.keytab:'
    refuses 77 "$where $KEYS/gone.keytab: the KDC refuses the principal (Client 'gone@KPIPE.TEST' not found in Kerberos database). Check sasl.kerberos.principal, or ask the administrator of the KDC for it" \
        -X "sasl.kerberos.keytab=$KEYS/gone.keytab" -X sasl.kerberos.principal=gone@KPIPE.TEST
    refuses 77 "$where $KEYS/stale.keytab: the KDC does not take the key in the keytab (Password incorrect). Get a new keytab: the principal's key was changed after this one was made" \
        "${KEYTAB[@]}" -X "sasl.kerberos.keytab=$KEYS/stale.keytab"
}

@test "no ticket, or one that has expired: 77" {
    local remedy='Give -X sasl.kerberos.keytab=FILE and sasl.kerberos.principal=NAME@REALM, or get a ticket with kinit'
    refuses 77 "login: localhost:$KERBEROS: there is no ticket (No Kerberos credentials available (default cache: $KRB5CCNAME)). $remedy"
    kinit -l 1s -k -t "$KEYS/etl.keytab" etl
    wait_until 20 eval '! klist -s'
    # It says so in other words within the first second.
    run -77 --separate-stderr kgroups "${LOGIN[@]}" list
    assert_regex "$stderr" "^kgroups: login: localhost:$KERBEROS: the ticket has expired \\((Ticket|The referenced context has) expired\\)\\. $remedy\$"
}

@test "brokers by other names than those of their principals: 77" {
    local remedy='Let -b and advertised.listeners name brokers as their principals do (SERVICE/HOST), and give -X sasl.kerberos.service.name=SERVICE'
    local cause='the KDC does not know the broker by this name'
    kinit -k -t "$KEYS/etl.keytab" etl
    refuses 77 "login: localhost:$KERBEROS: $cause (Server kafkb/localhost@KPIPE.TEST not found in Kerberos database). $remedy" \
        -X sasl.kerberos.service.name=kafkb
    refuses 77 "login: 127.0.0.1:$KERBEROS: $cause (Server kafka/127.0.0.1@KPIPE.TEST not found in Kerberos database). $remedy" \
        -b "127.0.0.1:$KERBEROS"
}

@test "the module of Cyrus SASL, or kinit, is not installed: 78, and which package has it" {
    kinit -k -t "$KEYS/etl.keytab" etl
    SASL_PATH=$PWD refuses 78 "login: localhost:$KERBEROS: the module for GSSAPI of Cyrus SASL is not installed here (No worthy mechs found). Install libsasl2-modules-gssapi-mit (Debian, Ubuntu) or cyrus-sasl-gssapi (Fedora, RHEL)"
    run -78 --separate-stderr env PATH="$KPIPE_BIN" kgroups "${LOGIN[@]}" "${KEYTAB[@]}" list
    assert_equal "$stderr" "kgroups: -X: sasl.kerberos.keytab: $KEYS/etl.keytab: kinit is not installed here, and fetches the ticket. Install krb5-user (Debian, Ubuntu) or krb5-workstation (Fedora, RHEL)"
}

@test "no KDC answers, in time, or none is named: 69 and 78" {
    local where="-X: sasl.kerberos.keytab: $KEYS/etl.keytab:"
    sed "s/kdc = .*/kdc = 127.0.0.1:1/" "$KRB5_CONFIG" >krb5.conf
    KRB5_CONFIG=$PWD/krb5.conf refuses 69 "$where no KDC answers (Cannot contact any KDC for realm 'KPIPE.TEST'). Check the KDC and the network, and [realms] of /etc/krb5.conf" \
        "${KEYTAB[@]}"
    # One that takes connections and is silent; TERM ends it.
    "$KPIPE_PYTHON" -c 'import socket, time
silent = socket.create_server(("127.0.0.1", 0))
print(silent.getsockname()[1], flush=True)
time.sleep(60)' >port 3>&- &
    local silent=$!
    wait_until 20 test -s port
    sed -i "s/kdc = .*/kdc = 127.0.0.1:$(<port)/" krb5.conf
    KRB5_CONFIG=$PWD/krb5.conf refuses 69 "$where no KDC answers (Cannot contact any KDC within 300ms). Check the KDC and the network, and [realms] of /etc/krb5.conf" \
        "${KEYTAB[@]}" --timeout 300ms
    kill "$silent"
    sed -i '/kdc = /d' krb5.conf
    KRB5_CONFIG=$PWD/krb5.conf refuses 78 "$where no KDC is named (Cannot find KDC for realm \"KPIPE.TEST\"). Check the realm in sasl.kerberos.principal, and [realms] of /etc/krb5.conf" \
        "${KEYTAB[@]}"
}

@test "kgroups check names the step" {
    run -77 --separate-stderr kgroups check "${LOGIN[@]}"
    assert_equal "$(jq -r 'select(.step == "login") | .result, .cause' <<<"$output")" \
        "failed"$'\n'"there is no ticket (No Kerberos credentials available (default cache: $KRB5CCNAME))"
    quiet_success kgroups check "${LOGIN[@]}" "${KEYTAB[@]}"
    assert_equal "$(jq -r 'select(.step == "login") | .result' <<<"$output")" ok
}

# The last: after it nobody can log in.
@test "a broker with an old key: 77" {
    kinit -k -t "$KEYS/etl.keytab" etl
    gssapi_change_broker_key
    refuses 77 "login: localhost:$KERBEROS: the broker does not take our ticket (Authentication failed during authentication due to invalid credentials with SASL mechanism GSSAPI). Check that the broker's keytab has the key that the KDC has now; the broker's log says more"
}
