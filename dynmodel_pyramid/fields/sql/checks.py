"""Pieces of :meth:`FieldType.checks`: the validators' rules as conditions of the database.

Each returns key -> condition, without conditions for options that are not set. Options are read by ``get``, because
types that derive from a built-in one need not have all of its options.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.fields.sql.signatures import Checks, Context

#: More choices are left to the validator, because the database goes through all of them for each row. To write 1,000
#: texts took 2 ms on SQLite and 40 ms on PostgreSQL without a check, 140 and 370 ms with 200 choices, 1.1 and 1.5 s
#: with 1,000.
MOST_CHOICES = 200


def bounds(column: sa.ColumnElement[Any], low: Any, high: Any) -> Checks:
    """``min`` and ``max``, as the column stores them; None where there is none."""
    conditions = {}
    if low is not None:
        conditions["min"] = column >= sa.literal(low, column.type)
    if high is not None:
        conditions["max"] = column <= sa.literal(high, column.type)
    return conditions


def choices(column: sa.ColumnElement[Any], allowed: Sequence[Any] | None) -> Checks:
    """``choices``, as the column stores them, or as expressions."""
    if allowed is None or len(allowed) > MOST_CHOICES:
        return {}
    values = [value if isinstance(value, sa.ColumnElement) else sa.literal(value, column.type) for value in allowed]
    return {"choices": column.in_(values)}


def lengths(column: sa.ColumnElement[Any], options: Mapping[str, Any]) -> Checks:
    """``min_length`` and ``max_length`` of a text: length() counts code points on both databases, as Python does."""
    length = sa.func.length(column, type_=sa.Integer())
    return _counted(length, options.get("min_length"), options.get("max_length"), "length")


def items(column: sa.ColumnElement[Any], low: int | None, high: int | None, context: Context) -> Checks:
    """``min_items`` and ``max_items`` of an array."""
    return _counted(expressions_of(context.dialect).array_length(column), low, high, "items")


def _counted(number: sa.ColumnElement[Any], low: int | None, high: int | None, what: str) -> Checks:
    conditions = {}
    if low:
        conditions[f"min_{what}"] = number >= low
    if high is not None:
        conditions[f"max_{what}"] = number <= high
    return conditions


def kind(column: sa.ColumnElement[Any], storage_class: str, context: Context) -> Checks:
    """``type``, where the database lets a column hold values of other types, as SQLite does.

    :param storage_class: one of SQLite's (Datatypes In SQLite, 2)
    """
    return _type(expressions_of(context.dialect).holds(column, storage_class))


def truth(column: sa.ColumnElement[Any], context: Context) -> Checks:
    """``type`` of booleans."""
    return _type(expressions_of(context.dialect).holds_truth(column))


def instant(column: sa.ColumnElement[Any], function: str, length: int, context: Context) -> Checks:
    """``type`` of dates and times.

    :param function: SQLite's ``date``, ``time`` or ``datetime``
    :param length: the length of the function's output
    """
    return _type(expressions_of(context.dialect).holds_time(column, function, length))


def _type(condition: sa.ColumnElement[bool] | None) -> Checks:
    return {} if condition is None else {"type": condition}


def exact_float(number: float, context: Context) -> sa.ColumnElement[Any]:
    """A float as a constant that no database rounds."""
    return expressions_of(context.dialect).exact_float(number)
