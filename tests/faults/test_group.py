# SPDX-License-Identifier: Apache-2.0
"""Several instances of one pipeline in one group: partitions move, records do not get lost or stored twice."""
import re
import signal
import threading

from environment import wait_until
from load import PostgresLoad
from pipeline import SINK, SOURCE
from watcher import Watcher


class Producing(threading.Thread):
    """Feeds the topic all along, so that the partitions move under load."""

    def __init__(self, kafka, topic, pairs, pause=0.1):
        super().__init__()
        self.kafka, self.topic, self.pairs, self.pause = kafka, topic, pairs, pause
        self.hurry = threading.Event()
        self.failure = None

    def run(self):
        try:
            self.kafka.produce(self.topic, self.pairs, lambda: self.hurry.wait(self.pause))
        except Exception as failure:  # pylint: disable=broad-except  # told by finish()
            self.failure = failure

    def finish(self):
        """The rest at once."""
        self.hurry.set()
        self.join()
        assert self.failure is None, self.failure


def spread_over(kafka, group, members):
    """True when as many members have partitions as there should be."""
    parts = kafka.member_clients(group).values()
    return len(parts) == members and all(parts) and sum(parts) == 4


def drain_and_stop(kafka, load, running):
    ends = kafka.ends(load.topic)
    assert sum(ends.values()) == load.total
    said = lambda: "\n".join(p.said() for p in running)  # noqa: E731
    wait_until(lambda: load.stored_offsets() == ends, 60, f"all stored\n{said()}")
    wait_until(lambda: kafka.committed(load.group, load.topic) == ends, 30, f"all committed\n{said()}")
    for pipeline in running:
        pipeline.signal(signal.SIGTERM, SOURCE)
    for pipeline in running:
        assert pipeline.wait() == {SOURCE: 0, SINK: 0}, pipeline.said()


def test_one_of_two_killed(kafka, pipelines, database, some_flights, some_truth, table, group):
    topic = kafka.new_topic(4)
    database.create_like(table, some_truth)
    load = PostgresLoad(pipelines, database, topic, group, table, some_flights.rows, batch_size=500)
    producing = Producing(kafka, topic, some_flights.pairs())
    producing.start()
    with Watcher(kafka, load) as watcher:
        first = load.start()
        wait_until(lambda: spread_over(kafka, group, 1), 30, f"one member\n{first.said()}")
        second = load.start()
        wait_until(lambda: spread_over(kafka, group, 2), 30, f"two members\n{first.said()}{second.said()}")
        before = load.stored()
        wait_until(lambda: load.stored() > before, 30, "progress by two")
        first.kill(SOURCE, SINK)
        wait_until(lambda: spread_over(kafka, group, 1), 30, f"one member left\n{second.said()}")
        before = load.stored()
        assert before < load.total
        third = load.start()
        wait_until(lambda: spread_over(kafka, group, 2), 30, f"two members again\n{second.said()}{third.said()}")
        producing.finish()
        drain_and_stop(kafka, load, [second, third])
    database.assert_exact(table, some_truth)
    assert load.stored_offsets() == kafka.ends(topic) == kafka.committed(group, topic)
    watcher.assert_saw_enough()


def test_frozen_beyond_its_session(kafka, pipelines, database, some_flights, some_truth, table, group):
    """A pipeline is stopped in the middle (SIGSTOP, a VM's pause), another takes over. Woken up with records on their way
    that the other has stored since, the first is no danger, and joins in again."""
    pairs = list(some_flights.pairs())
    half = len(pairs) // 2
    topic = kafka.filled_topic(4, pairs[:half])
    database.create_like(table, some_truth)
    load = PostgresLoad(pipelines, database, topic, group, table, some_flights.rows, batch_size=500)
    with Watcher(kafka, load) as watcher:
        frozen = load.start()
        wait_until(lambda: load.stored() >= 2000, 30, f"records by the first\n{frozen.said()}", every=0.001)
        frozen.signal_group(signal.SIGSTOP)
        at_freeze = load.stored()
        assert at_freeze < half
        second = load.start()
        wait_until(lambda: load.stored() == half, 30, f"the second stores the rest\n{second.said()}")
        frozen.signal_group(signal.SIGCONT)
        wait_until(lambda: frozen.ended() or spread_over(kafka, group, 2), 30,
                   f"the first joins again\n{frozen.said()}{second.said()}")
        kafka.produce(topic, pairs[half:])
        drain_and_stop(kafka, load, [second] if frozen.ended() else [frozen, second])
    print(f"frozen at {at_freeze} of {half}")
    # It had what another stored: without that nothing was tried here.
    assert re.search(r"[1-9]\d* duplicates dropped", frozen.said(SINK)), frozen.said()
    assert frozen.wait() == {SOURCE: 0, SINK: 0}, frozen.said()
    database.assert_exact(table, some_truth)
    assert load.stored_offsets() == kafka.ends(topic) == kafka.committed(group, topic)
    watcher.assert_saw_enough()
