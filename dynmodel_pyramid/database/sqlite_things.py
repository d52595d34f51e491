"""The parts of a table on SQLite, from the statements in its schema table.

SQLite's pragmas know neither checks nor the names of constraints nor DEFERRABLE. The statements are SQLAlchemy's, as
ALTER TABLE has changed them: it puts constraints behind a column, and replaces names.
"""

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import takewhile
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database import sqlite_functions, sqlite_search
from dynmodel_pyramid.database.sqlite_deadline import UNBOUND
from dynmodel_pyramid.database.things import Thing, Things, creations, foreign_key

#: Runs a query with a named parameter: ``Callable[[str, dict], Iterable[tuple]]``.
_Query = Callable[[str, dict[str, str]], Iterable[Any]]

_TOKEN = re.compile(r"""/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\w+(?:\.\w+)?|[<>=!|]+|\s+|.""", re.DOTALL)
#: Stands behind the declaration of a column that all rows have (``changes/ddl/sqlite_declaration.py``).
IN_EVERY_ROW = "/* in every row */"
_SCHEMA = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = :table AND sql IS NOT NULL"
#: The tables that a table of FTS5 makes ("SQLite FTS5 Extension", 9).
_INNER = re.compile(r"_sx_\d+_\d+_(?:data|idx|content|docsize|config)")
#: Words that begin a constraint without a name.
_UNNAMED = ("CHECK", "FOREIGN", "PRIMARY", "UNIQUE", "REFERENCES")


def things(connection: sa.Connection, table: str) -> Things:
    """The parts of a table; none if there is no such table."""
    return _things(lambda query, names: connection.execute(sa.text(query), names), table)


def promised_things(table: sa.Table, indexes: list[sa.Index], dialect: sa.Dialect) -> Things:
    """The parts of a table that is made in a database in memory."""
    with closing(sqlite3.connect(":memory:")) as memory:
        sqlite_functions.register(memory, UNBOUND)
        plain = [index for index in indexes if not isinstance(index, sqlite_search.WordIndex)]
        for statement in creations(table, plain):
            memory.execute(str(statement.compile(dialect=dialect)))
        for index in indexes:
            if isinstance(index, sqlite_search.WordIndex):
                for sql in sqlite_search.creations(index, with_rows=False):
                    memory.execute(sql)
        return _things(memory.execute, table.name)


def relations(connection: sa.Connection, beginnings: Sequence[str] = ()) -> set[Thing]:
    query = sa.text("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    names = [name for name in connection.scalars(query) if not name.startswith("sqlite_")]
    wanted = [name for name in names if name.startswith(tuple(beginnings) or "")]
    return {Thing("table", name) for name in wanted if not _INNER.fullmatch(name)}


def last_id(connection: sa.Connection, table: str) -> int:
    """The greatest id that AUTOINCREMENT has given to a row."""
    query = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :table")
    return connection.scalar(query, {"table": table}) or 0


def columns_in_every_row(sql: str) -> set[str]:
    """The names of the columns that a table's declaration marks so."""
    tokens = [token for token in _TOKEN.findall(sql) if not token.isspace()]
    items, _ = _items(tokens[tokens.index("(") :])
    return {_plain(item[0]) for item in items if IN_EVERY_ROW in item}


def _things(query: _Query, table: str) -> Things:
    parts: dict[Thing, str] = {}
    for kind, name, sql in query(_SCHEMA, {"table": table}):
        tokens = [token for token in _TOKEN.findall(sql) if not token.isspace() and not token.startswith("/*")]
        if kind == "table":
            body = tokens[tokens.index("(") :]
            items, rest = _items(body)
            parts[Thing("table", "")] = _text(rest)
            for item in items:
                parts.update(_of_item(item))
        elif kind == "index":
            # CREATE [UNIQUE] INDEX "name" ON "table" (...)
            unique = "UNIQUE " if tokens[1] == "UNIQUE" else ""
            parts[Thing("index", name)] = unique + _text(tokens[tokens.index("ON") + 2 :])
        elif kind == "trigger" and name.startswith("_sx_"):
            # CREATE TRIGGER "name" AFTER ... ON "table" BEGIN ... END
            place = tokens.index("ON")
            parts[Thing("index", name)] = _text(tokens[3:place] + tokens[place + 2 :])
            search = name.rpartition("_")[0]
            # The table of FTS5 that it keeps.
            for _, _, made in query(_SCHEMA, {"table": search}):
                parts[Thing("index", search)] = made[made.index("USING") :]
    return parts


def _items(body: list[str]) -> tuple[list[list[str]], list[str]]:
    """The items of a table's body, which commas divide, and the text behind the body."""
    items: list[list[str]] = [[]]
    depth = 0
    for place, token in enumerate(body):
        depth += (token == "(") - (token == ")")
        if depth == 0:
            return items, body[place + 1 :]
        if depth == 1 and token == ",":
            items.append([])
        elif place:
            items[-1].append(token)
    raise ValueError("a parenthesis is not closed")


def _of_item(item: list[str]) -> Iterator[tuple[Thing, str]]:
    """The parts in one item: a column with the constraints behind it, or a constraint."""
    column, parts = "", list(_parts(item))
    if parts[0][0] not in ("CONSTRAINT", *_UNNAMED):
        column, *declared = parts.pop(0)
        column = _plain(column)
        if parts and parts[0][0] == "CONSTRAINT" and parts[0][2] == "PRIMARY":
            # A primary key of one column stands behind the column, with AUTOINCREMENT.
            declared += parts.pop(0)[2:]
        yield Thing("column", column), _text(declared)
    for part in parts:
        name, rest = (_plain(part[1]), part[2:]) if part[0] == "CONSTRAINT" else (None, part)
        yield _constraint(name, rest, column)


def _parts(item: list[str]) -> Iterator[list[str]]:
    """Cut before each CONSTRAINT."""
    part: list[str] = []
    depth = 0
    for token in item:
        depth += (token == "(") - (token == ")")
        if token == "CONSTRAINT" and depth == 0 and part:
            yield part
            part = []
        part.append(token)
    yield part


def _constraint(name: str | None, rest: list[str], column: str) -> tuple[Thing, str]:
    """:param column: the one that it stands behind, or empty"""
    kind = rest[0]
    if kind in ("FOREIGN", "REFERENCES"):
        own, rest = ([column], rest[1:]) if kind == "REFERENCES" else _names(rest[2:])
        far, rest = _plain(rest[rest[0] == "REFERENCES"]), rest[1 + (rest[0] == "REFERENCES") :]
        far_columns, rest = _names(rest)
        action = "NO ACTION"
        if rest[:2] == ["ON", "DELETE"]:
            action = " ".join(rest[2 : 4 if rest[2] in ("NO", "SET") else 3])
        return foreign_key(name, own, far, far_columns, action, "DEFERRABLE" in rest)
    if kind == "PRIMARY":
        return Thing("primary_key", ""), _text(rest)
    text = _text(rest[1:])
    return Thing("check" if kind == "CHECK" else "unique", name or text), text


def _names(tokens: list[str]) -> tuple[list[str], list[str]]:
    """Names in parentheses, and the text that follows."""
    inside = list(takewhile(lambda token: token != ")", tokens[1:]))
    return [_plain(token) for token in inside if token != ","], tokens[len(inside) + 2 :]


def _text(tokens: list[str]) -> str:
    """SQL that people can read, without blanks inside parentheses."""
    text, last = "", "("
    for token in tokens:
        is_close = last == "(" or token in (")", ",") or (token == "(" and last.isidentifier() and last.islower())
        text += token if is_close else f" {token}"
        last = token
    return text


def _plain(token: str) -> str:
    return token[1:-1].replace('""', '"') if token.startswith('"') else token
