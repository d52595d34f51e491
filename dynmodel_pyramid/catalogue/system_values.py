"""System values of rows (:attr:`FieldType.fill`)."""

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.store import DefinitionStore
from dynmodel_pyramid.fields import UNCHANGED, FieldTypes


class SystemWrite:
    """The :class:`dynmodel_pyramid.fields.Write` of one field in one request.

    :param draw: draws that many numbers for this write alone, and gives the first
    :param count: how many rows are written
    """

    def __init__(
        self, is_insert: bool, author: str | None, moment: datetime.datetime, draw: Callable[[int], int], count: int
    ) -> None:
        self.is_insert = is_insert
        self.author = author
        self.moment = moment
        self._draw = draw
        self._count = count
        self._numbers: Iterator[int] = iter(())

    def number(self) -> int:
        for number in self._numbers:
            return number
        first = self._draw(self._count)
        self._numbers = iter(range(first + 1, first + self._count))
        return first


def system_fields(definition: TableDefinition, field_types: FieldTypes) -> tuple[FieldDefinition, ...]:
    """The fields of a table that have system values."""
    return tuple(
        field for field in definition.fields if field.type in field_types and field_types[field.type].fill is not None
    )


def fill_of(field: FieldDefinition, field_types: FieldTypes) -> Callable[..., Any]:
    """What gives the values of one of these fields."""
    fill = field_types[field.type].fill
    assert fill is not None
    return fill


class Filler:
    """Makes the system values of one table in one transaction."""

    def __init__(
        self,
        connection: sa.Connection,
        store: DefinitionStore,
        field_types: FieldTypes,
        definition: TableDefinition,
        author: str | None,
        moment: datetime.datetime,
    ) -> None:
        self.connection = connection
        self.store = store
        self.field_types = field_types
        self.definition = definition
        self.author = author
        self.moment = moment

    def _write(self, field: FieldDefinition, is_insert: bool, count: int) -> SystemWrite:
        def draw(number: int) -> int:
            return self.store.draw_numbers(self.connection, self.definition.id, field.id, number)

        return SystemWrite(is_insert, self.author, self.moment, draw, count)

    def _fill(self, field: FieldDefinition) -> Callable[..., Any]:
        fill = self.field_types[field.type].fill
        assert fill is not None  # the field is one of :func:`given_fields`
        return fill

    def of_new_rows(self, fields: tuple[FieldDefinition, ...], count: int) -> list[dict[str, Any]]:
        """The values by field for each of that many new rows."""
        filled: list[dict[str, Any]] = [{} for _ in range(count)]
        for field in fields:
            write, fill = self._write(field, True, count), fill_of(field, self.field_types)
            for values in filled:
                value = fill(field.options, write)
                values[field.name] = None if value is UNCHANGED else value
        return filled

    def of_changed_row(self, fields: tuple[FieldDefinition, ...]) -> dict[str, Any]:
        """The values that change when a row is changed."""
        values = {
            field.name: fill_of(field, self.field_types)(field.options, self._write(field, False, 1))
            for field in fields
        }
        return {name: value for name, value in values.items() if value is not UNCHANGED}
