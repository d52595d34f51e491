"""The database: engine, transactions, system tables, and the differences between SQLite and PostgreSQL.

A :class:`Database` is the only thing in the package that opens connections. It has these kinds of transaction:

* :meth:`Database.reading`: reads only, and never turns into a write;
* ``Database.writer``: an engine whose transactions write rows;
* :meth:`Database.changing`: a definition change, with DDL; :meth:`Database.rehearsing`: its plan.

``dialect``           the interface of a database: connections, transactions, locks, ids, errors
``expressions``       SQL that differs between the databases: capabilities, and expressions with one meaning
``sqlite``            SQLite's answers; ``sqlite_functions``, ``sqlite_sums``, ``sqlite_deadline``, ``sqlite_file``,
                      ``sqlite_findings``, ``sqlite_log``, ``sqlite_readers``, ``sqlite_rows``, ``sqlite_things``,
                      ``sqlite_search`` and ``sqlite_writer`` are parts of it
``postgresql``        PostgreSQL's answers; ``postgresql_entries``, ``postgresql_findings``, ``postgresql_pipeline``,
                      ``postgresql_prepared``, ``postgresql_reads``, ``postgresql_sessions``, ``postgresql_shards``,
                      ``postgresql_silence``, ``postgresql_stream``, ``postgresql_things`` and ``postgresql_writes``
                      are parts of it
``places``            where the tables of tenants are; ``sqlite_places`` and ``postgresql_places`` say it
``backups``           whole databases as files, and back
``findings``          what an examination finds
``things``            the parts of a table, as the database itself describes them
``system``            the system tables; ``access_tables`` are those of access
``replicas``          which replicas may answer a read, and how old their data is
``timing``            how long the database works for a request
``work``              work that is stopped when nobody waits for it any more
``cursors``           the driver's own cursors
``identifiers``       names in SQL, whatever characters they have
``regex``             the engine for regular expressions
``texts``             texts without case and accents, their words, and queries of words
"""

import os
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Protocol

import sqlalchemy as sa

from dynmodel_pyramid.database import work
from dynmodel_pyramid.database.backups import Saved, Watch
from dynmodel_pyramid.database.cursors import raw_cursor
from dynmodel_pyramid.database.dialect import ONE_MOMENT, REHEARSES, WRITES, Dialect, Failure
from dynmodel_pyramid.database.identifiers import make_safe
from dynmodel_pyramid.database.places import Places
from dynmodel_pyramid.database.postgresql import PostgreSQL
from dynmodel_pyramid.database.replicas import POSITION, Position, Reading, Replicas
from dynmodel_pyramid.database.sqlite import SQLite
from dynmodel_pyramid.database.system import SystemTables
from dynmodel_pyramid.database.timing import time_statements
from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.telemetry import families, measuring

__all__ = ["ACCESS_STAMP", "CREDENTIAL", "STAMP", "Database", "Dialect", "Failure", "State", "SystemTables"]


class Credential(Protocol):
    """A row of the table of tokens, or of sessions."""

    @property
    def kind(self) -> str: ...

    @property
    def id(self) -> int: ...


#: Places in the row of :meth:`Database.proof`.
STAMP, ACCESS_STAMP, CREDENTIAL = 2, 3, 4
DIALECTS: dict[str, type[Dialect]] = {dialect.name: dialect for dialect in (SQLite, PostgreSQL)}


@dataclass(frozen=True, slots=True)
class State:
    """The state of all definitions, and of access: equal stamps mean equal definitions, and equal roles and grants.

    The numbers only order changes. After a restored backup or a failover, numbers may be used again; a stamp never is.
    """

    definitions: int
    access: int
    stamp: str
    access_stamp: str


class Database:
    """One database (on PostgreSQL: one schema of it) with its system tables and user tables.

    With ``dynmodel.tenants`` it is the one of the tenant that ``dynmodel.tenant`` names.

    :param home: the service's own database, if this is the one of a tenant, whose settings are :attr:`places`'s
    :param is_home: whether this is that one: it has no tables, but connections for tenants where these share them
    """

    def __init__(self, settings: Settings, *, home: "Database | None" = None, is_home: bool = False) -> None:
        options = settings.sqlalchemy()
        if not options.get("sqlalchemy.url"):
            raise ConfigurationProblem("sqlalchemy.url is not set", hint="for example sqlite:///%(here)s/data.sqlite")
        if "sqlalchemy.isolation_level" in options:
            raise ConfigurationProblem(
                "sqlalchemy.isolation_level can't be set: coherence rests on the level that this package chooses",
                hint="remove the setting",
            )
        url = _driven(sa.make_url(_expand(options["sqlalchemy.url"])))
        #: Where all tenants are; None: there are no tenants.
        self.places: Places | None = home.places if home is not None else _places(settings, url)
        if home is None and not is_home:
            settings = _of_one_tenant(settings, self.places)
            url = _driven(sa.make_url(_expand(settings.sqlalchemy()["sqlalchemy.url"])))
        options["sqlalchemy.url"] = url
        self.settings = settings
        self.dialect: Dialect = _kind(url)(settings)
        self._owns_engine = home is None or self.places is None or not self.places.share_engine
        self.engine: sa.Engine = self._engine(options) if home is None or self._owns_engine else home.engine
        #: The same pool; its transactions write.
        self.writer = self.engine.execution_options(**{WRITES: True})
        #: None, if no setting names any.
        self.replicas: Replicas | None = self._replicas(options) if home is None or self._owns_engine else home.replicas
        # A tenant of SQLite shares them: they are half of what it takes to open, and in memory.
        shared: SystemTables | None = (
            home.system if home is not None and home.dialect.schema == self.dialect.schema else None
        )
        self.system: SystemTables = shared or SystemTables(self.dialect.schema)
        _DATABASES.add(self)
        #: Called before the connections are closed.
        self.before_close: list[Callable[[], None]] = []
        quoted = self.engine.dialect.identifier_preparer.format_table(self.system.state)
        # Read by raw cursor: it adds 3 us to a request on SQLite; a statement through SQLAlchemy adds 32.
        state = "SELECT definitions, access, stamp, access_stamp{} FROM " + quoted + " WHERE id = 1"
        self._state_sql, self._proof_sql = state.format(""), state.format(", TRUE")
        self._credential_sql = {
            kind: state.format(f", EXISTS (SELECT 1 FROM {name} WHERE id = {place})")
            for kind, name, place in self._credential_tables()
        }

    def _engine(self, options: dict[str, Any]) -> sa.Engine:
        defaults = self.dialect.engine_options()
        if any(key.startswith("sqlalchemy.pool") or key == "sqlalchemy.max_overflow" for key in options):
            for name in ("pool_size", "max_overflow", "pool_use_lifo"):
                defaults.pop(name, None)
        engine = sa.engine_from_config(options, **defaults)
        make_safe(engine.dialect)
        self.dialect.prepare_engine(engine)
        work.listen(engine)
        if self.settings.observes:
            time_statements(engine)
        return engine

    def _replicas(self, options: dict[str, Any]) -> Replicas | None:
        urls, settings = self.settings.replica_urls, self.settings
        if not urls:
            return None
        if not self.dialect.has_replicas:
            raise ConfigurationProblem("dynmodel.replica_urls: only PostgreSQL has replicas", hint="remove the setting")
        engines = []
        for text in urls:
            url = _driven(sa.make_url(_expand(text, "dynmodel.replica_urls")))
            if url.get_backend_name() != self.engine.dialect.name:
                raise ConfigurationProblem(f"dynmodel.replica_urls: {url.get_backend_name()} is not the primary's kind")
            engines.append(self._engine({**options, "sqlalchemy.url": url}))
        return Replicas(self.engine, engines, settings.replica_max_age, settings.replica_wait)

    def position(self) -> Position:
        """The primary's place in its log, behind all that is committed."""
        with self.reading() as connection, raw_cursor(connection) as cursor:
            cursor.execute(POSITION)
            return Position(*cursor.fetchone())

    def changes_access(self) -> None:
        """Call it where rights are taken, in the transaction."""
        if self.replicas is not None:
            self.replicas.note_change()

    def settle_access(self) -> None:
        """Call it after the commit of such a transaction, by the same thread: a replica may answer from before it until
        this returns (:meth:`Replicas.let_all_have`).
        """
        if self.replicas is not None:
            self.replicas.let_all_have(self.position)

    def save_whole(self, target: Path, watch: Watch) -> Saved:
        """Write all of it into a file (:meth:`Dialect.save_whole`)."""
        return self.dialect.save_whole(self.engine.url, target, watch)

    def make_room(self, *, is_opened: bool) -> None:
        """For a tenant that may not be there yet (:meth:`Places.make_room`)."""
        if self.places is not None and self.settings.tenant:
            self.places.make_room(self.settings.tenant, is_opened=is_opened)

    def restore_whole(self, source: Path, watch: Watch, *, replace: bool) -> Saved:
        """Make it what a file says (:meth:`Dialect.restore_whole`)."""
        self.engine.dispose()
        self.make_room(is_opened=False)
        return self.dialect.restore_whole(self.engine.url, source, watch, replace=replace)

    def begin_reading(self) -> sa.Connection:
        """A connection in a read transaction, until :meth:`end_reading`; its options must stay as they are."""
        return self.dialect.begin_reading(self.engine)

    def begin_reading_from(self, reading: Reading) -> sa.Connection:
        """The same on a replica."""
        return self.dialect.begin_reading(reading.replica.engine, reading)

    def end_reading(self, connection: sa.Connection) -> None:
        self.dialect.end_reading(connection)

    def begin_writing(self, *, is_kept: bool) -> sa.Connection:
        """A connection in a transaction that writes (:meth:`Dialect.begin_writing`), until :meth:`end_writing`."""
        return self.dialect.begin_writing(self.writer, is_kept=is_kept)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection in a read transaction, rolled back at the end."""
        connection = self.begin_reading()
        try:
            yield connection
        finally:
            self.end_reading(connection)

    @contextmanager
    def rehearsing(self) -> Iterator[sa.Connection]:
        """A connection in a transaction that may make temporary tables, rolled back at the end.

        On SQLite this blocks nobody more than a reader does: temporary tables are in a database of their own.
        """
        with self.engine.connect() as connection:
            connection.execution_options(**{REHEARSES: True})
            connection.begin()
            self.dialect.bound_statements(connection, self.settings.change_timeout)
            yield connection

    def staging(self) -> sa.Connection:
        """A connection whose transactions write temporary tables only, until :meth:`writes_from_now_on`.

        The caller gives it back by :meth:`unstage`.
        """
        connection = self.engine.connect()
        connection.execution_options(**{REHEARSES: True})
        self.dialect.prepare_staging(connection)
        return connection

    def writes_from_now_on(self, connection: sa.Connection) -> None:
        self.dialect.write_staged(connection)
        connection.execution_options(**{WRITES: True})

    def reads_from_now_on(self, connection: sa.Connection) -> None:
        """Make a staging connection read-only again, after its commit."""
        self.dialect.let_others_write(connection)
        connection.execution_options(**{WRITES: False})

    def unstage(self, connection: sa.Connection) -> None:
        """Drop the connection's temporary tables and close it."""
        try:
            transaction = connection.get_transaction()
            if transaction is not None and transaction.is_active:
                transaction.rollback()
            elif not connection.invalidated:
                connection.connection.rollback()  # a failed commit may have left it open
            is_reusable = not connection.invalidated and self.dialect.discard_staging(connection)
        except (sa.exc.DBAPIError, self.engine.dialect.loaded_dbapi.Error):
            is_reusable = False
        if not is_reusable:
            connection.invalidate()
        connection.close()

    @contextmanager
    def changing(self, *, one_moment: bool = False) -> Iterator[sa.Connection]:
        """A connection in a transaction that may run DDL; committed if the block ends well.

        :param one_moment: all statements see the moment of the first one that reads

        A change that takes longer than ``dynmodel.change_timeout`` fails with the kind ``timeout``: on SQLite the limit
        is for all statements together, on PostgreSQL for each.
        """
        with self.writer.connect() as connection, self.dialect.foreign_keys_suspended(connection):
            connection.execution_options(**{ONE_MOMENT: one_moment})
            with connection.begin():
                self.dialect.bound_statements(connection, self.settings.change_timeout)
                yield connection

    def state(self, connection: sa.Connection) -> State:
        """The state as this transaction sees it, by raw cursor."""
        with raw_cursor(connection) as cursor:
            cursor.execute(self._state_sql)
            return State(*cursor.fetchone())

    def _credential_tables(self) -> Iterator[tuple[str, str, str]]:
        """Kind of credential, quoted name of its table, and the driver's parameter."""
        format_table = self.engine.dialect.identifier_preparer.format_table
        place = "?" if self.engine.dialect.paramstyle == "qmark" else "%s"
        for kind, table in (("token", self.system.access.token), ("session", self.system.access.session)):
            yield kind, format_table(table), place

    def proof(self, credential: Credential | None) -> tuple[str, Sequence[Any]]:
        """A statement of the driver, and its parameters: one row with the state (:data:`STAMP`, :data:`ACCESS_STAMP`),
        and whether the row of the credential is there (:data:`CREDENTIAL`).
        """
        if credential is None:
            return self._proof_sql, ()
        return self._credential_sql[credential.kind], (credential.id,)

    def failure(self, error: sa.exc.DBAPIError) -> Failure:
        return self.dialect.failure(error)

    def retire(self) -> None:
        """Close all pooled connections as soon as nobody refers to this any more; those who do may go on with it."""
        self.before_close.clear()  # what would be called refers to this
        if self._owns_engine:
            weakref.finalize(self, self.engine.dispose).atexit = False

    def close(self) -> None:
        """Close all pooled connections."""
        for end in self.before_close:
            end()
        self.settle_access()
        if self._owns_engine:
            if self.replicas is not None:
                self.replicas.close()
            self.engine.dispose()


#: All of this process, for a fork.
_DATABASES: "weakref.WeakSet[Database]" = weakref.WeakSet()


@measuring.refreshed_by
def _tell_connections() -> None:
    in_use = idle = most = 0
    # Those of tenants may share an engine.
    for database in {database.engine: database for database in list(_DATABASES)}.values():
        used, kept, limit = database.dialect.connections(database.engine)
        in_use, idle, most = in_use + used, idle + kept, most + limit
    for state, count in (("in_use", in_use), ("idle", idle), ("most", most)):
        measuring.set_gauge(families.POOL, count, state)


def close_unused() -> None:
    """Close the connections of this process that nobody uses. Before a fork: two processes must not have one connection
    (SQLAlchemy, "Using Connection Pools with Multiprocessing"), and SQLite's must not be carried across a fork at all.
    """
    for database in list(_DATABASES):
        database.engine.dispose()
        for replica in database.replicas.all if database.replicas is not None else ():
            replica.engine.dispose()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=close_unused)


def _expand(url: str, setting: str = "sqlalchemy.url") -> str:
    """Fill ``${NAME}`` from the environment, so that an INI file needs to hold no password."""
    try:
        return Template(url).substitute(os.environ)
    except KeyError as error:
        raise ConfigurationProblem(
            f"{setting} names the environment variable {error.args[0]}, which is not set"
        ) from None
    except ValueError:
        raise ConfigurationProblem(f"{setting}: a $ must begin ${{NAME}}, or be written $$") from None


def _driven(url: sa.URL) -> sa.URL:
    """The URL with the driver that is used here: hosts give ``postgres://``, and SQLAlchemy takes ``postgresql://`` for
    another driver's.
    """
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgres", "postgresql") else url


def _places(settings: Settings, url: sa.URL) -> Places | None:
    return None if settings.tenants == "none" else _kind(url).places(settings, url)


def no_tenant_named(settings: Settings) -> ConfigurationProblem:
    """What is raised where a command is for one tenant, and it is not said for which one."""
    return ConfigurationProblem(
        f"dynmodel.tenants = {settings.tenants}: say which tenant it is for",
        hint="dynmodel-tenant run FILE.ini NAME COMMAND ..., or the environment variable DYNMODEL_TENANT; "
        "dynmodel-tenant list FILE.ini lists them",
    )


def _of_one_tenant(settings: Settings, places: Places | None) -> Settings:
    """
    :raises ConfigurationProblem: it is not said which one
    """
    if places is None:
        if settings.tenant:
            raise ConfigurationProblem(
                f"dynmodel.tenant = {settings.tenant}, and there are no tenants", hint="set dynmodel.tenants"
            )
        return settings
    if not settings.tenant:
        raise no_tenant_named(settings)
    return places.settings_of(settings.tenant)


def _kind(url: sa.URL) -> type[Dialect]:
    """:raises ConfigurationProblem: for a database that is not supported"""
    name = url.get_backend_name()
    if name not in DIALECTS:
        raise ConfigurationProblem(
            f"sqlalchemy.url: {name} is not supported", hint="use one of " + ", ".join(sorted(DIALECTS))
        )
    return DIALECTS[name]
