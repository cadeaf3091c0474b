# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Shared by the scripts of packaging/ and tests/: messages, locking, folders that appear complete or not at all.
# To be sourced; expects `set -euo pipefail` in the caller.

KPIPE_TOP=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
KPIPE_DEPS=${KPIPE_DEPS:-$KPIPE_TOP/build/deps}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
    say "$*"
    exit 1
}

# need COMMAND...: stop, naming the remedy, unless every command is on PATH.
need() {
    local command
    for command; do
        command -v "$command" >/dev/null || die "$command is missing. Run packaging/install-deps build test"
    done
}

# complete DIR STAMP: true if DIR was published with exactly this stamp.
complete() { [[ -f $1/.complete && $(<"$1/.complete") == "$2" ]]; }

# lock_for DIR: one builder of DIR at a time, released when the caller ends. What earlier builders left half-done goes.
lock_for() {
    mkdir -p "${1%/*}"
    exec {KPIPE_LOCK_FD}>"${1%/*}/.${1##*/}.lock"
    flock -n "$KPIPE_LOCK_FD" || {
        say "waiting for another run that makes ${1##*/}"
        flock "$KPIPE_LOCK_FD"
    }
    rm -rf "${1%/*}/.${1##*/}".{new,old}.*
}

# staging_for DIR: prints a new folder beside DIR, so that publish is a rename within one file system.
staging_for() { mktemp -d "${1%/*}/.${1##*/}.new.XXXXXX"; }

# publish STAGED DIR STAMP: the finished STAGED becomes DIR; an older DIR is replaced.
publish() {
    printf '%s\n' "$3" >"$1/.complete"
    chmod 755 "$1"
    if [[ -e $2 ]]; then
        local old
        old=$(mktemp -d "${2%/*}/.${2##*/}.old.XXXXXX")
        mv -T "$2" "$old"
        mv -T "$1" "$2"
        rm -rf "$old"
    else
        mv -T "$1" "$2"
    fi
}
