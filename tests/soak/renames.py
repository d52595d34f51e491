"""Renames by the stored schema (``changes/ddl/sqlite_renames.py``) beside SQLite's own ``ALTER TABLE ... RENAME``.

python -m tests.soak.renames --examples 3000

Tables with names that look like something else, checks, generated columns, defaults, unique rules, expression and
partial indexes, foreign keys both ways and to themselves, triggers and views, are made twice. Columns and the table are
renamed by SQLite in one file, by the service in the other. Then both must be the same: every text of the schema, as a
new connection reads it, columns, indexes, keys, rows and numbers; and both are sound. If SQLite refuses, so must the
service, and nothing is changed.
"""

import argparse
import re
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.changes.ddl import sqlite_renames
from dynmodel_pyramid.database import Database, sqlite_functions
from dynmodel_pyramid.database.identifiers import quote_identifier
from dynmodel_pyramid.database.sqlite_deadline import UNBOUND
from dynmodel_pyramid.settings import Settings
from tests.nasty_names import LETTERS, NASTY
from tests.system_tables import empty_sqlite_file

_names = st.one_of(st.sampled_from(NASTY), st.text(LETTERS, min_size=1, max_size=6))
_many = st.lists(_names, unique_by=str.casefold, min_size=16, max_size=16)
#: What a column may say besides its name; ``{}`` is the name of another column.
_COLUMNS = (
    "TEXT", "INTEGER DEFAULT 7", "VARCHAR(40) NOT NULL DEFAULT 'a ''b'' \"c\"'", "REAL CHECK ({} IS NOT 'x')",
    "TEXT COLLATE NOCASE", "INTEGER UNIQUE", "TEXT CONSTRAINT {} CHECK (length({}) < 99)", "BLOB DEFAULT (1 + 2)",
    "TEXT GENERATED ALWAYS AS (coalesce({}, '') || '{}') VIRTUAL", "TEXT GENERATED ALWAYS AS (typeof({})) STORED", "",
)  # fmt: skip
_INDEXES = (
    "({0})", "({0} COLLATE NOCASE DESC, {1})", "(coalesce({0}, {1}))", "({0}) WHERE {1} IS NOT NULL AND {1} <> '{1}'",
    "(typeof({0}), {1}) WHERE typeof({0}) = 'text'",
)  # fmt: skip
_RULES = ("CHECK ({0} IS NOT {1} OR {0} IS NULL)", "UNIQUE ({0}, {1})", "CONSTRAINT {0} CHECK ({1} IS NOT 'none')",
          "FOREIGN KEY ({0}) REFERENCES {table} (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED")  # fmt: skip
_OTHERS = (
    "CREATE TABLE {other} (id INTEGER PRIMARY KEY, {0} INTEGER REFERENCES {table} (id) ON DELETE CASCADE, {1} TEXT)",
    "CREATE TABLE {other} ({0} INTEGER, {1} TEXT, FOREIGN KEY ({0}) REFERENCES {table} ON UPDATE CASCADE)",
    "CREATE TABLE {other} ({0}, {1}, CHECK ({0} <> '{table}'))",
)
_TRIGGER = (
    'CREATE TRIGGER "_sx_9_{end}" AFTER {when} ON {table} WHEN {row}.{0} IS NOT NULL BEGIN'
    " INSERT OR IGNORE INTO _dynmodel_unindexed SELECT 9, {row}.id WHERE {row}.{0} IS NOT '{0}'; END"
)
_STRANGERS = (
    "CREATE VIEW {other} AS SELECT t.{0}, {1} AS x FROM {table} t WHERE {0} IS NOT NULL",
    "CREATE TRIGGER {other} AFTER DELETE ON {table} BEGIN UPDATE {table} SET {0} = old.{1} WHERE id = old.id; END",
)


@dataclass(frozen=True)
class Case:
    """
    :param script: what makes the tables
    :param statements: the renames
    """

    script: tuple[str, ...]
    statements: tuple[str, ...]
    table: str
    after: str


@st.composite
def cases(draw: st.DrawFn) -> Case:
    names = draw(_many)
    table, quoted = names[0], [quote_identifier(name) for name in names]
    columns = quoted[1:6]
    own = draw(st.lists(st.sampled_from(_COLUMNS), min_size=5, max_size=5))

    def two() -> list[str]:
        return draw(st.lists(st.sampled_from(columns), min_size=2, max_size=2, unique=True))

    # Generated columns may not refer to one another in a circle.
    lines = [draw(st.sampled_from(("id INTEGER PRIMARY KEY", "id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL")))]
    plain = [column for column, text in zip(columns, own, strict=True) if "GENERATED" not in text] or ["id"]
    for column, text in zip(columns, own, strict=True):
        far = draw(st.sampled_from(plain))
        lines.append(f"{column} {_filled(text, far)}")
    lines += [_filled(rule, *two(), table=quoted[0]) for rule in draw(st.lists(st.sampled_from(_RULES), max_size=2))]
    script = [f"CREATE TABLE {quoted[0]} (\n  {', '.join(lines)}\n)"]
    script.append(f"INSERT INTO {quoted[0]} (id) VALUES (NULL)")
    for number, index in enumerate(draw(st.lists(st.sampled_from(_INDEXES), max_size=3))):
        unique = draw(st.sampled_from(("", "UNIQUE ")))
        script.append(f"CREATE {unique}INDEX {quoted[6 + number]} ON {quoted[0]} {_filled(index, *two())}")
    for number, other in enumerate(draw(st.lists(st.sampled_from(_OTHERS), max_size=2))):
        pair = draw(st.permutations(quoted[1:6] + quoted[9:10]))[:2]
        script.append(_filled(other, *pair, table=quoted[0], other=quoted[9 + number]))
    if draw(st.booleans()):
        for end, when, row in (("ai", "INSERT", "new"), ("ad", "DELETE", "old")):
            script.append(_filled(_TRIGGER, two()[0], table=quoted[0], end=end, when=when, row=row))
    if draw(st.integers(0, 4)) == 0:
        stranger = draw(st.sampled_from(_STRANGERS))
        script.append(_filled(stranger, *two(), table=quoted[0], other=quoted[11]))
    # Of a column, an index or a table that is there: then SQLite refuses.
    taken = [names[5], names[0].swapcase(), names[1].swapcase(), names[6], names[9]]
    new = st.sampled_from([*names[12:16], *taken])
    renamed = draw(st.lists(st.tuples(st.sampled_from(names[1:6]), new), max_size=3))
    statements = sqlite_renames.column_renames(table, renamed)
    after = table
    if not statements or draw(st.booleans()):
        # A name between two others is one of the service's own, and free.
        between = draw(st.lists(st.sampled_from(names[12:14]), max_size=1))
        chain = [table, *between, draw(st.sampled_from([*names[14:16], *taken]))]
        statements += sqlite_renames.table_renames(*chain)
        after = chain[-1]
    return Case(tuple(script), tuple(statements), table, after)


def _filled(text: str, *values: str, **named: str) -> str:
    """Placeholders between apostrophes stand for texts, which double them; ``{}`` is the first value."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or "0"
        found = values[int(name)] if name.isdigit() else named[name]
        return found.replace("'", "''") if text[: match.start()].count("'") % 2 else found

    return re.sub(r"\{(\w*)\}", value, text)


def connected(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None)
    sqlite_functions.register(connection, UNBOUND)
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def seen(file: Path) -> list[Any]:
    """All that a new connection reads."""
    with closing(connected(file)) as connection:

        def rows(query: str, *values: str) -> list[Any]:
            return connection.execute(query, values).fetchall()

        schema = rows("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")
        found: list[Any] = [schema, rows("SELECT * FROM sqlite_sequence ORDER BY name")]
        found += [rows("PRAGMA integrity_check"), rows("PRAGMA foreign_key_check")]
        for kind, name, *_ in schema:
            if kind == "table":
                for pragma in ("table_xinfo", "index_list", "foreign_key_list"):
                    found.append((name, pragma, sorted(map(str, rows(f"SELECT * FROM pragma_{pragma}(?)", name)))))
                if "_dynmodel_" not in name:
                    found.append(rows(f"SELECT * FROM {quote_identifier(name)}"))
            elif kind == "index":
                found.append((name, rows("SELECT * FROM pragma_index_xinfo(?)", name)))
        return found


def check(case: Case, folder: Path, tally: Counter[str]) -> None:
    files = one, other = folder / "one.sqlite", folder / "other.sqlite"
    one.write_bytes(empty_sqlite_file())
    with closing(connected(one)) as connection:
        try:
            for statement in case.script:
                connection.execute(statement)
        except sqlite3.Error as error:  # such as names that are taken
            tally[f"not made: {re.sub('[^a-z ].*', '', str(error))}"] += 1
            return
    other.write_bytes(one.read_bytes())
    before = seen(one)
    by_sqlite = _by_sqlite(one, case.statements)
    stored = sqlite_renames._store
    ways: list[str] = []

    def store(*arguments: Any) -> None:
        stored(*arguments)
        ways.append("stored")

    with patch.object(sqlite_renames, "_store", store):
        by_us = _by_us(other, case)
    assert (by_sqlite is None) == (by_us is None), (case, by_sqlite, by_us)
    tally["refused" if by_sqlite is not None else "".join(ways) or "altered"] += 1
    results = [seen(file) for file in files]
    assert results[0] == results[1], case
    assert results[0][2:4] == before[2:4] == [[("ok",)], []], case
    if by_sqlite is not None:
        assert results[1] == before, case


def _by_sqlite(file: Path, statements: Sequence[str]) -> sqlite3.Error | None:
    with closing(connected(file)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in statements:
                connection.execute(statement)
        except sqlite3.Error as error:
            connection.execute("ROLLBACK")
            return error
        connection.execute("COMMIT")
    return None


def _by_us(file: Path, case: Case) -> sa.exc.DBAPIError | None:
    database = Database(Settings({"sqlalchemy.url": f"sqlite:///{file}"}))
    try:
        with database.changing() as connection:
            sqlite_renames.rename(connection, case.statements, case.table, case.after)
    except sa.exc.DBAPIError as error:
        return error
    finally:
        database.close()
    return None


def run(examples: int) -> Counter[str]:
    tally: Counter[str] = Counter()

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        print_blob=False,
    )
    @given(cases())
    def compare(case: Case) -> None:
        with tempfile.TemporaryDirectory() as folder:
            check(case, Path(folder), tally)

    compare()
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=1000)
    tally = run(parser.parse_args().examples)
    print(f"{sum(tally.values())} cases: {dict(tally)}; no difference")
    return 0


if __name__ == "__main__":
    sys.exit(main())
