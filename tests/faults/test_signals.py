# SPDX-License-Identifier: Apache-2.0
"""A stop that was asked for: what was read is stored, what is stored is committed, the group is left, status 0."""
import signal

import pytest

from environment import wait_until
from load import PostgresLoad, finish
from pipeline import SINK, SOURCE


def term_to_source(pipeline):
    pipeline.signal(signal.SIGTERM, SOURCE)


def interrupt_to_all(pipeline):
    pipeline.signal_group(signal.SIGINT)


def term_to_all(pipeline):
    pipeline.signal_group(signal.SIGTERM)


def term_to_all_twice(pipeline):
    """systemd sends it to each process of the unit, and again to those that it counts as main."""
    pipeline.signal_group(signal.SIGTERM)
    pipeline.signal_group(signal.SIGTERM)


@pytest.mark.parametrize("stop", [term_to_source, interrupt_to_all, term_to_all, term_to_all_twice])
def test_stop_in_the_middle(kafka, pipelines, database, some_topic, some_flights, some_truth, table, group, rng, stop):
    database.create_like(table, some_truth)
    load = PostgresLoad(pipelines, database, some_topic, group, table, some_flights.rows, batch_size=500)
    pipeline = load.start()
    wanted = rng.randint(1, load.total // 4)
    wait_until(lambda: load.stored() >= wanted, 60, f"{wanted} stored\n{pipeline.said()}")
    stop(pipeline)
    assert pipeline.wait(30) == {SOURCE: 0, SINK: 0}, pipeline.said()
    reached = load.stored()
    print(f"stopped at {reached} of {load.total}")
    assert wanted <= reached < load.total
    assert kafka.committed(group, some_topic) == {p: n for p, n in load.stored_offsets().items() if n > 0}
    assert kafka.members(group) == 0
    finish(load)
    database.assert_exact(table, some_truth)
    assert load.stored_offsets() == kafka.ends(some_topic) == kafka.committed(group, some_topic)
