"""The system tables' lines about the trash: fields whose values are kept, and dropped tables.

As in :mod:`~.store`, all functions take a connection inside a transaction; none begins or ends one.
"""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database import SystemTables
from dynmodel_pyramid.definitions.model import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.store import TrashedField


@dataclass(frozen=True, slots=True)
class KeptField:
    """A field in the trash of a table.

    :param version: the version of the table that put it there
    :param replaced: whether that version converted the field's values; else it dropped the field
    """

    kept: TrashedField
    dropped_at: datetime.datetime
    version: int
    replaced: bool

    @property
    def field(self) -> FieldDefinition:
        return self.kept.field


@dataclass(frozen=True, slots=True)
class DroppedTable:
    """A table in the trash; the definition's ``physical_name`` is where its rows are kept."""

    definition: TableDefinition
    dropped_at: datetime.datetime


class TrashStore:
    """Reads and clears the lines about the trash."""

    def __init__(self, system: SystemTables) -> None:
        self.system = system

    # Fields

    def fields(self, connection: sa.Connection, table_id: int, number: int | None = None) -> list[KeptField]:
        """The fields in a table's trash, or the one of that number, oldest first."""
        trash, log = self.system.trash.c, self.system.change.c
        # The version's definition shows whether the field still existed then; the log is never cleared.
        version = sa.and_(log.table_id == trash.table_id, log.version == trash.dropped_version)
        query = (
            sa.select(self.system.trash, log.document.label("definition"))
            .select_from(self.system.trash.outerjoin(self.system.change, version))
            .where(trash.table_id == table_id)
            .order_by(trash.id)
        )
        if number is not None:
            query = query.where(trash.id == number)
        return [_kept_field(row) for row in connection.execute(query)]

    def fields_before(self, connection: sa.Connection, moment: datetime.datetime) -> Iterator[tuple[int, int]]:
        """(table, number) of fields of live tables that were trashed before that moment."""
        trash, table = self.system.trash.c, self.system.table.c
        query = (
            sa.select(trash.table_id, trash.id)
            .select_from(self.system.trash.join(self.system.table, table.id == trash.table_id))
            .where(table.dropped_at.is_(None), trash.dropped_at < moment)
            .order_by(trash.table_id, trash.id)
        )
        for row in connection.execute(query):
            yield row[0], row[1]

    def quarantine(
        self,
        connection: sa.Connection,
        definition: TableDefinition,
        field_id: int,
        type_name: str,
        values: Iterable[tuple[int, str, str]],
        moment: datetime.datetime,
    ) -> None:
        """Put values that can't be converted into the quarantine.

        :param type_name: the field type of the values
        :param values: (id of the row, text of the value, why it can't be converted)
        """
        common = {
            "table_id": definition.id,
            "field_id": field_id,
            "version": definition.version,
            "type": type_name,
            "kept_at": moment,
        }
        rows = [{**common, "row_id": row_id, "value": text, "reason": reason} for row_id, text, reason in values]
        connection.execute(sa.insert(self.system.quarantine), rows)

    def forget_quarantined(self, connection: sa.Connection, table_id: int, field_id: int) -> None:
        lines = self.system.quarantine
        condition = sa.and_(lines.c.table_id == table_id, lines.c.field_id == field_id)
        connection.execute(sa.delete(lines).where(condition))

    def quarantined(self, connection: sa.Connection, table_id: int) -> int:
        """How many values of a table are in the quarantine."""
        lines = self.system.quarantine
        count = sa.select(sa.func.count()).select_from(lines).where(lines.c.table_id == table_id)
        return connection.execute(count).scalar_one()

    # Tables

    def tables(self, connection: sa.Connection, limit: int | None = None, offset: int = 0) -> list[DroppedTable]:
        """The tables in the trash in order of id."""
        query = self._tables().order_by(self.system.table.c.id).offset(offset)
        query = query.limit(limit if limit is not None else 2**62)
        return [_dropped_table(row) for row in connection.execute(query)]

    def table(self, connection: sa.Connection, table_id: int, *, lock: bool = False) -> DroppedTable | None:
        """A table in the trash; None if there is none of that id.

        :param lock: keep others from restoring or purging it until the transaction ends
        """
        query = self._tables().where(self.system.table.c.id == table_id)
        row = connection.execute(query.with_for_update() if lock else query).first()
        return None if row is None else _dropped_table(row)

    def tables_before(self, connection: sa.Connection, moment: datetime.datetime) -> list[DroppedTable]:
        """The tables that were trashed before that moment."""
        table = self.system.table.c
        query = self._tables().where(table.dropped_at < moment).order_by(table.id)
        return [_dropped_table(row) for row in connection.execute(query)]

    def _tables(self) -> sa.Select[*tuple[Any, ...]]:
        table = self.system.table.c
        return sa.select(table.document, table.dropped_at).where(table.dropped_at.is_not(None))

    def forget_table(self, connection: sa.Connection, table_id: int) -> None:
        """Remove a table from all system tables except the log, which is the history."""
        system = self.system
        for lines in (system.trash, system.quarantine, system.counter, system.view):
            connection.execute(sa.delete(lines).where(lines.c.table_id == table_id))
        connection.execute(sa.delete(system.table).where(system.table.c.id == table_id))


def _kept_field(row: sa.Row[*tuple[Any, ...]]) -> KeptField:
    later = {field["id"] for field in row.definition["fields"]} if row.definition is not None else ()
    trashed = TrashedField(row.id, row.table_id, row.physical_name, FieldDefinition.from_stored(row.document))
    return KeptField(trashed, _in_utc(row.dropped_at), row.dropped_version, row.field_id in later)


def _dropped_table(row: sa.Row[*tuple[Any, ...]]) -> DroppedTable:
    return DroppedTable(TableDefinition.from_stored(row.document), _in_utc(row.dropped_at))


def _in_utc(moment: datetime.datetime) -> datetime.datetime:
    """Add UTC, because SQLite keeps no offset."""
    return moment.replace(tzinfo=datetime.UTC) if moment.tzinfo is None else moment.astimezone(datetime.UTC)
