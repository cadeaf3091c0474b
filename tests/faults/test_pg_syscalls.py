# SPDX-License-Identifier: Apache-2.0
"""ksink-pg alone, killed at a system call of its conversation with PostgreSQL."""
import collections
import re
import signal

from environment import times
from record_lines import SPEC, RecordLines

CALLS = "sendto", "recvfrom", "poll"
KILLS_OF_A_CALL = times(5)
OPTIONS = "--batch-size", "100"


def strace(log, *options):
    return ["strace", "-f", "-o", log, "-e", f"trace={','.join(CALLS)}", *options, "--"]


def test_kill9_at_the_nth_call(database, tmp_path, rng):
    lines = RecordLines(tmp_path / "lines", 3, 500, rng)
    truth = lines.truth(database)
    log = tmp_path / "strace"

    undisturbed = lines.sink(database, database.unique("lines"), *OPTIONS, wrapper=strace(log))
    assert undisturbed.returncode == 0, undisturbed.stderr
    count = collections.Counter(re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE))
    assert all(count[call] >= 15 for call in CALLS), count

    kills = in_the_middle = 0
    for call in CALLS:
        for n in sorted(rng.sample(range(1, count[call]), KILLS_OF_A_CALL)):
            table = database.unique("lines")
            database.rows(f"CREATE TABLE {table} ({SPEC})")
            killed = lines.sink(database, table, *OPTIONS,
                                wrapper=strace(log, "-e", f"inject={call}:signal=SIGKILL:when={n}"))
            # It may wait less often this time than it did undisturbed.
            assert killed.returncode in (-signal.SIGKILL, 0), killed
            kills += killed.returncode != 0
            offsets = sum(database.stored(table, "o").values())
            in_the_middle += 0 < offsets < lines.total
            print(f"killed at {call} {n} of {count[call]}: {offsets} of {lines.total} stored")
            finished = lines.sink(database, table, *OPTIONS)
            assert finished.returncode == 0, finished.stderr
            database.assert_exact(table, truth)
            assert database.stored(table, "o") == {p: lines.count for p in range(lines.partitions)}
            database.rows(f"DROP TABLE {table}")
    assert kills >= 12, f"killed {kills} times"
    assert in_the_middle >= 5, f"{in_the_middle} kills between the first batch and the last"
