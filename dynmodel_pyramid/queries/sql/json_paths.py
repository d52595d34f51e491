"""Parts of JSON values: ``data->a->0->>b`` (PostgREST, "JSON Columns")."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields.schema import MAX_DEPTH
from dynmodel_pyramid.fields.types import json_operators
from dynmodel_pyramid.fields.types.arrays import TextArray
from dynmodel_pyramid.fields.types.json import Json, JsonDocument
from dynmodel_pyramid.fields.types.text import Text, byte_order
from dynmodel_pyramid.queries.sql.subjects import Subject

#: PostgreSQL's greatest index of an item.
_INT32 = 2**31


class Part(Json):
    """A part of a JSON value."""

    operators = json_operators.PARTS


def json_path(
    expression: sa.ColumnElement[Any], steps: Sequence[str | int], as_text: bool, dialect: str
) -> sa.ColumnElement[Any]:
    """The part of a JSON value, or null: as JSON, or as the text of ``->>``.

    :param steps: keys of objects, and indexes of arrays, counted from the end if negative
    :raises Malformed: there are too many steps, or an index is out of range
    """
    if len(steps) > MAX_DEPTH or any(type(step) is int and not -_INT32 <= step < _INT32 for step in steps):
        raise Malformed(f"want at most {MAX_DEPTH} steps in JSON, and places of 32 bits", code="invalid_parameter")
    part = expressions_of(dialect).json_part(expression, steps, as_text=as_text)
    return sa.type_coerce(part, byte_order() if as_text else JsonDocument())


def part_of(subject: Subject, steps: Sequence[str | int], as_text: bool) -> Subject:
    """The part as the subject of a condition: text, or JSON, in which only numbers have an order.

    :raises Malformed: the subject is neither JSON nor an array
    """
    last = len(steps) - 1
    name = subject.name + "".join(
        f"{'->>' if as_text and place == last else '->'}{step}" for place, step in enumerate(steps)
    )
    column = subject.expression
    if isinstance(column, sa.ColumnElement) and isinstance(column.type, TextArray):
        # Where the database has no arrays, they are JSON.
        native = expressions_of(subject.dialect).has_arrays
        column = sa.type_coerce(sa.func.to_jsonb(column) if native else column, JsonDocument())
    if not isinstance(column, sa.ColumnElement) or not isinstance(column.type, JsonDocument):
        raise Malformed(f"{subject.name} is no JSON: -> and ->> find nothing in it", code="invalid_parameter")
    part = json_path(column, steps, as_text, subject.dialect)
    return subject.made(name, part, Text if as_text else Part)
