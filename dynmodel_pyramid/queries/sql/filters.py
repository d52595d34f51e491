"""Conditions and groups of them over one table -> one SQL expression."""

from collections.abc import Callable, Iterable
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.sql.elements import Grouping

from dynmodel_pyramid.queries.grammar.syntax import Column, Condition, Filter, Group
from dynmodel_pyramid.queries.sql.budget import Budget
from dynmodel_pyramid.queries.sql.comparisons import Clock, Operands, condition
from dynmodel_pyramid.queries.sql.subjects import Subject

#: The name of an embedded relation -> whether a row has embedded rows, in SQL; None: there is no such relation.
Existence = Callable[[str], sa.ColumnElement[bool] | None]
#: The most conditions side by side. SQLite allows 1,000 nested expressions, and counts ``a AND b AND c`` as nested.
_SIDE_BY_SIDE = 100


class Subjects(Protocol):
    """What conditions may be about: the names of a table, or of its groups."""

    budget: Budget

    @property
    def clock(self) -> Clock | None: ...

    @property
    def operands(self) -> Operands | None: ...

    @property
    def guard(self) -> sa.ColumnElement[bool] | None: ...

    def subject(self, column: Column, parameter: str) -> Subject: ...


def translated(filters: Iterable[Filter], names: Subjects, existence: Existence) -> sa.ColumnElement[bool]:
    """The condition that all ``filters`` hold for a row of the table, or for a group, of ``names``.

    :raises Malformed: an unknown name (``unknown_field``), operator or value
    :raises Conflict: this database does not have an operator
    """
    return _joined("and", [_filter(item, names, existence, True) for item in filters])


def _filter(item: Filter, names: Subjects, existence: Existence, is_positive: bool) -> sa.ColumnElement[bool]:
    """:param is_positive: whether no group around it is negated"""
    if isinstance(item, Group):
        is_positive = is_positive and not item.negated
        joined = _joined(item.operator, [_filter(member, names, existence, is_positive) for member in item.items])
        return sa.not_(Grouping(joined)) if item.negated else joined
    return _condition(item, names, existence, is_positive)


def _condition(item: Condition, names: Subjects, existence: Existence, is_positive: bool) -> sa.ColumnElement[bool]:
    column = item.column
    if item.operator == "is" and item.value in ("null", "not_null") and not column.path:
        there = existence(column.name)
        if there is not None:
            return there if (item.value == "null") == item.negated else sa.not_(there)
    expression = condition(
        names.subject(column, column.name),
        item.operator,
        item.value,
        negated=item.negated,
        quantifier=item.quantifier,
        language=item.language,
        clock=names.clock,
        operands=names.operands,
        guard=names.guard,
        may_narrow=is_positive,
    )
    return names.budget.spend(expression)


def _joined(operator: str, parts: list[sa.ColumnElement[bool]]) -> sa.ColumnElement[bool]:
    join = sa.and_ if operator == "and" else sa.or_
    while len(parts) > _SIDE_BY_SIDE:
        parts = [Grouping(join(*parts[start : start + _SIDE_BY_SIDE])) for start in range(0, len(parts), _SIDE_BY_SIDE)]
    return join(*parts) if len(parts) > 1 else parts[0]
