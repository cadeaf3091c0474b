# SPDX-License-Identifier: Apache-2.0
"""ksink-file fed with record lines by hand: no Kafka, every byte in and every acknowledgement out is the test's."""
import collections
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time

from environment import BIN

SINK_FILE = str(BIN / "ksink-file")


def record_lines(count, rng, partitions=2, start=0):
    """Lines of topic t, dealt out in turn; random values, so that zstd cannot make them small."""
    line = '{"topic":"t","partition":%d,"offset":%d,"timestamp":1,"key":"k","headers":[],"value":{"v":"%s"}}\n'
    return [(line % (i % partitions, i // partitions, rng.randbytes(100).hex())).encode() for i in range(start, start + count)]


def where(path):
    """The sink's arguments: a name without a suffix is a folder's."""
    return [path] if path.suffix else ["--dir", path]


def published_in(folder):
    """{name: content} of the files of a folder that have their names; each .zst must be valid."""
    names = sorted(os.path.relpath(os.path.join(at, name), folder) for at, _, files in os.walk(folder) for name in files
                   if "." in name and not os.path.relpath(at, folder).startswith(".kpipe"))
    packed = [name for name in names if name.endswith(".zst")]
    with tempfile.TemporaryDirectory() as scratch:
        unpacked, of = pathlib.Path(scratch, "unpacked"), pathlib.Path(scratch, "names")
        of.write_text("".join(f"./{name}\n" for name in packed), encoding="utf-8")
        if packed:  # all of them by one process
            subprocess.run(["zstd", "-dq", "--output-dir-mirror", unpacked, "--filelist", of], cwd=folder, check=True)
        return {name: (unpacked / name[:-4] if name.endswith(".zst") else folder / name).read_bytes() for name in names}


def content_of(path):
    """What any reader gets; a .zst must be valid."""
    if path.suffix != ".zst":
        return path.read_bytes()
    return subprocess.run(["zstd", "-dcq", path], check=True, stdout=subprocess.PIPE).stdout


def holds_exactly(path, lines):
    if path.suffix:
        return content_of(path) == b"".join(lines)
    return sorted(b"".join(published_in(path).values()).splitlines(keepends=True)) == sorted(lines)


def stored_in(path):
    """{partition: next offset} by the checkpoint."""
    done = subprocess.run([SINK_FILE, "--print-offsets", *where(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode in (0, 66), done.stderr  # 66: nothing there yet
    return {c["partition"]: c["offset"] for c in map(json.loads, done.stdout.splitlines())}


def run_sink(path, lines, *options, through=()):
    """One whole run; `through` is a command that runs it (strace ...)."""
    return subprocess.run([*through, SINK_FILE, *options, *where(path)], input=b"".join(lines), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, check=False)


def assert_within(acks, stored):
    for partition, offset in acks.items():
        assert offset <= stored.get(partition, 0), f"partition {partition}: acknowledged {offset}, stored {stored}"


class AckFile:
    """A regular file for --acks."""

    def __init__(self, path):
        self.path = path
        path.touch(mode=0o600)

    def acked(self):
        """{partition: offset}, the last of each."""
        lines = [json.loads(line) for line in self.path.read_bytes().splitlines()]
        return {line["partition"]: line["offset"] for line in lines if "topic" in line}

    def clear(self):
        self.path.write_bytes(b"")


class Traced:
    """ksink-file under strace with a fault injected, and what it did from then on.

    `rule` is what follows --inject's name of the call: error=EIO:when=3. Descriptors are shown with their paths.
    """

    WATCHED = "write,pwrite64,fsync,fdatasync,syncfs,ftruncate,rename,renameat,renameat2,linkat,unlinkat,mkdirat,close,openat"

    def __init__(self, folder, call, rule):
        self.log = folder / "strace.log"
        self.command = ["strace", "-qq", "-y", "-s", "40", "-o", self.log, "-e", f"trace={self.WATCHED}",
                        "-e", f"inject={call}:{rule}"]

    def run(self, path, lines, *options):
        return run_sink(path, lines, *options, through=self.command)

    def calls(self):
        return self.log.read_text(errors="replace").splitlines()

    def from_fault_on(self):
        """The calls from the first injected one to the end; empty when none was."""
        calls = self.calls()
        hit = next((i for i, line in enumerate(calls) if "(INJECTED)" in line), len(calls))
        return calls[hit:]


class FaultRounds:
    """Fresh runs, each with the fault one call (or `step`) later than the one before, until it fires no more. Whoever has
    them says what clear() takes away before a run, and whether holds_all() after the undisturbed one."""

    def __init__(self, folder, path, call, fault, lines, options, step=1):
        self.folder, self.path, self.call, self.fault, self.lines = folder, path, call, fault, lines
        self.options, self.step = options, step
        self.acks = AckFile(folder / "acks")
        self.fired = 0

    def __iter__(self):
        number = 1
        while True:
            self.clear()
            self.acks.clear()
            traced = Traced(self.folder, self.call, self.fault.format(n=number))
            done = traced.run(self.path, self.lines, "--acks", self.acks.path, *self.options)
            after = traced.from_fault_on()
            if not after:
                assert done.returncode == 0 and self.holds_all()
                return
            self.fired += 1
            yield number, done, after
            number += self.step

    def assert_unacknowledged(self, after):
        late = [call for call in after[1:] if call.startswith("write(") and "acks>" in call and '{\\"topic' in call]
        assert not late, late
        assert_within(self.acks.acked(), stored_in(self.path))


class Feed:
    """A ksink-file that is fed from a pipe at the test's pace; acknowledgements come by a FIFO and are kept."""

    def __init__(self, folder, path, *options):
        self.fifo = folder / "acks"
        if not self.fifo.exists():
            os.mkfifo(self.fifo, 0o600)
        self.acked = collections.Counter()  # {partition: offset}
        self.ack_count = 0
        self.acks = os.open(self.fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.errors = open(folder / "feed.stderr", "wb")
        self.process = subprocess.Popen([SINK_FILE, "--acks", self.fifo, *options, *where(path)], stdin=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, stderr=self.errors)
        self.stop = threading.Event()
        self.feeder = None
        self.listener = threading.Thread(target=self.listen)
        self.listener.start()

    def listen(self):
        """Until the sink has ended and all is read."""
        torn = b""
        while True:
            ended = self.process.poll() is not None
            try:
                chunk = os.read(self.acks, 65536)
            except BlockingIOError:
                chunk = b""
            if not chunk:
                if ended:
                    return
                time.sleep(0.001)
                continue
            *lines, torn = (torn + chunk).split(b"\n")
            for ack in map(json.loads, lines):
                if "topic" in ack:
                    self.acked[ack["partition"]] = ack["offset"]
                    self.ack_count += 1

    def feed(self, lines, pace=lambda: None, size=20):
        """From a thread of its own; the pipe is closed at the end."""
        def run():
            try:
                for at in range(0, len(lines), size):
                    if self.stop.is_set():
                        break
                    self.process.stdin.write(b"".join(lines[at:at + size]))
                    self.process.stdin.flush()
                    pace()
            except BrokenPipeError:
                pass
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass
        self.feeder = threading.Thread(target=run)
        self.feeder.start()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)

    def wait(self, seconds=30):
        """Exit status, when all acknowledgements are read."""
        try:
            status = self.process.wait(seconds)
        finally:
            self.close()
        return status

    def close(self):
        self.stop.set()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        if self.feeder:
            self.feeder.join(10)
        self.listener.join(10)
        if self.acks >= 0:
            os.close(self.acks)
            self.acks = -1
        self.errors.close()
