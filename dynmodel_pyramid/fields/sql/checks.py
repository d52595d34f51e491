"""Pieces of :meth:`FieldType.checks`: the validators' rules as conditions of the database.

Each gives key -> condition, without those that no option asks for. Options are asked for by ``get``: types that derive
from a built-in one need not have all of its options.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.fields.sql.signatures import Checks, Context

#: More choices are left to the validator: for each row the database goes through all of them. To write 1,000 texts took
#: 2 ms on SQLite and 40 ms on PostgreSQL without a check, 140 and 370 ms with 200 choices, 1.1 and 1.5 s with 1,000.
MOST_CHOICES = 200
#: Whole numbers to this one are floats, and integers of every database.
_WHOLE = 2**53


def bounds(column: sa.ColumnElement[Any], low: Any, high: Any) -> Checks:
    """``min`` and ``max``, given as the column stores them; None where there is none."""
    found = {}
    if low is not None:
        found["min"] = column >= sa.literal(low, column.type)
    if high is not None:
        found["max"] = column <= sa.literal(high, column.type)
    return found


def choices(column: sa.ColumnElement[Any], allowed: Sequence[Any] | None) -> Checks:
    """``choices``, given as the column stores them, or as expressions."""
    if allowed is None or len(allowed) > MOST_CHOICES:
        return {}
    made = [value if isinstance(value, sa.ColumnElement) else sa.literal(value, column.type) for value in allowed]
    return {"choices": column.in_(made)}


def lengths(column: sa.ColumnElement[Any], options: Mapping[str, Any]) -> Checks:
    """``min_length`` and ``max_length`` of a text: length() counts code points on both databases, as Python does."""
    length = sa.func.length(column, type_=sa.Integer())
    return _counted(length, options.get("min_length"), options.get("max_length"), "length")


def items(column: sa.ColumnElement[Any], low: int | None, high: int | None, context: Context) -> Checks:
    """``min_items`` and ``max_items`` of an array; on SQLite it is JSON text."""
    count = sa.func.cardinality if context.dialect == "postgresql" else sa.func.json_array_length
    return _counted(count(column, type_=sa.Integer()), low, high, "items")


def _counted(number: sa.ColumnElement[Any], low: int | None, high: int | None, what: str) -> Checks:
    found = {}
    if low:
        found[f"min_{what}"] = number >= low
    if high is not None:
        found[f"max_{what}"] = number <= high
    return found


def kind(column: sa.ColumnElement[Any], storage_class: str, context: Context) -> Checks:
    """``type``: SQLite lets every column hold values of every storage class (Datatypes In SQLite, 2)."""
    if context.dialect != "sqlite":
        return {}
    return {"type": sa.func.typeof(column, type_=sa.Text()).in_([storage_class, "null"])}


def instant(column: sa.ColumnElement[Any], function: str, length: int, context: Context) -> Checks:
    """``type`` of dates and times on SQLite: texts that its own function writes so, and then microseconds, if any.

    :param function: of SQLite: ``date``, ``time`` or ``datetime``
    :param length: that of what it writes
    """
    if context.dialect != "sqlite":
        return {}
    call = getattr(sa.func, function)
    text = sa.type_coerce(column, sa.Text())
    # Compared by IS: of what is no time it makes NULL. A modifier, or it would give 30 February back as it is.
    if length == len("2026-01-31"):
        return {"type": _same(call(text, "+0 days", type_=sa.Text()), text)}
    begin, rest = sa.func.substr(text, 1, length, type_=sa.Text()), sa.func.substr(text, length + 1, type_=sa.Text())
    digits = rest.op("GLOB", is_comparison=True)("." + "[0-9]" * 6)
    return {"type": sa.and_(_same(call(begin, "+0 days", type_=sa.Text()), begin), digits)}


def _same(one: sa.ColumnElement[Any], other: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    # SQLAlchemy's own IS forgets that DDL wants constants.
    return one.op("IS", is_comparison=True)(other)


def exact_float(number: float, context: Context) -> sa.ColumnElement[Any]:
    """A float as a constant that no database rounds.

    PostgreSQL reads decimal digits to the nearest float, SQLite not always ("Floating Point Numbers", 2): there a
    fraction is a whole number, divided or multiplied by powers of two, each of which is exact.
    """
    if context.dialect != "sqlite":
        return sa.cast(sa.literal(number, sa.Float(53)), sa.Float(53))
    if number.is_integer() and abs(number) <= _WHOLE:
        return sa.literal(int(number), sa.BigInteger())
    mantissa, exponent = math.frexp(number)
    whole, exponent = int(mantissa * _WHOLE), exponent - 53
    while whole % 2 == 0:
        whole, exponent = whole // 2, exponent + 1
    made = f"CAST({whole} AS REAL)"
    sign = "*" if exponent > 0 else "/"
    while exponent:
        step = min(abs(exponent), 62)
        made += f" {sign} {2**step}"
        exponent += -step if exponent > 0 else step
    return sa.literal_column(f"({made})", sa.Float(53))
