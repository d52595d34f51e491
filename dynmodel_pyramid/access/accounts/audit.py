"""The audit: what happened to access, and who did it (``_dynmodel_audit``).

An event has no secret and no body. Refused sign-ins are one row for an address and a minute, with their number; beyond
:data:`MOST_REFUSED` such rows in a minute all other addresses are one row.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.accounts.failures import network
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions.expressions import moment_text
from dynmodel_pyramid.definitions.store import aware, now

#: The event of refused sign-ins.
REFUSED = "sign_in_refused"
MOST_REFUSED = 100


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an event comes from.

    :param identity: the id of who did it; None: nobody that is known, or the console
    """

    identity: str | None = None
    address: str | None = None
    request_id: str | None = None


#: Scripts on the server itself; details say so as well.
FROM_CONSOLE = Origin()


class Audit:
    """The audit of one database."""

    def __init__(self, database: Database) -> None:
        self.table = database.system.access.audit
        self._days = database.settings.audit_days

    def note(self, connection: sa.Connection, event: str, origin: Origin, **detail: Any) -> None:
        """Write an event in the transaction of what it tells of."""
        if origin is FROM_CONSOLE:
            detail["console"] = True
        self._insert(connection, event, origin, detail)

    def refused(self, connection: sa.Connection, origin: Origin) -> None:
        """Count a refused sign-in."""
        table, moment = self.table, now()
        minute = moment.replace(second=0, microsecond=0)
        recent = (table.c.event == REFUSED) & (table.c.at >= minute)
        address: str | None = network(origin.address)
        rows = connection.scalar(sa.select(sa.func.count()).select_from(table).where(recent)) or 0
        if rows >= MOST_REFUSED:
            known = connection.scalar(sa.select(table.c.id).where(recent, table.c.address == address).limit(1))
            address = address if known is not None else None
        same = sa.select(sa.func.min(table.c.id)).where(recent, table.c.address.is_not_distinct_from(address))
        counted = sa.update(table).where(table.c.id == same.scalar_subquery()).values(count=table.c.count + 1)
        if not connection.execute(counted).rowcount:
            self._insert(connection, REFUSED, Origin(None, address, origin.request_id), {})

    def _insert(self, connection: sa.Connection, event: str, origin: Origin, detail: Mapping[str, Any]) -> None:
        values = {
            "at": now(),
            "event": event,
            "identity": origin.identity,
            "address": origin.address,
            "request_id": origin.request_id,
            "detail": dict(detail),
            "count": 1,
        }
        connection.execute(sa.insert(self.table).values(values))

    def page(
        self, connection: sa.Connection, limit: int, before: int | None = None, **wanted: str
    ) -> list[dict[str, Any]]:
        """The newest events first, as documents.

        :param before: those before this one
        :param wanted: those with these values of columns
        """
        table = self.table
        query = sa.select(table).order_by(table.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(table.c.id < before)
        query = query.filter_by(**wanted)
        return [{**row, "at": moment_text(aware(row["at"]))} for row in map(dict, connection.execute(query).mappings())]

    def tidy(self, connection: sa.Connection) -> None:
        """Delete events that are older than ``dynmodel.audit_days``."""
        if self._days:
            old = self.table.c.at < now() - datetime.timedelta(days=self._days)
            connection.execute(sa.delete(self.table).where(old))
