#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What tests do to Kafka and ask of it, independently of kpipe. The broker comes from $KAFKA_BOOTSTRAP.

Answers are tab-separated lines, sorted by partition. Exit status 1 and one line on stderr when the broker refuses.
"""
import argparse
import base64
import concurrent.futures
import functools
import json
import os
import socket
import struct
import sys
import time

from confluent_kafka import (Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer,
                             TopicPartition)
from confluent_kafka.admin import (AclBinding, AclOperation, AclPermissionType, AdminClient, NewPartitions, NewTopic,
                                   ResourcePatternType, ResourceType, ScramCredentialInfo, ScramMechanism,
                                   UserScramCredentialUpsertion)

TIMEOUT = 30
COORDINATOR_MOVES = (KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE,
                     KafkaError.COORDINATOR_LOAD_IN_PROGRESS)
BOOTSTRAP = {"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP"], "log_level": 3}


@functools.cache
def admin():
    """One client that lives as long as its futures: they never end once it is collected."""
    return AdminClient(BOOTSTRAP)


def results(futures):
    """Waits for every future of an admin call: {key: result}."""
    return {key: future.result(TIMEOUT) for key, future in futures.items()}


def partitions_of(client, topic):
    metadata = client.list_topics(topic, TIMEOUT).topics[topic]
    if metadata.error is not None:
        raise KafkaException(metadata.error)
    return sorted(metadata.partitions)


def create_topic(topic, partitions, configs):
    client = admin()
    config = dict(item.split("=", 1) for item in configs)
    results(client.create_topics([NewTopic(topic, num_partitions=partitions, replication_factor=1, config=config)]))
    # The answer may come before the broker that serves metadata has seen the topic.
    while True:
        known = client.list_topics(topic, TIMEOUT).topics[topic]
        if known.error is None and all(p.leader >= 0 for p in known.partitions.values()) and known.partitions:
            return


def allow(user, operation, kind, name):
    """Lets a user do READ, DESCRIBE, ... with a TOPIC or a GROUP, on a broker with an authorizer."""
    binding = AclBinding(ResourceType[kind], name, ResourcePatternType.LITERAL, "User:" + user, "*", AclOperation[operation],
                         AclPermissionType.ALLOW)
    results(admin().create_acls([binding]))


def scram(user, mechanism, variable):
    """Makes a user of SCRAM-SHA-256 or -512, or changes the password, which stands in a variable of the environment."""
    info = ScramCredentialInfo(ScramMechanism[mechanism.replace("-", "_")], 4096)
    password = os.environ[variable].encode()
    results(admin().alter_user_scram_credentials([UserScramCredentialUpsertion(user, info, password)]))


def delete_topic(topic):
    client = admin()
    results(client.delete_topics([topic], operation_timeout=TIMEOUT))
    while client.list_topics(topic, TIMEOUT).topics[topic].error is None:
        pass


def add_partitions(topic, total):
    client = admin()
    results(client.create_partitions([NewPartitions(topic, total)]))
    while len(client.list_topics(topic, TIMEOUT).topics[topic].partitions) < total:
        pass


def delete_records(topic, partition, before):
    results(admin().delete_records([TopicPartition(topic, partition, before)]))


def committed(group, topic):
    """partition, offset, metadata of every committed offset of the topic."""
    for found in sorted(fetch_committed(group, topic)):
        print(*found, sep="\t")


def fetch_committed(group, topic):
    """(partition, offset, metadata)..., by an OffsetFetch request of our own (version 5): confluent-kafka-python reads metadata
    as a C string, which librdkafka does not promise, and may show bytes that follow it or fail on them."""
    host, port = os.environ["KAFKA_BOOTSTRAP"].rsplit(":", 1)
    name = group.encode()
    body = struct.pack(">hhih4s", 9, 5, 1, 4, b"test") + struct.pack(">h", len(name)) + name + struct.pack(">i", -1)
    with socket.create_connection((host, int(port)), TIMEOUT) as broker, broker.makefile("rb") as answer:
        broker.sendall(struct.pack(">i", len(body)) + body)

        def number(kind):
            return struct.unpack(">" + kind, answer.read(struct.calcsize(">" + kind)))[0]

        def text():
            return answer.read(max(number("h"), 0)).rstrip(b"\0").decode()
        for _ in ("size", "correlation id", "throttle time"):
            number("i")
        for _ in range(number("i")):
            this_topic = text()
            for _ in range(number("i")):
                partition, offset, _, metadata, error = number("i"), number("q"), number("i"), text(), number("h")
                if this_topic == topic and error == 0 and offset >= 0:
                    yield partition, offset, metadata


def alter_offsets(requests):
    """Sets what each request says. The coordinator of a young cluster, or one that moves, is waited for."""
    end = time.monotonic() + TIMEOUT
    while requests:
        futures = [(request, admin().alter_consumer_group_offsets([request])[request.group_id]) for request in requests]
        requests = []
        for request, future in futures:
            try:
                for p in future.result(TIMEOUT).topic_partitions:
                    if p.error is not None:
                        raise KafkaException(p.error)
            except KafkaException as error:
                if error.args[0].code() not in COORDINATOR_MOVES or time.monotonic() > end:
                    raise
                requests.append(request)


def commit(group, topic, partition, offset, metadata):
    """Sets the offset of a group without members; what a foreign tool does, it leaves no metadata unless asked to."""
    wanted = TopicPartition(topic, partition, offset) if metadata is None else TopicPartition(topic, partition, offset, metadata)
    alter_offsets([ConsumerGroupTopicPartitions(group, [wanted])])


def commit_many(prefix, groups, topic, partitions):
    """Groups PREFIX-0000, -0001, ...: group i has committed offset i in each partition. 50 requests at a time."""
    wanted = [ConsumerGroupTopicPartitions(f"{prefix}-{i:04}", [TopicPartition(topic, p, i) for p in range(partitions)])
              for i in range(groups)]
    for begin in range(0, groups, 50):
        alter_offsets(wanted[begin:begin + 50])


def commit_pending(group, topic, partition, offset):
    """Leaves a transaction open that is about to commit the offset; the broker aborts it after a minute."""
    producer = Producer({**BOOTSTRAP, "transactional.id": f"kadmin-{group}", "transaction.timeout.ms": 60000})
    producer.init_transactions(TIMEOUT)
    producer.begin_transaction()
    member = Consumer({**BOOTSTRAP, "group.id": group}).consumer_group_metadata()
    producer.send_offsets_to_transaction([TopicPartition(topic, partition, offset)], member, TIMEOUT)
    os._exit(0)  # a clean end would abort it


def describe_group(group):
    """A broker that has just started has no coordinator yet."""
    end = time.monotonic() + TIMEOUT
    while True:
        try:
            return admin().describe_consumer_groups([group])[group].result(TIMEOUT)
        except KafkaException as error:
            if error.args[0].code() not in COORDINATOR_MOVES or time.monotonic() > end:
                raise
            time.sleep(0.1)


def group_state(group):
    """state, number of members."""
    description = describe_group(group)
    print(description.state.name, len(description.members), sep="\t")


def delete_group(group):
    results(admin().delete_consumer_groups([group]))


def watermarks(topic, isolation):
    """{partition: (log start, end)}. Not by AdminClient.list_offsets(): that of librdkafka 2.15 can crash while a leader is
    not yet known."""
    reader = Consumer({**BOOTSTRAP, "group.id": "kadmin-asks-for-ends", "isolation.level": isolation})
    try:
        return {p: reader.get_watermark_offsets(TopicPartition(topic, p), TIMEOUT) for p in partitions_of(reader, topic)}
    finally:
        reader.close()


def ends(topic):
    """partition, log start, last stable offset, log end."""
    marks = watermarks(topic, "read_uncommitted")
    start, end = ({p: mark[i] for p, mark in marks.items()} for i in (0, 1))
    stable = {p: mark[1] for p, mark in watermarks(topic, "read_committed").items()}
    for p in sorted(end):
        print(p, start[p], stable[p], end[p], sep="\t")


def records(topic, isolation):
    """Every record as the broker holds it, one JSON line each; bytes in base64."""
    reader = Consumer({**BOOTSTRAP, "group.id": "kadmin-reads-without-committing", "enable.auto.commit": False,
                       "auto.offset.reset": "error", "enable.partition.eof": True, "isolation.level": isolation})
    try:
        left = set(partitions_of(reader, topic))
        starts = {p: reader.get_watermark_offsets(TopicPartition(topic, p), TIMEOUT)[0] for p in left}
        reader.assign([TopicPartition(topic, p, start) for p, start in starts.items()])
        while left:
            message = reader.poll(TIMEOUT)
            if message is None:
                raise SystemExit(f"kadmin: {topic}: no answer for {TIMEOUT} s")
            if message.error() is None:
                print(json.dumps({
                    "partition": message.partition(), "offset": message.offset(), "timestamp": message.timestamp()[1],
                    "key": encoded(message.key()), "headers": [[k, encoded(v)] for k, v in message.headers() or []],
                    "value": encoded(message.value())}))
            elif message.error().code() == KafkaError._PARTITION_EOF:
                left.discard(message.partition())
            else:
                raise KafkaException(message.error())
    finally:
        reader.close()


def encoded(data):
    return None if data is None else base64.b64encode(data).decode()


def decoded(field):
    """null, a string, or {"base64": "..."}: any bytes a test wants."""
    if field is None:
        return None
    if isinstance(field, dict):
        return base64.b64decode(field["base64"], validate=True)
    return field.encode()


class Sender:
    """A producer that fails loudly for any record that was not stored."""

    def __init__(self, **config):
        self.producer = Producer({**BOOTSTRAP, "linger.ms": 5, **config})
        self.failures = []

    def send(self, topic, **record):
        while True:
            try:
                self.producer.produce(topic, on_delivery=self.delivered, **record)
                return
            except BufferError:
                self.producer.poll(1)

    def delivered(self, error, _):
        if error is not None:
            self.failures.append(error)

    def flush(self):
        left = self.producer.flush(TIMEOUT)
        if self.failures:
            raise KafkaException(self.failures[0])
        if left > 0:
            raise SystemExit(f"kadmin: {left} records not stored within {TIMEOUT} s")


def produce(topic):
    """From stdin, one JSON line a record: key, value, headers [[name, value]], partition, timestamp; all optional."""
    sender = Sender()
    for line in sys.stdin:
        spec = json.loads(line)
        extra = {name: spec[name] for name in ("partition", "timestamp") if spec.get(name) is not None}
        sender.send(topic, key=decoded(spec.get("key")), value=decoded(spec.get("value")),
                    headers=[(name, decoded(value)) for name, value in spec.get("headers", [])], **extra)
    sender.flush()


def log_end(topic, partition):
    return watermarks(topic, "read_uncommitted")[partition][1]


def produce_transactional(topic, partition, commits, aborts, leave_open):
    """One transaction of `commits` records and one of `aborts`, or one left open that blocks the last stable offset."""
    def transaction(name, count, end):
        begin = log_end(topic, partition)
        sender = Sender(**{"transactional.id": f"kadmin-{topic}-{name}", "transaction.timeout.ms": 60000})
        sender.producer.init_transactions(TIMEOUT)
        sender.producer.begin_transaction()
        for i in range(count):
            sender.send(topic, partition=partition, key=name.encode(), value=json.dumps({name: i}).encode())
        sender.flush()
        if end == "commit":
            sender.producer.commit_transaction(TIMEOUT)
        elif end == "abort":
            sender.producer.abort_transaction(TIMEOUT)
        # It has ended before its marker is in the log: the coordinator sees to that later.
        while end != "none" and log_end(topic, partition) < begin + count + 1:
            time.sleep(0.01)
    if commits > 0:
        transaction("committed", commits, "commit")
    if aborts > 0:
        transaction("aborted", aborts, "abort")
    if leave_open > 0:
        transaction("open", leave_open, "none")
        os._exit(0)  # a clean end would abort it


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(function, *positional, **options):
        sub = commands.add_parser(function.__name__.replace("_", "-"), description=function.__doc__)
        for name, kind in positional:
            sub.add_argument(name, type=kind)
        for name, settings in options.items():
            names = settings.pop("names", ["--" + name.replace("_", "-")])
            sub.add_argument(*names, **settings)
        sub.set_defaults(function=function)

    topic, partition = ("topic", str), ("partition", int)
    command(create_topic, topic, ("partitions", int), configs={"names": ["configs"], "nargs": "*", "metavar": "name=value"})
    command(allow, ("user", str), ("operation", str), ("kind", str), ("name", str))
    command(scram, ("user", str), ("mechanism", str), ("variable", str))
    command(delete_topic, topic)
    command(add_partitions, topic, ("total", int))
    command(delete_records, topic, partition, ("before", int))
    command(committed, ("group", str), topic)
    command(commit, ("group", str), topic, partition, ("offset", int), metadata={"default": None})
    command(commit_pending, ("group", str), topic, partition, ("offset", int))
    command(commit_many, ("prefix", str), ("groups", int), topic, ("partitions", int))
    command(group_state, ("group", str))
    command(delete_group, ("group", str))
    command(ends, topic)
    command(records, topic, isolation={"default": "read_committed"})
    command(produce, topic)
    command(produce_transactional, topic, ("commits", int), ("aborts", int), partition={"type": int, "default": 0},
            leave_open={"type": int, "default": 0})
    return vars(parser.parse_args())


def main():
    given = arguments()
    del given["command"]
    try:
        given.pop("function")(**given)
    except KafkaException as error:
        sys.exit(f"kadmin: {error.args[0].name()}: {error.args[0].str()}")
    except concurrent.futures.TimeoutError:
        sys.exit(f"kadmin: no answer from {BOOTSTRAP['bootstrap.servers']} within {TIMEOUT} s")


main()
