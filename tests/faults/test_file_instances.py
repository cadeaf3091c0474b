# SPDX-License-Identifier: Apache-2.0
"""Several pipelines into files: two on one file, as when cron starts the next before the last has ended, and members of a
group with a file each."""
import collections
import contextlib
import random
import signal
import threading
import time

import pytest

from environment import times, wait_until
from load import LINE, FileLoad
from pipeline import SINK, SOURCE, Pipelines
from test_group import Producing
from watcher import Watcher

AT_ONCE = 3  # seconds, on a busy machine too
KILLS = times(5)  # of each member
MEMBER_KILLS = times(5)  # of any


def records_of(load):
    """(topic, partition, offset, value)... as the file has them."""
    return [LINE.fullmatch(line).groups() for line in load.read("cat").splitlines()]


def stop_cleanly(pipeline):
    pipeline.signal(signal.SIGTERM, SOURCE)
    assert pipeline.wait() == {SOURCE: 0, SINK: 0}, pipeline.said()


@pytest.mark.parametrize("groups", ["one-group", "two-groups"])
def test_two_pipelines_on_one_file(kafka, pipelines, some_topic, some_flights, group, tmp_path, groups):
    load = FileLoad(pipelines, some_topic, group, tmp_path / "out.ndjson", some_flights.rows, batch_size=25)
    other = FileLoad(pipelines, some_topic, group if groups == "one-group" else group + "_2", load.path, load.total)
    with Watcher(kafka, load) as watcher:
        first = load.start()
        wait_until(lambda: load.stored() > 1000, 30, f"progress\n{first.said()}")
        for _ in range(3):
            begin = time.monotonic()
            second = other.start("--once")
            wait_until(lambda: second.processes[SINK].poll() is not None, AT_ONCE, f"refusal\n{second.said()}")
            print(f"refused after {time.monotonic() - begin:.2f} s with {load.stored()} stored")
            assert second.wait(30)[SINK] == 75, second.said()  # how kconsume ends depends on how far it has come by then
            assert f"{load.path}: another ksink-file is writing this file" in second.said(SINK)
        if groups == "two-groups":
            assert not kafka.committed(other.group, some_topic)
        ends = kafka.ends(some_topic)
        wait_until(lambda: load.stored_offsets() == ends, 60, f"all stored\n{first.said()}")
        wait_until(lambda: kafka.committed(group, some_topic) == ends, 30, f"all committed\n{first.said()}")
        stop_cleanly(first)
    load.assert_exact(kafka.read_all(some_topic))
    watcher.assert_saw_enough()


class PartitionLoad(FileLoad):
    """kconsume of one partition, as a member of the group that no other takes it from."""

    def __init__(self, pipelines, topic, partition, group, path, total):
        super().__init__(pipelines, topic, group, path, total, batch_size=25)
        self.partition = partition

    def start(self, *options):
        return self.pipelines.to_file(f"{self.topic}:{self.partition}", self.group, self.path, *options,
                                      batch_size=self.batch_size)


class Member(threading.Thread):
    """A supervisor that keeps one pipeline running over the kills, until all of its partition is stored."""

    def __init__(self, load, seed):
        super().__init__()
        self.load, self.rng = load, random.Random(seed)
        self.hits, self.failure = 0, None

    def run(self):
        try:
            for _ in range(KILLS):
                self.kill_once()
            assert self.load.start("--once").wait(60) == {SOURCE: 0, SINK: 0}
        except Exception as failure:  # pylint: disable=broad-except  # told by the test
            self.failure = failure

    def kill_once(self):
        before = self.load.stored()
        pipeline = self.load.start("--once")
        wanted = before + self.rng.randint(1, self.load.total // 12)
        wait_until(lambda: pipeline.ended() or self.load.stored() >= wanted, 60, f"progress\n{pipeline.said()}")
        victims = self.rng.choice([[SINK], [SOURCE], [SOURCE, SINK]])
        pipeline.kill(*victims)
        if self.load.stored() < self.load.total:  # at its end kconsume may have all that it waits for
            pipeline.check_survivors()
            self.hits += pipeline.killed == set(victims)


def test_a_file_for_each_partition(kafka, some_topic, group, rng, tmp_path):
    """One group, fixed partitions: what a file holds is nobody else's to store again."""
    ends = kafka.ends(some_topic)
    members = []
    with contextlib.ExitStack() as stack:
        for partition, total in ends.items():
            folder = tmp_path / f"member{partition}"
            folder.mkdir()
            pipelines = stack.enter_context(Pipelines(folder, kafka.bootstrap, ""))  # not for threads to share
            load = PartitionLoad(pipelines, some_topic, partition, group, tmp_path / f"part{partition}.ndjson", total)
            members.append(Member(load, rng.random()))
        for member in members:
            member.start()
        for member in members:
            member.join()
    for member in members:
        assert member.failure is None, member.failure
    assert kafka.committed(group, some_topic) == ends
    union = {p: [] for p in ends}
    for member in members:
        for topic, partition, offset, value in records_of(member.load):
            assert topic.decode() == some_topic and int(offset) == len(union[int(partition)])
            union[int(partition)].append(value)
    assert union == {p: [value for _, value in records] for p, records in kafka.read_all(some_topic).items()}
    hits = sum(member.hits for member in members)
    print(f"{hits} of {len(members) * KILLS} kills in the middle")
    assert hits >= len(members) * KILLS // 2


def test_members_of_a_group_lose_nothing(kafka, pipelines, some_flights, group, rng, tmp_path):
    """Partitions move between members, each with a file: every record is in one of them, and in none twice. In two it may
    be: what a member stored and could not tell before it was killed, the next stores too."""
    topic = kafka.new_topic(4)
    loads = [FileLoad(pipelines, topic, group, tmp_path / f"member{i}.ndjson", some_flights.rows, batch_size=100)
             for i in range(3)]
    producing = Producing(kafka, topic, some_flights.pairs())
    producing.start()
    running = [load.start() for load in loads]
    for _ in range(MEMBER_KILLS):
        victim = rng.randrange(len(loads))
        before = sum(load.stored() for load in loads)
        wait_until(lambda: sum(load.stored() for load in loads) > before, 30, "progress")  # pylint: disable=cell-var-from-loop
        time.sleep(rng.uniform(0, 0.3))
        running[victim].kill(SOURCE, SINK)
        running[victim].check_survivors()
        running[victim] = loads[victim].start()
    assert producing.is_alive(), "no records between the kills"
    producing.finish()
    ends = kafka.ends(topic)
    wait_until(lambda: kafka.committed(group, topic) == ends, 60, "all committed")
    for pipeline in running:
        stop_cleanly(pipeline)
    copies = collections.Counter()
    for load in loads:
        own = [(int(p), int(offset)) for _, p, offset, _ in records_of(load)]
        assert len(own) == len(set(own))
        copies.update(own)
    print(f"{sum(count > 1 for count in copies.values())} records in two files")
    assert set(copies) == {(p, offset) for p, end in ends.items() for offset in range(end)}
