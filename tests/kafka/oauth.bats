#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Takes long: tokens must expire.
# OAUTHBEARER: a real OpenID Connect server gives tokens, and Kafka's own validator checks them.

bats_require_minimum_version 1.5.0
load ../support/common
load tokens
load secured

setup_file() {
    load ../support/common
    load tokens
    load secured
    source "$KPIPE_TOP/packaging/lib/common.bash"
    source "$KPIPE_TOP/packaging/lib/servers.bash"
    export MSK_KEYS=unused:unused
    tokens_start "$BATS_FILE_TMPDIR"
}

teardown_file() {
    source "$KPIPE_TOP/packaging/lib/common.bash"
    source "$KPIPE_TOP/packaging/lib/servers.bash"
    load tokens
    tokens_stop "$BATS_FILE_TMPDIR"
}

setup() {
    source "$KPIPE_TOP/packaging/lib/common.bash"
    source "$KPIPE_TOP/packaging/lib/servers.bash"
    unset KPIPE_BOOTSTRAP_SERVERS KPIPE_PROFILE
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_CONFIG_HOME=$PWD SECRET
    umask 077
    background=()
}

teardown() {
    local pid
    for pid in "${background[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${background[@]}"; do wait "$pid" 2>/dev/null || true; done
}

# login CLIENT SECRET [-X name=value...]: sets ARGS, to log in at OAUTH.
login() {
    SECRET=$2
    ARGS=(-b "127.0.0.1:$OAUTH" -X security.protocol=SASL_PLAINTEXT -X allow.cleartext.login=true -X sasl.mechanism=OAUTHBEARER
        -X "sasl.oauthbearer.token.endpoint.url=$OIDC/token" -X "sasl.oauthbearer.client.id=$1"
        -X sasl.oauthbearer.client.secret=env:SECRET "${@:3}")
}

# by_token [-X name=value...]: likewise, with tokens from elsewhere.
by_token() {
    ARGS=(-b "127.0.0.1:$OAUTH" -X security.protocol=SASL_PLAINTEXT -X allow.cleartext.login=true -X sasl.mechanism=OAUTHBEARER "$@")
}

# token_of CLIENT [SECRET]: a token of the server.
token_of() { curl -sf -u "$1:${2-s}" -d grant_type=client_credentials "$OIDC/token" | jq -r .access_token; }

asked() { oidc_seen | jq -r "select(.id == \"$1\") | .id" | wc -l; }
asked_more_than() { (($(asked "$1") > $2)); }
# The broker says no more than this.
refused_token() { ((status == 77)) && [[ $output == '' && $stderr == 'kgroups: '*'{"status":"invalid_token"}'* ]]; }
has_lines() { (($(wc -l <"$1") >= $2)); }

@test "a client logs in, over TLS too, with one token for all connections" {
    new_topic 1
    echo '{"n":1}' | produce "$TOPIC"
    login app app-secret
    local before
    before=$(asked app)
    run -0 --separate-stderr kconsume "${ARGS[@]}" -t "$TOPIC" --once
    assert_equal "$(jq -c .value <<<"$output")" '{"n":1}'
    assert_equal "$stderr" ''
    assert_equal "$(asked app)" $((before + 1))
    run -0 --separate-stderr kgroups "${ARGS[@]}" check --topic "$TOPIC"
    assert_equal "$(asked app)" $((before + 2))

    run -0 --separate-stderr kgroups "${ARGS[@]}" -b "localhost:$OAUTHS" -X security.protocol=SASL_SSL -X "ssl.ca.location=$CERTS/ca.pem" topics
    assert_equal "$stderr" ''
    assert_equal "$(oidc_seen | jq -c 'select(.id == "app")' | tail -1)" '{"id":"app","inForm":false,"grant_type":"client_credentials"}'
}

@test "a token in the clear is warned of" {
    login app app-secret
    run -0 --separate-stderr kgroups "${ARGS[@]}" -X allow.cleartext.login=false topics
    assert_equal "$stderr" 'kgroups: warning: security.protocol=SASL_PLAINTEXT with OAUTHBEARER: the token crosses the network in the clear. Use SASL_SSL, or say that it may: allow.cleartext.login=true'
}

@test "a wrong secret ends the tool at once, in the server's words" {
    login app marker-wrong
    for tool in "kgroups list" "kconsume -t none" "kseek -g none -t none --to earliest"; do
        # shellcheck disable=SC2086 # words
        run -77 --separate-stderr $tool "${ARGS[@]}"
        assert_equal "$stderr" "${tool%% *}: OAUTHBEARER token: $OIDC/token: invalid_client: no such client or secret. Check sasl.oauthbearer.client.id and sasl.oauthbearer.client.secret"
        assert_equal "$output" ''
    done
}

@test "a server that is not there, or is none, is named" {
    login app app-secret -X sasl.oauthbearer.token.endpoint.url=http://127.0.0.1:1/token
    run -69 --separate-stderr kgroups "${ARGS[@]}" list
    assert_regex "$stderr" '^kgroups: OAUTHBEARER token: http://127\.0\.0\.1:1/token: .*[Cc]onnect'
    login app app-secret -X "sasl.oauthbearer.token.endpoint.url=http://127.0.0.1:$PLAIN/token"
    run -69 --separate-stderr kgroups "${ARGS[@]}" list
    assert_regex "$stderr" "^kgroups: OAUTHBEARER token: http://127\.0\.0\.1:$PLAIN/token: "
    login app app-secret -X "sasl.oauthbearer.token.endpoint.url=$OIDC/nothing"
    run -78 --separate-stderr kgroups "${ARGS[@]}" list
    assert_equal "$stderr" "kgroups: OAUTHBEARER token: $OIDC/nothing: status 404. Check sasl.oauthbearer.token.endpoint.url"
    login no-token s
    run -78 --separate-stderr kgroups "${ARGS[@]}" list
    assert_equal "$stderr" "kgroups: OAUTHBEARER token: $OIDC/token: its answer: there is no access_token in it"
    # The broker's port speaks TLS by a certificate that nobody here knows.
    login app app-secret -X "sasl.oauthbearer.token.endpoint.url=https://localhost:$OAUTHS/token"
    run -77 --separate-stderr kgroups "${ARGS[@]}" list
    assert_regex "$stderr" 'certificate.*Name the certificate of its authority \(https\.ca\.location\)'
}

@test "a server by https, whose authority is named, in a file or as text, or known to the system" {
    login app app-secret -X "sasl.oauthbearer.token.endpoint.url=$OIDC_TLS/token"
    local CA
    CA=$(<"$CERTS/ca.pem")
    export CA
    run -0 --separate-stderr kgroups "${ARGS[@]}" -X "https.ca.location=$CERTS/ca.pem" topics
    assert_equal "$stderr" ''
    # shellcheck disable=SC2016 # a reference of ours
    run -0 --separate-stderr kgroups "${ARGS[@]}" -X 'https.ca.pem=${env:CA}' topics
    SSL_CERT_FILE=$CERTS/ca.pem run -0 --separate-stderr kgroups "${ARGS[@]}" topics
    run -77 --separate-stderr kgroups "${ARGS[@]}" -X "https.ca.location=$CERTS/other.pem" topics
    assert_regex "$stderr" 'certificate'
    # Its certificate is for localhost only.
    run -77 --separate-stderr kgroups "${ARGS[@]}" -X "https.ca.location=$CERTS/ca.pem" topics \
        -X "sasl.oauthbearer.token.endpoint.url=${OIDC_TLS/localhost/127.0.0.1}/token"
    assert_regex "$stderr" 'does not match|not valid for|no alternative certificate subject name'
}

@test "a token that the broker refuses is told in its words" {
    local client
    for client in other-audience other-issuer expired; do
        login "$client" s
        run --separate-stderr kgroups "${ARGS[@]}" list --timeout 5s
        refused_token
    done
}

@test "ids and secrets of any characters, in the header or in the form" {
    login 'app:ü+%/&=?' 's:e c+r%e/t&=?"\ü'
    run -0 --separate-stderr kgroups "${ARGS[@]}" topics
    assert_equal "$stderr" ''
    login 'in form' 'form secret'
    run -0 --separate-stderr kgroups "${ARGS[@]}" topics
    assert_equal "$stderr" ''
    assert_equal "$(oidc_seen | jq -c 'select(.id == "in form").inForm' | tail -2 | paste -sd ' ')" 'false true'
}

@test "scope and audience are sent when they are given" {
    login wants-audience s -X 'sasl.oauthbearer.scope=read write' -X sasl.oauthbearer.audience=kafka-prod
    run -0 --separate-stderr kgroups "${ARGS[@]}" topics
    login wants-audience s -X sasl.oauthbearer.audience=kafka-prod
    run -78 --separate-stderr kgroups "${ARGS[@]}" topics
    assert_equal "$stderr" "kgroups: OAUTHBEARER token: $OIDC/token: invalid_scope: scope is not read write. Check sasl.oauthbearer.scope"
}

@test "tokens of a file and of a command" {
    local good bad
    good=$(token_of app app-secret)
    bad=$(token_of other-audience)
    echo "$good" >token
    by_token -X "sasl.oauthbearer.token.file=$PWD/token"
    run -0 --separate-stderr kgroups "${ARGS[@]}" topics
    assert_equal "$stderr" ''
    echo "$bad" >token
    run --separate-stderr kgroups "${ARGS[@]}" topics --timeout 5s
    refused_token
    token_of expired >token
    run -77 --separate-stderr kgroups "${ARGS[@]}" topics
    assert_regex "$stderr" "^kgroups: sasl\.oauthbearer\.token\.file: $PWD/token: the token expired 60[0-9] s ago\$"
    rm token
    run -74 --separate-stderr kgroups "${ARGS[@]}" topics
    assert_equal "$stderr" "kgroups: sasl.oauthbearer.token.file: $PWD/token: No such file or directory"

    echo "$good" >token
    by_token -X "sasl.oauthbearer.token.command=cat $PWD/token"
    run -0 --separate-stderr kgroups "${ARGS[@]}" topics
    assert_equal "$stderr" ''
    by_token -X "sasl.oauthbearer.token.command=curl -sf -u app:app-secret -d grant_type=client_credentials $OIDC/token"
    run -0 --separate-stderr kgroups "${ARGS[@]}" topics
    assert_equal "$stderr" ''
    by_token -X 'sasl.oauthbearer.token.command=echo why >&2; exit 3'
    run -78 --separate-stderr kgroups "${ARGS[@]}" topics
    assert_equal "$stderr" $'why\nkgroups: sasl.oauthbearer.token.command: exit status 3'
}

@test "short tokens are replaced while kconsume runs, and the connections live on" {
    new_topic 1
    login short s
    local before
    before=$(asked short)
    kconsume "${ARGS[@]}" -t "$TOPIC" >out 2>err 3>&- &
    background+=($!)
    # 6 s each, replaced at 80 %: more than three lives.
    wait_until 60 asked_more_than short $((before + 4))
    echo '{"n":1}' | produce "$TOPIC"
    wait_until 20 has_lines out 1
    kill "${background[0]}"
    wait "${background[0]}"
    background=()
    assert_equal "$(cat err)" ''
}

@test "an outage of the token server is survived, also when the token has died" {
    new_topic 1
    login silent s
    kconsume "${ARGS[@]}" -t "$TOPIC" >out 2>err 3>&- &
    background+=($!)
    echo '{"n":1}' | produce "$TOPIC"
    wait_until 20 has_lines out 1
    oidc_stop
    wait_until 20 grep -qE '^kconsume: warning: OAUTHBEARER token: http://localhost:[0-9]+/token: .*[Cc]onnect.*\(retrying; the present token is good for [0-3] s more\)$' err
    echo '{"n":2}' | produce "$TOPIC"
    wait_until 20 has_lines out 2
    wait_until 20 grep -q '(retrying; the present token has expired)$' err
    oidc_start
    wait_until 60 asked_more_than silent 0
    echo '{"n":3}' | produce "$TOPIC"
    wait_until 60 has_lines out 3
    kill "${background[0]}"
    wait "${background[0]}"
    background=()
}

@test "a rotated secret is read anew" {
    new_topic 1
    login short s -X "sasl.oauthbearer.client.secret=file:$PWD/secret"
    echo s >secret
    kconsume "${ARGS[@]}" -t "$TOPIC" >out 2>err 3>&- &
    background+=($!)
    echo '{"n":1}' | produce "$TOPIC"
    wait_until 20 has_lines out 1
    echo wrong >secret
    wait_until 20 grep -q 'warning: OAUTHBEARER token: .*invalid_client.*(retrying; the present token' err
    echo s >secret
    local before
    before=$(asked short)
    wait_until 20 asked_more_than short $((before + 3))
    kill "${background[0]}"
    wait "${background[0]}"
    background=()
}

@test "no secret and no token is ever shown" {
    local marker=marker-$RANDOM$RANDOM good
    good=$(token_of app app-secret)
    echo "$good" >token
    by_token -X "sasl.oauthbearer.token.file=$PWD/token" --log-level debug -X debug=all
    run kgroups "${ARGS[@]}" topics
    assert_success
    refute grep -qF "${good##*.}" <<<"$output"
    login app "$marker" --log-level debug -X debug=all
    run -77 kgroups "${ARGS[@]}" topics
    refute grep -qF "$marker" <<<"$output"
    refute grep -qF "$(printf 'app:%s' "$marker" | base64 -w0)" <<<"$output"
}
