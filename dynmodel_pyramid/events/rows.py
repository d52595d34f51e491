"""Events of writes of rows: before them, in their transaction, and after its commit."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

import orjson
import sqlalchemy as sa

from dynmodel_pyramid.catalogue.stored_values import stored_value
from dynmodel_pyramid.catalogue.system_values import system_fields
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.catalogue.watching import RowWrites, WantedWrites
from dynmodel_pyramid.definitions.problems import Problems, escape
from dynmodel_pyramid.errors import Invalid, Problem
from dynmodel_pyramid.events.tables import Table, Tables


class RowEvent:
    """What all events of writes have.

    ``table`` is the model's name, ``operation`` ``insert``, ``update`` or ``delete``. ``request`` is the request that
    writes; None in scripts.
    """

    def __init__(self, table: str, operation: str, request: Any) -> None:
        self.table, self.operation, self.request = table, operation, request


class _InTransaction(RowEvent):
    """An event within the transaction.

    ``connection`` is the SQLAlchemy connection of the transaction, for statements on tables of the application's own.
    """

    def __init__(self, model: Model, operation: str, request: Any, tables: Tables) -> None:
        super().__init__(model.definition.model_name, operation, request)
        self._model, self._tables = model, tables

    @property
    def connection(self) -> sa.Connection:
        return self._tables.connection

    def rows_of(self, table: str) -> Table:
        """The rows of any table, by its model name or id, to be read and written in the same transaction.

        :raises LookupError: there is no such table
        """
        return self._tables[table]


class BeforeRowWrite(_InTransaction):
    """Rows are about to be written: a subscriber may fill values, or refuse rows.

    One request may give several of these events, for parts of its rows. ``changes`` are the rows.
    """

    def __init__(self, wanted: WantedWrites, request: Any, tables: Tables) -> None:
        super().__init__(wanted.model, wanted.operation, request, tables)
        self.author = wanted.author
        self._wanted = wanted
        self._problems = Problems()

    @cached_property
    def changes(self) -> list["RowChange"]:
        wanted = self._wanted
        return [
            RowChange(self, row_id, values, pointer)
            for row_id, values, pointer in zip(wanted.ids, wanted.values, wanted.pointers, strict=True)
        ]

    def __iter__(self) -> Iterator["RowChange"]:
        return iter(self.changes)

    @cached_property
    def _existing(self) -> dict[int, dict[str, Any]]:
        ids = [] if self.operation == "insert" else [row_id for row_id in self._wanted.ids if row_id is not None]
        rows = map(orjson.loads, self._tables.encoded(self._model, ids)) if ids else ()
        return {row["id"]: row for row in rows}

    @cached_property
    def _read_only(self) -> frozenset[str]:
        return frozenset(field.name for field in system_fields(self._model.definition, self._model.field_types))

    def raise_if_refused(self) -> None:
        """:raises Invalid: a row was refused"""
        self._problems.raise_if_any()


class RowChange:
    """One row of a write. It is a mapping of the values that will be stored: all of a new row, the changed ones of
    others. Values are those of columns: a date is a ``datetime.date``, an exact decimal a ``decimal.Decimal``.

    ``id`` is None for a row of a session that has none yet.
    """

    def __init__(self, event: BeforeRowWrite, row_id: int | None, values: dict[str, Any], pointer: str) -> None:
        self.id, self._event, self._values, self._pointer = row_id, event, values, pointer

    @property
    def values(self) -> Mapping[str, Any]:
        return MappingProxyType(self._values)

    @property
    def before(self) -> dict[str, Any] | None:
        """The row as it is now, as JSON; None for a new row."""
        return None if self.id is None else self._event._existing.get(self.id)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def get(self, name: str, default: Any = None) -> Any:
        return self._values.get(name, default)

    def __setitem__(self, name: str, value: Any) -> None:
        """Let a field have another value, in its JSON form or in that of columns.

        :raises Invalid: the field refuses it; the request fails with the field's pointer
        :raises KeyError: there is no such field
        :raises TypeError: the value can't be chosen
        """
        event = self._event
        field = event._model.definition.by_name[name]
        if event._wanted.fixed or name in event._read_only:
            raise TypeError(f"{event.table}.{name} can't be filled at this {event.operation}")
        if value is None and field.required:
            raise Invalid([Problem(self._at(name), "required", "is required, so it can't be null")])
        field_type = event._model.field_types[field.type]
        stored = None if value is None else stored_value(field, field_type, value, self._at(name))
        self._values[name] = stored

    def refuse(self, detail: str, field: str | None = None, *, code: str = "refused") -> None:
        """Refuse the row: nothing of the request is written, and its client gets 422.

        :param detail: why, for the client
        :param field: the field that is at fault
        """
        self._event._problems.add(self._pointer if field is None else self._at(field), code, detail)

    def _at(self, name: str) -> str:
        return f"{self._pointer}/{escape(name)}"


class AfterRowWrite(_InTransaction):
    """Rows have been written, in a transaction that is not committed yet. An exception undoes all of it.

    ``rows`` are the ids with the new versions; of deleted rows with the last ones.
    """

    def __init__(self, model: Model, writes: RowWrites, request: Any, tables: Tables) -> None:
        super().__init__(model, writes.operation, request, tables)
        self.rows = writes.rows

    def documents(self) -> Iterator[dict[str, Any]]:
        """The rows as JSON documents, as they are now; none for deleted rows."""
        if self.operation == "delete":
            return iter(())
        ids = [row_id for row_id, _ in self.rows]
        return map(orjson.loads, self._tables.encoded(self._model, ids))


class RowWriteCommitted(RowEvent):
    """Rows have been written, and the transaction is committed: the time to send a message. A subscriber that fails is
    logged.

    One event for each table and operation of a transaction.
    """

    def __init__(self, table: str, operation: str, request: Any) -> None:
        super().__init__(table, operation, request)
        # 16 bytes a row, because a request may write a million.
        self._ids, self._versions = array("q"), array("q")

    def add(self, rows: Sequence[tuple[int, int]]) -> None:
        self._ids.extend(row_id for row_id, _ in rows)
        self._versions.extend(version for _, version in rows)

    def cut(self, size: int) -> None:
        """Leave out all rows but the first ones."""
        del self._ids[size:], self._versions[size:]

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def rows(self) -> Iterator[tuple[int, int]]:
        """The ids with the new versions."""
        return zip(self._ids, self._versions, strict=True)
