#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ksink-pg: what JSON values become in columns of all sorts of types, as types.tsv says, by Debian's PostgreSQL and by the
# newest.
# shellcheck disable=SC1091,SC2154,SC2016,SC2030,SC2031 # stderr and stderr_lines are set by run --separate-stderr

bats_require_minimum_version 1.5.0

setup_file() {
    export NEWEST_DIR=$BATS_FILE_TMPDIR/newest
}

teardown_file() {
    [[ -d $NEWEST_DIR ]] || return 0
    use_newest
    postgres_stop "$NEWEST_DIR"
    postgres_remove "$NEWEST_DIR"
}

setup() {
    load ../support/common
    load records
    cd "$BATS_TEST_TMPDIR" || return 1
    cases=$BATS_TEST_DIRNAME/types.tsv
}

use_newest() {
    source "$BATS_TEST_DIRNAME/../../packaging/lib/common.bash"
    source "$BATS_TEST_DIRNAME/../../packaging/lib/servers.bash"
    KPIPE_PG_BIN=$("$BATS_TEST_DIRNAME/../support/make-postgres" --bindir)
    [[ -x $KPIPE_PG_BIN/initdb ]] || {
        echo "$KPIPE_PG_BIN: no PostgreSQL there. Run tests/support/make-postgres" >&2
        return 1
    }
}

# A database with the types and settings that types.tsv goes by.
new_db_of_types() {
    new_db
    psqlq "ALTER DATABASE $PGDATABASE SET timezone = 'UTC'; ALTER DATABASE $PGDATABASE SET datestyle = 'ISO, MDY';
           ALTER DATABASE $PGDATABASE SET lc_monetary = 'C'"
    psqlq "CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree;
           CREATE TYPE mood AS ENUM ('sad', 'happy');
           CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
           CREATE DOMAIN code AS varchar(9) CHECK (VALUE ~ '^[0-9]{5}\$');
           CREATE DOMAIN object AS jsonb; CREATE DOMAIN doc AS object; CREATE DOMAIN docs AS doc[]"
}

# All accepted values in one row of one table.
stores_all() {
    awk -F '\t' '/^[^#]/ && $3 !~ /^! / { printf "%s\tc%d %s\n", NR, NR, $1 }' "$cases" >accepted
    psqlq "CREATE TABLE accepted ($(cut -f 2 accepted | paste -sd ,))"
    record o 0 0 "{$(awk -F '\t' '/^[^#]/ && $3 !~ /^! / && $2 != "-" { printf "%s\"c%d\":%s", comma, NR, $2; comma = "," }' "$cases")}" >in
    run --separate-stderr ksink-pg --table accepted <in
    assert_success
    # A value may hold a tab: only the first two fields are cut off.
    awk '/^[^#]/ { value = $0; sub(/^[^\t]*\t[^\t]*\t/, "", value); if (value !~ /^! /) print NR ": " value }' "$cases" >expected
    psql -X -At -P null='\N' -F $'\x01' -c 'TABLE accepted' | tr '\001' '\n' | paste -d ' ' <(cut -f 1 accepted | sed 's/$/:/') - >found
    run diff expected found
    assert_output ""
}

# Each refused value by a run of its own, which must say so and store nothing.
refuses_all() {
    awk -F '\t' '/^[^#]/ && $3 ~ /^! / { printf "CREATE TABLE r%d (c %s, other integer);\n", NR, $1 }' "$cases" >tables.sql
    psql -X -q -v ON_ERROR_STOP=1 -f tables.sql
    local number=0 line type json message value wrong='' tables=()
    while IFS= read -r line; do
        number=$((number + 1))
        IFS=$'\t' read -r type json message <<<"$line"
        [[ $line != '#'* && $message == '! '* ]] || continue
        value="\"c\":$json,"
        [[ $json != - ]] || value=
        run --separate-stderr ksink-pg --table "r$number" < <(record o 0 0 "{$value\"other\":1}")
        tables+=("SELECT FROM r$number")
        [[ $status == 65 && ${#stderr_lines[@]} == 1 && $stderr == "ksink-pg: row not stored in public.r$number: o[0]@0: "*"${message#! }"* ]] ||
            wrong+="line $number: status $status: $stderr"$'\n'
    done <"$cases"
    assert_equal "$wrong" ""
    assert_equal "$(psqlq "SELECT count(*) FROM ($(printf '%s UNION ALL ' "${tables[@]}") SELECT WHERE false) AS stored")" 0
}

@test "the table of conversions is large" {
    (($(grep -cE '^[^#]' "$cases") >= 120))
}

@test "accepted values, PostgreSQL of Debian" {
    new_db_of_types
    stores_all
}

@test "refused values, PostgreSQL of Debian" {
    new_db_of_types
    refuses_all
}

@test "accepted and refused values, newest PostgreSQL" {
    use_newest
    postgres_start "$NEWEST_DIR"
    (($(psqlq 'SHOW server_version_num') >= 180000))
    new_db_of_types
    stores_all
    refuses_all
}

@test "U+0000: --nul strip and replace, in texts, arrays, JSON and names" {
    new_db
    for policy in strip replace; do
        psqlq "CREATE TABLE $policy (a text, b varchar(3), c text[], d json, e jsonb[], f bytea, g text, rest jsonb)"
        record o 0 0 '{"a":"x\u0000y\\u0000","b":"\u0000ab","c":["\u0000","\u0000z"],"d":{"k\u0000":"\\u0000\u0000"},"e":["\u0000"],"f":"\u0000","g\u0000":"\u0000","h\u0000":[1.0,"\u0000"]}' >in
        run --separate-stderr ksink-pg --table "$policy" --nul "$policy" <in
        assert_success
    done
    assert_equal "$(psqlq 'TABLE strip')" 'xy\u0000|ab|{"",z}|{"k":"\\u0000"}|{"\"\""}|\x00||{"h": [1.0, ""]}'
    assert_equal "$(psqlq 'TABLE replace')" 'x�y\u0000|�ab|{�,�z}|{"k�":"\\u0000�"}|{"\"�\""}|\x00||{"g�": "�", "h�": [1.0, "�"]}'
}

@test "U+0000 and half a surrogate pair in what has no column, and in names" {
    new_db
    psqlq 'CREATE TABLE t (id bigint, rest jsonb)'
    refused() { # VALUE MESSAGE
        run --separate-stderr ksink-pg --table "${3:-t}" < <(record o 0 7 "$1")
        assert_equal "$status" 65
        assert_equal "$stderr" "ksink-pg: ${4:-row not stored in public.t}: o[0]@7: $2"
    }
    local nul='contains U+0000, which PostgreSQL cannot hold in a text or in JSON. Leave it out (--nul strip), put U+FFFD in its place (--nul replace), or correct it in a filter (jq)'
    local half='contains half a surrogate pair, which is no character. Correct it in a filter (jq)'
    refused '{"id":1,"a":1,"b":{"c":"\u0000"}}' "field \"b\" $nul"
    refused '{"id":1,"a":1,"b\u0000":2}' "field \"b\\u0000\" $nul"
    refused '{"id":1,"b":"\udfff"}' "field \"b\" $half"
    refused '{"id":1,"\ud83d":"b"}' "the name of a field $half"
    refused '{"id":1,"b\u0000":2}' 'field "b\u0000" cannot name a column (1 to 63 bytes, no U+0000). Declare the columns (--columns '\''NAME TYPE, ..., rest jsonb'\''), or keep values whole (--columns value)' \
        new 'no table inferred'
    assert_equal "$(psqlq 'SELECT count(*) FROM t')" 0
}
