"""Conversions of links by a unique key of the far table: codes become links, and links become codes.

A link's option ``key`` names the field. Its texts stand for the far rows in conversions from and to other types.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.changes.values.column_values import UNCACHED
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.fields import FieldType
from dynmodel_pyramid.fields.sql.patterns import Case

#: How many rows that were looked up are remembered.
_REMEMBERED = 10_000


class FarKey:
    """
    :param rows: the far rows, with the columns ``id`` and ``key``
    :param field: the far field that is the key
    """

    def __init__(
        self,
        connection: sa.Connection,
        rows: sa.FromClause,
        field: FieldDefinition,
        field_type: FieldType,
        case: Case | None,
    ) -> None:
        self._connection, self._rows, self._field, self._case = connection, rows, field, case
        self._form = field_type.text_form(field.options)
        self._node = field_type.operand_node(field.options)
        self._find = lru_cache(_REMEMBERED)(self._look_up)
        self.text_of: Callable[[int], str] = lru_cache(_REMEMBERED)(self._text_of)

    def id_of(self, text: str) -> tuple[int | None, str | None]:
        """(the id of the far row with this key, None), or (None, why there is none)."""
        return self._find(text)

    def _look_up(self, text: str) -> tuple[int | None, str | None]:
        try:
            value = self._node.deserialize(self._form.from_text(text))
        except (ValueError, colander.Invalid):
            value = None
        row_id = None if value is None else self._connection.scalar(self._query(value), execution_options=UNCACHED)
        return row_id, None if row_id is not None else f"there is no row with {self._field.name} {text[:100]!r}"

    def _query(self, value: Any) -> sa.Select[Any]:
        rows = self._rows
        return sa.select(rows.c.id).where(self._is(sa.literal(value, rows.c.key.type)))

    def _is(self, value: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        key = self._rows.c.key
        return key == value if self._case is None else self._case.key(key) == self._case.key(value)

    def _text_of(self, row_id: int) -> str:
        """The key of a far row; the id itself if the row has none."""
        rows = self._rows
        query = sa.select(rows.c.key).where(rows.c.id == row_id)
        value = self._connection.scalar(query, execution_options=UNCACHED)
        return str(row_id) if value is None else self._form.to_text(value)

    def in_database(
        self, text: sa.ColumnElement[Any], table: sa.FromClause, dialect: str
    ) -> sa.ColumnElement[Any] | None:
        """The id of the far row with this key, in SQL; NULL if there is none. None: SQL can't read such keys.

        :param table: the table whose values are converted
        """
        from_text = self._form.sql_from_text
        if from_text is None:
            return None
        return sa.select(self._rows.c.id).where(self._is(from_text(text, dialect))).correlate(table).scalar_subquery()


#: The key of a link that has one; None of all other fields.
FarKeys = Callable[[FieldDefinition], FarKey | None]


def no_keys(field: FieldDefinition) -> None:
    return None
