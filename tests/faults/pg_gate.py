# SPDX-License-Identifier: Apache-2.0
"""Stops a sink inside PostgreSQL, in the transaction that reaches a wanted number of records."""
from environment import wait_until


class Gate:
    """A trigger on kpipe_offsets, which must exist, waits there for an advisory lock that the closed gate holds."""

    def __init__(self, database, sink):
        self.database, self.sink = database, sink
        self.keeper = database.connect()
        self.key = database.rows("SELECT hashtext(%s)", sink)[0][0]
        self.name = database.unique("gate")

    def __enter__(self):
        self.database.rows(f"CREATE TABLE {self.name} (wanted bigint)")
        self.database.rows(f"""
            CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF (SELECT sum(next_offset) FROM kpipe_offsets WHERE sink = NEW.sink) >= (SELECT wanted FROM {self.name}) THEN
                    PERFORM pg_advisory_xact_lock_shared({self.key});
                END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER {self.name} AFTER INSERT OR UPDATE ON kpipe_offsets FOR EACH ROW
                WHEN (NEW.sink = '{self.sink}') EXECUTE FUNCTION {self.name}()""")
        return self

    def __exit__(self, *_):
        self.keeper.close()
        self.database.rows(f"DROP TRIGGER {self.name} ON kpipe_offsets; DROP FUNCTION {self.name}(); DROP TABLE {self.name}")

    def ask(self, sql):
        with self.keeper.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    def close(self, wanted):
        self.database.rows(f"TRUNCATE {self.name}; INSERT INTO {self.name} VALUES ({wanted})")
        # A dead sink's transaction may still hold its share of the lock.
        wait_until(lambda: self.ask(f"SELECT pg_try_advisory_lock({self.key})"), 30, "the gate closed")

    def holds(self):
        return self.ask(f"""SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND objid::bigint = {self.key}::bigint & 4294967295""") > 0

    def open(self):
        self.ask("SELECT pg_advisory_unlock_all()")
