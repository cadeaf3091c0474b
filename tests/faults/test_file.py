# SPDX-License-Identifier: Apache-2.0
"""kill -9 while a year of flights is being written into a file."""
import pytest

from environment import times
from load import FileLoad, finish, kill_in_the_middle
from pipeline import SINK, SOURCE
from watcher import Watcher

VICTIMS = [[SINK], [SOURCE], [SOURCE, SINK]]
KILLS = times(10)


@pytest.mark.parametrize("name", ["out.ndjson.zst", "out.ndjson"])
def test_kill9(kafka, pipelines, all_topic, all_flights, group, rng, tmp_path, name):
    """The file is the topic, once. The watcher reads the file all the time, so it must be valid then as well."""
    load = FileLoad(pipelines, all_topic, group, tmp_path / name, all_flights.rows)
    first = rng.randrange(len(VICTIMS))
    with Watcher(kafka, load) as watcher:
        hits = sum(kill_in_the_middle(load, VICTIMS[(first + i) % len(VICTIMS)], rng) for i in range(KILLS))
        finish(load)
    load.assert_exact(kafka.read_all(all_topic))
    ends = kafka.ends(all_topic)
    assert load.stored_offsets() == ends
    assert kafka.committed(group, all_topic) == ends
    assert hits >= KILLS - 2, f"{hits} of {KILLS} kills hit the middle of the load"
    watcher.assert_saw_enough()
