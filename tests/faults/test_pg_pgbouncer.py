# SPDX-License-Identifier: Apache-2.0
"""Through pgbouncer in transaction mode: kill -9 of the sink, of the pipeline, and of pgbouncer."""
import os
import pathlib
import shlex
import signal
import subprocess
import tempfile

import pytest

from environment import TOP, times, wait_until
from load import PostgresLoad, finish, kill_in_the_middle
from pipeline import SINK, SOURCE
from servers import PREAMBLE
from watcher import Watcher

KILLS = times(3)


class Bouncer:
    """tests/pg/pgbouncer.bash, before the PostgreSQL of the session."""

    def __init__(self, folder):
        self.folder = folder

    def call(self, *command, show=""):
        script = PREAMBLE.format(top=shlex.quote(str(TOP))) + f". {shlex.quote(str(TOP))}/tests/pg/pgbouncer.bash\n"
        script += shlex.join(map(str, command)) + f" >&2\n{show}\n"
        done = subprocess.run(["bash", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout.strip()

    def start(self):
        """Returns its port, which stays."""
        return self.call("pgbouncer_start", self.folder, "default_pool_size=3", show='echo "$BOUNCER_PORT"')

    def kill(self):
        self.call("pgbouncer_stop", self.folder, "KILL")


@pytest.fixture
def bouncer():
    with tempfile.TemporaryDirectory(prefix="kpipe-pgbouncer.", dir="/tmp") as folder:  # where the user postgres gets in
        bouncer = Bouncer(pathlib.Path(folder))
        yield bouncer
        bouncer.kill()


def test_kills(kafka, pipelines, database, bouncer, some_topic, some_flights, some_truth, group, table, rng):
    database.create_like(table, some_truth)
    port = bouncer.start()
    name = database.connection.info.dbname
    pipelines.dsn = f"host=127.0.0.1 port={port} user={os.environ['PGUSER']} dbname={name}"
    load = PostgresLoad(pipelines, database, some_topic, group, table, some_flights.rows, batch_size=500)
    with Watcher(kafka, load) as watcher:
        hits = sum(kill_in_the_middle(load, victims, rng) for victims in ([SINK], [SOURCE, SINK]) for _ in range(KILLS))
        before = load.stored()
        pipeline = load.start("--once")
        wait_until(lambda: load.stored() > before, 60, f"progress beyond {before}\n{pipeline.said()}")
        pipeline.freeze(SINK)  # or it might be done before pgbouncer is gone
        bouncer.kill()
        reached = load.stored()
        pipeline.signal(signal.SIGCONT, SINK)
        wait_until(lambda: "Trying again for" in pipeline.said(SINK), 60, f"the sink's word on it\n{pipeline.said()}")
        assert bouncer.start() == port
        assert pipeline.wait() == {SOURCE: 0, SINK: 0}, pipeline.said()
        finish(load)
    print(f"pgbouncer killed at {reached} of {load.total}")
    assert "PostgreSQL: back after" in pipeline.said(SINK)
    assert before < reached < load.total and hits >= 2 * KILLS - 2, f"{hits} of {2 * KILLS} kills hit the middle of the load"
    database.assert_exact(table, some_truth)
    assert load.stored_offsets() == kafka.ends(some_topic) == kafka.committed(group, some_topic)
    watcher.assert_saw_enough()
