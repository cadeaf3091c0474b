# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A broker with every kind of login and an authorizer; needs secured.bash, for its certificates. Users are made by
# `kadmin scram`, and by the configuration for PLAIN; who comes in by the plain listener may do everything.

# logins_start DIR: sets and exports PLAIN, TLS, LOGIN, LOGIN_TLS, RENEW, LOST, INNER (ports of its listeners), NOBODY (a
# port that nobody listens on), CERTS, and ALICE, the password of the user alice.
#   LOGIN      SASL_PLAINTEXT: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512      LOGIN_TLS  the same by TLS, as localhost
#   RENEW      SASL_PLAINTEXT, SCRAM-SHA-256; each connection must log in again every second or so
#   LOST       advertises 127.0.0.1:$NOBODY                             INNER      advertises a name that nobody knows
logins_start() {
    local dir=$1 controller port ports=() listener settings=()
    export CERTS=$dir/certs ALICE=alice-secret
    mkdir -p "$CERTS"
    secured_certificates >"$dir/openssl.log" 2>&1 || {
        cat "$dir/openssl.log" >&2
        return 1
    }
    while ((${#ports[@]} < 9)); do
        port=$(free_port)
        [[ " ${ports[*]-} " == *" $port "* ]] || ports+=("$port")
    done
    export PLAIN=${ports[0]} TLS=${ports[1]} LOGIN=${ports[2]} LOGIN_TLS=${ports[3]} RENEW=${ports[4]} LOST=${ports[5]} INNER=${ports[6]} NOBODY=${ports[7]}
    controller=${ports[8]}
    for listener in login login_tls; do
        settings+=("listener.name.$listener.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"
            "listener.name.$listener.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_alice=\"$ALICE\";"
            "listener.name.$listener.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;")
    done
    for listener in login login_tls renew; do
        settings+=("listener.name.$listener.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;")
    done
    kafka_start "$dir/kafka" "controller.quorum.voters=1@127.0.0.1:$controller" \
        "listeners=PLAINTEXT://127.0.0.1:$PLAIN,CONTROLLER://127.0.0.1:$controller,TLS://127.0.0.1:$TLS,LOGIN://127.0.0.1:$LOGIN,LOGIN_TLS://127.0.0.1:$LOGIN_TLS,RENEW://127.0.0.1:$RENEW,LOST://127.0.0.1:$LOST,INNER://127.0.0.1:$INNER" \
        "advertised.listeners=PLAINTEXT://127.0.0.1:$PLAIN,TLS://localhost:$TLS,LOGIN://127.0.0.1:$LOGIN,LOGIN_TLS://localhost:$LOGIN_TLS,RENEW://127.0.0.1:$RENEW,LOST://127.0.0.1:$NOBODY,INNER://kafka-0.inner.invalid:9092" \
        listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,LOGIN:SASL_PLAINTEXT,LOGIN_TLS:SASL_SSL,RENEW:SASL_PLAINTEXT,LOST:PLAINTEXT,INNER:PLAINTEXT \
        ssl.keystore.type=PKCS12 "ssl.keystore.location=$CERTS/broker.p12" ssl.keystore.password=changeit ssl.key.password=changeit \
        listener.name.renew.sasl.enabled.mechanisms=SCRAM-SHA-256 listener.name.renew.scram-sha-256.connections.max.reauth.ms=1500 \
        "${settings[@]}" \
        authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer super.users=User:ANONYMOUS
    KAFKA_BOOTSTRAP=127.0.0.1:$PLAIN kadmin scram alice SCRAM-SHA-256 ALICE
    KAFKA_BOOTSTRAP=127.0.0.1:$PLAIN kadmin scram alice SCRAM-SHA-512 ALICE
}

# login LISTENER MECHANISM: sets WAY, the options by which alice comes in; her password is in $ALICE.
login() {
    WAY=(-X "sasl.mechanism=$2" -X sasl.username=alice -X sasl.password=env:ALICE)
    case $1 in
        LOGIN_TLS) WAY+=(-b "localhost:$LOGIN_TLS" -X security.protocol=sasl_ssl -X "ssl.ca.location=$CERTS/ca.pem") ;;
        *) WAY+=(-b "127.0.0.1:${!1}" -X security.protocol=sasl_plaintext -X allow.cleartext.login=true) ;;
    esac
}

# listen ACCEPTS: a port of this machine that takes connections and never answers (ACCEPTS=1), or of which packets are
# dropped, as by a firewall (0: the queue of a listener that accepts nothing is full). Sets SILENT (the port) and
# SILENT_PID, which the caller kills.
listen() {
    "$KPIPE_PYTHON" -c 'import signal, socket, sys
accepts = sys.argv[1] == "1"
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(100 if accepts else 0)
waiting = [socket.socket() for _ in range(0 if accepts else 8)]
for one in waiting:
    one.setblocking(False)
    one.connect_ex(listener.getsockname())
print(listener.getsockname()[1], flush=True)
signal.pause()' "$1" >"$BATS_TEST_TMPDIR/port" 3>&- &
    export SILENT SILENT_PID=$!
    wait_until 20 test -s "$BATS_TEST_TMPDIR/port"
    SILENT=$(<"$BATS_TEST_TMPDIR/port")
}
