#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# How ksink-pg finds its server and logs in: services, password files, variables, several hosts; TLS to another machine.
# shellcheck disable=SC1091,SC2154,SC2016,SC2030,SC2031 # stderr and stderr_lines are set by run --separate-stderr

bats_require_minimum_version 1.5.0

ADDRESS=192.0.2.1 # RFC 5737: of documentation, nobody's

# The TLS tests have a machine of their own: a network namespace with a server at an address that is not loopback. Its
# certificates: right (for the name db.test and the address), other (for another name), expired; foreign.pem is another CA.
setup_file() {
    source "$BATS_TEST_DIRNAME/../../packaging/lib/common.bash"
    source "$BATS_TEST_DIRNAME/../../packaging/lib/servers.bash"
    export MACHINE='' TLS_DIR=$BATS_FILE_TMPDIR/tls
    unshare --net true 2>/dev/null || return 0
    unshare --net bash -c "ip link set lo up && ip address add $ADDRESS/32 dev lo && exec sleep infinity" </dev/null >/dev/null 2>&1 3>&- &
    MACHINE=$!
    until_true 10 inside ip -4 address show to "$ADDRESS"
    inside bash -c ". '$KPIPE_TOP/packaging/lib/common.bash'; . '$KPIPE_TOP/packaging/lib/servers.bash'
        postgres_start '$TLS_DIR' 'listen_addresses=*'" 3>&-
    make_certificates >"$BATS_FILE_TMPDIR/openssl.log" 2>&1
    local home
    home=$(readlink "$TLS_DIR/postgres")
    echo "host all all $ADDRESS/32 scram-sha-256" >>"$home/data/pg_hba.conf"
    show_certificate right
}

teardown_file() {
    source "$BATS_TEST_DIRNAME/../../packaging/lib/common.bash"
    source "$BATS_TEST_DIRNAME/../../packaging/lib/servers.bash"
    [[ $MACHINE ]] || return 0
    postgres_stop "$TLS_DIR"
    postgres_remove "$TLS_DIR"
    kill "$MACHINE"
}

inside() { nsenter --net="/proc/$MACHINE/ns/net" -- "$@"; }

make_certificates() (
    set -e
    cd "$(readlink "$TLS_DIR/postgres")"
    for ca in ca foreign; do
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=Test $ca" -keyout "$ca.key" -out "$ca.pem"
    done
    certificate() { # NAME DAYS SAN
        openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
        openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$2" -out "$1.pem" \
            -extfile <(echo "subjectAltName=$3")
    }
    certificate right 2 "DNS:db.test,IP:$ADDRESS"
    certificate other 2 DNS:other.test
    certificate expired 0 "DNS:db.test,IP:$ADDRESS"
    chmod 600 ./*.key
    chown postgres: right.* other.* expired.*
)

# show_certificate NAME: the server in the namespace shows it from now on; with "none" it speaks no TLS.
show_certificate() {
    local home
    home=$(readlink "$TLS_DIR/postgres")
    psql -X -q -h "$home" -p "$(<"$home/port")" -U postgres -d postgres -c "ALTER SYSTEM SET ssl = $([[ $1 == none ]] && echo off || echo on)" \
        -c "ALTER SYSTEM SET ssl_cert_file = '$home/${1/none/right}.pem'" -c "ALTER SYSTEM SET ssl_key_file = '$home/${1/none/right}.key'" \
        -c 'SELECT pg_reload_conf()' >/dev/null
    # The new settings are seen once the postmaster has taken them.
    until_true 10 shows "$1"
}

shows() {
    local home seen
    home=$(readlink "$TLS_DIR/postgres")
    seen=$(inside openssl s_client -starttls postgres -connect "$ADDRESS:$(<"$home/port")" </dev/null 2>/dev/null |
        openssl x509 -noout -subject 2>/dev/null) || seen=none
    [[ $seen == *"$1"* ]]
}

setup() {
    load ../support/common
    load records
    source "$BATS_TEST_DIRNAME/../../packaging/lib/common.bash"
    source "$BATS_TEST_DIRNAME/../../packaging/lib/servers.bash"
    [[ $BATS_TEST_DESCRIPTION != TLS:* ]] || on_the_other_machine
    new_db
    cd "$BATS_TEST_TMPDIR" || return 1
    numbered o 0 0 20 >in
}

on_the_other_machine() {
    [[ $MACHINE ]] || skip "NOT TESTED: TLS to another machine needs a network namespace, which only root may make"
    postgres_export "$(readlink "$TLS_DIR/postgres")"
    CERTIFICATES=$PGHOST
    shows right || show_certificate right
}

# over_there [DSN part...]: ksink-pg to the server at its address.
over_there() {
    run --separate-stderr inside env -u PGHOST HOME="$BATS_TEST_TMPDIR" ksink-pg --retry-for 30s --table t \
        --dsn "hostaddr=$ADDRESS port=$PGPORT user=postgres dbname=$PGDATABASE $*" <in
}

# Each row says what TLS its session had.
watch_tls() {
    psqlq "CREATE FUNCTION my_tls() RETURNS text LANGUAGE sql AS 'SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
           CREATE TABLE t (p bigint, o bigint, text text, tls text DEFAULT my_tls())"
}

refused() { # PATTERN
    assert_equal "$status" 77
    assert_equal "${#stderr_lines[@]}" 1
    assert_regex "$stderr" "^ksink-pg: cannot connect to PostgreSQL: .*$1.*sslrootcert=FILE"
}

@test "a service of pg_service.conf, the password from a password file" {
    printf '[wh]\nhost=127.0.0.1\nport=%s\nuser=%s\ndbname=%s\n' "$PGPORT" "$PGUSER" "$PGDATABASE" >services
    echo "127.0.0.1:$PGPORT:*:$PGUSER:$PGPASSWORD" >passwords
    chmod 600 passwords
    mkdir home && cp passwords home/.pgpass && chmod 600 home/.pgpass
    local clean=(env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE -u PGPASSWORD PGSERVICEFILE="$PWD/services")
    "${clean[@]}" PGPASSFILE="$PWD/passwords" ksink-pg --dsn service=wh --table t <in 2>err
    numbered o 0 20 20 >in
    "${clean[@]}" HOME="$PWD/home" PGSERVICE=wh ksink-pg --table t <in 2>>err
    exactly_once t 0 40
    refute_regex "$(<err)" "$PGPASSWORD"
    numbered o 0 40 20 >in
    run --separate-stderr "${clean[@]}" HOME="$PWD" ksink-pg --dsn service=wh --table t <in
    assert_equal "$status" 77
    assert_regex "$stderr" 'no password supplied.*PGPASSFILE, ~/\.pgpass, a service file or PGPASSWORD'
    run --separate-stderr "${clean[@]}" ksink-pg --dsn service=nowhere --retry-for 0s --table t <in
    assert_failure
    assert_regex "$stderr" 'definition of service "nowhere" not found'
}

@test "variables, a URI, and a name for pg_stat_activity; the password is in no argument and no message" {
    mkfifo pipe
    env PGHOST=127.0.0.1 PGAPPNAME=nightly-load ksink-pg -v --table t <pipe 2>err 3>&- &
    local by_name=$!
    exec {FEED}>pipe
    cat in >&"$FEED"
    wait_until 20 db_says "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'nightly-load' AND client_addr = '127.0.0.1'" 1
    refute_regex "$(tr '\0' ' ' <"/proc/$by_name/cmdline")" "$PGPASSWORD"
    exec {FEED}>&-
    wait "$by_name"
    env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE ksink-pg -v --dsn "postgresql://$PGUSER@127.0.0.1:$PGPORT/$PGDATABASE?application_name=from%20uri" \
        --table u <in 2>>err
    exactly_once t 0 20
    exactly_once u 0 20
    refute_regex "$(<err)" "$PGPASSWORD"
    run grep -F "$PGPASSWORD" "$PGHOST/log"
    assert_equal "$status" 1
}

@test "several hosts: those that are away are passed over" {
    local closed
    closed=$(free_port)
    ksink-pg --dsn "host=127.0.0.1,127.0.0.2,127.0.0.1 port=$closed,$closed,$PGPORT" --table t <in 2>err
    exactly_once t 0 20
    assert_equal "$(grep -cv 'created a table' err)|$(tail -1 err)" '1|ksink-pg: stored 20 records in public.t, 0 duplicates dropped, 1 transaction'
    run --separate-stderr ksink-pg --dsn "host=127.0.0.1,127.0.0.1 port=$closed,$closed" --retry-for 0s --table t <in
    assert_equal "$status" 69
}

@test "TLS: to another machine the certificate is checked by default" {
    watch_tls
    over_there host=db.test "sslrootcert=$CERTIFICATES/ca.pem"
    assert_success
    exactly_once t 0 20
    assert_equal "$(psqlq 'SELECT DISTINCT tls FROM t')" TLSv1.3
    # Its address is a name of the certificate, too. And so is what a service or a variable says of the CA.
    numbered o 0 20 20 >in
    printf '[wh]\nhostaddr=%s\nhost=%s\nport=%s\nuser=postgres\ndbname=%s\nsslrootcert=%s\n' "$ADDRESS" "$ADDRESS" "$PGPORT" "$PGDATABASE" \
        "$CERTIFICATES/ca.pem" >services
    inside env -u PGHOST PGSERVICEFILE="$PWD/services" ksink-pg --table t --dsn service=wh <in 2>err
    exactly_once t 0 40
    mkdir .postgresql && cp "$CERTIFICATES/ca.pem" .postgresql/root.crt
    numbered o 0 40 20 >in
    over_there host=db.test
    assert_success
    exactly_once t 0 60
}

@test "TLS: an unknown CA, another name, no name: refused at once with 77" {
    over_there host=db.test
    refused 'certificate verify failed'
    over_there host=db.test "sslrootcert=$CERTIFICATES/foreign.pem"
    refused 'certificate verify failed'
    over_there host=else.test "sslrootcert=$CERTIFICATES/ca.pem"
    refused 'does not match host name "else.test"'
    over_there host=db.test sslrootcert=/nowhere.pem
    refused 'root certificate file "/nowhere.pem" does not exist'
    SSL_CERT_FILE=$CERTIFICATES/ca.pem over_there host=db.test
    assert_success
    exactly_once t 0 20
}

@test "TLS: a certificate of another name, one that has expired, a server without" {
    show_certificate other
    over_there host=db.test "sslrootcert=$CERTIFICATES/ca.pem"
    refused 'does not match host name "db.test"'
    show_certificate expired
    over_there host=db.test "sslrootcert=$CERTIFICATES/ca.pem"
    refused 'certificate verify failed'
    show_certificate none
    over_there host=db.test "sslrootcert=$CERTIFICATES/ca.pem"
    refused 'server does not support SSL, but SSL was required'
    over_there sslmode=prefer
    assert_success
    exactly_once t 0 20
}

@test "TLS: what the user says of sslmode counts, wherever it is said" {
    show_certificate other
    watch_tls
    over_there sslmode=require
    assert_success
    numbered o 0 20 20 >in
    PGSSLMODE=prefer over_there host=db.test
    assert_success
    printf '[wh]\nsslmode=disable\nhostaddr=%s\nport=%s\nuser=postgres\ndbname=%s\n' "$ADDRESS" "$PGPORT" "$PGDATABASE" >services
    numbered o 0 40 20 >in
    inside env -u PGHOST PGSERVICEFILE="$PWD/services" PGSERVICE=wh ksink-pg --table t <in 2>err
    exactly_once t 0 60
    assert_equal "$(psqlq "SELECT COALESCE(tls, 'plain'), count(*) FROM t GROUP BY 1 ORDER BY 1")" $'TLSv1.3|40\nplain|20'
    numbered o 0 60 20 >in
    over_there host=db.test sslmode=verify-ca "sslrootcert=$CERTIFICATES/ca.pem"
    assert_success
    exactly_once t 0 80
}

@test "TLS: to this machine it takes what there is, as libpq does" {
    show_certificate other
    watch_tls
    inside env PGHOST=127.0.0.1 ksink-pg --table t <in 2>err
    exactly_once t 0 20
    assert_equal "$(psqlq 'SELECT DISTINCT tls FROM t')" TLSv1.3
}
