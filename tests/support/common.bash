# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For every bats file: `load ../support/common`. The servers are tests/run's, named by the environment (KAFKA_BOOTSTRAP,
# PG*); each test makes topics, groups and databases of its own on them, under names nobody else has.

bats_load_library bats-support
bats_load_library bats-assert
bats_load_library bats-file

KPIPE_TOP=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
# Programs and Python as tests/run sets them, so that `bats FILE` alone works too.
KPIPE_BIN=${KPIPE_BIN:-$KPIPE_TOP/build/dev/bin}
KPIPE_PYTHON=${KPIPE_PYTHON:-$KPIPE_TOP/build/venv/bin/python}
[[ :$PATH: == *":$KPIPE_BIN:"* ]] || PATH=$KPIPE_BIN:$PATH

# unique PREFIX: a name nobody else has, fit for topics, groups, databases and files.
unique() { printf '%s_%s' "$1" "$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')"; }

# wait_until SECONDS COMMAND...: polls until COMMAND succeeds; a failure says what was waited for.
wait_until() {
    local end=$((SECONDS + $1)) seconds=$1
    shift
    until "$@"; do
        ((SECONDS <= end)) || {
            echo "not within $seconds s: $*" >&2
            return 1
        }
        sleep 0.05
    done
}

# ------------------------------------------------------------------------------------------------ Kafka

# kadmin COMMAND...: what Kafka says without kpipe; see tests/support/kadmin.py.
kadmin() { "$KPIPE_PYTHON" "$KPIPE_TOP/tests/support/kadmin.py" "$@"; }

# new_topic [PARTITIONS (1)] [config=value...]: sets TOPIC.
new_topic() {
    TOPIC=$(unique t)
    export TOPIC
    kadmin create-topic "$TOPIC" "${1:-1}" "${@:2}"
}

# new_group: sets GROUP. Kafka makes it at the first join or commit.
new_group() {
    GROUP=$(unique g)
    export GROUP
}

# produce TOPIC [kcat option...] <lines: fails unless the broker has stored every line.
produce() { kcat -q -b "$KAFKA_BOOTSTRAP" -P -t "$@"; }

# committed GROUP TOPIC: partition<TAB>offset<TAB>metadata of each committed offset.
committed() { kadmin committed "$@"; }

# committed_sum GROUP TOPIC: all its committed offsets together, 0 without any.
committed_sum() { kadmin committed "$@" | awk '{ sum += $2 } END { print sum + 0 }'; }

# group_members GROUP: how many there are now.
group_members() { kadmin group-state "$1" | cut -f 2; }

# ------------------------------------------------------------------------------------------------ PostgreSQL

# new_db: an empty database that libpq uses from now on (PGDATABASE), also as DSN in PGDSN.
new_db() {
    PGDATABASE=$(unique db)
    psql -X -q -d postgres -v ON_ERROR_STOP=1 -c "CREATE DATABASE $PGDATABASE"
    PGDSN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE"
    export PGDATABASE PGDSN
}

# psqlq SQL: the answer's rows, fields with | between.
psqlq() { psql -X -At -q -v ON_ERROR_STOP=1 -c "$1"; }
