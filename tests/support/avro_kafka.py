# SPDX-License-Identifier: Apache-2.0
"""Avro in Kafka by other people's hands: confluent-kafka's AvroSerializer and fastavro write, the registry is REGISTRY_URL.
usage: avro_kafka.py orders TOPIC       two versions of a schema, with references, unions and logical types; keys too
       avro_kafka.py random TOPIC [SCHEMAS RECORDS SEED]   random data; prints what kconsume makes of them otherwise
       avro_kafka.py local TOPIC DIR    bare data, single objects and object containers; DIR/schema gets their schema"""
import datetime
import decimal
import io
import json
import os
import random
import struct
import subprocess
import sys
import uuid

import avro.datafile
import avro.io
import avro.schema
import fastavro
from confluent_kafka import Producer
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import avro_differential
import avro_random

MONEY = {"type": "record", "name": "Money", "namespace": "org.shop", "fields": [
    {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 4}},
    {"name": "currency", "type": {"type": "enum", "name": "Currency", "symbols": ["EUR", "USD"]}}]}
LINE = {"type": "record", "name": "Line", "namespace": "org.shop", "fields": [
    {"name": "price", "type": "org.shop.Money"}, {"name": "count", "type": "int"}]}
ORDER = {"type": "record", "name": "Order", "namespace": "org.shop", "fields": [
    {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
    {"name": "day", "type": {"type": "int", "logicalType": "date"}},
    {"name": "lines", "type": {"type": "array", "items": "org.shop.Line"}},
    {"name": "note", "type": ["null", "string", "long", "org.shop.Money"]}]}
NEW_ORDER = {**ORDER, "fields": [
    *ORDER["fields"][:3],
    {"name": "items", "aliases": ["lines"], "type": {"type": "array", "items": "org.shop.Line"}},
    {"name": "note", "type": ["null", "string", "long", "org.shop.Money"]},
    {"name": "channel", "type": "string", "default": "shop"}]}
ID = "b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63"


class Topic:
    def __init__(self, name):
        self.name = name
        self.producer = Producer({"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP"], "acks": "all"})
        self.failures = []

    def put(self, value, key=None):
        while True:
            try:
                self.producer.produce(self.name, value=value, key=key, on_delivery=self.delivered)
                break
            except BufferError:
                self.producer.poll(0.1)

    def delivered(self, error, _):
        if error is not None:
            self.failures.append(error)

    def close(self):
        assert self.producer.flush(60) == 0 and not self.failures, self.failures


def registry():
    return SchemaRegistryClient({"url": os.environ["REGISTRY_URL"], "max.retries": 0})


def orders(topic):
    client = registry()
    money, line = f"{topic}-money", f"{topic}-line"
    client.register_schema(money, Schema(json.dumps(MONEY), "AVRO"))
    to_money = SchemaReference("org.shop.Money", money, 1)
    client.register_schema(line, Schema(json.dumps(LINE), "AVRO", [to_money]))
    references = [to_money, SchemaReference("org.shop.Line", line, 1)]
    price = {"amount": decimal.Decimal("-12345678901234567890.1234"), "currency": "USD"}
    common = {"id": uuid.UUID(ID), "at": datetime.datetime(2026, 11, 21, 12, 34, 56, 45, tzinfo=datetime.timezone.utc), "day": datetime.date(2026, 11, 21)}
    lines = [{"price": price, "count": 2}]
    out = Topic(topic)
    keys = AvroSerializer(client, '"long"')
    for schema, field, notes in ((ORDER, "lines", [None, "text", 5, ("org.shop.Money", price)]), (NEW_ORDER, "items", ["new"])):
        values = AvroSerializer(client, Schema(json.dumps(schema), "AVRO", references))
        for number, note in enumerate(notes):
            order = {**common, field: lines, "note": note}
            if schema is NEW_ORDER:
                order["channel"] = "web"
            out.put(values(order, SerializationContext(topic, MessageField.VALUE)), keys(number, SerializationContext(topic, MessageField.KEY)))
    out.close()


def random_records(topic, schemas=40, records=500, seed=None):
    seed = random.randrange(2**32) if seed is None else int(seed)
    rng, client, out, expected = random.Random(seed), registry(), Topic(topic), []
    pairs, refused = [], 0
    while len(pairs) < int(schemas):
        pair = avro_differential.Pair(rng, int(records), evolve=False)
        try:
            pairs.append((client.register_schema(f"{topic}-{len(pairs)}", Schema(json.dumps(pair.writer), "AVRO")), pair))
        except SchemaRegistryError as error:
            # Apicurio's stack overflows in some recursive schemas.
            if error.http_status_code != 500 or (refused := refused + 1) > 20:
                raise
    # Mixed, so that one record's schema is seldom the next one's.
    for record in range(int(records)):
        for number, pair in pairs:
            out.put(b"\0" + struct.pack(">I", number) + pair.payloads[record])
            expected.append((pair, pair.expected[record][1]))
    out.close()
    command = ["kconsume", "-q", "-b", os.environ["KAFKA_BOOTSTRAP"], "-t", topic, "--once", "-f", "avro", "--registry-url", os.environ["REGISTRY_URL"], "--envelope", "value"]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode().split("\n")[:-1]
    assert len(lines) == len(expected), f"{len(lines)} lines of {len(expected)} records"
    different = 0
    for (pair, want), line in zip(expected, lines):
        if not avro_differential.same(want, avro_differential.parse(line)):
            different += 1
            if different <= 3:
                print(f"different\n schema {json.dumps(pair.writer)}\n fastavro {want}\n kconsume {line}", file=sys.stderr)
    print(f"seed {seed}: {len(lines)} records: {different} differences")
    return different > 0


def local(topic, folder):
    schema = {"type": "record", "name": "R", "fields": [{"name": "n", "type": "int"}, {"name": "u", "type": ["null", "string"]}]}
    with open(f"{folder}/schema", "w") as file:
        json.dump(schema, file)
    out, parsed = Topic(topic), fastavro.parse_schema(schema)
    first, second = {"n": 1, "u": None}, {"n": -98, "u": "text"}

    def bare(datum):
        binary = io.BytesIO()
        fastavro.schemaless_writer(binary, parsed, datum)
        return binary.getvalue()

    # Avro's own package writes the containers.
    def container(data, codec):
        binary = io.BytesIO()
        writer = avro.datafile.DataFileWriter(binary, avro.io.DatumWriter(), avro.schema.parse(json.dumps(schema)), codec=codec)
        for datum in data:
            writer.append(datum)
        writer.flush()
        return binary.getvalue()

    out.put(bare(first))
    out.put(bare(second))
    out.put(b"\xc3\x01" + bytes.fromhex(fastavro.schema.fingerprint(fastavro.schema.to_parsing_canonical_form(parsed), "CRC-64-AVRO")) + bare(second))
    out.put(container([first], "null"))
    out.put(container([first, second], "deflate"))
    out.put(None)
    out.close()


if __name__ == "__main__":
    sys.exit({"orders": orders, "random": random_records, "local": local}[sys.argv[1]](*sys.argv[2:]))
