#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The examples of the man pages and of README.md are run as they stand, with the tools replaced by ones that are pointed
# to servers that do not exist: an example that is wrong ends with usage (64) or configuration (78), a right one reaches
# the point where the server is missing (69). What needs no server does its work.
# shellcheck disable=SC2154  # bats sets status, output, stderr

bats_require_minimum_version 1.5.0

TOOLS=(kconsume ksink-pg ksink-file kseek kgroups)

setup() {
    load ../support/common
    MAN=$KPIPE_BIN/../man
    cd "$BATS_TEST_TMPDIR" || return 1
    mkdir shims work
    local tool extra
    for tool in "${TOOLS[@]}"; do
        extra='-b 127.0.0.1:1 --timeout 200ms'
        [[ $tool != ksink-pg ]] || extra="--dsn 'host=127.0.0.1 port=1' --retry-for 0"
        [[ $tool != ksink-file ]] || extra=''
        # The status goes to a log, because a pipeline keeps only the last one.
        # shellcheck disable=SC2016  # for the shim to expand
        printf '#!/bin/bash\n"%s" "$@" %s\nstatus=$?\necho "$status %s $*" >> "%s"\nexit $status\n' \
            "$KPIPE_BIN/$tool" "$extra" "$tool" "$PWD/log" >"shims/$tool"
        chmod +x "shims/$tool"
    done
    unset KPIPE_BOOTSTRAP_SERVERS
    export PASSWORD=secret REGISTRY_LOGIN=user:secret
}

# examples_of_man PAGE: each literal block of EXAMPLES as a file example.N.
examples_of_man() {
    sed -n '/^\.Sh EXAMPLES/,/^\.Sh [^E]/p' "$1" |
        awk '/^\.Bd -literal/ { on = 1; file = "example." ++n; next } /^\.Ed/ { on = 0 } on { print > file }'
    sed -i 's/\\e/\\/g; s/\\-/-/g; s/\\&//g' example.*
}

# run_examples: each example.N in a folder of its own; every kpipe tool in it must have been understood.
run_examples() {
    local example
    for example in example.*; do
        rm -rf work log
        mkdir work
        (cd work && PATH=$OLDPWD/shims:$PATH timeout 60 bash "../$example") >out 2>err </dev/null || true
        echo "--- $example"
        cat "$example" log err
        local status rest ran=0
        while read -r status rest; do
            ran=$((ran + 1))
            # A file made by the command before it is empty or not there when that found no server.
            case $rest in
                *--from-file* | *--set-offsets*) [[ $status == 6[56] ]] ;;
                ksink-file*) [[ $status == 0 ]] ;;
                *) [[ $status == 69 ]] ;;
            esac
        done <log
        ((ran > 0))
    done
}

@test "examples of kconsume(1)" {
    examples_of_man "$MAN/kconsume.1"
    run_examples
}

@test "examples of ksink-pg(1)" {
    examples_of_man "$MAN/ksink-pg.1"
    run_examples
}

@test "examples of kseek(1)" {
    examples_of_man "$MAN/kseek.1"
    run_examples
}

@test "examples of kgroups(1)" {
    examples_of_man "$MAN/kgroups.1"
    run_examples
}

@test "examples of ksink-file(1) also leave what they promise" {
    examples_of_man "$MAN/ksink-file.1"
    run_examples
    # The one that needs no broker.
    grep -l '^echo' example.* | {
        read -r example
        rm -rf work
        mkdir work
        cd work
        PATH=$KPIPE_BIN:$PATH bash "../$example" 2>/dev/null
        assert_equal "$(cat kcat.ndjson)" '{"topic":"orders","partition":0,"offset":7,"payload":"a"}'
        assert_equal "$(ksink-file --print-offsets kcat.ndjson | jq -c '{topic, partition, offset}')" \
            '{"topic":"orders","partition":0,"offset":8}'
        PATH=$KPIPE_BIN:$PATH bash "../$example" 2>/dev/null
        assert_equal "$(wc -l <kcat.ndjson)" 1
    }
}

@test "commands of README.md" {
    awk '/^```sh$/ { on = 1; file = "example." ++n; next } /^```$/ { on = 0 } on { print > file }' "$KPIPE_TOP/README.md"
    # Not those that build or run servers.
    local example
    for example in example.*; do
        ! grep -qE '^(packaging|tests|cmake)' "$example" || rm "$example"
    done
    run_examples
}
