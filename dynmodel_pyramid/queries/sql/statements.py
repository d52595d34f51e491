"""The statement of one level: rows, or groups if it aggregates, in order and limited to a page."""

from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.queries.errors import clip
from dynmodel_pyramid.queries.grammar.syntax import OrderTerm
from dynmodel_pyramid.queries.sql.aggregates import Aggregate
from dynmodel_pyramid.queries.sql.json_text import fragment
from dynmodel_pyramid.queries.sql.ordering import keys_of
from dynmodel_pyramid.queries.sql.outputs import Output
from dynmodel_pyramid.queries.sql.selection import Selection

Shown = Callable[[Sequence[Output]], list[sa.ColumnElement[Any]]]
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
        clauses = [key.clause() for key in keys_of(selection)]
        rows = sa.select(*shown(outputs)).select_from(selection.join_to(source))
        statement = rows.where(*conditions).order_by(*clauses, *order)
    else:
        statement = grouped(selection, outputs, source, conditions, shown)
    return cut(statement, selection.level.limit, selection.level.offset)


def cut(rows: sa.Select[*tuple[Any, ...]], limit: int | None, offset: int) -> sa.Select[*tuple[Any, ...]]:
    if limit is not None:
        rows = rows.limit(sa.literal(limit, _NUMBER))
    return rows.offset(sa.literal(offset, _NUMBER)) if offset else rows


def has_rows(outputs: Sequence[Output | Aggregate]) -> TypeGuard[Sequence[Output]]:
    """Whether the values are of rows, and not of groups, which aggregates make."""
    return not any(isinstance(output, Aggregate) for output in outputs)


def grouped(
    selection: Selection,
    outputs: Sequence[Output | Aggregate],
    source: sa.FromClause,
    conditions: Sequence[sa.ColumnElement[bool]],
    shown: Shown,
) -> sa.Select[*tuple[Any, ...]]:
    """Group by all outputs that are not aggregates, in the query's order, and then by the groups' JSON.

    The values are made in a subquery, because PostgreSQL treats an expression with a parameter as a different one each
    time it occurs.
    """
    columns: list[sa.ColumnElement[Any]] = []
    budget = selection.around.budget
    for number, output in enumerate(outputs):
        if isinstance(output, Output):
            columns.append(budget.spend(output.text()).label(f"g{number}"))
        elif output.subject is not None:
            columns.append(output.subject.expression.label(f"a{number}"))
    terms = [_checked(term, outputs) for term in selection.level.order]
    sorts = [key for term in terms for key in keys_of(selection, [term])]
    columns += [key.expression.label(f"s{number}") for number, key in enumerate(sorts)]
    inner = sa.select(*(columns or [sa.literal_column("1").label("_row")]))
    inner = inner.select_from(selection.join_to(source)).where(*conditions)
    rows = (inner if selection.near is None else inner.correlate(selection.near)).subquery()
    groups: list[sa.ColumnElement[Any]] = [column for column in rows.c if column.name[0] in "gs"]
    values = [
        output.over(None if output.subject is None else rows.c[f"a{number}"], selection.dialect).label(f"v{number}")
        for number, output in enumerate(outputs)
        if isinstance(output, Aggregate)
    ]
    aggregated = sa.select(*groups, *values).select_from(rows).group_by(*groups).subquery()
    results: list[Output] = []
    last = []
    for number, output in enumerate(outputs):
        if isinstance(output, Aggregate):
            result = selection.around.shown(output.output(aggregated.c[f"v{number}"], selection.dialect))
            budget.spend(result.shown)
            results.append(result)
            continue
        group = sa.type_coerce(aggregated.c[f"g{number}"], sa.Text())
        results.append(_of_group(output.name, group))
        last.append(expressions_of(selection.dialect).by_bytes(group))
    order = []
    for number, key in enumerate(sorts):
        value = aggregated.c[f"s{number}"]
        clause = value.desc() if key.descending else value.asc()
        order.append(clause.nulls_first() if key.nulls_first else clause.nulls_last())
    return sa.select(*shown(results)).select_from(aggregated).order_by(*order, *last)


def _of_group(name: str, text: sa.ColumnElement[Any]) -> Output:
    return Output(name, fragment(text), lambda: text)


def _checked(term: OrderTerm, outputs: Sequence[Output | Aggregate]) -> OrderTerm:
    """
    :raises Malformed: rows are grouped, but not by a value that they are ordered by
    """
    column = term.column
    known = {output.column for output in outputs if isinstance(output, Output)}
    if term.relation is not None or column.path or column.name not in known:
        raise Malformed(
            f"order: rows are grouped, and not by {clip(column.name)}",
            code="not_sortable",
            hint="groups can be ordered by the fields in select that make them",
            parameter="order",
        )
    return term
