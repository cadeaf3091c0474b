# SPDX-License-Identifier: Apache-2.0
"""A disk that fails at one system call, or from one on, under ksink-file --dir: the run ends with 74, nothing is
acknowledged any more, no failed sync is tried again, what has a name is complete, and the next run makes all of it under
the same names. With many files in a batch one syncfs takes the place of all their syncs.

tests/cli/ksink_file_dir.bats does the same for kill -9 at every call.
"""
import re
import shutil

import pytest

from file_feed import AckFile, FaultRounds, Traced, published_in, record_lines, run_sink

RECORDS = 120
OPTIONS = ["--batch-size", "40", "--rotate-records", "25", "--template", "{topic}/{partition}/{start}-{end}.ndjson"]
MANY = 400
# A batch goes to 150 files. In the first case they are complete at once, in the second at the end of all.
WITH_MANY = {"complete": ["--batch-size", "150", "--rotate-records", "1", "--template", "{topic}/{partition}/{start}-{end}.ndjson"],
             "open": ["--batch-size", "150", "--template", "{field:v}/{topic}-{partition}-{start}-{end}.ndjson"]}
many = pytest.mark.parametrize("options", WITH_MANY.values(), ids=WITH_MANY)
# Not the sink's own files: nothing of a record is lost there.
OTHERS = re.compile(r"</?(lib|usr|etc|proc|dev|sys|pipe:)|acks>")


class Rounds(FaultRounds):
    """Of a folder."""

    def __init__(self, folder, call, fault, lines, options=tuple(OPTIONS), **more):
        super().__init__(folder, folder / "out", call, fault, lines, options, **more)
        assert run_sink(folder / "whole", lines, *options).returncode == 0
        self.whole = published_in(folder / "whole")
        assert len(self.whole) == (6 if len(lines) == RECORDS else MANY)

    def clear(self):
        shutil.rmtree(self.path, ignore_errors=True)

    def holds_all(self):
        return published_in(self.path) == self.whole

    def parts_are_cut_back(self):
        """The failed batch takes no room any more: each part is as long as the manifest says, and none is left over."""
        for manifest in self.path.glob(".kpipe/*/manifest"):
            known = {int(number) for number in re.findall(r'"id":(\d+)', manifest.read_text())}
            parts = {int(part.name.rpartition(".")[2]) for part in manifest.parent.glob("part-*")}
            if not parts <= known:
                return False
        return True

    def assert_complete(self):
        if self.path.exists():
            for name, content in published_in(self.path).items():
                assert self.whole[name] == content, name

    def assert_restart_is_exact(self):
        done = run_sink(self.path, self.lines, "-q", *self.options)
        assert done.returncode == 0, done.stderr
        assert published_in(self.path) == self.whole


def is_foreign(call):
    return OTHERS.search(call) or "stderr" in call


@pytest.mark.parametrize("call, least", [("pwrite64", 8), ("write", 8), ("mkdirat", 5), ("renameat", 2), ("renameat2", 6)])
@pytest.mark.parametrize("fault", ["error=EIO:when={n}", "error=ENOSPC:when={n}+"], ids=["EIO-once", "ENOSPC-from-then-on"])
def test_writes_and_names(tmp_path, rng, call, least, fault):
    rounds = Rounds(tmp_path, call, fault, record_lines(RECORDS, rng))
    failed = 0
    for number, done, after in rounds:
        if is_foreign(after[0]):
            assert done.returncode in (0, 74), (number, done)
        else:
            assert done.returncode == 74, (number, done, after)
            assert b"bug" not in done.stderr, done
            rounds.assert_unacknowledged(after)
            failed += 1
            assert rounds.parts_are_cut_back()
        rounds.assert_complete()
        rounds.assert_restart_is_exact()
    print(f"{rounds.fired} faults, {failed} of them at the sink's own files")
    assert failed >= least


@pytest.mark.parametrize("call, least", [("fdatasync", 12), ("fsync", 15)])
def test_syncs(tmp_path, rng, call, least):
    """A second try could report success for bytes that the kernel has dropped, so there is none."""
    rounds = Rounds(tmp_path, call, "error=EIO:when={n}", record_lines(RECORDS, rng))
    for number, done, after in rounds:
        path = re.search(r"<(.*?)>", after[0]).group(1)
        again = [c for c in after[1:] if c.startswith(("fsync(", "fdatasync(")) and f"<{path}>" in c]
        assert done.returncode == 74 and b"Input/output error" in done.stderr and not again, (number, done, after)
        rounds.assert_unacknowledged(after)
        rounds.assert_complete()
        rounds.assert_restart_is_exact()
    print(f"{rounds.fired} faults")
    assert rounds.fired >= least


@many
def test_syncs_of_many_files(tmp_path, rng, options):
    """Whoever may not call it syncs each file, and fails only for that."""
    rounds = Rounds(tmp_path, "syncfs", "error=EIO:when={n}", record_lines(MANY, rng), options)
    for number, done, after in rounds:
        if number == 1:
            assert after[0].startswith("syncfs(-1)") and done.returncode == 0, (done, after[0])
            assert sum(call.startswith("fdatasync(") for call in after) > MANY
        else:
            again = [c for c in after[1:] if c.startswith("syncfs(")]
            assert done.returncode == 74 and b"syncfs: " in done.stderr and not again, (number, done, after)
            rounds.assert_unacknowledged(after)
        rounds.assert_complete()
        rounds.assert_restart_is_exact()
    print(f"{rounds.fired} faults")
    assert rounds.fired >= 6


@many
@pytest.mark.parametrize("call", ["pwrite64", "renameat2", "mkdirat"])
def test_writes_and_names_of_many_files(tmp_path, rng, call, options):
    rounds = Rounds(tmp_path, call, "error=EIO:when={n}", record_lines(MANY, rng), options, step=37)
    for number, done, after in rounds:
        assert done.returncode == 74, (number, done, after)
        rounds.assert_unacknowledged(after)
        assert rounds.parts_are_cut_back()
        rounds.assert_complete()
        rounds.assert_restart_is_exact()
    print(f"{rounds.fired} faults")
    assert rounds.fired >= (1 if call == "mkdirat" and "--rotate-records" in options else 10)


@pytest.mark.parametrize("fault", ["error=EACCES:when={n}", "error=ENOSPC:when={n}"])
def test_opens(tmp_path, rng, fault):
    rounds = Rounds(tmp_path, "openat", fault, record_lines(RECORDS, rng))
    failed = 0
    for number, done, after in rounds:
        if is_foreign(after[0]) or str(tmp_path) not in after[0]:
            continue
        # What only cleans up may fail without a word.
        assert done.returncode in (0, 74), (number, done, after)
        failed += done.returncode == 74
        rounds.assert_unacknowledged([])
        rounds.assert_complete()
        rounds.assert_restart_is_exact()
    print(f"{rounds.fired} faults, {failed} ended the run")
    assert failed >= 20


@pytest.mark.parametrize("options", [OPTIONS, *WITH_MANY.values()], ids=["few", *WITH_MANY])
def test_all_is_on_the_disk_before_it_is_told(tmp_path, rng, options):
    """A power cut undoes what was not synced. Bytes of parts and names must be on the disk before the manifest speaks of
    them, the manifest before the acknowledgement, the names of files before the manifest forgets them."""
    lines = record_lines(RECORDS if options is OPTIONS else MANY, rng)
    traced = Traced(tmp_path, "ftruncate", "error=EIO:when=99")
    done = traced.run(tmp_path / "out", lines, "--acks", AckFile(tmp_path / "acks").path, *options)
    assert done.returncode == 0, done
    unsynced, untold = set(), set()  # files and folders; manifests and theirs
    acks = made = written = told = of_all = 0
    for call in traced.calls():
        paths = re.findall(r"<([^>]*)>", call)
        if call.startswith("mkdirat("):
            unsynced.add(paths[0])
            made += 1
        elif call.startswith("renameat(") and "manifest.tmp" in call:
            untold.add(paths[1])
            made += 1
        elif call.startswith(("renameat", "linkat(")):
            unsynced.add(paths[1])
            made += 1
        elif call.startswith("openat(") and "O_EXCL" in call:
            unsynced.add(paths[0])
            made += 1
        elif call.startswith("pwrite64("):
            unsynced.add(paths[0])
            written += 1
        elif call.startswith("syncfs(") and "-1" not in call:
            unsynced.clear()
            untold.clear()
            of_all += 1
        elif call.startswith(("fsync(", "fdatasync(")):
            unsynced.discard(paths[0])
            untold.discard(paths[0])
        elif call.startswith("write(") and "/manifest" in call:
            assert not unsynced, (call, unsynced)
            untold.add(paths[0])
            told += 1
        elif call.startswith("write(") and "acks>" in call and '{\\"topic' in call:
            assert not unsynced | untold, (call, unsynced, untold)
            acks += 1
    assert not unsynced | untold, (unsynced, untold)
    assert acks >= 3 and made >= 20 and written >= 8 and told >= 6, (acks, made, written, told)
    assert of_all == 0 if options is OPTIONS else of_all >= 5, of_all
