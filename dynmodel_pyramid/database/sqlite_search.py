"""SQLite's index of words: a table of FTS5 for each indexed field, which narrows the rows that a search looks at.

Triggers only note what was written, in ``_dynmodel_unindexed``, and need no functions: so other programs may write the
table as well. Each transaction of this package that writes indexes all that was noted, before it commits. Until then
such rows are looked at one by one (:func:`candidates`), so that a search is right at any time.
"""

import sqlite3
import sys
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.database.identifiers import quote_identifier
from dynmodel_pyramid.database.texts.folding import fold, fold_accents
from dynmodel_pyramid.database.texts.words import INDEXED, SEARCHED, words

#: The notes of triggers: the name of an index, a row's id and text, and whether accents are ignored.
UNINDEXED = "_dynmodel_unindexed"
_NOTES = sa.Table(
    UNINDEXED,
    sa.MetaData(),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("search", sa.Text, nullable=False),
    sa.Column("id", sa.Integer, nullable=False),
    sa.Column("accents", sa.Integer, nullable=False),
    sa.Column("text", sa.Text),
)
#: How many notes are read at once.
_BATCH = 100
_TRIGGERS = ("insert", "update", "delete")


class WordIndex(sa.Index):
    """The index of one column of a table. ``CREATE INDEX`` can't make it: see :func:`creations`."""

    def __init__(self, name: str, column: sa.Column[Any], *, accents: bool) -> None:
        super().__init__(quoted_name(name, quote=True), column)
        self.accents = accents


def creations(index: sa.Index, *, with_rows: bool = True) -> Iterator[str]:
    """The statements that make it.

    :param with_rows: and note all rows of the table
    """
    assert isinstance(index, WordIndex) and index.table is not None and index.name is not None
    (column,) = index.columns
    name, table, value = str(index.name), quote_identifier(str(index.table.name)), quote_identifier(str(column.name))
    options = "tokenize = 'ascii', detail = 'none', columnsize = 0"
    yield f"CREATE VIRTUAL TABLE {quote_identifier(name)} USING fts5(words, {options})"
    note = f"INSERT INTO {UNINDEXED} (search, id, accents, text)"
    accents = int(index.accents)
    for event, row, text in (
        ("INSERT", "new", _searched(f"new.{value}")),
        (f'UPDATE OF "id", {value}', "new", _searched(f"new.{value}")),
        ("DELETE", "old", "NULL"),
    ):
        trigger = quote_identifier(f"{name}_{event.split()[0].lower()}")
        yield (
            f"CREATE TRIGGER {trigger} AFTER {event} ON {table} BEGIN "
            f"{note} VALUES ('{name}', {row}.\"id\", {accents}, {text}); END"
        )
    if with_rows:
        yield f"{note} SELECT '{name}', \"id\", {accents}, {_searched(value)} FROM {table} WHERE {value} IS NOT NULL"


def _searched(text: str) -> str:
    """SQL: the part of a text that is searched."""
    return f"substr({text}, 1, {SEARCHED})"


def removals(name: str) -> Iterator[str]:
    """The statements that drop it, as far as it is there: a table may have taken its triggers along."""
    for event in _TRIGGERS:
        yield f"DROP TRIGGER IF EXISTS {quote_identifier(f'{name}_{event}')}"
    yield f"DROP TABLE IF EXISTS {quote_identifier(name)}"
    yield f"DELETE FROM {UNINDEXED} WHERE search = '{name}'"


def candidates(name: str, row_id: sa.ColumnElement[Any], query: str) -> sa.ColumnElement[bool]:
    """Whether a row may have the words: those that the index has, and those that are not indexed yet.

    :param query: of FTS5 (:func:`~dynmodel_pyramid.database.texts.word_queries.needed`)
    """
    table = quoted_name(name, quote=True)
    indexed = sa.table(table, sa.column("rowid"), sa.column(table))
    matches = indexed.c[name].bool_op("MATCH")(sa.literal(query, sa.Text()))
    rows = sa.select(indexed.c.rowid).where(matches)
    noted = sa.select(_NOTES.c.id).where(_NOTES.c.search == sa.literal(name, sa.Text()))
    return row_id.in_(rows.union_all(noted))


def make_notes(connection: sa.Connection) -> None:
    """Make the table of notes in a new database."""
    _NOTES.create(connection)


def index_written(cursor: sqlite3.Cursor) -> None:
    """Index all that was noted."""
    if cursor.execute(f"SELECT 1 FROM {UNINDEXED} LIMIT 1").fetchone() is None:
        return
    query = f"SELECT number, search, id, accents, text FROM {UNINDEXED} ORDER BY number LIMIT {_BATCH}"
    while notes := cursor.execute(query).fetchall():
        latest = {(search, row_id): (text, accents) for _, search, row_id, accents, text in notes}
        for (search, row_id), (text, accents) in latest.items():
            cursor.execute(f"DELETE FROM {quote_identifier(search)} WHERE rowid = ?", (row_id,))
            if isinstance(text, str):
                found = (row_id, indexed_words(text, accents=bool(accents)))
                cursor.execute(f"INSERT INTO {quote_identifier(search)} (rowid, words) VALUES (?, ?)", found)
        cursor.execute(f"DELETE FROM {UNINDEXED} WHERE number <= ?", (notes[-1][0],))


def indexed_words(text: str, *, accents: bool) -> str:
    """The words of a text, each once, cut to the length that the index keeps."""
    folded = fold_accents(text) if accents else fold(text)
    # With the longest words: a pattern may find their beginnings.
    return " ".join(sorted({word[:INDEXED] for word in words(folded, sys.maxsize)}))
