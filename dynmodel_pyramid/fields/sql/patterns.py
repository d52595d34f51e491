"""Patterns of text, with one meaning on both databases: LIKE and regular expressions.

PostgreSQL's columns compare as bytes (collation C), so that it, too, folds the case of A to Z alone.
"""

import re
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.fields.sql import regular

#: SQLite takes patterns of at most 50,000 bytes (Implementation Limits, 8); translated they may be four times as long.
LONGEST = 10_000
_ESCAPE = "\\"
_SPECIAL_IN_GLOB = re.compile(r"[*?\[]")


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
    if dialect == "sqlite":
        # Its LIKE ignores case; GLOB doesn't, and an index serves it.
        return left.bool_op("GLOB")(sa.literal(as_glob(pattern), sa.Text()))
    return left.like(sa.literal(pattern, left.type), escape=_ESCAPE)


def ilike(left: sa.ColumnElement[Any], pattern: str, dialect: str) -> sa.ColumnElement[bool]:
    if dialect == "sqlite":
        return left.like(sa.literal(pattern, sa.Text()), escape=_ESCAPE)
    return left.ilike(sa.literal(pattern, left.type), escape=_ESCAPE)


def as_glob(pattern: str) -> str:
    """The same pattern for SQLite's GLOB (Core Functions, glob)."""
    made, characters = [], iter(pattern)
    for character in characters:
        if character == _ESCAPE:
            made.append(_SPECIAL_IN_GLOB.sub(r"[\g<0>]", next(characters)))
        else:
            made.append({"%": "*", "_": "?"}.get(character) or _SPECIAL_IN_GLOB.sub(r"[\g<0>]", character))
    return "".join(made)


def expression(text: str, *, ignore_case: bool = False) -> str:
    """A regular expression that both databases read alike (:mod:`~.regular`).

    :raises ValueError: saying what is wanted
    """
    return regular.translated(text, ignore_case=ignore_case)


def match(left: sa.ColumnElement[Any], pattern: str, dialect: str) -> sa.ColumnElement[bool]:
    if dialect == "sqlite":
        found = sa.func.dynmodel_match(sa.literal(pattern, sa.Text()), left, type_=sa.Integer())
        return found == sa.literal_column("1")
    return left.bool_op("~")(sa.literal(pattern, left.type))
