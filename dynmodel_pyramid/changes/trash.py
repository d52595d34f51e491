"""The trash: dropped tables are listed, restored, or purged; :mod:`~.trash_fields` does so for fields.

Restoring is a change of a definition like any other. Purging takes the table's locks as a change does, but makes no
version: no definition names the trash, so readers and writers of rows see no difference.
"""

import datetime
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.principal import TRUSTED, Principal
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes.ddl.trash import purge_table
from dynmodel_pyramid.changes.on_error import FAIL, FieldWord, OnError, offers_of
from dynmodel_pyramid.changes.planner import Definitions
from dynmodel_pyramid.changes.service import DefinitionService, Outcome, Precondition, no_precondition
from dynmodel_pyramid.changes.table_change import TableChange
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.problems import escape
from dynmodel_pyramid.definitions.reading_fields import Resolve
from dynmodel_pyramid.definitions.trashed import DroppedTable, KeptField, TrashStore
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.errors import Conflict, Invalid, NotFound, Problem


@dataclass(frozen=True, slots=True)
class Kept:
    """Something in the trash.

    :param what: the field or table
    :param rows: how many rows have a value of the field, or how many rows the table has
    :param until: when it is purged; None: never automatically
    """

    what: KeptField | DroppedTable
    rows: int
    until: datetime.datetime | None


class Trash:
    """The base of both kinds of trash."""

    def __init__(self, catalogue: Catalogue, *, principal: Principal = TRUSTED) -> None:
        self.catalogue = catalogue
        self.database = catalogue.database
        self.store = TrashStore(catalogue.database.system)
        self.definitions = DefinitionService(catalogue, principal=principal)

    def _until(self, what: KeptField | DroppedTable) -> datetime.datetime | None:
        days = self.database.settings.trash_days
        return what.dropped_at + datetime.timedelta(days=days) if days else None


class TableTrash(Trash):
    """The dropped tables of one catalogue."""

    def tables(self, limit: int, offset: int = 0) -> tuple[list[Kept], bool]:
        """The tables in the trash in order of id, and whether there are more."""
        with self.database.reading() as connection:
            tables = self.store.tables(connection, limit + 1, offset)
            counted = [(table, self._count_rows(connection, table)) for table in tables[:limit]]
        entries = [Kept(table, count, self._until(table)) for table, count in counted if count is not None]
        return entries, len(tables) > limit

    def table(self, number: int) -> Kept:
        """:raises NotFound: there is no such table in the trash"""
        with self.database.reading() as connection:
            table = self.store.table(connection, number)
            count = None if table is None else self._count_rows(connection, table)
        if table is None or count is None:
            raise not_there()
        return Kept(table, count, self._until(table))

    def _count_rows(self, connection: sa.Connection, table: DroppedTable) -> int | None:
        """The number of rows; None: the table was restored or purged just now."""
        try:
            with connection.begin_nested():
                return self.definitions.executor.editor(connection).count_rows(table.definition)
        except sa.exc.DBAPIError as error:
            if self.database.failure(error).kind != "statement":
                raise
            return None

    def restore_table(
        self,
        number: int,
        overrides: Any = None,
        *,
        precondition: Precondition = no_precondition,
        on_error: str = FAIL,
        author: str | None = None,
    ) -> Outcome:
        """Restore a table with its rows.

        :param overrides: an object that may have ``model_name``
        :raises NotFound: there is no such table in the trash
        :raises Conflict: the name is taken, or a table or row that the table links to is gone
        """
        how = OnError.read(on_error, self.catalogue.field_types)
        name = _model_name(overrides)

        def make_changes(connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
            table = self.store.table(connection, number, lock=True)
            if table is None:
                raise not_there()
            precondition(table.definition)
            before = self.catalogue.upgraded(table.definition)
            gone = self._gone(before, resolve)
            start = TableChange(before, before, restored=True)
            ((_, words),) = how.resolved([start], offers_of(self.catalogue.field_types))
            _refuse_gone([field for field in gone if words.of(field) == FAIL])
            wanted = self._wanted(before, name, resolve, gone)
            return [replace(start, after=wanted, on_error=words)]

        done = self.definitions.executor.execute((), make_changes, author=author)
        return Outcome(done.made(number), done.state, True)

    def _gone(self, before: TableDefinition, resolve: Resolve) -> list[FieldDefinition]:
        """The fields that link to tables which do not exist."""
        links = [(field, self.catalogue.generator.reference(field)) for field in before.fields]
        tables = [(field, link.table) for field, link in links if link is not None]
        return [field for field, table in tables if table != before.id and resolve(table) is None]

    def _wanted(
        self, before: TableDefinition, name: Any, resolve: Resolve, gone: list[FieldDefinition]
    ) -> TableDefinition:
        """:param gone: the fields that stay in the trash"""

        def resolved(key: int | str) -> int | None:
            return key if key == before.id else resolve(key)

        prefix = self.database.settings.table_prefix
        start = replace(before, physical_name=prefix + before.model_name)
        document = table_document(without(start, {field.id for field in gone}))
        return self.definitions.read({**document, **({} if name is None else {"model_name": name})}, start, resolved)

    def purge_table(
        self,
        number: int,
        *,
        precondition: Precondition = no_precondition,
        dropped_before: datetime.datetime | None = None,
    ) -> DroppedTable:
        """Destroy a table in the trash.

        :param dropped_before: only if it was dropped before that moment
        :raises NotFound: there is no such table in the trash
        """

        def run(connection: sa.Connection, deadline: float) -> DroppedTable:
            table = self.store.table(connection, number, lock=True)
            if table is None or (dropped_before is not None and table.dropped_at >= dropped_before):
                raise not_there()
            precondition(table.definition)
            trashed = [field.kept for field in self.store.fields(connection, number)]
            purge_table(self.definitions.executor.editor(connection), table.definition, trashed)
            self.store.forget_table(connection, number)
            self.definitions.executor.principal.prove(connection)
            return table

        return self.definitions.executor.transaction(run)


def without(definition: TableDefinition, gone: set[int]) -> TableDefinition:
    """A table without some of its fields, and without the display and indexes that name them."""
    return replace(
        definition,
        fields=tuple(field for field in definition.fields if field.id not in gone),
        indexes=tuple(index for index in definition.indexes if not gone.intersection(dict(index.fields))),
        display=None if definition.display in gone else definition.display,
    )


def _refuse_gone(fields: list[FieldDefinition]) -> None:
    if fields:
        names = [field.name for field in fields]
        form = OnError(fields=tuple(FieldWord(None, name, "null") for name in names))
        raise Conflict(
            "tables are gone that these fields link to: " + ", ".join(names),
            code="linked_table_gone",
            hint=f"restore these tables first; with on_error={form} the fields stay in the trash",
            fields=names,
        )


def not_there() -> NotFound:
    return NotFound("there is no such thing in the trash", hint="it may have been restored or purged")


def _model_name(overrides: Any) -> Any:
    if overrides is None:
        return None
    if type(overrides) is not dict:
        raise Invalid([Problem("", "wrong_type", 'want an object such as {"model_name": "Other"}')])
    unknown = [key for key in overrides if key != "model_name"]
    if unknown:
        raise Invalid([Problem(f"/{escape(key)}", "unknown_key", "known is model_name") for key in unknown])
    return overrides.get("model_name")
