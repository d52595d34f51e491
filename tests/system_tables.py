"""System tables for the databases of tests, from a template, which is the quicker way."""

import secrets
import tempfile
from functools import cache
from pathlib import Path

import psycopg
import sqlalchemy as sa

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.testing.databases import database_settings


def make_system_tables(settings: dict[str, str]) -> None:
    """Make the system tables in an empty database; a database that has some stays as it is."""
    url = sa.make_url(settings["sqlalchemy.url"])
    if not set(url.query) <= {"host"}:
        return  # a test of options of connections; the host is our server's socket
    if url.get_backend_name() == "sqlite":
        file = Path(str(url.database))
        if not file.exists():
            file.write_bytes(empty_sqlite_file())
        return
    name = settings["dynmodel.schema"]
    with psycopg.connect(libpq(url), autocommit=True) as connection:
        there = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
        if connection.execute(there, (name,)).fetchone() is None:
            connection.execute(empty_script(name).encode())


#: The name of the schema in the script, to be replaced.
_TEMPLATE = f"template_{secrets.token_hex(6)}"


def empty_script(schema: str) -> str:
    """Statements that make a schema of PostgreSQL with empty system tables."""
    return _postgresql_script().replace(_TEMPLATE, schema)


def libpq(url: sa.URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


@cache
def empty_sqlite_file() -> bytes:
    """The content of a database of SQLite with empty system tables."""
    with tempfile.TemporaryDirectory() as folder, database_settings("sqlite", Path(folder)) as settings:
        database = Database(Settings(settings))
        upgrade.upgrade(database)
        database.close()
        return Path(str(sa.make_url(settings["sqlalchemy.url"]).database)).read_bytes()


@cache
def _postgresql_script() -> str:
    """All statements that make the system tables, with their parameters."""
    statements: list[str] = []
    with tempfile.TemporaryDirectory() as folder, database_settings("postgresql", Path(folder)) as settings:
        database = Database(Settings({**settings, "dynmodel.schema": _TEMPLATE}))

        @sa.event.listens_for(database.engine, "before_cursor_execute")
        def note(connection, cursor, statement, parameters, context, executemany):
            client = psycopg.ClientCursor(connection.connection.driver_connection)
            for values in parameters if executemany else [parameters]:
                text = client.mogrify(statement, values or None)
                if not text.lstrip().upper().startswith("SELECT"):
                    statements.append(text)

        upgrade.upgrade(database)
        database.close()
        with psycopg.connect(libpq(sa.make_url(settings["sqlalchemy.url"])), autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA {_TEMPLATE} CASCADE".encode())
    return ";\n".join(text for text in statements if not text.startswith("SET LOCAL"))
