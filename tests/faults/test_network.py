# SPDX-License-Identifier: Apache-2.0
"""The network between kconsume and the broker is slow, cut, and dead for a while."""
import time

from environment import times, wait_until
from load import PostgresLoad
from pipeline import SINK, SOURCE
from proxy import Proxy
from test_group import Producing
from watcher import Watcher

LATENCY = 0.3
RATE = 64 << 10
BLACK_HOLE_SECONDS = 5
SECONDS = 1.5
RESETS = times(6)


def late(proxy):
    proxy.latency = LATENCY
    time.sleep(SECONDS)


def cut(proxy):
    end = time.monotonic() + 30
    while proxy.happened["connections reset"] < RESETS and time.monotonic() < end:
        proxy.reset(0.5)
        time.sleep(0.3)


def narrow(proxy):
    proxy.rate = RATE
    time.sleep(SECONDS)


def in_bytes(proxy):
    proxy.slice = 1
    time.sleep(SECONDS)


def dead(proxy):
    proxy.black_hole = True
    time.sleep(BLACK_HOLE_SECONDS)


def test_bad_network(own_servers, pipelines, database, some_flights, some_truth, table, group, rng):
    faults = rng.sample([late, cut, narrow, in_bytes, dead], 5)
    with Proxy(rng.random()) as proxy:
        kafka = own_servers.kafka_behind(proxy)
        topic = kafka.new_topic(4)
        database.create_like(table, some_truth)
        pipelines.bootstrap = f"127.0.0.1:{proxy.port}"
        load = PostgresLoad(pipelines, database, topic, group, table, some_flights.rows, batch_size=500)
        producing = Producing(kafka, topic, some_flights.pairs(), 0.2)
        producing.start()
        pipeline = load.start()
        with Watcher(kafka, load) as watcher:
            for fault in faults:
                before = load.stored()
                wait_until(lambda before=before: load.stored() > before, 30, f"progress\n{pipeline.said()}")
                before = load.stored()
                fault(proxy)
                proxy.calm()
                print(f"{fault.__name__}: {before} to {load.stored()} of {load.total} stored")
                assert not pipeline.ended(), pipeline.said()
            producing.finish()
            ends = kafka.ends(topic)
            wait_until(lambda: load.stored_offsets() == ends, 60, f"all of {ends} stored\n{pipeline.said()}")
            wait_until(lambda: kafka.committed(group, topic) == ends, 30, f"all committed\n{pipeline.said()}")
        pipeline.signal(15, SOURCE)
        assert pipeline.wait() == {SOURCE: 0, SINK: 0}, pipeline.said()
        print(dict(proxy.happened))
    database.assert_exact(table, some_truth)
    assert load.stored_offsets() == ends == kafka.committed(group, topic)
    assert min(proxy.happened[what] for what in ("chunks delayed", "connections reset", "chunks in the black hole")) >= RESETS
    assert min(proxy.happened[what] for what in ("bytes throttled", "bytes sent alone")) >= 4096
    watcher.assert_saw_enough()
