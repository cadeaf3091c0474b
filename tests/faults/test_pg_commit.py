# SPDX-License-Identifier: Apache-2.0
"""The connection to PostgreSQL is lost around COMMIT: nobody knows then whether the batch is stored, and it must be once."""
import re

from environment import times
from load import PostgresLoad
from pipeline import SINK, SOURCE
from pg_proxy import CUTS, LATE, CommitProxy, socket_of
from watcher import Watcher

CUTS_OF_A_KIND = times(8)


def test_connection_cut_around_commit(kafka, pipelines, database, some_topic, some_flights, some_truth, table, group, rng):
    """Before the message with COMMIT, inside it, behind it, while it is still on its way, inside the server's reply."""
    database.create_like(table, some_truth)
    kinds = [kind for kind in CUTS for _ in range(CUTS_OF_A_KIND)]
    rng.shuffle(kinds)
    plan = [(rng.randint(0, 2), kind) for kind in kinds]
    with CommitProxy(socket_of(), plan, rng) as proxy:
        pipelines.dsn = re.sub(r"host=\S+ port=\S+", f"host=127.0.0.1 port={proxy.port}", database.dsn)
        load = PostgresLoad(pipelines, database, some_topic, group, table, some_flights.rows, batch_size=400)
        with Watcher(kafka, load) as watcher:
            pipeline = load.start("--once")
            assert pipeline.wait(120) == {SOURCE: 0, SINK: 0}, pipeline.said()
    assert proxy.fired == dict.fromkeys(CUTS, CUTS_OF_A_KIND)
    assert len(proxy.late_answers) == proxy.fired[LATE]
    # A COMMIT that came too late found the batch stored, one that came in time was found by the sink: both happened.
    assert set(proxy.late_answers) == {"COMMIT", "refused"}
    assert pipeline.said(SINK).count("PostgreSQL: back after") >= len(kinds) // 2
    database.assert_exact(table, some_truth)
    assert load.stored_offsets() == kafka.ends(some_topic) == kafka.committed(group, some_topic)
    watcher.assert_saw_enough()
