# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A broker whose listeners show certificates of every kind, and the files with which clients meet it.

# tls_start DIR: sets and exports PLAIN, TLS, MUTUAL, LOGIN, EXPIRED, FUTURE (ports of its listeners) and CERTS, a folder
# with what tls_files makes.
#   TLS      TLS, certificate for localhost only        MUTUAL   TLS, demands a certificate of ours
#   LOGIN    SASL_SSL, user alice, password alice-secret
#   EXPIRED  its certificate has expired                FUTURE   its certificate is not valid yet
tls_start() {
    local dir=$1 controller ports=() port stores='ssl.keystore.type=PKCS12 ssl.keystore.password=changeit ssl.key.password=changeit'
    export CERTS=$dir/certs
    mkdir -p "$CERTS"
    tls_files >"$dir/files.log" 2>&1 || {
        cat "$dir/files.log" >&2
        return 1
    }
    while ((${#ports[@]} < 7)); do
        port=$(free_port)
        [[ " ${ports[*]-} " == *" $port "* ]] || ports+=("$port")
    done
    export PLAIN=${ports[0]} TLS=${ports[1]} MUTUAL=${ports[2]} LOGIN=${ports[3]} EXPIRED=${ports[4]} FUTURE=${ports[5]}
    controller=${ports[6]}
    # shellcheck disable=SC2086 # a list
    kafka_start "$dir/kafka" \
        "controller.quorum.voters=1@127.0.0.1:$controller" \
        "listeners=PLAINTEXT://127.0.0.1:$PLAIN,CONTROLLER://127.0.0.1:$controller,TLS://127.0.0.1:$TLS,MUTUAL://127.0.0.1:$MUTUAL,LOGIN://127.0.0.1:$LOGIN,EXPIRED://127.0.0.1:$EXPIRED,FUTURE://127.0.0.1:$FUTURE" \
        "advertised.listeners=PLAINTEXT://127.0.0.1:$PLAIN,TLS://localhost:$TLS,MUTUAL://localhost:$MUTUAL,LOGIN://localhost:$LOGIN,EXPIRED://localhost:$EXPIRED,FUTURE://localhost:$FUTURE" \
        listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,MUTUAL:SSL,LOGIN:SASL_SSL,EXPIRED:SSL,FUTURE:SSL \
        $stores "ssl.keystore.location=$CERTS/broker.p12" \
        "listener.name.expired.ssl.keystore.location=$CERTS/expired.p12" "listener.name.future.ssl.keystore.location=$CERTS/future.p12" \
        ssl.truststore.type=PEM "ssl.truststore.location=$CERTS/ca.pem" listener.name.mutual.ssl.client.auth=required \
        sasl.enabled.mechanisms=PLAIN \
        'listener.name.login.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="alice-secret";'
}

# In $CERTS: certificates NAME.pem and keys NAME.key by ca (broker, client, expired, future, soon) and by other (foreign);
# all passwords are changeit, but for the key in two-passwords.jks, whose is keypass.
#   client.enc.key (OpenSSL's own), client.p8.key (PKCS#8)      encrypted keys
#   client.jks client.p12 legacy.p12 (RC2-40) java.p12          keystores
#   trust.jks trust.p12 (keytool), openssl.p12 (openssl), other.jks, empty.jks      truststores
tls_files() (
    set -e
    cd "$CERTS"
    pass=pass:changeit
    for name in ca other; do
        openssl req -x509 -newkey rsa:2048 -nodes -days 20 -subj "/CN=Test $name" -keyout "$name.key" -out "$name.pem"
    done
    # signed NAME CA NOT-BEFORE NOT-AFTER (days from now)
    signed() {
        : >index.txt
        openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
        openssl ca -batch -notext -config ca.cnf -cert "$2.pem" -keyfile "$2.key" -in "$1.csr" -out "$1.pem" \
            -startdate "$(date -u -d "$3 days" +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d "$4 days" +%Y%m%d%H%M%SZ)"
    }
    cat >ca.cnf <<-'END'
		[ca]
		default_ca = here
		[here]
		database = index.txt
		new_certs_dir = .
		rand_serial = yes
		unique_subject = no
		default_md = sha256
		policy = any
		x509_extensions = names
		[any]
		commonName = supplied
		[names]
		subjectAltName = DNS:localhost
	END
    signed broker ca -1 40
    signed client ca -1 40
    signed expired ca -9 -2
    signed future ca 2 40
    signed soon ca -1 7
    signed foreign other -1 40
    for name in broker expired future client; do
        openssl pkcs12 -export -name "$name" -inkey "$name.key" -in "$name.pem" -certfile ca.pem -passout $pass -out "$name.p12"
    done
    openssl rsa -traditional -aes256 -passout $pass -in client.key -out client.enc.key
    openssl pkcs8 -topk8 -v2 aes-256-cbc -passout $pass -in client.key -out client.p8.key
    openssl pkcs12 -export -legacy -inkey client.key -in client.pem -certfile ca.pem -passout $pass -out legacy.p12
    openssl pkcs12 -export -nokeys -in ca.pem -passout $pass -out openssl.p12
    trust() { keytool -importcert -noprompt -alias "$2" -file "$2.pem" -storetype "$3" -storepass changeit -keystore "$1"; }
    trust trust.jks ca JKS
    trust trust.p12 ca PKCS12
    trust other.jks other JKS
    trust empty.jks other JKS
    keytool -delete -alias other -keystore empty.jks -storetype JKS -storepass changeit
    # from_client FILE TYPE KEY-PASSWORD
    from_client() {
        keytool -importkeystore -noprompt -srckeystore client.p12 -srcstoretype PKCS12 -srcstorepass changeit \
            -deststoretype "$2" -deststorepass changeit -destkeypass "$3" -destkeystore "$1"
    }
    from_client client.jks JKS changeit
    from_client two-passwords.jks JKS keypass
    from_client java.p12 PKCS12 changeit
)
