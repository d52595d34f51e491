"""Applications that the tests of a module share, each test with an empty database.

To make an application takes longer than most tests. So a module makes one for each database, and before each test its
database is exchanged for an empty one, as a restored backup would be: the application finds out by itself (the
coherence protocol in ``docs/architecture.md``), and forgets what it knew. Its settings are those of the start again,
and so are those who hear of writes.
"""

import os
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
        name = self.settings["dynmodel.schema"]
        with psycopg.connect(libpq(self._url), autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE; {empty_script(name)}".encode())
