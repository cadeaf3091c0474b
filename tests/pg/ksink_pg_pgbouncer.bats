#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ksink-pg through a real pgbouncer in transaction mode: each transaction may have another session, and finds in it what others
# have left there.
# shellcheck disable=SC1091,SC2154,SC2016,SC2030,SC2031 # stderr and stderr_lines are set by run --separate-stderr

bats_require_minimum_version 1.5.0

setup_file() {
    source "$BATS_TEST_DIRNAME/../../packaging/lib/common.bash"
    source "$BATS_TEST_DIRNAME/../../packaging/lib/servers.bash"
    source "$BATS_TEST_DIRNAME/pgbouncer.bash"
    export BOUNCER_DIR
    BOUNCER_DIR=$(mktemp -d /tmp/kpipe-pgbouncer.XXXXXX)
    pgbouncer_start "$BOUNCER_DIR" default_pool_size=2
}

teardown_file() {
    source "$BATS_TEST_DIRNAME/../../packaging/lib/common.bash"
    source "$BATS_TEST_DIRNAME/../../packaging/lib/servers.bash"
    source "$BATS_TEST_DIRNAME/pgbouncer.bash"
    pgbouncer_stop "$BOUNCER_DIR"
    rm -rf "$BOUNCER_DIR"
}

setup() {
    load ../support/common
    load records
    source "$BATS_TEST_DIRNAME/../../packaging/lib/common.bash"
    source "$BATS_TEST_DIRNAME/../../packaging/lib/servers.bash"
    source "$BATS_TEST_DIRNAME/pgbouncer.bash"
    new_db
    BOUNCED="host=127.0.0.1 port=$BOUNCER_PORT"
    cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
    [[ ! ${SINK-} ]] || kill -KILL "$SINK" 2>/dev/null || true
    bouncer_answers || pgbouncer_start "$BOUNCER_DIR"
}

bounced() { ksink-pg --dsn "$BOUNCED" "$@"; }
# through SQL: by a client of pgbouncer's.
through() { psql -X -At -q -v ON_ERROR_STOP=1 "$BOUNCED dbname=$PGDATABASE" -c "$1"; }
said() { grep -q -- "$1" err; }
sessions() { psqlq "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND $1"; }
a_session() { (($(sessions "$1") > 0)); }
no_session() { (($(sessions "$1") == 0)); }

# leave_in_sessions SQL: in both sessions that pgbouncer may have: one is in a transaction while the other is used.
leave_in_sessions() {
    exec {HOLD}> >(psql -X -q -v ON_ERROR_STOP=1 "$BOUNCED" >/dev/null 3>&-)
    echo "BEGIN; $1;" >&"$HOLD"
    wait_until 10 a_session "state = 'idle in transaction'"
    through "$1"
    echo 'COMMIT;' >&"$HOLD"
    exec {HOLD}>&-
    wait_until 10 no_session "state <> 'idle'"
    assert_equal "$(sessions true)" 2
}

# begin_feed [option...]: a sink that reads what goes to $FEED.
begin_feed() {
    mkfifo pipe
    ksink-pg --dsn "$BOUNCED" "$@" <pipe 2>err 3>&- &
    SINK=$!
    exec {FEED}>pipe
}
# It must not inherit the open end of the sink's input.
bouncer_again() { (
    [[ -z ${FEED-} ]] || exec {FEED}>&-
    pgbouncer_start "$BOUNCER_DIR"
); }
ends() { # STATUS
    local status=0
    exec {FEED}>&-
    wait "$SINK" || status=$?
    assert_equal "$status" "$1"
}

@test "append: makes the table and the offsets, adds columns, prints and sets offsets; nothing stays in the sessions" {
    { numbered o 0 0 500; numbered o 1 0 500; } | bounced --table t --batch-size 37 --metadata-columns 2>err
    record o 1 500 '{"p":1,"o":500,"colour":"red"}' | bounced --table t --evolve add 2>>err
    exactly_once t 0 500
    exactly_once t 1 501
    assert_equal "$(bounced --table t --print-offsets | jq -c '[.partition, .offset]')" $'[0,500]\n[1,501]'
    echo '{"topic":"o","partition":0,"offset":400,"gen":1}' | bounced --table t --set-offsets 2>>err
    numbered o 0 400 100 1 | bounced --table t 2>>err
    assert_equal "$(psqlq 'SELECT count(*) FROM t')|$(next_offset public.t o 0)" '1101|500'
    assert_clean
    bounced --table t --forget 2>>err
    assert_equal "$(psqlq 'SELECT count(*) FROM kpipe_offsets')" 0
}

# What a sink has in its sessions ends with its transactions.
assert_clean() {
    a_session true # or there is nothing to look at
    local i
    for i in 1 2 3 4; do
        assert_equal "$(through "SELECT (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_class WHERE relpersistence = 't'),
            current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'), current_setting('synchronous_commit')")" '0|0|0|0|on'
    done
    assert_equal "$(psqlq "$(advisory_locks)")" 0
}

@test "merge, ignore and tombstones: rows by their key, the temporary tables are gone" {
    psqlq "CREATE TABLE t (id bigint PRIMARY KEY, note text, state text DEFAULT 'new')"
    for i in {0..299}; do
        if ((i % 7 == 3)); then record o 0 "$i" null; else record o 0 "$i" "{\"note\":\"n$i\"$( ((i % 2)) || echo ',"state":"s"')}"; fi
    done | jq -c '.key = (.offset % 40 | tostring)' >in
    bounced --table t --strategy merge --primary-key key --batch-size 11 <in 2>err
    assert_equal "$(psqlq 'SELECT id, note, state FROM t ORDER BY id')" "$(jq -rs 'reduce .[] as $r ({}; if $r.value == null then del(.[$r.key])
        else .[$r.key] = {note: $r.value.note, state: ($r.value.state // .[$r.key].state // "new")} end)
        | to_entries | sort_by(.key | tonumber)[] | "\(.key)|\(.value.note)|\(.value.state)"' in)"
    numbered o 5 0 100 | jq -c '.value = {id: (.offset % 40), note: "second"}' | bounced --table t --strategy ignore --batch-size 13 2>>err
    assert_equal "$(psqlq 'SELECT count(*) FROM t')" 40
    assert_clean
}

@test "two sinks store one partition at once, in fewer sessions than they are" {
    psqlq 'CREATE TABLE t (p bigint, o bigint, text text)'
    local sinks=() i
    for i in 1 2 3; do
        numbered o 0 0 $((2000 + i)) | ksink-pg --dsn "$BOUNCED" --table t --batch-size 50 2>"err.$i" 3>&- &
        sinks+=($!)
    done
    for i in "${sinks[@]}"; do wait "$i"; done
    exactly_once t 0 2003
    assert_equal "$(awk '{ sum += $3 } END { print sum }' <(grep -h 'ksink-pg: stored' err.*))" 2003
    (($(sessions true) <= 2))
}

@test "an idle sink keeps no session for itself" {
    begin_feed --table t
    numbered o 0 0 10 >&"$FEED"
    wait_until 20 db_says "SELECT to_regclass('t') IS NOT NULL" t
    wait_until 10 db_says 'SELECT count(*) FROM t' 10
    wait_until 10 no_session "state <> 'idle'"
    assert_equal "$(bouncer_says 'SHOW POOLS' | awk -F '|' -v db="$PGDATABASE" '$1 == db { print "clients " $3 ", their sessions " $5 + $6 }' | cut -d , -f 1)" 'clients 1'
    # Both sessions are free for others, at once.
    psql -X -q "$BOUNCED" -c 'BEGIN; SELECT 1; COMMIT' >/dev/null
    numbered o 0 10 10 >&"$FEED"
    ends 0
    exactly_once t 0 20
}

@test "kill -9 in the middle of a batch: rolled back, and stored once by the next" {
    numbered o 0 0 10 | bounced --table t 2>err
    psqlq "CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.o = 15 THEN PERFORM pg_advisory_lock(1); PERFORM pg_advisory_unlock(1); END IF; RETURN NEW; END';
           CREATE TRIGGER pause BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION pause()"
    exec {LOCKER}> >(psql -qXAt >/dev/null 3>&-)
    echo 'SELECT pg_advisory_lock(1);' >&"$LOCKER"
    wait_until 10 db_says "$(advisory_locks) AND granted" 1
    begin_feed --table t
    numbered o 0 10 10 >&"$FEED"
    wait_until 20 a_session "wait_event = 'advisory' AND query LIKE 'COPY%'"
    kill -KILL "$SINK"
    exec {FEED}>&-
    wait "$SINK" || true
    assert_equal "$(psqlq 'SELECT count(*) FROM t')" 10
    echo 'SELECT pg_advisory_unlock(1);' >&"$LOCKER"
    exec {LOCKER}>&-
    numbered o 0 0 30 | bounced --table t --batch-size 7 2>err
    exactly_once t 0 30
    wait_until 10 no_session "state <> 'idle'"
    assert_clean
}

@test "pgbouncer is killed while it carries a batch, and started again: tried again until it is there" {
    numbered o 0 0 10 | bounced --table t 2>err
    exec {LOCKER}> >(psql -qXAt >/dev/null 3>&-)
    echo 'BEGIN; LOCK TABLE t IN EXCLUSIVE MODE;' >&"$LOCKER"
    wait_until 10 db_says "SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass AND mode = 'ExclusiveLock'" 1
    begin_feed --table t
    numbered o 0 10 10 >&"$FEED"
    wait_until 20 a_session "wait_event_type = 'Lock'"
    pgbouncer_stop "$BOUNCER_DIR" KILL
    wait_until 20 said 'Trying again for'
    echo 'COMMIT;' >&"$LOCKER"
    exec {LOCKER}>&-
    bouncer_again
    wait_until 20 said 'PostgreSQL: back after'
    numbered o 0 20 10 >&"$FEED"
    wait_until 20 db_says 'SELECT count(*) FROM t' 30
    pgbouncer_stop "$BOUNCER_DIR"
    bouncer_again
    numbered o 0 30 10 >&"$FEED"
    ends 0
    exactly_once t 0 40
    assert_equal "$(grep -c 'PostgreSQL: back after' err)" 2
}

@test "what others leave in the sessions does not divert a sink that names schema and table" {
    psqlq 'CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.t (p bigint, o bigint, text text); CREATE TABLE t (LIKE elsewhere.t)'
    leave_in_sessions "SET search_path = elsewhere; SET synchronous_commit = off; SET default_transaction_isolation = 'serializable';
        CREATE TEMP TABLE t (x int); CREATE TEMP TABLE kpipe_offsets (x int)"
    psqlq "CREATE TABLE how AS SELECT ''::text AS commit, ''::text AS level LIMIT 0;
        CREATE FUNCTION public.how() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN INSERT INTO public.how
            VALUES (current_setting('synchronous_commit'), current_setting('transaction_isolation')); RETURN NULL; END \$\$;
        CREATE TRIGGER how AFTER INSERT ON public.t EXECUTE FUNCTION public.how()"
    begin_feed --table public.t
    numbered o 0 0 10 >&"$FEED"
    wait_until 20 db_says 'SELECT count(*) FROM public.t' 10
    # It looks the table up again when that changes.
    psqlq 'ALTER TABLE public.t ADD COLUMN colour text'
    record o 0 10 '{"p":0,"o":10,"colour":"red"}' >&"$FEED"
    ends 0
    exactly_once public.t 0 11
    assert_equal "$(psqlq 'SELECT count(*) FROM elsewhere.t')|$(next_offset public.t o 0)" '0|11'
    assert_equal "$(psqlq 'SELECT DISTINCT commit, level FROM how')" 'on|read committed'
}

@test "the schema that the table was found in at the start stays" {
    psqlq 'CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.t (p bigint, o bigint, text text, colour text); CREATE TABLE t (p bigint, o bigint, text text)'
    begin_feed --table t
    numbered o 0 0 10 >&"$FEED"
    wait_until 20 db_says 'SELECT count(*) FROM public.t' 10
    leave_in_sessions 'SET search_path = elsewhere'
    psqlq 'ALTER TABLE public.t ADD COLUMN colour text'
    record o 0 10 '{"p":0,"o":10,"colour":"red"}' >&"$FEED"
    ends 0
    exactly_once public.t 0 11
}

@test "refused by pgbouncer: a wrong password ends at once, a missing database too; no free place is waited for" {
    numbered o 0 0 10 >in
    PGPASSWORD=mistaken run --separate-stderr bounced --table t --retry-for 20s <in
    assert_equal "$status" 77
    assert_equal "${#stderr_lines[@]}" 1
    assert_regex "$stderr" 'authentication failed.*Give the password by PGPASSFILE.*\[28P01\]'
    refute_regex "$stderr" mistaken
    PGDATABASE=nowhere run --separate-stderr bounced --table t --retry-for 20s <in
    assert_equal "$status" 66
    assert_regex "$stderr" '"nowhere" does not exist \[3D000\]'
    exec {HOLD}> >(psql -X -q "$BOUNCED" >/dev/null 3>&-)
    echo 'BEGIN;' >&"$HOLD"
    wait_until 10 a_session "state = 'idle in transaction'"
    bouncer_says 'SET max_client_conn = 1' >/dev/null
    ksink-pg --dsn "$BOUNCED" --table t <in 2>err 3>&- {HOLD}>&- &
    SINK=$!
    wait_until 20 said 'no more connections allowed .*Trying again for'
    echo 'COMMIT;' >&"$HOLD"
    exec {HOLD}>&-
    wait "$SINK"
    exactly_once t 0 10
    bouncer_says 'SET max_client_conn = 100' >/dev/null
}

@test "PostgreSQL is away behind pgbouncer: tried again" {
    numbered o 0 0 10 | bounced --table t 2>err
    pgbouncer_stop "$BOUNCER_DIR"
    PGPORT=1 pgbouncer_start "$BOUNCER_DIR"
    BOUNCED+=' connect_timeout=2'
    begin_feed --table t
    numbered o 0 10 10 >&"$FEED"
    wait_until 20 said 'Trying again for'
    pgbouncer_stop "$BOUNCER_DIR"
    bouncer_again
    ends 0
    exactly_once t 0 20
}

@test "replace: fills a table aside and swaps; the lock of the run is one session's transaction, and ends with the sink" {
    psqlq 'CREATE TABLE t (p bigint, o bigint, text text); INSERT INTO t SELECT 9, 9'
    numbered o 0 0 500 >in
    bounced --table public.t --strategy replace --batch-size 37 <in 2>err
    exactly_once t 0 500
    wait_until 10 no_session "state <> 'idle'"
    assert_clean
    begin_feed --table public.t --strategy replace --replace-at-eof
    numbered o 0 0 700 >&"$FEED"
    wait_until 20 db_says 'SELECT count(*) FROM t_kpipe_new' 700
    assert_equal "$(sessions "state = 'idle in transaction'")" 1
    run --separate-stderr bounced --table public.t --strategy replace <in
    assert_equal "$status" 75
    # pgbouncer goes and comes back: the run takes its lock again.
    pgbouncer_stop "$BOUNCER_DIR" KILL
    bouncer_again
    numbered o 0 700 10 >&"$FEED"
    wait_until 20 db_says 'SELECT count(*) FROM t_kpipe_new' 710
    assert_equal "$(sessions "state = 'idle in transaction'")" 1
    kill -KILL "$SINK"
    exec {FEED}>&-
    wait "$SINK" || true
    exactly_once t 0 500
    numbered o 0 0 20 >in
    bounced --table public.t --strategy replace <in 2>err
    exactly_once t 0 20
    wait_until 10 no_session "state <> 'idle'"
    assert_clean
}
