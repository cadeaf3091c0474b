# SPDX-License-Identifier: Apache-2.0
"""What people do to the target table while its offsets stay."""
import pytest

from load import PostgresLoad, finish
from pipeline import SINK


@pytest.fixture
def half_loaded(kafka, pipelines, database, some_flights, group, table):
    """The first half of the records is stored and committed, the second is in the topic."""
    pairs = list(some_flights.pairs())
    half = len(pairs) // 2
    load = PostgresLoad(pipelines, database, kafka.filled_topic(4, pairs[:half]), group, table, half)
    finish(load)
    kafka.produce(load.topic, pairs[half:])
    return load


def refused(kafka, load, *words):
    """The pipeline ends by itself: the sink with 78 and the words, and nothing has moved."""
    stored = load.stored_offsets()
    pipeline = load.start("--once")
    assert pipeline.wait()[SINK] == 78, pipeline.said()
    assert all(word in pipeline.said(SINK) for word in words), pipeline.said()
    assert load.stored_offsets() == stored == kafka.committed(load.group, load.topic)
    return pipeline.said(SINK)


def assert_all_committed(kafka, load):
    assert load.stored_offsets() == kafka.ends(load.topic) == kafka.committed(load.group, load.topic)


def test_dropped_and_created_again(kafka, database, half_loaded, some_truth):
    table = half_loaded.table
    database.rows(f"ALTER TABLE {table} RENAME TO {table}_old")
    database.create_like(table, some_truth)
    said = refused(kafka, half_loaded, f"table public.{table}: is not the one that took the {half_loaded.total} rows",
                   f"--table {table} --forget", "keep the offsets: UPDATE")
    assert database.count(table) == 0
    database.rows(f"INSERT INTO {table} SELECT * FROM {table}_old")
    database.rows(said.strip().rpartition("keep the offsets: ")[2])
    finish(half_loaded)
    database.assert_exact(table, some_truth)
    assert_all_committed(kafka, half_loaded)


def test_dropped_or_unlogged(kafka, database, half_loaded):
    table = half_loaded.table
    database.rows(f"ALTER TABLE {table} SET UNLOGGED")
    refused(kafka, half_loaded, f"table public.{table}: is unlogged", "SET LOGGED")
    database.rows(f"DROP TABLE {table}")
    refused(kafka, half_loaded, f"table public.{table}: does not exist, but kpipe_offsets says")


def test_truncated(kafka, database, half_loaded, some_truth):
    """An emptied table is filled further: with what it held before, it is the truth."""
    table = half_loaded.table
    database.rows(f"CREATE TABLE {table}_before AS SELECT * FROM {table}")
    database.rows(f"TRUNCATE {table}")
    finish(half_loaded)
    database.rows(f"CREATE TABLE {table}_all AS SELECT * FROM {table}_before UNION ALL SELECT * FROM {table}")
    database.assert_exact(f"{table}_all", some_truth)
    assert database.count(table) == database.count(some_truth) - half_loaded.total
    assert_all_committed(kafka, half_loaded)
