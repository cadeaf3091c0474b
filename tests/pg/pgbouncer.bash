# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A real pgbouncer in transaction mode before the test's PostgreSQL. Needs packaging/lib/servers.bash.

# pgbouncer_start DIR [setting=value...]: on a free loopback port, which it keeps; sets BOUNCER_PORT. DIR is one that the
# user postgres gets into. With the settings of its last start where none is given.
pgbouncer_start() {
    local dir=$1 try as=()
    shift
    ((EUID != 0)) || as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
    [[ -f $dir/settings && $# == 0 ]] || printf '%s\n' "$@" >"$dir/settings"
    printf '"%s" "%s"\n' "$PGUSER" "$PGPASSWORD" >"$dir/users"
    for try in 1 2 3 4 5; do
        [[ -f $dir/port ]] || free_port >"$dir/port"
        export BOUNCER_PORT
        BOUNCER_PORT=$(<"$dir/port")
        cat >"$dir/pgbouncer.ini" <<-END
			[databases]
			* = host=$PGHOST port=$PGPORT
			[pgbouncer]
			pool_mode = transaction
			listen_addr = 127.0.0.1
			listen_port = $BOUNCER_PORT
			unix_socket_dir =
			auth_type = scram-sha-256
			auth_file = $dir/users
			admin_users = $PGUSER
			logfile = $dir/log
			pidfile = $dir/pid
			server_login_retry = 0.1
			$(<"$dir/settings")
		END
        ((EUID != 0)) || chown -R postgres: "$dir"
        if "${as[@]}" env PATH="/usr/sbin:$PATH" pgbouncer -q -d "$dir/pgbouncer.ini" </dev/null >"$dir/out" 2>&1 3>&- &&
            until_true 10 bouncer_answers; then
            servers_note pgbouncer "$dir" TERM "$(<"$dir/pid")" "$dir/pgbouncer.ini" "$dir"
            return 0
        fi
        rm -f "$dir/pid" # of one that was killed
        ((try < 3)) || rm -f "$dir/port"
    done
    cat "$dir/out" "$dir/log" >&2
    return 1
}

bouncer_answers() { bouncer_says 'SHOW VERSION' >/dev/null 2>&1; }

# bouncer_says COMMAND: what its console answers.
bouncer_says() { psql -X -At "host=127.0.0.1 port=$BOUNCER_PORT dbname=pgbouncer" -c "$1"; }

# pgbouncer_stop DIR [SIGNAL]: TERM, as KILL, cuts all connections at once.
pgbouncer_stop() {
    [[ -s $1/pid ]] || return 0
    stop_pid "$(<"$1/pid")" 10 "${2:-TERM}"
    rm -f "$1/pid"
}
