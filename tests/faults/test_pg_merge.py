# SPDX-License-Identifier: Apache-2.0
"""kill -9 while records change and delete the rows of their keys: at the end each row is what the last record of its key says."""
import json
import random

import pytest

from environment import times
from load import PostgresLoad, finish, kill_in_the_middle
from pipeline import SINK, SOURCE
from watcher import Watcher

KILLS = times(8)
RECORDS, KEYS = 60_000, 2_000

# A row that goes back would be mended by the records that follow: nobody may even write it.
TABLE = """CREATE TABLE {0} (_kafka_key text PRIMARY KEY, n bigint NOT NULL, note text, state text DEFAULT 'none');
    CREATE FUNCTION {0}_forward() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
        IF NEW.n < OLD.n THEN RAISE 'key %% went back from %% to %%', NEW._kafka_key, OLD.n, NEW.n; END IF;
        RETURN NEW; END$$;
    CREATE TRIGGER forward BEFORE UPDATE ON {0} FOR EACH ROW EXECUTE FUNCTION {0}_forward()"""


class MergeLoad(PostgresLoad):
    def start(self, *options, **how):
        return super().start(*options, sink_options=["--strategy", "merge", "--primary-key", "key"], **how)

    def probe(self):
        connection = self.database.connect()
        return lambda: self.database.stored(self.table, self.topic, connection)


def changes(rng):
    """Keys with values; some tombstones, some records that say nothing of a column with a default."""
    for n in range(RECORDS):
        key = f"key-{rng.randrange(KEYS)}"
        value = {"n": n, "note": f"note {n} " + "." * 300} | ({"state": f"state {n}"} if rng.random() < 0.3 else {})
        yield key.encode(), None if rng.random() < 0.1 else json.dumps(value).encode()


def rows_of(log):
    """What the records of each key make of its row, one after the other."""
    rows = {}
    for records in log.values():
        for key, value in records:
            if value is None:
                rows.pop(key.decode(), None)
                continue
            fields = json.loads(value)
            state = fields.get("state", rows.get(key.decode(), (0, "", "none"))[2])
            rows[key.decode()] = (fields["n"], fields["note"], state)
    return rows


@pytest.fixture(scope="module")
def changed(kafka, request):
    return kafka.filled_topic(4, changes(random.Random(f"{request.config.getoption('--seed')}:changes")))


@pytest.mark.parametrize("victims", [[SINK], [SOURCE], [SOURCE, SINK]], ids="+".join)
def test_merge_under_kills(kafka, pipelines, database, changed, table, group, rng, victims):
    database.rows(TABLE.format(table))
    load = MergeLoad(pipelines, database, changed, group, table, RECORDS, batch_size=1500)
    with Watcher(kafka, load) as watcher:
        hits = sum(kill_in_the_middle(load, victims, rng) for _ in range(KILLS))
        finish(load)
    expected = rows_of(kafka.read_all(changed))
    assert len(expected) > KEYS // 2
    found = {key: (n, note, state) for key, n, note, state in database.rows(f"SELECT * FROM {table}")}
    assert found == expected
    ends = kafka.ends(changed)
    assert load.stored_offsets() == ends == kafka.committed(group, changed)
    assert hits >= KILLS - 2, f"{hits} of {KILLS} kills hit the middle of the load"
    watcher.assert_saw_enough()
