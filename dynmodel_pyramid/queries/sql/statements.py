"""The statement of one level: rows, or groups if it aggregates, in order and limited to a page."""

from collections.abc import Sequence
from typing import Any, TypeGuard

import sqlalchemy as sa

from dynmodel_pyramid.queries.sql.aggregates import Aggregate
from dynmodel_pyramid.queries.sql.groups import Shown, grouped, refuse_having
from dynmodel_pyramid.queries.sql.ordering import keys_of
from dynmodel_pyramid.queries.sql.outputs import Output
from dynmodel_pyramid.queries.sql.selection import Selection

_NUMBER = sa.BigInteger()


def select_rows(
    selection: Selection,
    outputs: Sequence[Output | Aggregate],
    source: sa.FromClause,
    conditions: Sequence[sa.ColumnElement[bool]],
    order: Sequence[sa.ColumnElement[Any]],
    shown: Shown,
) -> sa.Select[*tuple[Any, ...]]:
    """The rows of an embedded level.

    :param source: the FROM clause
    :param order: further order, after that of the query
    :param shown: makes the selected expression of an output
    """
    conditions = [*conditions, *selection.conditions()]
    if has_rows(outputs):
        refuse_having(selection)
        clauses = [key.clause() for key in keys_of(selection)]
        rows = sa.select(*shown(outputs)).select_from(selection.join_to(source))
        statement = rows.where(*conditions).order_by(*clauses, *order)
    else:
        statement, _ = grouped(selection, outputs, source, conditions, shown)
    return cut(statement, selection.level.limit, selection.level.offset)


def cut(rows: sa.Select[*tuple[Any, ...]], limit: int | None, offset: int) -> sa.Select[*tuple[Any, ...]]:
    if limit is not None:
        rows = rows.limit(sa.literal(limit, _NUMBER))
    return rows.offset(sa.literal(offset, _NUMBER)) if offset else rows


def has_rows(outputs: Sequence[Output | Aggregate]) -> TypeGuard[Sequence[Output]]:
    """Whether the values are of rows, and not of groups, which aggregates make."""
    return not any(isinstance(output, Aggregate) for output in outputs)
