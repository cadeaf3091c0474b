# SPDX-License-Identifier: Apache-2.0
"""Logs with holes: transactions, compaction, deleted records. The end is reached all the same, and nothing is skipped silently."""
import json
import time
import types

from confluent_kafka import IsolationLevel, Producer, TopicPartition
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from environment import times, wait_until
from kafka_hand import TIMEOUT
from load import FileLoad, finish
from pipeline import SINK, SOURCE
from watcher import Watcher

TRANSACTIONS = times(40)
ABORTED = 0.4
WRITTEN = 6_000


def lines_of(load):
    """{partition: [(offset, value as stored), ...]} in the order of the file"""
    found = {}
    for line in load.read("cat").splitlines():
        record = json.loads(line)
        found.setdefault(record["partition"], []).append((record["offset"], record["value"]))
    return found


def log_of(kafka, topic):
    log = kafka.read_log(topic)
    return {p: [(offset, value and json.loads(value)) for offset, _, value in records] for p, records in log.items() if records}


def watched(load):
    """Offsets only: with holes in the log they do not say how many records there are."""
    return types.SimpleNamespace(topic=load.topic, group=load.group, probe=lambda: load.stored_offsets)


class Log:
    """Where a topic must end, from what was written to it: records, and a marker in each partition at the end of a transaction."""

    def __init__(self, kafka, topic, partitions):
        self.kafka, self.topic, self.next = kafka, topic, dict.fromkeys(partitions, 0)

    def ends(self):
        """A transaction has ended before its markers are written (the coordinator sees to them): waits for them."""
        wait_until(lambda: self.kafka.ends(self.topic) == self.next, 30, f"the end of the log at {self.next}")
        return dict(self.next)

    def stable_ends(self):
        self.ends()
        return self.kafka.ends(self.topic, IsolationLevel.READ_COMMITTED)


class Transactions:
    """A producer whose every record has a number of its own; `committed` are those that count."""

    def __init__(self, kafka, log, name, begin=0):
        topic = log.topic
        self.log, self.topic, self.partitions = log, topic, list(log.next)
        self.number, self.committed, self.aborts = begin, [], 0
        self.producer = Producer({**kafka.base, "transactional.id": f"{topic}-{name}", "linger.ms": 5})
        self.producer.init_transactions(TIMEOUT)

    def begin(self, records, partitions):
        self.producer.begin_transaction()
        for turn in range(records):
            partition = partitions[turn % len(partitions)]
            self.producer.produce(self.topic, json.dumps({"n": self.number + turn}), partition=partition)
            self.log.next[partition] += 1
        assert self.producer.flush(TIMEOUT) == 0
        self.number += records
        self.open = set(partitions[:records])

    def run(self, records, abort, partitions=None):
        self.begin(records, partitions or self.partitions)
        if abort:
            self.abort()
        else:
            self.producer.commit_transaction(TIMEOUT)
            self.add_markers()
            self.committed += range(self.number - records, self.number)

    def abort(self):
        self.producer.abort_transaction(TIMEOUT)
        self.add_markers()
        self.aborts += 1

    def add_markers(self):
        for partition in self.open:
            self.log.next[partition] += 1


def test_transactions(kafka, pipelines, group, rng, tmp_path):
    """Aborted ones leave nothing but holes; an open one hides what comes behind it until it ends; markers are at the end."""
    topic = kafka.new_topic(3)
    load = FileLoad(pipelines, topic, group, tmp_path / "out.ndjson", 0, batch_size=100)
    log = Log(kafka, topic, [0, 1, 2])
    ours = Transactions(kafka, log, "ours")
    other = Transactions(kafka, log, "other", begin=10**6)

    def some(count):
        for _ in range(count):
            ours.run(rng.randint(1, 60), rng.random() < ABORTED, rng.sample(ours.partitions, rng.randint(1, 3)))
    with Watcher(kafka, watched(load)):
        some(TRANSACTIONS // 2)
        other.begin(20, [0])
        hidden_from = log.stable_ends()[0]
        ours.run(30, False)
        some(TRANSACTIONS // 4)
        ours.run(30, True)
        stable = log.stable_ends()
        assert stable[0] == hidden_from < kafka.ends(topic)[0]
        assert load.start("--once").wait() == {SOURCE: 0, SINK: 0}
        assert lines_of(load) == log_of(kafka, topic)
        assert load.stored_offsets() == stable == kafka.committed(group, topic)

        pipeline = load.start()
        some(TRANSACTIONS // 4)
        time.sleep(rng.uniform(0, 0.3))
        other.abort()
        ours.run(30, False)
        ours.run(9, True)
        ends = log.ends()
        wait_until(lambda: kafka.committed(group, topic) == ends, 30, f"no lag at {ends}\n{pipeline.said()}")
        pipeline.signal(15, SOURCE)
        assert pipeline.wait() == {SOURCE: 0, SINK: 0}, pipeline.said()
    finish(load)
    found = lines_of(load)
    assert found == log_of(kafka, topic)
    assert sorted(value["n"] for records in found.values() for _, value in records) == ours.committed
    assert load.stored_offsets() == ends == kafka.committed(group, topic)
    print(f"{ours.aborts} aborted, {len(ours.committed)} of {ours.number} records committed, hidden from {hidden_from} to {ends[0]}")
    assert ours.aborts >= TRANSACTIONS * ABORTED / 2


def test_compacted(kafka, pipelines, group, tmp_path):
    """Offsets are missing, a tombstone is last: each record that is left is stored, and the group reaches the end."""
    topic = kafka.new_topic(2, cleanup_policy="compact", segment_ms="100", min_cleanable_dirty_ratio="0.01")
    load = FileLoad(pipelines, topic, group, tmp_path / "out.ndjson", 0, batch_size=100)

    def pairs(first):
        return [(b"key%d" % (n % 200), b'{"n":%d}' % n) for n in range(first, first + 2000)]

    for first in range(0, WRITTEN, 2000):
        kafka.produce(topic, pairs(first))
        time.sleep(0.15)  # the segment's time
    wait_until(lambda: sum(map(len, kafka.read_log(topic).values())) < WRITTEN // 2, 60, "compaction")
    # From here nothing is compacted any more.
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[
        ConfigEntry("cleanup.policy", "delete", incremental_operation=AlterConfigOpType.SET)])
    for future in kafka.admin.incremental_alter_configs([resource]).values():
        future.result(TIMEOUT)
    kafka.produce(topic, [(b"key%d" % n, None) for n in range(200)])

    def settled():
        before = kafka.read_log(topic)
        time.sleep(0.3)
        return before == kafka.read_log(topic)
    wait_until(settled, 20, "the end of compaction")
    ends = kafka.ends(topic)
    with Watcher(kafka, watched(load)):
        finish(load)
    log = log_of(kafka, topic)
    print(f"{sum(map(len, log.values()))} records are left of {sum(ends.values())}")
    assert all(len(log[p]) < ends[p] // 2 and log[p][-1] == (ends[p] - 1, None) for p in ends)
    assert lines_of(load) == log
    assert load.stored_offsets() == ends == kafka.committed(group, topic)


def test_records_deleted_before_they_were_read(kafka, pipelines, group, tmp_path):
    topic = kafka.new_topic(1)
    load = FileLoad(pipelines, topic, group, tmp_path / "out.ndjson", 0)
    kafka.produce(topic, [(None, b'{"n":%d}' % n) for n in range(1000)])
    finish(load)
    before = load.read("cat")
    kafka.produce(topic, [(None, b'{"n":%d}' % n) for n in range(1000, 2000)])
    kafka.admin.delete_records([TopicPartition(topic, 0, 1500)])
    wait_until(lambda: kafka.starts(topic) == {0: 1500}, 20, "the new start of the log")
    pipeline = load.start("--once")
    assert pipeline.wait()[SOURCE] == 65, pipeline.said()
    assert f"{topic}[0]@1000: records 1000 to 1499 are gone" in pipeline.said(SOURCE)
    assert load.read("cat") == before
    assert load.stored_offsets() == {0: 1000} == kafka.committed(group, topic)
