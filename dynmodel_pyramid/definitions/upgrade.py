"""Create and upgrade the system tables: Alembic's migrations, under one lock.

Several processes may start at once: the first upgrades, the others wait and find nothing to do. Migrations expand first
and contract in a later release, so that processes of the previous release can go on.
"""

from functools import cache
from pathlib import Path

import alembic.command
import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.errors import ConfigurationProblem

VERSION_TABLE = "_dynmodel_alembic"
#: Key of PostgreSQL's advisory lock; an arbitrary number.
LOCK_KEY = 0x64796E6D
#: Seconds that a process waits while another one upgrades.
PATIENCE = 600


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    return config


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _options(database: Database) -> dict:
    return {"version_table": VERSION_TABLE, "version_table_schema": database.dialect.schema}


def current_revision(database: Database, connection: sa.Connection) -> str | None:
    """The revision of the system tables; None if they do not exist."""
    return MigrationContext.configure(connection, opts=_options(database)).get_current_revision()


def head_revision() -> str:
    return _scripts().get_current_head()


def check(database: Database) -> None:
    """:raises ConfigurationProblem: the system tables are missing, older or newer than this release"""
    with database.reading() as connection:
        _check(current_revision(database, connection))


def _check(current: str | None) -> None:
    head = head_revision()
    if current == head:
        return
    if not _is_known(current):
        raise ConfigurationProblem(
            f"the system tables are of a newer release (revision {current}); this one knows {head}",
            hint="install the newer release of dynmodel_pyramid",
        )
    raise ConfigurationProblem(
        f"the system tables are at revision {current or 'none'}, this release needs {head}",
        hint="run dynmodel-upgrade, or set dynmodel.auto_upgrade = true",
    )


def upgrade(database: Database) -> tuple[str | None, str]:
    """Upgrade the system tables to this release's revision; -> (old revision, new revision).

    :raises ConfigurationProblem: they are of a newer release
    """
    schema = database.dialect.schema
    head = head_revision()
    with database.changing() as connection:
        if schema is not None:
            # On SQLite the transaction itself is the lock: it began with BEGIN IMMEDIATE. Another process may be
            # migrating, which may take long.
            database.dialect.bound_lock_waits(connection, PATIENCE)
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK_KEY})")
            # Checked first: CREATE SCHEMA IF NOT EXISTS needs the right to create even if the schema exists.
            if not sa.inspect(connection).has_schema(schema):
                connection.execute(sa.schema.CreateSchema(schema))
        before = current_revision(database, connection)
        if before != head:
            if not _is_known(before):
                _check(before)
            config = _config()
            config.attributes.update(connection=connection, schema=schema, options=_options(database))
            alembic.command.upgrade(config, "head")
    return before, head


def _is_known(revision: str | None) -> bool:
    return revision is None or revision in {script.revision for script in _scripts().walk_revisions()}
