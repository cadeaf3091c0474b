# SPDX-License-Identifier: Apache-2.0
"""Stored offsets that are printed, set and forgotten by hand, and what Kafka's group and the next start make of it."""
import os
import re
import subprocess

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

from environment import BIN, wait_until
from load import PostgresLoad, finish
from pipeline import SINK, SOURCE


@pytest.fixture
def loaded(kafka, pipelines, database, some_flights, some_truth, group, table):
    """4000 records, stored and committed."""
    topic = kafka.filled_topic(4, list(some_flights.pairs())[:4000])
    database.create_like(table, some_truth)
    load = PostgresLoad(pipelines, database, topic, group, table, 4000)
    finish(load)
    assert load.stored_offsets() == kafka.ends(topic) == kafka.committed(group, topic)
    return load


@pytest.fixture
def shell(kafka, loaded):
    """Runs a line as a user types it; all commands of a pipe must succeed. Returns stdout and stderr together."""
    environment = dict(os.environ, KPIPE_BOOTSTRAP_SERVERS=kafka.bootstrap, PATH=f"{BIN}:{os.environ['PATH']}", T=loaded.topic,
                       G=loaded.group)
    sink = f"ksink-pg --dsn '{loaded.database.dsn}' --table {loaded.table}"

    def run(line):
        line = re.sub(r"\bsink\b(?= --)", sink, line)
        done = subprocess.run(["bash", "-o", "pipefail", "-c", line], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, env=environment, check=False, text=True, timeout=60)
        assert done.returncode == 0, f"{line}: {done.returncode}\n{done.stdout}"
        return done.stdout
    return run


def stopped(load, *words):
    """The next start ends by itself: kconsume with 65 and the words, and not a row is stored."""
    rows = load.database.count(load.table)
    pipeline = load.start("--once")
    assert pipeline.wait()[SOURCE] == 65, pipeline.said()
    assert all(word in pipeline.said(SOURCE) for word in words), pipeline.said()
    assert load.database.count(load.table) == rows


def goes_on(load):
    """The next start reads to the end; what kconsume said."""
    pipeline = load.start("--once")
    assert pipeline.wait() == {SOURCE: 0, SINK: 0}, pipeline.said()
    return pipeline.said(SOURCE)


def generations(load):
    return {generation for _, _, generation in load.database.offsets(load.table, load.topic)}


def test_the_group_is_brought_to_where_the_sink_stands(kafka, loaded, shell, some_flights):
    ends = kafka.ends(loaded.topic)
    foreign = ConsumerGroupTopicPartitions(loaded.group, [TopicPartition(loaded.topic, p, 17) for p in ends])
    kafka.admin.alter_consumer_group_offsets([foreign])[loaded.group].result(20)
    kafka.produce(loaded.topic, list(some_flights.pairs())[4000:5000])
    stopped(loaded, "another tool moved the group's offsets")
    shell('sink --print-offsets | kseek -g "$G" --from-file - --execute')
    assert kafka.committed(loaded.group, loaded.topic) == ends == loaded.stored_offsets()
    goes_on(loaded)
    assert loaded.database.count(loaded.table) == 5000
    assert loaded.stored_offsets() == kafka.ends(loaded.topic) == kafka.committed(loaded.group, loaded.topic)


def test_group_and_sink_are_moved_together(kafka, loaded, shell):
    said = shell('kseek -g "$G" -t "$T" --to -10 --execute --output ndjson | sink --set-offsets')
    back = {p: end - 10 for p, end in kafka.ends(loaded.topic).items()}
    for p, offset in back.items():
        assert f"ksink-pg: {loaded.topic}[{p}]: {offset + 10} -> {offset} (generation 1)" in said, said
    assert loaded.stored_offsets() == back == kafka.committed(loaded.group, loaded.topic)
    assert "warning" not in goes_on(loaded)
    assert loaded.database.count(loaded.table) == 4040
    assert generations(loaded) == {1}


def test_a_dry_run_that_moved_the_sink_waits_for_the_group(kafka, loaded, shell):
    shell('kseek -g "$G" -t "$T" --to -10 --output ndjson | sink --set-offsets')
    assert kafka.committed(loaded.group, loaded.topic) == kafka.ends(loaded.topic)
    stopped(loaded, "the group's generation 0 is older than the sink's 1", "kseek", "--on-mismatch sink")
    shell('kseek -g "$G" -t "$T" --to -10 --execute')
    goes_on(loaded)
    assert loaded.database.count(loaded.table) == 4040


def test_without_a_generation_the_group_follows_the_sink(kafka, loaded, shell):
    shell('kseek -g "$G" -t "$T" --to -10 --output ndjson | jq -c "del(.gen)" | sink --set-offsets')
    said = goes_on(loaded)
    assert re.search(r"warning: .*the sink holds less than was committed .*\(and 3 more partitions: -v\)", said), said
    assert loaded.database.count(loaded.table) == 4040
    assert generations(loaded) == {0}
    assert loaded.stored_offsets() == kafka.ends(loaded.topic) == kafka.committed(loaded.group, loaded.topic)


def test_lost_offsets_are_restored(kafka, loaded, shell, tmp_path):
    shell(f"sink --print-offsets > {tmp_path}/saved")
    shell("sink --forget")
    assert loaded.stored_offsets() == {}
    stopped(loaded, "the sink knows nothing of it")
    shell(f"sink --set-offsets < {tmp_path}/saved")
    goes_on(loaded)
    assert loaded.database.count(loaded.table) == 4000
    assert loaded.stored_offsets() == kafka.ends(loaded.topic)


def test_a_running_pipeline_stores_nothing_on_top(kafka, loaded, shell, some_flights):
    """Forgotten below its feet: it stops, and so does the next start, until kseek says what is wanted."""
    pipeline = loaded.start()
    kafka.produce(loaded.topic, list(some_flights.pairs())[4000:4400])
    wait_until(lambda: loaded.stored() == 4400, 30, "its records")
    shell("sink --forget")
    kafka.produce(loaded.topic, list(some_flights.pairs())[4400:4800])
    status = pipeline.wait()
    assert status == {SOURCE: 75, SINK: 75}, pipeline.said()
    assert re.search(r"the stored offset went back from \d+ to none", pipeline.said(SINK)), pipeline.said()
    assert loaded.database.count(loaded.table) == 4400
    stopped(loaded, "the sink knows nothing of it", "--to earliest")
    loaded.database.rows(f"TRUNCATE {loaded.table}")
    shell('kseek -g "$G" -t "$T" --to earliest --execute')
    goes_on(loaded)
    assert loaded.database.count(loaded.table) == 4800


def test_a_topic_without_a_group_fills_the_table_anew(kafka, loaded, shell):
    database = loaded.database
    once = 'kconsume -t "$T" --once | sink --sink-id other'
    shell(once)
    assert database.count(loaded.table) == 8000
    database.rows(f"TRUNCATE {loaded.table}")
    shell(once)
    assert database.count(loaded.table) == 0
    assert "forgot the offsets of 4 partitions" in shell("sink --sink-id other --forget")
    shell(once)
    assert database.count(loaded.table) == 4000
    assert loaded.stored_offsets() == kafka.ends(loaded.topic)
