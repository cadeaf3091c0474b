# SPDX-License-Identifier: Apache-2.0
"""Offsets of another group or of another cluster count something else: no record is taken for a duplicate because of them."""
import pytest

from pipeline import SINK, SOURCE

REFUSED = {SOURCE: 75, SINK: 78}
DONE = {SOURCE: 0, SINK: 0}


@pytest.fixture(params=["table", "file"])
def into(request, pipelines, database, some_truth, table, tmp_path):
    """(topic, group, more of the sink's options) -> a pipeline of --once; and how many records are stored."""
    if request.param == "file":
        path = tmp_path / "out.ndjson"
        return (lambda topic, group, *more: pipelines.to_file(topic, group, path, "--once", sink_options=more),
                lambda: path.read_bytes().count(b"\n"))
    database.create_like(table, some_truth)
    return (lambda topic, group, *more: pipelines.to_postgres(topic, group, table, "--once", sink_options=more),
            lambda: database.count(table))


def test_two_groups(kafka, some_topic, some_flights, group, into):
    run, stored = into
    assert run(some_topic, group).wait() == DONE
    other = f"{group}_other"
    refused = run(some_topic, other)
    assert refused.wait() == REFUSED, refused.said()
    assert group in refused.said(SINK) and other in refused.said(SINK), refused.said()
    assert stored() == some_flights.rows and not kafka.committed(other, some_topic)
    again = run(some_topic, group)
    assert again.wait() == DONE, again.said()
    assert stored() == some_flights.rows


def test_two_clusters(kafka, own_servers, pipelines, some_topic, some_flights, group, into):
    """A topic of the same name there, and more records in it than are stored from here."""
    run, stored = into
    assert run(some_topic, group).wait() == DONE
    there = own_servers.kafka_hand()
    pairs = list(some_flights.pairs())
    there.filled_topic(4, pairs + pairs[:1000], name=some_topic)
    pipelines.bootstrap = there.bootstrap
    refused = run(some_topic, group)
    assert refused.wait() == REFUSED, refused.said()
    assert "cluster" in refused.said(SINK), refused.said()
    assert stored() == some_flights.rows and not there.committed(group, some_topic)


def test_two_groups_into_one_table(kafka, pipelines, database, some_topic, some_flights, some_truth, group, table):
    """On purpose: each under a name of its own."""
    database.create_like(table, some_truth)
    for _ in range(2):
        for name in ("one", "two"):
            run = pipelines.to_postgres(some_topic, f"{group}_{name}", table, "--once", sink_options=["--sink-id", name])
            assert run.wait() == DONE, run.said()
    assert database.count(table) == 2 * some_flights.rows
    for name in ("one", "two"):
        assert kafka.committed(f"{group}_{name}", some_topic) == kafka.ends(some_topic)
