"""What a row shows: the expressions of its fields, and of the reverse sides of links to it."""

import sqlalchemy as sa

from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.model import Referrer
from dynmodel_pyramid.tables.generation import Model
from dynmodel_pyramid.tables.link_tables import as_json, ids_of, lines_of, list_of, reverse_of
from dynmodel_pyramid.tables.references import reference_of


def _source(model: Model, field: FieldDefinition) -> sa.ColumnElement | sa.Table:
    """What a field type makes its expressions of: its column, or the table where it has none."""
    return model.table.c[field.name] if field.name in model.table.c else model.table


def is_list(model: Model, field: FieldDefinition) -> bool:
    """Whether values are lists of references, in a table of their own."""
    reference = reference_of(field, model.field_types)
    return reference is not None and reference.many


def is_given(model: Model, field: FieldDefinition) -> bool:
    """Whether the system or the database gives the value, so that no client writes it."""
    if is_list(model, field):
        return False
    column = model.table.c.get(field.name)
    return column is None or column.computed is not None or model.field_types[field.type].fill is not None


def expression(model: Model, field: FieldDefinition) -> sa.ColumnElement | sa.Select:
    """What rows are sorted and filtered by; of a list of references the query of its ids."""
    if is_list(model, field):
        return ids_of(model.table, lines_of(model.definition.id, field.id, model.table.schema))
    return model.field_types[field.type].read_expression(_source(model, field), field.options)


def json_expression(model: Model, field: FieldDefinition) -> sa.ColumnElement:
    """What is selected for JSON answers."""
    if is_list(model, field):
        lines = lines_of(model.definition.id, field.id, model.table.schema)
        return as_json(list_of(model.table, lines, model.dialect))
    return model.field_types[field.type].json_expression(_source(model, field), field.options)


def reverse_sides(model: Model) -> list[Referrer]:
    """The links to this table that have a name here."""
    return [referrer for referrer in model.definition.referrers if referrer.reverse is not None]


def reverse_expression(model: Model, referrer: Referrer) -> sa.ColumnElement:
    return as_json(reverse_of(model.table, referrer, model.dialect))
