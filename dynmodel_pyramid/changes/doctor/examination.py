"""A deployment is examined: first what belongs to no table, then the tables, as many as the time allows."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes.doctor import growth, machine, orphans, tables
from dynmodel_pyramid.database.findings import Finding, Load, severest

#: The states of what was examined, by the highest severity.
STATUS = {None: "healthy", "note": "healthy", "warning": "warnings", "error": "damaged"}


@dataclass(slots=True)
class Examined:
    """Some tables, with what was found.

    :param next: the id after which the examination goes on; None: no tables are left
    """

    findings: list[Finding] = field(default_factory=list)
    tables: int = 0
    next: int | None = None

    @property
    def status(self) -> str:
        return STATUS[severest(self.findings)]


class Doctor:
    """Examines the deployment of a catalogue.

    :param load: what the processes ask of machine and database
    """

    def __init__(self, catalogue: Catalogue, load: Load) -> None:
        self.catalogue = catalogue
        self.load = load

    def whole(self, *, of_server: bool = True) -> list[Finding]:
        """What belongs to no single table.

        :param of_server: whether to tell of the machine, the settings and the database's server, too, which a tenant
            shares with others
        """
        database = self.catalogue.database
        findings = list(machine.findings(database, self.load)) if of_server else []
        with database.reading() as connection:
            database.dialect.bound_statements(connection, database.settings.statement_timeout)
            if of_server:
                findings += database.dialect.findings(connection, self.load)
            findings += orphans.findings(connection, self.catalogue)
            findings += growth.findings(connection, self.catalogue)
        return findings

    def examined(self, after: int, limit: int, seconds: float) -> Examined:
        """The tables with ids above ``after``, in order: at most ``limit``, at least one, until the time is over."""
        result, end = Examined(), time.monotonic() + seconds
        for table_id in self._ids(after, limit + 1):
            if result.tables == limit or (result.tables and time.monotonic() > end):
                result.next = after
                break
            result.findings += tables.findings(self.catalogue, table_id)
            result.tables += 1
            after = table_id
        return result

    def each(self) -> Iterator[Examined]:
        """All tables, a few at a time."""
        after: int | None = 0
        while after is not None:
            part = self.examined(after, 100, 60.0)
            yield part
            after = part.next

    def _ids(self, after: int, limit: int) -> list[int]:
        with self.catalogue.database.reading() as connection:
            return self.catalogue.store.ids(connection, after, limit)
