# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Record lines by hand, so that a sink is tested alone.

# For setup: a database of the test's own, and its folder to work in.
new_folder_and_db() {
    new_db
    cd "$BATS_TEST_TMPDIR" || return 1
}

# refuses STATUS TABLE [option...] <records: the run ends so, with one line.
# shellcheck disable=SC2154 # run --separate-stderr sets them
refuses() {
    local status_wanted=$1
    shift
    run --separate-stderr ksink-pg --table "$@"
    assert_equal "$status" "$status_wanted"
    assert_equal "${#stderr_lines[@]}" 1
}

# record TOPIC PARTITION OFFSET VALUE [GENERATION]: one line.
record() {
    printf '{"topic":"%s","partition":%s,"offset":%s%s,"timestamp":1795246448656,"key":null,"headers":[],"value":%s}\n' \
        "$1" "$2" "$3" "${5:+,\"gen\":$5}" "$4"
}

# numbered TOPIC PARTITION FIRST COUNT [GENERATION]: records whose value says where they come from.
numbered() {
    awk -v topic="$1" -v partition="$2" -v first="$3" -v count="$4" -v gen="${5:+,\"gen\":${5-}}" 'BEGIN {
        for (i = first; i < first + count; i++)
            printf "{\"topic\":\"%s\",\"partition\":%d,\"offset\":%d%s,\"timestamp\":1,\"key\":null,\"headers\":[]," \
                "\"value\":{\"p\":%d,\"o\":%d,\"text\":\"row %d\"}}\n", topic, partition, i, gen, partition, i, i
    }'
}

# Every number below COUNT is in the table once, for partition PARTITION: exactly_once TABLE PARTITION COUNT
exactly_once() {
    local found
    found=$(psqlq "SELECT count(*), count(DISTINCT o), min(o), max(o) FROM $1 WHERE p = $2")
    [[ $found == "$3|$3|0|$(($3 - 1))" ]] || {
        echo "$1, partition $2: expected $3 rows once, found count|distinct|min|max = $found"
        return 1
    }
}

# db_says SQL TEXT: true when the query's result is TEXT; for wait_until.
db_says() { [[ $(psqlq "$1") == "$2" ]]; }

# advisory_locks: counts them, to be gone on with by AND. The server has the databases of other test files, too.
advisory_locks() {
    echo "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() WHERE locktype = 'advisory'"
}

# next_offset SINK TOPIC PARTITION
next_offset() {
    psqlq "SELECT next_offset FROM kpipe_offsets WHERE sink = '$1' AND topic = '$2' AND partition = $3"
}
