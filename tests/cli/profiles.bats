#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Profiles without a server: where they come from, what wins, --show-config, kgroups connections, and that no secret is
# seen anywhere. /etc/kpipe is the machine's, so the layers are those of XDG_CONFIG_HOME here; the unit tests have both.

bats_require_minimum_version 1.5.0
load ../support/common

setup() {
    unset KPIPE_BOOTSTRAP_SERVERS KPIPE_PROFILE
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_CONFIG_HOME=$PWD/xdg
    C=$XDG_CONFIG_HOME/kpipe/config.toml
    mkdir -p xdg/kpipe/connections.d
    MARKER=marker-$RANDOM$RANDOM$RANDOM
    umask 077
    cat >"$C" <<END
[connections.prod]
brokers = ["127.0.0.1:1", "127.0.0.1:2"]
description = "all of it"
tags = ["eu", "big"]
group_id = "etl"
secrets = [{ id = "login" }]
[connections.prod.properties]
security.protocol = "SASL_PLAINTEXT"
fetch.min.bytes = 7

[connections.default]
brokers = ["127.0.0.1:3"]

[connections.look]
brokers = ["127.0.0.1:4"]
purpose = "r"

[secrets.login.data]
username = "me"
password = "$MARKER"
sasl_mechanism = "PLAIN"
END
}

teardown() { [[ ! ${FOLDER-} ]] || rm -r "$FOLDER"; }

# says STATUS MESSAGE COMMAND...: ends so, prints nothing else, and no secret.
says() {
    run "-$1" --separate-stderr "${@:3}"
    assert_output ''
    assert_equal "$stderr" "$3: $2"
    refute grep -q "$MARKER" <<<"$stderr"
}

@test "--show-config: each value with its origin, secrets masked" {
    local tool
    for tool in kgroups kseek; do
        run -0 --separate-stderr "$tool" --profile prod --show-config
        assert_equal "$stderr" ''
        assert_output "bootstrap.servers = 127.0.0.1:1,127.0.0.1:2  # $C:2
fetch.min.bytes = 7  # $C:9
sasl.mechanism = PLAIN  # $C:21
sasl.password = ********  # $C:20
sasl.username = me  # $C:19
security.protocol = SASL_PLAINTEXT  # $C:8"
    done
    run -0 --separate-stderr kconsume --profile prod --show-config
    assert_line "group.id = etl  # $C:5"
    refute_output --partial "$MARKER"
}

@test "an option wins over -X, -X over the environment, that over the profile" {
    local brokers
    brokers() { kconsume --show-config "$@" | sed -n 's/^bootstrap.servers = //p'; }
    assert_equal "$(brokers --profile look)" "127.0.0.1:4  # $C:15"
    export KPIPE_BOOTSTRAP_SERVERS=env:1
    assert_equal "$(brokers --profile look)" 'env:1  # KPIPE_BOOTSTRAP_SERVERS'
    assert_equal "$(brokers --profile look -X bootstrap.servers=x:1)" 'x:1  # -X'
    assert_equal "$(brokers --profile look -X bootstrap.servers=x:1 -b b:1)" 'b:1  # -b'
    run -0 kconsume --profile prod --show-config -g mine -X fetch.min.bytes=8 -X fetch.min.bytes=9
    assert_line 'group.id = mine  # -g'
    assert_line 'fetch.min.bytes = 9  # -X'
    run -0 kconsume --profile prod --show-config -g ''
    assert_line 'group.id =   # -g'
}

@test "no profile is used unasked; KPIPE_PROFILE asks, --profile wins" {
    run -0 --separate-stderr kgroups --show-config
    assert_output 'security.protocol = PLAINTEXT  # default'
    says 64 '-b: no brokers given. Name them: -b HOST:PORT[,HOST:PORT], KPIPE_BOOTSTRAP_SERVERS, --uri or --profile NAME' kgroups
    export KPIPE_PROFILE=default
    run -0 kgroups --show-config
    assert_line "bootstrap.servers = 127.0.0.1:3  # $C:12"
    run -0 kgroups --show-config --profile look
    assert_line "bootstrap.servers = 127.0.0.1:4  # $C:15"
    run -0 kgroups --show-config --profile ''
    refute_output --partial bootstrap.servers
    # A broken file is nobody's business as long as nobody asks for a profile.
    echo '[' >"$C"
    run -0 kgroups --show-config --profile ''
    run -78 kgroups --show-config
}

@test "drop-ins win over config.toml, and -F stands in place of all" {
    printf '[connections.prod]\nbrokers = ["a:1"]\n' >xdg/kpipe/connections.d/10.toml
    printf '[connections.prod]\nbrokers = ["b:1"]\n' >xdg/kpipe/connections.d/20.toml
    printf 'not read' >xdg/kpipe/connections.d/30.txt
    run -0 kgroups --profile prod --show-config
    assert_line "bootstrap.servers = b:1  # $PWD/xdg/kpipe/connections.d/20.toml:2"
    assert_line "fetch.min.bytes = 7  # $C:9"
    printf '[connections.other]\nbrokers = ["c:1"]\n' >own.toml
    run -0 kgroups -F own.toml --profile other --show-config
    assert_line 'bootstrap.servers = c:1  # own.toml:2'
    says 78 '--profile: prod: there is no such connection. kgroups connections shows what is there' \
        kgroups --config own.toml --profile prod
    says 64 '-F: nothing of own.toml is used without a profile. Name one: --profile NAME' kgroups -F own.toml
    says 78 'none.toml: No such file or directory' kgroups -F none.toml --profile x
}

@test "a file with a secret that others may read is refused, and so is one of another user" {
    local mode
    for mode in 644 604 620; do
        chmod "$mode" "$C"
        says 78 "$C:20: a secret stands in it, and others may read or change the file. Do: chmod 600 $C" \
            kgroups --profile look
        says 78 "$C:20: a secret stands in it, and others may read or change the file. Do: chmod 600 $C" \
            kgroups connections
    done
    # Where the secret is elsewhere there is nothing to hide.
    sed -i "s/$MARKER/env:SECRET/" "$C"
    chmod 644 "$C"
    run -0 kgroups --profile look --show-config
    ((EUID == 0)) || skip 'only root can give files away'
    sed -i "s/env:SECRET/$MARKER/" "$C"
    chmod 600 "$C"
    chown 65534 "$C"
    says 78 "$C:20: a secret stands in it, and the file belongs to another user. Do: chown 0 $C" kgroups --profile look
}

@test "a file that may not be read is named when the profile is not found, and by kgroups connections" {
    local as=()
    if ((EUID == 0)); then
        # Root reads everything. Somebody else needs a way to the files, and to a copy of the program.
        FOLDER=$(mktemp -d "${KPIPE_TMP:-/tmp}/profiles.XXXXXX")
        chmod 711 "$FOLDER"
        cp "$(command -v kgroups)" "$FOLDER"
        chmod 755 "$FOLDER/kgroups"
        (umask 022 && mkdir -p "$FOLDER/kpipe/connections.d")
        cp -p "$C" "$FOLDER/kpipe/config.toml"
        export XDG_CONFIG_HOME=$FOLDER PATH=$FOLDER:$PATH
        as=(setpriv --reuid 65534 --clear-groups)
    else
        chmod 000 "$C"
    fi
    local denied="$XDG_CONFIG_HOME/kpipe/config.toml: Permission denied"
    run -78 --separate-stderr "${as[@]}" kgroups --profile prod
    assert_equal "$stderr" "kgroups: --profile: prod: there is no such connection. Not read: $denied. kgroups connections shows what is there"
    printf '[connections.other]\nbrokers = ["a:1"]\n' >"$XDG_CONFIG_HOME/kpipe/connections.d/other.toml"
    chmod 644 "$XDG_CONFIG_HOME/kpipe/connections.d/other.toml"
    run -1 --separate-stderr "${as[@]}" kgroups connections
    assert_equal "$(jq -r .connection <<<"$output")" other
    assert_equal "$stderr" "kgroups: connections: $denied"
}

@test "mistakes are named with file, line and the nearest name" {
    says 78 '--profile: prd: there is no such connection. Did you mean prod? kgroups connections shows what is there' \
        kgroups --profile prd
    printf '[connections.x]\nbrokers = ["a:1"]\nsasl_usrname = "u"\n' >own.toml
    says 78 "own.toml:3: connections.x: unknown key 'sasl_usrname'. Did you mean sasl_username?" \
        kgroups -F own.toml --profile x
    printf '[connections.x]\nbrokers = ["a:1"]\n[connections.x.properties]\nfetch.min.bites = 1\n' >own.toml
    local option
    for option in --show-config --quiet; do
        says 78 'own.toml:4: fetch.min.bites: No such configuration property. Did you mean fetch.min.bytes?' \
            kgroups -F own.toml --profile x "$option"
    done
    printf '[connections.x]\nbrokers = ["a:1"]\nproperties.enable.auto.commit = true\n' >own.toml
    run -78 --separate-stderr kconsume -F own.toml --profile x -t t
    assert_regex "$stderr" '^kconsume: own.toml:3: enable.auto.commit: refused: '
    # What cannot be read as TOML is not repeated: it may be a secret.
    printf '[secrets.x.data]\npassword = %s\n' "$MARKER" >own.toml
    says 78 'own.toml:2: not TOML: Error while parsing value: could not determine value type' \
        kgroups -F own.toml --profile x
}

@test "a connection for reading does not write" {
    says 77 "--profile: look: $C:14: it has purpose r, and this would write" \
        kseek --profile look -g g -t t --to earliest --execute
    says 77 "--profile: look: $C:14: it has purpose r, and this would write" kgroups --profile look delete g --execute
    # A dry run gets as far as the missing broker.
    run -69 --separate-stderr kseek --profile look -g g -t t --to earliest --timeout 200ms
    run -69 --separate-stderr kgroups --profile look delete g --timeout 200ms
}

@test "kgroups connections: NDJSON on a pipe, a table on a terminal; no connection is opened" {
    run -0 --separate-stderr strace -f -o calls -e trace=connect kgroups connections
    assert_equal "$stderr" ''
    refute grep -q connect calls
    assert_equal "$(jq -r .connection <<<"$output" | paste -sd ' ')" 'default look prod'
    assert_equal "$(jq -c 'select(.connection == "prod")' <<<"$output")" \
        "{\"connection\":\"prod\",\"brokers\":[\"127.0.0.1:1\",\"127.0.0.1:2\"],\"security_protocol\":\"SASL_PLAINTEXT\",\
\"sasl_mechanism\":\"PLAIN\",\"group_id\":\"etl\",\"purpose\":\"rw\",\"tags\":[\"eu\",\"big\"],\"description\":\"all of it\",\
\"secrets\":[\"login\"],\"properties\":{\"bootstrap.servers\":\"127.0.0.1:1,127.0.0.1:2\",\"fetch.min.bytes\":\"7\",\
\"group.id\":\"etl\",\"sasl.mechanism\":\"PLAIN\",\"sasl.password\":\"********\",\"sasl.username\":\"me\",\
\"security.protocol\":\"SASL_PLAINTEXT\"},\"origin\":\"$C:1\",\"error\":null}"
    refute_output --partial "$MARKER"

    script -qec 'kgroups connections' /dev/null </dev/null | tr -d '\r' | sed 's/\x1b\[[0-9;]*m//g' >table
    assert_regex "$(head -1 table)" '^CONNECTION +BROKERS +PROTOCOL +MECHANISM +GROUP +PURPOSE +TAGS +SECRETS +DESCRIPTION +ORIGIN'
    grep -E "^prod +127.0.0.1:1,127.0.0.1:2 +SASL_PLAINTEXT +PLAIN +etl +rw +eu,big +sasl.password=\*{8} +all of it +$C:1 *$" table
    refute grep -q "$MARKER" table

    # Nothing is configured: nothing to show.
    XDG_CONFIG_HOME=$PWD/none run -0 --separate-stderr kgroups connections -F /dev/null
    assert_equal "$output$stderr" ''
}

@test "kgroups connections: one that is broken does not hide the others" {
    printf '[connections.bad]\nsecrets = [{ id = "logn" }]\n' >xdg/kpipe/connections.d/bad.toml
    run -1 --separate-stderr kgroups connections
    assert_equal "$(jq -r 'select(.error) | .error' <<<"$output")" \
        "$PWD/xdg/kpipe/connections.d/bad.toml:2: bad: there is no secret logn. Did you mean login?"
    assert_equal "$stderr" "kgroups: $PWD/xdg/kpipe/connections.d/bad.toml:2: bad: there is no secret logn. Did you mean login?"
    assert_equal "$(wc -l <<<"$output")" 4
    local option
    for option in '-b x:1' '--profile prod' '-X a=b' --show-config '--timeout 1s'; do
        # shellcheck disable=SC2086 # an option and its value
        says 64 "${option%% *}: kgroups connections opens no connection, it shows them all" kgroups connections $option
    done
}

@test "a secret from a profile shows up nowhere, at every log level" {
    local tool
    mkdir creds
    echo "$MARKER" >creds/kafka
    echo "$MARKER" >pw
    export CREDENTIALS_DIRECTORY=$PWD/creds SECRET=$MARKER
    for value in "$MARKER" file:"$PWD/pw" env:SECRET cred:kafka; do
        sed -i "s|^password = .*|password = \"$value\"|" "$C"
        for tool in "kconsume -t t" "kgroups list" "kseek -g g -t t --to earliest"; do
            # shellcheck disable=SC2086 # the tool and its arguments
            $tool --profile prod -X debug=all --log-level debug --timeout 300ms >said 2>&1 3>&- &
            local pid=$! seen=0
            while kill -0 "$pid" 2>/dev/null; do
                if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null >cmdline && [[ -s cmdline ]]; then
                    seen=1
                    refute grep -q "$MARKER" cmdline
                fi
                sleep 0.05
            done
            wait "$pid" && fail "$tool ended well without a broker"
            ((seen)) || fail 'the command line was never seen'
            grep -q 'librdkafka' said
            refute grep "$MARKER" said
        done
    done
    run -0 --separate-stderr kgroups --show-config -X "sasl.password=\${secret:login.password}"
    assert_line 'sasl.password = ********  # -X, ${secret:login.password}'
    says 64 '-X: sasl.password: a secret on the command line can be read by others. Give file:PATH, env:NAME or cred:NAME in its place' \
        kgroups --show-config --profile prod -X "sasl_password=$MARKER"
}

@test "the example file says what it promises" {
    local example=$KPIPE_TOP/packaging/examples/config.toml name
    run -0 --separate-stderr kgroups connections -F "$example"
    assert_equal "$stderr" ''
    assert_equal "$(jq -r .connection <<<"$output" | paste -sd ' ')" 'audit production staging'
    for name in audit production staging; do
        run -0 --separate-stderr kconsume -F "$example" --profile "$name" --show-config
        assert_equal "$stderr" ''
    done
    run -0 kseek -F "$example" --profile production --show-config --execute
    assert_line --partial 'sasl.username = operator'
    run -0 kseek -F "$example" --profile production --show-config
    assert_line --partial 'sasl.username = etl'
    run -77 kseek -F "$example" --profile audit --show-config --execute
}
