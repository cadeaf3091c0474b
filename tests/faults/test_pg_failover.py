# SPDX-License-Identifier: Apache-2.0
"""The primary dies and its streaming replica takes over, under a pipeline whose DSN names both."""
import signal

import psycopg2
import pytest

from database import Database
from environment import wait_until
from load import LoadAcrossOutages, finish
from pipeline import SINK, SOURCE
from watcher import Watcher


class Pair:
    """A primary with a table and a replica of both. The DSN names the replica first: who takes any server stores nothing."""

    def __init__(self, servers, flights, table):
        self.servers = servers
        self.primary = servers.database()
        truth = self.primary.load_truth("truth", flights)
        self.primary.create_like(table, truth)
        primary = self.primary.connection.info.dsn_parameters
        self.replica = servers.start_replica()
        self.dsn = (f"host={self.replica['PGHOST']},{primary['host']} port={self.replica['PGPORT']},{primary['port']}"
                    f" user={primary['user']} dbname={primary['dbname']}")

    def replicate(self, synchronous):
        self.primary.rows(f"ALTER SYSTEM SET synchronous_standby_names = '{'*' if synchronous else ''}'")
        self.primary.rows("SELECT pg_reload_conf()")
        wanted = "sync" if synchronous else "async"
        wait_until(lambda: self.primary.rows("SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'") == [(wanted,)],
                   30, f"a replica that is {wanted}")

    def open(self):
        """Whichever of the two takes changes."""
        return Database(self.dsn + " target_session_attrs=read-write")

    def fail_over(self):
        """The primary is dead; returns the database as the replica has it."""
        with pytest.raises(psycopg2.OperationalError):
            self.open()
        self.servers.promote_replica()
        self.primary.close()
        return self.open()


@pytest.fixture
def pair(own_servers, some_flights):
    return Pair(own_servers, some_flights, "flights")


@pytest.fixture
def load(pair, pipelines, some_topic, some_flights, group):
    pipelines.dsn = pair.dsn
    return LoadAcrossOutages(pipelines, pair.open(), some_topic, group, "flights", some_flights.rows, batch_size=500)


def assert_all_stored(kafka, load):
    load.database.assert_exact(load.table, "truth")
    assert load.stored_offsets() == kafka.ends(load.topic) == kafka.committed(load.group, load.topic)


def test_synchronous_replica_takes_over(kafka, pair, load):
    pair.replicate(synchronous=True)
    with Watcher(kafka, load) as watcher:
        pipeline = load.start("--once")
        wait_until(lambda: load.stored() >= load.total // 4, 60, f"a quarter stored\n{pipeline.said()}")
        pair.servers.kill_postgres()
        wait_until(lambda: "Trying again for" in pipeline.said(SINK), 60, f"the sink's word on it\n{pipeline.said()}")
        pipeline.freeze(SINK)  # or it might store all the rest before we look
        committed = kafka.committed(load.group, load.topic)
        load.database = pair.fail_over()
        reached, stored = load.stored(), load.stored_offsets()
        pipeline.signal(signal.SIGCONT, SINK)
        assert 0 < reached < load.total
        assert all(stored[p] >= offset for p, offset in committed.items()), (committed, stored)
        print(f"primary killed at {reached} of {load.total}, committed then {sum(committed.values())}")
        assert pipeline.wait(60) == {SOURCE: 0, SINK: 0}, pipeline.said()
    assert "PostgreSQL: back after" in pipeline.said(SINK)
    assert_all_stored(kafka, load)
    assert watcher.samples >= 5 and len(watcher.seen) >= 3, f"{watcher.samples} samples, {len(watcher.seen)} different"


def test_asynchronous_replica_that_lags(kafka, pair, load):
    """What it did not get is gone from PostgreSQL, and acknowledged. The sink notices, and the next start reads it again."""
    pair.replicate(synchronous=False)
    pipeline = load.start()
    wait_until(lambda: len(load.stored_offsets()) == 4 and load.stored() >= load.total // 8, 60, f"progress\n{pipeline.said()}")
    pipeline.freeze(SINK)
    pair.servers.call("postgres_stop", "replica")
    lagging = load.stored()
    pipeline.signal(signal.SIGCONT, SINK)
    wait_until(lambda: load.stored() >= lagging + 5000, 60, f"more stored\n{pipeline.said()}")
    pipeline.freeze(SINK)
    wait_until(lambda: sum(kafka.committed(load.group, load.topic).values()) > lagging, 30, f"that committed\n{pipeline.said()}")
    reached = load.stored()
    pair.servers.kill_postgres()
    committed = kafka.committed(load.group, load.topic)
    pair.servers.start_postgres("replica")
    load.database = pair.fail_over()
    old = load.stored_offsets()
    print(f"stored {reached}, committed {sum(committed.values())}, of that the replica had {sum(old.values())}")
    assert sum(old.values()) <= lagging < sum(committed.values()) <= reached < load.total
    pipeline.signal(signal.SIGCONT, SINK)
    assert pipeline.wait() == {SOURCE: 75, SINK: 75}, pipeline.said()
    assert "the stored offset went back from" in pipeline.said(SINK)
    assert load.stored_offsets() == old
    finish(load)
    assert "the sink holds less than was committed" in load.pipelines.all[-1].said(SOURCE)
    assert_all_stored(kafka, load)
