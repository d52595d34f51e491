"""Databases that are emptied, not made anew, and applications that the tests of a module share.

To make an application takes longer than most tests. So a module makes one for each database, and before each test its
database is exchanged for an empty one, as a restored backup would be: the application finds out by itself (the
coherence protocol in ``docs/architecture.md``), and forgets what it knew. Its settings are those of the start again,
and so are those who hear of writes.

On PostgreSQL a schema serves one module after another, and connections stay open from test to test: a new one takes
15 ms, and its first look into the system catalogues 10 ms more.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import database_settings
from tests.system_tables import empty_script, empty_sqlite_file, libpq


class EmptiedDatabases:
    """Databases for one user at a time, for as long as the process; each is empty when it is given."""

    def __init__(self, new_folder: Callable[[str], Path]) -> None:
        self._new_folder = new_folder
        self._ends = ExitStack()
        self._free: list[EmptiedSchema] = []

    def __enter__(self) -> "EmptiedDatabases":
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.close()

    @contextmanager
    def one(self, database: str) -> "Iterator[EmptiedFile | EmptiedSchema]":
        """
        :param database: ``sqlite`` or ``postgresql``
        """
        if database == "sqlite":
            with database_settings(database, self._new_folder("emptied")) as settings:
                file = EmptiedFile(settings)
                file.empty()
                yield file
            return
        schema = self._free.pop() if self._free else self._new_schema()
        schema.empty()
        yield schema
        self._free.append(schema)

    def _new_schema(self) -> "EmptiedSchema":
        settings = self._ends.enter_context(database_settings("postgresql", Path()))
        return self._ends.enter_context(EmptiedSchema(settings))


class Emptied:
    """By database, the application of a module."""

    def __init__(self, databases: EmptiedDatabases) -> None:
        self._databases = databases
        self._ends = ExitStack()
        self._made: dict[str, Application] = {}

    def __enter__(self) -> "Emptied":
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.close()

    def empty(self, database: str) -> "Application":
        """Empty the database; the application for it, made at the first call."""
        if database not in self._made:
            self._made[database] = Application(self._ends.enter_context(self._databases.one(database)))
            self._ends.callback(self._made[database].close)
        else:
            self._made[database].empty()
        return self._made[database]

    def of(self, database: str) -> "Application":
        return self._made[database]


class Application:
    """``settings`` of the INI file, and the WSGI application ``wsgi``."""

    def __init__(self, emptied: "EmptiedFile | EmptiedSchema") -> None:
        self.settings = emptied.settings
        self._emptied = emptied
        self.wsgi = dynmodel_pyramid.main({}, **emptied.settings)
        self._catalogue = self.wsgi.registry.dynmodel_catalogue
        self._parsed = dict(vars(self.wsgi.registry.dynmodel_settings))
        self._reporters = list(self._catalogue._reporters)

    def empty(self) -> None:
        if self._emptied.keeps_connections and self._connections_answer():
            for end in self._catalogue.database.before_close:
                end()
        else:
            self.close()
        self._emptied.empty()
        vars(self.wsgi.registry.dynmodel_settings).update(self._parsed)
        self._catalogue._reporters[:] = self._reporters

    def close(self) -> None:
        self._catalogue.database.close()

    def _connections_answer(self) -> bool:
        """Whether all pooled connections are alive: a test may have cut them."""
        engine = self._catalogue.database.engine
        with ExitStack() as given_back:
            try:
                for _ in range(engine.pool.checkedin()):
                    connection = engine.raw_connection()
                    given_back.callback(connection.close)
                    connection.driver_connection.execute("SELECT 1")
            except (psycopg.Error, sa.exc.DBAPIError):
                return False
        return True


class EmptiedFile:
    """A file of SQLite: exchanged for a copy of an empty one."""

    keeps_connections = False

    def __init__(self, settings: dict[str, str]) -> None:
        self.settings = settings
        self._file = Path(str(sa.make_url(settings["sqlalchemy.url"]).database))

    def empty(self) -> None:
        for suffix in ("-wal", "-shm"):
            Path(f"{self._file}{suffix}").unlink(missing_ok=True)
        new = self._file.with_suffix(".new")
        new.write_bytes(empty_sqlite_file())
        os.replace(new, self._file)


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

    keeps_connections = True

    def __init__(self, settings: dict[str, str]) -> None:
        self.settings = settings
        self._name = settings["dynmodel.schema"]
        self._url = libpq(sa.make_url(settings["sqlalchemy.url"]))
        self._made: str | None = None
        #: Statements that add the rows of a new schema.
        self._rows = ""

    def __enter__(self) -> "EmptiedSchema":
        self._connection = psycopg.connect(self._url, autocommit=True)
        # Who left a lock behind must not make all other tests wait.
        self._connection.execute("SET lock_timeout = '30s'")
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def empty(self) -> None:
        if self._made is not None and self._made == self._read_made():
            self._connection.execute((_EMPTIED.replace("{schema}", self._name) + self._rows).encode())
            return
        self._connection.execute(f"DROP SCHEMA IF EXISTS {self._name} CASCADE; {empty_script(self._name)}".encode())
        self._made = self._read_made()
        self._rows = ";".join(self._new_rows())

    def _read_made(self) -> str | None:
        there = self._connection.execute("SELECT to_regnamespace(%s)", (self._name,)).fetchone()
        if there in (None, (None,)):
            return None
        [made] = self._connection.execute(_MADE, {"schema": self._name}).fetchone() or (None,)
        return made

    def _new_rows(self) -> Iterator[str]:
        for table in ("_dynmodel_alembic", "_dynmodel_state"):
            name = f"{self._name}.{table}"
            for [row] in self._connection.execute(f"SELECT to_json(t)::text FROM {name} t".encode()).fetchall():
                yield f"INSERT INTO {name} SELECT * FROM json_populate_record(NULL::{name}, '{row}')"
