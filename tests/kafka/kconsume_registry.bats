#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# How kconsume gets along with a registry of Confluent's API, a real one behind a front that wants a login, speaks TLS and
# fails on demand. What the schemas mean is tested elsewhere: here values are Avro's long 21.

bats_require_minimum_version 1.5.0
load ../support/common
load pipeline
load secured
load ../../packaging/lib/common
load ../../packaging/lib/servers
load registry

setup_file() {
    registry_start "$BATS_FILE_TMPDIR"
    LONG=$(registry_add long <<<'"long"')
    TEXT=$(registry_add text <<<'"string"')
    export LONG TEXT CERTS=$BATS_FILE_TMPDIR/certs
    mkdir -p "$CERTS"
    secured_certificates >"$BATS_FILE_TMPDIR/openssl.log" 2>&1
}

teardown_file() { registry_stop "$BATS_FILE_TMPDIR"; }

setup() {
    export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP XDG_CONFIG_HOME=$BATS_TEST_TMPDIR
    cd "$BATS_TEST_TMPDIR" || return 1
    umask 077
    new_topic 1
    fronts=() pids=()
}

teardown() {
    local dir pid
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for dir in "${fronts[@]}"; do front_stop "$dir"; done
}

# new_front NAME [option...]: a front of the registry; sets FRONT_URL.
new_front() {
    fronts+=("$PWD/$1")
    front_start "$PWD/$1" "$REGISTRY_URL" "${@:2}"
}

# put ID [PAYLOAD (printf)]: a record with Confluent's frame of this schema.
put() {
    printf '\0' >payload
    # shellcheck disable=SC2059 # bytes
    printf "\\x${1:0:2}\\x${1:2:2}\\x${1:4:2}\\x${1:6:2}${2-\\x2a}" >>payload
    kcat -q -b "$KAFKA_BOOTSTRAP" -P -t "$TOPIC" payload
}
put_long() { put "$(printf %08x "$LONG")"; }

read_all() { run "$1" --separate-stderr kconsume -t "$TOPIC" --once -f avro --envelope value "${@:2}"; }
# ended STATUS: the one in the background has.
ended() {
    local status=0
    wait "${pids[0]}" || status=$?
    assert_equal "$status" "$1"
}
asked() { front "$PWD/$1" /hits; }
asked_for() { [[ $(asked "$1") == *"$2"* ]]; }
has_lines() { (($(wc -l <"$1") >= $2)); }
says() { grep -qF -- "$2" "$1"; }

@test "each schema is fetched once, and a second run asks again" {
    new_front f
    for _ in 1 2 3 4 5; do put_long; done
    put "$(printf %08x "$TEXT")" '\x02a'
    put_long
    read_all -0 --registry-url "$FRONT_URL/"
    assert_output $'21\n21\n21\n21\n21\n"a"\n21'
    assert_equal "$stderr" ''
    run -0 asked f
    assert_output "200 GET /apis/ccompat/v7/schemas/ids/$LONG
200 GET /apis/ccompat/v7/schemas/ids/$TEXT"
    KPIPE_SCHEMA_REGISTRY_URL=$FRONT_URL read_all -0
    run -0 asked f
    assert_equal "${#lines[@]}" 4
}

@test "an id that the registry does not know is bad data, asked for once" {
    new_front f
    put_long
    put 000003e7
    put 000003e7
    put_long
    read_all -65 --registry-url "$FRONT_URL"
    assert_output 21
    assert_regex "$stderr" "$TOPIC\[0\]@1: .*schema 999: is unknown to the registry \(No content with ID '999' was found.\)"
    front "$PWD/f" /forget '{}'
    read_all -0 --registry-url "$FRONT_URL" --bad-data skip
    assert_output $'21\n21'
    run -0 asked f
    assert_equal "$(grep -c '^404 .*/ids/999$' <<<"$output")" 1
}

@test "references come along, and one that is missing is named" {
    local sku line
    sku=$(registry_add "$TOPIC-sku" <<<'{"type":"record","name":"Sku","fields":[{"name":"n","type":"long"}]}')
    line=$(registry_add "$TOPIC-line" AVRO "[{\"name\":\"Sku\",\"subject\":\"$TOPIC-sku\",\"version\":1}]" \
        <<<'{"type":"record","name":"Line","fields":[{"name":"sku","type":"Sku"}]}')
    new_front f
    put "$(printf %08x "$line")"
    put "$(printf %08x "$sku")"
    read_all -0 --registry-url "$FRONT_URL"
    assert_output $'{"sku":{"n":21}}\n{"n":21}'
    assert asked_for f "200 GET /apis/ccompat/v7/subjects/$TOPIC-sku/versions/1?deleted=true"
}

@test "basic login: by file, profile, variable; refused without, and never shown" {
    new_front f --user 'me:hush:1'
    put_long
    echo 'me:hush:1' >auth
    read_all -0 --registry-url "$FRONT_URL" --registry-auth file:auth
    assert_output 21
    mkdir kpipe
    cat >kpipe/config.toml <<-END
	[connections.c]
	brokers = ["$KAFKA_BOOTSTRAP"]
	[connections.c.schema_registry]
	endpoint = "$FRONT_URL"
	api_key = "me"
	api_secret = "\${secret:s.pw}"
	[secrets.s.data]
	pw = "hush:1"
	END
    unset KPIPE_BOOTSTRAP_SERVERS
    read_all -0 --profile c
    assert_output 21
    export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
    SECRET=me:hush:1 KPIPE_SCHEMA_REGISTRY_AUTH=env:SECRET read_all -0 -X "schema.registry.url=$FRONT_URL"

    read_all -77 --registry-url "$FRONT_URL"
    assert_regex "$stderr" '^kconsume: schema registry: .*/schemas/ids/[0-9]+: status 401: Unauthorized\. Give --registry-auth file:PATH'
    SECRET=me:wrong read_all -77 --registry-url "$FRONT_URL" --registry-auth env:SECRET
    assert_regex "$stderr" 'status 401: Unauthorized\. Check --registry-auth'
    refute_regex "$output$stderr" wrong
    read_all -64 --registry-url "$FRONT_URL" --registry-auth me:hush:1
    refute_regex "$output$stderr" hush
    run -0 --separate-stderr kconsume --show-config -t x --registry-url "$FRONT_URL" --registry-auth file:auth -vv
    refute_regex "$output$stderr" hush
    assert_line --partial 'schema.registry.auth = ********  # --registry-auth, file:auth'
}

@test "a token, which may be replaced in its file while kconsume runs" {
    new_front f --token tok.en
    put_long
    echo tok.en >token
    read_all -0 --registry-url "$FRONT_URL" --registry-auth file:token
    assert_output 21
    front_stop "$PWD/f"
    new_front f --token other
    kconsume -t "$TOPIC" -f avro --envelope value --registry-url "$FRONT_URL" -X bearer.auth.token=file:token >out 2>err &
    pids+=($!)
    ended 77
    run cat err
    assert_output --partial 'Check --registry-auth, or schema.registry.bearer.auth.token'
    refute_output --partial tok.en
    echo other >token
    read_all -0 --registry-url "$FRONT_URL" -X bearer.auth.token=file:token
}

@test "TLS by an authority of one's own, and with a certificate of ours" {
    new_front f --cert "$CERTS/broker.pem" --key "$CERTS/broker.key"
    put_long
    read_all -0 --registry-url "$FRONT_URL" --registry-ca "$CERTS/ca.pem"
    assert_output 21
    read_all -77 --registry-url "$FRONT_URL"
    assert_regex "$stderr" 'schema registry: https://localhost:.*certificate.*\(schema.registry.ssl.ca.location\)'
    read_all -77 --registry-url "${FRONT_URL/localhost/127.0.0.1}" --registry-ca "$CERTS/ca.pem"
    read_all -78 --registry-url "$FRONT_URL" --registry-ca nowhere.pem
    assert_regex "$stderr" '^kconsume: --registry-ca: schema.registry.ssl.ca.location: nowhere.pem: '

    new_front m --cert "$CERTS/broker.pem" --key "$CERTS/broker.key" --client-ca "$CERTS/ca.pem"
    read_all -0 --registry-url "$FRONT_URL" --registry-ca "$CERTS/ca.pem" \
        -X "schema.registry.ssl.certificate.location=$CERTS/broker.pem" -X "schema.registry.ssl.key.location=$CERTS/broker.key"
    assert_output 21
    read_all -77 --registry-url "$FRONT_URL" --registry-ca "$CERTS/ca.pem"
    assert_regex "$stderr" 'certificate required'
}

@test "the wrong path, and what is no registry, are said at once" {
    put_long
    read_all -78 --registry-url "${REGISTRY_URL%/apis*}"
    assert_regex "$stderr" "^kconsume: schema registry: ${REGISTRY_URL%/apis*}/schemas/ids/$LONG: status 404.*This is no answer of a schema registry. Check the path in schema.registry.url: Apicurio's is /apis/ccompat/v7"
    new_front f
    front "$PWD/f" /fault '{"status":200,"count":9,"body":"<html>log in</html>"}'
    read_all -78 --registry-url "$FRONT_URL"
    read_all -64 --registry-url http://me:hush@127.0.0.1:1
    refute_regex "$stderr" hush
}

@test "a registry that never answers ends the run with 69 after the timeout" {
    put_long
    new_front f
    front "$PWD/f" /down '{}'
    read_all -69 --registry-url "$FRONT_URL" --timeout 1s
    assert_output ''
    assert_regex "$stderr" "kconsume: schema registry: $FRONT_URL/schemas/ids/$LONG: .*[Cc]onnect"
}

@test "of several addresses the next is asked when one fails" {
    put_long
    new_front a
    local a=$FRONT_URL
    new_front b
    front "$PWD/a" /down '{}'
    read_all -0 --registry-url "$a,$FRONT_URL"
    assert_output 21
    assert_equal "$stderr" ''
    assert_equal "$(asked b)" "200 GET /apis/ccompat/v7/schemas/ids/$LONG"
    front "$PWD/a" /up '{}'
    front "$PWD/a" /fault '{"status":503,"count":1}'
    read_all -0 --registry-url "$a,$FRONT_URL"
    assert_equal "$(asked a)" "503 GET /apis/ccompat/v7/schemas/ids/$LONG"
}

@test "errors of the server, a late answer and Retry-After are waited for" {
    put_long
    put "$(printf %08x "$TEXT")" '\x02a'
    new_front f
    front "$PWD/f" /fault "{\"status\":500,\"count\":2,\"path\":\"/ids/$TEXT\"}"
    read_all -0 --registry-url "$FRONT_URL"
    assert_output $'21\n"a"'
    assert_line --partial --index 0 '21'
    assert_regex "$stderr" 'warning: schema registry: .*status 500: injected \(asking again; records wait\)'
    assert_regex "$stderr" 'schema registry: answers again after'
    front "$PWD/f" /fault '{"status":429,"count":1,"headers":{"Retry-After":"1"}}'
    read_all -0 --registry-url "$FRONT_URL"
    assert_output $'21\n"a"'
}

@test "records wait while the registry is down; none is bad and none is lost, and the member stays" {
    new_group
    new_front f
    put_long
    kconsume -t "$TOPIC" -g "$GROUP" -f avro --envelope value --commit written --commit-interval 100ms --registry-url "$FRONT_URL" \
        -X session.timeout.ms=1500 -X max.poll.interval.ms=1500 -X heartbeat.interval.ms=300 >out 2>err &
    pids+=($!)
    wait_until 30 says out 21
    front "$PWD/f" /down '{}'
    put "$(printf %08x "$TEXT")" '\x02a'
    put_long
    wait_until 30 says err 'asking again; records wait'
    # Longer than a member may be silent, or not poll.
    local end=$((SECONDS + 4))
    while ((SECONDS < end)); do
        assert_equal "$(group_members "$GROUP")" 1
        sleep 0.2
    done
    refute says out '"a"'
    front "$PWD/f" /up '{}'
    wait_until 60 says out '"a"'
    wait_until 30 has_lines out 3
    assert says err 'answers again after'
    kill "${pids[0]}"
    ended 0
    assert_equal "$(sort out | paste -sd' ')" '"a" 21 21'
    assert_equal "$(committed_sum "$GROUP" "$TOPIC")" 3
    assert_equal "$(grep -c 'records wait' err)" 1
    refute says err 'bad data'
}

@test "a registry that was stopped and started again" {
    registry_start "$BATS_TEST_TMPDIR/own"
    local id
    id=$(registry_add s <<<'"long"')
    put "$(printf %08x "$id")"
    kconsume -t "$TOPIC" -f avro --envelope value --registry-url "$REGISTRY_URL" >out 2>err &
    pids+=($!)
    wait_until 30 says out 21
    registry_add t <<<'"string"' >id
    registry_stop "$BATS_TEST_TMPDIR/own"
    put "$(printf %08x "$(<id)")" '\x02a'
    wait_until 30 says err 'asking again; records wait'
    registry_start "$BATS_TEST_TMPDIR/own"
    wait_until 60 says out '"a"'
    registry_stop "$BATS_TEST_TMPDIR/own"
}
