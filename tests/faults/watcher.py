# SPDX-License-Identifier: Apache-2.0
"""Looks all the time whether more is committed than stored."""
import threading

from confluent_kafka import KafkaException, TopicPartition

from kafka_hand import later

EVERY = 0.02


class Watcher:
    """Every 50 ms: what the group has committed, and AFTER it what the sink has stored.

    committed <= stored must hold at every instant, and committed must never go back. `probe` makes the function that
    returns {partition: next stored offset}; it asserts what it likes.
    """

    def __init__(self, kafka, load):
        self.spectator = kafka.spectator(load.group)
        self.wanted = [TopicPartition(load.topic, p) for p in sorted(kafka.ends(load.topic))]
        self.stored = load.probe()
        self.samples = 0
        self.seen = set()
        self.failure = None
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stop.set()
        self.thread.join()
        self.spectator.close()
        print(f"watched: {self.samples} samples, {len(self.seen)} different sums of committed offsets")
        if kind is None and self.failure:
            raise self.failure

    def run(self):
        highest = {}
        try:
            while not self.stop.wait(EVERY):
                self.sample(highest)
        except Exception as failure:  # pylint: disable=broad-except  # told by __exit__, in the test's thread
            self.failure = failure

    def sample(self, highest):
        try:
            answer = self.spectator.committed(self.wanted, timeout=5)
        except KafkaException as error:
            if not later(error):
                raise
            return  # no answer is no sample
        committed = {p.partition: p.offset for p in answer if p.offset >= 0}
        stored = self.stored()
        if stored is None:
            return  # the database is away, on purpose
        for partition, offset in committed.items():
            assert offset <= stored.get(partition, 0), \
                f"partition {partition}: committed {offset}, stored {stored.get(partition, 0)}"
            assert offset >= highest.get(partition, 0), \
                f"partition {partition}: committed {offset} after {highest[partition]}"
        highest.update(committed)
        self.samples += 1
        self.seen.add(sum(committed.values()))

    def assert_saw_enough(self):
        assert self.samples >= 10 and len(self.seen) >= 2, f"{self.samples} samples, {len(self.seen)} different"
