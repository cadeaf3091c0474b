#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# AWS_MSK_IAM: a broker that recomputes the signature of each token (tests/support/msk), and credentials from each place
# that they can come from.

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
    # Long-lived keys, and temporary ones with their session token.
    export MSK_KEYS=AKIDSTATIC:static-secret/+,ASIATEMP:temp-secret:session/+==
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
    local name
    for name in $(compgen -e AWS_); do unset "$name"; done
    unset KPIPE_BOOTSTRAP_SERVERS KPIPE_PROFILE
    cd "$BATS_TEST_TMPDIR" || return 1
    export HOME=$PWD XDG_CONFIG_HOME=$PWD AWS_EC2_METADATA_DISABLED=true
    mkdir -m 700 .aws
    ARGS=(-b "localhost:$MSK" -X sasl.mechanism=AWS_MSK_IAM -X "ssl.ca.location=$CERTS/ca.pem" -X aws.region=eu-west-1)
    metadata=
}

teardown() {
    [[ -z $metadata ]] || kill "$metadata" 2>/dev/null || true
    [[ -z $metadata ]] || wait "$metadata" 2>/dev/null || true
}

# metadata_start [LIFE]: sets PLACE, the address of a server that gives out the temporary keys for LIFE seconds (3600).
metadata_start() {
    rm -f port
    "$KPIPE_PYTHON" "$KPIPE_TOP/tests/support/metadata_server.py" port ASIATEMP:temp-secret:session/+== "${1-3600}" 3>&- &
    metadata=$!
    wait_until 20 test -s port
    PLACE=http://127.0.0.1:$(<port)
}
seen() { curl -sf --noproxy '*' "$PLACE/seen"; }

static_keys() { export AWS_ACCESS_KEY_ID=AKIDSTATIC AWS_SECRET_ACCESS_KEY=static-secret/+; }

logs_in() {
    run -0 --separate-stderr kgroups "${ARGS[@]}" "$@" topics
    assert_equal "$stderr" ''
}

@test "keys of the environment log in, and records come" {
    static_keys
    new_topic 1
    echo '{"n":1}' | produce "$TOPIC"
    run -0 --separate-stderr kconsume "${ARGS[@]}" -t "$TOPIC" --once
    assert_equal "$(jq -c .value <<<"$output")" '{"n":1}'
    assert_equal "$stderr" ''
    export AWS_ACCESS_KEY_ID=ASIATEMP AWS_SECRET_ACCESS_KEY=temp-secret AWS_SESSION_TOKEN=session/+==
    logs_in
}

@test "wrong keys are refused by the broker, and not said" {
    static_keys
    local AWS_SECRET_ACCESS_KEY=marker-wrong
    run --separate-stderr kgroups "${ARGS[@]}" topics --timeout 5s --log-level debug
    assert_equal "$status" 77
    assert_regex "$stderr" 'invalid_token: wrong signature.*Check the AWS keys'
    refute grep -q marker-wrong <<<"$stderr"
    AWS_SECRET_ACCESS_KEY=static-secret/+
    run --separate-stderr kgroups "${ARGS[@]}" topics --timeout 5s -X aws.region=us-east-1
    assert_equal "$status" 77
    assert_regex "$stderr" 'invalid_token: wrong region'
}

@test "no credentials: says where it has looked" {
    run -78 --separate-stderr kgroups "${ARGS[@]}" topics
    assert_regex "$stderr" '^kgroups: AWS credentials: none found\. Tried AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE, profile default, AWS_CONTAINER_CREDENTIALS_FULL_URI'
    unset AWS_EC2_METADATA_DISABLED
    export AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1
    run -78 --separate-stderr kgroups "${ARGS[@]}" topics
    assert_regex "$stderr" 'instance metadata \(http://127\.0\.0\.1:1/latest/api/token: '
}

@test "the region comes from the broker's name" {
    static_keys
    ARGS=(-X sasl.mechanism=AWS_MSK_IAM -X "ssl.ca.location=$CERTS/ca.pem"
        -b "localhost:$MSK")
    run -78 --separate-stderr kgroups "${ARGS[@]}" topics
    assert_regex "$stderr" "^kgroups: aws\.region: the brokers' names do not say the region"
    export AWS_REGION=us-east-1
    run --separate-stderr kgroups "${ARGS[@]}" topics --timeout 5s
    assert_regex "$stderr" 'wrong region'
    # A name that nobody resolves, but that comes before the environment.
    logs_in -b "b-1.demo.abc123.c2.kafka.eu-west-1.amazonaws.com:1,localhost:$MSK"
}

@test "profiles: keys, command, role" {
    printf '[default]\naws_access_key_id = AKIDSTATIC\naws_secret_access_key = static-secret/+\nregion = eu-west-1\n' >.aws/credentials
    logs_in
    metadata_start
    export AWS_ENDPOINT_URL_STS=$PLACE
    cat >.aws/config <<'END'
[profile command]
credential_process = cat "$HOME/keys.json"
[profile role]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = source
external_id = 42
[profile source]
aws_access_key_id = SOURCE
aws_secret_access_key = s
[profile web]
role_arn = arn:aws:iam::123456789012:role/web
web_identity_token_file = web-token
role_session_name = me
[profile nobody]
role_arn = arn:aws:iam::123456789012:role/nobody
source_profile = default
END
    echo '{"Version":1,"AccessKeyId":"ASIATEMP","SecretAccessKey":"temp-secret","SessionToken":"session/+=="}' >keys.json
    echo web-identity >web-token
    logs_in -X aws.profile=command
    logs_in -X aws.profile=role
    AWS_PROFILE=web logs_in
    assert_equal "$(seen)" $'AssumeRole arn:aws:iam::123456789012:role/reader kpipe 42\nAssumeRoleWithWebIdentity arn:aws:iam::123456789012:role/web me'
    run -77 --separate-stderr kgroups "${ARGS[@]}" -X aws.profile=nobody topics
    assert_equal "$stderr" 'kgroups: AWS STS, role arn:aws:iam::123456789012:role/nobody: AccessDenied: not allowed'
}

@test "web identity, as Kubernetes gives it" {
    metadata_start
    echo web-identity >web-token
    export AWS_ENDPOINT_URL_STS=$PLACE AWS_WEB_IDENTITY_TOKEN_FILE=$PWD/web-token AWS_ROLE_ARN=arn:aws:iam::1:role/pod
    logs_in
    assert_equal "$(seen)" 'AssumeRoleWithWebIdentity arn:aws:iam::1:role/pod kpipe'
    export AWS_ENDPOINT_URL_STS=http://127.0.0.1:1
    run -69 --separate-stderr kgroups "${ARGS[@]}" topics
    assert_regex "$stderr" '^kgroups: AWS STS, role arn:aws:iam::1:role/pod: http://127\.0\.0\.1:1/: '
}

@test "a container's endpoint" {
    metadata_start
    export AWS_CONTAINER_CREDENTIALS_FULL_URI=$PLACE/pod AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=$PWD/pod-token
    echo 'Bearer pod' >pod-token
    logs_in
    assert_equal "$(seen)" 'GET /pod'
    echo 'Bearer other' >pod-token
    run -77 --separate-stderr kgroups "${ARGS[@]}" topics
    assert_equal "$stderr" "kgroups: $PLACE/pod: status 401: who are you"
}

@test "an instance's metadata" {
    metadata_start
    unset AWS_EC2_METADATA_DISABLED
    export AWS_EC2_METADATA_SERVICE_ENDPOINT=$PLACE/ http_proxy=http://127.0.0.1:1
    logs_in
    assert_equal "$(seen)" $'PUT /latest/api/token\nGET /latest/meta-data/iam/security-credentials/\nGET /latest/meta-data/iam/security-credentials/kpipe-role'
}

asked_more_than() { (($(seen | grep -c 'PUT /latest/api/token') > $1)); }
has_lines() { (($(wc -l <"$1") >= $2)); }

@test "temporary keys are renewed while kconsume runs, and the connections live on" {
    metadata_start 5
    unset AWS_EC2_METADATA_DISABLED
    export AWS_EC2_METADATA_SERVICE_ENDPOINT=$PLACE
    new_topic 1
    kconsume "${ARGS[@]}" -t "$TOPIC" >out 2>err 3>&- &
    local pid=$!
    # Tokens that end with the keys, replaced at 80 %: more than three lives.
    wait_until 60 asked_more_than 5
    echo '{"n":1}' | produce "$TOPIC"
    wait_until 20 has_lines out 1
    kill "$pid"
    wait "$pid"
    assert_equal "$(cat err)" ''
}

@test "tokens are those of AWS's own signer, byte for byte" {
    local seed=${KPIPE_SEED:-$RANDOM$RANDOM}
    echo "seed $seed"
    "$KPIPE_PYTHON" "$KPIPE_TOP/tests/support/msk_vectors.py" 100 "$seed" in expected
    "$KPIPE_BIN/msk_tokens" <in >got
    assert_equal "$(wc -l <expected)" 100
    cmp got expected
}

@test "the template of packaging/examples, but for the names of brokers" {
    mkdir -p kpipe/connections.d
    sed -E "/^brokers/,/^]/c brokers = [\"localhost:$MSK\"]" "$KPIPE_TOP/packaging/examples/msk-iam.toml" |
        sed 's/^# auth.region = "us-east-1"/auth.region = "eu-west-1"/' >kpipe/connections.d/msk-iam.toml
    static_keys
    export SSL_CERT_FILE=$CERTS/ca.pem
    run -0 --separate-stderr kgroups --profile msk-iam topics
    assert_equal "$stderr" ''
    run -0 --separate-stderr kgroups --profile msk-iam --show-config
    assert_line --regexp '^security.protocol = SASL_SSL  # .*auth.type=aws_msk_iam'
    export AWS_SECRET_ACCESS_KEY=wrong
    run -77 --separate-stderr kgroups --profile msk-iam topics
}
