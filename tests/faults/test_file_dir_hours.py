# SPDX-License-Identifier: Apache-2.0
"""Hourly files of a topic that is far out of time order: the flights as they are, month 1, 10, 11, 12, 2 to 9, three times
one after the other."""
import pytest

from dir_load import DirLoad, disturbed, hour_of, reference
from environment import LONG, times
from file_feed import published_in

PARTITIONS = 6
KILLS = times(5)
OPEN = 1000 if LONG else 100
RULES = ["--template", "{topic}/origin={field:origin}/{ts:%Y/%m/%d/%H}/{partition}-{start}-{end}.ndjson.zst",
         "--rotate-event-time", "70m", "--rotate-open", str(OPEN)]


def three_passes(flights):
    """All of the year, or a day of each month."""
    one = [(key, value, hour_of(value)) for key, value in flights.pairs() if LONG or b'"day":1,' in value]
    return 3 * one


@pytest.mark.timeout(3600 if LONG else 120)
def test_hourly_files_of_a_topic_out_of_time_order(kafka, pipelines, all_flights, group, rng, tmp_path):
    rows = three_passes(all_flights)
    hours = [timestamp for _, _, timestamp in rows]
    late = sum(a > b for a, b in zip(hours, hours[1:]))
    topic = kafka.new_topic(PARTITIONS)
    load = DirLoad(pipelines, topic, group, tmp_path / "out", len(rows), batch_size=10_000 if LONG else 500, rules=RULES)
    hits, before = disturbed(kafka, load, rows, rng, KILLS, pause=0.1 if LONG else 0.25)
    files = load.assert_exact(kafka.read_all(topic))
    assert before < set(files)
    # All that was open at the end: the bound was needed, and held.
    assert PARTITIONS * OPEN * 0.9 <= len(files) - len(before) <= PARTITIONS * OPEN
    whole = reference(pipelines, topic, tmp_path / "whole", RULES, seconds=600)
    assert files == published_in(whole.path), "other names or contents than those of one run"
    print(f"{len(rows)} records, {late} times back in time, {hits} kills, {len(files)} files")
    assert hits >= KILLS * 2 // 3 - 2 and late >= 3
