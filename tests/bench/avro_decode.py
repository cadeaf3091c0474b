# SPDX-License-Identifier: Apache-2.0
"""Decoding Avro on one core, records/s: kpipe to JSON text, fastavro to Python objects and further to JSON text.
usage: avro_decode.py DECODE_PAYLOADS [RECORDS (100000)]"""
import datetime
import decimal
import io
import json
import random
import struct
import subprocess
import sys
import tempfile
import time

import fastavro

LINE = {"type": "record", "name": "Line", "fields": [
    {"name": "article", "type": "long"},
    {"name": "name", "type": "string"},
    {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
    {"name": "count", "type": "int"}]}
ORDER = {"type": "record", "name": "Order", "fields": [
    {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
    {"name": "customer", "type": ["null", "string"]},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "day", "type": {"type": "int", "logicalType": "date"}},
    {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["NEW", "PAID", "SENT"]}},
    {"name": "weight", "type": "double"},
    {"name": "gift", "type": "boolean"},
    {"name": "lines", "type": {"type": "array", "items": LINE}},
    {"name": "tags", "type": {"type": "map", "values": "string"}}]}
FLAT = {"type": "record", "name": "Flight", "fields": [
    *({"name": f"number{i}", "type": "int"} for i in range(8)),
    *({"name": f"text{i}", "type": ["null", "string"]} for i in range(6)),
    *({"name": f"double{i}", "type": "double"} for i in range(3)),
    {"name": "departs", "type": "long"}, {"name": "arrives", "type": "long"}]}


def order(rng):
    return {"id": f"b7b4a7f0-9c96-4e4a-a687-{rng.randrange(2**48):012x}", "customer": rng.choice([None, "customer %d" % rng.randrange(10**6)]),
            "at": 1795264496000 + rng.randrange(10**9), "day": 20000 + rng.randrange(1000), "state": rng.choice(["NEW", "PAID", "SENT"]),
            "weight": rng.uniform(0, 100), "gift": rng.random() < 0.1,
            "lines": [{"article": rng.randrange(10**9), "name": f"article {i} of many", "price": decimal.Decimal(rng.randrange(10**6)).scaleb(-2), "count": rng.randrange(10)} for i in range(3)],
            "tags": {"channel": "web", "country": "de"}}


def flat(rng):
    return {**{f"number{i}": rng.randrange(3000) for i in range(8)}, **{f"text{i}": rng.choice(["EWR", "UA", "N14228", None, "Newark Liberty"]) for i in range(6)},
            **{f"double{i}": round(rng.uniform(0, 1000), 1) for i in range(3)}, "departs": 1795264496000, "arrives": 1795264496000 + rng.randrange(10**7)}


def as_text(value):
    return value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else str(value)


def rate(records, work):
    start = time.perf_counter()
    work()
    return round(records / (time.perf_counter() - start))


def main():
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    for name, schema, make in (("orders", ORDER, order), ("flat", FLAT, flat)):
        rng, parsed, payloads = random.Random(1), fastavro.parse_schema(schema), []
        for _ in range(count):
            binary = io.BytesIO()
            fastavro.schemaless_writer(binary, parsed, make(rng))
            payloads.append(binary.getvalue())
        with tempfile.NamedTemporaryFile("w", suffix=".avsc") as file:
            json.dump(schema, file)
            file.flush()
            stdin = b"".join(struct.pack(">I", len(p)) + p for p in payloads)
            ours = subprocess.run([program, "--schema", file.name, "--repeat", "5"], input=stdin, stderr=subprocess.PIPE, check=True).stderr.decode().split()[0]
        objects = rate(count, lambda: [fastavro.schemaless_reader(io.BytesIO(p), parsed, None) for p in payloads])
        texts = rate(count, lambda: [json.dumps(fastavro.schemaless_reader(io.BytesIO(p), parsed, None), default=as_text) for p in payloads])
        size = sum(map(len, payloads)) / count
        print(f"{name}: {size:.0f} bytes a record; kpipe {int(ours):,}/s to JSON; fastavro {objects:,}/s to objects, {texts:,}/s to JSON; x{int(ours) / texts:.0f}")


if __name__ == "__main__":
    main()
