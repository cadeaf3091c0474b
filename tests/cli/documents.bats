#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# One option table makes the parser, --help, the man page and the completions: here they are compared, in both
# directions, so that none can offer what another lacks. Man pages lie beside the programs in the build folder.
# shellcheck disable=SC2154  # bats sets status, output, stderr

bats_require_minimum_version 1.5.0

TOOLS=(kconsume ksink-pg ksink-file kseek kgroups)

setup() {
    load ../support/common
    MAN=$KPIPE_BIN/../man
    COMPLETIONS=$KPIPE_TOP/completions
}

# same FILE FILE: a failure shows the lines that only one of them has.
same() { diff -u "$1" "$2"; }

# options TOOL: every spelling, one a line.
options() { "$1" --generate options | sort; }

# The same from --help: names stand at the start of an indented line, before the description's column.
options_of_help() {
    "$1" --help | sed -n 's/^  \(-[^ ]*\).*/\1/p' | tr , '\n' | sed 's/{.*//' | sort
}

# From the page as it is read: a list item of the section Options starts with its names at the section's indent.
options_of_man() {
    mandoc -Tascii "$MAN/$1.1" | col -bx |
        awk '/^   Options$/ { on = 1; next } /^   ?[^ ]/ { on = 0 } on && /^     -[^ ]/' |
        sed 's/^     //; s/  .*//' | grep -oE -- '(^|, )--?[A-Za-z][a-z-]*' | sed 's/^, //' | sort
}

options_of_bash() {
    local COMP_WORDS=("$1" -) COMP_CWORD=1 COMPREPLY=()
    # shellcheck disable=SC1090
    . "$COMPLETIONS/bash/$1"
    "_${1//-/_}"
    printf '%s\n' "${COMPREPLY[@]}" | sort
}

# '(-a --all)'{-a,--all}'[text]...' or '--all[text]...'
options_of_zsh() {
    sed -nE "s/^  '(\*|\([^)]*\))'//; s/^ *'*(\{[^}]*\}|-[^[]*)'?\[.*/\1/p" "$COMPLETIONS/zsh/_$1" |
        tr -d "{}'" | tr , '\n' | sort
}

options_of_fish() {
    sed -n "s/ -d '.*//; s/^complete -c $1 //p" "$COMPLETIONS/fish/$1.fish" |
        grep -oE -- '-[sl] [^ ]+' | sed 's/^-s /-/; s/^-l /--/' | sort
}

@test "options of --help, the man page and the completions are those of the parser" {
    local tool from
    for tool in "${TOOLS[@]}"; do
        options "$tool" >"$BATS_TEST_TMPDIR/parser"
        (($(wc -l <"$BATS_TEST_TMPDIR/parser") > 10))
        for from in help man bash zsh fish; do
            echo "$tool: $from"
            "options_of_$from" "$tool" >"$BATS_TEST_TMPDIR/$from"
            same "$BATS_TEST_TMPDIR/parser" "$BATS_TEST_TMPDIR/$from"
        done
    done
}

@test "descriptions of --help are those of the man page" {
    local tool
    for tool in "${TOOLS[@]}"; do
        # Descriptions start in column 35, beside the names or, where these are long, below them.
        "$tool" --help | sed -n '/^Options:/,/^$/p' |
            awk 'substr($0, 33, 2) ~ /^.? $/ && substr($0, 35, 1) != " " { print substr($0, 35) }' |
            grep . | sort >"$BATS_TEST_TMPDIR/help"
        # One line for each item: sentences joined again, escapes undone.
        "$tool" --generate mdoc | sed 's/\\-/-/g; s/\\&//; s/\\e/\\/g' |
            awk 'function item() { if (text != "") print text; text = "" }
                 /^\.(It|El)/ { item(); on = /^\.It Fl/; next }
                 on { text = text (text == "" ? "" : " ") $0 }' | sort >"$BATS_TEST_TMPDIR/man"
        same "$BATS_TEST_TMPDIR/help" "$BATS_TEST_TMPDIR/man"
    done
}

@test "subcommands of kgroups: --help, man page and completions agree" {
    local wanted
    wanted=$(kgroups --help | sed -n '/^Subcommands:/,$s/^  \([a-z]*\) .*/\1/p' | sort)
    [ -n "$wanted" ]
    run bash -c "sed -n 's/^\.It Cm \([a-z]*\).*/\1/p' <(kgroups --generate mdoc-commands) | sort"
    assert_output "$wanted"
    run bash -c "mandoc -Tascii '$MAN/kgroups.1' | col -bx | sed -n '/^   Commands/,/^   Options/s/^     \([a-z]*\).*/\1/p' | grep . | sort"
    assert_output "$wanted"
    run bash -c "sed -n \"s/.*'1:command:(\(.*\))'.*/\1/p\" '$COMPLETIONS/zsh/_kgroups' | tr ' ' '\n' | sort"
    assert_output "$wanted"
    run bash -c "sed -n 's/.* -n __fish_use_subcommand -a \([a-z]*\) .*/\1/p' '$COMPLETIONS/fish/kgroups.fish' | sort"
    assert_output "$wanted"
    local COMP_WORDS=(kgroups '') COMP_CWORD=1 COMPREPLY=()
    # shellcheck disable=SC1091
    . "$COMPLETIONS/bash/kgroups"
    _kgroups
    assert_equal "$(printf '%s\n' "${COMPREPLY[@]}" | sort)" "$wanted"
}

@test "completions that are checked in are those of the option table (cmake --build BUILD --target documents)" {
    local tool
    for tool in "${TOOLS[@]}"; do
        same "$COMPLETIONS/bash/$tool" <("$tool" --generate bash)
        same "$COMPLETIONS/zsh/_$tool" <("$tool" --generate zsh)
        same "$COMPLETIONS/fish/$tool.fish" <("$tool" --generate fish)
    done
    # and there are no others
    assert_equal "$(find "$COMPLETIONS" -type f | wc -l)" $((3 * ${#TOOLS[@]}))
}

@test "bash completes values: choices, files, and after '='" {
    cd "$BATS_TEST_TMPDIR" || return 1
    touch acks.fifo
    # shellcheck disable=SC1091
    . "$COMPLETIONS/bash/kconsume"
    local COMPREPLY=() COMP_WORDS=(kconsume -f '') COMP_CWORD=2
    _kconsume
    assert_equal "${COMPREPLY[*]}" 'json string raw avro confluent_avro protobuf json-schema json_schema'
    COMP_WORDS=(kconsume --format '=' s) COMP_CWORD=3
    _kconsume
    assert_equal "${COMPREPLY[*]}" 'string'
    COMP_WORDS=(kconsume --acks ac) COMP_CWORD=2
    _kconsume
    assert_equal "${COMPREPLY[*]}" 'acks.fifo'
    COMP_WORDS=(kconsume --timeout '') COMP_CWORD=2
    _kconsume
    assert_equal "${COMPREPLY[*]}" ''
}

@test "zsh and fish accept their completions" {
    local found=0
    if command -v zsh >/dev/null; then
        found=1
        for tool in "${TOOLS[@]}"; do zsh -n "$COMPLETIONS/zsh/_$tool"; done
    fi
    if command -v fish >/dev/null; then
        found=1
        for tool in "${TOOLS[@]}"; do fish --no-execute "$COMPLETIONS/fish/$tool.fish"; done
    fi
    ((found)) || skip 'neither zsh nor fish is installed'
}

@test "man pages are well formed, complete, and refer to pages that exist" {
    run mandoc -Tlint -W warning "$MAN"/*.[17]
    assert_success
    assert_output ''
    local page reference section
    for page in "${TOOLS[@]/%/.1}" kpipe.7; do
        for section in NAME DESCRIPTION 'EXIT STATUS' 'SEE ALSO'; do
            grep -qx "\.Sh $section" "$MAN/$page" || fail "$page: no section $section"
        done
        refute grep -n '@[A-Z]*@' "$MAN/$page"
        while read -r reference; do
            assert_file_exists "$MAN/$reference"
        done < <(sed -n 's/^\.Xr \(k[a-z-]*\) \([17]\).*/\1.\2/p' "$MAN/$page" | grep -v kcat)
    done
    for page in "${TOOLS[@]/%/.1}"; do
        grep -qx '\.Sh EXAMPLES' "$MAN/$page" || fail "$page: no section EXAMPLES"
        # NAME says what the tool says of itself.
        assert_equal "$(sed -n 's/^\.Nd //p' "$MAN/$page")" "$("${page%.1}" --help | head -1)"
    done
}

@test "man pages name only options that exist" {
    local tool option
    for tool in "${TOOLS[@]}"; do
        sed 's/\\-/-/g' "$MAN/$tool.1" | grep -oE '(^\.|^\.[A-Z][a-z] .*)Fl -[a-z-]+' | grep -oE -- '-[a-z][a-z-]+$' |
            sed 's/^/-/' | sort -u >"$BATS_TEST_TMPDIR/named"
        while read -r option; do
            # Pages of one tool may name an option of another, but no option that nobody has.
            for other in "${TOOLS[@]}"; do "$other" --generate options; done | grep -qx -- "$option" ||
                fail "$tool.1: $option does not exist"
        done <"$BATS_TEST_TMPDIR/named"
    done
}

@test "each exit status that a page lists is one of kpipe's, with the same order" {
    local page
    for page in "$MAN"/*.1; do
        run bash -c "sed -n '/^\.Sh EXIT STATUS/,/^\.Sh [^E]/s/^\.It \([0-9]*\)$/\1/p' '$page' | tr '\n' ' '"
        assert_equal "$output" "$(echo "$output" | tr ' ' '\n' | grep . | sort -n | tr '\n' ' ')"
        for status in $output; do [[ " 0 1 64 65 66 69 70 74 75 77 78 " == *" $status "* ]]; done
    done
}
