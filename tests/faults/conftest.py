# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the fault tests. The broker and the PostgreSQL cluster are tests/run's, named by the environment
(KAFKA_BOOTSTRAP, PG*); topics, groups and the database are made here under names nobody else has.

`--seed N` (or KPIPE_SEED) repeats the random moments of a run.
"""
import json
import os
import random
import secrets
import subprocess
import sys

import pytest

from database import Database
from environment import TOP
from fake_sink import FakeSinks
from kafka_hand import KafkaHand
from pipeline import Pipelines
from servers import OwnServers

# Enough to kill a run in the middle where the whole year is not needed.
SOME = 60_000


def pytest_addoption(parser):
    default = os.environ.get("KPIPE_SEED") or str(secrets.randbelow(10**6))
    parser.addoption("--seed", type=int, default=int(default), help="repeats the random moments of an earlier run")


def pytest_report_header(config):
    return f"seed: {config.getoption('--seed')}"


def pytest_terminal_summary(terminalreporter):
    """What each test did to the pipeline and what came of it: the facts that it printed."""
    terminalreporter.section("what was done")
    for report in terminalreporter.stats.get("passed", []):
        if report.when != "call":
            continue
        facts = [line for line in report.capstdout.splitlines() if line and not line.startswith("seed ")]
        name = report.nodeid.rpartition("/")[2]
        terminalreporter.write_line(f"{name}  {report.duration:.1f} s  {'; '.join(facts)}")


@pytest.fixture
def rng(request):
    seed = f"{request.config.getoption('--seed')}:{request.node.name}"
    print("seed", seed)
    return random.Random(seed)


class Flights:
    """Real records: lines of JSON with a key, the first `rows` of the year's 336,776 flights."""

    def __init__(self, folder, rows, summary):
        self.path = folder / "flights.keyed"
        self.rows = rows
        self.summary = summary

    def pairs(self):
        with open(self.path, "rb") as lines:
            for line, _ in zip(lines, range(self.rows)):
                key, _, value = line.rstrip(b"\n").partition(b"\t")
                yield key or None, value


@pytest.fixture(scope="session")
def flights_folder():
    folder = TOP / "build" / "deps" / "flights"
    subprocess.run([sys.executable, TOP / "tests" / "support" / "flights.py", "full", folder / "flights.ndjson"], check=True)
    return folder


@pytest.fixture(scope="session")
def all_flights(flights_folder):
    summary = json.loads((flights_folder / "flights.summary.json").read_text())
    return Flights(flights_folder, summary["rows"], summary)


@pytest.fixture(scope="session")
def some_flights(flights_folder):
    return Flights(flights_folder, SOME, None)


@pytest.fixture(scope="session")
def kafka():
    return KafkaHand(os.environ["KAFKA_BOOTSTRAP"])


@pytest.fixture(scope="session")
def all_topic(kafka, all_flights):
    """The whole year in 4 partitions, as the broker stores it once for the session."""
    return kafka.filled_topic(4, all_flights.pairs())


@pytest.fixture(scope="session")
def some_topic(kafka, some_flights):
    return kafka.filled_topic(4, some_flights.pairs())


@pytest.fixture(scope="session")
def database():
    """A database of the session with the tables all_truth and some_truth: the source files, loaded without kpipe."""
    database = Database.create(dict(os.environ))
    yield database
    database.close()


@pytest.fixture(scope="session")
def all_truth(database, all_flights):
    return database.load_truth("all_truth", all_flights)


@pytest.fixture(scope="session")
def some_truth(database, some_flights):
    return database.load_truth("some_truth", some_flights)


@pytest.fixture
def table(database):
    return database.unique("flights")


@pytest.fixture
def group():
    return "faults_" + secrets.token_hex(6)


@pytest.fixture
def pipelines(tmp_path, kafka, database):
    """Starts pipelines; at the end none of their processes is left, and nothing on stderr says that it must not happen."""
    with Pipelines(tmp_path, kafka.bootstrap, database.dsn) as started:
        yield started


@pytest.fixture
def fake_sinks(tmp_path, kafka):
    with FakeSinks(tmp_path, kafka.bootstrap) as started:
        yield started


@pytest.fixture
def own_servers(tmp_path):
    """A broker or a PostgreSQL cluster that the test may kill."""
    with OwnServers(tmp_path / "servers") as servers:
        yield servers
