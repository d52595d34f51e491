"""PostgreSQL: sums and averages that do not depend on the order of the rows, as text.

A sum of floats is the sum of the decimal numbers that the floats are written as.
"""

from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.sqlite_sums import AVERAGE_DIGITS

_LARGEST = "1.7976931348623157e308"


def exact_total(function: str, source: sa.ColumnElement[Any], kind: str) -> sa.ColumnElement[Any]:
    number = _digits(source) if kind == "float" else sa.cast(source, sa.Numeric())
    total: sa.ColumnElement[Any] = sa.func.sum(number, type_=sa.Numeric())
    count = sa.func.count(source)
    if kind == "float":
        largest = sa.literal_column(f"'{_LARGEST}'::numeric", sa.Numeric())
        total = sa.case((sa.func.abs(total) <= largest, sa.cast(total, sa.Float(53))))
    if function == "sum":
        return sa.cast(total, sa.Text())
    if kind in ("float", "integer"):
        total = sa.cast(total, sa.Float(53))
        return sa.cast(total / sa.func.nullif(sa.cast(count, sa.Float(53)), sa.literal_column("0")), sa.Text())
    digits = int(kind.split()[1]) + AVERAGE_DIGITS
    size = sa.literal_column("1" + "0" * digits, sa.Numeric())
    unit = sa.literal_column("0." + "0" * (digits - 1) + "1", sa.Numeric())
    # div() truncates exactly. Doubling the sum and adding the count makes it round.
    twice = sa.func.abs(total, type_=sa.Numeric()) * size * sa.literal_column("2", sa.Numeric())
    units = sa.func.div(twice + count, count * sa.literal_column("2", sa.Numeric()), type_=sa.Numeric())
    return sa.cast(sa.func.sign(total, type_=sa.Numeric()) * units * unit, sa.Text())


def _digits(number: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A float as the decimal number that it is written as; from 1e15 on, where the databases' forms differ, with 17
    digits.
    """
    seventeen = sa.func.to_char(number, sa.literal_column(f"'9.{'9' * 16}EEEE'"))
    short = sa.func.abs(number) < sa.literal_column("1e15", sa.Float(53))
    return sa.cast(sa.case((short, sa.cast(number, sa.Text())), else_=seventeen), sa.Numeric())
