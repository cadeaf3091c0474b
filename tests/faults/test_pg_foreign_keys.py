# SPDX-License-Identifier: Apache-2.0
"""Planes, airports, weather and flights from four topics into four tables that belong together, by four pipelines at once."""
import concurrent.futures
import contextlib
import json
import random
import subprocess
import sys

import pytest

from database import COLUMNS
from environment import TOP, times
from load import PostgresLoad, finish, kill_in_the_middle
from pipeline import SINK, SOURCE, Pipelines

KILLS = times(3)
TABLES = {
    "planes": "tailnum text, year bigint, type text, manufacturer text, model text, engines bigint, seats bigint, speed bigint, engine text",
    "airports": "faa text, name text, lat float8, lon float8, alt bigint, tz bigint, dst text, tzone text",
    "weather": """origin text, year bigint, month bigint, day bigint, hour bigint, temp float8, dewp float8, humid float8,
        wind_dir bigint, wind_speed float8, wind_gust float8, precip float8, pressure float8, visib float8, time_hour timestamptz""",
    "flights": COLUMNS,
}
KEYS = {"planes": "tailnum", "airports": "faa", "weather": "origin, time_hour"}
# child, its column, parent
BELONGS = [("flights", "tailnum", "planes"), ("flights", "origin", "airports"), ("flights", "dest", "airports"),
           ("weather", "origin", "airports")]
# So many transactions, that a kill can hit between them.
BATCH = {"planes": 20, "airports": 10, "weather": 200, "flights": 1000}


class Records:
    """Values of JSON, as conftest's Flights gives them."""

    def __init__(self, values):
        self.values = [json.dumps(value).encode() for value in values]
        self.rows = len(self.values)

    def pairs(self):
        return ((None, value) for value in self.values)


@pytest.fixture(scope="module")
def records(flights_folder, some_flights):
    """{table: records}. A plane or airport of which only the flights know is known by its name."""
    subprocess.run([sys.executable, TOP / "tests" / "support" / "flights.py", "tables", flights_folder], check=True)
    found = {}
    for name in ("planes", "airports", "weather"):
        with open(flights_folder / f"{name}.ndjson", encoding="utf-8") as lines:
            found[name] = [json.loads(line) for line in lines]
    flights = [json.loads(value) for _, value in some_flights.pairs()]
    for table, key, columns in (("planes", "tailnum", ["tailnum"]), ("airports", "faa", ["origin", "dest"])):
        known = {row[key] for row in found[table]}
        named = {flight[column] for flight in flights for column in columns} - {None}
        found[table] += [{key: name} for name in sorted(named - known)]
    return {name: Records(values) for name, values in found.items()} | {"flights": some_flights}


class Warehouse:
    """Four tables in the database, called PREFIX_planes and so on, their truths, their topics, and who loads them."""

    def __init__(self, kafka, database, records, folder, stack):
        self.kafka, self.database, self.folder, self.stack = kafka, database, folder, stack
        self.prefix = database.unique("w")
        self.topics = {name: kafka.filled_topic(2, records[name].pairs()) for name in TABLES}
        self.loads = {}
        for name, columns in TABLES.items():
            database.load_truth(f"{self.table(name)}_truth", records[name], columns)
            database.create_like(self.table(name), f"{self.table(name)}_truth")
            self.loads[name] = self.load(name, records[name].rows)
        for name, key in KEYS.items():
            database.rows(f"ALTER TABLE {self.table(name)} ADD PRIMARY KEY ({key})")

    def table(self, name):
        return f"{self.prefix}_{name}"

    def load(self, name, total):
        folder = self.folder / name
        folder.mkdir()
        pipelines = self.stack.enter_context(Pipelines(folder, self.kafka.bootstrap, self.database.dsn))
        return PostgresLoad(pipelines, self.database, self.topics[name], self.table(name), self.table(name), total, BATCH[name])

    def add_keys(self, how=""):
        for child, column, parent in BELONGS:
            self.database.rows(f"ALTER TABLE {self.table(child)} ADD CONSTRAINT {column}_of_{parent} FOREIGN KEY ({column})"
                               f" REFERENCES {self.table(parent)} {how}")

    def validate_keys(self):
        for child, column, parent in BELONGS:
            self.database.rows(f"ALTER TABLE {self.table(child)} VALIDATE CONSTRAINT {column}_of_{parent}")
        valid = self.database.rows("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated AND conrelid IN"
                                   " (%s::regclass, %s::regclass)", self.table("flights"), self.table("weather"))
        assert valid == [(len(BELONGS),)]

    def load_all(self, names, rng):
        """All at once, each killed and started again; returns how many kills hit each in its middle."""
        seeds = {name: rng.random() for name in names}

        def one(name):
            own = random.Random(seeds[name])
            hits = sum(kill_in_the_middle(self.loads[name], [SINK], own) for _ in range(KILLS))
            finish(self.loads[name])
            return hits
        with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
            hits = dict(zip(names, pool.map(one, names)))
        print(f"of {KILLS} kills each hit the middle: {hits}")
        assert all(hits.values()) and sum(hits.values()) >= len(names) * KILLS * 2 // 3, hits

    def assert_all_stored(self):
        for name, load in self.loads.items():
            self.database.assert_exact(load.table, f"{load.table}_truth")
            # Records without a key may all have gone to one partition.
            ends = {p: end for p, end in self.kafka.ends(load.topic).items() if end > 0}
            assert load.stored_offsets() == ends == self.kafka.committed(load.group, load.topic), name


@pytest.fixture
def warehouse(kafka, database, records, tmp_path):
    with contextlib.ExitStack() as stack:
        yield Warehouse(kafka, database, records, tmp_path, stack)


def test_keys_added_when_all_is_loaded(warehouse, rng):
    """Children may arrive before their parents as long as nobody checks."""
    warehouse.load_all(list(TABLES), rng)
    warehouse.add_keys("NOT VALID")
    warehouse.validate_keys()
    warehouse.assert_all_stored()


def test_parents_first(warehouse, rng):
    """With the keys in place a child without its parent is a bad row, and nothing of its batch is stored. It is loaded when the
    parents are there, from where it stopped."""
    warehouse.add_keys()
    early = warehouse.loads["flights"].start("--once")
    assert early.wait() == {SOURCE: 75, SINK: 65}, early.said()
    assert "row not stored" in early.said(SINK) and "is not present in table" in early.said(SINK), early.said(SINK)
    assert warehouse.database.count(warehouse.table("flights")) == 0 == warehouse.loads["flights"].stored()
    warehouse.load_all(["planes", "airports"], rng)
    warehouse.load_all(["weather", "flights"], rng)
    warehouse.validate_keys()
    warehouse.assert_all_stored()
