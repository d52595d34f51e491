"""Failed sign-ins, counted by user and address, and by address (``_dynmodel_failure``).

An attempt is counted before its password is hashed, and taken back if it succeeds: so attempts at the same moment do
not pass the limit together. Nobody sleeps; whoever is over the limit is told when to come back.

A count that began later than a window from now is from before the clock was put back, and counts as none: else a user
would be locked out for as long as the jump. One that began a little later than now may be another host's.
"""

import datetime
import hashlib
import ipaddress
import math

import sqlalchemy as sa

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.store import aware, insert_or_update, now
from dynmodel_pyramid.errors import TooManyRequests

#: Rows of the table; beyond them the oldest are deleted.
MOST = 100_000
#: One sign-in in so many deletes old rows.
TIDIES = 50


def network(address: str | None) -> str:
    """The address that failures are counted for: of IPv6 the network of 64 bits, which one client usually has whole
    (RFC 6177).
    """
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(ip), 64), strict=False))
    return str(ip)


class Failures:
    """The counters of one database."""

    def __init__(self, database: Database) -> None:
        self.table = database.system.access.failure
        settings = database.settings
        self._window = datetime.timedelta(seconds=settings.signin_window)
        self._limits = (settings.signin_failures, settings.signin_failures_by_address)

    def refuse(self, connection: sa.Connection, name: str, address: str | None) -> None:
        """Refuse before anything is written.

        :raises TooManyRequests: a limit is reached
        """
        table, keys = self.table.c, _keys(name, address)
        query = sa.select(table.key, table.count, table.first_at).where(table.key.in_(keys))
        counts = {key: (count, first_at) for key, count, first_at in connection.execute(query)}
        for key, limit in zip(keys, self._limits, strict=True):
            count, first_at = counts.get(key, (0, now()))
            if count >= limit and aware(first_at) <= now() + self._window:
                self.refuse_until(aware(first_at) + self._window)

    def count(self, connection: sa.Connection, name: str, address: str | None) -> datetime.datetime | None:
        """Count an attempt, in a short transaction that is committed before the password is hashed.

        :returns: the time before which no password may be checked; None: the attempt is within the limits
        """
        moment, waits = now(), []
        for key, limit in zip(_keys(name, address), self._limits, strict=True):
            table = self.table
            is_old = (table.c.first_at <= moment - self._window) | (table.c.first_at > moment + self._window)
            statement = insert_or_update(connection, table).values(key=key, count=1, first_at=moment, last_at=moment)
            statement = statement.on_conflict_do_update(
                index_elements=[table.c.key],
                set_={
                    "count": sa.case((is_old, 1), else_=table.c.count + 1),
                    "first_at": sa.case((is_old, moment), else_=table.c.first_at),
                    "last_at": moment,
                },
            )
            count, first_at = connection.execute(statement.returning(table.c.count, table.c.first_at)).one()
            if count > limit:
                waits.append(aware(first_at) + self._window)
        return max(waits, default=None)

    def take_back(self, connection: sa.Connection, name: str, address: str | None) -> None:
        """An attempt succeeded: the user's failures from the address are forgotten."""
        of_user, of_address = _keys(name, address)
        table = self.table
        connection.execute(sa.delete(table).where(table.c.key == of_user))
        lower = sa.update(table).where(table.c.key == of_address, table.c.count > 0).values(count=table.c.count - 1)
        connection.execute(lower)

    def tidy(self, connection: sa.Connection) -> None:
        """Delete old rows, and the oldest beyond :data:`MOST`; one sign-in in :data:`TIDIES` does so."""
        table = self.table
        connection.execute(sa.delete(table).where(table.c.last_at <= now() - self._window))
        last = connection.scalar(sa.select(table.c.last_at).order_by(table.c.last_at.desc()).offset(MOST).limit(1))
        if last is not None:
            connection.execute(sa.delete(table).where(table.c.last_at <= last))

    @staticmethod
    def refuse_until(moment: datetime.datetime) -> None:
        """:raises TooManyRequests: the moment is to come"""
        seconds = (moment - now()).total_seconds()
        if seconds > 0:
            raise TooManyRequests(
                "too many sign-ins failed", math.ceil(seconds), hint="wait as long as Retry-After says"
            )


def _keys(name: str, address: str | None) -> tuple[str, str]:
    place = network(address)
    parts = (f"user\0{name_key(name)}\0{place}", f"address\0{place}")
    of_user, of_address = (hashlib.sha256(part.encode(errors="replace")).hexdigest() for part in parts)
    return of_user, of_address
