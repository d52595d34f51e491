"""The SQL expressions of a row's fields, and of the reverse sides of links to it.

``table`` is the model's own, an alias of it, or a view of it: a subselect with those columns that a caller may see. A
view has a column for each field, also for a field that the table has no column for.
"""

from typing import Any, cast

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.list_tables import as_json, ids_of, lines_of, list_of, reverse_of
from dynmodel_pyramid.catalogue.references import reference_of
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.model import Referrer


def _source(table: sa.FromClause, field: FieldDefinition) -> Any:
    """The source of a field type's expressions: its column, or the table if it has none."""
    return table.c[field.name] if field.name in table.c else table


def is_list(model: Model, field: FieldDefinition) -> bool:
    """Whether values are lists of references, in a table of their own."""
    reference = reference_of(field, model.field_types)
    return reference is not None and reference.many


def is_system_value(model: Model, field: FieldDefinition) -> bool:
    """Whether the value is a system value or computed, so that no client writes it."""
    if is_list(model, field):
        return False
    column = model.table.c.get(field.name)
    return column is None or column.computed is not None or model.field_types[field.type].fill is not None


def expression(model: Model, field: FieldDefinition, table: sa.FromClause | None = None) -> sa.ColumnElement[Any]:
    """The expression for sorting and filtering; for a list of references, the query of its ids."""
    table = model.table if table is None else table
    if is_list(model, field):
        ids = ids_of(table, lines_of(model.definition.id, field.id, model.table.schema))
        # Not a column: the operators of such a field take this query in its place (fields/types/array_operators.py).
        return cast(sa.ColumnElement[Any], ids)
    if field.name in table.c and field.name not in model.table.c:
        return table.c[field.name]
    return model.field_types[field.type].read_expression(_source(table, field), field.options)


def json_expression(model: Model, field: FieldDefinition, table: sa.FromClause | None = None) -> sa.ColumnElement[Any]:
    """The expression that is selected for JSON answers."""
    table = model.table if table is None else table
    if is_list(model, field):
        lines = lines_of(model.definition.id, field.id, model.table.schema)
        return as_json(list_of(table, lines, model.dialect))
    return model.field_types[field.type].json_expression(expression(model, field, table), field.options)


def reverse_sides(model: Model) -> dict[str, Referrer]:
    """The links to this table that have a name here, by that name."""
    return {referrer.reverse: referrer for referrer in model.definition.referrers if referrer.reverse is not None}


def shown_sides(model: Model) -> dict[str, Referrer]:
    """The reverse sides that rows show, also if no query selects them."""
    return {name: side for name, side in reverse_sides(model).items() if side.reverse_limit != 0}


def reverse_expression(
    model: Model, referrer: Referrer, table: sa.FromClause, rows: sa.FromClause | None, *, whole: bool = False
) -> sa.ColumnElement[Any]:
    """The ids of the rows that refer to a row, as a JSON array.

    Of more than the link's ``reverse_limit`` rows, or :attr:`Model.most_reverse`, it is an object: ``{"first": [1, 2],
    "more": true}``.

    :param rows: see :func:`~.list_tables.referring_ids`
    :param whole: all ids, however many there are
    """
    most = model.most_reverse if referrer.reverse_limit is None else referrer.reverse_limit
    most = 0 if whole else most
    return as_json(reverse_of(table, referrer, model.table.schema, model.dialect, rows, most))
