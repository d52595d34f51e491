"""What PostgreSQL must know of a session, said so that it holds: also where sessions are not ours.

A pooler in transaction mode (PgBouncer) gives each transaction some session of its own. A SET would hold for whoever
gets that session next, and a temporary table would be another client's. So the level of isolation is said with each
BEGIN, and the rest (:func:`_values`) is

* set once, where the session is ours: the server's own number of it is the one that the driver was told at the start;
* else said again in each transaction, with it, and temporary tables live and die within one (:class:`_Stage`).

Nobody has to configure it, and it costs nothing where no pooler is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import ConnectionPoolEntry

from dynmodel_pyramid.database.cursors import driver_connection, raw_cursor
from dynmodel_pyramid.database.dialect import ONE_MOMENT, REHEARSES, WRITES
from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.settings import Settings

#: The key under which a pooled connection keeps what to say in each transaction, a :class:`Said`; none: the session is
#: ours.
SAID = "said"
_STAGE = "stage"
#: Otherwise a backend whose client died (kill -9 in a long ALTER) would keep its locks until the statement ends.
#: Databases that only speak PostgreSQL's protocol may not know the setting.
_CHECKED = {"client_connection_check_interval": "100ms"}


def _values(settings: Settings) -> dict[str, str]:
    """What our statements rely on, whatever the defaults of the server, the database or the role are."""
    return {
        "TimeZone": "UTC",  # datetimes come back in UTC
        "DateStyle": "ISO, MDY",
        # Waiting for locked rows and tables must end.
        "lock_timeout": str(max(1, int(settings.lock_timeout * 1000))),
    }


def _sets(values: dict[str, str], word: str) -> str:
    return "; ".join(f"SET {word} {name} = '{value}'" for name, value in values.items())


@dataclass(frozen=True, slots=True)
class Said:
    """The values for one transaction.

    :param sets: as one text of statements. They take no snapshot, so a later LOCK TABLE still comes before it
    :param query: as a single statement, for a pipeline
    """

    sets: str
    query: tuple[bytes, None]

    @classmethod
    def of(cls, values: dict[str, str]) -> "Said":
        calls = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in values.items())
        return cls(_sets(values, "LOCAL"), (f"SELECT {calls}".encode(), None))


class _Stage:
    """The staging of one connection whose session is not ours: all its transactions are parts of a single one, whose
    temporary tables are dropped before its commit. It is as long as the upload is.
    """

    #: Whether the transaction that runs is the one that writes rows, and really commits.
    is_last = False
    #: Whether the one transaction has begun.
    is_begun = False
    #: Whether SQLAlchemy's transaction is open, which is a savepoint.
    is_open = False


def _is_ours(cursor: Any) -> bool:
    """Whether the driver speaks to the session itself: a pooler tells it a number of its own making."""
    return bool(cursor.execute("SELECT pg_backend_pid()").fetchone()[0] == cursor.connection.info.backend_pid)


class Sessions:
    """Prepares the sessions and transactions of engines."""

    def __init__(self, settings: Settings) -> None:
        self._values = _values(settings)

    def prepare(self, engine: sa.Engine) -> None:
        self._driver: Any = engine.dialect.loaded_dbapi
        levels = self._driver.IsolationLevel

        event.listen(engine, "connect", self._connect)

        @event.listens_for(engine, "checkin")
        def checkin(dbapi: Any, record: ConnectionPoolEntry) -> None:
            if dbapi is not None and dbapi.closed:
                record.invalidate()
            elif record.info.pop(_STAGE, None) is not None and dbapi is not None:
                dbapi.rollback()

        @event.listens_for(engine, "begin")
        def begin(connection: sa.Connection) -> None:
            # The driver sends it along with BEGIN. The level is always said: under REPEATABLE READ the state that is
            # read after the data would look unchanged.
            options = connection.get_execution_options()
            reads = not options.get(WRITES) and not options.get(REHEARSES)
            raw = driver_connection(connection)
            stage: _Stage | None = connection.connection.info.get(_STAGE)
            if stage is not None and stage.is_begun:
                return  # which can't be changed within a transaction
            level = levels.REPEATABLE_READ if options.get(ONE_MOMENT) else levels.READ_COMMITTED
            # To set them takes 15 us, to look 1.
            if raw.read_only is not (reads or None):
                raw.read_only = reads or None
            if raw.isolation_level is not level:
                raw.isolation_level = level

        # SQLAlchemy calls them with the pooled connection, and turns the driver's errors into its own.
        dialect: Any = engine.dialect
        dialect.do_begin, dialect.do_commit, dialect.do_rollback = _begin, _commit, self._rollback

    def _rollback(self, pooled: Any) -> None:
        """Roll back. It never fails: the transaction of a connection that is closed is rolled back as well, and the
        pool throws it away. Else the end of a request whose connection is lost would be an error of its own.
        """
        try:
            _rollback(pooled)
        except self._driver.Error:
            pooled.dbapi_connection.close()

    def _connect(self, dbapi: Any, record: ConnectionPoolEntry) -> None:
        values = self._values
        with dbapi.cursor() as cursor:
            is_ours = _is_ours(cursor)
        if is_ours:
            dbapi.execute(_sets(values, "SESSION"))
        dbapi.commit()
        try:
            dbapi.execute(_sets(_CHECKED, "SESSION" if is_ours else "LOCAL"))
            dbapi.commit()
            values = values | _CHECKED
        except self._driver.Error:
            dbapi.rollback()
        if is_ours:
            record.info.pop(SAID, None)
        else:
            record.info[SAID] = Said.of(values)


def stage(connection: sa.Connection) -> None:
    """The transactions of this connection make temporary tables, until :func:`end_stage`."""
    info = connection.connection.info
    if SAID in info:
        info[_STAGE] = _Stage()


def write_staged(connection: sa.Connection) -> None:
    """The next transaction of this connection writes rows, and its commit is for good."""
    stage: _Stage | None = connection.connection.info.get(_STAGE)
    if stage is not None:
        stage.is_last = True


def end_stage(connection: sa.Connection) -> None:
    """Drop the temporary tables, outside of SQLAlchemy's transactions."""
    raw = driver_connection(connection)
    if connection.connection.info.pop(_STAGE, None) is not None:
        raw.rollback()
    else:
        raw.execute("DISCARD TEMP")
        raw.commit()


def _begin(pooled: Any) -> None:
    said: Said | None = pooled.info.get(SAID)
    if said is None:
        return
    raw, stage = pooled.dbapi_connection, _stage_of(pooled)
    raw.execute(said.sets)
    if stage is not None:
        raw.execute("SAVEPOINT _stage")
        stage.is_begun = stage.is_open = True


def _stage_of(pooled: Any) -> _Stage | None:
    try:
        return pooled.info.get(_STAGE)
    except NotImplementedError:  # the connection by which SQLAlchemy learns the server's version
        return None


def _commit(pooled: Any) -> None:
    raw, stage = pooled.dbapi_connection, _stage_of(pooled)
    if stage is None:
        raw.commit()
    elif stage.is_last:
        raw.execute("DISCARD TEMP")
        del pooled.info[_STAGE]
        raw.commit()
    else:
        raw.execute("RELEASE SAVEPOINT _stage")
        stage.is_open = False


def _rollback(pooled: Any) -> None:
    raw, stage = pooled.dbapi_connection, _stage_of(pooled)
    if stage is not None and stage.is_open:
        raw.execute("ROLLBACK TO SAVEPOINT _stage; RELEASE SAVEPOINT _stage")
        stage.is_open = False
    else:
        raw.rollback()
        if stage is not None:
            stage.is_begun = False


def refuse_unsound(connections: Sequence[sa.Connection], settings: Settings) -> None:
    """Look whether transactions that are open at the same time have what their statements rely on.

    :raises ConfigurationProblem: something between us and the database loses it
    """
    wanted = {"transaction_isolation": "read committed", **_values(settings)}
    for connection in connections:
        connection.begin()
    for connection in connections:
        with raw_cursor(connection) as cursor:
            cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY (%s)", (list(wanted),))
            found = dict(cursor.fetchall())
        for name, value in wanted.items():
            if found[name] != value:
                raise ConfigurationProblem(
                    f"a transaction has {name} = {found[name]}, not {value}: what stands between the service and "
                    "PostgreSQL gives a transaction another session, and does not tell",
                    hint="use PgBouncer, or a direct connection",
                )
