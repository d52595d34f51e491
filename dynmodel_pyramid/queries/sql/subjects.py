"""The subject of a condition: a field of a row, a part of one, or a cast of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, cast

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.column_expressions import expression
from dynmodel_pyramid.catalogue.list_tables import referring_ids
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.model import Referrer
from dynmodel_pyramid.fields import FieldType
from dynmodel_pyramid.fields.contract import Options
from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.fields.sql.patterns import Manner
from dynmodel_pyramid.fields.types.links import Links
from dynmodel_pyramid.fields.types.numbers import Integer
from dynmodel_pyramid.fields.types.temporal import DateTime

#: A built-in type's class, which takes no arguments.
BuiltIn = Callable[[], FieldType]
#: Columns that every row has -> their types.
SYSTEM: dict[str, BuiltIn] = {"id": Integer, "_version": Integer, "_created": DateTime, "_updated": DateTime}


@dataclass(frozen=True, slots=True)
class Subject:
    """
    :param name: its name in errors, as the client wrote it
    :param expression: its SQL; for a list of references, the query of its ids
    :param dialect: the database's name
    :param manner: how its texts are compared
    :param row: the id of the row that the subject is a field of
    :param shown: whether a row shows the value to the caller; None if all rows do
    """

    name: str
    expression: sa.ColumnElement[Any]
    field_type: FieldType
    options: Options
    dialect: str
    manner: Manner = Manner()
    row: sa.ColumnElement[Any] | None = None
    shown: sa.ColumnElement[bool] | None = None

    def made(self, name: str, expression: sa.ColumnElement[Any], field_type: BuiltIn) -> "Subject":
        """A subject made from this one, of a built-in type with its default options."""
        known, options = plain(field_type)
        manner = Manner(self.manner.schema)
        return replace(
            self, name=name, expression=expression, field_type=known, options=options, manner=manner, row=None
        )


@cache
def plain(field_type: BuiltIn) -> tuple[FieldType, Options]:
    """A built-in type with its default options."""
    known = field_type()
    return known, read_options(known, {})


def of_field(model: Model, field: FieldDefinition, table: sa.FromClause) -> Subject:
    """The subject of a field; ``table`` is the source of a view."""
    column = expression(model, field, table)
    manner, known = model.manner(field), model.field_types[field.type]
    return Subject(field.name, column, known, field.options, model.dialect, manner, table.c.get("id"))


def of_system(model: Model, name: str, table: sa.FromClause) -> Subject:
    """The subject of one of the columns :data:`SYSTEM`."""
    return Subject(name, table.c[name], *plain(SYSTEM[name]), model.dialect)


def of_reverse_side(model: Model, referrer: Referrer, table: sa.FromClause, rows: sa.FromClause | None) -> Subject:
    """The subject of a reverse side: the ids of the rows that refer to a row (:meth:`ReverseSides.rows`)."""
    ids = referring_ids(table, referrer, model.table.schema, rows)
    # As in column_expressions.expression.
    return Subject(referrer.reverse or "", cast(sa.ColumnElement[Any], ids), Links(), {}, model.dialect)
