# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A broker whose users come with tokens. `load tokens` after `load ../support/common`, and secured for its certificates.

# tokens_start DIR: sets and exports PLAIN (everybody may do everything), OAUTH, OAUTHS, MSK (ports of listeners), CERTS and
# OIDC and OIDC_TLS (the addresses of the OpenID Connect server of tests/support/oidc, whose clients are listed there).
#   OAUTH   SASL_PLAINTEXT, tokens of OIDC for the audience kafka, checked by Kafka; OAUTHS: the same by TLS for localhost
#   MSK     SASL_SSL for localhost, tokens of Amazon MSK's IAM for eu-west-1 with a key of $MSK_KEYS
# A connection must log in again when its token ends.
tokens_start() {
    local dir=$1 controller ports=() port
    mkdir -p "$dir/classes"
    javac -d "$dir/classes" -cp "$KAFKA_HOME/libs/*" "$KPIPE_TOP/tests/support/msk/MskIamValidator.java"
    export CERTS=$dir/certs
    mkdir -p "$CERTS"
    secured_certificates >"$dir/openssl.log" 2>&1 || {
        cat "$dir/openssl.log" >&2
        return 1
    }
    while ((${#ports[@]} < 5)); do
        port=$(free_port)
        [[ " ${ports[*]-} " == *" $port "* ]] || ports+=("$port")
    done
    export PLAIN=${ports[0]} OAUTH=${ports[1]} OAUTHS=${ports[2]} MSK=${ports[3]} OIDC_PORT
    # It takes the two ports above its own as well.
    until OIDC_PORT=$(free_port) && [[ ! " ${ports[*]} " =~ " "($OIDC_PORT|$((OIDC_PORT + 1))|$((OIDC_PORT + 2)))" " ]]; do :; done
    export OIDC=http://localhost:$OIDC_PORT OIDC_TLS=https://localhost:$((OIDC_PORT + 2)) OIDC_DIR=$dir
    controller=${ports[4]}
    oidc_start
    local name properties=()
    for name in oauth oauths; do
        properties+=("listener.name.$name.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;"
            "listener.name.$name.oauthbearer.sasl.server.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler"
            "listener.name.$name.oauthbearer.sasl.oauthbearer.jwks.endpoint.url=$OIDC/jwks"
            "listener.name.$name.oauthbearer.sasl.oauthbearer.expected.audience=kafka"
            "listener.name.$name.oauthbearer.sasl.oauthbearer.expected.issuer=$OIDC"
            "listener.name.$name.oauthbearer.connections.max.reauth.ms=3600000")
    done
    KAFKA_CLASSES=$dir/classes KAFKA_OPTIONS="-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=$OIDC/jwks -Dmsk.keys=$MSK_KEYS -Dmsk.region=eu-west-1" \
        kafka_start "$dir/kafka" "${properties[@]}" \
        "controller.quorum.voters=1@127.0.0.1:$controller" \
        "listeners=PLAINTEXT://127.0.0.1:$PLAIN,CONTROLLER://127.0.0.1:$controller,OAUTH://127.0.0.1:$OAUTH,OAUTHS://127.0.0.1:$OAUTHS,MSK://127.0.0.1:$MSK" \
        "advertised.listeners=PLAINTEXT://127.0.0.1:$PLAIN,OAUTH://127.0.0.1:$OAUTH,OAUTHS://localhost:$OAUTHS,MSK://localhost:$MSK" \
        listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,OAUTH:SASL_PLAINTEXT,OAUTHS:SASL_SSL,MSK:SASL_SSL \
        ssl.keystore.type=PKCS12 "ssl.keystore.location=$CERTS/broker.p12" ssl.keystore.password=changeit ssl.key.password=changeit \
        sasl.enabled.mechanisms=OAUTHBEARER \
        "listener.name.msk.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;" \
        listener.name.msk.oauthbearer.sasl.server.callback.handler.class=MskIamValidator \
        listener.name.msk.oauthbearer.connections.max.reauth.ms=3600000
    export KAFKA_BOOTSTRAP=127.0.0.1:$PLAIN
}

# oidc_start: on its port, or there again. oidc_stop ends it.
oidc_start() {
    setsid node "$KPIPE_DEPS/oidc/server.mjs" "$OIDC_PORT" "$CERTS/broker.pem" "$CERTS/broker.key" </dev/null >"$OIDC_DIR/oidc.log" 2>&1 3>&- &
    echo $! >"$OIDC_DIR/oidc.pid"
    [[ -z ${KPIPE_SERVER_LIST-} ]] || echo "TERM $! $KPIPE_DEPS/oidc/server.mjs -" >>"$KPIPE_SERVER_LIST"
    disown
    until_true 20 oidc_seen >/dev/null || {
        cat "$OIDC_DIR/oidc.log" >&2
        return 1
    }
}
oidc_stop() { stop_pid "$(<"$OIDC_DIR/oidc.pid")" 10; }

# oidc_seen: what the OpenID Connect server was asked for since its start, a JSON line each.
oidc_seen() { curl -sf --noproxy '*' "http://127.0.0.1:$((OIDC_PORT + 1))/seen"; }

tokens_stop() {
    oidc_stop || true
    kafka_stop "$1/kafka"
}
