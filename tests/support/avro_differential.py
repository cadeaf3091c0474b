# SPDX-License-Identifier: Apache-2.0
"""Decodes random Avro data of random schemas with kpipe and with fastavro, and compares them value by value: exact digits
of decimals, round trips of floats, the same records refused. A third of the pairs has a reader's schema of its own, and
of the others those without recursion are also compared in Avro's JSON encoding.
usage: avro_differential.py DECODE_PAYLOADS [--pairs N] [--records N] [--seed N]"""
import argparse
import base64
import datetime
import decimal
import io
import json
import math
import os
import random
import struct
import subprocess
import sys
import tempfile
import uuid

import fastavro

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import avro_random


class Number(str):
    """The digits of a JSON number."""


def parse(line):
    return json.loads(line, parse_int=Number, parse_float=Number, parse_constant=None)


def shortest_float(value):
    """The shortest digits that a float of 32 bits comes back from, as a double."""
    for digits in range(1, 10):
        text = f"{value:.{digits - 1}e}"
        try:
            if struct.pack("<f", float(text)) == struct.pack("<f", value):
                return float(text)
        except OverflowError:
            continue
    return value


def is_float32(value):
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0] == value
    except OverflowError:
        return False


def same_float(want, got):
    if math.isnan(want) or math.isinf(want):
        return got == {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(want)]
    if not isinstance(got, Number):
        return False
    value = float(got)
    if math.copysign(1, value) != math.copysign(1, want):
        # A promoted int has no negative zero, so this is no exception for 0.
        return False
    return value == want or (is_float32(want) and value == shortest_float(want))


def clock(moment, digits):
    return f"{moment:%H:%M:%S}." + f"{moment.microsecond:06d}"[:digits]


def same(want, got):
    if want is None or isinstance(want, bool):
        return got is want
    if isinstance(want, int):
        return isinstance(got, Number) and got == str(want)
    if isinstance(want, float):
        return same_float(want, got)
    if isinstance(want, str):
        return type(got) is str and got == want
    if isinstance(want, bytes):
        if isinstance(got, dict) and list(got) == ["months", "days", "milliseconds"]:
            return tuple(map(int, got.values())) == struct.unpack("<III", want)
        return got == {"base64": base64.b64encode(want).decode()}
    if isinstance(want, decimal.Decimal):
        return isinstance(got, Number) and got == format(want, "f")
    if isinstance(want, uuid.UUID):
        return got == str(want)
    if isinstance(want, datetime.datetime):
        zone = "" if want.tzinfo is None else "Z"
        return got in [f"{want.date().isoformat()}T{clock(want, n)}{zone}" for n in (3, 6) if want.microsecond % 10 ** (6 - n) == 0]
    if isinstance(want, datetime.date):
        return got == want.isoformat()
    if isinstance(want, datetime.time):
        return got in [clock(want, n) for n in (3, 6) if want.microsecond % 10 ** (6 - n) == 0]
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(map(same, want, got))
    if isinstance(want, dict):
        return isinstance(got, dict) and got.keys() == want.keys() and all(same(want[k], got[k]) for k in want)
    raise TypeError(type(want))


def same_json(want, got):
    """Of two JSON texts: floats by their value, everything else by the letter."""
    if isinstance(want, Number):
        if not isinstance(got, Number):
            return False
        if any(c in want for c in ".eE"):
            return same_float(float(want), got)
        return want == got
    if isinstance(want, list):
        return isinstance(got, list) and len(want) == len(got) and all(map(same_json, want, got))
    if isinstance(want, dict):
        return isinstance(got, dict) and want.keys() == got.keys() and all(same_json(want[k], got[k]) for k in want)
    return type(want) is type(got) and want == got


class Pair:
    """A writer's schema, perhaps a reader's, and data."""

    def __init__(self, rng, records, evolve=True):
        schemas = avro_random.Schemas(rng)
        self.writer = schemas.record(0) if rng.random() < 0.9 else schemas.type()
        self.reader = avro_random.evolved(rng, self.writer, schemas.defined) if evolve and rng.random() < 0.34 else None
        parsed = fastavro.parse_schema(self.writer)
        parsed_reader = fastavro.parse_schema(self.reader) if self.reader is not None else None
        data = avro_random.Data(rng, schemas.defined)
        # fastavro's JSON encoder does not end in recursive types, and fails for some others.
        as_json = self.reader is None and not schemas.recursive
        bare_bytes = self.writer in ("bytes", {"type": "bytes"})
        self.payloads, self.expected, self.expected_json = [], [], []
        for _ in range(records):
            datum = data.of(self.writer)
            binary = io.BytesIO()
            fastavro.schemaless_writer(binary, parsed, datum)
            # Java's serializers write what is nothing but bytes without a length, and kconsume reads it so.
            self.payloads.append(datum if bare_bytes else binary.getvalue())
            binary.seek(0)
            try:
                self.expected.append((True, fastavro.schemaless_reader(binary, parsed, parsed_reader)))
            except fastavro.read.SchemaResolutionError as error:
                self.expected.append((False, str(error)))
            if as_json:
                text = io.StringIO()
                try:
                    fastavro.json_writer(text, parsed, [datum])
                    self.expected_json.append(text.getvalue())
                except Exception as error:  # it raises no narrower one
                    if "Internal Parser Exception" not in str(error):
                        raise
                    as_json = False


def decode(program, folder, pair, *options):
    with open(f"{folder}/writer", "w") as file:
        json.dump(pair.writer, file)
    command = [program, "--framing", "confluent", "--registered", f"7=avro:{folder}/writer", *options]
    if pair.reader is not None:
        with open(f"{folder}/reader", "w") as file:
            json.dump(pair.reader, file)
        command += ["--schema", f"{folder}/reader"]
    frame = b"\0\0\0\0\7"
    stdin = b"".join(struct.pack(">I", len(p) + 5) + frame + p for p in pair.payloads)
    lines = subprocess.run(command, input=stdin, check=True, stdout=subprocess.PIPE).stdout.decode().split("\n")
    assert lines.pop() == "" and len(lines) == len(pair.payloads), "one line a payload"
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--pairs", type=int, default=400)
    parser.add_argument("--records", type=int, default=75)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    counts = {"records": 0, "refused": 0, "json": 0, "different": 0}

    def differ(pair, what, want, line):
        counts["different"] += 1
        if counts["different"] <= 5:
            print(f"different ({what})\n writer {json.dumps(pair.writer)}\n reader {json.dumps(pair.reader)}\n fastavro {want}\n kpipe    {line}", file=sys.stderr)

    with tempfile.TemporaryDirectory() as folder:
        for _ in range(arguments.pairs):
            try:
                pair = Pair(rng, arguments.records)
            except Exception:
                print(f"seed {arguments.seed}", file=sys.stderr)
                raise
            for (readable, want), line in zip(pair.expected, decode(arguments.program, folder, pair)):
                counts["records"] += 1
                counts["refused"] += not readable
                if readable == line.startswith("!") or (readable and not same(want, parse(line))):
                    differ(pair, "plain", want, line)
            if pair.expected_json:
                for want, line in zip(pair.expected_json, decode(arguments.program, folder, pair, "--avro-json")):
                    counts["json"] += 1
                    if line.startswith("!") or not same_json(json_of(want), parse(line)):
                        differ(pair, "JSON encoding", want, line)
    print(f"seed {arguments.seed}: {counts['records']} records, {counts['refused']} of them refused by both, {counts['json']} also in Avro's JSON encoding: {counts['different']} differences")
    return counts["different"] > 0


def json_of(text):
    """What fastavro writes for NaN and infinities is no JSON; kpipe writes their names as strings."""
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=str)


if __name__ == "__main__":
    sys.exit(main())
