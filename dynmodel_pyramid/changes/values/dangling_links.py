"""Ids of rows that are not there: values that a link, or a list of links, can't carry over."""

from collections.abc import Callable

import sqlalchemy as sa

from dynmodel_pyramid.changes.values.column_values import UNCACHED, Aside, Carried, Conversion, batches


def lose_missing_rows(
    connection: sa.Connection,
    carried: Carried,
    how: Conversion,
    far: sa.FromClause,
    make_aside: Callable[[], Aside],
    *,
    many: bool,
) -> None:
    """Take ids of rows that are not there for values that can't be carried over.

    :param far: the rows that may be referred to
    :param many: whether values are lists of ids
    """
    expression, table = carried.expression, how.table
    condition = expression.is_not(None)
    if not many:
        condition = sa.and_(condition, ~sa.exists().where(far.c.id == expression).correlate(table))
    for rows in batches(connection, table, condition, expression):
        lost = _missing(connection, rows, far) if many else [(row_id, value, value) for row_id, value in rows]
        if not lost:
            continue
        told = [
            (row_id, value, how.new_to_text(value), f"there is no row {missing}") for row_id, value, missing in lost
        ]
        for row_id, _, text, reason in told:
            carried.lost.add(row_id, value=text, reason=reason)
        if how.keep_aside is not None:
            how.keep_aside(told)
        aside = make_aside()
        made = how.substitute if how.substitute is not None else lambda: None
        aside.replace([(row_id, made()) for row_id, _, _ in lost])
        carried.override(aside)


def _missing(connection: sa.Connection, rows: list, far: sa.FromClause) -> list[tuple[int, list, int]]:
    """(id of the row, its list, the least id that is missing) of the lists with missing rows."""
    ids = {each for _, values in rows for each in values}
    found = sa.select(far.c.id).where(far.c.id.in_(ids))
    there = set(connection.scalars(found, execution_options=UNCACHED)) if ids else set()
    lost = [(row_id, values, set(values) - there) for row_id, values in rows]
    return [(row_id, values, min(missing)) for row_id, values, missing in lost if missing]
