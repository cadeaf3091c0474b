# SPDX-License-Identifier: Apache-2.0
"""Readers that are no sinks: what they took is not stored, so it is not committed."""
import os
import signal
import subprocess
import sys

from environment import BIN, wait_until
from pipeline import SHORT_SESSION, SOURCE

TAKE_4096 = """import os, time
left = 4096
while left: left -= len(os.read(0, left))
open(os.environ["DONE"], "w").close()
time.sleep(1000)
"""
SEE_A_FULL_PIPE = """import array, fcntl, os, termios, time
size = array.array("i", [0])
while size[0] < fcntl.fcntl(0, fcntl.F_GETPIPE_SZ) // 2:
    fcntl.ioctl(0, termios.FIONREAD, size)
    time.sleep(0.05)
open(os.environ["DONE"], "w").close()
time.sleep(1000)
"""


def test_reader_takes_some_idles_and_dies(kafka, pipelines, some_topic, group, tmp_path, monkeypatch):
    took = tmp_path / "took"
    monkeypatch.setenv("DONE", str(took))
    pipeline = pipelines.start(["-t", some_topic, "-g", group, *SHORT_SESSION, "--commit-interval", "50ms"],
                               [sys.executable, "-c", TAKE_4096])
    wait_until(took.exists, 30, "4096 bytes read")
    # The member must have lived through many commit intervals: the warning comes 10 s after the start.
    wait_until(lambda: "nobody acknowledges: nothing is committed" in pipeline.said(SOURCE), 30, "the warning")
    assert kafka.members(group) == 1
    assert not kafka.committed(group, some_topic)
    pipeline.kill("sink")
    assert pipeline.wait()[SOURCE] == 75
    assert "written and not acknowledged" in pipeline.said(SOURCE) and "offsets are not committed" in pipeline.said(SOURCE)
    assert not kafka.committed(group, some_topic)
    wait_until(lambda: kafka.members(group) == 0, 5, "an empty group")


def test_head(kafka, some_topic, group, tmp_path):
    """As in a shell: head takes two lines and ends."""
    environment = dict(os.environ, KPIPE_BOOTSTRAP_SERVERS=kafka.bootstrap)
    script = f'"{BIN}/kconsume" -g {group} -t {some_topic} | head -2; exit "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
                          text=True, timeout=60, check=False)
    assert done.returncode == 75, done.stderr
    assert len(done.stdout.splitlines()) == 2
    assert "the reader of the pipe ended" in done.stderr.splitlines()[-1]
    assert not kafka.committed(group, some_topic)


def test_stop_while_nobody_reads(kafka, pipelines, all_topic, group, tmp_path, monkeypatch):
    """The pipe is full: SIGTERM still ends kconsume after --drain-timeout, with nothing committed and the group left."""
    full = tmp_path / "full"
    monkeypatch.setenv("DONE", str(full))
    pipeline = pipelines.start(["-t", all_topic, "-g", group, *SHORT_SESSION, "--drain-timeout", "500ms"],
                               [sys.executable, "-c", SEE_A_FULL_PIPE])
    wait_until(full.exists, 30, "a full pipe")
    pipeline.signal(signal.SIGTERM, SOURCE)
    wait_until(lambda: pipeline.processes[SOURCE].poll() is not None, 20, f"kconsume's end\n{pipeline.said()}")
    assert pipeline.processes[SOURCE].returncode == 75, pipeline.said()
    assert not kafka.committed(group, all_topic)
    wait_until(lambda: kafka.members(group) == 0, 5, "an empty group")
