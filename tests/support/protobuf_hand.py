#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random Protobuf messages, and what Google's own Python library makes of them.

  protobuf_hand.py make DESCRIPTOR_SET MESSAGE COUNT SEED PAYLOADS EXPECTED
      COUNT messages to PAYLOADS, each behind its length (4 bytes, big-endian), and their JSON by
      google.protobuf.json_format to EXPECTED, a line each. A tenth of the messages is two in one,
      which a parser must merge.
  protobuf_hand.py produce TOPIC FRAME DESCRIPTOR_SET MESSAGE COUNT SEED EXPECTED
      The same messages to a topic of $KAFKA_BOOTSTRAP. FRAME is "confluent" for Confluent's own
      serializer with the registry $REGISTRY_URL, otherwise bytes in hexadecimal to stand before
      each message, or "".
  protobuf_hand.py compare EXPECTED GOT
      Compares value by value. Exit status 1, and the first differences, when there are any.
"""
import json
import os
import random
import struct
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor as Field

ANY_TYPES = ["google.protobuf.Duration", "google.protobuf.Int32Value", "google.protobuf.Struct"]
TEXTS = ["", "a", "order 17", 'say "hi"\\', "tab\tline\n\x01", "Grüße", "漢字", "😀\u2028", "x" * 200]
INT_BITS = {Field.TYPE_INT32: (32, True), Field.TYPE_SINT32: (32, True), Field.TYPE_SFIXED32: (32, True),
            Field.TYPE_UINT32: (32, False), Field.TYPE_FIXED32: (32, False),
            Field.TYPE_INT64: (64, True), Field.TYPE_SINT64: (64, True), Field.TYPE_SFIXED64: (64, True),
            Field.TYPE_UINT64: (64, False), Field.TYPE_FIXED64: (64, False)}


class Maker:
    def __init__(self, descriptor_set, seed):
        self.random = random.Random(seed)
        self.pool = descriptor_pool.DescriptorPool()
        files = descriptor_pb2.FileDescriptorSet()
        with open(descriptor_set, "rb") as file:
            files.ParseFromString(file.read())
        for file in files.file:
            self.pool.Add(file)
        self.fields = {}
        self.any_types = [name for name in ANY_TYPES if self.known(name)]

    def known(self, name):
        try:
            return self.pool.FindMessageTypeByName(name)
        except KeyError:
            return None

    def message_class(self, name):
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))

    def fields_of(self, descriptor):
        found = self.fields.get(descriptor.full_name)
        if found is None:
            found = list(descriptor.fields)
            if descriptor.is_extendable:
                found += self.pool.FindAllExtensions(descriptor)
            self.fields[descriptor.full_name] = found
        return found

    def integer(self, bits, signed):
        choice = self.random.randrange(4)
        if choice == 0:
            return self.random.randrange(3)
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        if choice == 1:
            return self.random.choice([low, high, high - 1])
        return max(low, min(high, self.random.getrandbits(self.random.randrange(1, bits)) * self.random.choice([1, -1])))

    def number(self, single):
        choice = self.random.randrange(5)
        if choice == 0:
            return self.random.choice([0.0, -0.0, 1.0, 0.1, 1e23, float("nan"), float("inf"), float("-inf")])
        if choice == 1:
            return round(self.random.uniform(-1000, 1000), 2)
        kind, bits = ("<f", 4) if single else ("<d", 8)
        return struct.unpack(kind, self.random.randbytes(bits))[0]

    def scalar(self, field):
        kind = field.type
        if kind in INT_BITS:
            return self.integer(*INT_BITS[kind])
        if kind in (Field.TYPE_DOUBLE, Field.TYPE_FLOAT):
            return self.number(kind == Field.TYPE_FLOAT)
        if kind == Field.TYPE_BOOL:
            return self.random.random() < 0.5
        if kind == Field.TYPE_STRING:
            return self.random.choice(TEXTS)
        if kind == Field.TYPE_BYTES:
            return self.random.randbytes(self.random.randrange(12))
        if field.enum_type.full_name == "google.protobuf.NullValue":
            return 0  # whatever the number, json_format makes it null
        if not field.enum_type.is_closed and self.random.random() < 0.1:
            return self.integer(32, True)
        return self.random.choice(field.enum_type.values).number

    def fill(self, message, depth=0):
        name = message.DESCRIPTOR.full_name
        special = getattr(self, "fill_" + name.rpartition(".")[2], None) if name.startswith("google.protobuf.") else None
        if special:
            special(message, depth)
            return message
        fields = self.fields_of(message.DESCRIPTOR)
        most = min(len(fields), 8 if depth == 0 else 3)
        chosen = self.random.sample(fields, self.random.randrange(most + 1)) if depth < 6 else []
        chosen += [field for field in fields if field.is_required and field not in chosen]
        for field in chosen:
            self.set(message, field, depth)
        return message

    def set(self, message, field, depth):
        value = message.Extensions[field] if field.is_extension else getattr(message, field.name)
        if field.message_type and field.message_type.GetOptions().map_entry:
            key, item = field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]
            for _ in range(self.random.randrange(4)):
                if item.message_type:
                    self.fill(value[self.scalar(key)], depth + 1)
                else:
                    value[self.scalar(key)] = self.scalar(item)
        elif field.is_repeated:
            for _ in range(self.random.randrange(4)):
                if field.message_type:
                    self.fill(value.add(), depth + 1)
                else:
                    value.append(self.scalar(field))
        elif field.message_type:
            value.SetInParent()
            self.fill(value, depth + 1)
        elif field.is_extension:
            message.Extensions[field] = self.scalar(field)
        else:
            setattr(message, field.name, self.scalar(field))

    def fill_Timestamp(self, message, _):
        message.seconds = self.random.choice([0, -1, -62135596800, 253402300799, self.random.randrange(-(1 << 35), 1 << 35)])
        message.nanos = self.random.choice([0, 120000000, 1000, 999999999, self.random.randrange(1000000000)])

    def fill_Duration(self, message, _):
        sign = self.random.choice([1, -1])
        message.seconds = sign * self.random.choice([0, 1, 315576000000, self.random.randrange(1 << 32)])
        message.nanos = sign * self.random.choice([0, 5, 500000000, 999999999])

    def fill_FieldMask(self, message, _):
        message.paths.extend(self.random.sample(["a", "b_c", "d.e_f", "line_items.unit_price"], self.random.randrange(4)))

    def fill_Value(self, message, depth):
        kind = self.random.randrange(6 if depth < 5 else 4)
        if kind == 0:
            message.null_value = 0
        elif kind == 1:
            message.number_value = self.random.choice([0, 1.5, -3, 1e300, self.random.random()])
        elif kind == 2:
            message.string_value = self.random.choice(TEXTS)
        elif kind == 3:
            message.bool_value = True
        elif kind == 4:
            message.struct_value.SetInParent()
            self.fill_Struct(message.struct_value, depth + 1)
        else:
            message.list_value.SetInParent()
            self.fill_ListValue(message.list_value, depth + 1)

    def fill_Struct(self, message, depth):
        for _ in range(self.random.randrange(3)):
            self.fill_Value(message.fields[self.random.choice(TEXTS)], depth + 1)

    def fill_ListValue(self, message, depth):
        for _ in range(self.random.randrange(3)):
            self.fill_Value(message.values.add(), depth + 1)

    def fill_Any(self, message, depth):
        if not self.any_types or self.random.random() < 0.1:
            return
        inner = self.message_class(self.random.choice(self.any_types))()
        self.fill(inner, depth + 1)
        message.type_url = "type.googleapis.com/" + inner.DESCRIPTOR.full_name
        message.value = inner.SerializeToString()


def made(descriptor_set, name, count, seed, expected):
    """Yields messages and their bytes; writes their JSON."""
    # Which text of several is chosen for a float is not our business; which float it is, is.
    json_format.type_checkers.ToShortestFloat = lambda value: {"float32": value}
    maker = Maker(descriptor_set, int(seed))
    message_class = maker.message_class(name)
    maker.any_types.append(name)
    with open(expected, "w", encoding="utf-8") as lines:
        for _ in range(int(count)):
            message = maker.fill(message_class())
            payload = message.SerializeToString()
            if maker.random.random() < 0.1:
                payload += maker.fill(message_class()).SerializeToString()
                message = message_class.FromString(payload)
            try:
                lines.write(json.dumps(json_format.MessageToDict(message, descriptor_pool=maker.pool)) + "\n")
            except (ValueError, json_format.SerializeToJsonError) as error:
                lines.write(f"!{error}\n")
            yield message, payload


def make(descriptor_set, name, count, seed, payloads, expected):
    with open(payloads, "wb") as out:
        for _, payload in made(descriptor_set, name, count, seed, expected):
            out.write(len(payload).to_bytes(4, "big") + payload)


def confluent_serializer(topic, message_class):
    from confluent_kafka.schema_registry import SchemaRegistryClient
    from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
    from confluent_kafka.serialization import MessageField, SerializationContext
    serializer = ProtobufSerializer(message_class, SchemaRegistryClient({"url": os.environ["REGISTRY_URL"]}),
                                    {"use.deprecated.format": False})
    context = SerializationContext(topic, MessageField.VALUE)
    return lambda message: serializer(message, context)


def produce(topic, frame, descriptor_set, name, count, seed, expected):
    from confluent_kafka import Producer
    producer = Producer({"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP"], "linger.ms": 50,
                         "queue.buffering.max.messages": 1000000})
    serialize = None
    for message, payload in made(descriptor_set, name, count, seed, expected):
        if frame == "confluent":
            serialize = serialize or confluent_serializer(topic, type(message))
            payload = serialize(message)
        else:
            payload = bytes.fromhex(frame) + payload
        producer.produce(topic, value=payload)
        producer.poll(0)
    if producer.flush(60) > 0:
        sys.exit("not all of the messages were taken")


def parse(line):
    # The sign of zero counts, too.
    return json.loads(line, parse_int=lambda digits: -0.0 if digits == "-0" else int(digits))


def same(a, b):
    if isinstance(a, dict):
        if a.keys() == {"float32"}:
            return isinstance(b, (int, float)) and struct.pack("<f", a["float32"]) == struct.pack("<f", b)
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, bool) or isinstance(b, bool) or isinstance(a, str) or a is None:
        return a is b if not isinstance(a, str) else a == b
    if isinstance(b, str) or b is None or isinstance(b, (dict, list)):
        return False
    return a == b and (a != 0 or str(float(a)) == str(float(b)))


def compare(expected, got):
    compared = refused = differences = 0
    with open(expected, encoding="utf-8") as left, open(got, encoding="utf-8") as right:
        for number, (want, have) in enumerate(zip(left, right, strict=True), 1):
            compared += 1
            if want.startswith("!") and have.startswith("!"):
                refused += 1
            elif want.startswith("!") or have.startswith("!") or not same(parse(want), parse(have)):
                differences += 1
                if differences <= 3:
                    print(f"line {number}:\n  expected {want}  got      {have}", end="", file=sys.stderr)
    print(f"{compared} compared, {refused} refused by both, {differences} different")
    return differences > 0 or compared == 0


if __name__ == "__main__":
    sys.exit({"make": make, "produce": produce, "compare": compare}[sys.argv[1]](*sys.argv[2:]))
