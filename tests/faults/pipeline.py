# SPDX-License-Identifier: Apache-2.0
"""Pipelines as a shell would start them, whose processes can be killed one by one."""
import os
import re
import signal
import subprocess

from environment import BIN, wait_until

SOURCE, SINK = "source", "sink"
# Heartbeats soon enough, and a dead predecessor that is noticed soon, so that ten kills do not take minutes.
SHORT_SESSION = ["-X", "session.timeout.ms=2000", "-X", "heartbeat.interval.ms=300"]
OUR_LINE = re.compile(r"(kconsume|ksink-pg|ksink-file): \S")


class Pipeline:
    """kconsume | sink: one process group, stderr kept. Roles are "source" and "sink"."""

    def __init__(self, prefix, source, sink, environment):
        self.killed = set()
        self.paths = {role: f"{prefix}.{role}.stderr" for role in (SOURCE, SINK)}
        with open(self.paths[SOURCE], "wb") as source_errors, open(self.paths[SINK], "wb") as sink_errors:
            first = subprocess.Popen(source, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=source_errors,
                                     env=environment, process_group=0)
            second = subprocess.Popen(sink, stdin=first.stdout, stdout=subprocess.DEVNULL, stderr=sink_errors,
                                      env=environment, process_group=first.pid)
        first.stdout.close()
        self.processes = {SOURCE: first, SINK: second}

    def kill(self, *roles):
        """SIGKILL, the one to the pipeline's end first, as a kernel out of memory might."""
        for role in reversed(roles):
            if self.processes[role].poll() is None:
                self.processes[role].kill()
                self.killed.add(role)

    def signal(self, number, *roles):
        for role in roles:
            self.processes[role].send_signal(number)

    def freeze(self, role):
        """SIGSTOP, and waits until the process runs no more. What it had sent before is still on its way."""
        self.signal(signal.SIGSTOP, role)
        status = f"/proc/{self.processes[role].pid}/status"
        wait_until(lambda: "State:\tT" in open(status, encoding="utf-8").read(), 10, f"the {role} stopped")

    def signal_group(self, number):
        """What Ctrl-C in a terminal does."""
        os.killpg(self.processes[SOURCE].pid, number)

    def ended(self):
        return all(process.poll() is not None for process in self.processes.values())

    def wait(self, seconds=60):
        """{role: exit status} when both have ended."""
        wait_until(self.ended, seconds, f"the end of the pipeline {self.paths[SOURCE]}\n{self.said()}")
        return {role: process.returncode for role, process in self.processes.items()}

    def said(self, role=None):
        return "".join(open(path, encoding="utf-8").read() for r, path in self.paths.items() if role in (None, r))

    def check_survivors(self):
        """Who was not killed ended as it should when its neighbour is gone: it says so, and nothing worse."""
        status = self.wait()
        for role in self.killed:
            assert status[role] == -signal.SIGKILL, (role, status)
        if SINK in self.killed and SOURCE not in self.killed:
            assert status[SOURCE] == 75, f"kconsume: {status[SOURCE]}\n{self.said()}"
        if SOURCE in self.killed and SINK not in self.killed:
            torn = "without a line end were discarded" in self.said(SINK)
            assert status[SINK] == (75 if torn else 0), f"sink: {status[SINK]}\n{self.said()}"


class Pipelines:
    """Starts pipelines and cleans up after them."""

    def __init__(self, folder, bootstrap, dsn):
        self.folder = folder
        self.bootstrap = bootstrap
        self.dsn = dsn
        self.all = []

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for pipeline in self.all:
            pipeline.kill(SOURCE, SINK)
            for process in pipeline.processes.values():
                process.wait(10)
        for number, pipeline in enumerate(self.all):
            for role in (SOURCE, SINK):
                print(f"--- pipeline {number}, {role}, status {pipeline.processes[role].returncode}:\n{pipeline.said(role)}")
        if kind is None:
            for pipeline in self.all:
                for line in pipeline.said().splitlines():
                    assert OUR_LINE.match(line) and "bug" not in line, f"unexpected on stderr: {line}"

    def start(self, source_options, sink):
        environment = dict(os.environ, KPIPE_BOOTSTRAP_SERVERS=self.bootstrap)
        pipeline = Pipeline(self.folder / f"pipeline{len(self.all)}", [BIN / "kconsume", *source_options], sink, environment)
        self.all.append(pipeline)
        return pipeline

    def to_postgres(self, topic, group, table, *options, batch_size=5000, session=SHORT_SESSION, name="ksink-pg",
                    sink_options=()):
        """`options` are kconsume's. Commits follow the acknowledgements closely: more to go wrong. PostgreSQL knows the
        sink by `name`."""
        return self.start(["-t", topic, "-g", group, *session, "--commit-interval", "50ms", *options],
                          [BIN / "ksink-pg", "--dsn", f"{self.dsn} application_name={name}", "--table", table,
                           "--batch-size", str(batch_size), *sink_options])

    def to_file(self, topic, group, path, *options, batch_size=5000, sink_options=()):
        return self.start(["-t", topic, "-g", group, *SHORT_SESSION, "--commit-interval", "50ms", *options],
                          [BIN / "ksink-file", str(path), "--batch-size", str(batch_size), *sink_options])
