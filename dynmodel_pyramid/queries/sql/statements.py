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
        made = rows.where(*conditions).order_by(*clauses, *order)
    else:
        made = grouped(selection, outputs, source, conditions, shown)
    return cut(made, selection.level.limit, selection.level.offset)


def cut(rows: sa.Select[*tuple[Any, ...]], limit: int | None, offset: int) -> sa.Select[*tuple[Any, ...]]:
    if limit is not None:
        rows = rows.limit(sa.literal(limit, _NUMBER))
    return rows.offset(sa.literal(offset, _NUMBER)) if offset else rows


def has_rows(outputs: Sequence[Output | Aggregate]) -> TypeGuard[Sequence[Output]]:
    """Whether the values are of rows, and not of groups, which aggregates make."""
    return not any(isinstance(each, Aggregate) for each in outputs)


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
    for number, each in enumerate(outputs):
        if isinstance(each, Output):
            columns.append(budget.spend(each.text()).label(f"g{number}"))
        elif each.subject is not None:
            columns.append(each.subject.expression.label(f"a{number}"))
    terms = [_checked(term, outputs) for term in selection.level.order]
    sorts = [key for term in terms for key in keys_of(selection, [term])]
    columns += [key.expression.label(f"s{number}") for number, key in enumerate(sorts)]
    inner = sa.select(*(columns or [sa.literal_column("1").label("_row")]))
    inner = inner.select_from(selection.join_to(source)).where(*conditions)
    rows = (inner if selection.near is None else inner.correlate(selection.near)).subquery()
    groups: list[sa.ColumnElement[Any]] = [column for column in rows.c if column.name[0] in "gs"]
    values = [
        each.over(None if each.subject is None else rows.c[f"a{number}"], selection.dialect).label(f"v{number}")
        for number, each in enumerate(outputs)
        if isinstance(each, Aggregate)
    ]
    found = sa.select(*groups, *values).select_from(rows).group_by(*groups).subquery()
    made: list[Output] = []
    last = []
    for number, each in enumerate(outputs):
        if isinstance(each, Aggregate):
            output = selection.around.shown(each.output(found.c[f"v{number}"], selection.dialect))
            budget.spend(output.shown)
            made.append(output)
            continue
        group = sa.type_coerce(found.c[f"g{number}"], sa.Text())
        made.append(_of_group(each.name, group))
        last.append(expressions_of(selection.dialect).by_bytes(group))
    order = []
    for number, key in enumerate(sorts):
        value = found.c[f"s{number}"]
        clause = value.desc() if key.descending else value.asc()
        order.append(clause.nulls_first() if key.nulls_first else clause.nulls_last())
    return sa.select(*shown(made)).select_from(found).order_by(*order, *last)


def _of_group(name: str, text: sa.ColumnElement[Any]) -> Output:
    return Output(name, fragment(text), lambda: text)


def _checked(term: OrderTerm, outputs: Sequence[Output | Aggregate]) -> OrderTerm:
    """
    :raises Malformed: rows are grouped, but not by a value that they are ordered by
    """
    column = term.column
    known = {each.column for each in outputs if isinstance(each, Output)}
    if term.relation is not None or column.path or column.name not in known:
        raise Malformed(
            f"order: rows are grouped, and not by {clip(column.name)}",
            code="not_sortable",
            hint="groups can be ordered by the fields in select that make them",
            parameter="order",
        )
    return term
