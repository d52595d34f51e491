"""The subject of a condition: a field of a row, a part of one, or a cast of it."""

from dataclasses import dataclass, replace
from functools import cache

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.column_expressions import expression
from dynmodel_pyramid.catalogue.list_tables import referring_ids
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.model import Referrer
from dynmodel_pyramid.fields import FieldType
from dynmodel_pyramid.fields.contract import Options
from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.fields.types.links import Links
from dynmodel_pyramid.fields.types.numbers import Integer
from dynmodel_pyramid.fields.types.temporal import DateTime

#: Columns that every row has -> their types.
SYSTEM: dict[str, type[FieldType]] = {"id": Integer, "_version": Integer, "_created": DateTime, "_updated": DateTime}


@dataclass(frozen=True, slots=True)
class Subject:
    """
    :param name: its name in errors, as the client wrote it
    :param expression: its SQL; for a list of references, the query of its ids
    :param dialect: the database's name
    """

    name: str
    expression: sa.ColumnElement | sa.Select
    field_type: FieldType
    options: Options
    dialect: str

    def made(self, name: str, made: sa.ColumnElement, field_type: type[FieldType]) -> "Subject":
        """A subject made from this one, of a built-in type with its default options."""
        known, options = plain(field_type)
        return replace(self, name=name, expression=made, field_type=known, options=options)


@cache
def plain(field_type: type[FieldType]) -> tuple[FieldType, Options]:
    """A built-in type with its default options."""
    made = field_type()
    return made, read_options(made, {})


def of_field(model: Model, field: FieldDefinition, table: sa.FromClause | None = None) -> Subject:
    """The subject of a field; ``table`` is an alias of the model's."""
    made = expression(model, field, table)
    return Subject(field.name, made, model.field_types[field.type], field.options, model.dialect)


def of_system(model: Model, name: str, table: sa.FromClause | None = None) -> Subject:
    """The subject of one of the columns :data:`SYSTEM`."""
    return Subject(name, (model.table if table is None else table).c[name], *plain(SYSTEM[name]), model.dialect)


def of_reverse_side(model: Model, referrer: Referrer, table: sa.FromClause | None = None) -> Subject:
    """The subject of a reverse side: the ids of the rows that refer to a row."""
    ids = referring_ids(model.table if table is None else table, referrer, model.table.schema)
    return Subject(referrer.reverse, ids, Links(), {}, model.dialect)
