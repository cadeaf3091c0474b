# SPDX-License-Identifier: Apache-2.0
"""Servers of a test's own, by packaging/lib/servers.bash, so that they can be killed and started again with their data."""
import os
import shlex
import subprocess

from database import Database
from environment import TOP
from kafka_hand import KafkaHand

PREAMBLE = """set -euo pipefail
. {top}/packaging/lib/common.bash
. {top}/packaging/lib/servers.bash
"""


class OwnServers:
    def __init__(self, folder):
        self.folder = folder
        self.used = set()

    def __enter__(self):
        self.folder.mkdir(parents=True)
        return self

    def __exit__(self, *_):
        for kind, name in sorted(self.used):
            self.call(f"{kind}_stop", name)
            if kind == "postgres":
                self.call("postgres_remove", name)

    def call(self, function, name, *arguments, show="", **variables):
        """Runs one function on the server's folder; returns the output lines of `show`."""
        command = " ".join([function, shlex.quote(str(self.folder / name)), *map(shlex.quote, arguments)])
        script = PREAMBLE.format(top=shlex.quote(str(TOP))) + f"{command} >&2\n{show}\n"
        done = subprocess.run(["bash", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=120, env={**os.environ, **variables})
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout.splitlines()

    def start_kafka(self, **variables):
        self.used.add(("kafka", "kafka"))
        bootstrap, = self.call("kafka_start", "kafka", show='echo "$KAFKA_BOOTSTRAP"', **variables)
        return bootstrap

    def kafka_hand(self):
        return KafkaHand(self.start_kafka())

    def kafka_behind(self, proxy):
        """A broker of which clients that come through the proxy learn no other address than the proxy's."""
        hand = KafkaHand(self.start_kafka(KAFKA_PROXY_PORT=str(proxy.port)))
        proxy.target = int((self.folder / "kafka" / "proxied").read_text())
        return hand

    def kill_kafka(self):
        self.call("kafka_kill", "kafka")

    def stop_kafka(self):
        self.call("kafka_stop", "kafka")

    def signal_kafka(self, number):
        os.kill(int((self.folder / "kafka" / "pid").read_text()), number)

    def start_postgres(self, name="postgres"):
        """Durable, as in production: what was committed must survive kill -9."""
        return self.began_postgres("postgres_start", name, "fsync=on", "full_page_writes=on")

    def began_postgres(self, *how):
        self.used.add(("postgres", how[1]))
        host, port, user = self.call(*how, show='printf "%s\\n" "$PGHOST" "$PGPORT" "$PGUSER"')
        return {"PGHOST": host, "PGPORT": port, "PGUSER": user}

    def start_replica(self):
        """Of the PostgreSQL that runs; stopped and started by the name "replica"."""
        return self.began_postgres("postgres_replica", "replica", str(self.folder / "postgres"))

    def promote_replica(self):
        self.call("postgres_promote", "replica")

    def database(self):
        return Database.create(self.start_postgres())

    def kill_postgres(self):
        self.call("postgres_kill", "postgres")
