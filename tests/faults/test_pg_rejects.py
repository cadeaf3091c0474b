# SPDX-License-Identifier: Apache-2.0
"""kill -9 while records are refused and set aside: each record is at the end in the table or among the rejects, in no third place
and not in both."""
import json

import pytest

from environment import times
from load import PostgresLoad, finish, kill_in_the_middle
from pipeline import SINK, SOURCE
from watcher import Watcher

KILLS = times(6)
RECORDS = 40_000

# Each kind of refusal: before PostgreSQL, by COPY's line, by one that names no line, at COMMIT.
TABLE = """CREATE TABLE {0} (id bigint PRIMARY KEY, n smallint, pad text, up bigint REFERENCES {0}_parents,
        late bigint REFERENCES {0}_parents DEFERRABLE INITIALLY DEFERRED);
    INSERT INTO {0} VALUES (-1)"""
FAULTS = [{"none": 1}, {"n": 99_999}, {"up": 77}, {"late": 77}, {"id": -1}]


class RejectLoad(PostgresLoad):
    def __init__(self, *arguments, options, **more):
        super().__init__(*arguments, **more)
        self.options = options

    def start(self, *options, **how):
        return super().start(*options, sink_options=self.options, **how)

    def probe(self):
        connection = self.database.connect()
        return lambda: self.database.stored(self.table, self.topic, connection)


def values():
    for number in range(RECORDS):
        value = {"id": number, "n": number % 1000, "pad": "." * 300}
        if number % 97 == 13:
            value |= FAULTS[number // 97 % len(FAULTS)]
        yield str(number % 1000).encode(), json.dumps(value).encode()


@pytest.fixture(scope="module")
def faulty(kafka):
    return kafka.filled_topic(4, values())


def bad_of(log, faults):
    return {(partition, offset) for partition, records in log.items() for offset, (_, value) in enumerate(records)
            if any(fault.items() <= json.loads(value).items() for fault in faults)}


@pytest.mark.parametrize("victims,strategy,place", [
    ([SINK], "append", "table"), ([SINK], "merge", "file"), ([SOURCE, SINK], "append", "file"), ([SOURCE, SINK], "merge", "table")],
    ids=["sink,append,table", "sink,merge,file", "both,append,file", "both,merge,table"])
def test_rejects_under_kills(kafka, pipelines, database, faulty, group, table, tmp_path, rng, victims, strategy, place):
    database.rows(f"CREATE TABLE {table}_parents (id bigint PRIMARY KEY)")
    database.rows(TABLE.format(table))
    log = kafka.read_all(faulty)
    bad = bad_of(log, FAULTS if strategy == "append" else FAULTS[:-1])  # merge changes the row that is there
    assert len(bad) > 300
    rejects = tmp_path / "bad.ndjson"
    options = ["--rejects", f"table:{table}_bad" if place == "table" else f"file:{rejects}"]
    if strategy == "merge":
        options += ["--strategy", "merge", "--primary-key", "id"]
    load = RejectLoad(pipelines, database, faulty, group, table, RECORDS, batch_size=1500, options=options)
    with Watcher(kafka, load) as watcher:
        hits = sum(kill_in_the_middle(load, victims, rng) for _ in range(KILLS))
        finish(load)

    if place == "table":
        found = database.rows(f'SELECT partition, "offset", line FROM {table}_bad')
    else:
        lines = rejects.read_text().splitlines()
        found = [(r["partition"], r["offset"], line) for line in lines for r in [json.loads(line)] if r["error"]["message"]]
        # A batch that was torn off between the file and COMMIT comes again.
        again = len(found) - len({at[:2] for at in found})
        print(f"{again} rejects are in the file twice after {KILLS} kills")
        assert again <= KILLS * 4 * 1500 // 90
        found = list({at[:2]: at for at in found}.values())
    assert sorted(at[:2] for at in found) == sorted(bad)
    for partition, offset, line in found:
        assert json.loads(line)["value"] == json.loads(log[partition][offset][1])
    good = [json.loads(value)["id"] for partition, records in log.items() for offset, (_, value) in enumerate(records)
            if (partition, offset) not in bad]
    assert sorted(row[0] for row in database.rows(f"SELECT id FROM {table}")) == sorted({-1, *good})
    assert len(good) == len(set(good)) or strategy == "merge"
    assert load.stored_offsets() == kafka.ends(faulty) == kafka.committed(group, faulty)
    assert hits >= KILLS - 2, f"{hits} of {KILLS} kills hit the middle of the load"
    watcher.assert_saw_enough()
