# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL crashes, is restored to what it was some time ago, or has no space left."""
import os
import signal
import subprocess

import pytest

import pg_cluster
from environment import times, wait_until
from load import LoadAcrossOutages, finish
from pipeline import SINK, SOURCE
from servers import OwnServers
from watcher import Watcher

CRASHES = times(4)


class Cluster:
    def __init__(self, servers, flights):
        self.servers = servers
        self.database = servers.database()
        self.truth = self.database.load_truth("truth", flights)
        # Killed processes lose no page of the kernel's: flushing adds nothing here but seconds for each recovery.
        self.database.rows("ALTER SYSTEM SET fsync = off")
        self.database.rows("SELECT pg_reload_conf()")

    def start(self):
        self.servers.start_postgres()
        self.database.reconnect()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, some_flights):
    """For the tests of this file, one after the other."""
    with OwnServers(tmp_path_factory.mktemp("cluster") / "servers") as servers:
        cluster = Cluster(servers, some_flights)
        yield cluster
        cluster.database.close()


@pytest.fixture
def to_cluster(cluster, pipelines, some_topic, some_flights, group, table):
    """The load of a table in that cluster."""
    pipelines.dsn = cluster.database.dsn
    cluster.database.create_like(table, cluster.truth)
    return LoadAcrossOutages(pipelines, cluster.database, some_topic, group, table, some_flights.rows, batch_size=500)


@pytest.fixture
def asynchronous(cluster):
    """The role's commits return before they are durable, unless somebody asks for more."""
    rows = cluster.database.rows
    rows("ALTER ROLE postgres SET synchronous_commit = off")
    # The server's own flush of such commits comes too late for whoever crashes.
    rows("ALTER SYSTEM SET wal_writer_delay = '10s'")
    rows("ALTER SYSTEM SET wal_writer_flush_after = '64MB'")
    rows("SELECT pg_reload_conf()")
    yield
    rows("ALTER ROLE postgres RESET synchronous_commit")
    rows("ALTER SYSTEM RESET wal_writer_delay")
    rows("ALTER SYSTEM RESET wal_writer_flush_after")
    rows("SELECT pg_reload_conf()")


def assert_all_stored(kafka, cluster, load):
    cluster.database.assert_exact(load.table, cluster.truth)
    assert load.stored_offsets() == kafka.ends(load.topic) == kafka.committed(load.group, load.topic)


def assert_watched(watcher):
    """While the server is away there is nothing to see."""
    assert watcher.samples >= 5 and len(watcher.seen) >= 3, f"{watcher.samples} samples, {len(watcher.seen)} different"


def test_crashes_under_a_role_without_durable_commits(kafka, cluster, to_cluster, asynchronous, rng):
    database = cluster.database
    database.reconnect()
    database.rows("CREATE TABLE control (i int)")
    database.rows("CHECKPOINT")
    database.rows("INSERT INTO control SELECT 1")
    pg_cluster.crash(cluster.servers)
    cluster.start()
    assert database.count("control") == 0, "a commit that asked for nothing was durable: the test tries nothing"

    with Watcher(kafka, to_cluster) as watcher:
        pipeline = to_cluster.start("--once")
        killed = []
        for n in range(CRASHES):
            wanted = (n + rng.uniform(0.2, 0.8)) * to_cluster.total / (CRASHES + 1)
            wait_until(lambda w=wanted: to_cluster.stored() >= w, 60, f"{wanted} stored\n{pipeline.said()}")
            reached = to_cluster.stored()
            committed = kafka.committed(to_cluster.group, to_cluster.topic)
            killed.append(pg_cluster.crash(cluster.servers))
            assert not pipeline.ended()
            assert reached < to_cluster.total
            cluster.start()
            stored = to_cluster.stored_offsets()
            print(f"crashed at {reached}, {killed[-1]} processes; then {sum(stored.values())}")
            assert sum(stored.values()) >= reached and all(stored[p] >= offset for p, offset in committed.items())
        assert pipeline.wait(60) == {SOURCE: 0, SINK: 0}, pipeline.said()
    assert min(killed) >= 5
    assert pipeline.said(SINK).count("PostgreSQL: back after") == CRASHES
    assert_watched(watcher)
    assert_all_stored(kafka, cluster, to_cluster)


def back_up(cluster, load, pipeline, destination):
    """Copies the data folder in the middle of the load; returns what was stored then."""
    pipeline.signal(signal.SIGSTOP, SINK)  # or all might be stored before the server has stopped
    pg_cluster.stop(cluster.servers)
    pg_cluster.copy_data(cluster.servers, destination)
    cluster.start()
    stored = load.stored_offsets()
    pipeline.signal(signal.SIGCONT, SINK)
    return stored


def test_restored_to_an_older_state(kafka, cluster, to_cluster, tmp_path, some_topic):
    """Kafka has committed what PostgreSQL does not hold any more: the next start reads it again, and says so."""
    backup = tmp_path / "backup"
    with Watcher(kafka, to_cluster) as watcher:
        pipeline = to_cluster.start()
        wait_until(lambda: len(to_cluster.stored_offsets()) == 4 and to_cluster.stored() > to_cluster.total // 8, 60,
                   f"some of each partition stored\n{pipeline.said()}")
        old = back_up(cluster, to_cluster, pipeline, backup)
        ends = kafka.ends(some_topic)
        wait_until(lambda: kafka.committed(to_cluster.group, some_topic) == ends, 60, f"all committed\n{pipeline.said()}")
    pg_cluster.stop(cluster.servers)
    pg_cluster.restore_data(cluster.servers, backup)
    cluster.start()
    pipeline.signal(signal.SIGTERM, SOURCE)
    assert pipeline.wait()[SOURCE] == 0, pipeline.said()
    assert to_cluster.stored_offsets() == old != ends
    print(f"restored from {sum(ends.values())} to {sum(old.values())}")

    finish(to_cluster)
    said = to_cluster.pipelines.all[-1].said(SOURCE)
    assert "warning" in said and "the sink holds less than was committed" in said, said
    assert all(f"{some_topic}[{partition}]@{offset}" in said for partition, offset in old.items()), said
    assert_all_stored(kafka, cluster, to_cluster)
    assert_watched(watcher)


def test_restored_while_the_sink_stores(kafka, cluster, to_cluster, tmp_path):
    """The sink notices by itself that its offsets went back, before it stores anything on top of the gap."""
    backup = tmp_path / "backup"
    pipeline = to_cluster.start()
    wait_until(lambda: len(to_cluster.stored_offsets()) == 4, 60, f"some of each partition stored\n{pipeline.said()}")
    old = back_up(cluster, to_cluster, pipeline, backup)
    wait_until(lambda: to_cluster.stored() > sum(old.values()) + 5000, 60, f"more stored\n{pipeline.said()}")
    pipeline.signal(signal.SIGSTOP, SINK)
    assert to_cluster.stored() < to_cluster.total
    pg_cluster.stop(cluster.servers)
    pg_cluster.restore_data(cluster.servers, backup)
    cluster.start()
    pipeline.signal(signal.SIGCONT, SINK)
    assert pipeline.wait() == {SOURCE: 75, SINK: 75}, pipeline.said()
    assert "the stored offset went back from" in pipeline.said(SINK)
    assert to_cluster.stored_offsets() == old
    finish(to_cluster)
    assert_all_stored(kafka, cluster, to_cluster)


@pytest.fixture
def small_disk(cluster):
    """A file system of 3 MB as tablespace "small"; the rest of the cluster has space."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    folder = pg_cluster.home(cluster.servers) / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=700,uid=postgres", "small", folder], check=True)
    try:
        cluster.database.rows(f"CREATE TABLESPACE small LOCATION '{folder}'")
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_disk_full(kafka, cluster, to_cluster, small_disk):
    """The sink waits as long as there is no space, nothing is acknowledged meanwhile; then it goes on by itself."""
    load, database = to_cluster, cluster.database
    database.rows(f"ALTER TABLE {load.table} SET TABLESPACE small")
    with Watcher(kafka, load) as watcher:
        pipeline = load.start("--once")
        wait_until(lambda: "[53100]" in pipeline.said(SINK), 60, f"a full disk\n{pipeline.said()}")
        full_at = load.stored()
        committed = kafka.committed(load.group, load.topic)
        samples = watcher.samples
        wait_until(lambda: watcher.samples >= samples + 20, 30, "a second with a full disk")
        assert not pipeline.ended()
        assert 0 < full_at == load.stored() < load.total
        assert sum(kafka.committed(load.group, load.topic).values()) <= full_at
        print(f"full at {full_at}; committed then {sum(committed.values())}")
        subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
        assert pipeline.wait(60) == {SOURCE: 0, SINK: 0}, pipeline.said()
    assert "could not extend file" in pipeline.said(SINK) and "PostgreSQL: back after" in pipeline.said(SINK)
    assert_all_stored(kafka, cluster, load)
    watcher.assert_saw_enough()
    database.rows(f"DROP TABLE {load.table}")
    database.rows("DROP TABLESPACE small")
