# SPDX-License-Identifier: Apache-2.0
"""Acknowledgements that are wrong, late, early or of somebody else: none of them is ever committed.

The sink is a fake one; what was committed is read from the broker's own history of commits.
"""
import collections
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest

from commit_history import CommitHistory
from environment import times, wait_until
from fake_sink import socket_path
from pipeline import SHORT_SESSION

ROUNDS = times(400)
# What kconsume may have written beyond what was read: the pipe and its queue of batches, 1.4 MB, 400 bytes a record.
WINDOW = 5_000
COMMITTING = [*SHORT_SESSION, "--commit-interval", "10ms"]

GARBAGE = [b"", b"{", b"}", b"null", b"[]", b"{}", b"7", b'"x"', b"\0\0\0", b"\xff\xfe{}", b'{"topic":', b"[" * 5000, b'{"a":' * 5000,
           b'{"hello":[]}', b'{"hello":7}', b'{"assign":[{}]}', b'{"flush":[],"at_byte":-1}', b'{"bye":true}',
           b'{"topic":7,"partition":0,"offset":1}', b'{"partition":0,"offset":1}', b"x" * (1 << 20)]
NO_OFFSETS = ["-1", "1.5", "1e3", '"12"', "null", "true", "01", "9223372036854775807", "9223372036854775808", "1" + "0" * 40]


class Liar:
    """Makes one wrong line of each kind. Honest acknowledgements name multiples of ten (or the end), lies never do."""

    def __init__(self, sink, topic, ends, rng):
        self.sink, self.topic, self.ends, self.rng = sink, topic, ends, rng
        self.honest = {}  # (partition, offset): when it was said
        self.highest = dict.fromkeys(ends, 0)
        self.told = collections.Counter()

    def lie(self, low, high):
        offset = self.rng.randint(low, max(low, high))
        return offset + 1 if offset % 10 == 0 else offset

    def line(self, partition, offset, more=""):
        return f'{{"topic":"{self.topic}","partition":{partition},"offset":{offset}{more}}}\n'.encode()

    def beyond_the_end(self, p):
        return self.line(p, self.lie(self.ends[p] + 1, 10 ** self.rng.randint(6, 18)))

    def beyond_delivered(self, p):
        low = self.sink.next.get((self.topic, p), 0) + WINDOW
        return self.line(p, self.lie(low, self.ends[p] - 2)) if low < self.ends[p] - 2 else self.beyond_the_end(p)

    def twice(self, p):
        return self.line(p, self.highest[p])

    def below_committed(self, p):
        return self.line(p, self.lie(0, self.highest[p] - 2)) if self.highest[p] > 2 else self.twice(p)

    def unknown_topic(self, p):
        return self.line(p, self.sink.next.get((self.topic, p), 1)).replace(self.topic.encode(), b"nobody_knows")

    def unknown_partition(self, _):
        return self.line(self.rng.choice([len(self.ends), 99, 2 ** 31 - 1, 2 ** 31, -1]), 7)

    def other_generation(self, p):
        reached = self.sink.next.get((self.topic, p), 0)
        offset = self.lie(self.highest[p] + 1, reached - 1)
        return self.line(p, offset, f',"gen":{self.rng.randint(1, 9)}')

    def no_offset(self, p):
        return self.line(p, self.rng.choice(NO_OFFSETS))

    def garbage(self, _):
        return self.rng.choice(GARBAGE) + self.rng.choice([b"\n", b"\r\n"])

    def longer_than_any_line(self, p):
        return b'{"pad":"' + b"x" * (5 << 20) + b'",' + self.line(p, self.lie(1, 9))[1:]

    KINDS = [beyond_the_end, beyond_delivered, twice, below_committed, unknown_topic, unknown_partition, other_generation,
             no_offset, garbage]

    def tell_one(self):
        kind = self.longer_than_any_line if self.rng.random() < 0.01 else self.rng.choice(self.KINDS)
        line = kind(self.rng.choice(list(self.ends))) if kind == self.longer_than_any_line else \
            kind(self, self.rng.choice(list(self.ends)))
        self.told[kind.__name__] += 1
        assert self.sink.send(line), f"kconsume ended after {kind.__name__}: {line[:200]}\n{self.sink.said()}"

    def tell_the_truth(self):
        """Late, in pieces, or in a line of a megabyte: still the truth."""
        p = self.rng.choice(list(self.ends))
        reached = self.sink.next.get((self.topic, p), 0)
        offset = self.rng.randint(self.highest[p], min(reached, self.highest[p] + 500)) // 10 * 10
        if offset <= self.highest[p]:
            return
        padding = f',"pad":"{"x" * (1 << 20)}"' if self.rng.random() < 0.03 else ""
        line = self.line(p, offset, padding)
        self.honest[p, offset] = time.time()
        self.highest[p] = offset
        cut = self.rng.randrange(len(line))
        assert self.sink.send(line[:cut]) and self.sink.send(line[cut:])

    def tell_the_rest(self):
        for (_, p), offset in self.sink.next.items():
            self.honest[p, offset] = time.time()
        assert self.sink.ack_all()


@pytest.mark.parametrize("channel", ["socket", "fifo"])
def test_lies_are_not_committed(kafka, fake_sinks, some_topic, group, rng, tmp_path, channel):
    history = CommitHistory(kafka)
    ends = kafka.ends(some_topic)
    fifo = None
    if channel == "fifo":
        fifo = str(tmp_path / "acks")
        os.mkfifo(fifo, 0o600)
    sink = fake_sinks.start("liar", "-t", some_topic, "-g", group, *COMMITTING, "--once", acks=fifo)
    liar = Liar(sink, some_topic, ends, rng)
    for _ in range(ROUNDS):
        sink.read(rng.randint(0, 200))
        liar.tell_one()
        if rng.random() < 0.5:
            liar.tell_the_truth()
        time.sleep(0.003)  # a few commits in between
        assert not sink.ended(), sink.said()
    sink.read(sum(ends.values()))
    liar.tell_the_rest()
    sink.send(liar.line(0, 3)[:-5])  # cut off by the end
    assert sink.wait() == 0, sink.said()

    commits = history.of(group)
    last = dict.fromkeys(ends, 0)
    for commit in commits:
        said = liar.honest.get((commit.partition, commit.offset))
        assert commit.topic == some_topic and said, f"nobody acknowledged {commit}"
        assert commit.at_ms >= int(said * 1000), f"{commit} before it was acknowledged at {said}"
        assert commit.offset > last[commit.partition], f"{commit} after {last}"
        assert commit.metadata == "kpipe gen=0 sink=liar"
        last[commit.partition] = commit.offset
    assert last == ends == kafka.committed(group, some_topic)
    print(f"{len(commits)} commits of {len(liar.honest)} acknowledgements; lies: {dict(liar.told)}")
    assert len(commits) >= 80 and all(liar.told[kind.__name__] >= 10 for kind in Liar.KINDS)


BEYOND_WHAT_WAS_WRITTEN = """import json, os, socket
from fake_sink import socket_path
channel = socket.socket(socket.AF_UNIX)
channel.connect(socket_path(0, os.environ))
channel.sendall(b'{"hello":{"sink":"liar","offsets":[]}}\\n')
for line in map(json.loads, channel.makefile("rb")):
    if "assign" in line:
        channel.sendall(b'{"hello":{"sink":"liar","request":%d,"offsets":[]}}\\n' % line["request"])
        channel.sendall(json.dumps({**line["assign"][0], "offset": 1000000000}).encode() + b"\\n")
"""


def test_beyond_what_was_written_on_a_direct_pipe(kafka, fake_sinks, some_topic, group):
    """Nobody can have mixed up anything there: it is a bug of the sink, and is called one."""
    sink = fake_sinks.start("unused", "-t", some_topic, "-g", group, *COMMITTING, connect=False)
    wait_until(lambda: os.path.exists(sink.path), 10, "the socket")
    subprocess.run([sys.executable, "-c", BEYOND_WHAT_WAS_WRITTEN], stdin=sink.pipe, timeout=30, check=False,
                   stderr=subprocess.DEVNULL, env=dict(os.environ, PYTHONPATH=str(pathlib.Path(__file__).parent)))
    assert sink.wait() == 70, sink.said()
    assert "above what was written" in sink.said()
    assert not kafka.committed(group, some_topic)


ENOUGH = 4  # commits of each


def assert_owners_only(commits, sinks):
    """Each commit was made by the sink that had been given the partition last."""
    given = sorted((when, where, sink.name) for sink in sinks for when, partitions in sink.assigns for where in partitions)
    for commit in commits:
        owner = [name for when, where, name in given if where == (commit.topic, commit.partition) and int(when) <= commit.at_ms][-1]
        assert commit.sink == owner, f"{commit}: at that time {owner} had the partition: {given}"


def given_now(sink):
    return set(sink.assigns[-1][1]) if sink.assigns else set()


def store(*sinks):
    """What honest sinks do for a moment."""
    for sink in sinks:
        sink.read(200, 0.02)
        sink.ack_all()


def test_late_after_partitions_moved(kafka, fake_sinks, all_topic, group):
    history = CommitHistory(kafka)
    # Small fetches, so that records of all partitions come soon.
    options = ["-t", all_topic, "-g", group, *COMMITTING, "-X", "max.partition.fetch.bytes=65536"]
    stored = {}

    def until_committed(name, *sinks):
        def often_enough():
            for _ in range(10):
                store(*sinks)
            return sum(commit.sink == name for commit in history.of(group)) >= ENOUGH
        wait_until(often_enough, 30, f"{ENOUGH} commits of {name}")

    first = fake_sinks.start("first", *options, stored=stored)
    wait_until(lambda: first.read(500) and len(first.next) == 4, 20, f"records of each partition\n{first.said()}")
    second = fake_sinks.start("second", *options, stored=stored)

    # Asked to store at a revocation, the first does; then it acknowledges again what is not its own any more.
    wait_until(lambda: first.flushes, 20, f"a request to flush\n{first.said()}")
    asked = first.flushes[-1]
    assert len(asked) == 4
    wait_until(lambda: first.read(100, 0.1) and all(first.next[where] >= asked[where] for where in asked), 10, "the records")
    for (topic, partition), offset in asked.items():
        first.ack(topic, partition, offset)
    wait_until(lambda: second.assigns, 20, f"partitions for the second\n{second.said()}")
    moved = given_now(second)
    assert 0 < len(moved) < 4
    for turn in range(50):
        for topic, partition in moved:
            first.say({"topic": topic, "partition": partition, "offset": asked[topic, partition] + turn - 10})
        time.sleep(0.01)
    committed = kafka.committed(group, all_topic)
    assert all(committed[partition] == asked[topic, partition] for topic, partition in moved)
    until_committed("second", first, second)

    # The second leaves, so the first has all; and sends more than is acknowledged.
    second.process.send_signal(signal.SIGTERM)
    wait_until(lambda: store(first, second) or (second.ended() and len(given_now(first)) == 4), 20, f"the second's end\n{second.said()}")
    assert second.wait() == 0, second.said()
    store(first)
    late = dict(first.next)
    wait_until(lambda: first.read(500) and all(first.next[where] >= late[where] + 500 for where in late), 20, "records of all")

    # Frozen beyond its session, and woken up when another has everything; acknowledgements wait for it and go on coming.
    first.process.send_signal(signal.SIGSTOP)
    third = fake_sinks.start("third", *options, stored=stored)
    wait_until(lambda: store(third) or len(given_now(third)) == 4, 30, f"all partitions for the third\n{third.said()}")
    before = len(first.assigns)

    def acknowledge_late():
        for topic, partition in late:
            late[topic, partition] += 1
            first.say({"topic": topic, "partition": partition, "offset": late[topic, partition]})
        store(third)
    acknowledge_late()
    first.process.send_signal(signal.SIGCONT)
    wait_until(lambda: acknowledge_late() or first.ended() or len(first.assigns) > before, 30, f"the first again\n{first.said()}")
    for _ in range(30):
        acknowledge_late()
    sinks = [first, third]
    until_committed("third", *sinks)
    for sink in sinks:
        assert not sink.ended(), sink.said()
        sink.process.send_signal(signal.SIGTERM)
    wait_until(lambda: store(*sinks) or all(sink.ended() for sink in sinks), 20, f"the end\n{first.said()}{third.said()}")
    assert (first.wait(), third.wait()) == (0, 0), first.said() + third.said()

    commits = history.of(group)
    assert_owners_only(commits, [first, second, third])
    authors = collections.Counter(commit.sink for commit in commits)
    print(f"commits: {dict(authors)}; partitions given: {[len(sink.assigns) for sink in (first, second, third)]} times")
    assert min(authors[name] for name in ("first", "second", "third")) >= ENOUGH and len(first.assigns) > before


def test_sink_hangs_up(kafka, fake_sinks, some_topic, group):
    """What was acknowledged before is committed, the rest counted; half a line does not count."""
    sink = fake_sinks.start("short", "-t", f"{some_topic}:1", "-g", group, *COMMITTING, "-c", "1000")
    assert len(sink.read(1000)) == 1000
    sink.ack(some_topic, 1, 700)
    sink.send(b'{"topic":"%s","partition":1,"offset":800' % some_topic.encode())
    sink.hang_up()
    assert sink.wait() == 75, sink.said()
    assert "300 records were written and not acknowledged; their offsets are not committed" in sink.said()
    assert kafka.committed(group, some_topic) == {1: 700}


def test_stop_while_the_sink_is_asked(kafka, fake_sinks, some_topic, group):
    """Before its first record, or in the middle of a rebalance: nothing is wrong, so the end is a good one."""
    sink = fake_sinks.start("sink", "-t", some_topic, "-g", group, *COMMITTING, answers=False)
    wait_until(lambda: sink.assigns, 20, f"the question\n{sink.said()}")
    sink.process.send_signal(signal.SIGTERM)
    assert sink.wait() == 0, sink.said()
    assert not sink.read(1) and not kafka.committed(group, some_topic)


def test_two_sinks_on_one_fifo(kafka, fake_sinks, some_topic, group, tmp_path):
    fifo = str(tmp_path / "acks")
    os.mkfifo(fifo, 0o600)
    sink = fake_sinks.start("one", "-t", some_topic, "-g", group, *COMMITTING, acks=fifo)
    sink.read(1000)
    sink.say({"hello": {"sink": "another", "offsets": []}})
    assert sink.wait() == 78, sink.said()
    assert "two sinks on one channel" in sink.said()
    assert not kafka.committed(group, some_topic)


def test_stale_socket_is_replaced(kafka, fake_sinks, some_topic, group):
    """kconsume was killed and another one is started before the same pipe, as in `while :; do kconsume ...; done | sink`."""
    pipe = os.pipe()
    options = ["-t", some_topic, "-g", group, *COMMITTING, "-c", "1000"]
    killed = fake_sinks.start("killed", *options, pipe=tuple(map(os.dup, pipe)))
    killed.process.kill()
    killed.process.wait(10)
    killed.hang_up()
    path = pathlib.Path(killed.path)
    assert path.is_socket()
    with socket.socket(socket.AF_UNIX) as channel, pytest.raises(ConnectionRefusedError):
        channel.connect(str(path))
    sink = fake_sinks.start("sink", *options, pipe=pipe)
    assert sink.path == killed.path
    assert len(sink.read(1000)) == 1000
    sink.ack_all()
    assert sink.wait() == 0, sink.said()
    assert sum(kafka.committed(group, some_topic).values()) == 1000
    assert not path.exists()


CONNECT = """import socket, sys
channel = socket.socket(socket.AF_UNIX)
channel.settimeout(10)
channel.connect(sys.argv[1])
try:
    channel.sendall(b'{"hello":{"sink":"stranger","offsets":[]}}\\n')
    heard = channel.recv(100)
except (BrokenPipeError, ConnectionResetError):
    heard = b""
print("heard:", heard)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_is_refused(kafka, fake_sinks, some_topic, group):
    """Also when somebody has opened the folder and the socket for all."""
    folder = tempfile.mkdtemp(prefix="kpipe-runtime.")
    try:
        sink = fake_sinks.start("sink", "-t", some_topic, "-g", group, *COMMITTING, "-c", "1000", connect=False,
                                variables={"RUNTIME_DIRECTORY": folder})
        wait_until(lambda: os.path.exists(sink.path), 10, "the socket")
        assert os.path.dirname(sink.path) == folder

        def stranger():
            python = shutil.which("python3", path=os.defpath)  # the tests' own may be where strangers may not go
            return subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python, "-I", "-c", CONNECT,
                                   sink.path], cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
        assert "PermissionError" in stranger().stderr
        os.chmod(folder, 0o711)
        os.chmod(sink.path, 0o777)
        done = stranger()
        assert done.returncode == 0 and done.stdout == "heard: b''\n", done
        assert "a process of another user connected and was refused" in sink.said()
        sink.connect()
        assert len(sink.read(1000)) == 1000
        sink.ack_all()
        assert sink.wait() == 0, sink.said()
        assert "stranger" not in sink.said()
        assert sum(kafka.committed(group, some_topic).values()) == 1000
    finally:
        shutil.rmtree(folder)
