# SPDX-License-Identifier: Apache-2.0
"""A run that ends by itself must not take a rebalance or a pause of the brokers for the end."""
import signal

from environment import wait_until
from pipeline import SHORT_SESSION
from test_acknowledgements import given_now, store

# Small fetches, so that each partition lasts for long.
OPTIONS = [*SHORT_SESSION, "--commit-interval", "10ms", "--once", "-X", "max.partition.fetch.bytes=65536"]


def finish(sinks):
    wait_until(lambda: store(*sinks) or all(sink.ended() for sink in sinks), 60, "\n".join(sink.said() for sink in sinks))
    for sink in sinks:
        store(sink)
        assert sink.wait() == 0, sink.said()


def test_partitions_taken_and_given_back(kafka, fake_sinks, all_topic, group):
    """Eager: for a moment the first run has no partition, and none of them was read to its end."""
    stored = {}
    options = ["-t", all_topic, "-g", group, *OPTIONS]
    first = fake_sinks.start("first", *options, stored=stored)
    wait_until(lambda: first.read(500) and len(first.next) == 4, 20, f"records of each partition\n{first.said()}")
    second = fake_sinks.start("second", *options, stored=stored)
    wait_until(lambda: store(first, second) or (given_now(second) and len(given_now(first)) < 4), 30,
               f"partitions for the second\n{first.said()}{second.said()}")
    assert given_now(first) and not given_now(first) & given_now(second)
    finish([first, second])
    ends = kafka.ends(all_topic)
    assert {partition: offset for (_, partition), (_, offset) in stored.items()} == ends == kafka.committed(group, all_topic)


def test_lost_and_found(kafka, fake_sinks, some_topic, group):
    """A run that slept beyond its session has lost its partitions, and gets them back."""
    sink = fake_sinks.start("sleeper", "-t", some_topic, "-g", group, *OPTIONS)
    wait_until(lambda: sink.read(500) and len(sink.next) == 4, 20, f"records of each partition\n{sink.said()}")
    sink.ack_all()
    sink.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: not kafka.member_clients(group), 20, "the end of its session")
    sink.process.send_signal(signal.SIGCONT)
    finish([sink])
    assert len(sink.assigns) >= 2
    assert kafka.committed(group, some_topic) == kafka.ends(some_topic)


def test_brokers_away_while_a_start_is_settled(own_servers, fake_sinks, some_flights, group):
    """The sink has answered, and then the brokers do not: asked again, as for any outage."""
    kafka = own_servers.kafka_hand()
    topic = kafka.filled_topic(4, list(some_flights.pairs())[:4000])
    fake_sinks.bootstrap = kafka.bootstrap
    sink = fake_sinks.start("sink", "-t", topic, "-g", group, *OPTIONS, "-X", "session.timeout.ms=30000", "--timeout", "1s", answers=False)
    wait_until(lambda: sink.assigns, 20, f"the question\n{sink.said()}")
    own_servers.signal_kafka(signal.SIGSTOP)
    sink.answer()
    wait_until(lambda: "(retrying)" in sink.said() or sink.ended(), 20, f"a word on the outage\n{sink.said()}")
    own_servers.signal_kafka(signal.SIGCONT)
    finish([sink])
    assert kafka.committed(group, topic) == kafka.ends(topic)
