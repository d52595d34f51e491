"""Rows that are too long for PostgreSQL's indexes.

A B-tree's entry has at most a third of a page, after compression (PostgreSQL, "B-Tree Indexes: Implementation"). How
well a value compresses is known only after compressing it, so long values are tried in the index of a temporary table.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

#: Bytes of an entry's values that always fit.
FITS = 2_600
_UNCACHED = {"compiled_cache": None}
_TRY = """
DO $$
DECLARE entry record;
BEGIN
  FOR entry IN SELECT id FROM pg_temp._dynmodel_entries LOOP
    BEGIN
      INSERT INTO pg_temp._dynmodel_indexed SELECT * FROM pg_temp._dynmodel_entries AS e WHERE e.id = entry.id;
    EXCEPTION WHEN program_limit_exceeded THEN
      NULL;
    END;
  END LOOP;
END $$"""


def refused_entries(connection: sa.Connection, rows: sa.Select[*tuple[Any, ...]], first: int) -> tuple[int, list[int]]:
    """See :meth:`~.dialect.Dialect.refused_entries`."""
    source = rows.subquery()
    values = list(source.c)[1:]
    # The size of a stored value is known without reading the value, and it has the same size in an index.
    size = sum((sa.func.coalesce(sa.func.pg_column_size(value), 0) for value in values), sa.literal(0))
    entries, indexed = (_table(name, values) for name in ("_dynmodel_entries", "_dynmodel_indexed"))
    index = sa.Index("_dynmodel_index", *list(indexed.c)[1:])
    for table in (entries, indexed):
        connection.execute(sa.schema.CreateTable(table), execution_options=_UNCACHED)
    copied = sa.insert(entries).from_select(list(entries.c), sa.select(source).where(size > FITS))
    result: tuple[int, list[int]] = 0, []
    if connection.execute(copied, execution_options=_UNCACHED).rowcount:
        connection.execute(sa.schema.CreateIndex(index), execution_options=_UNCACHED)
        connection.exec_driver_sql(_TRY, execution_options={"no_parameters": True})
        refused = sa.select(entries.c.id).where(entries.c.id.not_in(sa.select(indexed.c.id)))
        count = sa.select(sa.func.count()).select_from(refused.subquery())
        ids = connection.scalars(refused.order_by(entries.c.id).limit(first), execution_options=_UNCACHED).all()
        result = connection.execute(count, execution_options=_UNCACHED).scalar_one(), list(ids)
    for table in (indexed, entries):
        connection.execute(sa.schema.DropTable(table), execution_options=_UNCACHED)
    return result


def _table(name: str, values: Sequence[sa.ColumnElement[Any]]) -> sa.Table:
    columns = [sa.Column(value.name, value.type) for value in values]
    key = sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False)
    return sa.Table(name, sa.MetaData(), key, *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP")
