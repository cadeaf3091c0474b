# SPDX-License-Identifier: Apache-2.0
"""A deliberate replay is stored again, once; a restart is not."""
import os
import subprocess

from environment import BIN
from load import PostgresLoad, finish


def test_replay(kafka, pipelines, database, some_topic, some_flights, some_truth, table, group):
    database.create_like(table, some_truth)
    load = PostgresLoad(pipelines, database, some_topic, group, table, some_flights.rows)
    finish(load)
    finish(load)
    assert database.count(table) == some_flights.rows
    assert {generation for _, _, generation in database.offsets(table, some_topic)} == {0}

    seek = [BIN / "kseek", "-g", group, "-t", some_topic, "--to", "earliest"]
    environment = dict(os.environ, KPIPE_BOOTSTRAP_SERVERS=kafka.bootstrap)
    ends = kafka.ends(some_topic)
    subprocess.run(seek, check=True, env=environment, stdout=subprocess.DEVNULL)
    assert kafka.committed(group, some_topic) == ends, "a dry run moved the group"
    subprocess.run([*seek, "--execute"], check=True, env=environment, stdout=subprocess.DEVNULL)
    assert set(kafka.committed(group, some_topic).values()) == {0}

    finish(load)
    database.rows(f"CREATE TABLE {table}_twice AS SELECT * FROM {some_truth} UNION ALL SELECT * FROM {some_truth}")
    database.assert_exact(table, f"{table}_twice")
    assert {generation for _, _, generation in database.offsets(table, some_topic)} == {1}
    assert load.stored_offsets() == ends and kafka.committed(group, some_topic) == ends
    finish(load)
    assert database.count(table) == 2 * some_flights.rows
