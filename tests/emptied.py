"""Applications that the tests of a module share, each test with an empty database.

To make an application takes longer than most tests. So a module makes one for each database, and before each test its
database is exchanged for an empty one, as a restored backup would be: the application finds out by itself (the
coherence protocol in ``docs/architecture.md``), and forgets what it knew. Its settings are those of the start again,
and so are those who hear of writes.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import sqlalchemy as sa

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import database_settings
from tests.system_tables import empty_script, empty_sqlite_file, libpq


class Emptied:
    """By database, the application of a module."""

    def __init__(self, tmp_path_factory) -> None:
        self._tmp_path_factory = tmp_path_factory
        self._ends = ExitStack()
        self._made: dict[str, Application] = {}

    def __enter__(self) -> "Emptied":
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.close()

    def empty(self, database: str) -> "Application":
        """Empty the database; the application for it, made at the first call."""
        if database not in self._made:
            folder = self._tmp_path_factory.mktemp("emptied")
            settings = self._ends.enter_context(database_settings(database, folder))
            self._made[database] = Application(settings)
            self._ends.callback(self._made[database].close)
        else:
            self._made[database].empty()
        return self._made[database]

    def of(self, database: str) -> "Application":
        return self._made[database]


class Application:
    """``settings`` of the INI file, and the WSGI application ``wsgi``."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.settings = settings
        self._url = sa.make_url(settings["sqlalchemy.url"])
        self._schema: EmptiedSchema | None = None
        self._empty_database()
        self.wsgi = dynmodel_pyramid.main({}, **settings)
        self._catalogue = self.wsgi.registry.dynmodel_catalogue
        self._parsed = dict(vars(self.wsgi.registry.dynmodel_settings))
        self._reporters = list(self._catalogue._reporters)

    def empty(self) -> None:
        self.close()
        self._empty_database()
        vars(self.wsgi.registry.dynmodel_settings).update(self._parsed)
        self._catalogue._reporters[:] = self._reporters

    def close(self) -> None:
        self._catalogue.database.close()

    def _empty_database(self) -> None:
        if self._url.get_backend_name() == "sqlite":
            file = Path(str(self._url.database))
            for suffix in ("-wal", "-shm"):
                Path(f"{file}{suffix}").unlink(missing_ok=True)
            new = file.with_suffix(".new")
            new.write_bytes(empty_sqlite_file())
            os.replace(new, file)
            return
        if self._schema is None:
            self._schema = EmptiedSchema(self.settings["dynmodel.schema"], libpq(self._url))
        self._schema.empty()


#: What system tables and functions are made of: it changes with any of their definitions. ``%s`` is the schema.
_MADE = """
SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
    SELECT format('%%s.%%s %%s', attrelid, attnum, a.xmin) AS part
    FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = %(schema)s::regnamespace AND relname ~ '^_(ix__|ux__)?dynmodel_'
    UNION ALL SELECT format('%%s %%s', k.oid, k.xmin) FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid
    WHERE connamespace = %(schema)s::regnamespace AND relname ~ '^_dynmodel_'
    UNION ALL SELECT format('%%s %%s', oid, xmin) FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace
    UNION ALL SELECT format('%%s %%s', tg.oid, tg.xmin) FROM pg_trigger tg JOIN pg_class c ON c.oid = tgrelid
    WHERE relnamespace = %(schema)s::regnamespace AND relname ~ '^_dynmodel_') AS made
"""
#: Drops what is not the system's, empties what is, and begins its sequences anew. No foreign key is looked at.
_EMPTIED = """
SET session_replication_role = replica;
DO $$ DECLARE each record; BEGIN
    FOR each IN SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind, relname
                FROM pg_class WHERE relnamespace = '{schema}'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
                AND relname !~ '^_dynmodel_' ORDER BY relkind = 'S' LOOP
        EXECUTE format('DROP %s IF EXISTS {schema}.%I CASCADE', each.kind, each.relname);
    END LOOP;
    FOR each IN SELECT relkind, relname FROM pg_class
                WHERE relnamespace = '{schema}'::regnamespace AND relkind IN ('r', 'S') LOOP
        IF each.relkind = 'r' THEN
            EXECUTE format('DELETE FROM {schema}.%I', each.relname);
        ELSE
            PERFORM setval(format('{schema}.%I', each.relname), 1, false);
        END IF;
    END LOOP;
END $$;
"""


class EmptiedSchema:
    """A schema of PostgreSQL. To empty its tables takes a tenth of the time that making them takes."""

    def __init__(self, name: str, url: str) -> None:
        self._name = name
        self._url = url
        self._made: str | None = None
        #: Statements that add the rows of a new schema.
        self._rows = ""

    def empty(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            if self._made is not None and self._made == self._read_made(connection):
                connection.execute((_EMPTIED.replace("{schema}", self._name) + self._rows).encode())
                return
            connection.execute(f"DROP SCHEMA IF EXISTS {self._name} CASCADE; {empty_script(self._name)}".encode())
            self._made = self._read_made(connection)
            self._rows = ";".join(self._new_rows(connection))

    def _read_made(self, connection: psycopg.Connection) -> str | None:
        there = connection.execute("SELECT to_regnamespace(%s)", (self._name,)).fetchone()
        if there in (None, (None,)):
            return None
        [made] = connection.execute(_MADE, {"schema": self._name}).fetchone() or (None,)
        return made

    def _new_rows(self, connection: psycopg.Connection) -> Iterator[str]:
        for table in ("_dynmodel_alembic", "_dynmodel_state"):
            name = f"{self._name}.{table}"
            for [row] in connection.execute(f"SELECT to_json(t)::text FROM {name} t".encode()).fetchall():
                yield f"INSERT INTO {name} SELECT * FROM json_populate_record(NULL::{name}, '{row}')"
