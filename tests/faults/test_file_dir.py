# SPDX-License-Identifier: Apache-2.0
"""Members of a group write one folder: partitions move, processes are killed and frozen, the disk fills up. The files are
the log, each record once, under the names that one undisturbed run gives them."""
import os
import signal

import pytest

from dir_load import DirLoad, disturbed, reference, with_times
from environment import times, wait_until
from file_feed import published_in
from pipeline import SINK, SOURCE
from test_file_full import SmallDisk
from watcher import Watcher

PARTITIONS = 6
KILLS = times(9)
TEMPLATE = "{topic}/{field:origin}/{ts:%Y-%m-%d}/{partition}-{start}-{end}.ndjson.zst"
RULES = ["--template", TEMPLATE, "--rotate-event-time", "30h", "--rotate-records", "200"]


def test_members_of_a_group(kafka, pipelines, some_flights, group, rng, tmp_path):
    rows = with_times(some_flights)
    topic = kafka.new_topic(PARTITIONS)
    load = DirLoad(pipelines, topic, group, tmp_path / "out", len(rows), batch_size=500, rules=RULES)
    hits, before = disturbed(kafka, load, rows, rng, KILLS)
    files = load.assert_exact(kafka.read_all(topic))
    assert before < set(files)
    whole = reference(pipelines, topic, tmp_path / "whole", RULES)
    assert files == published_in(whole.path), "other names or contents than those of one run"
    print(f"{hits} kills, {len(files)} files, {len(files) - len(before)} of them open at the end")
    assert hits >= KILLS * 2 // 3 - 2


@pytest.mark.parametrize("what", ["publish", "keep"])
def test_a_partition_moves(kafka, pipelines, some_flights, group, tmp_path, what):
    """--at-revoke: its open files are complete then, or go with it."""
    rows = with_times(some_flights)[:4000]
    topic = kafka.filled_topic(2, rows[:2000])
    load = DirLoad(pipelines, topic, group, tmp_path / "out", len(rows), rules=["--at-revoke", what])
    with Watcher(kafka, load):
        first = load.start()
        wait_until(lambda: load.stored() == 2000, 30, f"all stored\n{first.said()}")
        assert not published_in(load.path)
        second = load.start()
        wait_until(lambda: "reading from" in second.said(SOURCE), 60, f"the second has a partition\n{second.said()}{first.said()}")
        wait_until(lambda: what == "keep" or published_in(load.path), 30, f"a complete file\n{first.said()}")
        kafka.produce(topic, rows[2000:])
        wait_until(lambda: load.stored() == 4000, 60, f"all stored\n{first.said()}{second.said()}")
        before = set(published_in(load.path))
        for pipeline in (first, second):
            pipeline.signal(signal.SIGTERM, SOURCE)
            assert pipeline.wait() == {SOURCE: 0, SINK: 0}, pipeline.said()
    load.complete()
    files = load.assert_exact(kafka.read_all(topic))
    print(f"complete before the end: {sorted(before)}")
    assert bool(before) == (what == "publish") and before < set(files)
    assert len(files) == 2 + len(before)


def test_frozen_beyond_its_session(kafka, pipelines, some_flights, group, tmp_path):
    """Woken up with records on their way that another has stored since, the first is no danger."""
    rows = with_times(some_flights)
    half = len(rows) // 2
    topic = kafka.filled_topic(PARTITIONS, rows[:half])
    load = DirLoad(pipelines, topic, group, tmp_path / "out", len(rows), batch_size=500, rules=RULES)
    with Watcher(kafka, load) as watcher:
        frozen = load.start()
        wait_until(lambda: load.stored() >= 2000, 30, f"records by the first\n{frozen.said()}", every=0.001)
        frozen.signal_group(signal.SIGSTOP)
        at_freeze = load.stored()
        assert at_freeze < half
        second = load.start()
        wait_until(lambda: load.stored() == half, 60, f"the second stores the rest\n{second.said()}")
        frozen.signal_group(signal.SIGCONT)
        wait_until(lambda: frozen.ended() or len(kafka.member_clients(group)) == 2, 30, f"the first joins again\n{frozen.said()}")
        kafka.produce(topic, rows[half:])
        ends = kafka.ends(topic)
        wait_until(lambda: load.stored_offsets() == ends, 60, f"all stored\n{frozen.said()}{second.said()}")
        wait_until(lambda: kafka.committed(group, topic) == ends, 60, f"all committed\n{frozen.said()}{second.said()}")
        for pipeline in (frozen, second):
            if not pipeline.ended():
                pipeline.signal(signal.SIGTERM, SOURCE)
        assert second.wait() == {SOURCE: 0, SINK: 0}, second.said()
        frozen.wait()
    load.complete()
    files = load.assert_exact(kafka.read_all(topic))
    assert files == published_in(reference(pipelines, topic, tmp_path / "whole", RULES).path)
    print(f"frozen at {at_freeze} of {half}; {frozen.said(SINK).strip()}")
    watcher.assert_saw_enough()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_full_disk(kafka, pipelines, some_topic, some_flights, group, tmp_path):
    with SmallDisk(tmp_path / "small") as disk:
        load = DirLoad(pipelines, some_topic, group, disk.folder / "out", some_flights.rows, batch_size=500,
                       rules=["--rotate-records", "300"])
        with Watcher(kafka, load) as watcher:
            for first in (True, False):  # the second start finds no more room than the first
                pipeline = load.start("--once")
                status = pipeline.wait()
                assert status[SINK] == 74 and (status[SOURCE] == 75 or not first), pipeline.said()
                assert "No space left on device" in pipeline.said(SINK), pipeline.said()
                stored = load.stored_offsets()
                assert 0 < sum(stored.values()) < load.total
                for partition, offset in kafka.committed(group, some_topic).items():
                    assert offset <= stored[partition]
                for content in published_in(load.path).values():
                    assert content.endswith(b"\n") and content.count(b"\n") == 300
            disk.ballast.unlink()
            pipeline = load.start("--once")
            assert pipeline.wait(120) == {SOURCE: 0, SINK: 0}, pipeline.said()
            wait_until(lambda: load.total in watcher.seen, 10, "a last look by the watcher")
        load.complete()
        load.assert_exact(kafka.read_all(some_topic))
        ends = kafka.ends(some_topic)
        assert load.stored_offsets() == ends == kafka.committed(group, some_topic)
        watcher.assert_saw_enough()
