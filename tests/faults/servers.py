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
        for name in sorted(self.used):
            self.call(f"{name}_stop", name)
        if "postgres" in self.used:
            self.call("postgres_remove", "postgres")

    def call(self, function, name, *arguments, show="", **variables):
        """Runs one function on the server's folder; returns the output lines of `show`."""
        command = " ".join([function, shlex.quote(str(self.folder / name)), *map(shlex.quote, arguments)])
        script = PREAMBLE.format(top=shlex.quote(str(TOP))) + f"{command} >&2\n{show}\n"
        done = subprocess.run(["bash", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=120, env={**os.environ, **variables})
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout.splitlines()

    def start_kafka(self, **variables):
        self.used.add("kafka")
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

    def start_postgres(self):
        """Durable, as in production: what was committed must survive kill -9."""
        self.used.add("postgres")
        host, port, user = self.call("postgres_start", "postgres", "fsync=on", "full_page_writes=on",
                                     show='printf "%s\\n" "$PGHOST" "$PGPORT" "$PGUSER"')
        return {"PGHOST": host, "PGPORT": port, "PGUSER": user}

    def database(self):
        return Database.create(self.start_postgres())

    def kill_postgres(self):
        self.call("postgres_kill", "postgres")
