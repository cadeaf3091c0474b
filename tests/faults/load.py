# SPDX-License-Identifier: Apache-2.0
"""A topic on its way into a sink, restarted after each kill as a supervisor would."""
import json
import re
import subprocess
import time

import psycopg2

from environment import BIN, wait_until
from pipeline import SINK, SOURCE

LINE = re.compile(rb'\{"topic":"([^"]+)","partition":(\d+),"offset":(\d+),.*?,"headers":\[\],"value":(.*)\}')


class PostgresLoad:
    """kconsume | ksink-pg. Several instances may run at once."""

    may_overlap = True

    def __init__(self, pipelines, database, topic, group, table, total, batch_size=5000):
        self.pipelines, self.database = pipelines, database
        self.topic, self.group, self.table, self.total, self.batch_size = topic, group, table, total, batch_size

    def start(self, *options, **how):
        return self.pipelines.to_postgres(self.topic, self.group, self.table, *options, batch_size=self.batch_size, **how)

    def stored(self):
        return sum(self.database.stored(self.table, self.topic).values())

    def stored_offsets(self):
        return self.database.stored(self.table, self.topic)

    def probe(self):
        """For the watcher, which runs in a thread: a connection of its own."""
        connection = self.database.connect()
        turn = 0

        def stored():
            nonlocal turn
            turn += 1
            if turn % 5 == 0:  # counting rows takes a while
                rows, offsets = self.database.rows_and_offsets(self.table, self.topic, connection)
                assert rows == offsets, f"{rows} rows, but offsets say {offsets}"
            return self.database.stored(self.table, self.topic, connection)
        return stored


class LoadAcrossOutages(PostgresLoad):
    """Its probe waits for the server to come back; attempts() gives None meanwhile."""

    def attempts(self):
        look = None

        def attempt():
            nonlocal look
            try:
                look = look or super(LoadAcrossOutages, self).probe()
                return [look()]
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                look = None
                return None
        return attempt

    def probe(self):
        attempt = self.attempts()
        return lambda: wait_until(attempt, 30, "an answer of PostgreSQL", every=0.05)[0]


class FileLoad:
    """kconsume | ksink-file. The file is one instance's at a time."""

    may_overlap = False

    def __init__(self, pipelines, topic, group, path, total, batch_size=1000):
        self.pipelines, self.topic, self.group, self.path, self.total = pipelines, topic, group, path, total
        self.batch_size = batch_size

    def start(self, *options):
        return self.pipelines.to_file(self.topic, self.group, self.path, *options, batch_size=self.batch_size)

    def stored(self):
        return sum(self.stored_offsets().values())

    def stored_offsets(self):
        done = subprocess.run([BIN / "ksink-file", "--print-offsets", self.path], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False, text=True)
        assert done.returncode in (0, 66), done.stderr  # 66: nothing there yet
        checkpoints = map(json.loads, done.stdout.splitlines())
        return {c["partition"]: c["offset"] for c in checkpoints if c["topic"] == self.topic}

    def size(self):
        return self.path.stat().st_size if self.path.exists() else 0

    def read(self, command):
        """The file as any reader sees it now, through a shell command; a .zst must be valid at every moment."""
        reader = "zstd -dcq" if self.path.suffix == ".zst" else "cat"
        while True:
            before = self.size()
            if before == 0:
                return b""
            done = subprocess.run(["bash", "-o", "pipefail", "-c", f'{reader} "$1" | {command}', "read", self.path],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            after = self.size()
            if done.returncode == 0:
                return done.stdout
            # A start cuts off what a kill left behind. A reader in the midst of just that part is no sample.
            assert after < before, f"{reader}: {done.stderr.decode()}; {before} bytes long before it, {after} after it"
            print(f"cut from {before} to {after} while being read")

    def probe(self):
        turn = 0

        def stored():
            nonlocal turn
            turn += 1
            offsets = self.stored_offsets()
            if turn % 5 == 0:  # reading all of it takes a while
                lines = int(self.read("wc -l") or 0)
                assert lines >= sum(offsets.values()), f"{lines} lines, but {offsets} are said to be stored"
            return offsets
        return stored

    def assert_exact(self, records):
        """The lines are the topic: each record once, in its partition's order, its value byte for byte."""
        found = {p: [] for p in records}
        for line in self.read("cat").splitlines():
            match = LINE.fullmatch(line)
            assert match, line[:200]
            topic, partition, offset, value = match.groups()
            of_partition = found[int(partition)]
            assert topic.decode() == self.topic and int(offset) == len(of_partition), line[:200]
            of_partition.append(value)
        for partition, expected in records.items():
            assert found[partition] == [value for _, value in expected], f"partition {partition} differs"


def kill_in_the_middle(load, victims, rng):
    """Starts the pipeline, kills its `victims` at a random moment. True if that hit the load between its begin and its end."""
    before = load.stored()
    pipeline = load.start("--once")
    # A fast machine gets far between a look and the kill: near the end the kill comes at once, that each may hit.
    near_the_end = before > load.total * 2 // 3
    wanted = before + (0 if near_the_end else rng.randint(1, load.total // 16))
    wait_until(lambda: pipeline.ended() or load.stored() >= wanted, 60, f"progress beyond {before}\n{pipeline.said()}")
    time.sleep(rng.uniform(0, 0.03))  # from there any moment of a batch
    pipeline.kill(*victims)
    reached = load.stored()
    print(f"killed {'+'.join(victims)} of a run from {before} at {reached} of {load.total}")
    if not load.may_overlap or rng.random() < 0.5:
        pipeline.check_survivors()
    return pipeline.killed == set(victims) and 0 < reached < load.total


def finish(load):
    """The last start, which nobody disturbs, at full speed."""
    load.batch_size = 50_000
    status = load.start("--once").wait(120)
    assert status == {SOURCE: 0, SINK: 0}, status
    for pipeline in load.pipelines.all:
        if pipeline.killed:
            pipeline.check_survivors()
