"""The access stamp: what every change of access renews, and the lock under which it does so.

Grants, and a user's roles, claims, name, e-mail and disabling are proven by the stamp, so changes of them renew it
(:func:`record`). Tokens and sessions are proven by their rows, so revoking one renews nothing, but it takes the same
lock (:func:`hold`): no write that the credential was proven for commits afterwards.
"""

import secrets

import sqlalchemy as sa

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions.store import now


def hold(connection: sa.Connection, database: Database) -> None:
    """Wait for the writes of rows that are under way, and keep new ones waiting, until the transaction ends."""
    database.dialect.lock_access(connection, exclusively=True)


def record(connection: sa.Connection, database: Database, subject: str, author: str | None) -> None:
    """Renew the access stamp and write a line of its log.

    :param subject: ``grants``, or the id of an identity
    """
    hold(connection, database)
    state, log = database.system.state, database.system.access.change
    stamp = secrets.token_hex(16)
    renewed = sa.update(state).where(state.c.id == 1).values(access=state.c.access + 1, access_stamp=stamp)
    revision = connection.execute(renewed.returning(state.c.access)).scalar_one()
    line = {"revision": revision, "stamp": stamp, "subject": subject, "changed_at": now(), "changed_by": author}
    connection.execute(sa.insert(log), line)
