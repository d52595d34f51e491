"""Values that a conversion could not convert (``_dynmodel_quarantine``).

The row service writes a value back, as for a client, and its line is deleted in the same transaction.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.column_expressions import expression, is_list
from dynmodel_pyramid.changes.history import TableHistory
from dynmodel_pyramid.changes.values.column_values import UNCACHED
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.expressions import moment_text
from dynmodel_pyramid.definitions.problems import escape
from dynmodel_pyramid.errors import Conflict, Invalid, Malformed, NotFound, Problem
from dynmodel_pyramid.queries.grammar.cursor import unquoted
from dynmodel_pyramid.rows.service import Rows

#: For :meth:`Quarantine.restore`: take the old text.
OLD_TEXT = object()


@dataclass(frozen=True, slots=True)
class NewText:
    """For :meth:`Quarantine.restore`: a corrected value in its text form, as in CSV."""

    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One value; ``field`` is the present field, None if it is gone."""

    id: int
    field_id: int
    row_id: int
    version: int
    type: str
    value: str
    reason: str
    kept_at: datetime.datetime
    field: FieldDefinition | None
    is_shown: bool

    def document(self) -> dict[str, Any]:
        """The document for clients; for a write_only field without the value, and without the reason, which may name
        the value.
        """
        moment = self.kept_at if self.kept_at.tzinfo is not None else self.kept_at.replace(tzinfo=datetime.UTC)
        return {
            "id": self.id,
            "field": None if self.field is None else self.field.name,
            "field_id": self.field_id,
            "row": self.row_id,
            "version": self.version,
            "type": self.type,
            "value": self.value if self.is_shown else None,
            "reason": self.reason if self.is_shown else None,
            "kept_at": moment_text(moment),
        }


class Quarantine:
    """The lines of one table; functions take the connection of the caller's transaction."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.definition = rows.model.definition
        self.table = rows.catalogue.store.system.quarantine

    def field_id(self, text: str) -> int:
        """The id of a field, by its name or number, because dropped fields have no name. A name may stand in double
        quotes, as in queries, so that it is not taken for a number.

        :raises Malformed: there is no field of that name
        """
        if text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
        field = self.definition.by_name.get(unquoted(text))
        if field is None:
            raise Malformed(f"field={text}: the table has no such field", code="unknown_field")
        return field.id

    def count(self, connection: sa.Connection, field_id: int | None) -> int:
        query = sa.select(sa.func.count()).select_from(self.table).where(*self._conditions(field_id))
        return connection.execute(query).scalar_one()

    def page(self, connection: sa.Connection, limit: int, offset: int, field_id: int | None) -> list[Line]:
        """Lines in order of their ids, the oldest first."""
        query = sa.select(self.table).where(*self._conditions(field_id)).order_by(self.table.c.id)
        return self._lines(connection, query.limit(limit).offset(offset))

    def get(self, connection: sa.Connection, number: int) -> Line:
        """:raises NotFound: there is no such line"""
        query = sa.select(self.table).where(*self._conditions(None), self.table.c.id == number)
        lines = self._lines(connection, query)
        if not lines:
            raise NotFound(f"the quarantine of the table has no value {number}")
        return lines[0]

    def purge(self, connection: sa.Connection, field_id: int | None) -> None:
        """Destroy the values of the table, or those of one field."""
        connection.execute(sa.delete(self.table).where(*self._conditions(field_id)))

    def purge_one(self, connection: sa.Connection, number: int) -> None:
        """:raises NotFound: there is no such line"""
        conditions = (*self._conditions(None), self.table.c.id == number)
        if not connection.execute(sa.delete(self.table).where(*conditions)).rowcount:
            raise NotFound(f"the quarantine of the table has no value {number}")

    def restore(self, connection: sa.Connection, number: int, value: Any, *, overwrite: bool) -> tuple[int, int]:
        """Write a value into the row, and delete its line; -> the row's id and its new version.

        :param value: in JSON form, a :class:`NewText`, or :data:`OLD_TEXT`
        :param overwrite: even if the field has a value by now
        :raises NotFound: there is no such line
        :raises Conflict: the field or the row is gone, or the field has a value
        :raises Invalid: the field refuses the value
        """
        line = self.get(connection, number)
        field = line.field
        if field is None:
            raise Conflict(
                f"the field {line.field_id} of the value is gone",
                hint="restore the field first, or purge the value",
            )
        self._refuse_taken(connection, line, field, overwrite)
        if value is OLD_TEXT or isinstance(value, NewText):
            value = self._from_text(line, field, value.text if isinstance(value, NewText) else None)
        try:
            version = self.rows.assign(connection, line.row_id, {field.name: value})
        except Invalid as error:
            raise _at_value(error, field) from None
        assert version is not None  # the row is locked
        self.purge_one(connection, number)
        return line.row_id, version

    def _refuse_taken(self, connection: sa.Connection, line: Line, field: FieldDefinition, overwrite: bool) -> None:
        """Checked under the row's lock, so that it still holds when the value is written."""
        model = self.rows.model
        table = model.table
        held = sa.select(table.c.id).where(table.c.id == line.row_id).with_for_update()
        if connection.scalar(held, execution_options=UNCACHED) is None:
            raise Conflict(f"the row {line.row_id} of the value is gone", hint="purge the value", row=line.row_id)
        if is_list(model, field):
            far = self.rows.links.lists[field.name]
            query = sa.select(far.c.value).where(far.c.row_id == line.row_id).limit(1)
        else:
            query = sa.select(expression(model, field)).where(table.c.id == line.row_id)
        current = connection.scalar(query, execution_options=UNCACHED)
        if current is not None and not overwrite:
            raise Conflict(
                f"the field {field.name!r} of the row {line.row_id} has a value by now",
                hint="say overwrite=true to replace it, or purge the value",
                row=line.row_id,
                field=field.name,
            )

    def _from_text(self, line: Line, field: FieldDefinition, new: str | None) -> Any:
        """
        :param new: another text than the old one
        """
        try:
            text = line.value if new is None else new
            return self.rows.model.field_types[field.type].text_form(field.options).from_text(text)
        except ValueError as error:
            detail = str(error) if line.is_shown or new is not None else f"the old value can't become {field.type}"
            raise Invalid([Problem("/value", "invalid_format", detail)], hint="give a corrected value") from None

    def _conditions(self, field_id: int | None) -> list[sa.ColumnElement[bool]]:
        conditions = [self.table.c.table_id == self.definition.id]
        return conditions if field_id is None else [*conditions, self.table.c.field_id == field_id]

    def _lines(self, connection: sa.Connection, query: sa.Select[*tuple[Any, ...]]) -> list[Line]:
        rows = connection.execute(query).all()
        shown = self._shown(connection, rows)
        return [
            Line(
                row.id,
                row.field_id,
                row.row_id,
                row.version,
                row.type,
                row.value,
                row.reason,
                row.kept_at,
                self.definition.by_id.get(row.field_id),
                shown[row.field_id, row.version],
            )
            for row in rows
        ]

    def _shown(
        self, connection: sa.Connection, rows: Iterable[sa.Row[*tuple[Any, ...]]]
    ) -> dict[tuple[int, int], bool]:
        """Whether the values of a field may be shown, by the present field, or by the field at that time."""
        wanted = {(row.field_id, row.version) for row in rows}
        versions = sorted({version for number, version in wanted if number not in self.definition.by_id})
        then = {}
        if versions:
            history = TableHistory(self.rows.catalogue, connection, self.definition.id)
            then = {version.number: version.definition.by_id for version in history.at(*versions)}
        shown = {}
        for number, version in wanted:
            field = self.definition.by_id.get(number) or then[version].get(number)
            shown[number, version] = field is not None and not field.write_only
        return shown


def _at_value(error: Invalid, field: FieldDefinition) -> Invalid:
    """The same problems, with pointers into the client's document, in which ``value`` is the field's value."""
    skipped = len(f"/{escape(field.name)}")
    problems = [
        Problem(f"/value{problem.pointer[skipped:]}", problem.code, problem.detail) for problem in error.problems
    ]
    return Invalid(problems, error.total, hint=error.hint)
