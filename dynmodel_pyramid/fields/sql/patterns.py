"""Patterns of text, with one meaning on both databases: LIKE and regular expressions."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.database.expressions.base import BEGINNING, ours
from dynmodel_pyramid.database.texts import folding, functions
from dynmodel_pyramid.database.texts.word_queries import needed_at_beginning
from dynmodel_pyramid.fields.sql import regular

#: SQLite's patterns have at most 50,000 bytes (Implementation Limits, 8); translation may make them four times as long.
LONGEST = 10_000
_ESCAPE = "\\"
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Manner:
    """How the texts of a field are compared, where case makes no difference.

    :param schema: the one of all tables, None where there is none
    :param ignores_accents: accents make no difference, either
    :param index: the name of the field's index of words, None if it has none
    """

    schema: str | None = None
    ignores_accents: bool = False
    index: str | None = None

    def folded(self, text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
        return expressions_of(dialect).folded(text, self.schema, accents=self.ignores_accents)

    @property
    def fold(self) -> Callable[[str], str]:
        """The same for a text in Python."""
        return folding.fold_accents if self.ignores_accents else folding.fold


@dataclass(frozen=True, slots=True)
class Case:
    """What counts as one text where ``unique_ignore_case`` says so.

    :param folding: the version of the table (:data:`~dynmodel_pyramid.database.texts.folding_table.VERSION`) that the
        rule began with; 0 folds the letters of ASCII alone, as the rules of earlier releases do
    :param schema: see :class:`Manner`
    """

    folding: int
    schema: str | None = None

    def key(self, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """The same for texts that are one: what the unique index holds."""
        if not self.folding:
            # On both databases: PostgreSQL's columns compare as bytes.
            return sa.func.lower(text, type_=text.type)
        return ours(functions.fold_of(self.folding), text, self.schema)

    def key_of(self, text: str) -> str:
        """The same in Python."""
        # bytes.lower() folds the letters of ASCII, as lower() does in SQL.
        return folding.fold(text) if self.folding else text.encode().lower().decode()


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


def ilike(left: sa.ColumnElement[Any], pattern: str, dialect: str, manner: Manner) -> sa.ColumnElement[bool]:
    folded, wanted = manner.folded(left, dialect), folded_pattern(pattern, manner.fold)
    clause = like(folded, wanted, dialect)
    begin = expressions_of(dialect).beginning(folded)
    text, is_whole = _fixed(wanted)
    if manner.index is None or begin is None or not text:
        return clause
    if wanted in (escaped(text), f"{escaped(text)}%") and len(text) < BEGINNING:
        return like(begin, wanted, dialect)  # it tells the same
    # True of all that the whole pattern is true of, for the index of beginnings.
    return sa.and_(like(begin, escaped(text[:BEGINNING]) + ("" if is_whole else "%"), dialect), clause)


def near(pattern: str, manner: Manner) -> str | None:
    """The words that texts must have (:attr:`Operator.near`), by the text with which the pattern begins."""
    text, is_whole = _fixed(folded_pattern(pattern, manner.fold))
    return needed_at_beginning(text, is_whole)


def _fixed(pattern: str) -> tuple[str, bool]:
    """The text before the first wildcard of a pattern, and whether there is none."""
    parts, begin = _ESCAPED.split(pattern), ""
    for place, part in enumerate(parts):
        plain = part if place % 2 else re.split("[%_]", part, maxsplit=1)[0]
        begin += plain
        if plain != part:
            return begin, False
    return begin, True


def escaped(text: str) -> str:
    """The pattern that matches this text alone."""
    return re.sub(r"([%_\\])", r"\\\1", text)


def folded_pattern(pattern: str, fold: Callable[[str], str]) -> str:
    """The pattern for folded texts."""
    parts = _ESCAPED.split(pattern)
    # Without its accents a character may be none, or two.
    parts[1::2] = ["".join(_ESCAPE + letter for letter in fold(character)) for character in parts[1::2]]
    parts[::2] = map(fold, parts[::2])
    return "".join(parts)


def expression(text: str, *, ignore_case: bool = False) -> str:
    """A regular expression that both databases read alike (:mod:`~.regular`).

    :raises ValueError: saying what is wanted
    """
    return regular.translated(text, ignore_case=ignore_case)


def match(left: sa.ColumnElement[Any], pattern: str, dialect: str) -> sa.ColumnElement[bool]:
    return expressions_of(dialect).finds(left, pattern)
