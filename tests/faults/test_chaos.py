# SPDX-License-Identifier: Apache-2.0
"""Three instances of one pipeline on six partitions, started, stopped, killed and frozen at random: partitions move all the
time, records do not get lost or stored twice, and nothing is committed that is not stored."""
import collections
import signal
import threading
import time

import pytest

from environment import LONG, times, wait_until
from kafka_hand import answered
from load import PostgresLoad
from pipeline import SINK, SOURCE
from test_group import Producing
from watcher import Watcher

CHAOS_SECONDS = times(10)
LIMIT_SECONDS = CHAOS_SECONDS + 30  # until enough has happened; there are records to store for as long
REBALANCES = times(8)
FAULTS = ["stop", "kill", "freeze"]
INSTANCES = 3
PARTITIONS = 6
# As short as the broker allows: the others wait so long for a dead member before they go on.
SESSION = ["-X", "session.timeout.ms=1000", "-X", "heartbeat.interval.ms=200"]
FROZEN_SECONDS = (1.3, 2.0)

PROTOCOLS = {
    "range": [*SESSION, "-X", "partition.assignment.strategy=range"],
    "roundrobin": [*SESSION, "-X", "partition.assignment.strategy=roundrobin"],
    "cooperative": [*SESSION, "-X", "partition.assignment.strategy=cooperative-sticky"],
    "consumer": ["-X", "group.protocol=consumer"],  # KIP-848: the broker knows the session's length
}


class Moves(threading.Thread):
    """Counts how often a partition was seen with another member than before."""

    def __init__(self, kafka, group):
        super().__init__()
        self.kafka, self.group = kafka, group
        self.stop = threading.Event()
        self.last, self.rebalances, self.partitions = {}, 0, 0

    def run(self):
        while not self.stop.wait(0.05):
            now = answered(lambda: self.kafka.owners(self.group))
            moved = sum(self.last.get(where, owner) != owner for where, owner in (now or {}).items())
            self.rebalances += moved > 0
            self.partitions += moved
            self.last.update(now or {})


class Instance:
    """A place for a pipeline: one at a time runs, is frozen, or is on its way to its end."""

    def __init__(self, load, name, session, rng, faults):
        self.load, self.name, self.session, self.rng, self.faults = load, name, session, rng, faults
        self.pipeline, self.thaw_at = None, 0
        self.done = []

    def start(self):
        self.pipeline = self.load.start(session=self.session, name=self.name)
        return "start"

    def stop(self):
        self.pipeline.signal(signal.SIGTERM, SOURCE)
        return self.leave("stop")

    def kill(self):
        self.pipeline.kill(*self.rng.choice([[SOURCE], [SINK], [SOURCE, SINK]]))
        return self.leave("kill")

    def freeze(self):
        self.pipeline.signal_group(signal.SIGSTOP)
        self.thaw_at = time.monotonic() + self.rng.uniform(*FROZEN_SECONDS)
        return "freeze"

    def thaw(self):
        self.thaw_at = 0
        self.pipeline.signal_group(signal.SIGCONT)
        return "thaw"

    def leave(self, how):
        self.done.append((how, self.pipeline))
        self.pipeline = None
        return how

    def act(self):
        if self.pipeline and self.pipeline.ended():
            return self.leave("end")
        if self.thaw_at:
            return self.thaw() if time.monotonic() > self.thaw_at else None
        if not self.pipeline:
            return self.start()
        return getattr(self, next(self.faults))()

    def settle(self):
        if self.thaw_at:
            self.thaw()
        if self.pipeline is None or self.pipeline.ended():
            self.start()


def deck(rng):
    """Random, but none of the faults stays away for long."""
    while True:
        yield from rng.sample(FAULTS, len(FAULTS))


def check_end(how, pipeline):
    status = pipeline.wait()
    if how == "kill":
        pipeline.check_survivors()
    elif how == "stop":
        assert status == {SOURCE: 0, SINK: 0}, f"{status}\n{pipeline.said()}"
    else:
        raise AssertionError(f"a pipeline ended that was only frozen: {status}\n{pipeline.said()}")


@pytest.mark.parametrize("protocol", list(PROTOCOLS) if LONG else ["range", "cooperative", "consumer"])
def test_chaos(kafka, pipelines, database, some_flights, some_truth, table, group, rng, protocol):
    topic = kafka.new_topic(PARTITIONS)
    database.create_like(table, some_truth)
    database.rows(f"ALTER TABLE {table} ADD writer text DEFAULT current_setting('application_name')")
    load = PostgresLoad(pipelines, database, topic, group, table, some_flights.rows, batch_size=300)
    faults = deck(rng)
    instances = [Instance(load, f"instance{n}", PROTOCOLS[protocol], rng, faults) for n in range(INSTANCES)]
    producing = Producing(kafka, topic, some_flights.pairs(), LIMIT_SECONDS / (some_flights.rows / 500))
    moves = Moves(kafka, group)
    happened = collections.Counter()

    def writers():
        return dict(database.rows(f"SELECT writer, count(*) FROM {table} GROUP BY 1"))

    def enough():
        return moves.rebalances >= REBALANCES and all(happened[fault] >= 2 for fault in FAULTS) and len(writers()) == INSTANCES
    with Watcher(kafka, load) as watcher:
        producing.start()
        moves.start()
        try:
            begin = time.monotonic()
            while time.monotonic() < begin + CHAOS_SECONDS or not enough():
                assert time.monotonic() < begin + LIMIT_SECONDS, f"{moves.rebalances} rebalances, {happened}, {writers()}"
                happened[rng.choice(instances).act()] += 1
                time.sleep(rng.uniform(0.3, 0.8))
        finally:
            moves.stop.set()
            producing.finish()
        reached = load.stored()
        for instance in instances:
            instance.settle()
        ends = kafka.ends(topic)
        said = lambda: "\n".join(i.pipeline.said() for i in instances)  # noqa: E731
        wait_until(lambda: load.stored_offsets() == ends, 40, f"all of {ends} stored\n{said()}")
        wait_until(lambda: kafka.committed(group, topic) == ends, 20, f"all committed\n{said()}")
    for instance in instances:
        instance.stop()
    duplicates = sum("duplicates dropped" in pipeline.said(SINK) for i in instances for _, pipeline in i.done)
    print(f"{moves.rebalances} rebalances moved {moves.partitions} partitions; {dict(happened)}; {reached} of {load.total} stored "
          f"when the chaos ended; {writers()}; {duplicates} sinks dropped duplicates")
    database.assert_exact(table, some_truth)
    assert load.stored_offsets() == ends == kafka.committed(group, topic)
    for instance in instances:
        for how, pipeline in instance.done:
            check_end(how, pipeline)
    # Who was stopped has left; who was killed shortly before the end is missed when its session ends.
    wait_until(lambda: kafka.members(group) == 0, 15, "the group without members")
    assert enough()
    watcher.assert_saw_enough()
