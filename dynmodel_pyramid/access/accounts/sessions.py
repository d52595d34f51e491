"""Sessions of users who signed in (``_dynmodel_session``)."""

import datetime

import sqlalchemy as sa

from dynmodel_pyramid.access import changes
from dynmodel_pyramid.access.accounts.secrets import digest, new_session
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions.store import aware, now

#: Sessions of one user; a further one ends the oldest.
MOST = 50


class Sessions:
    """The sessions of one database. Each has an idle end (``dynmodel.session_idle``) and an absolute one
    (``dynmodel.session_lifetime``).
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.table = database.system.access.session
        self._idle = datetime.timedelta(seconds=database.settings.session_idle)
        self._lifetime = datetime.timedelta(seconds=database.settings.session_lifetime)

    @property
    def renewal(self) -> float:
        """Seconds after which the use of a session is noted again."""
        return min(60.0, self._idle.total_seconds() / 4)

    def begin(self, connection: sa.Connection, user_id: int, address: str | None) -> str:
        """A new session; -> its secret."""
        table, moment = self.table, now()
        # Of all users by an index; idle ones only of this user.
        ended = (table.c.expires_at <= moment) | (table.c.user_id == user_id) & (table.c.seen_at <= moment - self._idle)
        connection.execute(sa.delete(table).where(ended))
        newest = sa.select(table.c.id).where(table.c.user_id == user_id).order_by(table.c.id.desc()).limit(MOST - 1)
        oldest = (table.c.user_id == user_id) & table.c.id.not_in(newest)
        connection.execute(sa.delete(table).where(oldest))
        secret = new_session()
        values = {
            "digest": digest(secret),
            "user_id": user_id,
            "created_at": moment,
            "seen_at": moment,
            "expires_at": moment + self._lifetime,
            "address": address,
        }
        connection.execute(sa.insert(table).values(values))
        return secret

    def tidy(self, connection: sa.Connection) -> None:
        """Delete the sessions that have ended."""
        moment = now()
        ended = (self.table.c.expires_at <= moment) | (self.table.c.seen_at <= moment - self._idle)
        connection.execute(sa.delete(self.table).where(ended))

    def end(self, connection: sa.Connection, number: int) -> None:
        """End a session. No write that it was proven for commits afterwards."""
        changes.hold(connection, self.database)
        connection.execute(sa.delete(self.table).where(self.table.c.id == number))

    def end_of(self, seen_at: datetime.datetime, expires_at: datetime.datetime) -> datetime.datetime:
        """When a session ends that was last used then."""
        return min(aware(seen_at) + self._idle, aware(expires_at))
