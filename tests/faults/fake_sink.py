# SPDX-License-Identifier: Apache-2.0
"""A sink that stores nothing and says what the test wants: it speaks the protocol of the acknowledgement socket by itself.

It reads records only when told to, so that a test knows what kconsume can have delivered.
"""
import json
import os
import re
import select
import socket
import stat
import subprocess
import threading
import time

from environment import BIN, wait_until

RECORD = re.compile(rb'\{"topic":"([^"]+)","partition":(\d+),"offset":(\d+),(?:"gen":(\d+),)?"timestamp"')
CHUNK = 1 << 16


def private(path):
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


def socket_path(pipe, environment):
    """Where kconsume with this environment listens for the reader of the pipe."""
    folders = [environment.get(name) for name in ("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR")]
    folders += [f"/run/user/{os.geteuid()}", f"/tmp/kpipe-{os.geteuid()}"]
    folder = next((f for f in folders[:-1] if f and private(f)), folders[-1])
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read(8)
    status = os.fstat(pipe)
    return f"{folder}/kpipe-{boot}-{status.st_dev}-{status.st_ino}"


class FakeSink:
    """kconsume with this process at the other end of its stdout. `acks` names a FIFO instead of the socket; `pipe` is a
    pair of descriptors that are there already."""

    def __init__(self, prefix, name, options, environment, acks=None, connect=True, pipe=None, stored=None,
                 answers=True):
        self.name, self.acks, self.answers = name, acks, answers
        # (topic, partition): (generation, offset), as said when asked; sinks with the same target share it.
        self.stored = {} if stored is None else stored
        self.next = {}    # (topic, partition): the offset behind the last record read
        self.generation = {}
        self.records = 0
        self.flushes = []
        self.assigns = []  # (milliseconds since the epoch, [(topic, partition), ...])
        self.question = None
        self.said_bye = False
        self.rest = b""
        self.errors = f"{prefix}.{name}.stderr"
        self.pipe, writer = pipe or os.pipe()
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen([BIN / "kconsume", *options, *(["--acks", acks] if acks else [])], env=environment,
                                            stdin=subprocess.DEVNULL, stdout=writer, stderr=errors)
        os.close(writer)
        self.path = None if acks else socket_path(self.pipe, environment)
        self.channel = None
        self.lock = threading.Lock()
        self.listening = threading.Thread(target=self.listen)
        if acks:
            self.channel = os.open(acks, os.O_RDWR)
            self.hello()
        elif connect:
            self.connect()

    # ---- the channel

    def connect(self):
        def try_to():
            # It is there before anything else, so a kconsume that ended will never make it.
            assert self.process.poll() is None, self.said()
            channel = socket.socket(socket.AF_UNIX)
            try:
                channel.connect(self.path)
            except OSError:
                channel.close()
                return None
            return channel
        self.channel = wait_until(try_to, 10, self.path)
        self.hello()
        self.listening.start()

    def hello(self):
        self.say({"hello": {"sink": self.name, "pending": True}})
        self.say({"hello": {"sink": self.name, "offsets": self.offsets(self.stored)}})

    def offsets(self, of):
        return [{"topic": t, "partition": p, "offset": self.stored[t, p][1], "gen": self.stored[t, p][0]}
                for t, p in of if (t, p) in self.stored]

    def send(self, data):
        """Raw bytes. False when kconsume has gone."""
        with self.lock:
            try:
                if self.acks:
                    while data:
                        data = data[os.write(self.channel, data):]
                else:
                    self.channel.sendall(data)
            except OSError:
                return False
        return True

    def say(self, line):
        return self.send(json.dumps(line).encode() + b"\n")

    def ack(self, topic, partition, offset, generation=0):
        """Honestly: it is stored."""
        self.stored[topic, partition] = max(self.stored.get((topic, partition), (0, 0)), (generation, offset))
        return self.say({"topic": topic, "partition": partition, "offset": offset, **({"gen": generation} if generation else {})})

    def ack_all(self):
        """All that was read is stored."""
        return all([self.ack(t, p, offset, self.generation[t, p]) for (t, p), offset in self.next.items()])

    def listen(self):
        with self.channel.makefile("rb") as lines:
            try:
                for line in map(json.loads, lines):
                    self.heard(line)
            except OSError:
                pass

    def heard(self, line):
        if "assign" in line:
            asked = [(p["topic"], p["partition"]) for p in line["assign"]]
            self.assigns.append((time.time() * 1000, asked))
            self.question = line["request"], asked
            if self.answers:
                self.answer()
        elif "flush" in line:
            self.flushes.append({(p["topic"], p["partition"]): p["offset"] for p in line["flush"]})
        elif "bye" in line:
            self.said_bye = True

    def answer(self):
        """From now on each question at once."""
        self.answers = True
        request, asked = self.question
        self.say({"hello": {"sink": self.name, "request": request, "offsets": self.offsets(asked)}})

    def hang_up(self):
        if self.channel is None:
            return
        if self.acks:
            os.close(self.channel)
        else:
            try:
                self.channel.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            if self.listening.ident:
                self.listening.join(10)
            self.channel.close()
        self.channel = None

    # ---- the records

    def read(self, most, seconds=10.0):
        """Up to `most` records: [(partition, offset, line)]; fewer at the end or when no more come for that long."""
        taken = []
        end = time.monotonic() + seconds
        while len(taken) < most:
            line, found, self.rest = self.rest.partition(b"\n")
            if found:
                taken.append(self.took(line))
                continue
            self.rest = line
            if not select.select([self.pipe], [], [], max(0, end - time.monotonic()))[0]:
                break
            chunk = os.read(self.pipe, CHUNK)
            if not chunk:
                assert not self.rest, f"torn line at the end: {self.rest[:100]}"
                break
            self.rest += chunk
        self.records += len(taken)
        return taken

    def took(self, line):
        match = RECORD.match(line)
        assert match, line[:200]
        topic, partition, offset = match[1].decode(), int(match[2]), int(match[3])
        where = topic, partition
        generation = int(match[4] or 0)
        if generation == self.generation.get(where, generation):
            assert offset >= self.next.get(where, 0), f"{where}: {offset} after {self.next[where] - 1}"
        self.next[where], self.generation[where] = offset + 1, generation
        return partition, offset, line

    # ---- kconsume

    def said(self):
        with open(self.errors, encoding="utf-8", errors="replace") as file:
            return file.read()

    def ended(self):
        return self.process.poll() is not None

    def wait(self, seconds=30):
        wait_until(self.ended, seconds, f"the end of kconsume\n{self.said()}")
        return self.process.returncode

    def close(self):
        if not self.ended():
            self.process.kill()
        self.process.wait(10)
        self.hang_up()
        os.close(self.pipe)


class FakeSinks:
    """Starts them and cleans up."""

    def __init__(self, folder, bootstrap):
        self.folder, self.bootstrap, self.all = folder, bootstrap, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sink in self.all:
            sink.close()
            print(f"--- kconsume before {sink.name}, status {sink.process.returncode}, {sink.records} records:\n{sink.said()[-4000:]}")

    def start(self, name, *options, variables=None, **how):
        environment = dict(os.environ, KPIPE_BOOTSTRAP_SERVERS=self.bootstrap, **(variables or {}))
        sink = FakeSink(self.folder / f"fake{len(self.all)}", name, options, environment, **how)
        self.all.append(sink)
        return sink
