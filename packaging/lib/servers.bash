# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Throw-away servers on loopback for the quickstart and the tests: a real single-node Kafka (KRaft) and a real PostgreSQL.
# Source it after common.bash, under `set -euo pipefail`. State is in the DIR given to each start, so another process
# (a fault test) may stop a server and start it again on the same port with the same data.
#
#   kafka_start DIR [property=value...]   sets KAFKA_BOOTSTRAP. Nothing else happens where the server of DIR runs already.
#                                         KAFKA_PROXY_PORT=N: it listens on the port in DIR/proxied too, and says N there.
#                                         KAFKA_OPTIONS: options for its JVM, KAFKA_CLASSES: a folder of classes for it
#   postgres_start DIR [setting=value...] likewise, sets PGHOST (socket folder) PGPORT PGUSER PGDATABASE PGPASSWORD PGDSN;
#                                         full_page_writes=off unless given
#   postgres_replica DIR PRIMARY          a streaming replica of PRIMARY's running server; it is started and stopped like others
#   kafka_stop DIR, postgres_stop DIR     clean stop, escalating; kafka_kill DIR, postgres_kill DIR: kill -9
#   postgres_remove DIR                   deletes the data of a stopped server (it is not below DIR)
#   servers_stop_all                      stops and removes what this process started; fit for a trap
#   kafka_topic_create NAME PARTITIONS [config=value...]

KAFKA_HOME=${KAFKA_HOME:-$KPIPE_DEPS/kafka-4.3.0}
KPIPE_SERVERS=()

# servers_note KIND DIR SIGNAL PID MARK REMOVE: remembers a started server for servers_stop_all. Where KPIPE_SERVER_LIST
# names a file (tests/run does), what servers_stop_listed needs is written there too: a test that was interrupted may
# have lost its DIR, and its server must stop all the same.
servers_note() {
    KPIPE_SERVERS+=("$1 $2")
    [[ -z ${KPIPE_SERVER_LIST-} ]] || printf '%s\n' "${*:3}" >>"$KPIPE_SERVER_LIST"
}

# free_port: prints a loopback port nobody listens on, outside the kernel's range for outgoing connections. Another
# process may still take it first: the starters try again then. KPIPE_PORT_RANGE=0 to 9: out of that tenth, for those who
# run side by side.
free_port() {
    local port
    while :; do
        port=$((20000 + (RANDOM << 15 | RANDOM) % 10000))
        [[ ! ${KPIPE_PORT_RANGE-} ]] || port=$((20000 + KPIPE_PORT_RANGE * 1000 + port % 1000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

# until_true SECONDS COMMAND...: polls until COMMAND succeeds.
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS <= end)) || return 1
        sleep 0.05
    done
}

# stop_pid PID SECONDS [SIGNAL]: SIGNAL (TERM), and KILL if it is still there after SECONDS.
stop_pid() {
    kill "-${3:-TERM}" "$1" 2>/dev/null || return 0
    until_true "$2" pid_gone "$1" && return 0
    say "process $1 did not stop within $2 s: killed"
    kill -KILL "$1" 2>/dev/null || return 0
    until_true 10 pid_gone "$1"
}
# A zombie that its parent has not reaped yet has stopped as well.
pid_gone() { [[ ! -r /proc/$1/stat || $(awk '{print $3}' "/proc/$1/stat" 2>/dev/null || echo Z) == Z ]]; }

# ------------------------------------------------------------------------------------------------ Kafka

# kafka_java OPTION... CLASS ARGUMENT...: the JVM as the broker uses it. The class path is the same text each time, as
# the class data archive demands (made by fetch-kafka; -Xshare:auto goes on without it where it does not fit).
kafka_java() {
    local jars archive=()
    jars=$(LC_ALL=C && shopt -s nullglob && printf '%s:' "$KAFKA_HOME"/libs/*.jar)
    [[ $jars == *kafka* ]] || die "no Kafka jars in $KAFKA_HOME/libs. Run packaging/fetch-kafka"
    if [[ ${KAFKA_DUMP_CLASSES-} ]]; then
        archive=("-XX:ArchiveClassesAtExit=$KAFKA_DUMP_CLASSES")
    elif [[ -s $KAFKA_HOME/kafka.jsa && $(cat "$KAFKA_HOME/kafka.jsa.size" 2>/dev/null) == "$(stat -c %s "$KAFKA_HOME/kafka.jsa" 2>/dev/null)" ]]; then
        archive=("-XX:SharedArchiveFile=$KAFKA_HOME/kafka.jsa" -XX:+VerifySharedSpaces)
    fi
    exec java "${archive[@]}" -Xshare:auto -XX:-UsePerfData -Xlog:disable -Xlog:all=error:stderr -XX:ErrorFile=/dev/stderr \
        -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "${jars%:}${KAFKA_CLASSES:+:$KAFKA_CLASSES}" "$@"
}

kafka_configure() { # DIR [property=value...]
    local dir=$1 port controller proxied=
    shift
    port=$(free_port)
    until controller=$(free_port) && ((controller != port)); do :; done
    echo "$port" >"$dir/port"
    if [[ ${KAFKA_PROXY_PORT-} ]]; then
        until proxied=$(free_port) && ((proxied != port && proxied != controller)); do :; done
        echo "$proxied" >"$dir/proxied"
    fi
    cat >"$dir/log4j2.properties" <<-'END'
		rootLogger.level = WARN
		rootLogger.appenderRef.out.ref = OUT
		appender.out.type = Console
		appender.out.name = OUT
		appender.out.layout.type = PatternLayout
		appender.out.layout.pattern = %d %p %c{1} %m%n
		logger.server.name = kafka.server.KafkaRaftServer
		logger.server.level = INFO
	END
    cat >"$dir/server.properties" <<-END
		process.roles=broker,controller
		node.id=1
		controller.quorum.voters=1@127.0.0.1:$controller
		listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller${proxied:+,PROXIED://127.0.0.1:$proxied}
		advertised.listeners=PLAINTEXT://127.0.0.1:$port${proxied:+,PROXIED://127.0.0.1:$KAFKA_PROXY_PORT}
		listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT
		controller.listener.names=CONTROLLER
		inter.broker.listener.name=PLAINTEXT
		log.dirs=$dir/data
		broker.session.timeout.ms=3000
		broker.heartbeat.interval.ms=500
		auto.create.topics.enable=false
		default.replication.factor=1
		offsets.topic.num.partitions=1
		offsets.topic.replication.factor=1
		transaction.state.log.num.partitions=1
		transaction.state.log.replication.factor=1
		transaction.state.log.min.isr=1
		transaction.abort.timed.out.transaction.cleanup.interval.ms=500
		share.coordinator.state.topic.num.partitions=1
		share.coordinator.state.topic.replication.factor=1
		share.coordinator.state.topic.min.isr=1
		group.initial.rebalance.delay.ms=0
		group.min.session.timeout.ms=1000
		group.consumer.min.session.timeout.ms=1000
		group.consumer.min.heartbeat.interval.ms=100
		group.consumer.session.timeout.ms=1000
		group.consumer.heartbeat.interval.ms=200
		num.network.threads=2
		num.io.threads=2
		num.recovery.threads.per.data.dir=1
		background.threads=2
		log.cleaner.backoff.ms=100
		log.cleaner.dedupe.buffer.size=2097152
		log.cleaner.io.buffer.size=65536
		log.initial.task.delay.ms=500
		log.retention.ms=-1
		log.retention.check.interval.ms=500
		log.segment.delete.delay.ms=100
	END
    (($# == 0)) || printf '%s\n' "$@" >>"$dir/server.properties"
}

kafka_export() {
    KAFKA_BOOTSTRAP=127.0.0.1:$(<"$1/port")
    export KAFKA_BOOTSTRAP
}

kafka_alive() {
    local pid
    [[ -s $1/pid ]] && pid=$(<"$1/pid") && ! pid_gone "$pid" && grep -qsF "$1/server.properties" "/proc/$pid/cmdline"
}

kafka_ready() { grep -qs 'Kafka Server started' "$1/log" || ! kafka_alive "$1"; }

kafka_start() { # DIR [property=value...]
    local dir
    dir=$(realpath -m "$1")
    shift
    mkdir -p "$dir"
    local try fresh=
    if kafka_alive "$dir"; then
        kafka_export "$dir"
        return 0
    fi
    [[ -f $dir/data/meta.properties ]] || fresh=1
    for try in 1 2 3 4 5; do
        if [[ $fresh ]]; then
            rm -rf "$dir/data"
            kafka_configure "$dir" "$@"
            (KAFKA_DUMP_CLASSES='' kafka_java -Xmx128m "-Dlog4j2.configurationFile=$dir/log4j2.properties" kafka.tools.StorageTool format \
                -t "$(head -c 16 /dev/urandom | basenc --base64url | tr -d = | tr -- - A)" -c "$dir/server.properties" \
                >"$dir/format.log" 2>&1) || {
                cat "$dir/format.log" >&2
                die "Kafka did not format $dir/data. See above"
            }
        fi
        : >"$dir/log"
        rm -f "$dir/pid"
        # Its own session: Ctrl-C and a test runner's time-outs are for the caller, which then stops the server in order.
        # The shell that becomes the server is told the properties' file by its whole name: by that kafka_alive knows it.
        (
            export -f kafka_java die say
            export KAFKA_HOME KAFKA_DUMP_CLASSES=${KAFKA_DUMP_CLASSES-} KAFKA_OPTIONS=${KAFKA_OPTIONS-} KAFKA_CLASSES=${KAFKA_CLASSES-}
            # shellcheck disable=SC2016 # expanded by the inner shell
            exec setsid bash -c 'echo $$ >"$1/pid"; kafka_java -Xms'"${KAFKA_HEAP:-256m}"' -Xmx'"${KAFKA_HEAP:-256m}"' \
                ${KAFKA_OPTIONS-} "-Djava.io.tmpdir=$1" "-Dlog4j2.configurationFile=$1/log4j2.properties" kafka.Kafka "$2"' \
                kafka "$dir" "$dir/server.properties" </dev/null >>"$dir/log" 2>&1 3>&-
        ) &
        disown # or the shell reports a server that was killed on purpose
        until_true 10 test -s "$dir/pid" || die "Kafka's JVM did not start. See $dir/log"
        until_true 60 kafka_ready "$dir" || break
        if kafka_alive "$dir"; then
            servers_note kafka "$dir" TERM "$(<"$dir/pid")" "$dir/server.properties" -
            kafka_export "$dir"
            return 0
        fi
        # A restart keeps its port (clients know it): it waits for it instead of choosing another.
        grep -qs 'Address already in use' "$dir/log" || break
        [[ $fresh ]] || sleep 0.5
    done
    tail -20 "$dir/log" >&2
    kafka_stop "$dir"
    die "Kafka did not start (try $try). The end of $dir/log is above"
}

kafka_stop() {
    local dir
    dir=$(realpath -m "$1")
    ! kafka_alive "$dir" || stop_pid "$(<"$dir/pid")" 20 TERM
    rm -f "$dir/pid"
}

kafka_kill() {
    local dir
    dir=$(realpath -m "$1")
    ! kafka_alive "$dir" || stop_pid "$(<"$dir/pid")" 10 KILL
    rm -f "$dir/pid"
}

kafka_topic_create() { # NAME PARTITIONS [config=value...]
    local configs=() config output
    for config in "${@:3}"; do configs+=(--config "$config"); done
    output=$(kafka_java -Xmx64m org.apache.kafka.tools.TopicCommand --bootstrap-server "$KAFKA_BOOTSTRAP" --create \
        --if-not-exists --topic "$1" --partitions "$2" "${configs[@]}" 2>&1) || {
        printf '%s\n' "$output" >&2
        return 1
    }
}

# ------------------------------------------------------------------------------------------------ PostgreSQL

# PostgreSQL refuses to run as root; run_as_postgres is then the user that Debian's package made.
run_as_postgres() {
    local as=()
    ((EUID != 0)) || as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
    "${as[@]}" env -i LC_ALL=C.UTF-8 PATH="$KPIPE_PG_BIN:/usr/bin:/bin" HOME=/nonexistent "$@"
}

postgres_find() {
    KPIPE_PG_BIN=${KPIPE_PG_BIN:-/usr/lib/postgresql/15/bin}
    [[ -x $KPIPE_PG_BIN/initdb ]] || KPIPE_PG_BIN=$(pg_config --bindir 2>/dev/null || true)
    [[ -x $KPIPE_PG_BIN/initdb ]] || die "PostgreSQL's initdb was not found. Run packaging/install-deps test"
}

# postgres_export HOME: what libpq and the tests need. The local socket trusts whoever may enter its folder; TCP on
# 127.0.0.1 asks for the password (SCRAM).
postgres_export() {
    export PGHOST=$1 PGPORT PGUSER=postgres PGDATABASE=postgres PGPASSWORD PGDSN
    PGPORT=$(<"$1/port")
    PGPASSWORD=$(<"$1/password")
    PGDSN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE"
}

postgres_start() { # DIR [setting=value...]
    local dir home setting try
    dir=$(realpath -m "$1")
    shift
    mkdir -p "$dir"
    postgres_find
    if [[ ! -L $dir/postgres ]]; then
        # Outside DIR: the user postgres must get in, and a socket's path may have 107 bytes at most.
        home=$(mktemp -d /tmp/kpipe-pg.XXXXXX)
        ln -s "$home" "$dir/postgres"
        head -c 12 /dev/urandom | basenc --base16 >"$home/password"
        ((EUID != 0)) || chown -R postgres: "$home"
        run_as_postgres initdb -D "$home/data" -U postgres --auth-local=trust --auth-host=scram-sha-256 \
            --pwfile="$home/password" -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log" 2>&1 || {
            cat "$dir/initdb.log" >&2
            die "initdb failed. See above"
        }
        run_as_postgres tee -a "$home/data/postgresql.conf" >/dev/null <<-END
			listen_addresses = '127.0.0.1'
			unix_socket_directories = '$home'
			full_page_writes = off
			shared_buffers = 64MB
			max_wal_size = 2GB
			log_line_prefix = '%m [%p] %a '
		END
        for setting; do
            echo "${setting%%=*} = '${setting#*=}'" | run_as_postgres tee -a "$home/data/postgresql.conf" >/dev/null
        done
    fi
    home=$(readlink "$dir/postgres")
    if postgres_pid "$dir" >/dev/null; then
        postgres_export "$home"
        return 0
    fi
    for try in 1 2 3 4 5; do
        [[ -f $home/port ]] || free_port | run_as_postgres tee "$home/port" >/dev/null
        if run_as_postgres pg_ctl -D "$home/data" -l "$home/log" -o "-p $(<"$home/port")" -w -t 60 start \
            </dev/null >"$dir/pg_ctl.log" 2>&1 3>&-; then
            servers_note postgres "$dir" INT "$(postgres_pid "$dir")" "$home/data" "$home"
            postgres_export "$home"
            return 0
        fi
        # After kill -9 of the server its last children may hold the data folder for a moment.
        if grep -qs 'Address already in use' "$home/log" && ((try < 3)); then
            rm -f "$home/port" "$home/log"
        else
            sleep 0.5
        fi
    done
    cat "$dir/pg_ctl.log" "$home/log" >&2
    die "PostgreSQL did not start. See above"
}

postgres_replica() { # DIR PRIMARY
    local dir home primary
    dir=$(realpath -m "$1")
    primary=$(readlink "$2/postgres")
    mkdir -p "$dir"
    postgres_find
    home=$(mktemp -d /tmp/kpipe-pg.XXXXXX)
    ln -s "$home" "$dir/postgres"
    cp "$primary/password" "$home/password"
    ((EUID != 0)) || chown -R postgres: "$home"
    run_as_postgres pg_basebackup -h "$primary" -p "$(<"$primary/port")" -U postgres -D "$home/data" --wal-method=stream \
        --checkpoint=fast --write-recovery-conf >"$dir/basebackup.log" 2>&1 || {
        cat "$dir/basebackup.log" >&2
        die "pg_basebackup failed. See above"
    }
    echo "unix_socket_directories = '$home'" | run_as_postgres tee -a "$home/data/postgresql.conf" >/dev/null
    postgres_start "$dir"
}

postgres_promote() { # DIR: the replica becomes a primary
    postgres_find
    run_as_postgres pg_ctl -D "$(readlink "$1/postgres")/data" -w -t 60 promote >/dev/null
}

postgres_pid() { # DIR: prints the server's process id if it runs
    local pid
    pid=$(head -1 "$1/postgres/data/postmaster.pid" 2>/dev/null) && [[ $pid ]] &&
        grep -qsF "$(readlink "$1/postgres")/data" "/proc/$pid/cmdline" && echo "$pid"
}

postgres_stop() {
    local dir pid
    dir=$(realpath -m "$1")
    pid=$(postgres_pid "$dir") || return 0
    postgres_find
    run_as_postgres pg_ctl -D "$(readlink "$dir/postgres")/data" -m fast -w -t 20 stop >/dev/null 2>&1 || stop_pid "$pid" 5 QUIT
}

postgres_kill() {
    local dir pid
    dir=$(realpath -m "$1")
    pid=$(postgres_pid "$dir") || return 0
    stop_pid "$pid" 10 KILL
}

postgres_remove() {
    [[ -L $1/postgres ]] || return 0
    rm -rf "$(readlink "$1/postgres")" "$1/postgres"
}

# servers_stop_all: stops what this process started (twice is harmless) and deletes PostgreSQL's data, which is not below
# the DIR that the caller deletes; not with KEEP=1.
servers_stop_all() {
    local server
    for server in "${KPIPE_SERVERS[@]}"; do
        "${server%% *}_stop" "${server#* }" || true
        [[ $server == kafka* || ${KEEP-} ]] || postgres_remove "${server#* }"
    done
    KPIPE_SERVERS=()
}

# servers_stop_listed FILE: the same for every server noted in FILE, whoever started it.
servers_stop_listed() {
    [[ -s $1 ]] || return 0
    local signal pid mark remove
    while read -r signal pid mark remove; do
        ! grep -qsF -e "$mark" "/proc/$pid/cmdline" || stop_pid "$pid" 20 "$signal" || true
        [[ $remove == - || ${KEEP-} ]] || rm -rf "$remove"
    done <"$1"
}
