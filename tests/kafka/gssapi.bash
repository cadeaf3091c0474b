# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A real MIT KDC of the realm KPIPE.TEST and a broker with a listener for GSSAPI. All that the KDC has is below a folder;
# nothing of the machine's /etc/krb5.conf counts.

# gssapi_start DIR: sets and exports PLAIN and KERBEROS (ports of the broker's listeners), KDC (port), KRB5_CONFIG, KEYS: a
# folder with etl.keytab (principal etl), stale.keytab (etl again, with a key that has been replaced since) and
# gone.keytab (of a principal that the KDC no longer knows), and KRB5CCNAME, a ticket cache that is not there yet.
# KERBEROS is advertised as localhost: the broker is kafka/localhost.
gssapi_start() {
    local dir=$1 controller ports=() port
    PATH=$PATH:/usr/sbin:/sbin
    mkdir -p "$dir/keys"
    export KEYS=$dir/keys KRB5_CONFIG=$dir/krb5.conf KRB5_KDC_PROFILE=$dir/kdc.conf KRB5CCNAME=FILE:$dir/tickets
    gssapi_kdc_start "$dir"
    gssapi_principals >"$dir/principals.log" 2>&1 || {
        cat "$dir/principals.log" >&2
        return 1
    }
    while ((${#ports[@]} < 3)); do
        port=$(free_port)
        [[ " ${ports[*]-} " == *" $port "* ]] || ports+=("$port")
    done
    export PLAIN=${ports[0]} KERBEROS=${ports[1]}
    controller=${ports[2]}
    KAFKA_OPTIONS="-Djava.security.krb5.conf=$KRB5_CONFIG" kafka_start "$dir/kafka" \
        "controller.quorum.voters=1@127.0.0.1:$controller" \
        "listeners=PLAINTEXT://127.0.0.1:$PLAIN,CONTROLLER://127.0.0.1:$controller,KERBEROS://127.0.0.1:$KERBEROS" \
        "advertised.listeners=PLAINTEXT://127.0.0.1:$PLAIN,KERBEROS://localhost:$KERBEROS" \
        listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,KERBEROS:SASL_PLAINTEXT \
        listener.name.kerberos.connections.max.reauth.ms=2000 \
        sasl.enabled.mechanisms=GSSAPI sasl.kerberos.service.name=kafka \
        "listener.name.kerberos.gssapi.sasl.jaas.config=com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true keyTab=\"$KEYS/kafka.keytab\" principal=\"kafka/localhost@KPIPE.TEST\";"
}

# It starts again with another port where somebody took this one first.
gssapi_kdc_start() { # DIR
    local dir=$1 try
    for try in 1 2 3 4 5; do
        KDC=$(free_port)
        export KDC
        gssapi_configure "$dir"
        [[ -f $dir/principal ]] || kdb5_util create -s -P "$(unique master)" >"$dir/kdb.log" 2>&1 || {
            cat "$dir/kdb.log" >&2
            return 1
        }
        : >"$dir/kdc.log"
        setsid krb5kdc -n -P "$dir/krb5kdc.pid" </dev/null >"$dir/kdc.out" 2>&1 3>&- &
        echo $! >"$dir/kdc.pid"
        disown
        servers_note kdc "$dir" TERM "$!" "$dir/krb5kdc.pid" -
        until_true 20 gssapi_kdc_ready "$dir" || break
        if gssapi_kdc_alive "$dir"; then
            return 0
        fi
    done
    cat "$dir/kdc.log" "$dir/kdc.out" >&2
    die "the KDC did not start (try $try). See above"
}

gssapi_kdc_alive() { [[ -s $1/kdc.pid ]] && grep -qsF "$1/krb5kdc.pid" "/proc/$(<"$1/kdc.pid")/cmdline"; }
gssapi_kdc_ready() { grep -qs 'commencing operation' "$1/kdc.log" || ! gssapi_kdc_alive "$1"; }

# Fit for servers_stop_all.
kdc_stop() { # DIR
    ! gssapi_kdc_alive "$1" || stop_pid "$(<"$1/kdc.pid")" 10
    rm -f "$1/kdc.pid"
}

gssapi_stop() { # DIR
    kafka_stop "$1/kafka"
    kdc_stop "$1"
}

gssapi_configure() { # DIR
    cat >"$1/krb5.conf" <<-END
		[libdefaults]
		default_realm = KPIPE.TEST
		dns_lookup_kdc = false
		dns_lookup_realm = false
		dns_canonicalize_hostname = false
		rdns = false
		udp_preference_limit = 1
		[realms]
		KPIPE.TEST = {
		    kdc = 127.0.0.1:$KDC
		}
		[domain_realm]
		localhost = KPIPE.TEST
	END
    cat >"$1/kdc.conf" <<-END
		[realms]
		KPIPE.TEST = {
		    database_name = $1/principal
		    key_stash_file = $1/stash
		    acl_file = $1/acl
		    kdc_listen = 127.0.0.1:$KDC
		    kdc_tcp_listen = 127.0.0.1:$KDC
		}
		[logging]
		kdc = FILE:$1/kdc.log
	END
}

gssapi_principals() (
    set -e
    cd "$KEYS"
    for name in kafka/localhost etl gone; do
        kadmin.local addprinc -randkey "$name"
        kadmin.local ktadd -k "${name%%/*}.keytab" "$name"
    done
    mv etl.keytab stale.keytab
    kadmin.local ktadd -k etl.keytab etl
    kadmin.local delprinc -force gone
)

# The KDC has another key of the broker's than the broker from now on.
gssapi_change_broker_key() { PATH=$PATH:/usr/sbin:/sbin kadmin.local cpw -randkey kafka/localhost >kadmin.log 2>&1; }
