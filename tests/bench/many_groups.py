# SPDX-License-Identifier: Apache-2.0
"""1,000 groups with 10 partitions each, of 100 topics: what kgroups and kafka-consumer-groups take to show them all."""
import os
import subprocess
import sys

GROUPS = 1000
TOPICS = 100
PARTITIONS = 10
TOP = os.path.join(os.path.dirname(__file__), "..", "..")


def kadmin(*arguments, stdin=""):
    python = os.environ.get("KPIPE_PYTHON", os.path.join(TOP, "build/venv/bin/python"))
    subprocess.run([python, os.path.join(TOP, "tests/support/kadmin.py"), *map(str, arguments)], input=stdin, text=True, check=True)


def make():
    """Topics with some hundred records in each partition, and ten groups a topic, at offsets 0 to 9."""
    lines = "".join(f"{i}\n" for i in range(500))
    for topic in range(TOPICS):
        kadmin("create-topic", f"many-{topic}", PARTITIONS)
        for partition in range(PARTITIONS):
            subprocess.run(["kcat", "-q", "-b", os.environ["KAFKA_BOOTSTRAP"], "-P", "-t", f"many-{topic}", "-p", str(partition)],
                           input=lines, text=True, check=True)
        kadmin("commit-many", f"many-{topic}", GROUPS // TOPICS, f"many-{topic}", PARTITIONS)


def sides(shell):
    """{name: function() -> seconds}; each checks that all of it was shown."""
    broker, programs = os.environ["KAFKA_BOOTSTRAP"], os.environ["KPIPE_BIN"]
    java = (f"cd {TOP}; . packaging/lib/common.bash; . packaging/lib/servers.bash; KAFKA_DUMP_CLASSES= kafka_java -Xmx256m "
            f"org.apache.kafka.tools.consumer.group.ConsumerGroupCommand --bootstrap-server {broker}")

    def timed(command, lines):
        def run():
            seconds, output = shell(command)
            if int(output) != lines:
                sys.exit(f"bench: {output.strip()} lines in place of {lines}: {command}")
            return seconds
        return run
    rows = GROUPS * PARTITIONS
    return {
        "kafka-consumer-groups --all-groups": timed(f"({java} --describe --all-groups 2>/dev/null) | grep -c '^many-'", rows),
        "kgroups lag": timed(f"{programs}/kgroups lag -b {broker} | grep -c '\"group\":\"many-'", rows),
        "kgroups lag --time-lag": timed(f"{programs}/kgroups lag --time-lag -b {broker} | grep -c '\"time_lag_ms\":[0-9]'", rows),
        "kgroups list": timed(f"{programs}/kgroups list -b {broker} | grep -c '\"group\":\"many-'", GROUPS),
    }
