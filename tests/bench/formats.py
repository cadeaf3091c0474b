# SPDX-License-Identifier: Apache-2.0
"""Flights in every format, written by confluent-kafka's serializers and a real registry ($REGISTRY_URL): kconsume beside
the Python deserializers and kcat -J, on the same topics. Needs build/venv. The Python side is timed from its first record
on, and takes fewer of them; the others from start to exit."""
import json
import os
import pathlib
import subprocess
import sys
import time

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

BROKER = os.environ["KAFKA_BOOTSTRAP"]
FLIGHTS = "build/deps/flights/flights.ndjson"
PARTITIONS = 4
PYTHON_RECORDS = 40_000
TEXT = ("carrier", "tailnum", "origin", "dest", "time_hour")


def is_text(name):
    return name in TEXT


def fields():
    with open(FLIGHTS, encoding="utf-8") as lines:
        return list(json.loads(next(lines)))


def avro_schema():
    typed = [{"name": name, "type": ["null", "string" if is_text(name) else "int"]} for name in fields()]
    return json.dumps({"type": "record", "name": "Flight", "fields": typed})


def json_schema():
    typed = {name: {"type": ["null", "string" if is_text(name) else "integer"]} for name in fields()}
    return json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", "title": "Flight", "type": "object",
                       "properties": typed})


def flight_class(work):
    """The message as protoc generates it."""
    lines = [f"optional {'string' if is_text(name) else 'int32'} {name} = {number};" for number, name in enumerate(fields(), 1)]
    (work / "flight.proto").write_text('syntax = "proto3";\nmessage Flight {\n' + "\n".join(lines) + "\n}\n")
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", f"-I{work}", f"--python_out={work}", "flight.proto"], check=True)
    sys.path.insert(0, str(work))
    import flight_pb2  # pylint: disable=import-outside-toplevel,import-error  # made just now
    return flight_pb2.Flight


class Formats:
    def __init__(self, work):
        self.registry = SchemaRegistryClient({"url": os.environ["REGISTRY_URL"]})
        self.message = flight_class(pathlib.Path(work))

    def write_topics(self):
        """{format: topic}, and how many records each has."""
        flight = self.message
        by_registry = {"conf": {"auto.register.schemas": True}}
        avro = AvroSerializer(self.registry, avro_schema(), **by_registry)
        protobuf = ProtobufSerializer(flight, self.registry)
        schema_id = self.registry.register_schema("flights-json-schema-value", _schema(json_schema()))
        frame = b"\0" + schema_id.to_bytes(4, "big")
        makers = {"json": lambda line, _, __: line,
                  "avro": lambda _, value, topic: avro(value, SerializationContext(topic, MessageField.VALUE)),
                  "protobuf": lambda _, value, topic: protobuf(flight(**{k: v for k, v in value.items() if v is not None}),
                                                               SerializationContext(topic, MessageField.VALUE)),
                  "json-schema": lambda line, _, __: frame + line}
        producer = Producer({"bootstrap.servers": BROKER, "compression.type": "lz4", "linger.ms": 50,
                             "queue.buffering.max.messages": 1_000_000})
        count = 0
        with open(FLIGHTS, "rb") as lines:
            for line in lines:
                value = json.loads(line)
                for name, make in makers.items():
                    producer.produce(f"flights-{name}", make(line.rstrip(b"\n"), value, f"flights-{name}"),
                                     partition=count % PARTITIONS)
                producer.poll(0)
                count += 1
        assert producer.flush(120) == 0
        return count

    def python_rate(self, name):
        """Records a second, deserialized to Python objects."""
        topic = f"flights-{name}"
        deserializer = {"json": lambda: lambda data, _: json.loads(data), "string": lambda: lambda data, _: data.decode(),
                        "avro": lambda: AvroDeserializer(self.registry),
                        "protobuf": lambda: ProtobufDeserializer(self.message, {"use.deprecated.format": False}, self.registry),
                        "json-schema": lambda: JSONDeserializer(json_schema(), schema_registry_client=self.registry)}[name]()
        if name == "string":
            topic = "flights-json"
        consumer = Consumer({"bootstrap.servers": BROKER, "group.id": "bench", "enable.auto.commit": False,
                             "auto.offset.reset": "earliest", "enable.partition.eof": True})
        consumer.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
        context = SerializationContext(topic, MessageField.VALUE)
        count, begin = 0, None
        while count < PYTHON_RECORDS:
            for message in consumer.consume(1000, 1):
                if message.error() is not None:
                    assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
                    continue
                begin = begin or time.monotonic()
                deserializer(message.value(), context)
                count += 1
        rate = count / (time.monotonic() - begin)
        consumer.close()
        return rate


def _schema(text):
    from confluent_kafka.schema_registry import Schema  # pylint: disable=import-outside-toplevel
    return Schema(text, "JSON")


def formats(shell, in_turn, binary):
    """The bench itself, for compare.py."""
    def run(runs, _records, work):
        bench = Formats(work)
        count = bench.write_topics()
        registry = f"--registry-url {os.environ['REGISTRY_URL']}"
        print(f"\nFormats: {count} flights each; records a second")
        print(f"  {'':12s} {'kconsume':>10s} {'kcat -J':>10s} {'Python':>10s}   kconsume / kcat -J, / Python")
        for name in ("json", "string", "avro", "protobuf", "json-schema"):
            topic = "flights-json" if name == "string" else f"flights-{name}"
            how = "" if name in ("json", "string") else registry
            sides = {
                "kconsume": lambda: shell(f"{binary}/kconsume -b {BROKER} -t {topic} --once -f {name} {how} | cat >/dev/null")[0],
                "kcat": lambda: shell(f"kcat -b {BROKER} -C -t {topic} -o beginning -e -q -J | cat >/dev/null")[0],
                "python": lambda: count / bench.python_rate(name),
            }
            rates = {side: count / seconds for side, seconds in in_turn(runs, sides).items()}
            print(f"  {name:12s} {rates['kconsume']:10.0f} {rates['kcat']:10.0f} {rates['python']:10.0f}   "
                  f"{rates['kconsume'] / rates['kcat']:.1f} x, {rates['kconsume'] / rates['python']:.1f} x", flush=True)
    return run
