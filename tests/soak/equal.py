"""Whether two databases of one kind have the same values: each table is read on both sides in the order of its key, in
step, as the database itself stores it. So memory does not grow with the rows.
"""

import marshal
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, closing
from itertools import zip_longest
from typing import Any

import psycopg
import sqlalchemy as sa

from tests.system_tables import libpq

_PART = 2000
#: Names of tables, and a function: name -> its rows, in parts that are equal if the rows are.
Side = tuple[set[str], Callable[[str], Iterable[Any]]]


def differing(one: dict[str, str], other: dict[str, str], but: Collection[str] = ()) -> Iterator[str]:
    """What differs, for people.

    :param but: the names of tables that may differ
    """
    open_side = _sqlite if one["sqlalchemy.url"].startswith("sqlite") else _postgresql
    with ExitStack() as stack:
        (names, parts), (other_names, other_parts) = (open_side(stack, settings) for settings in (one, other))
        yield from (f"the table {name} is on one side only" for name in names ^ other_names)
        for name in sorted((names & other_names) - set(but)):
            for number, (mine, theirs) in enumerate(zip_longest(parts(name), other_parts(name))):
                if mine != theirs:
                    yield f"the table {name}: part {number}: {str(mine)[:300]} and {str(theirs)[:300]}"
                    break


def _sqlite(stack: ExitStack, settings: dict[str, str]) -> Side:
    file = sa.make_url(settings["sqlalchemy.url"]).database
    connection = stack.enter_context(closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)))
    # Not decoded: what is no UTF-8 is a value, too.
    connection.text_factory = bytes
    query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    names = {name.decode() for (name,) in connection.execute(query)}

    def parts(name: str) -> Iterator[bytes]:
        quoted = name.replace('"', '""')
        columns = list(connection.execute(f'PRAGMA table_info("{quoted}")'))
        keys = [str(column[0] + 1) for column in columns if column[5]] or [str(column[0] + 1) for column in columns]
        rows = connection.execute(f'SELECT * FROM "{quoted}" ORDER BY {", ".join(keys)}')
        while few := rows.fetchmany(_PART):
            # 1, 1.0 and true are equal in Python, but not here; version 2 knows no references.
            yield marshal.dumps(few, 2)

    return names, parts


def _postgresql(stack: ExitStack, settings: dict[str, str]) -> Side:
    connection = stack.enter_context(psycopg.connect(libpq(sa.make_url(settings["sqlalchemy.url"]))))
    schema = settings["dynmodel.schema"]
    query = "SELECT tablename FROM pg_tables WHERE schemaname = %s"
    names = {name for (name,) in connection.execute(query, (schema,))}
    of_key = (
        "SELECT quote_ident(attname) FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)"
        " WHERE indrelid = %s::regclass AND indisprimary ORDER BY array_position(indkey::int2[], attnum)"
    )

    def parts(name: str) -> Iterator[bytes]:
        table = '"{}"."{}"'.format(schema, name.replace('"', '""'))
        keys = [key for (key,) in connection.execute(of_key, (table,))]
        query = f"COPY (SELECT * FROM {table} t ORDER BY {', '.join(keys) or 't::text'}) TO STDOUT"
        with connection.cursor().copy(query.encode()) as rows:
            yield from map(bytes, rows)

    return names, parts
