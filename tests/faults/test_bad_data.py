# SPDX-License-Identifier: Apache-2.0
"""Records that are no JSON among flights, under every policy that goes on, while processes are killed."""
import base64
import json

import pytest

from environment import times
from load import FileLoad, finish, kill_in_the_middle
from pipeline import SINK, SOURCE
from watcher import Watcher

VICTIMS = [[SOURCE], [SOURCE, SINK], [SINK]]
# A kill comes some thousand records after it was wanted, and there must be some left for the next.
KILLS = times(5)
EVERY = 40  # one bad record among so many


class MixedLoad(FileLoad):
    """A file that gets the good records of a topic; `truth` is the topic, `policy` kconsume's options."""

    def __init__(self, *arguments, truth, policy):
        super().__init__(*arguments, batch_size=20)  # slow enough for five kills on the way, on any machine
        self.policy = policy
        self.truth = truth
        self.bad = {(p, offset): value for p, records in truth.items() for offset, (_, value) in enumerate(records)
                    if not value.startswith(b"{")}
        assert len(self.bad) > 100

    def start(self, *options):
        return super().start(*self.policy, *options)

    def good_below(self, offsets):
        return sum(offset for offset in offsets.values()) - sum(offset < offsets.get(p, 0) for p, offset in self.bad)

    def probe(self):
        turn = 0

        def stored():
            nonlocal turn
            turn += 1
            offsets = self.stored_offsets()
            if turn % 5 == 0:
                lines = int(self.read("wc -l") or 0)
                assert lines >= self.good_below(offsets), f"{lines} lines, but {offsets} are said to be stored"
            return offsets
        return stored

    def assert_good_ones_are_there_once(self):
        found = [(r["partition"], r["offset"]) for r in map(json.loads, self.read("cat").splitlines())]
        expected = [(p, offset) for p, records in self.truth.items() for offset in range(len(records))
                    if (p, offset) not in self.bad]
        assert sorted(found) == sorted(expected)


@pytest.fixture
def mixed_topic(kafka, some_flights):
    def pairs():
        for number, (key, value) in enumerate(some_flights.pairs(), 1):
            yield key, value
            if number % EVERY == 0:
                yield key, b"no json \xff %d" % number
        for number in range(40):  # nothing follows that would carry the position
            yield None, b"at the end %d" % number
    return kafka.filled_topic(4, pairs())


class DeadTopic:
    def __init__(self, kafka, group):
        self.kafka = kafka
        self.topic = kafka.new_topic(2, f"{group}-dead")
        self.options = ["--bad-data", "dlq", "--dlq-topic", self.topic]

    def letters(self):
        """[((partition, offset) of the source, value), ...]"""
        reader = self.kafka.read_with_headers(self.topic)
        return [((int(headers["kpipe.source.partition"]), int(headers["kpipe.source.offset"])), value)
                for headers, value in reader]


class DeadFile:
    def __init__(self, folder):
        self.path = folder / "dead.ndjson"
        self.options = ["--bad-data", "dlq", "--dlq-file", str(self.path)]

    def letters(self):
        # The last line may have been cut short by a kill; the next start cuts it off.
        lines = self.path.read_bytes().split(b"\n")[:-1] if self.path.exists() else []
        letters = map(json.loads, lines)
        return [((r["partition"], r["offset"]), base64.b64decode(r["value"]["base64"])) for r in letters]


def run_with_kills(kafka, load, rng, after_each=lambda: None):
    first = rng.randrange(len(VICTIMS))
    with Watcher(kafka, load) as watcher:
        hits = 0
        for i in range(KILLS):
            hits += kill_in_the_middle(load, VICTIMS[(first + i) % len(VICTIMS)], rng)
            after_each()
        finish(load)
    load.assert_good_ones_are_there_once()
    ends = kafka.ends(load.topic)
    assert kafka.committed(load.group, load.topic) == ends, "nothing blocks, not even bad records at the end"
    assert hits >= KILLS - 2, f"{hits} of {KILLS} kills hit the middle of the load"
    watcher.assert_saw_enough()


def test_skip(kafka, pipelines, mixed_topic, group, rng, tmp_path):
    load = MixedLoad(pipelines, mixed_topic, group, tmp_path / "out.ndjson", sum(kafka.ends(mixed_topic).values()),
                     truth=kafka.read_all(mixed_topic), policy=["--bad-data", "skip"])
    run_with_kills(kafka, load, rng)
    said = [line for p in pipelines.all for line in p.said(SOURCE).splitlines() if ": skipped: " in line]
    for partition, offset in load.bad:
        assert any(f"[{partition}]@{offset}: " in line for line in said), "each is named"


@pytest.mark.parametrize("kind", ["topic", "file"])
def test_dead_letters(kafka, pipelines, mixed_topic, group, rng, tmp_path, kind):
    """Each bad record is put aside before anything behind it is committed or stored; twice only after a kill."""
    dead = DeadTopic(kafka, group) if kind == "topic" else DeadFile(tmp_path)
    load = MixedLoad(pipelines, mixed_topic, group, tmp_path / "out.ndjson", sum(kafka.ends(mixed_topic).values()),
                     truth=kafka.read_all(mixed_topic), policy=dead.options)

    def nothing_is_lost():
        passed = {p: max(kafka.committed(group, mixed_topic).get(p, 0), load.stored_offsets().get(p, 0)) for p in load.truth}
        kept = {where for where, _ in dead.letters()}
        lost = [where for where in load.bad if where[1] < passed[where[0]] and where not in kept]
        assert not lost, f"passed and not put aside: {lost[:3]}"

    run_with_kills(kafka, load, rng, nothing_is_lost)
    letters = dead.letters()
    assert dict(letters) == load.bad, "bytes as they were, and nothing but bad records"
    runs = len(pipelines.all)
    most = max(sum(where == other for other, _ in letters) for where, _ in letters[:200])
    print(f"{len(load.bad)} bad records, {len(letters)} dead letters after {runs} runs, one at most {most} times")
    assert most <= runs
    undisturbed = len(letters)
    finish(load)
    assert len(dead.letters()) == undisturbed, "what is passed is passed"
