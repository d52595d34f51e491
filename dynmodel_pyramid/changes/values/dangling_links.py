"""Dangling links: ids of missing rows, which a link or a list of links must lose."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.changes.values.column_values import UNCACHED, ColumnValues, Rows, SideTable, batches
from dynmodel_pyramid.changes.values.conversion import Batch, Conversion


def lose_dangling_links(
    connection: sa.Connection,
    values: ColumnValues,
    conversion: Conversion,
    far: sa.FromClause,
    make_side_table: Callable[[], SideTable],
    *,
    many: bool,
) -> ColumnValues:
    """The values without ids of missing rows, which are lost.

    :param far: the rows that may be referred to
    :param many: whether values are lists of ids
    """
    expression, table = values.expression, conversion.table
    condition: sa.ColumnElement[bool] = expression.is_not(None)
    if not many:
        condition = sa.and_(condition, ~sa.exists().where(far.c.id == expression).correlate(table))
    for rows in batches(connection, table, condition, expression):
        dangling = _dangling(connection, rows, far) if many else [(row_id, value, value) for row_id, value in rows]
        if not dangling:
            continue
        lost = [
            (row_id, value, conversion.new_to_text(value), f"there is no row {missing}")
            for row_id, value, missing in dangling
        ]
        conversion.keep(lost)
        side_table = make_side_table()
        substitute = conversion.substitute if conversion.substitute is not None else lambda: None
        side_table.replace([(row_id, substitute()) for row_id, *_ in lost])
        values = Batch([], [], lost).added_to(values).overridden_by(side_table)
    return values


def _dangling(connection: sa.Connection, rows: Rows, far: sa.FromClause) -> list[tuple[int, list[Any], int]]:
    """(id of the row, its list, the least id that is missing) of the lists with missing rows."""
    ids = {number for _, numbers in rows for number in numbers}
    query = sa.select(far.c.id).where(far.c.id.in_(ids))
    there = set(connection.scalars(query, execution_options=UNCACHED)) if ids else set()
    missing = [(row_id, numbers, set(numbers) - there) for row_id, numbers in rows]
    return [(row_id, numbers, min(gone)) for row_id, numbers, gone in missing if gone]
