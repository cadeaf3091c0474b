# SPDX-License-Identifier: Apache-2.0
"""kill -9 while a year of flights is being loaded into PostgreSQL."""
import pytest

from environment import times
from load import PostgresLoad, finish, kill_in_the_middle
from pipeline import SINK, SOURCE
from watcher import Watcher

KILLS = times(10)


def test_undisturbed(kafka, pipelines, database, all_topic, all_flights, table, group, all_truth):
    """The whole year once, into a table that ksink-pg makes; a second run adds nothing."""
    load = PostgresLoad(pipelines, database, all_topic, group, table, all_flights.rows, batch_size=50_000)
    finish(load)
    sums = f"SELECT count(*), sum(distance), sum(air_time) FROM {table}"
    summary = all_flights.summary
    expected = (summary["rows"], summary["sum_distance"], summary["sum_air_time"])
    assert database.rows(sums) == [expected]
    database.assert_exact(table, all_truth)
    assert kafka.committed(group, all_topic) == kafka.ends(all_topic)
    finish(load)
    assert database.rows(sums) == [expected]
    assert kafka.committed(group, all_topic) == kafka.ends(all_topic)


@pytest.mark.parametrize("victims", [[SINK], [SOURCE], [SOURCE, SINK]], ids="+".join)
def test_kill9(kafka, pipelines, database, all_topic, all_flights, table, group, all_truth, rng, victims):
    database.create_like(table, all_truth)
    load = PostgresLoad(pipelines, database, all_topic, group, table, all_flights.rows)
    with Watcher(kafka, load) as watcher:
        hits = sum(kill_in_the_middle(load, victims, rng) for _ in range(KILLS))
        finish(load)
    database.assert_exact(table, all_truth)
    ends = kafka.ends(all_topic)
    assert load.stored_offsets() == ends
    assert kafka.committed(group, all_topic) == ends
    assert hits >= KILLS - 2, f"{hits} of {KILLS} kills hit the middle of the load"
    watcher.assert_saw_enough()
