"""PostgreSQL: floats as the encoder of rows writes them.

Both write the fewest digits that identify a float (Ryu), but in different forms. PostgreSQL avoids digits half-way
between two floats, which occur with large whole numbers: it writes 6.016372131265698e+16 with 17 digits.
"""

from typing import Any

import orjson
import sqlalchemy as sa

from dynmodel_pyramid.database.expressions.once import once

_NUMERIC, _FLOAT = sa.Numeric(), sa.Float(53)
#: Depending on its release, the encoder writes 1e+16 or 1e16.
_PLUS = "+" if b"+" in orjson.dumps(1e16) else ""


def _constant(text: str, kind: sa.types.TypeEngine[Any] = sa.Text()) -> sa.ColumnElement[Any]:
    cast = {_NUMERIC: "::numeric", _FLOAT: "::float8"}.get(kind, "")
    return sa.literal_column(f"'{text}'{cast}", kind)


def number_text(number: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return once(sa.type_coerce(number, _FLOAT), _text_of)


def _text_of(number: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    short = sa.cast(number, sa.Text())
    size = sa.func.abs(number, type_=_FLOAT)
    plain = sa.cast(sa.cast(short, _NUMERIC), sa.Text())
    pointed = sa.func.strpos(plain, _constant(".")) > sa.literal_column("0")
    small = sa.func.regexp_replace(short, _constant("e-0*"), _constant("e-"))
    return sa.case(
        (short.in_([_constant("0"), _constant("-0")]), short.concat(_constant(".0"))),
        (size < _constant("1e-5", _FLOAT), small),
        (
            size < _constant("1e16", _FLOAT),
            sa.case((pointed, plain), else_=plain.concat(_constant(".0"))),
        ),
        else_=sa.case((number < 0, _constant("-")), else_=_constant("")).concat(_great(sa.cast(size, sa.Text()), size)),
    )


def _great(short: sa.ColumnElement[Any], size: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The text with fewer digits if there is one: then it is one of two neighbours."""
    known = sa.cast(short, _NUMERIC)
    exponent = sa.cast(sa.func.split_part(short, _constant("e+"), sa.literal_column("2")), sa.Integer())
    ways = []
    for digits in (15, 16):
        unit = sa.cast(_constant("1e").concat(sa.cast(exponent - (digits - 1), sa.Text())), _NUMERIC)
        below = sa.func.div(known, unit, type_=_NUMERIC) * unit
        for candidate in (below, below + unit):
            fits = candidate <= _constant("1.7976931348623157e308", _NUMERIC)
            ways.append((sa.case((fits, sa.cast(candidate, _FLOAT) == size)), _exponential(candidate)))
    return sa.case(*ways, else_=_exponential(known))


def _exponential(number: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The text of a whole number with an exponent."""
    every = sa.cast(sa.func.trunc(number), sa.Text())
    digits = sa.func.rtrim(every, _constant("0"), type_=sa.Text())
    rest = sa.func.substr(digits, sa.literal_column("2"), type_=sa.Text())
    point = sa.case((rest != "", _constant(".").concat(rest)), else_=_constant(""))
    power = sa.cast(sa.func.length(every, type_=sa.Integer()) - sa.literal_column("1"), sa.Text())
    return (
        sa.func.substr(digits, sa.literal_column("1"), sa.literal_column("1"), type_=sa.Text())
        .concat(point)
        .concat(_constant(f"e{_PLUS}").concat(power))
    )
