# SPDX-License-Identifier: Apache-2.0
"""What the tests do to Kafka and ask of it, through a client that shares no code with kpipe's own paths."""
import secrets

from confluent_kafka import (Consumer, ConsumerGroupTopicPartitions, IsolationLevel, KafkaError,
                             KafkaException, Producer, TopicPartition)
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from environment import wait_until

TIMEOUT = 60
LATER = {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.UNKNOWN_LEADER_EPOCH, KafkaError.FENCED_LEADER_EPOCH,
         KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.COORDINATOR_NOT_AVAILABLE,
         KafkaError._UNKNOWN_PARTITION, KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN}


def answered(question):
    """The answer, or None while the broker says that it will have one later (a leader that moves, a group that loads)."""
    try:
        return question()
    except KafkaException as error:
        if not later(error):
            raise
        return None


def later(error):
    return error.args[0].retriable() or error.args[0].code() in LATER


class KafkaHand:
    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.base = {"bootstrap.servers": bootstrap, "log_level": 0}  # a broker that was killed on purpose is no news
        self.admin = AdminClient(self.base)
        self.readers = {}  # by isolation level, made when needed

    def new_topic(self, partitions, name=None, **config):
        """`config`: the topic's, with _ for each dot."""
        topic = name or "faults_" + secrets.token_hex(6)
        config = {name.replace("_", "."): value for name, value in config.items()}
        wanted = NewTopic(topic, num_partitions=partitions, replication_factor=1, config=config)
        self.admin.create_topics([wanted])[topic].result(TIMEOUT)

        def known():
            metadata = self.admin.list_topics(topic, TIMEOUT).topics[topic]
            return metadata.error is None and len(metadata.partitions) == partitions
        wait_until(known, TIMEOUT, f"{topic} in the brokers' metadata")
        wait_until(lambda: answered(lambda: self.ends(topic)), TIMEOUT, f"{topic}'s leaders")
        return topic

    def produce(self, topic, pairs, pace=lambda: None):
        """Stores (key, value) pairs; fails for any that the broker has not taken. `pace` is called between 500 of them."""
        failures = []
        producer = Producer({**self.base, "compression.type": "lz4", "linger.ms": 20, "enable.idempotence": True,
                             "topic.metadata.refresh.interval.ms": 1000})

        def delivered(error, _):
            if error is not None:
                failures.append(error)
        for number, (key, value, *timestamp) in enumerate(pairs, 1):
            if number % 500 == 0:
                pace()
            while True:
                try:
                    producer.produce(topic, value, key, on_delivery=delivered, **dict(zip(["timestamp"], timestamp)))
                    break
                except BufferError:
                    producer.poll(0.5)
            producer.poll(0)
        assert producer.flush(TIMEOUT) == 0 and not failures, failures[:1]

    def filled_topic(self, partitions, pairs, name=None):
        topic = self.new_topic(partitions, name)
        self.produce(topic, pairs)
        return topic

    # By a consumer: AdminClient.list_offsets() of librdkafka 2.15 can crash while a leader is not yet known.

    def watermarks(self, topic, isolation):
        """{partition: (log start, log end)}"""
        reader = self.readers.get(isolation)
        if reader is None:
            level = "read_committed" if isolation == IsolationLevel.READ_COMMITTED else "read_uncommitted"
            reader = self.readers[isolation] = Consumer({**self.base, "group.id": "watermarks", "isolation.level": level})
        # By the same client, which thereby learns of partitions that were added.
        partitions = reader.list_topics(topic, TIMEOUT).topics[topic].partitions
        return {p: reader.get_watermark_offsets(TopicPartition(topic, p), TIMEOUT) for p in partitions}

    def ends(self, topic, isolation=IsolationLevel.READ_UNCOMMITTED):
        """{partition: log end offset}, or with READ_COMMITTED the last stable offset"""
        return {p: end for p, (_, end) in self.watermarks(topic, isolation).items()}

    def starts(self, topic):
        """{partition: offset of the first record that is still there}"""
        return {p: start for p, (start, _) in self.watermarks(topic, IsolationLevel.READ_UNCOMMITTED).items()}

    def committed(self, group, topic):
        """{partition: offset} of the group, without those that have none."""
        future = self.admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group]
        return {p.partition: p.offset for p in future.result(TIMEOUT).topic_partitions if p.topic == topic and p.offset >= 0}

    def members(self, group):
        return len(self.admin.describe_consumer_groups([group])[group].result(TIMEOUT).members)

    def member_clients(self, group):
        """{member id: partitions it has now}"""
        members = self.admin.describe_consumer_groups([group])[group].result(TIMEOUT).members
        return {m.member_id: len(m.assignment.topic_partitions) for m in members}

    def add_partitions(self, topic, total):
        self.admin.create_partitions([NewPartitions(topic, total)])[topic].result(TIMEOUT)
        wait_until(lambda: len(answered(lambda: self.ends(topic)) or ()) == total, TIMEOUT, f"{total} partitions of {topic}")

    def owners(self, group):
        """{(topic, partition): member id}"""
        members = self.admin.describe_consumer_groups([group])[group].result(TIMEOUT).members
        return {(p.topic, p.partition): m.member_id for m in members for p in m.assignment.topic_partitions}

    def spectator(self, group):
        """A consumer that only asks what the group has committed; it never joins."""
        return Consumer({**self.base, "group.id": group, "enable.auto.commit": False})

    def read_log(self, topic):
        """{partition: [(offset, key, value), ...]}: what is committed, as far as the last stable offset"""
        return self.read(topic, lambda m: (m.offset(), m.key(), m.value()))

    def read_with_headers(self, topic):
        """[({header: value}, value), ...]"""
        log = self.read(topic, lambda m: ({name: value.decode() for name, value in m.headers() or ()}, m.value()))
        return [record for records in log.values() for record in records]

    def read(self, topic, take):
        """{partition: [take(message), ...]}"""
        reader = Consumer({**self.base, "group.id": "faults-reads-without-committing", "enable.auto.commit": False,
                           "auto.offset.reset": "error", "enable.partition.eof": True, "isolation.level": "read_committed"})
        starts = self.starts(topic)
        records = {p: [] for p in starts}
        left = set(records)
        reader.assign([TopicPartition(topic, p, start) for p, start in starts.items()])
        while left:
            for message in reader.consume(5000, 0.1):  # waits so long for a full batch; the pytest timeout bounds the loop
                if message.error() is None:
                    records[message.partition()].append(take(message))
                else:
                    assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
                    left.discard(message.partition())
        reader.close()
        return records

    def read_all(self, topic):
        """{partition: [(key, value), ...]} in order; the offset is the place in the list (asserted)."""
        log = self.read_log(topic)
        for records in log.values():
            assert [offset for offset, _, _ in records] == list(range(len(records)))
        return {p: [(key, value) for _, key, value in records] for p, records in log.items()}
