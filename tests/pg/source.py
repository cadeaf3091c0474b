#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Speaks as kconsume does to the sink of its pipe: source.py TOPIC TOPIC_ID PARTITION SINK [ARGUMENT...] <records

Assigns the one partition, naming the topic's id, and prints what the sink says is stored of it; then writes the records. What
else it says in its hello and goodbye: JSON objects in SOURCE_HELLO and SOURCE_BYE; without a goodbye: SOURCE_BYE=none."""
import json
import os
import pathlib
import socket
import subprocess
import sys

topic, topic_id, partition, *sink = sys.argv[1:]
records = sys.stdin.buffer.read()
reading, writing = os.pipe()
pipe = os.fstat(reading)
boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
# As in common/ack/pipe_socket.cpp; a folder of our own, because it must be private.
folder = pathlib.Path(os.environ["BATS_TEST_TMPDIR"]) / "runtime"
folder.mkdir(mode=0o700, exist_ok=True)
name = folder / f"kpipe-{boot}-{pipe.st_dev}-{pipe.st_ino}"
listener = socket.socket(socket.AF_UNIX)
listener.bind(str(name))
listener.listen()
listener.settimeout(20)
environment = {k: v for k, v in os.environ.items() if k != "RUNTIME_DIRECTORY"} | {"XDG_RUNTIME_DIR": str(folder)}
process = subprocess.Popen(sink, stdin=reading, env=environment)
os.close(reading)
channel, _ = listener.accept()
name.unlink()
lines = channel.makefile("rw", encoding="utf-8")


def say(**message):
    lines.write(json.dumps(message) + "\n")
    lines.flush()


say(hello={"group": "", "cluster": "", "direct": True} | json.loads(os.environ.get("SOURCE_HELLO", "{}")))
say(assign=[{"topic": topic, "partition": int(partition), "topic_id": topic_id}], request=1)
offsets = None
for line in lines:
    hello = json.loads(line).get("hello", {})
    if hello.get("request") == 1:
        offsets = hello["offsets"]
        print(json.dumps(offsets))
        break
if offsets is None:
    sys.exit(process.wait(20))
with open(writing, "wb") as out:
    out.write(records)
goodbye = os.environ.get("SOURCE_BYE", "{}")
if goodbye != "none":
    say(bye=True, at_byte=len(records), **json.loads(goodbye))
sys.exit(process.wait(20))
