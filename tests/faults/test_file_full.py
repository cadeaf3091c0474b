# SPDX-License-Identifier: Apache-2.0
"""A full disk and a file size limit under a running pipeline: it ends before anything is lost, and goes on when there is room."""
import os
import re
import subprocess

import pytest

from environment import BIN, wait_until
from load import FileLoad
from pipeline import SHORT_SESSION, SINK, SOURCE
from watcher import Watcher

BATCH = 500
ROOM = 1 << 20
BALLAST = 63 << 20
LIMIT = 2 << 20


class SmallDisk:
    """A tmpfs with about ROOM bytes of room, until the ballast is thrown out."""

    def __init__(self, folder):
        self.folder, self.ballast = folder, folder / "ballast"
        folder.mkdir()

    def __enter__(self):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM + BALLAST}", "none", self.folder], check=False,
                              stderr=subprocess.PIPE)
        if done.returncode != 0:
            pytest.skip(f"no tmpfs here: {done.stderr}")
        with open(self.ballast, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, BALLAST)
        return self

    def __exit__(self, *_):
        unmounted = lambda: subprocess.run(["umount", self.folder], check=False).returncode == 0  # noqa: E731
        wait_until(unmounted, 20, "umount", every=0.1)


class LimitedLoad(FileLoad):
    """FileLoad under `ulimit -f`."""

    limit = LIMIT

    def start(self, *options):
        limit = ["bash", "-c", f'ulimit -f {self.limit // 1024}; exec "$@"', "limited"] if self.limit else []
        return self.pipelines.start(["-t", self.topic, "-g", self.group, *SHORT_SESSION, "--commit-interval", "50ms", *options],
                                    [*limit, BIN / "ksink-file", self.path, "--batch-size", str(self.batch_size)])


def assert_stops_in_time(kafka, load, message):
    """Twice: the second start finds no more room than the first."""
    for first in (True, False):
        pipeline = load.start("--once")
        status = pipeline.wait()
        # The second sink may find no room for its checkpoint, and end before kconsume has a record to lose.
        assert status[SINK] == 74 and (status[SOURCE] == 75 or not first), pipeline.said()
        assert re.search(rf"write: {re.escape(str(load.path))}(\.kpipe(\.tmp)?)?: {message}", pipeline.said(SINK)), pipeline.said()
        stored = load.stored_offsets()
        assert 0 < sum(stored.values()) < load.total
        # What did not fit is cut off again: readers see the stored batches and nothing else.
        lines = load.read("cat")
        assert lines.endswith(b"\n") and lines.count(b"\n") == sum(stored.values())
        for partition, offset in kafka.committed(load.group, load.topic).items():
            assert offset <= stored[partition]
    print(f"full with {sum(stored.values())} of {load.total} records stored")


def assert_goes_on(kafka, load):
    pipeline = load.start("--once")
    assert pipeline.wait(120) == {SOURCE: 0, SINK: 0}, pipeline.said()
    load.assert_exact(kafka.read_all(load.topic))
    ends = kafka.ends(load.topic)
    assert load.stored_offsets() == ends == kafka.committed(load.group, load.topic)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
@pytest.mark.parametrize("name", ["out.ndjson", "out.ndjson.zst"])
def test_full_disk(kafka, pipelines, some_topic, some_flights, group, tmp_path, name):
    with SmallDisk(tmp_path / "small") as disk:
        load = FileLoad(pipelines, some_topic, group, disk.folder / name, some_flights.rows, batch_size=BATCH)
        with Watcher(kafka, load) as watcher:
            assert_stops_in_time(kafka, load, "No space left on device")
            disk.ballast.unlink()
            assert_goes_on(kafka, load)
        watcher.assert_saw_enough()


@pytest.mark.parametrize("name", ["out.ndjson", "out.ndjson.zst"])
def test_file_size_limit(kafka, pipelines, some_topic, some_flights, group, tmp_path, name):
    load = LimitedLoad(pipelines, some_topic, group, tmp_path / name, some_flights.rows, batch_size=BATCH)
    with Watcher(kafka, load) as watcher:
        assert_stops_in_time(kafka, load, "File too large")
        assert load.size() <= LIMIT
        load.limit = None
        assert_goes_on(kafka, load)
    watcher.assert_saw_enough()
