"""The databases' own ways to take and to give many rows: what imports and exports are compared with.

Each works on a table that the service made, with all its columns, rules and indexes.
"""

import csv
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa
from psycopg import sql

#: Rows that are in memory at a time.
PART = 5000
BLOCK = 1 << 18


class SQLitePaths:
    """By Python's sqlite3 alone."""

    import_way, export_way = "executemany, one transaction", "fetchmany and csv.writer"

    def __init__(self, settings: dict[str, str], folder: Path) -> None:
        self._file = sa.make_url(settings["sqlalchemy.url"]).database

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._file, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            yield connection

    def count(self, table: str) -> int:
        with self._connection() as connection:
            return connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]

    def drop(self, table: str) -> None:
        with self._connection() as connection:
            connection.execute(f'DELETE FROM "{table}"')
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def copy_in(self, source: str, target: str) -> float:
        """Seconds in which the rows of one table are added to another one; they are ready as tuples, outside of the
        clock.
        """
        with self._connection() as reading, self._connection() as writing:
            rows = reading.execute(f'SELECT * FROM "{source}" ORDER BY id')
            places = ", ".join("?" * len(rows.description))
            writing.execute("BEGIN IMMEDIATE")
            seconds = 0.0
            while part := rows.fetchmany(PART):
                began = time.perf_counter()
                writing.executemany(f'INSERT INTO "{target}" VALUES ({places})', part)
                seconds += time.perf_counter() - began
            rows.close()
            began = time.perf_counter()
            writing.execute("COMMIT")
            return seconds + time.perf_counter() - began

    def copy_out(self, source: str) -> float:
        """Seconds in which all rows are written as CSV."""
        with self._connection() as connection, open(os.devnull, "w", encoding="utf-8") as file:
            began = time.perf_counter()
            rows = connection.execute(f'SELECT * FROM "{source}" ORDER BY id')
            writer = csv.writer(file)
            while part := rows.fetchmany(PART):
                writer.writerows(part)
            return time.perf_counter() - began


class PostgreSQLPaths:
    """By COPY, as psql's \\copy does: the client sends and reads text in blocks."""

    import_way, export_way = "COPY FROM", "COPY TO"

    def __init__(self, settings: dict[str, str], folder: Path) -> None:
        self._url = settings["sqlalchemy.url"].replace("+psycopg", "")
        self._schema = settings["dynmodel.schema"]
        self._part = folder / "copied.txt"

    def _table(self, name: str) -> sql.Identifier:
        return sql.Identifier(self._schema, name)

    def count(self, table: str) -> int:
        with psycopg.connect(self._url) as connection:
            row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(self._table(table))).fetchone()
            return row[0]

    def drop(self, table: str) -> None:
        with psycopg.connect(self._url) as connection:
            connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(self._table(table)))

    def copy_in(self, source: str, target: str) -> float:
        """Seconds in which the rows of one table are added to another one, from a file of COPY's text format."""
        out = sql.SQL("COPY (SELECT * FROM {} ORDER BY id) TO STDOUT").format(self._table(source))
        with psycopg.connect(self._url) as connection:
            with self._part.open("wb") as file, connection.cursor().copy(out) as blocks:
                for block in blocks:
                    file.write(block)
            began = time.perf_counter()
            into = sql.SQL("COPY {} FROM STDIN").format(self._table(target))
            with self._part.open("rb") as file, connection.cursor().copy(into) as copy:
                shutil.copyfileobj(file, copy, BLOCK)
            connection.commit()
            self._part.unlink()
            return time.perf_counter() - began

    def copy_out(self, source: str) -> float:
        """Seconds in which all rows are written as CSV."""
        out = sql.SQL("COPY (SELECT * FROM {} ORDER BY id) TO STDOUT (FORMAT csv)").format(self._table(source))
        with psycopg.connect(self._url) as connection, open(os.devnull, "wb") as file:
            began = time.perf_counter()
            with connection.cursor().copy(out) as blocks:
                for block in blocks:
                    file.write(block)
            return time.perf_counter() - began


PATHS = {"sqlite": SQLitePaths, "postgresql": PostgreSQLPaths}
