# SPDX-License-Identifier: Apache-2.0
"""Members of a group write one folder: partitions move, processes are killed and frozen, the disk fills up. The files are
the log, each record once, under the names that one undisturbed run gives them."""
import datetime
import json
import os
import re
import signal
import subprocess
import time

import pytest

from environment import BIN, times, wait_until
from file_feed import published_in, stored_in
from load import LINE, FileLoad
from pipeline import SHORT_SESSION, SINK, SOURCE
from test_file_full import SmallDisk
from test_group import Producing
from watcher import Watcher

PARTITIONS = 6
MEMBERS = 3
KILLS = times(9)
TEMPLATE = "{topic}/{field:origin}/{ts:%Y-%m-%d}/{partition}-{start}-{end}.ndjson.zst"
RULES = ["--template", TEMPLATE, "--rotate-event-time", "30h", "--rotate-records", "200"]


class DirLoad(FileLoad):
    """kconsume | ksink-file --dir. Several instances may run at once; files that are open stay so at the end of each."""

    may_overlap = True

    def __init__(self, *arguments, rules=(), **more):
        super().__init__(*arguments, **more)
        self.rules = rules

    def start(self, *options):
        return self.pipelines.start(["-t", self.topic, "-g", self.group, *SHORT_SESSION, "--commit-interval", "50ms", *options],
                                    [BIN / "ksink-file", "--dir", self.path, "--batch-size", str(self.batch_size),
                                     "--at-end", "keep", *self.rules])

    def stored_offsets(self):
        return stored_in(self.path)

    def probe(self):
        return self.stored_offsets

    def complete(self):
        """Gives the files that are still open their names."""
        subprocess.run([BIN / "ksink-file", "-q", "--dir", self.path, *self.rules], stdin=subprocess.DEVNULL, check=True)

    def assert_exact(self, records):
        """Each file has its partition's records in order, from START to END; all files together are the topic, once."""
        found = {p: {} for p in records}
        files = published_in(self.path)
        for name, content in files.items():
            of_file = []
            for line in content.splitlines():
                topic, partition, offset, value = LINE.fullmatch(line).groups()
                assert topic.decode() == self.topic and int(offset) not in found[int(partition)], line[:200]
                found[int(partition)][int(offset)] = value
                of_file.append(int(offset))
            assert of_file == sorted(of_file)
            assert re.search(rf"(^|[/-]){of_file[0]}-{of_file[-1]}\.", name), name
        for partition, expected in records.items():
            assert [found[partition][o] for o in range(len(expected))] == [value for _, value in expected]
            assert len(found[partition]) == len(expected)
        return files


def with_times(flights):
    """The flights in the order of their hours, with these as timestamps."""
    rows = []
    for key, value in flights.pairs():
        hour = datetime.datetime.fromisoformat(json.loads(value)["time_hour"].replace("Z", "+00:00"))
        rows.append((key, value, int(hour.timestamp() * 1000)))
    return rows


def reference(pipelines, topic, folder):
    """What one run makes of the topic that nobody disturbs."""
    load = DirLoad(pipelines, topic, "none", folder, 0, rules=RULES)
    pipeline = pipelines.start(["-t", topic, "--once"], [BIN / "ksink-file", "--dir", folder, *RULES])
    assert pipeline.wait(120) == {SOURCE: 0, SINK: 0}, pipeline.said()
    return load


def test_members_of_a_group(kafka, pipelines, some_flights, group, rng, tmp_path):
    rows = with_times(some_flights)
    topic = kafka.new_topic(PARTITIONS)
    load = DirLoad(pipelines, topic, group, tmp_path / "out", len(rows), batch_size=500, rules=RULES)
    producing = Producing(kafka, topic, rows)
    producing.start()
    hits = 0
    with Watcher(kafka, load) as watcher:
        running = [load.start() for _ in range(MEMBERS)]
        for number in range(KILLS):
            before = load.stored()
            wait_until(lambda: load.stored() > before, 30, "progress")  # pylint: disable=cell-var-from-loop
            time.sleep(rng.uniform(0, 0.3))
            victim = rng.randrange(MEMBERS)
            if number % 3 == 2:  # a clean goodbye moves partitions too
                running[victim].signal(signal.SIGTERM, SOURCE)
                assert running[victim].wait() == {SOURCE: 0, SINK: 0}, running[victim].said()
            else:
                roles = rng.choice([[SINK], [SOURCE], [SOURCE, SINK]])
                running[victim].kill(*roles)
                hits += running[victim].killed == set(roles)
                running[victim].check_survivors()
            running[victim] = load.start()
        assert producing.is_alive(), "no records between the kills"
        producing.finish()
        ends = kafka.ends(topic)
        assert sum(ends.values()) == len(rows)
        said = lambda: "\n".join(p.said() for p in running)  # noqa: E731
        wait_until(lambda: load.stored_offsets() == ends, 60, f"all stored\n{said()}")
        wait_until(lambda: kafka.committed(group, topic) == ends, 60, f"all committed\n{said()}")
        for pipeline in running:
            pipeline.signal(signal.SIGTERM, SOURCE)
        for pipeline in running:
            assert pipeline.wait() == {SOURCE: 0, SINK: 0}, pipeline.said()
    before = set(published_in(load.path))
    load.complete()
    files = load.assert_exact(kafka.read_all(topic))
    assert before < set(files)
    whole = reference(pipelines, topic, tmp_path / "whole")
    assert files == published_in(whole.path), "other names or contents than those of one run"
    print(f"{hits} kills, {len(files)} files, {len(files) - len(before)} of them open at the end")
    assert hits >= KILLS * 2 // 3 - 2
    watcher.assert_saw_enough()


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
    assert files == published_in(reference(pipelines, topic, tmp_path / "whole").path)
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
        load.complete()
        load.assert_exact(kafka.read_all(some_topic))
        ends = kafka.ends(some_topic)
        assert load.stored_offsets() == ends == kafka.committed(group, some_topic)
        watcher.assert_saw_enough()
