# SPDX-License-Identifier: Apache-2.0
"""Orders by Confluent's own JSON Schema serializer, which checks them as well.

usage: json_hand.py BROKERS REGISTRY TOPIC COUNT SEED <SCHEMA    prints the values as they were written, one a line"""
import random
import sys

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

brokers, registry, topic, count, seed = sys.argv[1:6]
dice = random.Random(seed)
letters = "abcxyz äöü 漢字 😀 \"\\/\n\t\u0000\u001f{}[]"
serializer = JSONSerializer(sys.stdin.read(), SchemaRegistryClient({"url": registry}))
context = SerializationContext(topic, MessageField.VALUE)
producer = Producer({"bootstrap.servers": brokers, "linger.ms": 50, "queue.buffering.max.messages": 1000000})


def order():
    value = {"id": dice.choice([0, -1, 2**31, 2**64 - 1, dice.randrange(-(2**63), 2**64)])}
    if dice.random() < 0.8:
        value["total"] = dice.randrange(10**6) / 100
    if dice.random() < 0.5:
        value["lines"] = [{"sku": f"AB-{dice.randrange(1000)}"} for _ in range(dice.randrange(4))]
    if dice.random() < 0.5:
        value["".join(dice.choices(letters, k=dice.randrange(5)))] = "".join(dice.choices(letters, k=dice.randrange(30)))
    return value


for _ in range(int(count)):
    payload = serializer(order(), context)
    producer.produce(topic, payload)
    sys.stdout.buffer.write(payload[5:] + b"\n")
producer.flush()
