"""Tables and columns of SQLite are renamed in the stored schema, at a cost that hardly grows with the number of tables.

``ALTER TABLE ... RENAME`` parses every declaration of the schema, checks all of them before and after, and writers wait
meanwhile: with 3,000 tables of ten fields 490 ms for a table and 630 for a column. A renamed table needs two of them, a
dropped field one. Here SQLite renames in a database in memory that has only what belongs to the table: its indexes and
triggers, and the tables that refer to it. The texts that it makes there are stored, as :mod:`~.sqlite_declaration` does
with declarations. What is left is that the schema is read again, 160 ms, once for all names of a change.

Views, and triggers of other programs, may name the table anywhere. Where there are any, or anything is not as expected,
the table is altered as usual.
"""

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import NamedTuple

import sqlalchemy as sa

from dynmodel_pyramid.changes.ddl.sqlite_declaration import DeclarationRefused, columns_of, is_writable
from dynmodel_pyramid.database import sqlite_functions
from dynmodel_pyramid.database.cursors import raw_cursor
from dynmodel_pyramid.database.identifiers import quote_identifier
from dynmodel_pyramid.database.sqlite_deadline import UNBOUND
from dynmodel_pyramid.database.sqlite_search import UNINDEXED

log = logging.getLogger(__name__)

_OTHERS = (
    "SELECT 1 FROM sqlite_schema WHERE type = 'view' OR (type = 'trigger' AND name NOT LIKE '\\_sx\\_%' ESCAPE '\\')"
)
_OWN = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE tbl_name = ? COLLATE NOCASE"
_REFERRING = (
    "SELECT DISTINCT s.type, s.name, s.tbl_name, s.sql FROM sqlite_schema s, pragma_foreign_key_list(s.name) f "
    "WHERE s.type = 'table' AND f.\"table\" = ? COLLATE NOCASE AND s.tbl_name <> ? COLLATE NOCASE"
)
_ALL = "SELECT rowid, type, name, tbl_name, sql FROM sqlite_schema WHERE name <> 'sqlite_sequence' ORDER BY rowid"


class _Line(NamedTuple):
    """A line of the schema."""

    type: str
    name: str
    table: str
    sql: str | None


def column_renames(table: str, pairs: Iterable[tuple[str, str]]) -> list[str]:
    """The statements that rename columns, in order."""
    begin = f"ALTER TABLE {quote_identifier(table)} RENAME COLUMN"
    return [f"{begin} {quote_identifier(old)} TO {quote_identifier(new)}" for old, new in pairs]


def table_renames(*names: str) -> list[str]:
    """The statements that give a table one name after the other."""
    pairs = zip(names, names[1:], strict=False)
    return [f"ALTER TABLE {quote_identifier(old)} RENAME TO {quote_identifier(new)}" for old, new in pairs]


def rename(connection: sa.Connection, statements: Sequence[str], table: str, after: str | None = None) -> None:
    """Do what ALTER TABLE statements say, which only rename, and all are about one table.

    :param after: the table's name afterwards, if it is another one
    """
    if not statements:
        return
    try:
        with connection.begin_nested():
            _store(connection, statements, table, table if after is None else after)
    except (DeclarationRefused, sqlite3.Error, sa.exc.DBAPIError) as error:
        log.info("%s is renamed by ALTER TABLE: %s", table, error)
        for statement in statements:
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def _store(connection: sa.Connection, statements: Sequence[str], table: str, after: str) -> None:
    """
    :raises DeclarationRefused: it must be done in another way
    """
    with raw_cursor(connection) as cursor:
        if cursor.execute(f"{_OTHERS} LIMIT 1").fetchall():
            raise DeclarationRefused("there are views, or triggers of other programs")
        if not is_writable(connection):
            raise DeclarationRefused("the schema can't be written")
        lines = [_Line(*line) for line in cursor.execute(_OWN, (table,)).fetchall()]
        lines += [_Line(*line) for line in cursor.execute(_REFERRING, (table, table)).fetchall()]
        if any(line.type == "trigger" for line in lines):
            noted = cursor.execute(_OWN, (UNINDEXED,)).fetchall()
            lines += [_Line(*line) for line in noted if line[0] == "table"]
        changed, columns = _in_memory(lines, statements, after)
        ((version,),) = cursor.execute("PRAGMA schema_version").fetchall()
        cursor.execute("PRAGMA writable_schema = ON")
        try:
            for old, new in changed:
                values = (new.name, new.table, new.sql, old.type, old.name)
                cursor.execute(
                    "UPDATE sqlite_schema SET name = ?, tbl_name = ?, sql = ? WHERE type = ? AND name = ?", values
                )
                if cursor.execute("SELECT changes()").fetchall() != [(1,)]:
                    raise DeclarationRefused(f"the schema has no {old.type} {old.name}")
        finally:
            cursor.execute("PRAGMA writable_schema = OFF")
        if after != table:
            cursor.execute("UPDATE sqlite_sequence SET name = ? WHERE name = ?", (after, table))
        # In this order: see sqlite_declaration.
        cursor.execute("PRAGMA writable_schema = RESET")
        cursor.execute(f"PRAGMA schema_version = {version + 1}")
        if columns_of(cursor, after) != columns:
            raise DeclarationRefused("the columns are not those that were tried")


def _in_memory(
    lines: Sequence[_Line], statements: Sequence[str], after: str
) -> tuple[list[tuple[_Line, _Line]], tuple[tuple[object, ...], ...]]:
    """-> the lines that change, before and after, and the columns of the table."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:
        sqlite_functions.register(memory, UNBOUND)
        for kind in ("table", "index", "trigger"):
            for line in lines:
                if line.type == kind and line.sql is not None:
                    memory.execute(line.sql)
        before = {rowid: _Line(*line) for rowid, *line in memory.execute(_ALL)}
        # Indexes of constraints have no text.
        if {line for line in before.values() if line.sql} != {line for line in lines if line.sql}:
            raise DeclarationRefused("the texts of the schema are not as SQLite makes them")
        for statement in statements:
            memory.execute(statement)
        changed = [(before[rowid], _Line(*line)) for rowid, *line in memory.execute(_ALL)]
        return [pair for pair in changed if pair[0] != pair[1]], columns_of(memory.cursor(), after)
