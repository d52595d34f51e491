"""The statements and the encoder of one version of a table, prepared once.

Rows are selected by Core and zipped to dictionaries: 103 to 179 thousand rows of 20 columns a second; ORM objects reach
57 to 104 thousand (SQLite, pages of 100 and of 1000).
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.column_expressions import (
    is_list,
    json_expression,
    reverse_expression,
    shown_sides,
)
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.database import Dialect
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.queries.sql.views import ReverseSides, View, WholeTable
from dynmodel_pyramid.rows.documents import documents
from dynmodel_pyramid.rows.former_statements import FormerStatements
from dynmodel_pyramid.rows.prepared import Fetched, PreparedRow, PreparedSelect

#: Datetimes are answered in UTC, with ``Z``; those without a time zone are read as UTC.
OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


def json_rows(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """A JSON array of rows, which are objects with these names."""
    made = rows.documents(names) if isinstance(rows, Fetched) else documents(names, rows)
    return orjson.dumps(made, option=OPTIONS)


class RowEncoder:
    """The values of a table that a view shows, and rows -> JSON.

    ``table`` is the view's source, from which ``select`` and the prepared statements select.
    """

    def __init__(self, model: Model, view: View, reverse_sides: ReverseSides) -> None:
        self._model = model
        self._readable = [f for f in model.definition.fields if view.may_read(f.name) and not f.write_only]
        sides = {name: side for name, side in shown_sides(model).items() if reverse_sides.exists(side)}
        #: Whether a row's version does not cover all of an answer: it shows data of other tables' rows, or hides values
        #: by conditions that may depend on other rows and on the identity.
        self.shows_others = bool(sides) or view.key is not None
        # Former names come after all present ones.
        self._aliases = [(alias.name, field) for field in self._readable for alias in field.aliases]
        names = [*[field.name for field in self._readable], *sides]
        self.names: tuple[str, ...] = ("id", *names, *[name for name, _ in self._aliases])
        self._prepared: dict[str, PreparedSelect] = {}
        if self.shows_others:
            # Now, because the caller's attempt notes the far tables that are used.
            self.table = view.source()
            far = [reverse_expression(model, side, self.table, reverse_sides.rows(side)) for side in sides.values()]
            self.columns = self._columns(view, far)

    @cached_property
    def table(self) -> sa.FromClause:
        return WholeTable(self._model).source()

    @cached_property
    def columns(self) -> list[sa.ColumnElement[Any]]:
        return self._columns(WholeTable(self._model))

    def _columns(self, view: View, far: Sequence[sa.ColumnElement[Any]] = ()) -> list[sa.ColumnElement[Any]]:
        values = {field.id: _value(self._model, view, self.table, field) for field in self._readable}
        aliases = [values[field.id].label(quoted_name(name, quote=True)) for name, field in self._aliases]
        return [self.table.c.id, *values.values(), *far, *aliases]

    @property
    def select(self) -> sa.Select[*tuple[Any, ...]]:
        """All rows."""
        return sa.select(*self.columns).select_from(self.table)

    def _one(self) -> sa.Select[*tuple[Any, ...]]:
        """One row by its id; its version comes first."""
        by_id = self.table.c.id == sa.bindparam("row_id")
        return sa.select(self.table.c._version, *self.columns).select_from(self.table).where(by_id)

    def _between(self) -> sa.Select[*tuple[Any, ...]]:
        return self.select.where(self.table.c.id.between(sa.bindparam("low"), sa.bindparam("high")))

    def prepared(self, connection: sa.Connection, name: str) -> PreparedSelect:
        """The statement of that name: ``one`` (row_id) or ``between`` (low, high)."""
        try:
            return self._prepared[name]
        except KeyError:
            return self._prepared.setdefault(name, self._prepare(name, connection.dialect))

    def _prepare(self, name: str, dialect: sa.Dialect) -> PreparedSelect:
        make = self._one if name == "one" else self._between
        if self.shows_others:
            return PreparedSelect(make(), dialect)
        return self._model.once(FormerStatements, FormerStatements).statement(name, dialect, make)

    def insert(self, connection: sa.Connection, table: sa.Table, dialect: Dialect) -> PreparedRow:
        """The statement that adds a row to the table itself and shows it; :attr:`shows_others` must be false."""
        try:
            return self._prepared["insert"]  # type: ignore[return-value]
        except KeyError:
            own = connection.dialect
            former = self._model.once(FormerStatements, FormerStatements)
            prepared = former.insert(
                table, own, lambda: PreparedRow(table, list(map(dialect.returned, self.columns)), own)
            )
            return self._prepared.setdefault("insert", prepared)  # type: ignore[return-value]

    def row(self, values: Sequence[Any]) -> bytes:
        return orjson.dumps(dict(zip(self.names, values, strict=True)), option=OPTIONS)


def _value(model: Model, view: View, table: sa.FromClause, field: FieldDefinition) -> sa.ColumnElement[Any]:
    value = json_expression(model, field, table)
    shown = view.shown(table, field) if is_list(model, field) else None
    return value if shown is None else sa.case((shown, value))
