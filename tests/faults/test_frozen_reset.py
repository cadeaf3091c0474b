# SPDX-License-Identifier: Apache-2.0
"""A pipeline is frozen beyond its session, kseek resets its group meanwhile: whatever the pipeline does when it wakes up,
the reset stays, and a restart replays."""
import itertools
import json
import os
import signal
import subprocess
import time

from commit_history import CommitHistory
from environment import BIN, wait_until
from load import FileLoad, finish
from pipeline import SHORT_SESSION, SINK, SOURCE

MOVED = "the group's offsets were moved while this pipeline ran"
# Pipelines that wake up at the same time, each with acknowledgements at other moments of its awakening.
SLEEPERS = 6


def reset(kafka, group, topic):
    subprocess.run([BIN / "kseek", "-g", group, "-t", topic, "--to", "earliest", "--execute"], check=True, timeout=30,
                   env=dict(os.environ, KPIPE_BOOTSTRAP_SERVERS=kafka.bootstrap), stdout=subprocess.DEVNULL)
    assert set(kafka.committed(group, topic).values()) == {0}


def assert_reset_stands(kafka, group, topic, commits, before):
    """Behind the commits that were there before, there are only kseek's."""
    after = commits[before:]
    assert after and all(commit.offset == 0 and commit.metadata.startswith("kpipe gen=1") for commit in after), after
    assert set(kafka.committed(group, topic).values()) == {0}


def test_records_on_their_way(kafka, pipelines, some_topic, some_flights, group, tmp_path):
    """The sink stores what it had been sent before; then all of it is stored once more."""
    history = CommitHistory(kafka)
    load = FileLoad(pipelines, some_topic, group, tmp_path / "out.ndjson", some_flights.rows, batch_size=200)
    frozen = load.start()
    wait_until(lambda: load.stored() >= 2000 and kafka.committed(group, some_topic), 30, f"2000 stored\n{frozen.said()}", every=0.001)
    frozen.signal_group(signal.SIGSTOP)
    at_freeze = load.stored()
    wait_until(lambda: kafka.members(group) == 0, 20, "the end of its session")
    commits = len(history.of(group))
    reset(kafka, group, some_topic)
    frozen.signal_group(signal.SIGCONT)
    status = frozen.wait(30)
    assert status[SOURCE] == 75 and status[SINK] in (0, 75) and MOVED in frozen.said(SOURCE), f"{status}\n{frozen.said()}"
    assert_reset_stands(kafka, group, some_topic, history.of(group), commits)
    stored = load.stored_offsets()
    print(f"frozen at {at_freeze}, {sum(stored.values())} stored when it ended")
    assert 0 < at_freeze < sum(stored.values()) < load.total

    finish(load)
    ends = kafka.ends(some_topic)
    found = {}
    for record in map(json.loads, load.read("cat").splitlines()):
        found.setdefault((record["partition"], record.get("gen", 0)), []).append(record["offset"])
    for partition, end in ends.items():
        assert found.get((partition, 0), []) == list(range(stored.get(partition, 0)))
        assert found[partition, 1] == list(range(end))
    assert kafka.committed(group, some_topic) == ends
    assert history.of(group)[-1].metadata.startswith("kpipe gen=1")


def test_late_acknowledgements(kafka, fake_sinks, some_topic, group, rng):
    """They come all the time while kconsume finds out that it slept: while it is no member, a commit needs no membership."""
    history = CommitHistory(kafka)
    groups = [f"{group}_{n}" for n in range(SLEEPERS)]
    sinks = [fake_sinks.start("sink", "-t", some_topic, "-g", g, *protocol, "--commit-interval", "1ms")
             for g, protocol in zip(groups, itertools.cycle([SHORT_SESSION, ["-X", "group.protocol=consumer"]]))]
    for sink in sinks:
        assert len(sink.read(2000)) == 2000
        where = next(iter(sink.next))
        sink.ack(*where, 100)
    for g in groups:
        wait_until(lambda g=g: kafka.committed(g, some_topic), 20, "the first commit")
    for sink in sinks:
        sink.process.send_signal(signal.SIGSTOP)
    for g in groups:
        wait_until(lambda g=g: kafka.members(g) == 0, 20, "the end of the sessions")
    before = {g: len(commits) for g, commits in history.by_group().items()}
    for g in groups:
        reset(kafka, g, some_topic)
    said = 0
    for sink in sinks:
        topic, partition = next(iter(sink.next))
        offset = 100
        sink.process.send_signal(signal.SIGCONT)
        while not sink.ended() and offset < 2000:
            offset += 1
            said += sink.say({"topic": topic, "partition": partition, "offset": offset})
            time.sleep(rng.choice([0, 0.001, 0.005]))
    for sink in sinks:
        assert sink.wait() == 75 and MOVED in sink.said(), sink.said()
    commits = history.by_group()
    for g in groups:
        assert_reset_stands(kafka, g, some_topic, commits[g], before[g])
    refused = sum(sink.said().count("the sink's offsets stay right") for sink in sinks)
    print(f"{said} late acknowledgements, {refused} commits were refused")
    assert said >= SLEEPERS * 5
