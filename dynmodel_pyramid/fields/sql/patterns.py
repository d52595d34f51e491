"""Patterns of text, with one meaning on both databases: LIKE and regular expressions.

PostgreSQL's columns compare as bytes (collation C), so it, too, folds only the case of A to Z.
"""

from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.fields.sql import regular

#: SQLite's patterns have at most 50,000 bytes (Implementation Limits, 8); translation may make them four times as long.
LONGEST = 10_000
_ESCAPE = "\\"


def checked(text: str) -> str:
    """A LIKE pattern (PostgreSQL manual, 9.7.1) from one that may have ``*`` for ``%``.

    :raises ValueError: saying what is wanted
    """
    pattern = text.replace("*", "%")
    if len(pattern) > LONGEST:
        raise ValueError(f"want a pattern of at most {LONGEST} characters")
    if (len(pattern) - len(pattern.rstrip(_ESCAPE))) % 2:
        raise ValueError("want a character after the last backslash; two of them stand for one")
    return pattern


def like(left: sa.ColumnElement[Any], pattern: str, dialect: str) -> sa.ColumnElement[bool]:
    return expressions_of(dialect).like(left, pattern)


def ilike(left: sa.ColumnElement[Any], pattern: str, dialect: str) -> sa.ColumnElement[bool]:
    return expressions_of(dialect).ilike(left, pattern)


def expression(text: str, *, ignore_case: bool = False) -> str:
    """A regular expression that both databases read alike (:mod:`~.regular`).

    :raises ValueError: saying what is wanted
    """
    return regular.translated(text, ignore_case=ignore_case)


def match(left: sa.ColumnElement[Any], pattern: str, dialect: str) -> sa.ColumnElement[bool]:
    return expressions_of(dialect).finds(left, pattern)
