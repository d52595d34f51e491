"""The row and the field that an error is about: a part is read or written as a whole, so the error does not tell."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.moving.deployment import Side
from dynmodel_pyramid.moving.parts import Key, Part, Reader
from dynmodel_pyramid.moving.structure import MEND
from dynmodel_pyramid.rows.prepared import PreparedInsert

#: How many rows are looked at one by one.
_MOST = 100_000
_OPTIONS = {"compiled_cache": None}


def unreadable(
    side: Side, connection: sa.Connection, reader: Reader, after: Key | None, error: Exception
) -> ConfigurationProblem:
    """The error of a value that can't be read.

    :param after: the rows up to this key were read
    """
    columns = reader.stored.columns
    keys = sa.select(*reader.stored.keys).where(reader.between(after, None)).order_by(*reader.keys).limit(_MOST)
    for row in connection.execute(keys, execution_options=_OPTIONS).all():
        key = tuple(row)
        # The value of the key itself is read already, so the row is between it and itself.
        here = sa.and_(*(column == value for column, value in zip(reader.stored.keys, key, strict=True)))
        if (told := _fails(connection, sa.select(*columns).where(here))) is None:
            continue
        for column in columns:
            if (told_of_column := _fails(connection, sa.select(column).where(here))) is not None:
                return _problem(side, reader, key, f"{column.key}: {told_of_column}")
        return _problem(side, reader, key, told)
    return ConfigurationProblem(f"{side.title}: {reader.stored.label}: {_told(error)}")


def refused(
    side: Side, connection: sa.Connection, reader: Reader, part: Part, error: Exception
) -> ConfigurationProblem:
    """The error of a part that can't be written.

    :param connection: in a transaction that the caller undoes
    """
    names = [column.key for column in reader.stored.columns]
    insert = Insertion(reader.stored.table, connection)
    for row in zip(*part.columns, strict=True):
        try:
            with connection.begin_nested():
                insert(connection, [[value] for value in row])
        except Exception as fault:  # of the database, or of a type
            key = reader.key(row)
            for name, column, value in zip(names, reader.stored.columns, row, strict=True):
                if (told := _refuses(connection, column, value)) is not None:
                    return _problem(side, reader, key, f"{name}: {told}")
            return _problem(side, reader, key, _told(fault))
    return ConfigurationProblem(f"{side.title}: {reader.stored.label}: {_told(error)}")


def different(
    source: sa.Connection, target: sa.Connection, readers: tuple[Reader, Reader], after: Key | None, last: Key | None
) -> str:
    """What differs in a part of two tables, for people."""
    found = []
    for connection, reader in zip((source, target), readers, strict=True):
        query = sa.select(*reader.stored.columns).where(reader.between(after, last)).order_by(*reader.keys)
        found.append([tuple(row) for row in connection.execute(query, execution_options=_OPTIONS).all()])
    mine, theirs = ({reader.key(row): row for row in rows} for reader, rows in zip(readers, found, strict=True))
    for key in sorted({*mine, *theirs}):
        where = f"the row {_shown(key)}"
        if key not in theirs:
            return f"{where} is missing"
        if key not in mine:
            return f"{where} should not be there"
        texts = [reader.written([rows[key]]) for reader, rows in zip(readers, (mine, theirs), strict=True)]
        for column, one, other in zip(readers[0].stored.columns, *texts, strict=True):
            if one != other:
                return f"{where}: {column.key} is {_cut(other)} and should be {_cut(one)}"
    return "the rows are equal now"


class Insertion:
    """Adds rows to a table, by their columns."""

    def __init__(self, table: sa.Table, connection: sa.Connection) -> None:
        self._table = table
        self._names = [column.key for column in table.columns]
        self._written = {column.key for column in table.columns if column.computed is None}
        self._insert = PreparedInsert(table, connection.dialect)

    def __call__(self, connection: sa.Connection, columns: Sequence[Sequence[Any]]) -> None:
        values = dict(zip(self._names, columns, strict=True))
        if not self._insert.refused:
            self._insert.add_columns(connection, values)
            return
        values = {name: column for name, column in values.items() if name in self._written}
        rows = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
        connection.execute(sa.insert(self._table), rows, execution_options=_OPTIONS)


def _fails(connection: sa.Connection, query: sa.Select[Any]) -> str | None:
    try:
        connection.execute(query, execution_options=_OPTIONS).all()
    except Exception as error:  # of the driver, or of a type
        return _told(error)
    return None


def _refuses(connection: sa.Connection, column: sa.Column[Any], value: Any) -> str | None:
    if value is None:
        return None if column.nullable else "it is required, and null"
    try:
        with connection.begin_nested():
            connection.execute(
                sa.select(sa.cast(sa.literal(value, column.type), column.type)), execution_options=_OPTIONS
            )
    except Exception as error:  # of the database, or of a type
        return _told(error)
    return None


def _problem(side: Side, reader: Reader, key: Iterable[Any], told: str) -> ConfigurationProblem:
    return ConfigurationProblem(f"{side.title}: {reader.stored.label}, row {_shown(key)}: {told}", hint=MEND)


def _shown(key: Iterable[Any]) -> str:
    return ", ".join(map(str, key))


def _told(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip()


def _cut(text: bytes) -> str:
    """The text of one value in the text of a column."""
    value = text.decode(errors="replace").removeprefix("[").removesuffix("]")
    return value if len(value) <= 60 else f"{value[:60]}..."
