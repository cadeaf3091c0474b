# SPDX-License-Identifier: Apache-2.0
"""Where things are, and waiting for conditions."""
import os
import pathlib
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("KPIPE_BIN") or TOP / "build" / "dev" / "bin")
# tests/run --long: more of everything that is done at random.
LONG = bool(os.environ.get("KPIPE_LONG"))


def times(count):
    """So many in the short form, which runs on every change."""
    return 8 * count if LONG else count


def wait_until(condition, seconds, what, every=0.01):
    """Polls until condition() is true and returns its value; fails the test after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(every)
