#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# TLS in every way that people keep their certificates and keys, on a broker of its own; and what is said of each file
# that is not right, before anybody connects.

bats_require_minimum_version 1.5.0
load ../support/common
load tls

setup_file() {
    load ../support/common
    source "$KPIPE_TOP/packaging/lib/common.bash"
    source "$KPIPE_TOP/packaging/lib/servers.bash"
    tls_start "$BATS_FILE_TMPDIR"
    export KAFKA_BOOTSTRAP=127.0.0.1:$PLAIN TOPIC
    TOPIC=$(unique t)
    kadmin create-topic "$TOPIC" 1
    echo '{"n":1}' | produce "$TOPIC"
}

teardown_file() {
    source "$KPIPE_TOP/packaging/lib/common.bash"
    source "$KPIPE_TOP/packaging/lib/servers.bash"
    kafka_stop "$BATS_FILE_TMPDIR/kafka"
}

setup() {
    unset KPIPE_BOOTSTRAP_SERVERS KPIPE_PROFILE
    cd "$CERTS" || return 1
    export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR PW=changeit WRONG=marker-hunter2
    CA=(ssl.ca.location=ca.pem)
    STORE_PW=ssl.keystore.password=env:PW
    TRUST_PW=ssl.truststore.password=env:PW
}

# reads BROKER PROPERTY...: kconsume gets the record of $TOPIC through BROKER by TLS with these properties, and says nothing.
reads() {
    consume "$@"
    assert_success
    assert_equal "$stderr" ''
    assert_equal "$(jq -c .value <<<"$output")" '{"n":1}'
}
consume() {
    local options=() property
    for property in security.protocol=SSL "${@:2}"; do options+=(-X "$property"); done
    run --separate-stderr kconsume -b "$1" -t "$TOPIC" --once --timeout 10s "${options[@]}"
}

# refuses MESSAGE PROPERTY...: 78 and, before anybody connects, this message alone.
refuses() {
    consume 127.0.0.1:1 "${@:2}"
    assert_equal "$status $stderr" "78 kconsume: $1"
    refute [ "$output" ]
}

@test "whom we trust: a PEM file, a value, a truststore of every kind" {
    reads "localhost:$TLS" ssl.ca.location=ca.pem
    reads "localhost:$TLS" "ssl.ca.location=$CERTS/ca.pem"
    reads "localhost:$TLS" ssl.truststore.location=trust.jks "$TRUST_PW"
    reads "localhost:$TLS" ssl.truststore.location=trust.jks ssl.truststore.type=JKS
    reads "localhost:$TLS" ssl.truststore.location=trust.p12 ssl.truststore.type=PKCS12 "$TRUST_PW"
    reads "localhost:$TLS" ssl.truststore.location=openssl.p12 "$TRUST_PW"
    reads "localhost:$TLS" ssl.truststore.location=ca.pem ssl.truststore.type=PEM
    CA_TEXT=$(<ca.pem) reads "localhost:$TLS" "ssl.ca.pem=\${env:CA_TEXT}"
    CA_TEXT=$(<ca.pem) reads "localhost:$TLS" "ssl.ca.location=\${env:CA_TEXT}"
    reads "localhost:$TLS" "ssl.truststore.certificates=\${file:ca.pem}"
    mkdir "$BATS_TEST_TMPDIR/hashed"
    cp ca.pem "$BATS_TEST_TMPDIR/hashed/$(openssl x509 -in ca.pem -hash -noout).0"
    reads "localhost:$TLS" "ssl.ca.location=$BATS_TEST_TMPDIR/hashed"
}

@test "a CA and a truststore are trusted together, whichever of them has the authority" {
    reads "localhost:$TLS" ssl.ca.location=other.pem ssl.truststore.location=trust.jks "$TRUST_PW"
    reads "localhost:$TLS" ssl.ca.location=ca.pem ssl.truststore.location=other.jks "$TRUST_PW"
    CA_TEXT=$(<ca.pem) reads "localhost:$TLS" "ssl.ca.pem=\${env:CA_TEXT}" ssl.ca.location=other.pem
}

@test "only those that are given are trusted, and the system's where none are" {
    local trusted
    for trusted in ssl.ca.location=other.pem ssl.truststore.location=other.jks client.id=none; do
        run --separate-stderr kgroups check -b "localhost:$TLS" --timeout 5s -X security.protocol=SSL -X "$trusted"
        assert_equal "$status" 77
        assert_regex "$stderr" 'authority that is not trusted here'
    done
    # OpenSSL looks there for the system's.
    SSL_CERT_FILE=ca.pem reads "localhost:$TLS"
}

@test "who we are: PEM, encrypted in both ways, a keystore of every kind, in the value" {
    local pem=(ssl.certificate.location=client.pem) key=ssl.key.password=env:PW
    reads "localhost:$MUTUAL" "${CA[@]}" "${pem[@]}" ssl.key.location=client.key
    reads "localhost:$MUTUAL" "${CA[@]}" "${pem[@]}" ssl.key.location=client.enc.key "$key"
    reads "localhost:$MUTUAL" "${CA[@]}" "${pem[@]}" ssl.key.location=client.p8.key "$key"
    local store
    for store in client.jks client.p12 java.p12 legacy.p12; do
        reads "localhost:$MUTUAL" "${CA[@]}" "ssl.keystore.location=$store" "$STORE_PW"
    done
    KEY=keypass reads "localhost:$MUTUAL" "${CA[@]}" ssl.keystore.location=two-passwords.jks "$STORE_PW" ssl.key.password=env:KEY
    cat client.p8.key client.pem ca.pem >"$BATS_TEST_TMPDIR/client.store"
    reads "localhost:$MUTUAL" "${CA[@]}" "ssl.keystore.location=$BATS_TEST_TMPDIR/client.store" ssl.keystore.type=PEM "$key"
    CERTIFICATE=$(<client.pem) KEY=$(<client.enc.key) \
        reads "localhost:$MUTUAL" "${CA[@]}" "ssl.certificate.pem=\${env:CERTIFICATE}" ssl.key.pem=env:KEY "$key"
    CERTIFICATE=$(<client.pem) KEY=$(<client.key) \
        reads "localhost:$MUTUAL" "${CA[@]}" "ssl.keystore.certificate.chain=\${env:CERTIFICATE}" ssl.keystore.key=env:KEY
    reads "localhost:$MUTUAL" ssl.truststore.location=trust.p12 "$TRUST_PW" ssl.keystore.location=java.p12 "$STORE_PW"
}

@test "a profile: stores and their passwords beside it, PEM in its text" {
    mkdir "$BATS_TEST_TMPDIR/kpipe"
    cp trust.jks client.p12 "$BATS_TEST_TMPDIR/kpipe"
    echo changeit >"$BATS_TEST_TMPDIR/kpipe/pw"
    chmod 600 "$BATS_TEST_TMPDIR/kpipe/pw"
    cat >"$BATS_TEST_TMPDIR/kpipe/config.toml" <<-END
		[connections.stores]
		brokers = ["localhost:$MUTUAL"]
		[connections.stores.properties]
		security.protocol = "SSL"
		ssl.truststore.location = "trust.jks"
		ssl.truststore.password = "file:pw"
		ssl.keystore.location = "client.p12"
		ssl.keystore.password = "file:pw"
		[connections.text]
		brokers = ["localhost:$TLS"]
		security_protocol = "SSL"
		ssl_ca_location = """
		$(<ca.pem)
		"""
	END
    local profile
    for profile in stores text; do
        run --separate-stderr kconsume --profile "$profile" -t "$TOPIC" --once
        assert_equal "$status $stderr" '0 '
        assert_equal "$(jq -c .value <<<"$output")" '{"n":1}'
    done
    rm "$BATS_TEST_TMPDIR/kpipe/trust.jks"
    run --separate-stderr kconsume --profile stores -t "$TOPIC" --once
    assert_equal "$status $stderr" "78 kconsume: $BATS_TEST_TMPDIR/kpipe/config.toml:5: ssl.truststore.location: $BATS_TEST_TMPDIR/kpipe/trust.jks: No such file or directory"
}

@test "the options of the tools do the same" {
    run --separate-stderr kconsume -b "localhost:$MUTUAL" --security-protocol SSL --ssl-truststore trust.p12 --ssl-truststore-password env:PW \
        --ssl-truststore-type PKCS12 --ssl-cert client.pem --ssl-key client.enc.key --ssl-key-password env:PW -t "$TOPIC" --once
    assert_equal "$status $stderr $(jq -c .value <<<"$output")" '0  {"n":1}'
    run --separate-stderr kgroups list -b "localhost:$TLS" --security-protocol SSL --ssl-ca ca.pem --ssl-truststore other.jks
    assert_equal "$status $stderr" '0 '
    run --separate-stderr kgroups list -b "localhost:$TLS" --security-protocol SSL --insecure
    assert_equal "$status" 0
    assert_regex "$stderr" '^kgroups: warning: --insecure: enable\.ssl\.certificate\.verification=false: NOBODY CHECKS WHO THE BROKERS ARE\.[^'$'\n'']*$'
    run --separate-stderr kgroups list -b 127.0.0.1:1 --security-protocol SSL --ssl-ca nosuch.pem
    assert_equal "$status $stderr" '78 kgroups: --ssl-ca: ssl.ca.location: nosuch.pem: No such file or directory'
}

@test "a login over TLS" {
    SECRET=alice-secret reads "localhost:$LOGIN" security.protocol=SASL_SSL sasl.mechanism=PLAIN sasl.username=alice \
        sasl.password=env:SECRET ssl.truststore.location=trust.jks "$TRUST_PW"
}

@test "brokers are held to their names, unless that is turned off, loudly" {
    run -77 --separate-stderr kgroups check -b "127.0.0.1:$TLS" -X security.protocol=SSL -X ssl.ca.location=ca.pem
    assert_regex "$stderr" 'the certificate is for other names than the one in -b'
    local off
    for off in none ''; do
        consume "127.0.0.1:$TLS" "${CA[@]}" "ssl.endpoint.identification.algorithm=$off"
        assert_equal "$status $(jq -c .value <<<"$output")" '0 {"n":1}'
        assert_regex "$stderr" '^kconsume: warning: -X: ssl\.endpoint\.identification\.algorithm=none: BROKERS ARE NOT HELD TO THEIR NAMES\.[^'$'\n'']*$'
    done
    consume "127.0.0.1:$TLS" enable.ssl.certificate.verification=false
    assert_equal "$status $(jq -c .value <<<"$output")" '0 {"n":1}'
    assert_regex "$stderr" '^kconsume: warning: -X: enable\.ssl\.certificate\.verification=false: NOBODY CHECKS WHO THE BROKERS ARE\.[^'$'\n'']*$'
}

@test "brokers whose certificate has expired or is not valid yet, and clients that they do not know: 77" {
    run -77 --separate-stderr kgroups check -b "localhost:$EXPIRED" -X security.protocol=SSL -X ssl.ca.location=ca.pem
    assert_regex "$stderr" 'the certificate has expired'
    run -77 --separate-stderr kgroups check -b "localhost:$FUTURE" -X security.protocol=SSL -X ssl.ca.location=ca.pem
    assert_regex "$stderr" 'the certificate is not valid yet'
    run -77 --separate-stderr kgroups check -b "localhost:$MUTUAL" -X security.protocol=SSL -X ssl.ca.location=ca.pem
    assert_regex "$stderr" 'the broker refuses our certificate, or demands one'
    run -77 --separate-stderr kgroups check -b "localhost:$MUTUAL" -X security.protocol=SSL -X ssl.ca.location=ca.pem \
        -X ssl.certificate.location=foreign.pem -X ssl.key.location=foreign.key
    assert_regex "$stderr" 'the broker refuses our certificate, or demands one'
}

@test "a file that is not there, not ours to read, of another kind: 78, by property and name" {
    refuses '-X: ssl.ca.location: nosuch.pem: No such file or directory' ssl.ca.location=nosuch.pem
    refuses '-X: ssl.keystore.location: nosuch.jks: No such file or directory' ssl.keystore.location=nosuch.jks
    refuses '-X: ssl.truststore.location: .: Is a directory' ssl.truststore.location=.
    refuses '-X: ssl.ca.location: trust.jks: it is not PEM, but JKS. Give it as ssl.truststore.location' ssl.ca.location=trust.jks
    refuses '-X: ssl.ca.location: client.key: there is no certificate in it' ssl.ca.location=client.key
    refuses '-X: ssl.truststore.location: ca.cnf: it is neither JKS, PKCS12 nor PEM' ssl.truststore.location=ca.cnf
    head -c 500 trust.jks >"$BATS_TEST_TMPDIR/torn.jks"
    refuses "-X: ssl.truststore.location: $BATS_TEST_TMPDIR/torn.jks: the JKS store is torn: it ends too early" \
        "ssl.truststore.location=$BATS_TEST_TMPDIR/torn.jks" "$TRUST_PW"
    head -c 500 trust.p12 >"$BATS_TEST_TMPDIR/torn.p12"
    refuses "-X: ssl.truststore.location: $BATS_TEST_TMPDIR/torn.p12: it is torn, or no PKCS#12 store" \
        "ssl.truststore.location=$BATS_TEST_TMPDIR/torn.p12" "$TRUST_PW"
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    refuses "-X: ssl.ca.location: $BATS_TEST_TMPDIR/fifo: it is no regular file" "ssl.ca.location=$BATS_TEST_TMPDIR/fifo"
    CA_TEXT=nonsense refuses '-X: ssl.ca.pem: it is neither JKS, PKCS12 nor PEM' "ssl.ca.pem=\${env:CA_TEXT}"
}

@test "a file that this user may not read: 78" {
    ((EUID == 0)) || skip 'root can be another user'
    cp ca.pem "$BATS_TEST_TMPDIR/mine.pem"
    chmod 600 "$BATS_TEST_TMPDIR/mine.pem"
    run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent \
        kconsume -b 127.0.0.1:1 -t t -X security.protocol=SSL -X "ssl.ca.location=$BATS_TEST_TMPDIR/mine.pem"
    assert_equal "$status $stderr" "78 kconsume: -X: ssl.ca.location: $BATS_TEST_TMPDIR/mine.pem: Permission denied"
}

@test "a wrong password, or none: 78, which one, and never itself" {
    local trust='-X: ssl.truststore.location: trust' key='-X: ssl.keystore.location: client'
    refuses "$trust.jks: the password is wrong, or the store was changed without it. Check ssl.truststore.password (-X)" \
        ssl.truststore.location=trust.jks ssl.truststore.password=env:WRONG
    refuses "$trust.p12: the password is wrong. Check ssl.truststore.password (-X)" \
        ssl.truststore.location=trust.p12 ssl.truststore.password=env:WRONG
    refuses "$trust.p12: it is encrypted, and there is no password. Give ssl.truststore.password=file:PATH or env:NAME" \
        ssl.truststore.location=trust.p12
    refuses "$key.jks: the password is wrong, or the store was changed without it. Check ssl.keystore.password (-X)" \
        ssl.keystore.location=client.jks ssl.keystore.password=env:WRONG
    refuses "$key.p12: the password is wrong. Check ssl.keystore.password (-X)" \
        ssl.keystore.location=client.p12 ssl.keystore.password=env:WRONG
    refuses "$key.jks: the key in it is encrypted, and there is no password. Give ssl.keystore.password=file:PATH or env:NAME" \
        ssl.keystore.location=client.jks
    refuses '-X: ssl.keystore.location: two-passwords.jks: the password of the key is wrong. Give ssl.key.password=file:PATH or env:NAME' \
        ssl.keystore.location=two-passwords.jks "$STORE_PW"
    local file
    for file in client.enc.key client.p8.key; do
        refuses "-X: ssl.key.location: $file: the password of the key is wrong. Check ssl.key.password (-X)" \
            ssl.certificate.location=client.pem "ssl.key.location=$file" ssl.key.password=env:WRONG
        refuses "-X: ssl.key.location: $file: the key is encrypted, and there is no password. Give ssl.key.password=file:PATH or env:NAME" \
            ssl.certificate.location=client.pem "ssl.key.location=$file"
    done
}

@test "OpenSSL never asks for a password on the terminal" {
    # script(1) gives it one; who asks there waits for ever.
    run -78 timeout 20 script -qec "kconsume -b 127.0.0.1:1 -t t --commit none -X security.protocol=SSL \
        -X ssl.certificate.location=client.pem -X ssl.key.location=client.enc.key" /dev/null
    assert_output --partial 'the key is encrypted, and there is no password'
    refute_output --regexp '[Pp]ass ?phrase'
}

@test "an old store needs OpenSSL's legacy provider, and that is said where it is missing" {
    OPENSSL_MODULES=$BATS_TEST_TMPDIR refuses '-X: ssl.keystore.location: legacy.p12: it is encrypted the old way (RC2), and OpenSSL'\''s legacy provider is not installed here. Make it anew: keytool -importkeystore -deststoretype PKCS12' \
        ssl.keystore.location=legacy.p12 "$STORE_PW"
}

@test "a store without what is wanted, a key that does not match, half a pair, two: 78" {
    refuses '-X: ssl.truststore.location: empty.jks: there is no trusted certificate in it. Add that of the authority: keytool -importcert -file CA.pem -keystore FILE' \
        ssl.truststore.location=empty.jks "$TRUST_PW"
    refuses '-X: ssl.keystore.location: trust.jks: there is no private key in it. A truststore says whom we trust; who we are is in a keystore' \
        ssl.keystore.location=trust.jks "$STORE_PW"
    refuses '-X: ssl.key.location: foreign.key: the key does not match the certificate of ssl.certificate.location (-X). Give the key that the certificate was made for' \
        ssl.certificate.location=client.pem ssl.key.location=foreign.key
    refuses '-X: ssl.certificate.location: there is no key for the certificate. Give ssl.key.location=FILE, also when the key stands in the same file' \
        ssl.certificate.location=client.pem
    refuses '-X: ssl.certificate.location: a second certificate, besides -X: ssl.keystore.location. Give one of them' \
        ssl.certificate.location=client.pem ssl.keystore.location=client.jks "$STORE_PW"
}

@test "our own certificate: expired, not valid yet, soon to expire" {
    run --separate-stderr openssl x509 -in expired.pem -noout -enddate -dateopt iso_8601
    local end=${output#notAfter=}
    refuses "-X: ssl.certificate.location: expired.pem: our certificate (CN=expired) has expired: notAfter ${end/ /T}. Renew it" \
        ssl.certificate.location=expired.pem ssl.key.location=expired.key
    refuses "-X: ssl.keystore.location: expired.p12: our certificate (CN=expired) has expired: notAfter ${end/ /T}. Renew it" \
        ssl.keystore.location=expired.p12 "$STORE_PW"
    run --separate-stderr openssl x509 -in future.pem -noout -startdate -dateopt iso_8601
    local begin=${output#notBefore=}
    refuses "-X: ssl.certificate.location: future.pem: our certificate (CN=future) is not valid yet: notBefore ${begin/ /T}. Check the clock of this machine, or wait until then" \
        ssl.certificate.location=future.pem ssl.key.location=future.key
    consume "localhost:$MUTUAL" "${CA[@]}" ssl.certificate.location=soon.pem ssl.key.location=soon.key
    assert_equal "$status $(jq -c .value <<<"$output")" '0 {"n":1}'
    assert_regex "$stderr" '^kconsume: warning: -X: ssl\.certificate\.location: soon\.pem: our certificate \(CN=soon\) expires in less than 7 days: notAfter 20[^ ]*Z\. Renew it$'
    # It is said once, though check makes many clients.
    run -0 --separate-stderr kgroups check -b "localhost:$MUTUAL" -X security.protocol=SSL -X ssl.ca.location=ca.pem \
        -X ssl.certificate.location=soon.pem -X ssl.key.location=soon.key
    assert_equal "$(jq -r 'select(.step == "certificate") | .result' <<<"$output") ${#stderr_lines[@]}" 'warning 1'
}

@test "a type that is declared wrongly is said, and the file read as what it is" {
    consume "localhost:$TLS" ssl.truststore.location=trust.p12 ssl.truststore.type=JKS "$TRUST_PW"
    assert_equal "$status $stderr" '0 kconsume: -X: ssl.truststore.location: trust.p12: it is PKCS12, not JKS as -X: ssl.truststore.type says; read as what it is'
    refuses '-X: ssl.keystore.type: expected JKS, PKCS12 or PEM' ssl.keystore.location=client.p12 ssl.keystore.type=P12 "$STORE_PW"
}

@test "without TLS no file is looked at" {
    consume "127.0.0.1:$PLAIN" security.protocol=PLAINTEXT ssl.ca.location=nosuch.pem ssl.keystore.location=nosuch.jks
    assert_equal "$status $stderr" '0 '
}
