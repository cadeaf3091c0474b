# SPDX-License-Identifier: Apache-2.0
"""A sink that freezes inside COPY holds up nobody, whatever isolation its role asks for."""
import signal
import time

import pytest

from environment import wait_until
from load import PostgresLoad
from pipeline import SINK, SOURCE
from test_group import drain_and_stop, spread_over
from watcher import Watcher

IN_COPY = """SELECT count(*) FROM pg_stat_activity WHERE usename = %s
    AND state = 'active' AND query LIKE 'COPY%%'"""


@pytest.fixture
def serializable_role(database):
    role = database.unique("serializable")
    database.rows(f"CREATE ROLE {role} LOGIN SUPERUSER")
    database.rows(f"ALTER ROLE {role} SET default_transaction_isolation = serializable")
    yield role
    database.rows(f"REASSIGN OWNED BY {role} TO CURRENT_USER")
    database.rows(f"DROP ROLE {role}")


def freeze_in_copy(database, role, table, start):
    """Stops the sink while the server waits for the rest of its rows. A lock makes the COPY wait until the sink sleeps."""
    blocker = database.connect()
    blocker.autocommit = False
    with blocker.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
    started = start()
    wait_until(lambda: database.rows(IN_COPY + " AND wait_event_type = 'Lock'", role)[0][0], 30, f"a COPY\n{started.said()}")
    started.signal(signal.SIGSTOP, SINK)
    blocker.close()
    wait_until(lambda: database.rows(IN_COPY + " AND wait_event = 'ClientRead'", role)[0][0], 10, "the server out of rows")
    return started


def test_frozen_inside_copy(kafka, pipelines, database, some_flights, some_truth, table, group, serializable_role):
    pairs = list(some_flights.pairs())
    topic = kafka.filled_topic(4, pairs[:-1000])
    database.create_like(table, some_truth)
    pipelines.dsn = database.dsn.replace("user=postgres", f"user={serializable_role}")
    load = PostgresLoad(pipelines, database, topic, group, table, some_flights.rows, batch_size=5000)
    ends = kafka.ends(topic)
    with Watcher(kafka, load) as watcher:
        frozen = freeze_in_copy(database, serializable_role, table, load.start)
        frozen.signal(signal.SIGSTOP, SOURCE)
        at_freeze = load.stored()
        begin = time.monotonic()
        second = load.start()
        wait_until(lambda: load.stored_offsets() == ends, 15, f"all stored by the second\n{second.said()}")
        print(f"frozen at {at_freeze}; the second had all after {time.monotonic() - begin:.1f} s")
        assert at_freeze < sum(ends.values())
        assert database.rows(IN_COPY, serializable_role)[0][0] == 1, "the first is not inside COPY any more"
        frozen.signal_group(signal.SIGCONT)
        wait_until(lambda: frozen.ended() or spread_over(kafka, group, 2), 30,
                   f"the first joins again\n{frozen.said()}{second.said()}")
        kafka.produce(topic, pairs[-1000:])
        drain_and_stop(kafka, load, [second] if frozen.ended() else [frozen, second])
    assert frozen.wait() == {SOURCE: 0, SINK: 0}, frozen.said()
    assert "duplicates dropped" in frozen.said(SINK) and ", 0 duplicates dropped" not in frozen.said(SINK), frozen.said(SINK)
    database.assert_exact(table, some_truth)
    assert load.stored_offsets() == kafka.ends(topic) == kafka.committed(group, topic)
    watcher.assert_saw_enough()
