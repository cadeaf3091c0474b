# SPDX-License-Identifier: Apache-2.0
"""A sink that takes its time, or stands still, for longer than Kafka allows a consumer between two polls."""
import re
import signal
import time

from environment import wait_until
from pipeline import SINK, SOURCE

# As short as a broker takes it; Kafka's default for the first is 5 minutes.
POLL_SECONDS = 6
SESSION = ["-X", "max.poll.interval.ms=6000", "-X", "session.timeout.ms=6000", "-X", "heartbeat.interval.ms=500"]
STILL_SECONDS = POLL_SECONDS + 2
MOST_KIB = 160 << 10
FLAT_KIB = 4 << 10


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1])


def is_stopped(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "T"


def only_member(kafka, group):
    members = set(kafka.owners(group).values())
    assert len(members) == 1
    return members.pop()


def test_no_rebalance_while_the_sink_stands_still(kafka, pipelines, fake_sinks, database, all_topic, all_flights, all_truth, table,
                                                  group):
    """One sink sleeps between two reads, another is stopped (SIGSTOP). kconsume keeps its place in the group and its size,
    however much there is to read, and goes on when the sink does."""
    ends = kafka.ends(all_topic)
    database.create_like(table, all_truth)
    slow_group = f"{group}_slow"
    slow = fake_sinks.start("slow", "-t", all_topic, "-g", slow_group, *SESSION, "--once")
    stopped = pipelines.to_postgres(all_topic, group, table, "--once", session=SESSION)
    assert len(slow.read(10_000)) == 10_000
    slow.ack_all()
    wait_until(lambda: database.count(table) >= 10_000, 30, f"10,000 stored\n{stopped.said()}")
    stopped.signal(signal.SIGSTOP, SINK)
    begin = time.monotonic()
    wait_until(lambda: is_stopped(stopped.processes[SINK].pid), 5, "a stopped sink")
    members = only_member(kafka, group), only_member(kafka, slow_group)
    stored = database.count(table)
    assert stored < all_flights.rows // 2
    sizes = {stopped.processes[SOURCE].pid: [], slow.process.pid: []}
    while time.monotonic() < begin + STILL_SECONDS:
        time.sleep(0.1)
        for pid, sampled in sizes.items():
            sampled.append(resident_kib(pid))
    assert (only_member(kafka, group), only_member(kafka, slow_group)) == members
    assert database.count(table) == stored
    stopped.signal(signal.SIGCONT, SINK)

    while slow.read(20_000):
        slow.ack_all()
    assert slow.wait() == 0, slow.said()
    assert stopped.wait(60) == {SOURCE: 0, SINK: 0}, stopped.said()
    for sampled in sizes.values():
        settled = sampled[len(sampled) // 4:]
        print(f"resident: {min(sampled) >> 10} to {max(sampled) >> 10} MiB; once settled {min(settled) >> 10} to "
              f"{max(settled) >> 10}, {len(sampled)} samples")
        assert len(sampled) >= 20 and max(sampled) < MOST_KIB and max(settled) - min(settled) < FLAT_KIB
    # Offsets only rise (the fake sink sees to it), so as many as there are means each of them once.
    assert slow.records == all_flights.rows and {p: offset for (_, p), offset in slow.next.items()} == ends
    database.assert_exact(table, all_truth)
    assert kafka.committed(slow_group, all_topic) == ends == kafka.committed(group, all_topic)
    for said in (slow.said(), stopped.said(SOURCE)):
        assert len(said.splitlines()) == 1, said
