# SPDX-License-Identifier: Apache-2.0
"""Everything at once: three instances are stopped, killed and frozen, the broker and PostgreSQL crash, the network between
misbehaves, and the topic gets more partitions, while records come in."""
import collections
import itertools
import time

from environment import times, wait_until
from load import LoadAcrossOutages
from pg_cluster import crash
from proxy import Proxy
from test_chaos import INSTANCES, PROTOCOLS, Instance, deck
from test_group import Producing
from watcher import Watcher

SECONDS = times(20)
LIMIT_SECONDS = SECONDS + 100
PARTITIONS = 4
ADDED = 6


class RobustLoad(LoadAcrossOutages):
    """Its watcher outlives crashes of the database, and does not wait for their end."""

    def probe(self):
        attempt = self.attempts()
        return lambda: (attempt() or [None])[0]


class Chaos:
    """All that can be done to the servers. Each fault heals before the next of its kind."""

    def __init__(self, servers, kafka, proxy, database, topic, rng):
        self.servers, self.kafka, self.proxy, self.database, self.topic, self.rng = servers, kafka, proxy, database, topic, rng
        self.heal_at = 0
        self.partitions_added = False

    def kill_broker(self):
        self.servers.kill_kafka()
        time.sleep(self.rng.uniform(0.1, 1))
        assert self.servers.start_kafka(KAFKA_PROXY_PORT=str(self.proxy.port))

    def crash_postgres(self):
        crash(self.servers)
        time.sleep(self.rng.uniform(0.1, 1))
        self.servers.start_postgres()

    def reset_connections(self):
        self.proxy.reset(0.7)

    def slow_network(self):
        self.proxy.latency, self.heal_at = 0.2, time.monotonic() + 1.5

    def add_partitions(self):
        if not self.partitions_added:
            self.kafka.add_partitions(self.topic, PARTITIONS + ADDED)
        self.partitions_added = True

    def heal(self):
        if self.heal_at and time.monotonic() > self.heal_at:
            self.proxy.calm()
            self.heal_at = 0

    def faults(self):
        return [self.kill_broker, self.crash_postgres, self.reset_connections, self.slow_network, self.add_partitions]


def test_soak(own_servers, pipelines, some_flights, group, rng):
    database = own_servers.database()
    truth = database.load_truth("truth", some_flights)
    table = "flights"
    database.create_like(table, truth)
    database.rows(f"ALTER TABLE {table} ADD writer text DEFAULT current_setting('application_name')")
    happened = collections.Counter()
    with Proxy(rng.random()) as proxy:
        kafka = own_servers.kafka_behind(proxy)
        topic = kafka.new_topic(PARTITIONS)
        pipelines.bootstrap, pipelines.dsn = f"127.0.0.1:{proxy.port}", database.dsn
        load = RobustLoad(pipelines, database, topic, group, table, some_flights.rows, batch_size=300)
        chaos = Chaos(own_servers, kafka, proxy, database, topic, rng)
        session = [*PROTOCOLS["cooperative"], "-X", "topic.metadata.refresh.interval.ms=500"]
        on_instances = deck(rng)
        instances = [Instance(load, f"instance{n}", session, rng, on_instances) for n in range(INSTANCES)]
        on_servers = itertools.chain.from_iterable(rng.sample(chaos.faults(), 5) for _ in itertools.count())
        producing = Producing(kafka, topic, some_flights.pairs(), 1.2 * SECONDS / (some_flights.rows / 500))

        def enough():
            return all(happened[fault.__name__] for fault in chaos.faults()) and all(happened[f] for f in ("stop", "kill", "freeze"))
        with Watcher(kafka, load) as watcher:
            producing.start()
            try:
                begin = time.monotonic()
                while time.monotonic() < begin + SECONDS or not enough():
                    assert time.monotonic() < begin + LIMIT_SECONDS, happened
                    chaos.heal()
                    if rng.random() < 0.25:
                        fault = next(on_servers)
                        fault()
                        happened[fault.__name__] += 1
                    else:
                        happened[rng.choice(instances).act() or "wait"] += 1
                    time.sleep(rng.uniform(0.2, 0.6))
            finally:
                proxy.calm()
                producing.finish()
            database.reconnect()
            reached = load.stored()
            ends = kafka.ends(topic)

            def settled():
                for instance in instances:
                    instance.settle()
                return load.stored_offsets() == ends and kafka.committed(group, topic) == ends
            wait_until(settled, 90, f"all of {ends} stored and committed", every=0.5)
        for instance in instances:
            instance.stop()
        for instance in instances:
            for _, pipeline in instance.done:
                pipeline.wait()
        print(f"{dict(happened)}; {proxy.happened['connections reset']} connections reset; {reached} of {load.total} stored when it "
              f"ended; {len(ends)} partitions")
        database.assert_exact(table, truth)
        assert load.stored_offsets() == ends == kafka.committed(group, topic)
        assert len(ends) == PARTITIONS + ADDED
        watcher.assert_saw_enough()
    database.close()
