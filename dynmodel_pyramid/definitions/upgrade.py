"""Create and upgrade the system tables, under one lock.

A new database gets them as they are declared (``database.system``), an older one by Alembic's migrations. Both make the
same tables, but for a default: ``tests/definitions/test_upgrade.py`` holds that.

Several processes may start at once: the first upgrades, the others wait and find nothing to do. Migrations expand first
and contract in a later release, so that processes of the previous release can go on, and start.

A revision says so in its name: ``0009_0008`` is the ninth, and code whose newest is the eighth or a later one may work
with its tables. Such a migration adds tables, columns that are null or have a default, and indexes; what the earlier
code reads and writes keeps its meaning. Without a second number no earlier code may.
"""

import logging
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.errors import ConfigurationProblem, Conflict

# Alembic is imported when there are older tables: it takes 80 ms, and 8 MB.
if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger(__name__)

VERSION_TABLE = "_dynmodel_alembic"
#: The revision of the newest migration.
HEAD = "0008"
#: In the place of a revision while a database is filled by ``dynmodel-move``: no release opens it.
MOVING = "moving"
#: Key of PostgreSQL's advisory lock; an arbitrary number.
LOCK_KEY = 0x64796E6D
#: Seconds that a process waits while another one upgrades.
PATIENCE = 600


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    return config


def current_revision(database: Database, connection: sa.Connection) -> str | None:
    """The revision of the system tables; None if they do not exist."""
    schema = database.dialect.schema
    if not sa.inspect(connection).has_table(VERSION_TABLE, schema):
        return None
    table = sa.table(VERSION_TABLE, sa.column("version_num"), schema=schema)
    revision: str | None = connection.scalar(sa.select(table.c.version_num))
    return revision


def check(database: Database) -> None:
    """:raises ConfigurationProblem: the system tables are missing, older, or newer and of no use for this release"""
    _refuse_missing_tenant(database)
    with database.reading() as connection:
        _check(current_revision(database, connection))


def serves(revision: str | None) -> bool:
    """Whether this code may work with tables of a revision, which may be a newer one than it knows."""
    if revision == HEAD:
        return True
    newest, _, oldest = (revision or "").partition("_")
    return oldest.isdecimal() and newest.isdecimal() and int(oldest) <= _number(HEAD) < int(newest)


def _number(revision: str) -> int:
    return int(revision.partition("_")[0])


def _check(current: str | None) -> None:
    if serves(current):
        return
    if current == MOVING:
        raise ConfigurationProblem(
            "the database is the unfinished target of a move", hint="run dynmodel-move again, to its end"
        )
    if current is not None and not _is_known(current):
        raise ConfigurationProblem(
            f"the system tables are of a newer release (revision {current}); this one knows {HEAD}",
            hint="install the newer release of dynmodel_pyramid",
        )
    raise ConfigurationProblem(
        f"the system tables are at revision {current or 'none'}, this release needs {HEAD}",
        hint="run dynmodel-upgrade, or set dynmodel.auto_upgrade = true",
    )


def upgrade(database: Database, *, is_new: bool = False) -> tuple[str | None, str]:
    """Upgrade the system tables to this release's revision; -> (old revision, new revision).

    Tables of a newer release stay as they are, if this one may work with them.

    :param is_new: whether it is the database of a tenant that is being made
    :raises ConfigurationProblem: they are of a newer release; there is no such tenant
    :raises Conflict: there is a tenant, or a schema, of that name already
    """
    if not is_new:
        _refuse_missing_tenant(database)
    with database.changing() as connection:
        before = lock(database, connection, is_new=is_new)
        if before is not None and before != HEAD and serves(before):
            log.warning("the system tables are of a newer release (revision %s); this one knows %s", before, HEAD)
            return before, before
        if before != HEAD:
            if before is None:
                create(database, connection)
            elif _is_known(before):
                migrate(database, connection)
            else:
                _check(before)
    return before, HEAD


def lock(database: Database, connection: sa.Connection, *, is_new: bool = False) -> str | None:
    """Keep others from making system tables until the transaction ends, and make the schema; -> the revision.

    :raises Conflict: ``is_new``, and there is the schema already
    """
    schema = database.dialect.schema
    if schema is not None:
        # On SQLite the transaction itself is the lock: it began with BEGIN IMMEDIATE. Another process may be
        # migrating, which may take long.
        database.dialect.bound_lock_waits(connection, PATIENCE)
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK_KEY})")
        # Checked first: CREATE SCHEMA IF NOT EXISTS needs the right to create even if the schema exists.
        if not sa.inspect(connection).has_schema(schema):
            connection.execute(sa.schema.CreateSchema(schema))
            if is_new:
                database.dialect.note_tenant(connection)
        elif is_new:
            raise Conflict(f"there is a schema {schema} already")
    return current_revision(database, connection)


def mark(database: Database, connection: sa.Connection, revision: str) -> None:
    """Say another revision: :data:`MOVING`, and :data:`HEAD` at the end."""
    table = sa.table(VERSION_TABLE, sa.column("version_num"), schema=database.dialect.schema)
    connection.execute(sa.update(table).values(version_num=revision))


def _refuse_missing_tenant(database: Database) -> None:
    name = database.settings.tenant
    if database.places is not None and not database.places.exists(database.reading, name):
        raise ConfigurationProblem(
            f"there is no tenant {name}", hint=f"dynmodel-tenant create FILE.ini {name} makes it"
        )


def create(database: Database, connection: sa.Connection) -> None:
    """Make the system tables in a database that has none, under :func:`lock`."""
    system = database.system
    system.metadata.create_all(connection, checkfirst=False)
    database.dialect.make_system_parts(connection)
    stamps = {"stamp": secrets.token_hex(16), "access_stamp": secrets.token_hex(16)}
    connection.execute(sa.insert(system.state).values(id=1, definitions=0, access=0, **stamps))
    # As Alembic makes it.
    version = sa.Table(
        VERSION_TABLE,
        sa.MetaData(schema=database.dialect.schema),
        sa.Column("version_num", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
    )
    version.create(connection, checkfirst=True)  # it may be there, and empty
    connection.execute(sa.insert(version).values(version_num=HEAD))


def migrate(database: Database, connection: sa.Connection) -> None:
    """Bring system tables of an earlier release to :data:`HEAD`, under :func:`lock`."""
    from alembic import command

    schema = database.dialect.schema
    config = _config()
    options = {"version_table": VERSION_TABLE, "version_table_schema": schema}
    config.attributes.update(connection=connection, schema=schema, options=options)
    command.upgrade(config, HEAD)


def _is_known(revision: str) -> bool:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(_config())
    return revision in {script.revision for script in scripts.walk_revisions()}
