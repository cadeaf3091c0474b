# SPDX-License-Identifier: Apache-2.0
"""A topic into a table of PostgreSQL, from start to exit: kconsume | ksink-pg beside ingestr (build/ingestr) and beside
copy_by_python.py. For compare.py."""
import os
import pathlib
import statistics
import subprocess
import sys
import time

BROKER = os.environ["KAFKA_BOOTSTRAP"]
HERE = pathlib.Path(__file__).resolve().parent
# ingestr keeps a record as text beside its topic, partition, offset, time and key, so the others do as well.
WHOLE = ("value text, _kafka_topic text, _kafka_partition integer, _kafka_offset bigint, _kafka_timestamp timestamptz, "
         "_kafka_key text")
WHOLE_BY_HAND = "topic text, partition integer, position bigint, time bigint, key text, value text"
TABLE = "others"
# ingestr waits for its maker's server at the end, where there is none to be had.
ENVIRONMENT = os.environ | {"DISABLE_TELEMETRY": "true", "RUNTIME__DLTHUB_TELEMETRY": "false"}


def run_all(commands):
    """Runs a pipeline: seconds from start to exit, and its processes' peak memory, summed."""
    begin = time.monotonic()
    processes, reading = [], subprocess.DEVNULL
    for command in commands:
        last = command is commands[-1]
        process = subprocess.Popen(command, stdin=reading, stdout=subprocess.DEVNULL if last else subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=ENVIRONMENT)
        if not last:
            reading = process.stdout
        processes.append(process)
    for process in processes[:-1]:
        process.stdout.close()
    peak = 0
    for command, process in zip(commands, processes):
        said = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"bench: failed with {process.returncode}: {command}\n{said}")
        peak += usage.ru_maxrss
    return time.monotonic() - begin, peak / 1024


def sides(binary, typed, turn):
    """{shape: {name: (DDL or None, function of a turn's number that gives the pipeline)}}"""
    python = [sys.executable, str(HERE / "copy_by_python.py"), "flights", TABLE]
    fields = [column.split()[0] for column in typed.split(", ")]

    def ours(*options):
        return lambda: [[f"{binary}/kconsume", "-q", "-b", BROKER, "-g", f"others-{os.getpid()}-{next(turn)}", "-t", "flights", "--once"],
                        [f"{binary}/ksink-pg", "-q", "--table", TABLE, *options]]

    def ingestr():
        database = f"{os.environ['PGUSER']}:{os.environ['PGPASSWORD']}@127.0.0.1:{os.environ['PGPORT']}/{os.environ['PGDATABASE']}"
        return [["build/ingestr/bin/ingestr", "ingest", "--yes", "--full-refresh", "--progress", "log",
                 "--source-uri", f"kafka://?bootstrap_servers={BROKER}&group_id=others-{os.getpid()}-{next(turn)}",
                 "--source-table", "flights", "--dest-uri", f"postgresql://{database}", "--dest-table", f"public.{TABLE}"]]
    return {
        "text and metadata": {
            "ingestr": (None, ingestr),
            "confluent-kafka, psycopg COPY": (WHOLE_BY_HAND, lambda: [python]),
            "kconsume | ksink-pg": (WHOLE, ours("--columns", "value text = value", "--metadata-columns")),
        },
        "typed, 19 columns": {
            "confluent-kafka, psycopg COPY": (typed, lambda: [[*python, *fields]]),
            "kconsume | ksink-pg": (typed, ours()),
        },
    }


def bench(binary, typed, psql, turn):
    def run(runs, records, _work):
        print(f"\nA topic into a table, start to exit, medians of {runs} in turn")
        for shape, contenders in sides(binary, typed, turn).items():
            found = {name: [] for name in contenders}
            for _ in range(runs):
                for name, (ddl, pipeline) in contenders.items():
                    psql(f"drop table if exists {TABLE}, kpipe_offsets")
                    if ddl:
                        psql(f"create table {TABLE} ({ddl})")
                    found[name].append(run_all(pipeline()))
                    count = int(psql(f"select count(*) from {TABLE}"))
                    if count != records:
                        sys.exit(f"bench: {name}: {count} rows of {records} records")
            print(f"  {shape}")
            ours = statistics.median(seconds for seconds, _ in found["kconsume | ksink-pg"])
            for name, measured in found.items():
                seconds = statistics.median(seconds for seconds, _ in measured)
                peak = statistics.median(peak for _, peak in measured)
                print(f"    {name:32s} {seconds:8.2f} s {records / seconds:9.0f} rows/s {peak:6.0f} MiB   {seconds / ours:6.1f} x the time",
                      flush=True)
    return run
