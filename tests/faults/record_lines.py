# SPDX-License-Identifier: Apache-2.0
"""Record lines by hand, for a sink without a Kafka."""
import subprocess

from environment import BIN

SPEC = "p int, o bigint, text text"


class RecordLines:
    """A file with `count` records in each of `partitions` partitions of topic "o", in mixed order."""

    def __init__(self, path, partitions, count, rng):
        self.path, self.partitions, self.count = path, partitions, count
        self.total = partitions * count
        following = [0] * partitions
        order = [p for p in range(partitions) for _ in range(count)]
        rng.shuffle(order)
        with open(path, "w", encoding="utf-8") as lines:
            for p in order:
                o = following[p]
                following[p] += 1
                lines.write(f'{{"topic":"o","partition":{p},"offset":{o},"timestamp":1,"key":null,"headers":[],'
                            f'"value":{{"p":{p},"o":{o},"text":"row {o}"}}}}\n')

    def sink(self, database, table, *options, wrapper=()):
        """Runs ksink-pg on all of them."""
        with open(self.path, "rb") as lines:
            return subprocess.run([*wrapper, BIN / "ksink-pg", "--dsn", database.dsn, "--table", table, *options], stdin=lines,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)

    def truth(self, database):
        """A table with the rows that ought to be stored."""
        name = database.unique("lines")
        database.rows(f"CREATE TABLE {name} ({SPEC})")
        database.rows(f"INSERT INTO {name} SELECT p, o, 'row ' || o FROM generate_series(0, %s) p, generate_series(0, %s) o",
                      self.partitions - 1, self.count - 1)
        return name
