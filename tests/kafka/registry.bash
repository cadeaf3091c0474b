# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Schema registries on free loopback ports: a real Apicurio Registry, which serves Confluent's API, AWS Glue by moto, and a
# front that wants a login, speaks TLS and fails on demand. `load registry` after packaging/lib/{common,servers}.bash; from
# Python likewise, by `bash -c`. State is in the DIR given to each start: a server that was stopped comes back on its port.
#
#   registry_start DIR      sets and exports REGISTRY_URL; its schemas are still there after a restart
#   registry_stop DIR       registry_kill DIR: kill -9
#   registry_add SUBJECT [TYPE (AVRO)] [REFERENCES (JSON)] <SCHEMA      prints the id of the schema
#   glue_start DIR          sets and exports GLUE_URL and what AWS's clients want: region eu-west-1 and keys, known to glue_check
#   glue_stop DIR           its schemas are gone then
#   glue_add NAME TYPE <SCHEMA      prints the id of the schema's version; in the registry "kpipe"
#   front_start DIR URL [option...]     a front of URL, see tests/support/front.py; sets and exports FRONT_URL
#   front_stop DIR
#   front DIR PATH [JSON]   tells the front something: /hits, /forget, /fault, /down, /up

APICURIO_VERSION=3.0.9
APICURIO_HOME=$(realpath -m "${APICURIO_HOME:-$KPIPE_DEPS/apicurio-$APICURIO_VERSION}")

# ------------------------------------------------------------------------------------------------ Apicurio

registry_start() { # DIR
    local dir try archive=()
    dir=$(realpath -m "$1")
    mkdir -p "$dir"
    [[ -f $APICURIO_HOME/apicurio-registry-app-$APICURIO_VERSION-runner.jar ]] || die "no Apicurio Registry in $APICURIO_HOME. Run tests/support/make-apicurio"
    if [[ ${APICURIO_DUMP_CLASSES-} ]]; then
        archive=("-XX:ArchiveClassesAtExit=$APICURIO_DUMP_CLASSES")
    elif [[ -f $APICURIO_HOME/registry.jsa.for ]]; then
        archive=("-XX:SharedArchiveFile=$APICURIO_HOME/registry.jsa" -XX:+VerifySharedSpaces)
    fi
    for try in 1 2 3 4 5; do
        [[ -f $dir/registry.port ]] || free_port >"$dir/registry.port"
        REGISTRY_URL=http://127.0.0.1:$(<"$dir/registry.port")/apis/ccompat/v7
        server_start registry "$dir" "-Dkpipe.dir=$dir" java "${archive[@]}" -Xshare:auto -XX:-UsePerfData -Xlog:disable -Xlog:all=error:stderr \
            -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx160m "-Dkpipe.dir=$dir" "-Djava.io.tmpdir=$dir" \
            -Dquarkus.http.host=127.0.0.1 "-Dquarkus.http.port=$(<"$dir/registry.port")" -Dquarkus.http.access-log.enabled=false \
            -Dquarkus.log.level=WARN -Dquarkus.log.console.level=WARN -Dquarkus.banner.enabled=false \
            "-Dapicurio.datasource.url=jdbc:h2:file:$dir/registry" \
            -jar "$APICURIO_HOME/apicurio-registry-app-$APICURIO_VERSION-runner.jar"
        if until_true 60 server_answers registry "$dir" "$REGISTRY_URL/subjects" && server_alive registry "$dir"; then
            export REGISTRY_URL
            return 0
        fi
        # A restart keeps its port (clients know it): it waits for it instead of choosing another.
        grep -qs 'already in use' "$dir/registry.log" || break
        [[ -f $dir/registry.mv.db ]] || rm -f "$dir/registry.port"
        sleep 0.5
    done
    tail -20 "$dir/registry.log" >&2
    die "Apicurio Registry did not start (try $try). The end of its log is above"
}

registry_stop() { server_stop registry "$1" TERM; }
registry_kill() { server_stop registry "$1" KILL; }

registry_add() { # SUBJECT [TYPE] [REFERENCES] <SCHEMA
    local body answer
    body=$(jq -Rsc --arg type "${2:-AVRO}" --argjson references "${3:-[]}" '{schema: ., schemaType: $type, references: $references}')
    answer=$(curl -s --noproxy '*' -H 'Content-Type: application/vnd.schemaregistry.v1+json' -d "$body" "$REGISTRY_URL/subjects/$1/versions")
    jq -e .id <<<"$answer" || die "the registry did not take the schema of $1: $answer"
}

# ------------------------------------------------------------------------------------------------ AWS Glue

glue_start() { # DIR
    local dir python=${KPIPE_PYTHON:-$KPIPE_TOP/build/venv/bin/python}
    dir=$(realpath -m "$1")
    mkdir -p "$dir"
    [[ -f $dir/glue.port ]] || free_port >"$dir/glue.port"
    GLUE_URL=http://127.0.0.1:$(<"$dir/glue.port")
    server_start glue "$dir" "${python%/*}/moto_server" "$python" "${python%/*}/moto_server" -H 127.0.0.1 -p "$(<"$dir/glue.port")"
    if ! until_true 60 server_answers glue "$dir" "$GLUE_URL/moto-api/" || ! server_alive glue "$dir"; then
        tail -20 "$dir/glue.log" >&2
        die "moto did not start. The end of its log is above"
    fi
    export GLUE_URL AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
    export AWS_EC2_METADATA_DISABLED=true
    glue_call CreateRegistry '{"RegistryName":"kpipe"}' >/dev/null
}

glue_stop() { server_stop glue "$1" TERM; }

# glue_call ACTION JSON: what AWS Glue answers. moto wants a signature and does not check it; see front.py for one who does.
glue_call() {
    local answer
    answer=$(curl -s --noproxy '*' -H "X-Amz-Target: AWSGlue.$1" -H 'Content-Type: application/x-amz-json-1.1' -d "$2" \
        -H 'Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-west-1/glue/aws4_request, SignedHeaders=host, Signature=0' "$GLUE_URL/")
    jq -e 'select(.__type == null)' <<<"$answer" || die "Glue's $1: $answer"
}

glue_add() { # NAME TYPE <SCHEMA
    local body
    body=$(jq -Rsc --arg name "$1" --arg type "$2" '{SchemaName: $name, DataFormat: $type, Compatibility: "NONE",
        RegistryId: {RegistryName: "kpipe"}, SchemaDefinition: .}')
    glue_call CreateSchema "$body" | jq -r .SchemaVersionId
}

# ------------------------------------------------------------------------------------------------ the front

front_start() { # DIR URL [option...]
    local dir python=${KPIPE_PYTHON:-$KPIPE_TOP/build/venv/bin/python}
    dir=$(realpath -m "$1")
    mkdir -p "$dir"
    rm -f "$dir/front.ports"
    server_start front "$dir" "$dir/front.ports" "$python" "$KPIPE_TOP/tests/support/front.py" "$dir/front.ports" "${@:2}"
    until_true 20 test -s "$dir/front.ports" || {
        tail -20 "$dir/front.log" >&2
        die "the front did not start. The end of its log is above"
    }
    read -r FRONT_URL <"$dir/front.ports"
    export FRONT_URL
}

front_stop() { server_stop front "$1" TERM; }

front() { # DIR PATH [JSON]
    curl -sf --noproxy '*' ${3:+-d "$3"} "$(tail -1 "$1/front.ports")$2"
}

# ------------------------------------------------------------------------------------------------ any of them

# server_start NAME DIR MARK COMMAND...: in a session of its own; by MARK, a word of its command line, it is known again.
server_start() {
    local name=$1 dir=$2 mark=$3
    if server_alive "$name" "$dir"; then return 0; fi
    setsid "${@:4}" </dev/null >"$dir/$name.log" 2>&1 3>&- &
    echo "$! $mark" >"$dir/$name.pid"
    [[ -z ${KPIPE_SERVER_LIST-} ]] || echo "TERM $! $mark -" >>"$KPIPE_SERVER_LIST"
    disown # or the shell reports a server that was killed on purpose
    until_true 10 server_began "$name" "$dir"
}

server_began() { server_alive "$1" "$2" || pid_gone "$(cut -d' ' -f1 "$2/$1.pid")"; }

server_alive() { # NAME DIR
    local pid mark
    [[ -s $2/$1.pid ]] && read -r pid mark <"$2/$1.pid" && ! pid_gone "$pid" && grep -qsF -- "$mark" "/proc/$pid/cmdline"
}

server_answers() { # NAME DIR URL: or has ended
    curl -sf --noproxy '*' -o /dev/null "$3" || ! server_alive "$1" "$2"
}

server_stop() { # NAME DIR SIGNAL
    local dir
    dir=$(realpath -m "$2")
    ! server_alive "$1" "$dir" || stop_pid "$(cut -d' ' -f1 "$dir/$1.pid")" 20 "$3"
    rm -f "$dir/$1.pid"
}
