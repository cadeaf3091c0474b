# SPDX-License-Identifier: Apache-2.0
"""A topic on its way into a folder, stored by the members of a group that are killed and started again."""
import datetime
import json
import re
import signal
import subprocess
import time

from environment import BIN, wait_until
from file_feed import published_in, stored_in
from load import LINE, FileLoad
from pipeline import SHORT_SESSION, SINK, SOURCE
from test_group import Producing, drain_and_stop
from watcher import Watcher

MEMBERS = 3


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


def hour_of(flight):
    """In ms since the epoch."""
    hour = datetime.datetime.fromisoformat(json.loads(flight)["time_hour"].replace("Z", "+00:00"))
    return int(hour.timestamp() * 1000)


def with_times(flights):
    """The flights with their hours as timestamps."""
    return [(key, value, hour_of(value)) for key, value in flights.pairs()]


def reference(pipelines, topic, folder, rules, seconds=120):
    """What one run makes of the topic that nobody disturbs."""
    load = DirLoad(pipelines, topic, "none", folder, 0, rules=rules)
    pipeline = pipelines.start(["-t", topic, "--once"], [BIN / "ksink-file", "--dir", folder, *rules])
    assert pipeline.wait(seconds) == {SOURCE: 0, SINK: 0}, pipeline.said()
    return load


def disturbed(kafka, load, rows, rng, kills, pause=0.1):
    """Members of a group store the rows while they are produced, 500 every `pause` seconds, which has to outlast what
    follows: one after the other is killed, the source, the sink or both, or stops cleanly, which moves partitions too, and
    is started again. How many of the kills hit, and the names of the files that were complete before the last ones were made
    so."""
    producing = Producing(kafka, load.topic, rows, pause)
    producing.start()
    hits = 0
    with Watcher(kafka, load) as watcher:
        running = [load.start() for _ in range(MEMBERS)]
        for number in range(kills):
            before = load.stored()
            wait_until(lambda: load.stored() > before, 30, "progress")  # pylint: disable=cell-var-from-loop
            time.sleep(rng.uniform(0, 0.3))
            victim = rng.randrange(MEMBERS)
            if number % 3 == 2:
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
        drain_and_stop(kafka, load, running)
    watcher.assert_saw_enough()
    before = set(published_in(load.path))
    load.complete()
    return hits, before
