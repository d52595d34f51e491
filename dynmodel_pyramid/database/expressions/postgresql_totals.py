"""PostgreSQL: sums and averages that do not depend on the order of the rows, as text.

A sum of floats is the sum of the decimal numbers that the floats are written as.
"""

from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.sqlite_sums import AVERAGE_DIGITS

_LARGEST = "1.7976931348623157e308"
#: Sums of floats are whole multiples of 1e-324. PostgreSQL ends a statement where a float would be rounded to zero.
_NEAREST_TO_ZERO, _LEAST = "2e-324", "5e-324"


def exact_total(function: str, source: sa.ColumnElement[Any], kind: str) -> sa.ColumnElement[Any]:
    number = _digits(source) if kind == "float" else sa.cast(source, sa.Numeric())
    total: sa.ColumnElement[Any] = sa.func.sum(number, type_=sa.Numeric())
    count = sa.func.count(source)
    if kind == "float":
        absolute = sa.func.abs(total)
        total = sa.case(
            (absolute <= _number(_NEAREST_TO_ZERO), _float("0")),
            (absolute <= _number(_LARGEST), sa.cast(total, sa.Float(53))),
        )
    if function == "sum":
        return sa.cast(total, sa.Text())
    if kind in ("float", "integer"):
        total = sa.cast(total, sa.Float(53))
        # At most half of the least float, which is rounded to zero.
        half = sa.cast(count // sa.literal_column("2", sa.BigInteger()), sa.Float(53)) * _float(_LEAST)
        quotient = total / sa.func.nullif(sa.cast(count, sa.Float(53)), sa.literal_column("0"))
        return sa.cast(sa.case((sa.func.abs(total) <= half, _float("0")), else_=quotient), sa.Text())
    digits = int(kind.split()[1]) + AVERAGE_DIGITS
    size = sa.literal_column("1" + "0" * digits, sa.Numeric())
    unit = sa.literal_column("0." + "0" * (digits - 1) + "1", sa.Numeric())
    # div() truncates exactly. Doubling the sum and adding the count makes it round.
    twice = sa.func.abs(total, type_=sa.Numeric()) * size * sa.literal_column("2", sa.Numeric())
    units = sa.func.div(twice + count, count * sa.literal_column("2", sa.Numeric()), type_=sa.Numeric())
    return sa.cast(sa.func.sign(total, type_=sa.Numeric()) * units * unit, sa.Text())


def _number(digits: str) -> sa.ColumnElement[Any]:
    return sa.literal_column(f"'{digits}'::numeric", sa.Numeric())


def _float(digits: str) -> sa.ColumnElement[Any]:
    return sa.literal_column(f"'{digits}'::float8", sa.Float(53))


def _digits(number: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A float as the decimal number that it is written as; from 1e15 on, where the databases' forms differ, with 17
    digits.
    """
    seventeen = sa.func.to_char(number, sa.literal_column(f"'9.{'9' * 16}EEEE'"))
    short = sa.func.abs(number) < sa.literal_column("1e15", sa.Float(53))
    return sa.cast(sa.case((short, sa.cast(number, sa.Text())), else_=seventeen), sa.Numeric())
