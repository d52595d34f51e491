"""Changes of access: the locks that make them safe, and the stamp that every change renews.

A write of rows is allowed by the roles and grants of some moment. On PostgreSQL it holds a shared lock until its commit
(:func:`share`), and a change of access holds the exclusive one (:func:`hold`). So once a change is answered, no write
that was allowed before is committed any more. On SQLite one transaction writes at a time.

As in ``definitions/store.py``, functions take a connection inside a transaction, and neither begin nor end one. Locks
are taken in one order: first user tables, then this lock, then the row of the state (``DefinitionStore.lock_state``).
"""

import secrets

import sqlalchemy as sa

from dynmodel_pyramid.database import Database, State
from dynmodel_pyramid.definitions.store import now

#: The subject of a change of roles and grants. That of a change of a user is the id of the identity.
GRANTS = "grants"


def share(connection: sa.Connection, database: Database) -> None:
    """Keep access as it is until the transaction ends; for writes of rows, before access is read."""
    database.dialect.share_access(connection)


def hold(connection: sa.Connection, database: Database, wait: float | None = None) -> None:
    """Wait until no write of rows goes on that was allowed before, and hold off new ones until the transaction ends.

    :param wait: for how many seconds; ``dynmodel.lock_timeout`` by default
    """
    database.dialect.hold_access(connection, database.settings.lock_timeout if wait is None else wait)
    database.changes_access()


def record(connection: sa.Connection, database: Database, subject: str, author: str | None) -> State:
    """Renew the access stamp, and write the log; -> the state after it.

    :param subject: :data:`GRANTS`, or the id of an identity whose roles, claims, name or state change: ``user:7``
    :param author: the id of the identity that makes the change; None for the console
    """
    hold(connection, database)
    table, log = database.system.state, database.system.access.change
    stamp = secrets.token_hex(16)
    renewed = (
        sa.update(table)
        .where(table.c.id == 1)
        .values(access=table.c.access + 1, access_stamp=stamp)
        .returning(table.c.definitions, table.c.access, table.c.stamp, table.c.access_stamp)
    )
    state = State(*connection.execute(renewed).one())
    line = {"revision": state.access, "stamp": stamp, "subject": subject, "changed_at": now(), "changed_by": author}
    connection.execute(sa.insert(log), line)
    return state
