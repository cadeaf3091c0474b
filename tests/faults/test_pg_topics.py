# SPDX-License-Identifier: Apache-2.0
"""Three topics into three tables by one pipeline, while its processes are killed."""
import contextlib

import pytest

from environment import times
from load import PostgresLoad, finish, kill_in_the_middle
from pipeline import SINK, SOURCE
from watcher import Watcher

KILLS = times(5)
RECORDS = {"a": 60_000, "b": 30_000, "c": 10_000}  # a batch has records of all, then of fewer


class TopicsLoad(PostgresLoad):
    """`parts` are loads of one topic each; they are only looked at."""

    def __init__(self, pipelines, database, group, parts):
        self.parts = parts
        self.model = database.unique("of") + "_{topic}"
        super().__init__(pipelines, database, ",".join(part.topic for part in parts), group, self.model,
                         sum(part.total for part in parts), batch_size=2000)
        for part in parts:
            part.table = self.model.replace("{topic}", part.topic.lower())

    def start(self, *options, **how):
        return super().start(*options, sink_options=["--allow-topics", self.topic], **how)

    def stored(self):
        return sum(part.stored() for part in self.parts)


@pytest.mark.parametrize("victims", [[SINK], [SOURCE], [SOURCE, SINK]], ids="+".join)
def test_a_table_for_each_topic(kafka, pipelines, database, group, rng, victims):
    parts = []
    for name, count in RECORDS.items():
        values = ((None, b'{"n":%d,"of":"%s"}' % (n, name.encode())) for n in range(count))
        topic = kafka.filled_topic(2, values, f"{group}_{name}")
        parts.append(PostgresLoad(pipelines, database, topic, group, None, count))
    load = TopicsLoad(pipelines, database, group, parts)
    with contextlib.ExitStack() as watchers:
        for part in parts:
            watchers.enter_context(Watcher(kafka, part))
        hits = sum(kill_in_the_middle(load, victims, rng) for _ in range(KILLS))
        finish(load)
    for name, part in zip(RECORDS, parts):
        found = database.rows(f'SELECT count(*), count(DISTINCT n), min(n), max(n), min("of"), max("of") FROM "{part.table}"')
        assert found == [(part.total, part.total, 0, part.total - 1, name, name)]
        ends = {p: end for p, end in kafka.ends(part.topic).items() if end > 0}
        assert part.stored_offsets() == ends == kafka.committed(group, part.topic)
    assert hits >= KILLS - 2, f"{hits} of {KILLS} kills hit the middle of the load"
