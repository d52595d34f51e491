"""Generated texts and queries of words: what PostgreSQL's own ``simple`` configuration finds, and what we do."""

import random
from collections.abc import Iterator
from typing import NamedTuple

import sqlalchemy as sa

from dynmodel_pyramid.database import sqlite_functions
from dynmodel_pyramid.database.texts import functions
from dynmodel_pyramid.database.texts.word_queries import written
from dynmodel_pyramid.fields import operators
from dynmodel_pyramid.fields.sql.patterns import Manner

OPERATORS = {
    "fts": (operators.FTS, "to_tsquery"),
    "plfts": (operators.PLFTS, "plainto_tsquery"),
    "phfts": (operators.PHFTS, "phraseto_tsquery"),
    "wfts": (operators.WFTS, "websearch_to_tsquery"),
}
#: Letters and digits only. A sign before a number, or behind a letter, is for the list of differences.
WORDS = ("a", "b", "c", "ab", "Ä", "ä", "1", "12", "1e5", "a1", "ß", "B", "日本", "c1", "σ", "Σας", "दि")


class Search(NamedTuple):
    operator: str
    text: str
    query: str


def searches(chance: random.Random, count: int) -> Iterator[Search]:
    for _ in range(count):
        operator = chance.choice(["fts", "fts", "fts", "plfts", "phfts", "wfts"])
        query = {"fts": _tree, "wfts": _web}.get(operator, _text)
        yield Search(operator, _text(chance), query(chance))


def _text(chance: random.Random) -> str:
    return chance.choice([" ", ", ", ". ", "; ", " – "]).join(chance.choices(WORDS, k=chance.randint(0, 9)))


def _tree(chance: random.Random, depth: int = 0) -> str:
    kind = chance.random()
    if depth > 3 or kind < 0.3:
        word = chance.choice([*WORDS, "'a b'", "'--'", "'a - b'"])
        return word + chance.choice(["", "", "", "", ":*", ":D", ":A", ":*d"])
    if kind < 0.45:
        return f"!{_tree(chance, depth + 1)}"
    if kind < 0.6:
        return f"({_tree(chance, depth + 1)})"
    sign = chance.choice(["&", "|", "<->", "<2>", "<->", "<0>"])
    return f"{_tree(chance, depth + 1)} {sign} {_tree(chance, depth + 1)}"


def _web(chance: random.Random) -> str:
    pieces = chance.choices([*WORDS, *[" "] * 12, '"', " -b", " or ", "&", "|", "(", ")", "!", "'", '" '], k=14)
    return "".join(pieces[: chance.randint(0, 14)])


def found_by_us(search: Search) -> tuple[str, bool]:
    """The query as it is written for PostgreSQL, and whether SQLite finds the text."""
    wanted = OPERATORS[search.operator][0].read(search.query, str)
    query = wanted.of(Manner())
    text = "" if query is None else written(query)
    return text, bool(sqlite_functions.search(text, search.text, 0))


def found_by_postgresql(
    connection: sa.Connection, schema: str, cases: list[tuple[Search, str]]
) -> list[tuple[bool, bool]]:
    """Whether PostgreSQL's own search, and ours on PostgreSQL, find the texts; both for all cases in one query each.

    :param schema: it has our functions
    """
    ours = f"{schema}.{functions.WORDS}({schema}.{functions.FOLD}(text))"
    tables = "unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS t (operator, text, query, ours)"
    own = " ".join(f"WHEN '{name}' THEN {function}('simple', query)" for name, (_, function) in OPERATORS.items())
    statement = (
        f"SELECT to_tsvector('simple', text) @@ CASE operator {own} END, "
        f"to_tsvector('simple', {ours}) @@ to_tsquery('simple', ours) FROM {tables}"
    )
    columns = tuple(list(side) for side in zip(*[(*search, text) for search, text in cases], strict=True))
    return [(bool(own), bool(ours)) for own, ours in connection.exec_driver_sql(statement, columns)]


def differences(connection: sa.Connection, schema: str, cases: list[Search]) -> list[str]:
    """Searches that the three do not answer alike."""
    mine = [found_by_us(search) for search in cases]
    theirs = found_by_postgresql(
        connection, schema, [(search, text) for search, (text, _) in zip(cases, mine, strict=True)]
    )
    return [
        f"{search}: {text!r} SQLite {sqlite}, PostgreSQL {ours}, its own {own}"
        for search, (text, sqlite), (own, ours) in zip(cases, mine, theirs, strict=True)
        if not sqlite == ours == own
    ]
