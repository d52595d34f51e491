"""Pieces of SQL for the text forms of several types, with the validators' rules, equal on both databases."""

import functools
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import Form, OfDialect, expressions_of

_DIGITS = "0123456789"
#: More choices are left to Python: each is a parameter, and SQLite allows 32,766 (Implementation Limits, 9).
_CHOICES = 1000


def unchanged(expression: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The SQL text form of values that are their own text."""
    return expression


def within(
    value: sa.ColumnElement[Any], low: Any = None, high: Any = None, choices: Sequence[Any] | None = None
) -> sa.ColumnElement[bool]:
    """The value if the bounds and choices that are not None allow it; else NULL."""
    if choices is not None and len(choices) > _CHOICES:
        return sa.cast(sa.null(), value.type)
    rules = []
    if low is not None:
        rules.append(value >= sa.literal(low, value.type))
    if high is not None:
        rules.append(value <= sa.literal(high, value.type))
    if choices is not None:
        rules.append(value.in_([sa.literal(choice, value.type) for choice in choices]))
    return sa.case((sa.and_(*rules), value)) if rules else value


def within_length(text: sa.ColumnElement[Any], low: int | None, high: int | None) -> sa.ColumnElement[Any]:
    """The text if its length is allowed; else NULL."""
    if low is None and high is None:
        return text
    length = within(sa.func.length(text, type_=sa.Integer), low, high)
    return sa.case((length.is_not(None), text))


def whole_number(text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The number that a text of a sign and at most 18 digits stands for; NULL for all others.

    Every number of 18 digits fits 64 bits. CASE keeps the databases from casting other texts (PostgreSQL manual,
    4.2.14).
    """
    signed = sa.func.substr(text, 1, 1).in_(["+", "-"])
    body = sa.case((signed, sa.func.substr(text, 2)), else_=text)
    good = sa.and_(sa.func.length(body).between(1, 18), sa.func.ltrim(body, _DIGITS) == "")
    return sa.case((good, sa.cast(text, sa.BigInteger)))


def digits(number: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The text of a whole number."""
    return sa.cast(number, sa.Text)


def day(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The date that a text such as ``2026-01-31`` stands for; NULL for all others.

    The calendar is computed here: PostgreSQL's cast fails for 30 February, SQLite's date() accepts it.
    """
    part = functools.partial(sa.func.substr, text)
    digits = part(1, 4, type_=sa.Text) + part(6, 2) + part(9, 2)
    dashes = (part(5, 1) == "-") & (part(8, 1) == "-")
    form = sa.and_(sa.func.length(text) == 10, dashes, sa.func.ltrim(digits, _DIGITS) == "")
    year, month, number = (sa.cast(part(*place), sa.Integer) for place in ((1, 4), (6, 2), (9, 2)))
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last = sa.case((month.in_([4, 6, 9, 11]), 30), (month != 2, 31), (leap, 29), else_=28)
    good = (year >= 1) & month.between(1, 12) & number.between(1, last)
    return sa.case((form, sa.case((good, expressions_of(dialect).read_as(text, sa.Date())))))


def is_moment(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[bool]:
    """Whether a text is a point in time such as ``2026-01-31T12:00:00Z``, or with six digits more."""
    date, clock, fraction = sa.func.substr(text, 1, 10), sa.func.substr(text, 12, 8), sa.func.substr(text, 20)
    short, digits = fraction == "Z", sa.func.substr(fraction, 2, 6)
    places = sa.func.replace(clock, ":", "")
    return sa.and_(
        sa.func.substr(text, 11, 1) == "T",
        sa.func.length(clock) == 8,
        sa.func.substr(clock, 3, 1) == ":",
        sa.func.substr(clock, 6, 1) == ":",
        sa.func.length(places) == 6,
        sa.func.ltrim(places, _DIGITS) == "",
        places < "24",
        sa.func.substr(clock, 4, 1) < "6",
        sa.func.substr(clock, 7, 1) < "6",
        sa.or_(
            short,
            sa.and_(
                sa.func.length(fraction) == 8,
                sa.func.substr(fraction, 1, 1) == ".",
                sa.func.length(sa.func.rtrim(digits, _DIGITS)) == 0,
                sa.func.substr(fraction, 8) == "Z",
            ),
        ),
        day(date, dialect).is_not(None),
    )


def day_text(date: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """``2026-01-31``"""
    return expressions_of(dialect).day_text(date)


def json_array(source: sa.Select[*tuple[Any, ...]], dialect: str) -> sa.ColumnElement[Any]:
    """The one column of a query as the text of a JSON array, in the query's order; ``[]`` if there are no rows."""
    values = source.subquery()
    (value,) = values.c
    return sa.select(expressions_of(dialect).json_array(value)).scalar_subquery()


def ordered_items(array: sa.ColumnElement[Any], order: Sequence[str], dialect: str) -> sa.ColumnElement[Any]:
    """The JSON text of an array of texts: first the items of ``order``, in that order, then the others unchanged."""
    expressions, rows = expressions_of(dialect), sa.select(array).get_final_froms()
    items = expressions.json_items(array)
    value, place = sa.type_coerce(items.c.value, sa.Text()), items.c.key
    first = (
        sa.case({key: number for number, key in enumerate(order)}, value=value, else_=len(order)) if order else place
    )
    text = expressions.json_string(value)
    ordered = sa.select(text.label("item")).select_from(items).order_by(first, place).correlate(*rows).subquery()
    joined = expressions.joined(ordered.c.item, sa.literal_column("','"))
    joined = sa.func.coalesce(joined, literal(""), type_=sa.Text())
    return sa.select(literal("[").concat(joined).concat(literal("]"))).scalar_subquery()


def unless_null(source: sa.ColumnElement[Any], condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """A condition that is null where the source is, as with PostgreSQL's operators."""
    return sa.case((source.is_not(None), condition))


# Expressions to select for JSON answers: texts that the database makes cost this process nothing.


def answered(form: Form, source: sa.ColumnElement[Any]) -> OfDialect:
    """The JSON expression of values whose JSON is a string of their SQL text form."""
    return OfDialect(form, source, sa.Text())


def as_text(column: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The text of a column whose type has only one form of text, under any settings of the database."""
    return expressions_of(dialect).kept_text(column)


def time_text(time: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """``12:00:00``, or ``12:00:00.500000`` where there are microseconds."""
    return _without_zeros(expressions_of(dialect).time_text(time))


def moment_text(moment: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """``2026-01-31T12:00:00Z``, or with six digits of microseconds."""
    return _without_zeros(expressions_of(dialect).moment_text(moment)).concat(literal("Z"))


def _without_zeros(time: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    # Constants stand in the statement: as parameters they would be sent each time.
    return sa.func.replace(time, literal(".000000"), literal(""), type_=sa.Text())


def duration_text(microseconds: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """``P1DT2H3.5S``: a sign, days, hours, minutes and seconds, none that is zero; ``PT0S`` for nothing.

    The parts are negated one by one, because the least number of 64 bits can't be.
    """
    whole = sa.type_coerce(microseconds, sa.BigInteger())

    def part(size: int, of: int | None, unit: str) -> sa.ColumnElement[Any]:
        number = whole // literal(size)
        number = number if of is None else number % literal(of)
        return _either(number == literal(0), "", sa.cast(sa.func.abs(number), sa.Text()).concat(literal(unit)))

    fraction = sa.func.abs(whole % literal(1_000_000), type_=sa.BigInteger())
    six = sa.func.substr(sa.cast(fraction + literal(1_000_000), sa.Text()), literal(2))
    digits = sa.func.rtrim(six, literal("0"), type_=sa.Text())
    seconds = sa.cast(sa.func.abs(whole // literal(1_000_000) % literal(60)), sa.Text())
    with_fraction = seconds.concat(literal(".")).concat(digits).concat(literal("S"))
    time = part(3_600_000_000, 24, "H").concat(part(60_000_000, 60, "M"))
    time = time.concat(_either(fraction == literal(0), part(1_000_000, 60, "S"), with_fraction))
    time = _either(whole % literal(86_400_000_000) == literal(0), "", literal("T").concat(time))
    text = _either(whole < literal(0), "-P", "P").concat(part(86_400_000_000, None, "D")).concat(time)
    return sa.case((whole == literal(0), literal("PT0S")), (whole.is_not(None), text))


def _either(
    condition: sa.ColumnElement[Any], one: sa.ColumnElement[Any] | str, other: sa.ColumnElement[Any] | str
) -> sa.ColumnElement[Any]:
    one, other = (literal(value) if isinstance(value, str) else value for value in (one, other))
    return sa.case((condition, one), else_=other)


def literal(value: int | str) -> sa.ColumnElement[Any]:
    """A constant, written out: as a parameter it would be sent each time."""
    if isinstance(value, int):
        return sa.literal_column(str(value), sa.BigInteger())
    return sa.literal_column(f"'{value}'", sa.Text())
