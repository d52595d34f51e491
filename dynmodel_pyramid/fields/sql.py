"""Pieces of SQL for the text forms of several types: the validators' rules, on both databases alike."""

import functools
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

_DIGITS = "0123456789"
#: More choices are left to Python: each is a parameter, and SQLite takes 32,766 (Implementation Limits, 9).
_CHOICES = 1000


def unchanged(expression: sa.ColumnElement, dialect: str) -> sa.ColumnElement:
    """The SQL form of texts that stand for themselves."""
    return expression


def within(value: sa.ColumnElement, low: Any = None, high: Any = None, choices: Sequence | None = None):
    """The value where bounds and choices, those that are not None, allow it; else NULL."""
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


def whole_number(text: sa.ColumnElement) -> sa.ColumnElement:
    """The number that a text of a sign and at most 18 digits is; NULL for all others.

    Every number of 18 digits has 64 bits. CASE keeps the databases from casting what is no number (PostgreSQL manual,
    4.2.14).
    """
    signed = sa.func.substr(text, 1, 1).in_(["+", "-"])
    digits = sa.case((signed, sa.func.substr(text, 2)), else_=text)
    good = sa.and_(sa.func.length(digits).between(1, 18), sa.func.ltrim(digits, _DIGITS) == "")
    return sa.case((good, sa.cast(text, sa.BigInteger)))


def day(text: sa.ColumnElement, dialect: str) -> sa.ColumnElement:
    """The date that a text such as ``2026-01-31`` is; NULL for all others.

    The calendar is reckoned here: PostgreSQL's cast fails for 30 February, SQLite's date() lets it pass.
    """
    part = functools.partial(sa.func.substr, text)
    digits = part(1, 4, type_=sa.Text) + part(6, 2) + part(9, 2)
    dashes = (part(5, 1) == "-") & (part(8, 1) == "-")
    form = sa.and_(sa.func.length(text) == 10, dashes, sa.func.ltrim(digits, _DIGITS) == "")
    year, month, number = (sa.cast(part(*place), sa.Integer) for place in ((1, 4), (6, 2), (9, 2)))
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last = sa.case((month.in_([4, 6, 9, 11]), 30), (month != 2, 31), (leap, 29), else_=28)
    good = (year >= 1) & month.between(1, 12) & number.between(1, last)
    date = sa.type_coerce(text, sa.Date()) if dialect == "sqlite" else sa.cast(text, sa.Date())
    return sa.case((form, sa.case((good, date))))


def day_text(date: sa.ColumnElement, dialect: str) -> sa.ColumnElement:
    """``2026-01-31``, which is how SQLite stores a date."""
    if dialect == "sqlite":
        return sa.cast(date, sa.Text)
    return sa.func.to_char(date, "YYYY-MM-DD", type_=sa.Text)
