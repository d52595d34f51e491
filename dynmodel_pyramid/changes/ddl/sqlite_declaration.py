"""The stored declaration of a table, replaced in place: SQLite reads and writes no row for it.

It is the second procedure of SQLite's page ALTER TABLE, "Making Other Kinds Of Table Schema Changes", for changes that
leave the file's content as it is. The new text is never made of the old one: SQLAlchemy renders the whole table. Before
it is stored, it is tried in memory, and every column that rows have must keep its place and type.

Rows that are older than a column (ADD COLUMN) end before it, and read the *present* DEFAULT in its place. So a default
may change only if all rows have the column. That cannot be asked of SQLite, so it is noted in the declaration
(:data:`~dynmodel_pyramid.database.sqlite_things.IN_EVERY_ROW`) when a table is made; a column without the note may be
younger than some rows.
"""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import SQLiteDDLCompiler

from dynmodel_pyramid.changes.ddl.runner import Recorder, Runner
from dynmodel_pyramid.database import sqlite_functions
from dynmodel_pyramid.database.cursors import driver_connection, raw_cursor
from dynmodel_pyramid.database.identifiers import quote_identifier
from dynmodel_pyramid.database.sqlite_deadline import UNBOUND
from dynmodel_pyramid.database.sqlite_things import IN_EVERY_ROW, columns_in_every_row


class DeclarationRefused(Exception):
    """SQLite did not take a declaration as it was tried; the caller rolls back to a savepoint."""


class Column(NamedTuple):
    """A line of ``PRAGMA table_xinfo``; ``key`` is its place in the primary key, ``default`` is SQL."""

    place: int
    name: str
    type: str
    required: int
    default: str | None
    key: int
    hidden: int


@dataclass(frozen=True, slots=True)
class Declaration:
    """The declaration of a table as it is stored.

    :param whole: the names of the columns that all rows certainly have
    """

    name: str
    sql: str
    columns: tuple[Column, ...]
    whole: frozenset[str]

    @classmethod
    def of(cls, connection: sa.Connection, name: str) -> "Declaration":
        with raw_cursor(connection) as cursor:
            cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (name,))
            ((stored,),) = cursor.fetchall()
            columns = columns_of(cursor, name)
        # Rows without a required column would break the rule, unless they read its default.
        whole = {column.name for column in columns if column.required and column.default is None}
        if not _has_rows(connection, name):
            whole = {column.name for column in columns}
        return cls(name, stored, columns, frozenset(whole | columns_in_every_row(stored)))

    def replacement(
        self, connection: sa.Connection, table: sa.Table, names: Mapping[str, str] | None = None
    ) -> "Replacement | None":
        """What makes this the declaration of ``table``; None where only a new table can.

        :param table: the whole table; columns that it has besides the present ones are new
        :param names: the names that present columns have by then, if they are others
        """
        kept = [(names or {}).get(column.name, column.name) for column in self.columns]
        known = {column.name: column for column in table.columns}
        arriving = [column for name, column in known.items() if name not in set(kept)]
        # Unknown columns, STRICT and WITHOUT ROWID are not ours.
        if not known.keys() >= set(kept) or not self.sql.rstrip().endswith(")") or not is_writable(connection):
            return None
        valueless = any(not column.nullable and column.server_default is None for column in arriving)
        if valueless and _has_rows(connection, self.name):
            return None
        present = [column._replace(name=later) for column, later in zip(self.columns, kept, strict=True)]
        whole = {later for column, later in zip(self.columns, kept, strict=True) if column.name in self.whole}
        added = [str(column.name) for column in arriving]
        tried = _tried(
            creation(table, connection.dialect, whole=whole, order=(*kept, *added)),
            self.name,
            () if valueless else added,
        )
        if tried is None:
            return None
        text, columns = tried
        for old, new in zip(present, columns, strict=False):
            default = new.default if new.name in whole else old.default
            if new != old._replace(required=new.required, default=default):
                return None
        return Replacement(self.name, text, columns)


@dataclass(frozen=True, slots=True)
class Replacement:
    """A declaration that was tried.

    :param columns: as SQLite reads them
    """

    name: str
    sql: str
    columns: tuple[Column, ...]

    def store(self, connection: sa.Connection, runner: Runner | Recorder) -> None:
        """Replace the declaration; the present columns have their new names.

        Other connections read the schema again, because its version has changed.

        :raises DeclarationRefused: it is not stored as it was tried
        :raises sqlalchemy.exc.DBAPIError: SQLite refuses it
        """
        text, name = (value.replace("'", "''") for value in (self.sql, self.name))
        change = f"UPDATE sqlite_schema SET sql = '{text}' WHERE type = 'table' AND name = '{name}'"
        if not runner.is_real:
            runner.run(change)
            return
        with raw_cursor(connection) as cursor:
            ((version,),) = cursor.execute("PRAGMA schema_version").fetchall()
            cursor.execute("PRAGMA writable_schema = ON")
            try:
                runner.run(change)
                if cursor.execute("SELECT changes()").fetchall() != [(1,)]:
                    raise DeclarationRefused("the schema has no such table")
            finally:
                cursor.execute("PRAGMA writable_schema = OFF")
            # This connection reads the schema again, too. The version comes last: RESET makes SQLite forget that this
            # transaction has changed the schema, and then a rollback would leave the new one in memory.
            cursor.execute("PRAGMA writable_schema = RESET")
            cursor.execute(f"PRAGMA schema_version = {version + 1}")
            if columns_of(cursor, self.name) != self.columns:
                raise DeclarationRefused("the columns are not those that were tried")


def creation(
    table: sa.Table, dialect: sa.Dialect, *, whole: Collection[str] | None = None, order: Sequence[str] = ()
) -> str:
    """CREATE TABLE, with a note behind each column that all rows have.

    :param whole: the names of these columns; None: all of them, as in a new table
    :param order: the names of all columns, if it is not the table's order
    """
    compiler = column_compiler(dialect)
    compiler.whole = {column.name for column in table.columns} if whole is None else whole
    create = sa.schema.CreateTable(table)
    places = {name: place for place, name in enumerate(order)}
    create.columns.sort(key=lambda column: places.get(column.element.name, 0))
    return str(compiler.process(create)).strip()


def column_compiler(dialect: sa.Dialect) -> "_Compiler":
    # SQLAlchemy itself makes compilers of no statement for the parts of statements.
    return _Compiler(dialect, None)  # type: ignore[arg-type]


class _Compiler(SQLiteDDLCompiler):
    whole: Collection[str] = ()

    def get_column_specification(self, column: sa.Column[Any], **options: Any) -> str:
        text: str = super().get_column_specification(column, **options)
        return f"{text} {IN_EVERY_ROW}" if column.name in self.whole else text


def columns_of(cursor: sqlite3.Cursor, name: str) -> tuple[Column, ...]:
    """The columns of a table, as SQLite reads its declaration."""
    return tuple(Column(*line) for line in cursor.execute(f"PRAGMA table_xinfo({quote_identifier(name)})"))


def _has_rows(connection: sa.Connection, name: str) -> bool:
    with raw_cursor(connection) as cursor:
        return bool(cursor.execute(f"SELECT 1 FROM {quote_identifier(name)} LIMIT 1").fetchall())


def is_writable(connection: sa.Connection) -> bool:
    """Whether this connection may replace declarations: not where it is defensive, as some builds are from the
    beginning (SQLITE_DBCONFIG_DEFENSIVE), and not where rows end before their last nulls (SQLITE_ENABLE_NULL_TRIM).
    """
    raw: sqlite3.Connection = driver_connection(connection)
    if raw.execute("SELECT sqlite_compileoption_used('ENABLE_NULL_TRIM')").fetchone()[0]:
        return False
    raw.execute("PRAGMA writable_schema = ON")
    try:
        # It is compiled, and not run.
        raw.execute("EXPLAIN UPDATE sqlite_schema SET sql = sql").close()
    except sqlite3.Error:
        return False
    finally:
        raw.execute("PRAGMA writable_schema = OFF")
    return True


def _tried(text: str, name: str, arriving: Collection[str]) -> tuple[str, tuple[Column, ...]] | None:
    """The text as SQLite stores it, with its columns; None if SQLite refuses it.

    :param arriving: columns whose default a row that ends before them must read, and that must obey their rules
    """
    quoted = quote_identifier(name)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:
        sqlite_functions.register(memory, UNBOUND)
        try:
            memory.execute(text)
            ((stored,),) = memory.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (name,))
            columns = columns_of(memory.cursor(), name)
            if not arriving:
                return stored, columns
            memory.execute(f"DROP TABLE {quoted}")
            memory.execute(f'CREATE TABLE {quoted} ("id" INTEGER PRIMARY KEY AUTOINCREMENT)')
            memory.execute(f"INSERT INTO {quoted} DEFAULT VALUES")
            memory.execute("PRAGMA writable_schema = ON")
            memory.execute("UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?", (stored, name))
            memory.execute("PRAGMA writable_schema = RESET")
            read = " AND ".join(
                f"{quote_identifier(column.name)} IS {column.default or 'NULL'}"
                for column in columns
                if column.name in arriving
            )
            if memory.execute(f"SELECT {read} FROM {quoted}").fetchone() != (1,):
                return None
            if any(problem.startswith("CHECK") for (problem,) in memory.execute("PRAGMA quick_check")):
                return None
        except (sqlite3.Error, sqlite3.Warning):
            return None
        return stored, columns
