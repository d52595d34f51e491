"""An identity's view of a table: its readable rows, with the values that no grant of a row shows as null.

It is a selectable, from which all statements select::

    (SELECT t.id, t._version, ..., t.a,
            CASE WHEN <grants that name b> THEN t.b END AS b, <the same> AS _shown_2
     FROM t WHERE <any grant>) AS v

Databases flatten it. Grants add up: a row is in it if any grant holds; it shows a value if any grant that holds for the
row names the field.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.access.compiling import RowCondition
from dynmodel_pyramid.access.grants import Fields, Grant
from dynmodel_pyramid.catalogue.column_expressions import expression, is_list, is_system_value
from dynmodel_pyramid.catalogue.table_builder import SYSTEM_COLUMNS, Model
from dynmodel_pyramid.definitions import FieldDefinition

#: Of the inner table, so that relations in conditions have other names.
_INNER = quoted_name("_t", quote=True)
_GUARD = "_in"


@dataclass(frozen=True, slots=True)
class Reading:
    """A grant to read that holds for the identity.

    :param condition: of the rows; None for all
    """

    grant: Grant
    condition: RowCondition | None


def readable(model: Model, fields: Fields) -> frozenset[int]:
    """The ids of the fields that a grant to read names."""
    named = set(fields.named)
    if fields.every:
        named |= {
            field.id
            for field in model.definition.fields
            if field.id not in fields.without and (_has_values(model, field) or _declares_reads(model, field))
        }
    return frozenset(named)


def _has_values(model: Model, field: FieldDefinition) -> bool:
    return field.name in model.table.c or is_list(model, field)


def _declares_reads(model: Model, field: FieldDefinition) -> bool:
    reads = model.field_types[field.type].reads
    return reads is not None and set(reads) <= {"id", *SYSTEM_COLUMNS}


def writable(model: Model, fields: Fields) -> frozenset[str]:
    """The names of the fields that a grant to write names; ``id`` only if it says so."""
    names = {
        field.name
        for field in model.definition.fields
        if (field.id in fields.named or (fields.every and field.id not in fields.without))
        and not is_system_value(model, field)
    }
    return frozenset(names | {"id"}) if fields.row_id else frozenset(names)


class GrantedView:
    """See the module; the :class:`~dynmodel_pyramid.queries.sql.views.View` of some grants on one version of a table.

    It holds no values of an identity, only parameters for them, so all identities with these grants share it.
    """

    def __init__(self, model: Model, key: Any, readings: Sequence[Reading]) -> None:
        self.model, self.key = model, key
        self.exists = bool(readings)
        self._readings = readings
        self._fields = [readable(model, reading.grant.fields) for reading in readings]
        self._readable = frozenset().union(*self._fields)
        self._names = {field.name: field.id for field in model.definition.fields}
        self.all_rows = any(reading.condition is None for reading in readings)

    def may_read(self, name: str) -> bool:
        return self._names.get(name) in self._readable

    @property
    def is_whole(self) -> bool:
        """Whether it is the same as the table."""
        return any(
            reading.condition is None and len(fields) == len(self._names)
            for reading, fields in zip(self._readings, self._fields, strict=True)
        )

    def _is_masked(self, field_id: int) -> bool:
        """Whether some rows show the field's value, and others do not."""
        naming = [reading for reading, fields in zip(self._readings, self._fields, strict=True) if field_id in fields]
        return len(naming) < len(self._readings) and all(reading.condition is not None for reading in naming)

    def shown(self, source: sa.FromClause, field: FieldDefinition) -> sa.ColumnElement[bool] | None:
        return source.c.get(f"_shown_{field.id}")

    def guard(self, source: sa.FromClause) -> sa.ColumnElement[bool] | None:
        return source.c.get(_GUARD)

    def source(self, name: quoted_name | None = None) -> sa.FromClause:
        table = self.model.table.alias(_INNER)
        conditions = [None if reading.condition is None else reading.condition(table) for reading in self._readings]
        columns: list[sa.ColumnElement[Any]] = [table.c.id, *[table.c[column] for column in SYSTEM_COLUMNS]]
        for field in self.model.definition.fields:
            if field.id in self._readable:
                columns += self._columns(table, field, conditions)
        rows = None if self.all_rows else _any(condition for condition in conditions if condition is not None)
        query = sa.select(*columns)
        if rows is not None:
            query = query.add_columns(rows.label(_GUARD)).where(rows)
        return query.select_from(table).subquery(quoted_name("_view", quote=True) if name is None else name)

    def _columns(
        self, table: sa.FromClause, field: FieldDefinition, conditions: Sequence[sa.ColumnElement[bool] | None]
    ) -> list[sa.ColumnElement[Any]]:
        """The field's value, and whether a row shows it where that differs between rows."""
        shown = None
        if self._is_masked(field.id):
            naming = zip(conditions, self._fields, strict=True)
            shown = _any(condition for condition, fields in naming if field.id in fields and condition is not None)
        columns: list[sa.ColumnElement[Any]] = []
        if not is_list(self.model, field):
            in_table = self.model.table.c.get(field.name)
            value = expression(self.model, field, table) if in_table is None else table.c[field.name]
            if shown is not None:
                value = sa.case((shown, value))
            columns.append(_labelled(value, field.name))
        return columns if shown is None else [*columns, shown.label(f"_shown_{field.id}")]


def _labelled(value: sa.ColumnElement[Any], name: str) -> sa.Label[Any]:
    """The value under a field's name."""
    # SQLite gives columns of a subquery that are called true or false another name (sqlite3ColumnsFromExprList).
    label = value.label(quoted_name(f"_{name}" if name.lower() in ("true", "false") else name, quote=True))
    label.key = name
    return label


def _any(conditions: Iterable[sa.ColumnElement[bool]]) -> sa.ColumnElement[bool]:
    """Whether one of them holds; it may be null instead of false, so that indexes can be used."""
    found = list(conditions)
    return sa.or_(*found) if len(found) > 1 else found[0] if found else sa.false()
