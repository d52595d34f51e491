"""Rows in the order of their key, cut into parts of bounded size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database import Dialect
from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.moving.deployment import Stored
from dynmodel_pyramid.moving.values import Columns, Sum, written
from dynmodel_pyramid.rows.prepared import PreparedSelect

#: The most rows of a part, and the bytes of its values after which it ends.
ROWS, LENGTH = 5000, 4_000_000
#: Rows that are read together; no more than these and the bytes above are in memory.
READ = 250

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A part that was moved: it ends with the row of a key, has so many rows, and that sum."""

    after: Key | None
    last: Key
    rows: int
    sum: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """Rows by columns, in the order of the table's columns."""

    mark: Mark
    columns: Columns


class Reader:
    """Reads the rows of one table of one database."""

    def __init__(self, stored: Stored, dialect: Dialect, sql_dialect: sa.Dialect) -> None:
        self.stored = stored
        self.dialect = dialect
        expressions = expressions_of(sql_dialect.name)
        self.keys = [
            expressions.by_bytes(column) if isinstance(column.type, sa.String) else column for column in stored.keys
        ]
        self._places = [stored.columns.index(column) for column in stored.keys]
        self._texts = [stored.texts.get(column.key, repr) for column in stored.columns]
        self._all = PreparedSelect(sa.select(*stored.columns).order_by(*self.keys), sql_dialect)
        self._sql_dialect = sql_dialect

    def parts(self, connection: sa.Connection) -> Iterator[Part]:
        """All rows."""
        after: Key | None = None
        rows: list[Sequence[Any]] = []
        total = Sum()
        for few in self._all.parts(connection, self.dialect, READ, {}):
            if not few:
                continue
            rows += few
            total.add(self.written(few))
            if len(rows) >= ROWS or total.length >= LENGTH:
                part = self._part(after, rows, total)
                yield part
                after, rows, total = part.mark.last, [], Sum()
        if rows:
            yield self._part(after, rows, total)

    def written(self, rows: Sequence[Sequence[Any]]) -> list[bytes]:
        """A text of each column."""
        return written(list(zip(*rows, strict=True)), self._texts)

    def _part(self, after: Key | None, rows: list[Sequence[Any]], total: Sum) -> Part:
        return Part(Mark(after, self.key(rows[-1]), len(rows), total.digest()), list(zip(*rows, strict=True)))

    def key(self, row: Sequence[Any]) -> Key:
        return tuple(row[place] for place in self._places)

    # A part that was read elsewhere

    def between(self, after: Key | None, last: Key | None) -> sa.ColumnElement[bool]:
        """Rows behind one key, up to another one, which is among them."""
        conditions: list[sa.ColumnElement[bool]] = []
        if after is not None:
            conditions.append(self._place() > self._value(after))
        if last is not None:
            conditions.append(self._place() <= self._value(last))
        return sa.and_(sa.true(), *conditions)

    def _place(self) -> Any:
        return self.keys[0] if len(self.keys) == 1 else sa.tuple_(*self.keys)

    def _value(self, key: Key) -> Any:
        values = [sa.literal(value, column.type) for value, column in zip(key, self.stored.keys, strict=True)]
        return values[0] if len(values) == 1 else sa.tuple_(*values)

    def has(self, connection: sa.Connection, mark: Mark) -> bool:
        """Whether the rows of a part are these, no more and no less."""
        query = sa.select(*self.stored.columns).where(self.between(mark.after, mark.last)).order_by(*self.keys)
        options = {"compiled_cache": None, "stream_results": True, "yield_per": READ}
        count, total = 0, Sum()
        result = connection.execute(query, execution_options=options)
        for few in result.partitions(READ):
            count += len(few)
            if count > mark.rows:
                result.close()
                return False
            total.add(self.written(few))
        return count == mark.rows and total.digest() == mark.sum

    def greatest(self, connection: sa.Connection) -> Key | None:
        """The key of the last row."""
        query = sa.select(*self.stored.keys).order_by(*(key.desc() for key in self.keys)).limit(1)
        row = connection.execute(query, execution_options={"compiled_cache": None}).first()
        return None if row is None else tuple(row)
