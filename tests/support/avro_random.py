# SPDX-License-Identifier: Apache-2.0
"""Random Avro schemas, how they evolve, and data for them. What fastavro reads otherwise than the specification has it
is left to the unit tests: defaults of bytes, promotions inside of unions, logical types that change."""
import copy
import struct
import string

INTS = [0, 1, -1, 63, 64, -64, -65, 2**31 - 1, -(2**31)]
LONGS = [*INTS, 2**31, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)]
DOUBLES = [0.0, -0.0, 1.0, 0.1, 1e22, 1e-7, 5e-324, 1.7976931348623157e308, 2.0**53, float("nan"), float("inf"), float("-inf")]
TEXTS = ["", "a", 'quote " and \\ and / and \x7f', "line\nbreak\ttab\x00nul", "Grüße", "東京", "🚀 up", "x" * 300, "\u2028", "1234567\u00e9"]
DAY_MS = 86_400_000


class Schemas:
    """A random writer's schema. Each named type gets a name of its own; records may refer to those around them."""

    def __init__(self, rng):
        self.rng = rng
        self.names = 0
        self.recursive = False
        self.open = []  # full names of records being defined
        self.defined = {}  # full name: schema, of finished named types

    def name(self, kind):
        self.names += 1
        return f"{kind}{self.names}"

    def named(self, kind, **attributes):
        schema = {"type": kind, "name": self.name(kind.capitalize()), **attributes}
        if self.rng.random() < 0.5:
            schema["namespace"] = self.rng.choice(["org.shop", "x", "a.b.c"])
        return schema

    def full_name(self, schema):
        return f"{schema['namespace']}.{schema['name']}"

    def primitive(self):
        return self.rng.choice(["null", "boolean", "int", "long", "float", "double", "bytes", "string"])

    def logical(self):
        rng = self.rng
        kind = rng.choice(["decimal", "decimal", "fixed-decimal", "uuid", "date", "time", "timestamp", "local", "duration", "unknown"])
        unit = rng.choice(["millis", "micros"])
        if kind == "decimal":
            precision = rng.choice([1, 4, 9, 18, 19, 20, 38, 77, 200])
            return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": rng.choice([0, precision // 2, precision])}
        if kind == "fixed-decimal":
            size = rng.choice([1, 2, 4, 8, 9, 16, 33])
            precision = int((8 * size - 1) * 0.30103)
            return self.with_space(self.named("fixed", size=size, logicalType="decimal", precision=precision, scale=rng.randint(0, precision)))
        if kind == "uuid":
            return {"type": "string", "logicalType": "uuid"}
        if kind == "date":
            return {"type": "int", "logicalType": "date"}
        if kind == "time":
            return {"type": "int" if unit == "millis" else "long", "logicalType": "time-" + unit}
        if kind == "timestamp":
            return {"type": "long", "logicalType": "timestamp-" + unit}
        if kind == "local":
            return {"type": "long", "logicalType": "local-timestamp-" + unit}
        if kind == "duration":
            return self.with_space(self.named("fixed", size=12, logicalType="duration"))
        return {"type": "long", "logicalType": "phase-of-the-moon"}

    def with_space(self, schema):
        """References need the whole name, wherever they stand."""
        schema.setdefault("namespace", "top")
        self.defined[self.full_name(schema)] = schema
        return schema

    def type(self, depth=0, in_union=False):
        rng = self.rng
        roll = rng.random()
        if depth > 4 or roll < 0.35:
            return self.primitive() if rng.random() < 0.8 else {"type": self.primitive()}
        if roll < 0.5:
            return self.logical()
        if roll < 0.58:
            symbols = rng.sample(string.ascii_uppercase, rng.randint(1, 5))
            return self.with_space(self.named("enum", symbols=symbols))
        if roll < 0.62:
            return self.with_space(self.named("fixed", size=rng.choice([1, 3, 16])))
        if roll < 0.66 and self.defined:
            return rng.choice(sorted(self.defined))
        if roll < 0.69 and self.open:
            # Recursion needs a way out.
            self.recursive = True
            return rng.choice([["null", rng.choice(self.open)], {"type": "array", "items": rng.choice(self.open)}]) if not in_union else "null"
        if roll < 0.77:
            return {"type": "array", "items": self.type(depth + 1)}
        if roll < 0.84:
            return {"type": "map", "values": self.type(depth + 1)}
        if roll < 0.92 and not in_union:
            return self.union(depth)
        return self.record(depth)

    def union(self, depth):
        branches, seen = [], set()
        for _ in range(self.rng.randint(2, 4)):
            defined = dict(self.defined)
            branch = self.type(depth + 1, in_union=True)
            kind = branch_kind(branch)
            # fastavro takes the first branch that promotes, where others take the one that is meant.
            group = {"int": "number", "long": "number", "float": "number", "double": "number", "string": "text", "bytes": "text"}.get(kind, kind)
            if kind != "union" and group not in seen:
                seen.add(group)
                branches.append(branch)
            else:
                self.defined = defined
        return branches

    def record(self, depth):
        schema = self.named("record", fields=[])
        schema.setdefault("namespace", "top")
        full = self.full_name(schema)
        self.open.append(full)
        for i in range(self.rng.randint(0 if depth > 0 else 1, 6)):
            schema["fields"].append({"name": f"f{i}_{self.rng.choice(string.ascii_lowercase)}", "type": self.type(depth + 1)})
        self.open.remove(full)
        self.defined[full] = schema
        return schema


def branch_kind(schema):
    """What must be there once in a union."""
    if isinstance(schema, list):
        return "union"
    if isinstance(schema, dict):
        if schema["type"] in ("record", "enum", "fixed"):
            return f"{schema['namespace']}.{schema['name']}"
        return schema["type"]
    return schema


class Data:
    """Random data of a schema, in the form that fastavro's writer takes."""

    def __init__(self, rng, defined):
        self.rng = rng
        self.defined = defined

    def of(self, schema, depth=0):
        rng = self.rng
        if isinstance(schema, list):
            branches = [b for b in schema if b == "null"] if depth > 8 and "null" in schema else schema
            branch = rng.choice(branches)
            return (branch_kind(branch), self.of(branch, depth + 1))
        if isinstance(schema, str):
            if schema in self.defined:
                return self.of(self.defined[schema], depth)
            return self.primitive(schema)
        kind = schema["type"]
        logical = self.logical(schema)
        if logical is not None:
            return logical
        if kind == "record":
            return {f["name"]: self.of(f["type"], depth + 1) for f in schema["fields"]}
        if kind == "enum":
            return rng.choice(schema["symbols"])
        if kind == "fixed":
            return rng.randbytes(schema["size"])
        count = 0 if depth > 8 else rng.choice([0, 1, 2, 3])
        if kind == "array":
            return [self.of(schema["items"], depth + 1) for _ in range(count)]
        if kind == "map":
            return {rng.choice(TEXTS) + str(i): self.of(schema["values"], depth + 1) for i in range(count)}
        return self.primitive(kind)

    def logical(self, schema):
        rng = self.rng
        kind = schema.get("logicalType")
        if kind == "decimal":
            import decimal

            digits = rng.choice([1, schema["precision"], rng.randint(1, schema["precision"])])
            value = rng.randrange(10**digits) * rng.choice([1, -1])
            return decimal.Decimal((int(value < 0), [int(c) for c in str(abs(value))], -schema["scale"]))
        if kind == "uuid":
            import uuid

            return str(uuid.UUID(bytes=rng.randbytes(16)))
        if kind == "date":
            return rng.choice([0, -1, -719162, 2932896, rng.randint(-719162, 2932896)])
        if kind is None or kind in ("duration", "phase-of-the-moon"):
            return None
        factor = 1 if kind.endswith("millis") else 1000
        if kind.startswith("time-"):
            return rng.choice([0, DAY_MS * factor - 1, rng.randrange(DAY_MS * factor)])
        least, most = -719162 * DAY_MS * factor, 2932896 * DAY_MS * factor
        return rng.choice([0, -1, least, rng.randint(least, most), rng.randint(0, 2**41) * factor])

    def primitive(self, kind):
        rng = self.rng
        if kind == "null":
            return None
        if kind == "boolean":
            return rng.random() < 0.5
        if kind == "int":
            return rng.choice([*INTS, rng.randint(-(2**31), 2**31 - 1)])
        if kind == "long":
            return rng.choice([*LONGS, rng.randint(-(2**63), 2**63 - 1), rng.randint(-1000, 1000)])
        if kind == "float":
            return struct.unpack("<f", rng.randbytes(4))[0] if rng.random() < 0.7 else struct.unpack("<f", struct.pack("<f", rng.uniform(-9, 9)))[0]
        if kind == "double":
            return rng.choice([*DOUBLES, struct.unpack("<d", rng.randbytes(8))[0], rng.uniform(-1e6, 1e6), round(rng.uniform(0, 100), 2)])
        if kind == "bytes":
            return rng.randbytes(rng.choice([0, 1, 2, 3, 20]))
        if kind == "string":
            return rng.choice(TEXTS) if rng.random() < 0.5 else "".join(rng.choices(string.printable + "äß€😀", k=rng.randint(0, 40)))
        raise ValueError(kind)


DEFAULTS = [
    ("int", 7),
    ("long", 2**62 + 1),
    ("double", 0.25),
    ("string", 'de"fault ä'),
    ("boolean", True),
    ("null", None),
    (["null", "string"], None),
    ({"type": "array", "items": "int"}, [1, 2]),
    ({"type": "map", "values": "string"}, {"k": "v"}),
]
WIDER = {"int": ["long", "float", "double"], "long": ["float", "double"], "float": ["double"], "string": ["bytes"]}


def evolved(rng, writer, defined):
    """A reader's schema for data of `writer`."""
    count = 0

    def change(schema, in_union=False):
        nonlocal count
        if isinstance(schema, list):
            branches = [change(b, True) for b in schema]
            if rng.random() < 0.3:
                rng.shuffle(branches)
            if rng.random() < 0.05 and len(branches) > 1:
                branches.pop()  # data of that branch cannot be read
            return branches
        if isinstance(schema, str):
            if schema in WIDER and not in_union and rng.random() < 0.3:
                return rng.choice(WIDER[schema])
            if schema not in defined and schema != "null" and not in_union and rng.random() < 0.1:
                return ["null", schema]
            return schema
        kind = schema["type"]
        if kind == "record":
            fields = []
            for field in schema["fields"]:
                if rng.random() < 0.15:
                    continue
                field = {**field, "type": change(field["type"])}
                if rng.random() < 0.15:
                    field = {**field, "name": "new_" + field["name"], "aliases": ["other", field["name"]]}
                fields.append(field)
            while rng.random() < 0.3:
                count += 1
                kind, value = rng.choice(DEFAULTS)
                fields.append({"name": f"added{count}", "type": copy.deepcopy(kind), "default": value})
            if rng.random() < 0.3:
                rng.shuffle(fields)
            return {**schema, "fields": fields}
        if kind == "enum" and rng.random() < 0.4:
            symbols = [*schema["symbols"], "NEW"]
            rng.shuffle(symbols)
            if rng.random() < 0.5:
                symbols.pop()  # its data cannot be read, but for a default
                if rng.random() < 0.5 and symbols:
                    return {**schema, "symbols": symbols, "default": symbols[0]}
            return {**schema, "symbols": symbols or ["NEW"]}
        if kind == "array":
            return {**schema, "items": change(schema["items"])}
        if kind == "map":
            return {**schema, "values": change(schema["values"])}
        return schema

    return reordered(change(copy.deepcopy(writer)), defined)


def reordered(schema, defined):
    """Definitions stand where a type is first named; after fields have gone or moved, put them there again."""
    bodies = {}

    def collect(node):
        if isinstance(node, list):
            for item in node:
                collect(item)
        elif isinstance(node, dict):
            if node["type"] in ("record", "enum", "fixed"):
                bodies.setdefault(branch_kind(node), node)
            for field in node.get("fields", []):
                collect(field["type"])
            for key in ("items", "values"):
                if key in node:
                    collect(node[key])

    collect(schema)
    done = set()

    def place(node):
        if isinstance(node, list):
            return [place(item) for item in node]
        if isinstance(node, str):
            return place(bodies.get(node, defined[node])) if node in defined and node not in done else node
        if node["type"] in ("record", "enum", "fixed"):
            full = branch_kind(node)
            if full in done:
                return full
            done.add(full)
        node = dict(node)
        if "fields" in node:
            node["fields"] = [{**field, "type": place(field["type"])} for field in node["fields"]]
        for key in ("items", "values"):
            if key in node:
                node[key] = place(node[key])
        return node

    return place(schema)
