#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ksink-pg and a PostgreSQL that goes away: a cluster of its own, so that it can be killed.
# shellcheck disable=SC1091,SC2154,SC2016,SC2030,SC2031 # stderr and stderr_lines are set by run --separate-stderr

bats_require_minimum_version 1.5.0

setup_file() {
    source "$BATS_TEST_DIRNAME/../../packaging/lib/common.bash"
    source "$BATS_TEST_DIRNAME/../../packaging/lib/servers.bash"
    export SERVER_DIR=$BATS_FILE_TMPDIR/server
    postgres_start "$SERVER_DIR"
}

teardown_file() {
    postgres_stop "$SERVER_DIR"
    postgres_remove "$SERVER_DIR"
}

setup() {
    load ../support/common
    load records
    source "$BATS_TEST_DIRNAME/../../packaging/lib/common.bash"
    source "$BATS_TEST_DIRNAME/../../packaging/lib/servers.bash"
    if postgres_pid "$SERVER_DIR" >/dev/null; then
        postgres_export "$(readlink "$SERVER_DIR/postgres")"
    else
        postgres_start "$SERVER_DIR"
    fi
    new_db
    cd "$BATS_TEST_TMPDIR" || return 1
    mkfifo in
    ksink-pg --table t --retry-for "${RETRY_FOR:-60s}" <in 2>err 3>&- &
    SINK=$!
    exec {FEED}>in
    numbered o 0 0 10 >&"$FEED"
    wait_until 10 stored_to 10
}

teardown() {
    [[ -z ${FEED-} ]] || exec {FEED}>&-
    kill -KILL "$SINK" 2>/dev/null || true
    wait "$SINK" 2>/dev/null || true
}

# The server must not inherit the open end of the sink's input.
start_again() { (
    exec {FEED}>&-
    postgres_start "$SERVER_DIR"
); }

# Once the table is there, which takes a moment (psql complains until then).
stored_to() { [[ $(next_offset public.t o 0 2>/dev/null) == "$1" ]]; }

said() { grep -q -- "$1" err; }

# ends STATUS: the sink ends with it.
ends() {
    local status=0
    exec {FEED}>&-
    wait "$SINK" || status=$?
    [[ $status == "$1" ]] || {
        echo "exit status $status, expected $1; stderr:"
        cat err
        return 1
    }
}

backend_waits_for() { # WAIT_EVENT
    db_says "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'kpipe ksink-pg' AND wait_event = '$1'" 1
}

@test "kill -9 of the server: the sink waits, says so once, goes on; each record once" {
    postgres_kill "$SERVER_DIR"
    numbered o 0 10 500 >&"$FEED"
    wait_until 20 said 'Trying again for'
    start_again
    wait_until 20 said 'PostgreSQL: back after'
    numbered o 0 510 10 >&"$FEED"
    ends 0
    exactly_once t 0 520
    assert_equal "$(tail -1 err)" "ksink-pg: stored 520 records in public.t, 0 duplicates dropped, 3 transactions"
}

@test "SIGTERM while the server is away ends with 75; the next start resumes" {
    postgres_kill "$SERVER_DIR"
    numbered o 0 10 10 >&"$FEED"
    wait_until 20 said 'Trying again for'
    kill -TERM "$SINK"
    ends 75
    assert_regex "$(tail -1 err)" 'Stopped by a signal'
    start_again
    numbered o 0 0 20 | ksink-pg --table t 2>err
    exactly_once t 0 20
}

@test "gives up with 69 after --retry-for" {
    postgres_kill "$SERVER_DIR"
    numbered o 0 0 20 >lines
    run --separate-stderr ksink-pg --table t --retry-for 200ms <lines
    assert_equal "$status" 69
    assert_regex "${stderr_lines[-1]}" 'cannot connect to PostgreSQL: .* Gave up after 0 s \(--retry-for\)'
}

@test "connection lost during COMMIT, and the COMMIT had happened: not stored again" {
    # COMMIT waits for a standby that does not exist: by then the rows are there, and the client does not know.
    psqlq "ALTER SYSTEM SET synchronous_standby_names = 'nobody'" && psqlq 'SELECT pg_reload_conf()'
    numbered o 0 10 10 >&"$FEED"
    wait_until 20 backend_waits_for SyncRep
    psqlq "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'kpipe ksink-pg'"
    wait_until 20 said 'PostgreSQL: back after'
    psqlq 'ALTER SYSTEM RESET synchronous_standby_names' && psqlq 'SELECT pg_reload_conf()'
    numbered o 0 20 10 >&"$FEED"
    ends 0
    exactly_once t 0 30
    assert_equal "$(next_offset public.t o 0)" 30
}

@test "connection lost before COMMIT: stored by the repetition" {
    psqlq 'SELECT count(*) FROM kpipe_offsets'
    exec {LOCKER}> >(exec {FEED}>&-; psql -qXAt >/dev/null 3>&-)
    echo 'BEGIN; LOCK TABLE kpipe_offsets IN EXCLUSIVE MODE;' >&"$LOCKER"
    wait_until 10 db_says "SELECT count(*) FROM pg_locks WHERE mode = 'ExclusiveLock' AND relation = 'kpipe_offsets'::regclass" 1
    numbered o 0 10 10 >&"$FEED"
    wait_until 20 backend_waits_for relation
    psqlq "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'kpipe ksink-pg'"
    wait_until 20 said 'Trying again for'
    echo 'COMMIT;' >&"$LOCKER"
    exec {LOCKER}>&-
    ends 0
    exactly_once t 0 20
}

@test "a full disk is waited out" {
    psqlq "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
             RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END \$\$"
    psqlq 'CREATE TRIGGER full_disk BEFORE INSERT ON t EXECUTE FUNCTION full_disk()'
    numbered o 0 10 10 >&"$FEED"
    wait_until 20 said 'no space \[53100\]'
    psqlq 'DROP TRIGGER full_disk ON t'
    wait_until 20 said 'PostgreSQL: back after'
    ends 0
    exactly_once t 0 20
}

@test "a serialization failure, a deadlock and a lock time-out are repeated" {
    psqlq 'CREATE SEQUENCE tries'
    psqlq "CREATE FUNCTION fail_thrice() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
             CASE nextval('tries')
               WHEN 1 THEN RAISE EXCEPTION 'try 1' USING ERRCODE = '40001';
               WHEN 2 THEN RAISE EXCEPTION 'try 2' USING ERRCODE = '40P01';
               WHEN 3 THEN RAISE EXCEPTION 'try 3' USING ERRCODE = '55P03';
               ELSE RETURN NULL;
             END CASE; END \$\$"
    psqlq 'CREATE TRIGGER fail_thrice BEFORE INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION fail_thrice()'
    numbered o 0 10 10 >&"$FEED"
    wait_until 20 said 'PostgreSQL: back after'
    ends 0
    exactly_once t 0 20
    assert_equal "$(grep -o 'try [1-3] \[.*\]' err)" $'try 1 [40001]\ntry 2 [40P01]\ntry 3 [55P03]'
}

@test "fsync=off is said once" {
    psqlq 'ALTER SYSTEM SET fsync = off' && psqlq 'SELECT pg_reload_conf()'
    numbered o 0 10 10 >lines
    run --separate-stderr ksink-pg --table u --batch-size 2 <lines
    psqlq 'ALTER SYSTEM RESET fsync' && psqlq 'SELECT pg_reload_conf()'
    assert_success
    assert_regex "${stderr_lines[0]}" '^ksink-pg: warning: PostgreSQL runs with fsync=off: .* Set fsync = on$'
    assert_equal "$(grep -c fsync <<<"$stderr")" 1
    ends 0
}

@test "a login that is refused is not repeated" {
    numbered o 0 0 20 >lines
    PGHOST=127.0.0.1 PGPASSWORD=wrong run --separate-stderr ksink-pg --table t <lines
    assert_equal "$status" 77
    assert_equal "${#stderr_lines[@]}" 1
    assert_regex "$stderr" 'password authentication failed .*PGPASSFILE.*\[28P01\]'
    refute_regex "$stderr" 'wrong'
    run --separate-stderr ksink-pg --table t --dsn 'dbname=nowhere' <lines
    assert_equal "$status" 66
    assert_regex "$stderr" 'database "nowhere" does not exist'
    ends 0
}
