"""The ids of the rows that a request has written, in a temporary table, because there may be any number of them."""

from collections.abc import Collection, Generator, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database import Dialect

#: How many ids are in memory at a time.
PART = 1000
_UNCACHED = {"compiled_cache": None}


def id_parts(connection: sa.Connection, query: sa.Select[*tuple[Any, ...]]) -> Generator[Sequence[int]]:
    """The ids that a query finds, in parts; the caller closes the iterator if it does not read all of them."""
    options = {**_UNCACHED, "yield_per": PART}
    with connection.execute(query, execution_options=options) as result:
        yield from result.scalars().partitions(PART)


class WrittenRows:
    """The ids of written rows, in the order of the documents.

    :param connection: not in a transaction yet
    """

    def __init__(self, connection: sa.Connection, dialect: Dialect) -> None:
        self._connection, self._dialect = connection, dialect
        self._count = 0
        self._table = sa.Table(
            "_written_rows",
            sa.MetaData(schema=dialect.temporary_schema),
            sa.Column("_n", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("id", sa.BigInteger, unique=True),
        )
        with connection.begin():
            self._table.create(connection)

    def add(self, ids: Sequence[int]) -> None:
        if ids:
            lines = [{"_n": number, "id": row_id} for number, row_id in enumerate(ids, self._count)]
            self._connection.execute(sa.insert(self._table), lines, execution_options=_UNCACHED)
            self._count += len(ids)

    def forget(self) -> None:
        """Begin anew, after the rows that were added have been undone."""
        self._count = 0

    def among(self, ids: Collection[int]) -> set[int]:
        """The given ids that belong to written rows."""
        key = self._table.c.id
        query = sa.select(key).where(self._dialect.among(key, list(ids)))
        return set(self._connection.scalars(query, execution_options=_UNCACHED)) if self._count and ids else set()

    def ids(self) -> Generator[Sequence[int]]:
        """All ids, in parts."""
        return id_parts(self._connection, sa.select(self._table.c.id).order_by(self._table.c._n))
