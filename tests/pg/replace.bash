# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the tests of ksink-pg --strategy replace, behind records.bash.

# For teardown.
end_feeders() {
    local pid
    for pid in "${SINK-}" "${READER-}"; do [[ ! $pid ]] || kill -KILL "$pid" 2>/dev/null || true; done
}

# replaces TABLE [option...] <file: a whole run, as the end of a file is its end.
replaces() {
    run --separate-stderr ksink-pg --strategy replace --table "$@"
    assert_success
}

# keeps STATUS TABLE [option...] <file: the run ends so, with one line.
# shellcheck disable=SC2154 # run --separate-stderr sets them
keeps() {
    local status_wanted=$1
    shift
    run --separate-stderr ksink-pg --strategy replace --table "$@"
    assert_equal "$status" "$status_wanted"
    assert_equal "${#stderr_lines[@]}" 1
}

rows() { psqlq "SELECT * FROM ${1:-t} ORDER BY 1, 2"; }
# keyed OFFSET KEY VALUE: a record of topic o, partition 0; KEY and VALUE are JSON.
keyed() {
    printf '{"topic":"o","partition":0,"offset":%s,"timestamp":1,"key":%s,"headers":[],"value":%s}\n' "$@"
}
asides() { psqlq "SELECT count(*) FROM pg_class WHERE relname LIKE '%kpipe\_new%' AND relkind = 'r'"; }

# begin_feed TABLE [option...]: a run that reads what goes to $FEED.
begin_feed() {
    mkfifo feed
    ksink-pg --strategy replace --table "$@" <feed 2>err 3>&- &
    SINK=$!
    exec {FEED}>feed
}

# ends STATUS: the run, when its input has.
ends() {
    local status=0
    exec {FEED}>&-
    wait "$SINK" || status=$?
    SINK=
    assert_equal "$status" "$1"
}
