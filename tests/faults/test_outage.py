# SPDX-License-Identifier: Apache-2.0
"""The servers die under the pipeline and come back; the pipeline goes on by itself."""
import signal
import time

from environment import wait_until
from load import PostgresLoad
from pipeline import SINK, SOURCE
from watcher import Watcher

# Longer than the session (pipeline.SHORT_SESSION), by the pipeline's own clock.
FROZEN_SECONDS = 5


def test_postgres_killed_twice(kafka, pipelines, own_servers, all_topic, all_flights, group):
    database = own_servers.database()
    truth = database.load_truth("truth", all_flights)
    table = "flights"
    database.create_like(table, truth)
    pipelines.dsn = database.dsn
    load = PostgresLoad(pipelines, database, all_topic, group, table, all_flights.rows, batch_size=2000)
    pipeline = load.start("--once")
    for outage, share in enumerate((0.2, 0.6)):
        wait_until(lambda share=share: load.stored() >= share * load.total, 60, f"{share:.0%} stored\n{pipeline.said()}")
        own_servers.kill_postgres()
        wait_until(lambda n=outage: pipeline.said(SINK).count("Trying again for") > n, 60, "the sink's word on the outage")
        assert not pipeline.ended()
        own_servers.start_postgres()
        database.reconnect()
        reached = load.stored()
        print(f"killed at {reached} of {load.total}")
        assert 0 < reached < load.total
    assert pipeline.wait(120) == {SOURCE: 0, SINK: 0}, pipeline.said()
    assert pipeline.said(SINK).count("PostgreSQL: back after") == 2
    database.assert_exact(table, truth)
    assert load.stored_offsets() == kafka.ends(all_topic) == kafka.committed(group, all_topic)
    database.close()


def test_broker_killed(own_servers, pipelines, database, some_truth, some_flights, group, table):
    kafka = own_servers.kafka_hand()
    pairs = list(some_flights.pairs())
    topic = kafka.filled_topic(4, pairs[:len(pairs) // 2])
    database.create_like(table, some_truth)
    pipelines.bootstrap = kafka.bootstrap
    load = PostgresLoad(pipelines, database, topic, group, table, some_flights.rows, batch_size=500)
    pipeline = load.start()
    with Watcher(kafka, load):
        wait_until(lambda: load.stored() >= load.total // 8, 60, f"an eighth stored\n{pipeline.said()}")
        own_servers.kill_kafka()
        assert not pipeline.ended(), pipeline.said()
        assert own_servers.start_kafka() == kafka.bootstrap
        kafka.produce(topic, pairs[len(pairs) // 2:])
        wait_until(lambda: load.stored() >= load.total, 60, f"all stored\n{pipeline.said()}")
        ends = kafka.ends(topic)
        wait_until(lambda: kafka.committed(group, topic) == ends, 30, f"all committed\n{pipeline.said()}")
    pipeline.signal(15, SOURCE)
    assert pipeline.wait() == {SOURCE: 0, SINK: 0}, pipeline.said()
    database.assert_exact(table, some_truth)
    assert load.stored_offsets() == ends == kafka.committed(group, topic)


def test_broker_restarted_and_frozen(own_servers, pipelines, database, some_truth, some_flights, group, table):
    """A clean restart, then a broker that says nothing for longer than the session: nothing starts anew."""
    kafka = own_servers.kafka_hand()
    pairs = list(some_flights.pairs())
    third = len(pairs) // 3
    topic = kafka.filled_topic(4, pairs[:third])
    database.create_like(table, some_truth)
    pipelines.bootstrap = kafka.bootstrap
    load = PostgresLoad(pipelines, database, topic, group, table, some_flights.rows, batch_size=500)
    pipeline = load.start()
    with Watcher(kafka, load) as watcher:
        wait_until(lambda: load.stored() >= third // 4, 60, f"progress\n{pipeline.said()}")
        own_servers.stop_kafka()
        assert load.stored() <= third
        own_servers.start_kafka()
        kafka.produce(topic, pairs[third:2 * third])
        wait_until(lambda: load.stored() > third, 60, f"progress after the restart\n{pipeline.said()}")
        own_servers.signal_kafka(signal.SIGSTOP)
        time.sleep(FROZEN_SECONDS)
        at_thaw = load.stored()
        own_servers.signal_kafka(signal.SIGCONT)
        assert not pipeline.ended(), pipeline.said()
        kafka.produce(topic, pairs[2 * third:])
        wait_until(lambda: load.stored() >= load.total, 60, f"all stored\n{pipeline.said()}")
        ends = kafka.ends(topic)
        wait_until(lambda: kafka.committed(group, topic) == ends, 30, f"all committed\n{pipeline.said()}")
    pipeline.signal(signal.SIGTERM, SOURCE)
    assert pipeline.wait() == {SOURCE: 0, SINK: 0}, pipeline.said()
    print(f"{at_thaw} of {load.total} stored when the broker went on")
    assert third < at_thaw <= 2 * third
    database.assert_exact(table, some_truth)
    assert load.stored_offsets() == ends == kafka.committed(group, topic)
    watcher.assert_saw_enough()
