#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs both sides of each comparison in turn and prints medians and ratios. Called by tests/bench/run."""
import argparse
import itertools
import os
import resource
import statistics
import subprocess
import sys
import time

import files
import many_groups as many
import pg_others as others

BIN = os.environ["KPIPE_BIN"]
BROKER = os.environ["KAFKA_BOOTSTRAP"]


def shell(command, check=True):
    """Seconds of wall clock, stdout. The command's exit status must be 0: a fast failure is no result."""
    begin = time.monotonic()
    done = subprocess.run(["bash", "-c", "set -o pipefail; " + command], capture_output=True, text=True)
    seconds = time.monotonic() - begin
    if check and done.returncode != 0:
        sys.exit(f"bench: failed with {done.returncode}: {command}\n{done.stderr}")
    return seconds, done.stdout


def psql(sql):
    return shell(f"psql -X -At -c {sql!r}")[1].strip()


def peak_mib(command):
    """Peak memory of the first process of a pipeline, by GNU time's way: a child's ru_maxrss."""
    pid = os.fork()
    if pid == 0:
        os.execvp("bash", ["bash", "-c", "exec " + command])
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"bench: failed: {command}")
    return usage.ru_maxrss / 1024


def in_turn(runs, sides):
    """sides: {name: function() -> seconds}. One warm-up each, then `runs` rounds."""
    times = {name: [] for name in sides}
    for round_number in range(runs + 1):
        for name, run in sides.items():
            seconds = run()
            if round_number > 0:
                times[name].append(seconds)
    return {name: statistics.median(values) for name, values in times.items()}


def table(title, records, medians, against):
    print(f"\n{title}")
    for name, seconds in medians.items():
        ratio = medians[against] / seconds
        rate = f"{records / seconds / 1000:9.0f} k/s" if records else ""
        print(f"  {name:52s} {seconds * 1000:9.0f} ms {rate}   {ratio:5.2f} x {against}")
    sys.stdout.flush()


def consume(runs, records, work):
    sides = {
        "raw librdkafka loop": lambda: shell(f"{BIN}/bench_raw_loop {BROKER} flights")[0],
        "kconsume | cat": lambda: shell(f"{BIN}/kconsume -b {BROKER} -t flights --once | cat >/dev/null")[0],
        "kconsume > file": lambda: shell(f"{BIN}/kconsume -b {BROKER} -t flights --once >{work}/out.ndjson")[0],
        "kcat -J | cat": lambda: shell(f"kcat -b {BROKER} -C -t flights -o beginning -e -q -J | cat >/dev/null")[0],
    }
    medians = in_turn(runs, sides)
    table("Consume to a pipe", records, medians, "raw librdkafka loop")
    print(f"  kconsume is {medians['kcat -J | cat'] / medians['kconsume | cat']:.1f} x kcat -J")
    peak = peak_mib(f"{BIN}/kconsume -b {BROKER} -t flights --once >/dev/null")
    print(f"  kconsume's peak memory: {peak:.0f} MiB")


TYPED = ("year bigint, month bigint, day bigint, dep_time bigint, sched_dep_time bigint, dep_delay bigint, "
         "arr_time bigint, sched_arr_time bigint, arr_delay bigint, carrier text, flight bigint, tailnum text, "
         "origin text, dest text, air_time bigint, distance bigint, hour bigint, minute bigint, time_hour timestamptz")


def load(ddl, name):
    counter = iter(range(1000))

    def copy(path):
        psql(f"drop table if exists copied; create table copied ({ddl})")
        return shell(f"psql -X -q -c \"\\copy copied from '{path}'\"")[0]

    def pipeline(_):
        psql("drop table if exists loaded; drop table if exists kpipe_offsets")
        psql(f"create table loaded ({ddl})")
        group = f"bench-{name}-{os.getpid()}-{next(counter)}"
        return shell(f"{BIN}/kconsume -b {BROKER} -g {group} -t flights --once | {BIN}/ksink-pg --table loaded")[0]

    def run(runs, records, work):
        pipeline(work)
        printed = f"{work}/{name}.copy"
        shell(f"psql -X -q -c \"\\copy loaded to '{printed}'\"")
        sides = {"psql \\copy of ready rows": lambda: copy(printed)}
        if name == "jsonb":
            # PostgreSQL prints keys in an order of its own, which it reads faster than what producers write.
            written = f"{work}/{name}.ndjson"
            shell(f"{BIN}/kconsume -b {BROKER} -t flights --once --envelope value >{written}")
            sides = {"psql \\copy of ready rows": lambda: copy(written), "psql \\copy of what it printed itself": lambda: copy(printed)}
        medians = in_turn(runs, sides | {"kconsume | ksink-pg": lambda: pipeline(work)})
        table(f"To PostgreSQL, {name}", records, medians, "psql \\copy of ready rows")
        if psql("select count(*) from loaded") != str(records):
            sys.exit("bench: the rows are not all there")
    return run


FLIGHT = "year, month, day, carrier, flight, origin, dest, sched_dep_time"
EXISTING = 100_000


def merge(runs, records, work):
    """Into a table that has 100,000 of the keys; by psql from ready rows in the same two steps."""
    counter = iter(range(1000))
    names = [column.split()[0] for column in TYPED.split(", ")]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in FLIGHT.split(", "))
    upsert = (f"insert into merged select distinct on ({FLIGHT}) * from ready order by {FLIGHT} "
              f"on conflict ({FLIGHT}) do update set {changes}")

    def fill():
        psql(f"drop table if exists merged; drop table if exists kpipe_offsets; create table merged ({TYPED}, primary key ({FLIGHT}))")
        psql(f"insert into merged select distinct on ({FLIGHT}) * from loaded limit {EXISTING}")
        psql("vacuum analyze merged")

    def copy():
        fill()
        return shell(f"psql -X -q -c 'create temp table ready ({TYPED})' -c \"\\copy ready from '{work}/merge.copy'\" -c '{upsert}'")[0]

    def pipeline():
        fill()
        group = f"bench-merge-{os.getpid()}-{next(counter)}"
        return shell(f"{BIN}/kconsume -b {BROKER} -g {group} -t flights --once | "
                     f"{BIN}/ksink-pg --table merged --strategy merge --primary-key '{FLIGHT}'")[0]

    psql(f"drop table if exists loaded; drop table if exists kpipe_offsets; create table loaded ({TYPED})")
    shell(f"{BIN}/kconsume -b {BROKER} -t flights --once | {BIN}/ksink-pg --table loaded")
    shell(f"psql -X -q -c \"\\copy loaded to '{work}/merge.copy'\"")
    medians = in_turn(runs, {"psql \\copy, insert on conflict": copy, "kconsume | ksink-pg, merge": pipeline})
    table(f"Merge into {EXISTING} of the keys", records, medians, "psql \\copy, insert on conflict")
    if psql("select count(*) from merged") != psql(f"select count(*) from (select distinct {FLIGHT} from loaded) keys"):
        sys.exit("bench: the rows are not all there")


def groups(runs, _records, _work):
    medians = in_turn(runs, {
        "kgroups list": lambda: shell(f"{BIN}/kgroups list -b {BROKER}")[0],
        "kgroups lag": lambda: shell(f"{BIN}/kgroups lag -b {BROKER}")[0],
        "bash -c true": lambda: shell("true")[0],
    })
    table("Start to exit", 0, medians, "bash -c true")


def many_groups(runs, _records, _work):
    many.make()
    medians = in_turn(runs, many.sides(shell))
    table(f"{many.GROUPS} groups of {many.PARTITIONS} partitions", 0, medians, "kafka-consumer-groups --all-groups")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--work", required=True)
    parser.add_argument("names", nargs="+")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The groups' benches need no flights.
    flights = set(arguments.names) - {"formats", "groups", "many-groups"}
    records = int(shell(f"{BIN}/bench_raw_loop {BROKER} flights")[1].split()[0]) if flights else 0
    print(f"{records} records, medians of {arguments.runs} runs in turn after one warm-up, {os.cpu_count()} cores")
    benches = {"consume": consume, "pg": load(TYPED, "typed"), "pg-jsonb": load("value jsonb", "jsonb"),
               "pg-merge": merge, "pg-others": others.bench(BIN, TYPED, psql, itertools.count()),
               "file": files.bench(shell, in_turn, table, peak_mib, BIN, BROKER),
               "groups": groups, "many-groups": many_groups}
    if "formats" in arguments.names:
        import formats  # pylint: disable=import-outside-toplevel  # needs build/venv
        benches["formats"] = formats.formats(shell, in_turn, BIN)
    for name in arguments.names:
        benches[name](arguments.runs, records, arguments.work)


main()
