# SPDX-License-Identifier: Apache-2.0
"""What others do to the file between two runs (logrotate, an editor, >>): refused with the ways on, and nothing is changed
or committed. Each of the ways works."""
import os
import re
import shutil

import pytest

from environment import BIN
from load import FileLoad, finish
from pipeline import SHORT_SESSION, SINK, SOURCE

PART = 5000  # records of the first run


def cut_the_last_byte(path):
    os.truncate(path, path.stat().st_size - 1)


def copytruncate(path):
    """What logrotate does with that option."""
    shutil.copy(path, path.with_suffix(".1"))
    os.truncate(path, 0)


def rotate(path):
    """What logrotate does with `create`."""
    path.rename(path.with_suffix(".1"))
    path.touch()


def move_away(path):
    path.rename(path.with_suffix(".1"))


def copy_over(path):
    """An editor that saves into a new file, sed -i, a backup that was put back: the same bytes in another file."""
    shutil.copy(path, path.with_suffix(".new"))
    path.with_suffix(".new").rename(path)


def edit_in_place(path):
    with open(path, "r+b") as file:
        file.seek(-100, os.SEEK_END)
        file.write(b"?")


def append(path):
    with open(path, "ab") as file:
        file.write(b"a foreign line\n")


NAMES = ["out.ndjson", "out.zst"]
CHANGES = [(cut_the_last_byte, "it was cut"), (copytruncate, "it was cut"), (rotate, "is another file"),
           (move_away, "its data file is gone"), (copy_over, "is another file"), (edit_in_place, "was changed"),
           (append, "something else appended them")]


def first_run(kafka, load):
    assert load.start("-c", str(PART)).wait() == {SOURCE: 0, SINK: 0}
    assert sum(load.stored_offsets().values()) == PART
    return kafka.committed(load.group, load.topic)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name.startswith("out.")}


@pytest.mark.parametrize("change, message, name", [(*change, NAMES[i % 2]) for i, change in enumerate(CHANGES)],
                         ids=[change.__name__ for change, _ in CHANGES])
def test_refused(kafka, pipelines, some_topic, some_flights, group, tmp_path, name, change, message):
    load = FileLoad(pipelines, some_topic, group, tmp_path / name, some_flights.rows, batch_size=500)
    committed = first_run(kafka, load)
    os.link(load.path, tmp_path / "saved")
    good = load.path.read_bytes()
    change(load.path)
    before = contents(tmp_path)

    refused = load.start("--once")
    assert refused.wait(30)[SINK] == 65, refused.said()  # how kconsume ends depends on how far it has come by then
    assert message in refused.said(SINK) and str(load.path) in refused.said(SINK), refused.said()
    assert contents(tmp_path) == before
    assert kafka.committed(group, some_topic) == committed

    if change is append:
        told = re.search(r"truncate -s (\d+)", refused.said(SINK))
        os.truncate(load.path, int(told[1]))
    else:  # the file that the checkpoint was written for
        os.replace(tmp_path / "saved", load.path)
        with open(load.path, "r+b") as file:
            file.write(good)
            file.truncate()
    finish(load)
    load.assert_exact(kafka.read_all(some_topic))
    assert load.stored_offsets() == kafka.ends(some_topic) == kafka.committed(group, some_topic)


@pytest.mark.parametrize("name", NAMES)
def test_both_moved_away(kafka, pipelines, some_topic, some_flights, group, tmp_path, name):
    """The other way on: under a new --sink-id a new file takes what the old one does not have."""
    load = FileLoad(pipelines, some_topic, group, tmp_path / name, some_flights.rows, batch_size=500)
    committed = first_run(kafka, load)
    checkpoint = tmp_path / (name + ".kpipe")
    old = FileLoad(pipelines, some_topic, group, load.path.rename(tmp_path / ("old_" + name)), PART)
    checkpoint.rename(tmp_path / "old.kpipe")

    refused = load.start("--once")  # the group says that this sink has more
    assert refused.wait(30) == {SOURCE: 65, SINK: 0}, refused.said()
    assert "has stored all below, but the sink knows nothing of it" in refused.said(SOURCE)
    assert kafka.committed(group, some_topic) == committed
    anew = pipelines.start(["-t", some_topic, "-g", group, *SHORT_SESSION, "--once"],
                           [BIN / "ksink-file", load.path, "--sink-id", "anew"])
    assert anew.wait() == {SOURCE: 0, SINK: 0}, anew.said()
    lines = old.read("cat").splitlines() + load.read("cat").splitlines()
    assert len(lines) == len(set(lines)) == some_flights.rows
    assert load.stored_offsets() == kafka.ends(some_topic) == kafka.committed(group, some_topic)
