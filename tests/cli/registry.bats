#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The settings of schema registries, from everywhere where a connection may be described. No registry is asked.

bats_require_minimum_version 1.5.0
load ../support/common

setup() {
    local name
    for name in $(compgen -e KPIPE_SCHEMA || true); do unset "$name"; done
    unset KPIPE_BOOTSTRAP_SERVERS KPIPE_PROFILE
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_CONFIG_HOME=$PWD
    umask 077
    mkdir kpipe
}

shown() { kgroups --show-config "$@" | grep -E '^(schema|aws)'; }

@test "a profile names the registry in a table of its own, as other tools' documents do" {
    cat >kpipe/config.toml <<-'END'
	[connections.shop]
	brokers = ["localhost:9092"]
	[connections.shop.schema_registry]
	endpoint = "https://registry:8081"
	api_key = "${secret:shop.key}"
	api_secret = "${secret:shop.sr_secret}"
	ca_location = "ca.pem"
	[secrets.shop.data]
	key = "me"
	sr_secret = "hush"
	END
    run -0 shown --profile shop
    assert_output "schema.registry.password = ********  # $PWD/kpipe/config.toml:6, \${secret:shop.sr_secret}
schema.registry.ssl.ca.location = $PWD/kpipe/ca.pem  # $PWD/kpipe/config.toml:7
schema.registry.url = https://registry:8081  # $PWD/kpipe/config.toml:4
schema.registry.username = ********  # $PWD/kpipe/config.toml:5, \${secret:shop.key}"
}

@test "so do flat names, -X, variables, URIs and client.properties" {
    run -0 shown -X schema_registry_url=http://a -X schema_registry_username=me -X schema_registry_password=file:pw
    assert_output 'schema.registry.password = ********  # -X, file:pw
schema.registry.url = http://a  # -X
schema.registry.username = me  # -X'

    KPIPE_SCHEMA_REGISTRY_URL=http://b KPIPE_SCHEMA_REGISTRY_AUTH=env:TOKEN KPIPE_AWS_GLUE_REGISTRY_NAME=shop run -0 shown
    assert_output 'aws.glue.registry.name = shop  # KPIPE_AWS_GLUE_REGISTRY_NAME
schema.registry.auth = ********  # KPIPE_SCHEMA_REGISTRY_AUTH, env:TOKEN
schema.registry.url = http://b  # KPIPE_SCHEMA_REGISTRY_URL'

    TOKEN=me:hush run -0 shown --uri 'kafka://?schema_registry_url=http%3A%2F%2Fc&basic.auth.user.info={TOKEN}'
    assert_output --partial 'schema.registry.basic.auth.user.info = ********  # --uri'
    assert_output --partial 'schema.registry.url = http://c  # --uri'

    cat >client.properties <<-'END'
	bootstrap.servers=localhost:9092
	schema.registry.url=http://d
	basic.auth.credentials.source=USER_INFO
	schema.registry.basic.auth.user.info=me:hush
	auto.register.schemas=false
	value.subject.name.strategy=io.confluent.kafka.serializers.subject.TopicNameStrategy
	END
    run -0 shown --import client.properties
    assert_output 'schema.registry.basic.auth.credentials.source = USER_INFO  # client.properties:3
schema.registry.basic.auth.user.info = ********  # client.properties:4
schema.registry.url = http://d  # client.properties:2'
}

@test "a password in the command line or in an address is refused and not repeated" {
    run -64 --separate-stderr kgroups --show-config -X schema.registry.url=http://me:hush@a
    assert_equal "$output" ''
    assert_equal "$stderr" 'kgroups: -X: schema.registry.url: user and password in an address are seen by everybody. Give them by --registry-auth file:PATH, or as schema.registry.username and schema.registry.password'
    run -64 --separate-stderr kgroups --show-config -X schema.registry.password=hush
    refute_regex "$output$stderr" hush
    [[ $stderr == *'a secret on the command line can be read by others'* ]]
}

@test "what a registry's settings say wrong is said at once" {
    run -64 --separate-stderr kgroups --show-config -X schema.registry.type=karapace
    assert_equal "$stderr" "kgroups: -X: schema.registry.type: 'karapace': expected confluent or glue"
    run -78 --separate-stderr kgroups --show-config -X schema.registry.urls=http://a
    [[ $stderr == *'No such configuration property. Did you mean schema.registry.url?' ]]
    KPIPE_SCHEMA_REGISTRY_PASWORD=x run -78 --separate-stderr kgroups --show-config
    [[ $stderr == *'schema.registry.pasword: No such configuration property. Did you mean schema.registry.password?' ]]
}
