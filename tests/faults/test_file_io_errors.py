# SPDX-License-Identifier: Apache-2.0
"""A disk that fails at one system call, or from one on: the run ends with 74, nothing is acknowledged any more, no failed
sync is tried again, and the next run makes the file exact.

tests/cli/ksink_file.bats does the same for kill -9 at every call of a short run. Here are the calls that fail, and runs
that replace their checkpoint in the middle.
"""
import json
import re

import pytest

from file_feed import AckFile, FaultRounds, Traced, assert_within, content_of, record_lines, run_sink, stored_in

RECORDS = 120
BATCH = ["--batch-size", "40"]
# So many partitions that a line of the checkpoint has 20 KB, and after 13 batches it is long enough to be replaced.
PARTITIONS = 500
BATCHES = 16
NAMES = ["out.ndjson", "out.ndjson.zst"]
EMPTY_FRAME = 13  # bytes of a .zst without lines
# Not files of the sink: nothing of it is lost there.
OTHERS = re.compile(r"<(/lib|/usr|/etc|/proc|/dev|/sys|pipe:)|acks>")


class Rounds(FaultRounds):
    """Of a single file."""

    def __init__(self, folder, name, call, fault, lines):
        super().__init__(folder, folder / name, call, fault, lines, BATCH)

    def clear(self):
        for left in self.folder.glob(self.path.name + "*"):
            left.unlink()

    def holds_all(self):
        return content_of(self.path) == b"".join(self.lines)

    def is_cut_back(self):
        """The failed batch is not in the file any more: a full disk has its room back, readers see whole batches."""
        text = self.path.with_name(self.path.name + ".kpipe")
        if not text.exists():
            return not self.path.exists() or self.path.stat().st_size <= EMPTY_FRAME
        whole, _, torn = text.read_bytes().rpartition(b"\n")
        assert b"sha256" not in torn
        return self.path.stat().st_size == json.loads(whole.splitlines()[-1])["length"]

    def assert_restart_is_exact(self):
        done = run_sink(self.path, self.lines, "-q")
        assert done.returncode == 0, done.stderr
        assert content_of(self.path) == b"".join(self.lines)


# The call, the file, and how many of the calls are certainly the sink's own.
WRITES = [("pwrite64", "out.ndjson", 3), ("pwrite64", "out.ndjson.zst", 12), ("ftruncate", "out.ndjson.zst", 3),
          ("write", "out.ndjson", 4), ("write", "out.ndjson.zst", 4)]


@pytest.mark.parametrize("call, name, least", WRITES)
@pytest.mark.parametrize("fault", ["error=EIO:when={n}", "error=ENOSPC:when={n}+"], ids=["EIO-once", "ENOSPC-from-then-on"])
def test_writes(tmp_path, rng, call, name, least, fault):
    rounds = Rounds(tmp_path, name, call, fault, record_lines(RECORDS, rng))
    failed = cut_back = 0
    for number, done, after in rounds:
        if OTHERS.search(after[0]) or "stderr" in after[0]:
            assert done.returncode in (0, 74), (number, done)
        else:
            assert done.returncode == 74, (number, done, after)
            rounds.assert_unacknowledged(after)
            failed += 1
            cut_back += rounds.is_cut_back()
        rounds.assert_restart_is_exact()
    print(f"{rounds.fired} faults, {failed} of them at the sink's own files; {cut_back} times nothing was left to cut")
    assert failed >= least
    if call != "ftruncate":  # which is what cuts
        assert cut_back == failed


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("call, least", [("fdatasync", 8), ("fsync", 2)])
def test_syncs(tmp_path, rng, call, least, name):
    """A second try could report success for bytes that the kernel has dropped, so there is none."""
    rounds = Rounds(tmp_path, name, call, "error=EIO:when={n}", record_lines(RECORDS, rng))
    for _, done, after in rounds:
        again = [c for c in after[1:] if c.startswith(("fsync(", "fdatasync("))]
        assert done.returncode == 74 and b"Input/output error" in done.stderr and not again, (done, after)
        rounds.assert_unacknowledged(after)
        rounds.assert_restart_is_exact()
    print(f"{rounds.fired} faults")
    assert rounds.fired >= least


@pytest.mark.parametrize("name", NAMES)
def test_close(tmp_path, rng, name):
    """Everything is synced before it is closed, so only the last closes can still tell of a loss; they are checked."""
    rounds = Rounds(tmp_path, name, "close", "error=EIO:when={n}", record_lines(RECORDS, rng))
    refused = 0
    for _, done, after in rounds:
        if done.returncode == 127:  # the loader's, of a library
            assert str(tmp_path) not in after[0] and not rounds.path.exists()
            continue
        assert done.returncode in (0, 74), (done, after)
        if done.returncode == 74:
            assert b"close: " in done.stderr and b"Input/output error" in done.stderr, done.stderr
            refused += 1
        assert_within(rounds.acks.acked(), stored_in(rounds.path))
        rounds.assert_restart_is_exact()
    assert refused == 2, f"{refused} of {rounds.fired}"  # the checkpoint, the file


def test_names_are_on_the_disk_before_the_first_acknowledgement(tmp_path, rng):
    """The file, its checkpoint and the checkpoint's replacement: a power cut undoes a name whose folder was not synced.
    ext4 forgives that, as it commits all at once; not every file system does."""
    lines = record_lines(BATCHES * PARTITIONS, rng, PARTITIONS)
    traced = Traced(tmp_path, "ftruncate", "error=EIO:when=99")
    done = traced.run(tmp_path / "out.ndjson", lines, "--acks", AckFile(tmp_path / "acks").path, "--batch-size", str(PARTITIONS))
    assert done.returncode == 0, done
    unsynced, named, acks = False, 0, 0
    for call in traced.calls():
        if call.startswith(("rename(", "linkat(")):
            unsynced, named = True, named + 1
        elif call.startswith("fsync(") and f"<{tmp_path}>)" in call:
            unsynced = False
        elif call.startswith("write(") and "acks>" in call:
            assert not unsynced, call
            acks += 1
    assert named == 3 and acks >= BATCHES


def calls_around_the_replacement(folder, path, lines, options, call):
    """Which calls of `call` those are that replace the checkpoint, and their neighbours: by an undisturbed run."""
    undisturbed = Traced(folder, "ftruncate", "error=EIO:when=99")
    assert undisturbed.run(path, lines, *options).returncode == 0
    calls = undisturbed.calls()
    renames = [i for i, line in enumerate(calls) if line.startswith("rename(")]
    assert len(renames) == 2, "the checkpoint was not replaced in the middle"
    of_call = [i for i, line in enumerate(calls) if line.startswith(call + "(")]
    return [n for n, i in enumerate(of_call, 1) if abs(i - renames[1]) <= 5 and "acks>" not in calls[i]]


@pytest.mark.parametrize("call", ["fsync", "fdatasync", "write", "rename", "openat", "close"])
@pytest.mark.parametrize("fault", ["error=EIO:when={n}", "signal=SIGKILL:when={n}"], ids=["EIO", "kill-9"])
def test_while_a_long_checkpoint_is_replaced(tmp_path, rng, call, fault):
    lines = record_lines(BATCHES * PARTITIONS, rng, PARTITIONS)
    path, acks = tmp_path / "out.ndjson", AckFile(tmp_path / "acks")
    options = ["--acks", acks.path, "--batch-size", str(PARTITIONS)]
    numbers = calls_around_the_replacement(tmp_path, path, lines, options, call)
    assert numbers
    for number in numbers:
        for left in tmp_path.glob("out.ndjson*"):
            left.unlink()
        acks.clear()
        traced = Traced(tmp_path, call, fault.format(n=number))
        done = traced.run(path, lines, *options)
        if "SIGKILL" in fault:
            assert done.returncode in (-9, 137), done
        elif call == "close":  # of what was synced before
            assert traced.from_fault_on() and done.returncode == 0, done
        else:
            late = [c for c in traced.from_fault_on()[1:] if c.startswith(("write(", "fsync(", "fdatasync("))]
            assert done.returncode == 74 and not any(".kpipe" in c or "acks>" in c for c in late), (done, late)
        assert acks.acked()
        assert_within(acks.acked(), stored_in(path))
        done = run_sink(path, lines, "-q")
        assert done.returncode == 0, done.stderr
        assert content_of(path) == b"".join(lines)
    print(f"{len(numbers)} faults")
