# SPDX-License-Identifier: Apache-2.0
"""A stop that was asked for: what was read is stored, what is stored is committed, the group is left, status 0."""
import re
import signal
import time

import pytest

from environment import wait_until
from load import PostgresLoad, finish
from pipeline import SINK, SOURCE
from test_group import Producing
from watcher import Watcher


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


def test_term_to_the_sink_alone(kafka, pipelines, database, some_flights, some_truth, table, group):
    """It goes on for 5 s, because kconsume may be stopping too; then it stores what it has and leaves, and so does kconsume."""
    topic = kafka.new_topic(4)
    database.create_like(table, some_truth)
    load = PostgresLoad(pipelines, database, topic, group, table, some_flights.rows, batch_size=500)
    producing = Producing(kafka, topic, some_flights.pairs())
    producing.start()
    with Watcher(kafka, load):
        pipeline = load.start()
        wait_until(lambda: load.stored() > 0, 30, f"a record stored\n{pipeline.said()}")
        pipeline.signal(signal.SIGTERM, SINK)
        begin = time.monotonic()
        wait_until(lambda: pipeline.processes[SINK].poll() is not None, 20, f"the sink's end\n{pipeline.said()}")
        lasted = time.monotonic() - begin
        reached = load.stored()
        status = pipeline.wait(20)
        producing.finish()
        finish(load)
    print(f"the sink went on for {lasted:.1f} s, to {reached} of {load.total}; then {status}")
    assert status[SINK] == 75 and "still open 5 s after the stop signal" in pipeline.said(SINK)
    assert status[SOURCE] == 75, pipeline.said()
    assert 5 <= lasted < 8 and 0 < reached < load.total
    database.assert_exact(table, some_truth)
    assert load.stored_offsets() == kafka.ends(topic) == kafka.committed(group, topic)


def test_interrupted_twice(kafka, pipelines, database, some_topic, some_flights, some_truth, table, group):
    """Ctrl-C while the sink stands still: kconsume waits for it, until it is told again."""
    database.create_like(table, some_truth)
    load = PostgresLoad(pipelines, database, some_topic, group, table, some_flights.rows, batch_size=500)
    with Watcher(kafka, load):
        pipeline = load.start()
        wait_until(lambda: load.stored() >= 2000, 30, f"2000 stored\n{pipeline.said()}", every=0.001)
        pipeline.freeze(SINK)
        stored = load.stored()
        assert stored < load.total
        pipeline.signal(signal.SIGINT, SOURCE)
        time.sleep(0.5)
        source = pipeline.processes[SOURCE]
        assert source.poll() is None, pipeline.said()
        pipeline.signal(signal.SIGINT, SOURCE)
        wait_until(lambda: source.poll() is not None, 2, "an end at once")
        assert source.returncode == 128 + signal.SIGINT
        assert load.stored() in (stored, stored + 500), "more than the one COMMIT that was on its way"
        pipeline.signal(signal.SIGCONT, SINK)
        status = pipeline.wait()
        assert status[SINK] == (75 if "without a line end were discarded" in pipeline.said(SINK) else 0), pipeline.said()
        print(f"{stored} stored at the second interrupt, {load.stored()} when the sink had ended, of {load.total}")
        finish(load)
    database.assert_exact(table, some_truth)
    assert load.stored_offsets() == kafka.ends(some_topic) == kafka.committed(group, some_topic)


def test_overlapping_runs(kafka, pipelines, database, some_topic, some_flights, some_truth, table, group):
    """cron starts the next run of --once while the last one is at work: they share the partitions."""
    database.create_like(table, some_truth)
    load = PostgresLoad(pipelines, database, some_topic, group, table, some_flights.rows, batch_size=500)
    with Watcher(kafka, load):
        runs = [load.start("--once", "-v")]
        wait_until(lambda: load.stored() >= 500, 30, f"500 stored\n{runs[0].said()}", every=0.001)
        # Or it might have done all before the other is there.
        runs[0].freeze(SINK)
        assert load.stored() < load.total // 2
        runs.append(load.start("--once"))
        wait_until(lambda: "giving back" in runs[0].said(SOURCE), 20, f"partitions for the second\n{runs[0].said()}")
        runs[0].signal(signal.SIGCONT, SINK)
        for run in runs:
            assert run.wait() == {SOURCE: 0, SINK: 0}, run.said()
    shares = [int(re.search(r"stored (\d+) records", run.said(SINK))[1]) for run in runs]
    print(f"stored by the runs: {shares}")
    assert min(shares) > 0 and sum(shares) == load.total
    database.assert_exact(table, some_truth)
    assert load.stored_offsets() == kafka.ends(some_topic) == kafka.committed(group, some_topic)
    assert kafka.members(group) == 0
