# SPDX-License-Identifier: Apache-2.0
"""The oracle in PostgreSQL: what ought to be stored, loaded without kpipe, and what is."""
import itertools
import secrets

import psycopg2
import psycopg2.errors

COLUMNS = """year bigint, month bigint, day bigint, dep_time bigint, sched_dep_time bigint, dep_delay bigint,
    arr_time bigint, sched_arr_time bigint, arr_delay bigint, carrier text, flight bigint, tailnum text, origin text,
    dest text, air_time bigint, distance bigint, hour bigint, minute bigint, time_hour timestamptz"""


class Lines:
    """What copy_expert reads: an iterator of byte lines."""

    def __init__(self, lines):
        self.lines = iter(lines)

    def read(self, _size):
        return b"".join(itertools.islice(self.lines, 1000))


class Database:
    def __init__(self, dsn):
        self.dsn = dsn
        self.connection = self.connect()

    @classmethod
    def create(cls, environment):
        """A new database on the cluster that PGHOST, PGPORT and PGUSER name."""
        server = f"host={environment['PGHOST']} port={environment['PGPORT']} user={environment['PGUSER']}"
        name = "faults_" + secrets.token_hex(6)
        connection = psycopg2.connect(server + " dbname=postgres")
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {name}")
        connection.close()
        return cls(f"{server} dbname={name}")

    def connect(self):
        connection = psycopg2.connect(self.dsn)
        connection.autocommit = True
        return connection

    def reconnect(self):
        self.connection.close()
        self.connection = self.connect()

    def close(self):
        self.connection.close()

    @staticmethod
    def unique(name):
        return f"{name}_{secrets.token_hex(4)}"

    def rows(self, sql, *values):
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def load_truth(self, name, flights, columns=COLUMNS):
        """A table of the flights' (or other records') rows, made by PostgreSQL from their JSON."""
        self.rows("CREATE TABLE IF NOT EXISTS truth_lines (line jsonb)")
        self.rows("TRUNCATE truth_lines")
        with self.connection.cursor() as cursor:
            # CSV with signs that JSON text cannot hold: each line arrives as it is.
            cursor.copy_expert(r"COPY truth_lines FROM STDIN (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')",
                               Lines(value + b"\n" for _, value in flights.pairs()))
        self.rows(f"CREATE TABLE {name} ({columns})")
        self.rows(f"INSERT INTO {name} SELECT f.* FROM truth_lines, jsonb_populate_record(NULL::{name}, line) f")
        self.rows("DROP TABLE truth_lines")
        assert self.count(name) == flights.rows
        return name

    def create_like(self, table, truth):
        self.rows(f"CREATE TABLE {table} (LIKE {truth})")

    def count(self, table):
        return self.rows(f"SELECT count(*) FROM {table}")[0][0]

    def stored(self, table, topic, connection=None):
        """{partition: next offset} as the sink of the table has stored it; empty before its first batch."""
        return {p: offset for p, offset, _ in self.offsets(table, topic, connection)}

    def offsets(self, table, topic, connection=None):
        """(partition, next offset, generation)..."""
        try:
            with (connection or self.connection).cursor() as cursor:
                cursor.execute("SELECT partition, next_offset, generation FROM kpipe_offsets WHERE sink = %s AND topic = %s"
                               " ORDER BY partition", (f"public.{table}", topic))
                return cursor.fetchall()
        except psycopg2.errors.UndefinedTable:
            return []

    def rows_and_offsets(self, table, topic, connection):
        """Number of rows and the sum of the stored offsets, seen in one snapshot."""
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT (SELECT count(*) FROM {table}), (SELECT COALESCE(sum(next_offset), 0)"
                               " FROM kpipe_offsets WHERE sink = %s AND topic = %s)", (f"public.{table}", topic))
                return cursor.fetchone()
        except psycopg2.errors.UndefinedTable:
            return 0, 0

    def assert_exact(self, table, truth):
        """The table holds the rows of the truth, each as often as there: nothing lost, doubled or changed."""
        for one, other, what in ((truth, table, "lost"), (table, truth, "doubled or foreign")):
            columns = ", ".join(name for name, in self.rows(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum", truth))
            found = self.rows(f"SELECT {columns} FROM {one} EXCEPT ALL SELECT {columns} FROM {other}")
            assert not found, f"{table}: {len(found)} rows {what}, such as {found[0]}"
