#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What every tool says about itself and about a wrong command line: status 64, one line on stderr that names the tool,
# the option and a right example; nothing on stdout. No server is asked.
# shellcheck disable=SC2154  # bats sets status, output, stderr

bats_require_minimum_version 1.5.0

TOOLS=(kconsume ksink-pg ksink-file kseek kgroups)

setup() {
    load ../support/common
    unset KPIPE_BOOTSTRAP_SERVERS
    cd "$BATS_TEST_TMPDIR" || return 1
}

# refused STATUS MESSAGE COMMAND...: ends with STATUS, stdout empty, and stderr is exactly one line: "tool: MESSAGE".
refused() {
    local status_wanted=$1 message=$2
    shift 2
    run --separate-stderr "$@" </dev/null
    echo "$* -> $status: $stderr"
    assert_equal "$status" "$status_wanted"
    assert_output ''
    assert_equal "$stderr" "$1: $message"
}

# refused_like STATUS PATTERN COMMAND...: the same with a bash pattern for what the message says.
refused_like() {
    local status_wanted=$1 pattern=$2
    shift 2
    run --separate-stderr "$@" </dev/null
    echo "$* -> $status: $stderr"
    assert_equal "$status" "$status_wanted"
    assert_output ''
    # shellcheck disable=SC2053  # a pattern
    [[ $stderr == "$1: "$pattern && $stderr != *$'\n'* ]]
}

@test "-h and --help: usage on stdout, nothing on stderr" {
    for tool in "${TOOLS[@]}"; do
        run --separate-stderr "$tool" --help
        assert_success
        assert_line --partial "Usage: $tool"
        assert_equal "$stderr" ''
        local long=$output
        run --separate-stderr "$tool" -h
        assert_success
        assert_output "$long"
    done
}

@test "--help and --version need nothing else and no configuration" {
    for tool in "${TOOLS[@]}"; do
        run --separate-stderr env -i "$(command -v "$tool")" --version
        assert_success
        assert_output --regexp "^$tool [0-9]+\.[0-9]+\.[0-9]+$"
        assert_equal "$stderr" ''
    done
    run --separate-stderr kgroups lag --help
    assert_success
    assert_line --partial 'Usage: kgroups lag'
}

@test "a reader that is gone is an error of writing, not silence" {
    for tool in "${TOOLS[@]}"; do
        run --separate-stderr bash -c "$tool --help > /dev/full"
        assert_equal "$status" 74
        assert_equal "$stderr" "$tool: stdout: could not be written"
    done
}

@test "an unknown option is named, also when a required one is missing" {
    for tool in "${TOOLS[@]}"; do
        refused 64 "--no-such-option: unknown option. See $tool --help" "$tool" --no-such-option
        refused 64 "-Z: unknown option. See $tool --help" "$tool" -Z
    done
    refused 64 "'stray': unexpected argument. See kconsume --help" kconsume -t orders stray
    refused 64 "'stray': unexpected argument. See kseek --help" kseek -g g -t orders stray --to 5
    refused 64 "'stray': unexpected argument. See kconsume --help" kconsume -X client.rack=a stray -t orders
    refused 64 "'second': unexpected argument. See ksink-file --help" ksink-file first second
    refused 64 "'nonsense': unexpected argument. See kgroups --help" kgroups nonsense
}

@test "no arguments: the first thing that is missing is named" {
    refused 64 '-t: no topic given. See kconsume --help' kconsume
    refused 64 '--table is required. See ksink-pg --help' ksink-pg
    refused 64 'PATH or --dir FOLDER is required. See ksink-file --help' ksink-file
    refused 64 'PATH and --dir: only one of them. See ksink-file --help' ksink-file out --dir out
    refused 64 '-g: no group given. kgroups list shows what is there' kseek
    refused 64 '-b: no brokers given. Name them: -b HOST:PORT[,HOST:PORT], KPIPE_BOOTSTRAP_SERVERS, --uri or --profile NAME' kgroups
    refused 64 '-b: no brokers given. Name them: -b HOST:PORT[,HOST:PORT], KPIPE_BOOTSTRAP_SERVERS, --uri or --profile NAME' \
        kconsume -t orders
}

@test "durations, sizes and numbers are read strictly; the message names the option and right values" {
    local duration='not a duration; examples: 500ms, 30s, 5m, 1h30m'
    local option value
    for value in soon 5x 1m30h -5s '5 s'; do
        refused 64 "--timeout: '$value': $duration. See kconsume --help" kconsume -t orders "--timeout=$value"
    done
    for option in --commit-interval --drain-timeout --batch-timeout; do
        refused 64 "$option: 'soon': $duration. See kconsume --help" kconsume -t orders "$option" soon
    done
    refused 64 "--retry-for: 'soon': $duration. See ksink-pg --help" ksink-pg --table t --retry-for soon
    refused 64 "--batch-timeout: 'soon': $duration. See ksink-file --help" ksink-file out --batch-timeout soon
    for value in 1x 0 -1 64QiB 1e3; do
        refused 64 "--batch-bytes: '$value': not a size; examples: 65536, 64KiB, 16MiB. See ksink-file --help" \
            ksink-file out "--batch-bytes=$value"
    done
    for value in x 0 -1 1.5 99999999999999999999; do
        refused 64 "--count: '$value': not a whole number, 1 or more. See kconsume --help" \
            kconsume -t orders "--count=$value"
        refused 64 "--batch-size: '$value': not a number of records above 0; example: 50000. See ksink-file --help" \
            ksink-file out "--batch-size=$value"
    done
    refused 64 "--max-lag: 'x': not a whole number, 0 or more. See kgroups --help" kgroups lag --max-lag x
    refused 64 "--generation: '0': not a whole number, 1 or more. See kseek --help" \
        kseek -g g -t orders --to 5 --generation 0
    assert_not_exists out
}

@test "choices name what there is to choose from" {
    refused_like 64 '--log-level:*error, warning, notice, info or debug' kconsume -t orders --log-level loud
    refused_like 64 '--format: xml not in {json,string,raw,avro,*}.*' kconsume -t orders -f xml
    refused_like 64 '--commit: later not in {ack,written,none}.*' kconsume -t orders -g g --commit later
    refused_like 64 '--compress: *none, gzip, zstd*' ksink-file out --compress lz4
    refused_like 64 '--compress: gzip: *Use zstd, or give --dir*' ksink-file out --compress gzip
    refused_like 64 '--compress: *gzip:9*' ksink-file --dir out --compress gzip:10
    refused_like 64 '--content: all not in {record,value,raw}.*' ksink-file out --content all
    refused_like 64 '--at-end: x not in {publish,keep}.*' ksink-file --dir out --at-end x
    refused_like 64 '--at-revoke: x not in {publish,keep}.*' ksink-file --dir out --at-revoke x
    refused_like 64 '--at-revoke: is for folders. Give --dir FOLDER instead of PATH' ksink-file out --at-revoke publish
    refused_like 64 "--template: '{topic}': without {start} or {end} *. Example: --template '*'" ksink-file --dir out --template '{topic}'
    refused_like 64 '--template: is for folders*--dir FOLDER*' ksink-file out --template '{start}'
    refused_like 64 '--keep: is for folders*--dir FOLDER*' ksink-file out --keep 1d
    refused_like 64 "--keep: '7': neither an age nor a size*" ksink-file --dir out --keep 7
    refused_like 64 '--on-publish: *no {} where*' ksink-file --dir out --on-publish 'cp x'
    refused_like 64 '--rotate-...: is for folders*--dir FOLDER*' ksink-file out --rotate-interval 1m
    refused_like 64 "--rotate-records: '0': not a whole number above 0*" ksink-file --dir out --rotate-records 0
    refused_like 64 '--rotate-...: is for folders*--dir FOLDER*' ksink-file out --rotate-open 10
    refused_like 64 "--rotate-open: '0': not a whole number above 0*" ksink-file --dir out --rotate-open 0
    refused_like 64 "--rotate-bytes: 'much': not a size*" ksink-file --dir out --rotate-bytes much
    refused_like 64 '--strategy: swap not in {append,ignore,merge,replace}.*' ksink-pg --table t --strategy swap
    refused_like 64 "--by: 'broker': unknown. Use partition, topic, member or group" kgroups lag --by broker
    refused_like 64 "--output: 'xml': unknown. Use table, ndjson or prometheus.*" kgroups --output xml
    refused_like 64 "--output: 'xml': unknown. Use table or ndjson.*" kseek -g g -t orders --to 5 --output xml
}

@test "topics, partitions and positions" {
    refused_like 64 "-t: 'my orders': not a topic name *" kconsume -t 'my orders'
    refused_like 64 "*'x': not a list of partitions; examples: 3 or 0,2-5" kconsume -t orders:x
    refused_like 64 "*'5-2': not a list of partitions; examples: 3 or 0,2-5" kconsume -t orders -p 5-2
    refused_like 64 '-p: needs exactly one topic in -t*' kconsume -t a,b -p 0
    refused_like 64 '--from:*@2026-11-01T00:00Z*' kconsume -t orders --from yesterday
    refused_like 64 '--from: a date-time without a zone*' kconsume -t orders --from @2026-11-01T00:00
    refused_like 64 '--from 5: an offset means one partition*-t TOPIC:PARTITION' kconsume -t orders --from 5
    refused_like 64 "--to: 'x':*@2026-11-01T00:00Z*" kseek -g g -t orders --to x
    refused_like 64 '--to: no target given*' kseek -g g -t orders
    refused_like 64 '-t, --all-topics: one of the two, not both' kseek -g g --all-topics -t orders --to 5
    refused_like 64 '-t: no topic given.*--all-topics*' kseek -g g --to 5
    refused_like 64 '--from-file: it names the partitions itself.*' kseek -g g -t orders --from-file f
    refused_like 66 '--from-file: f: no such file' kseek -g g --from-file f
}

@test "who commits: what makes no sense is refused with the reason" {
    refused_like 64 '--commit: nothing to commit without a group. Name one with -g' kconsume -t orders --commit ack
    run --separate-stderr bash -c 'kconsume -b 127.0.0.1:1 -t orders -g g --commit ack > file'
    assert_equal "$status" 64
    [[ $stderr == 'kconsume: --commit ack: stdout is no pipe, so no sink can acknowledge.'* ]]
    refused_like 64 '--acks: only with --commit ack*' kconsume -t orders -g g --acks acks --commit written
    refused_like 66 '--acks: acks: no such FIFO or file. Make it first: mkfifo -m 600 acks' \
        kconsume -b 127.0.0.1:1 -t orders -g g --acks acks
    (umask 0 && mkfifo -m 666 acks)
    refused_like 78 '--acks: acks: it must belong to you and be writable by nobody else*' \
        kconsume -b 127.0.0.1:1 -t orders -g g --acks acks
}

@test "-X: what would break the guarantee is refused, and so is what librdkafka does not know" {
    local property
    for property in enable.auto.commit=true enable.auto.offset.store=true enable.partition.eof=false group.id=x; do
        refused_like 78 "-X: ${property%=*}: refused: *" kconsume -b 127.0.0.1:1 -t orders -X "$property"
    done
    refused_like 64 "-X: 'fetch.min.bytes': expected NAME=VALUE*" kconsume -b 127.0.0.1:1 -t orders -X fetch.min.bytes
    refused_like 78 '-X: no.such.property: No such configuration property*' kgroups -b 127.0.0.1:1 -X no.such.property=1
}

@test "a password on the command line is refused, and not repeated in the message" {
    local dsn
    for dsn in 'host=db password=hunter2' 'postgresql://etl:hunter2@db/wh' 'service=wh sslpassword=hunter2'; do
        refused_like 64 '--dsn: holds a *password, which every user of the machine can read. Give it by *' \
            ksink-pg --table orders --dsn "$dsn"
        refute [ "$stderr" != "${stderr/hunter2/}" ]
    done
}

@test "names of tables and columns" {
    refused_like 64 "--table: 'my orders' is not a table name. *" ksink-pg --table 'my orders'
    refused_like 64 "--table: 'a.b.c' is not a table name. *" ksink-pg --table a.b.c
    refused_like 64 "--columns: *'id bigint; drop table x' is not a column. *" \
        ksink-pg --table orders --columns 'id bigint; drop table x'
    refused_like 64 '--replace-at-eof: needs --strategy replace' ksink-pg --table t --replace-at-eof
    refused_like 64 '--allow-empty: needs --strategy replace' ksink-pg --table t --allow-empty
    refused_like 64 "--table: {topic} needs --allow-topics LIST: *" ksink-pg --table 'raw.{topic}'
    refused_like 64 "--allow-topics: needs {topic} in --table. Example: 'raw.{topic}'" ksink-pg --table raw --allow-topics a
    refused_like 64 '--allow-topics: a: is given twice' ksink-pg --table '{topic}' --allow-topics a,b,a
    refused_like 64 '--strategy replace: replaces the rows of one table a run. *' ksink-pg --table '{topic}' --allow-topics a --strategy replace
    refused_like 64 "--columns: 'id' is given twice" ksink-pg --table orders --columns 'id bigint, id text'
}

@test "nobody listens: status 69 within --timeout, and the cause is named" {
    local started=$SECONDS
    refused_like 69 'connect: 127.0.0.1:1: Connection refused. Nothing listens there: *' \
        kconsume -b 127.0.0.1:1 -t orders --timeout 1s
    refused_like 69 'connect: 127.0.0.1:1: Connection refused. Nothing listens there: *' \
        kgroups -b 127.0.0.1:1 --timeout 300ms
    refused_like 69 'connect: 127.0.0.1:1: Connection refused. Nothing listens there: *' \
        kseek -b 127.0.0.1:1 -g g -t orders --to earliest --timeout 300ms
    refused_like 69 'cannot connect to PostgreSQL: *127.0.0.1*Connection refused*' \
        ksink-pg --dsn 'host=127.0.0.1 port=1' --table orders --retry-for 0
    ((SECONDS - started <= 10))
}

@test "the environment names the brokers, the option wins" {
    KPIPE_BOOTSTRAP_SERVERS=127.0.0.1:1 refused_like 69 'connect: 127.0.0.1:1: *' kconsume -t orders --timeout 300ms
    KPIPE_BOOTSTRAP_SERVERS=127.0.0.1:1 refused_like 69 'connect: 127.0.0.1:2: *' \
        kconsume -b 127.0.0.1:2 -t orders --timeout 300ms
}

@test "-q keeps a successful run silent, an error is still told" {
    run --separate-stderr bash -c \
        'echo "{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"value\":1}" | ksink-file -q out'
    assert_success
    assert_output ''
    assert_equal "$stderr" ''
    refused_like 69 'connect: 127.0.0.1:1: *' kconsume -q -b 127.0.0.1:1 -t orders --timeout 300ms
}
