# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A second broker with every kind of listener and an authorizer. Its users' names are nobody's but the tests'; who comes
# in by the plain listener may do everything.

# secured_start DIR: sets and exports PLAIN, LOGIN, TLS, MUTUAL, LOST, INNER (ports of its listeners), NOBODY (a port that
# nobody listens on) and CERTS (a folder with ca.pem, other.pem, expired.pem and expired.key).
#   LOGIN   SASL PLAIN, user alice, password of $ALICE_PASSWORD       TLS    TLS, certificate for localhost only
#   MUTUAL  TLS, demands a certificate of ours               LOST   advertises 127.0.0.1:$NOBODY
#   INNER   advertises a name that nobody knows
secured_start() {
    local dir=$1 controller
    export CERTS=$dir/certs ALICE_PASSWORD=alice-secret
    mkdir -p "$CERTS"
    secured_certificates >"$dir/openssl.log" 2>&1 || {
        cat "$dir/openssl.log" >&2
        return 1
    }
    secured_ports
    controller=${PORTS[7]}
    kafka_start "$dir/kafka" \
        "controller.quorum.voters=1@127.0.0.1:$controller" \
        "listeners=PLAINTEXT://127.0.0.1:$PLAIN,CONTROLLER://127.0.0.1:$controller,LOGIN://127.0.0.1:$LOGIN,TLS://127.0.0.1:$TLS,MUTUAL://127.0.0.1:$MUTUAL,LOST://127.0.0.1:$LOST,INNER://127.0.0.1:$INNER" \
        "advertised.listeners=PLAINTEXT://127.0.0.1:$PLAIN,LOGIN://127.0.0.1:$LOGIN,TLS://localhost:$TLS,MUTUAL://localhost:$MUTUAL,LOST://127.0.0.1:$NOBODY,INNER://kafka-0.inner.invalid:9092" \
        listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_PLAINTEXT,TLS:SSL,MUTUAL:SSL,LOST:PLAINTEXT,INNER:PLAINTEXT \
        ssl.keystore.type=PKCS12 "ssl.keystore.location=$CERTS/broker.p12" ssl.keystore.password=changeit ssl.key.password=changeit \
        ssl.truststore.type=PEM "ssl.truststore.location=$CERTS/ca.pem" listener.name.mutual.ssl.client.auth=required \
        sasl.enabled.mechanisms=PLAIN \
        "listener.name.login.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_alice=\"$ALICE_PASSWORD\";" \
        authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer super.users=User:ANONYMOUS
}

# Eight ports, no two alike.
secured_ports() {
    local port
    PORTS=()
    while ((${#PORTS[@]} < 8)); do
        port=$(free_port)
        [[ " ${PORTS[*]-} " == *" $port "* ]] || PORTS+=("$port")
    done
    export PLAIN=${PORTS[0]} LOGIN=${PORTS[1]} TLS=${PORTS[2]} MUTUAL=${PORTS[3]} LOST=${PORTS[4]} INNER=${PORTS[5]} NOBODY=${PORTS[6]}
}

secured_certificates() (
    set -e
    cd "$CERTS"
    for name in ca other; do
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=Test $name" -keyout "$name.key" -out "$name.pem"
    done
    # certificate NAME DAYS
    certificate() {
        openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
        openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$2" -out "$1.pem" \
            -extfile <(echo "subjectAltName=DNS:localhost")
    }
    certificate broker 40
    certificate expired 0
    openssl pkcs12 -export -name broker -inkey broker.key -in broker.pem -certfile ca.pem -passout pass:changeit -out broker.p12
)
