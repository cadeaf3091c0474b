# SPDX-License-Identifier: Apache-2.0
"""--strategy replace: whatever is killed or cut, readers see all old rows or all new ones, and the next run makes it right."""
import os
import re
import signal
import subprocess
import threading
import time

import psycopg2
import pytest

import pg_cluster
from environment import BIN, times, wait_until
from pg_gate import Gate
from pg_proxy import CUTS, CommitProxy, socket_of
from pipeline import SINK, SOURCE
from servers import OwnServers

KILLS = times(6)
HELD = 3  # swaps that are kept waiting for the kill
OLD = 12_345  # rows that no flight has
SWAP = "query LIKE 'WITH gone AS (DELETE%%added AS%%' AND state = 'active'"


class Replacements:
    """kconsume --once | ksink-pg --strategy replace, over and over."""

    def __init__(self, pipelines, database, topic, table, truth, total):
        self.pipelines, self.database, self.topic, self.table, self.truth, self.total = \
            pipelines, database, topic, table, truth, total
        self.left_behind = None
        database.create_like(table, truth)
        self.restore_old_rows()

    def restore_old_rows(self):
        self.database.rows(f"DELETE FROM {self.table}; INSERT INTO {self.table} (year) SELECT 1 FROM generate_series(1, {OLD})")

    def aside_oid(self):
        return self.database.rows("SELECT to_regclass(%s)::oid", f"{self.table}_kpipe_new")[0][0]

    def start(self, batch_size=2000, dsn=None):
        self.left_behind = self.aside_oid()
        return self.pipelines.start(
            ["-t", self.topic, "--once"],
            [BIN / "ksink-pg", "--dsn", dsn or self.database.dsn, "--table", self.table, "--strategy", "replace",
             "--batch-size", str(batch_size)])

    def aside(self):
        """Rows that the run under way has stored; what one before it has left does not count."""
        if self.aside_oid() in (None, self.left_behind):
            return 0
        found = self.database.rows("SELECT COALESCE(sum(next_offset), 0) FROM kpipe_offsets WHERE sink = %s",
                                   f"public.{self.table} (replace)")
        return found[0][0]

    def swapping(self):
        return self.database.rows(f"SELECT count(*) FROM pg_stat_activity WHERE {SWAP}")[0][0] > 0

    def waiting_for_the_table(self):
        return self.database.rows("SELECT count(*) FROM pg_locks WHERE relation = %s::regclass AND NOT granted", self.table)[0][0] > 0

    def finish(self, kafka):
        pipeline = self.start(50_000)
        assert pipeline.wait(120) == {SOURCE: 0, SINK: 0}, pipeline.said()
        self.assert_replaced(kafka)

    def assert_replaced(self, kafka):
        self.database.assert_exact(self.table, self.truth)
        stored = self.database.rows("SELECT sink, topic, partition, next_offset FROM kpipe_offsets WHERE sink LIKE %s",
                                    f"public.{self.table}%")
        assert sorted(stored) == [(f"public.{self.table}", self.topic, p, end) for p, end in sorted(kafka.ends(self.topic).items())]
        assert self.database.rows("SELECT to_regclass(%s)", f"{self.table}_kpipe_new") == [(None,)]


class Reader:
    """Looks at the table all the time: the old rows or the new ones, all of them."""

    def __init__(self, load):
        self.load = load
        self.samples = 0
        self.seen = set()
        self.failure = None
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        print(f"read {self.samples} times")
        if self.failure:
            raise self.failure

    def run(self):
        connection = None
        try:
            while not self.stop.wait(0.01):
                try:
                    connection = connection or self.load.database.connect()
                    with connection.cursor() as cursor:
                        cursor.execute(f"SELECT count(*), min(year), max(year) FROM {self.load.table}")
                        row = cursor.fetchone()
                except (psycopg2.OperationalError, psycopg2.InterfaceError):
                    connection = None  # the server is away, on purpose
                    continue
                assert row in ((OLD, 1, 1), (self.load.total, 2013, 2013)), row
                self.samples += 1
                self.seen.add(row)
        except Exception as failure:  # pylint: disable=broad-except  # told by __exit__, in the test's thread
            self.failure = failure

    def assert_saw_both(self):
        assert self.samples >= 20 and len(self.seen) == 2, f"{self.samples} samples, {self.seen}"


@pytest.fixture
def load(pipelines, database, some_topic, some_flights, some_truth, table):
    return Replacements(pipelines, database, some_topic, table, some_truth, some_flights.rows)


def check_survivor(pipeline):
    """Who was not killed has noticed; a sink whose kconsume had said goodbye may have ended well."""
    status = pipeline.wait()
    for role, number in status.items():
        if role not in pipeline.killed:
            assert number in (0, 75), (status, pipeline.said())
    if SINK not in pipeline.killed and status[SINK] == 75:
        assert "keeps its old rows" in pipeline.said(SINK) or "without a line end" in pipeline.said(SINK)


@pytest.mark.parametrize("victims", [[SINK], [SOURCE], [SOURCE, SINK]], ids="+".join)
def test_kills_while_it_is_filled(kafka, load, rng, victims):
    """A gate holds the sink in a transaction, so that no machine is too fast for the kill; half of them come just behind it."""
    load.finish(kafka)  # makes the offset table, too
    load.restore_old_rows()
    with Reader(load) as reader, Gate(load.database, f"public.{load.table} (replace)") as gate:
        for n in range(KILLS):
            wanted = rng.randint(1, load.total // 2)
            gate.close(wanted)
            pipeline = load.start()
            wait_until(lambda p=pipeline: p.ended() or gate.holds(), 60, f"{wanted} aside\n{pipeline.said()}")
            assert not pipeline.ended(), pipeline.said()
            if n % 2:
                gate.open()
                time.sleep(rng.uniform(0, 0.003))
            assert not pipeline.ended(), "the run was over before the kill"
            pipeline.kill(*victims)
            gate.open()
            check_survivor(pipeline)
        assert reader.seen == {(OLD, 1, 1)}, "a run that was broken off was seen"
        load.finish(kafka)
        time.sleep(0.1)
    reader.assert_saw_both()


def test_kills_around_the_swap(kafka, load, rng):
    """The sink dies before, in and behind the statement that moves the rows, and around COMMIT."""
    before = after = 0
    with Reader(load) as reader:
        for n in range(times(12)):
            load.restore_old_rows()
            started = time.monotonic()
            keeper = load.database.connect()
            keeper.autocommit = False
            if n < HELD:
                keeper.cursor().execute(f"LOCK TABLE {load.table} IN SHARE MODE")  # readers may, the swap waits
            pipeline = load.start(20_000)
            at_the_swap = load.waiting_for_the_table if n < HELD else load.swapping
            wait_until(lambda p=pipeline, w=at_the_swap: p.ended() or w(), 60, f"the swap\n{pipeline.said()}", every=0.001)
            assert not pipeline.ended(), pipeline.said()
            # The move takes up to a tenth of a second or two: up to its end, a little more each time.
            time.sleep(rng.uniform(0, 0.02) * n)
            pipeline.kill(SINK)
            pipeline.wait()
            keeper.close()
            wait_until(lambda: not load.swapping(), 30, "the end of the dead sink's statement")
            wait_until(lambda: load.database.rows("SELECT count(*) FROM pg_locks WHERE relation = %s::regclass AND mode <> 'AccessShareLock'",
                                                  load.table)[0][0] == 0, 30, "no lock of the dead sink's")
            replaced = load.database.count(load.table) == load.total
            before, after = before + (not replaced), after + replaced
            print(f"killed after {time.monotonic() - started:.2f} s: {'new' if replaced else 'old'} rows")
        load.finish(kafka)
        time.sleep(0.1)
    reader.assert_saw_both()
    assert before >= HELD
    assert before + after == times(12)


@pytest.mark.parametrize("kind", CUTS)
def test_connection_cut_around_the_commit_of_the_swap(kafka, load, rng, kind):
    """Nobody knows then whether the rows are replaced; they are at the end, once."""
    cuts = times(2)
    with CommitProxy(socket_of(), [(0, kind)] * cuts, rng, only=b"DROP TABLE") as proxy:
        dsn = re.sub(r"host=\S+ port=\S+", f"host=127.0.0.1 port={proxy.port}", load.database.dsn)
        with Reader(load) as reader:
            pipeline = load.start(20_000, dsn)
            assert pipeline.wait(120) == {SOURCE: 0, SINK: 0}, pipeline.said()
            load.assert_replaced(kafka)
            time.sleep(0.1)
    assert proxy.fired[kind] >= 1 and sum(proxy.fired.values()) == proxy.fired[kind]
    assert pipeline.said(SINK).count("PostgreSQL: back after") >= 1
    reader.assert_saw_both()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with OwnServers(tmp_path_factory.mktemp("cluster") / "servers") as servers:
        yield servers


def test_crashes_of_postgresql(kafka, cluster, pipelines, some_topic, some_flights, table, rng):
    """While the table is filled, and while the rows are moved: the sink goes on by itself."""
    database = cluster.database()
    truth = database.load_truth("truth", some_flights)
    load = Replacements(pipelines, database, some_topic, table, truth, some_flights.rows)
    with Reader(load) as reader:
        pipeline = load.start(1000)
        for done, moment in enumerate(["filling", "filling", "swap"]):
            wait_until(lambda p=pipeline, d=done: p.said(SINK).count("PostgreSQL: back after") == d, 60, "the sink back at work")
            wanted = rng.randint(load.total // 8, load.total // 2)
            what = (lambda w=wanted: load.aside() >= w) if moment == "filling" else load.swapping
            wait_until(lambda p=pipeline, w=what: p.ended() or w(), 60, f"{moment}\n{pipeline.said()}", every=0.002)
            assert not pipeline.ended()
            stored = load.aside()
            pg_cluster.crash(cluster)
            cluster.start_postgres()
            database.reconnect()
            print(f"crashed in the {moment} at {stored}; then {load.aside()}")
            assert database.count(table) == OLD and load.aside() >= stored
        assert pipeline.wait(120) == {SOURCE: 0, SINK: 0}, pipeline.said()
        assert pipeline.said(SINK).count("PostgreSQL: back after") >= 3
        load.assert_replaced(kafka)
        time.sleep(0.2)
    reader.assert_saw_both()
    database.close()


@pytest.fixture
def shell(kafka, load):
    """Runs a pipeline of the user's own in bash; returns its status and what it said."""
    def run(command):
        environment = dict(os.environ, PATH=f"{BIN}:{os.environ['PATH']}", KPIPE_BOOTSTRAP_SERVERS=kafka.bootstrap, T=load.topic,
                           SINK=f"ksink-pg --dsn '{load.database.dsn}' --table {load.table} --strategy replace")
        done = subprocess.run(["bash", "-c", command], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        return done.returncode, done.stdout
    return run


def rows_of(load):
    return load.database.rows(f"SELECT count(*), min(year), max(year) FROM {load.table}")[0]


def test_runs_that_are_not_whole(load, shell):
    """Stopped, for a group, endless, or behind a filter that loses records: all end, and the old rows stay."""
    for command, status, words in [
            ('kconsume -t "$T" --once -g "$T" | eval "$SINK"', 78, "Leave out its -g"),
            ('kconsume -t "$T" | eval "$SINK"', 78, "Give it --once"),
            ('kconsume -t "$T" --once | head -n 1000 | eval "$SINK"', 75, "ended without kconsume's goodbye"),
            ('kconsume -t "$T" --once | jq -c "select(.offset < 9000)" | eval "$SINK"', 75, "a filter died, or drops records"),
            ('kconsume -t "$T" --once --marks | { head -n 55000; cat >/dev/null; } | eval "$SINK"', 75, "ended without kconsume's goodbye"),
            ('kconsume -t "$T" --once >f; cat f | eval "$SINK"', 75, "--replace-at-eof")]:
        found, said = shell(f'cd "$(mktemp -d)"; {command}')
        assert found == status and words in said, (command, found, said)
        assert rows_of(load) == (OLD, 1, 1)


def test_stopped_in_the_middle(load):
    """SIGTERM and Ctrl-C end kconsume well, with a goodbye; it is not that of a whole run."""
    for number, group in [(signal.SIGTERM, False), (signal.SIGINT, True)]:
        pipeline = load.start(500)
        wait_until(lambda p=pipeline: p.ended() or load.aside() > 0, 60, f"some aside\n{pipeline.said()}")
        pipeline.freeze(SINK)  # or it might be at the end before the signal is
        if group:
            pipeline.signal_group(number)
        else:
            pipeline.signal(number, SOURCE)
        pipeline.signal(signal.SIGCONT, SINK)
        assert pipeline.wait()[SINK] == 75, pipeline.said()
        assert "kconsume did not reach the end of its run" in pipeline.said(SINK)
        assert rows_of(load) == (OLD, 1, 1)


def test_whole_runs_of_other_shapes(kafka, load, shell):
    """A filter with marks, one that drops nothing, a sink that comes when all is written, --count."""
    total = load.total
    for command, rows in [
            ("""kconsume -t "$T" --once --marks | jq -c 'if .mark then . else select(.offset < 1000) end' | eval "$SINK" """, 4000),
            ('kconsume -t "$T" --once | cat | eval "$SINK"', total),
            ('kconsume -t "$T" --count 7 | { sleep 1; eval "$SINK"; }', 7),
            ('kconsume -t "$T" --once | { sleep 1; eval "$SINK"; }', total)]:
        status, said = shell(command)
        assert status == 0, (command, said)
        assert rows_of(load) == (rows, 2013, 2013), (command, said)
    load.assert_replaced(kafka)
