# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The checks of `tests/run lint`: each is a function lint_NAME that prints what is wrong and fails. Run at the repository's top.

LINT_CHECKS=(shellcheck clang_format machine_names licence python manuals own_database)

# sources [PATTERN...]: the repository's files (new ones too, before they are added), one a line.
sources() { git ls-files --cached --others --exclude-standard --deduplicate -- "$@" | while IFS= read -r file; do [[ ! -f $file ]] || echo "$file"; done; }

shell_sources() {
    local file
    while IFS= read -r file; do
        case $file in
            *.bash | *.sh | *.bats) echo "$file" ;;
            *.*) ;;
            *) if head -1 "$file" | grep -qaE '^#!.*\b(ba)?sh\b'; then echo "$file"; fi ;;
        esac
    done < <(sources)
}

# In bats files and what they load: bats sets status, output and their like (2154); variables are set for the loader (2034);
# each test is a subshell (2030, 2031); conditions to wait for are quoted (2016).
lint_shellcheck() {
    local test_file='^tests/(cli|kafka|pg)/|\.bats$'
    shell_sources | grep -vE "$test_file" | xargs -r -d '\n' shellcheck -x -P . -P SCRIPTDIR || return 1
    shell_sources | grep -E "$test_file" | xargs -r -d '\n' shellcheck -x -P . -P SCRIPTDIR -e SC2154,SC2034,SC2030,SC2031,SC2016
}

lint_clang_format() { sources '*.cpp' '*.hpp' | xargs -r -d '\n' clang-format --dry-run -Werror; }

# Files of tests/pg share a server while they run side by side: none may count or end the sessions of another.
lint_own_database() { ! grep -nE 'pg_stat_activity|pg_locks.*locktype|locktype.*pg_locks' tests/pg/*.bats tests/pg/*.bash | grep -vE 'current_database|@test'; }

# Paths of a development machine and hosts of package registries have no place in a repository that others use.
# The character classes keep this line itself from matching.
lint_machine_names() {
    local found
    found=$(sources | xargs -r -d '\n' grep -nIE \
        '(^|[^[:alnum:]_./-])/(wor[k]|roo[t]|home/[a-z]+|tmp/[k])(/|$|[^[:alnum:]_-])|registry[.]npmjs|repo1?[.]maven[.]|pypi[.]org|python[h]osted|deb[.]debian' || true)
    [[ -z $found ]] || {
        printf '%s\n' "$found"
        return 1
    }
}

lint_licence() {
    local file missing=0
    while IFS= read -r file; do
        head -5 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || {
            echo "$file: no SPDX-License-Identifier in its first lines"
            missing=1
        }
    done < <(
        shell_sources
        sources '*.cpp' '*.hpp' '*.py' '*.cmake' 'CMakeLists.txt' '*/CMakeLists.txt'
    )
    return "$missing"
}

lint_python() {
    local file broken=0
    while IFS= read -r file; do
        python3 -c 'import ast, sys; ast.parse(open(sys.argv[1], encoding="utf-8").read(), sys.argv[1])' "$file" || broken=1
    done < <(sources '*.py')
    return "$broken"
}

# Templates (*.in) become manual pages in the build; here only what is a page already or reads as one.
lint_manuals() {
    local pages
    mapfile -t pages < <(sources 'man/*.[1-8]' 'man/*.[1-8].in')
    ((${#pages[@]} == 0)) || mandoc -T lint -W error "${pages[@]}"
}

# lint_all: runs every check, prints one line each, sets LINT_PASSED and LINT_FAILED.
lint_all() {
    local check output
    LINT_PASSED=0 LINT_FAILED=0
    for check in "${LINT_CHECKS[@]}"; do
        if output=$("lint_$check" 2>&1); then
            echo "ok $check"
            LINT_PASSED=$((LINT_PASSED + 1))
        else
            printf 'not ok %s\n%s\n' "$check" "$output"
            LINT_FAILED=$((LINT_FAILED + 1))
        fi
    done
}
