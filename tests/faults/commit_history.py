# SPDX-License-Identifier: Apache-2.0
"""Every commit that a group ever made, in order: read from the topic __consumer_offsets, decoded here.

Its active segment is never compacted, so on a broker of the tests nothing is missing.
"""
import struct
from typing import NamedTuple, Optional

from confluent_kafka import Consumer, KafkaError, TopicPartition

from kafka_hand import TIMEOUT

TOPIC = "__consumer_offsets"
OFFSET_COMMIT_KEYS = (0, 1)  # the key's first number says what the record is; others are about groups and members


class Commit(NamedTuple):
    topic: str
    partition: int
    offset: Optional[int]  # None: deleted
    metadata: str
    at_ms: int             # by the broker's clock

    @property
    def sink(self):
        """As kconsume names it: "kpipe gen=N sink=NAME"."""
        return self.metadata.partition("sink=")[2]


class Bytes:
    """Kafka's own serialisation, big-endian."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, code):
        value, = struct.unpack_from(">" + code, self.data, self.at)
        self.at += struct.calcsize(">" + code)
        return value

    def take(self, size):
        self.at += size
        return self.data[self.at - size:self.at].decode()

    def string(self):
        return self.take(self.number("h"))

    def compact_string(self):
        size = shift = 0
        while True:
            byte = self.number("B")
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return self.take(size - 1)


def decode(key, value):
    """(group, Commit), or None for a record of another kind."""
    key = Bytes(key)
    if key.number("h") not in OFFSET_COMMIT_KEYS:
        return None
    group, topic, partition = key.string(), key.string(), key.number("i")
    if value is None:
        return group, Commit(topic, partition, None, "", 0)
    value = Bytes(value)
    version = value.number("h")
    assert version <= 4, f"OffsetCommitValue of version {version}"
    offset = value.number("q")
    if version >= 3:
        value.number("i")  # leader epoch
    metadata = value.compact_string() if version >= 4 else value.string()
    return group, Commit(topic, partition, offset, metadata, value.number("q"))


class CommitHistory:
    """What is committed after it was made."""

    def __init__(self, kafka):
        self.kafka = kafka
        self.begin = self.ends()

    def ends(self):
        # The broker makes the topic when the first group asks for it.
        return self.kafka.ends(TOPIC) if TOPIC in self.kafka.admin.list_topics(timeout=TIMEOUT).topics else {}

    def of(self, group):
        return self.by_group().get(group, [])

    def by_group(self):
        ends = self.ends()
        reader = Consumer({**self.kafka.base, "group.id": "faults-reads-without-committing", "enable.auto.commit": False,
                           "auto.offset.reset": "error", "enable.partition.eof": True, "fetch.wait.max.ms": 10})
        reader.assign([TopicPartition(TOPIC, p, self.begin.get(p, 0)) for p in ends])
        left, found = set(ends), {}
        while left:
            for message in reader.consume(5000, 0.1):
                if message.error() is not None:
                    assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
                    left.discard(message.partition())
                elif decoded := decode(message.key(), message.value()):
                    group, commit = decoded
                    found.setdefault(group, []).append(commit)
        reader.close()
        return found
