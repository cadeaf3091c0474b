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

assigned() { kgroups lag "$GROUP" 2>/dev/null | grep '"member_id":"' >/dev/null; }
share_group_listed() { kgroups list --type share | grep -F "\"group\":\"$GROUP\"" >/dev/null; }

# members_end: they leave their groups and end.
members_end() {
    local member
    for member in "${members[@]}"; do kill "$member" 2>/dev/null || true; done
    for member in "${members[@]}"; do wait "$member" 2>/dev/null || true; done
    members=()
}
