"""Values read from texts in SQL: the value where both databases read a text as Python does, NULL for all other texts.

Only unambiguous forms are read here; Python reads the rest: spaces around, rare spellings, refused texts. On PostgreSQL
a failed cast ends the statement, so each cast is inside a CASE (manual, 4.2.14).
"""

import decimal
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.database.expressions.once import text_once
from dynmodel_pyramid.fields.sql import text_forms
from dynmodel_pyramid.fields.sql.exact import INTEGER_DIGITS

_DIGITS = "0123456789"
_DIGIT = "[0-9]"


def nothing(kind: sa.types.TypeEngine[Any]) -> sa.ColumnElement[Any]:
    """NULL: left to Python, because the database can't read the type."""
    return sa.cast(sa.null(), kind)


def only(text: sa.ColumnElement[Any], characters: str) -> sa.ColumnElement[Any]:
    """Whether a text has only these characters."""
    return sa.func.ltrim(text, characters) == ""


def looks_like(text: sa.ColumnElement[Any], pattern: str, dialect: str) -> sa.ColumnElement[Any]:
    """Whether a whole text is of a form of plain characters and sets such as ``[0-9]``, without repetitions."""
    return expressions_of(dialect).looks_like(text, pattern)


def _matches(text: sa.ColumnElement[Any], pattern: str) -> sa.ColumnElement[Any]:
    """Whether a regular expression of PostgreSQL's kind matches the whole text."""
    return text.regexp_match(f"^({pattern})$")


def place_of(part: str, text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The position of a part in a text, counted from 1; 0 if it is not there."""
    return expressions_of(dialect).place_of(part, text)


# Numbers


class _Plain:
    """A number of digits, with a sign and a point if there are any, taken apart."""

    def __init__(self, text: sa.ColumnElement[Any], dialect: str) -> None:
        signed = sa.func.substr(text, 1, 1).in_(["+", "-"])
        body = sa.case((signed, sa.func.substr(text, 2)), else_=text)
        place = place_of(".", body, dialect)
        self.digits = sa.func.replace(body, ".", "", type_=sa.Text())
        self.length = sa.func.length(self.digits, type_=sa.Integer())
        self.good = sa.and_(only(self.digits, _DIGITS), self.length >= 1, sa.func.length(body) <= self.length + 1)
        self.sign = sa.case((sa.func.substr(text, 1, 1) == "-", "-"), else_="")
        self.whole = sa.case((place == 0, body), else_=sa.func.substr(body, 1, place - 1))
        self.fraction = sa.case((place == 0, ""), else_=sa.func.substr(body, place + 1))


def exact(
    text: sa.ColumnElement[Any],
    precision: int,
    scale: int,
    low: decimal.Decimal | None,
    high: decimal.Decimal | None,
    dialect: str,
) -> sa.ColumnElement[Any]:
    """The decimal number that plain digits stand for, within bounds, as :class:`ExactDecimal` stores it."""
    whole = precision - scale
    if expressions_of(dialect).has_exact_numbers:
        form = f"[+-]?(0*[0-9]{{0,{whole}}}[.][0-9]{{0,{scale}}}0*|0*[0-9]{{0,{whole}}})"
        good = sa.and_(_matches(text, form), _matches(text, ".*[0-9].*"), sa.func.length(text) <= 200)
        value = sa.case((good, sa.cast(text, sa.Numeric(precision, scale))))
        return text_forms.within(sa.type_coerce(value, sa.Numeric()), low, high)
    if precision > INTEGER_DIGITS:
        return nothing(sa.Text())
    low_units, high_units = _units(low, scale, decimal.ROUND_CEILING), _units(high, scale, decimal.ROUND_FLOOR)
    units = text_once(text, lambda once: _smallest_units(once, whole, scale, dialect))
    return text_forms.within(units, low_units, high_units)


def _smallest_units(text: sa.ColumnElement[Any], whole: int, scale: int, dialect: str) -> sa.ColumnElement[Any]:
    plain = _Plain(text, dialect)
    before, after = sa.func.ltrim(plain.whole, "0"), sa.func.rtrim(plain.fraction, "0", type_=sa.Text())
    fits = sa.and_(plain.good, plain.length <= 200, sa.func.length(before) <= whole, sa.func.length(after) <= scale)
    digits = sa.func.substr(after.concat("0" * scale), 1, scale)
    return sa.case((fits, sa.cast(plain.sign.concat("0").concat(before).concat(digits), sa.BigInteger())))


def _units(bound: decimal.Decimal | None, scale: int, rounding: str) -> int | None:
    """A bound in smallest units, cut to 64 bits: no value is beyond."""
    if bound is None:
        return None
    with decimal.localcontext(decimal.Context(prec=1000)):
        units = int(bound.scaleb(scale).to_integral_value(rounding))
    return max(-(10**INTEGER_DIGITS), min(units, 10**INTEGER_DIGITS))


# Times


def _clock(time: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """Whether a text is a time of day such as ``23:59:59``."""
    rest = f"{_DIGIT}:[0-5]{_DIGIT}:[0-5]{_DIGIT}"
    late = "2[0-3]:" + rest.partition(":")[2]
    return sa.or_(looks_like(time, f"[01]{rest}", dialect), looks_like(time, late, dialect))


def _six_digits(fraction: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The six digits of microseconds, from nothing or from a point and at most six digits."""
    digits = sa.func.substr(fraction, 2, type_=sa.Text())
    good = sa.and_(sa.func.substr(fraction, 1, 1) == ".", sa.func.length(digits).between(1, 6), only(digits, _DIGITS))
    padded = sa.func.substr(digits.concat("000000"), 1, 6, type_=sa.Text())
    return sa.case((fraction == "", "000000"), (good, padded))


def time(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The time of day that a text such as ``23:59`` or ``23:59:59.5`` stands for."""
    short = sa.func.length(text) == 5
    clock = sa.case((short, text.concat(":00")), else_=sa.func.substr(text, 1, 8))
    digits = _six_digits(sa.case((short, ""), else_=sa.func.substr(text, 9)))
    whole = clock.concat(".").concat(digits)
    value = expressions_of(dialect).read_as(whole, sa.Time())
    return sa.case((sa.and_(_clock(clock, dialect), digits.is_not(None)), value))


def moment(
    text: sa.ColumnElement[Any], kind: sa.types.TypeEngine[Any], dialect: str, *, days: bool = True
) -> sa.ColumnElement[Any]:
    """The point in time of a date and time in UTC, such as ``2026-01-31T12:00:00Z``.

    :param days: whether a date stands for its midnight in UTC
    """
    date, clock = sa.func.substr(text, 1, 10, type_=sa.Text()), sa.func.substr(text, 12, 8, type_=sa.Text())
    rest = sa.func.substr(text, 20, type_=sa.Text())
    size = sa.func.length(rest, type_=sa.Integer())
    fraction = sa.case(
        (sa.func.substr(rest, size, 1).in_(["Z", "z"]), sa.func.substr(rest, 1, size - 1)),
        # SQLite counts negative positions from the end, so the length is checked first.
        (
            sa.and_(size >= 6, sa.func.substr(rest, size - 5).in_(["+00:00", "-00:00"])),
            sa.func.substr(rest, 1, size - 6),
        ),
    )
    digits = _six_digits(fraction)
    between = sa.func.substr(text, 11, 1).in_(["T", "t", " "])
    midnight = date.concat(" 00:00:00.000000")
    whole = date.concat(" ").concat(clock).concat(".").concat(digits)

    read = expressions_of(dialect).read_moment
    parts = sa.and_(between, _clock(clock, dialect), digits.is_not(None))
    ways = [(parts, read(whole, kind))]
    if days:
        ways.insert(0, (sa.func.length(text) == 10, read(midnight, kind)))
    value = sa.case(*ways)
    return sa.case((text_forms.day(date, dialect).is_not(None), value))
