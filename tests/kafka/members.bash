# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Members of groups, for tests that look at groups from outside. `load members` after `load ../support/common`; call
# members_end in teardown.

# hold PROTOCOL [name=value...]: a member of $GROUP on $TOPIC that commits nothing; classic, consumer (KIP-848) or share
# (KIP-932). name=value: more of its configuration. Waits until it has its partitions; of a share group, until it is listed.
hold() {
    "$KPIPE_PYTHON" - "$GROUP" "$TOPIC" "$@" 3>&- 2>>"$BATS_TEST_TMPDIR/members.log" <<'PYTHON' &
import os, signal, sys
import confluent_kafka
ended = []
signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
group, topic, protocol, *more = sys.argv[1:]
config = {"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP"], "group.id": group, "client.id": "holder"}
config.update(item.split("=", 1) for item in more)
if protocol == "share":
    consumer = confluent_kafka.ShareConsumer(config)
else:
    consumer = confluent_kafka.Consumer({**config, "enable.auto.commit": False, "group.protocol": protocol})
consumer.subscribe([topic])
while not ended:
    consumer.poll(0.2)
consumer.close()
PYTHON
    members+=($!)
    if [[ $1 == share ]]; then
        wait_until 20 share_group_listed
    else
        wait_until 20 assigned
    fi
}
members=()

# work: a worker of Kafka Connect, as far as the group's coordinator can tell: a classic member of the protocol "connect",
# by JoinGroup (version 2) and SyncGroup (version 1) requests of our own.
work() {
    "$KPIPE_PYTHON" - "$GROUP" 3>&- 2>>"$BATS_TEST_TMPDIR/members.log" <<'PYTHON' &
import os, signal, socket, struct, sys
def text(value):
    return struct.pack(">h", len(value)) + value.encode()
def data(value):
    return struct.pack(">i", len(value)) + value
host, port = os.environ["KAFKA_BOOTSTRAP"].rsplit(":", 1)
broker = socket.create_connection((host, int(port)))
stream = broker.makefile("rb")
def ask(key, version, body):
    request = struct.pack(">hhi", key, version, 1) + text("worker") + body
    broker.sendall(data(request))
    return stream.read(struct.unpack(">i", stream.read(4))[0])[4:]
group = text(sys.argv[1])
while True:
    ask(10, 0, group)  # FindCoordinator makes the topic of the groups where there is none yet
    joined = ask(11, 2, group + struct.pack(">ii", 60000, 60000) + text("") + text("connect") + struct.pack(">i", 1) + text("default") + data(b""))
    error, generation, length = struct.unpack(">hih", joined[4:12])
    if error == 0:
        break
    assert error in (14, 15, 16), error  # the coordinator of a young cluster
rest = joined[12 + length:]
leader = rest[2:2 + struct.unpack(">h", rest[:2])[0]]
answer = ask(14, 1, group + struct.pack(">i", generation) + text(leader.decode()) + struct.pack(">i", 1) + text(leader.decode()) + data(b""))
assert struct.unpack(">h", answer[4:6])[0] == 0, answer
signal.pause()
PYTHON
    members+=($!)
    wait_until 20 works
}
works() { kgroups list --type classic | grep -F "\"group\":\"$GROUP\",\"state\":\"Stable\"" >/dev/null; }

assigned() { kgroups lag "$GROUP" 2>/dev/null | grep '"member_id":"' >/dev/null; }
share_group_listed() { kgroups list --type share | grep -F "\"group\":\"$GROUP\"" >/dev/null; }

# members_end: they leave their groups and end.
members_end() {
    local member
    for member in "${members[@]}"; do kill "$member" 2>/dev/null || true; done
    for member in "${members[@]}"; do wait "$member" 2>/dev/null || true; done
    members=()
}
