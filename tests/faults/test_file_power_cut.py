# SPDX-License-Identifier: Apache-2.0
"""The power fails while ksink-file stores on ext4: what it has acknowledged is there afterwards, and it goes on from there.

ext4's shutdown call (EXT4_IOC_SHUTDOWN without a flush of the log, as xfstests cut the power) stops all writing of a file
system at that instant, in the middle of an fsync too; mounted again it holds what was on the disk. Each cut proves it
with two files of its own: the one that was not synced is lost.
"""
import fcntl
import os
import shutil
import struct
import subprocess
import time

import pytest

from environment import times, wait_until
from file_feed import Feed, holds_exactly, record_lines, run_sink, stored_in

CUTS = times(24)
CUTS_A_FILE = 6  # then a new one, so that the making of files is cut as well
RECORDS = 20_000
BATCH = 50
EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = struct.pack("I", 2)


def command(*arguments):
    return subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class Disk:
    """A small ext4 on a loop device, whose power can be cut."""

    def __init__(self, folder):
        self.folder, self.image, self.mounted, self.device = folder / "disk", folder / "image", False, None
        self.folder.mkdir()
        self.lost = 0

    def __enter__(self):
        command("truncate", "-s", "64M", self.image)
        command("mkfs.ext4", "-q", "-F", "-N", "30000", self.image)
        try:
            self.device = command("losetup", "--find", "--show", self.image)
        except subprocess.CalledProcessError:
            pytest.skip("no loop devices here")
        try:
            self.mount()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.mounted:
            wait_until(lambda: subprocess.run(["umount", self.folder], check=False).returncode == 0, 10, "umount", every=0.1)
        if self.device:
            command("losetup", "-d", self.device)
        self.image.unlink()

    def mount(self):
        command("mount", self.device, self.folder)
        self.mounted = True

    def write_proof(self):
        with open(self.folder / "synced", "wb") as proof:
            proof.write(b"x" * 100_000)
            proof.flush()
            os.fsync(proof.fileno())

    def cut(self):
        (self.folder / "unsynced").write_bytes(b"x" * 100_000)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, NO_LOG_FLUSH)
        finally:
            os.close(folder)

    def restore(self):
        """What a machine does when the power is back."""
        command("umount", self.folder)
        self.mounted = False
        self.mount()
        assert (self.folder / "synced").stat().st_size == 100_000
        unsynced = self.folder / "unsynced"
        self.lost += not unsynced.exists() or unsynced.stat().st_size < 100_000
        for name in ("synced", "unsynced"):
            (self.folder / name).unlink(missing_ok=True)


def has_large_batch(path):
    """Whether a line of a manifest that is there speaks of as many files of its partition as batches need for syncfs."""
    lines = [line for manifest in path.glob(".kpipe/*/manifest") for line in manifest.read_text().splitlines()]
    return any(line.count('"id":') >= 64 for line in lines if '"whole"' not in line)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
@pytest.mark.parametrize("name, batch, options", [
    ("out.ndjson", BATCH, []), ("out.ndjson.zst", BATCH, []), ("out", BATCH, ["--rotate-records", "70"]),
    # So many files that one syncfs takes the place of their syncs.
    ("many", 200, ["--rotate-records", "1"])], ids=["plain", "zstd", "folder", "many"])
def test_power_cut(tmp_path, rng, name, batch, options):
    options = ["--batch-size", str(batch), *options]
    lines = record_lines(RECORDS, rng)
    acks = in_the_middle = ended_by_error = complete = large = 0
    with Disk(tmp_path) as disk:
        for number in range(CUTS):
            path = disk.folder / f"{number // CUTS_A_FILE}-{name}"
            disk.write_proof()
            feed = Feed(tmp_path, path, *options)
            try:
                # As kconsume would: from what is stored. The first moments make the file.
                begin = stored_in(path)
                feed.feed([line for i, line in enumerate(lines) if i // 2 >= begin.get(i % 2, 0)], pace=lambda: time.sleep(0.001), size=20 if batch == BATCH else batch)
                if number % CUTS_A_FILE > 0:
                    wait_until(lambda: feed.ack_count > 0 or feed.process.poll() is not None, 20, "an acknowledgement")
                time.sleep(rng.uniform(0, 0.03))
                acked = dict(feed.acked)
                disk.cut()
                if rng.random() < 0.5:
                    feed.kill()
                status = feed.wait()
            finally:
                feed.close()
            assert status in (-9, 74, 0), (tmp_path / "feed.stderr").read_text()
            ended_by_error += status == 74
            disk.restore()
            stored = stored_in(path)
            for partition, offset in acked.items():
                assert offset <= stored.get(partition, 0), f"cut {number}: acknowledged {acked}, left {stored}"
            # ext4 may report success for the fsync that it was just at (jbd2_complete_transaction does not ask whether
            # the log was aborted), where a machine without power reports nothing. That is one batch, never more.
            assert sum(feed.acked.values()) <= sum(stored.values()) + batch, f"{feed.acked}, left {stored}"
            large += has_large_batch(path)
            acks += feed.ack_count
            in_the_middle += status != 0 and 0 < sum(stored.values()) < RECORDS
            if number % CUTS_A_FILE == CUTS_A_FILE - 1:
                done = run_sink(path, lines)
                assert done.returncode == 0, done.stderr
                assert holds_exactly(path, lines)
                complete += 1
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        lost = disk.lost
    print(f"{CUTS} cuts, {in_the_middle} in the middle, {ended_by_error} sinks saw the disk go, {acks} acknowledgements,"
          f" {lost} times unsynced bytes were lost, {complete} files complete, {large} with batches of many files")
    assert large >= CUTS / 2 or name != "many"
    # The sink's syncfs may take in the bytes that were not to be synced.
    assert lost >= (CUTS / 3 if name == "many" else CUTS - 2) and in_the_middle >= CUTS / 2 and ended_by_error >= 3 and acks >= (100 if path.suffix else CUTS)
