"""Groups: the statement of a level that aggregates, its order, and ``having``.

The values are made in a subquery, because PostgreSQL treats an expression with a parameter as a different one each time
it occurs. A second one has the groups, so that order, ``having`` and cursors compare its columns.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields.types.text import Text, byte_order
from dynmodel_pyramid.queries.errors import clip
from dynmodel_pyramid.queries.grammar.syntax import Column, Filter, Group, OrderTerm
from dynmodel_pyramid.queries.sql.aggregates import Aggregate
from dynmodel_pyramid.queries.sql.filters import translated
from dynmodel_pyramid.queries.sql.json_text import fragment
from dynmodel_pyramid.queries.sql.ordering import Key, keys_by
from dynmodel_pyramid.queries.sql.outputs import Output
from dynmodel_pyramid.queries.sql.selection import Selection
from dynmodel_pyramid.queries.sql.subjects import Subject, plain

#: Makes the selected expressions of a level's values.
Shown = Callable[[Sequence[Output]], list[sa.ColumnElement[Any]]]
_Outputs = Sequence[Output | Aggregate]


def refuse_having(selection: Selection) -> None:
    """
    :raises Malformed: a level of rows has conditions of groups
    """
    if selection.level.having:
        raise Malformed(
            "having: these are rows, not groups",
            code="invalid_parameter",
            hint="an aggregate in select makes groups; conditions of rows are filters: field=gt.1",
            parameter=clip(".".join((*selection.path, "having"))),
        )


def grouped(
    selection: Selection,
    outputs: _Outputs,
    source: sa.FromClause,
    conditions: Sequence[sa.ColumnElement[bool]],
    shown: Shown,
) -> tuple[sa.Select[*tuple[Any, ...]], list[Key]]:
    """Group by all outputs that are not aggregates; -> the groups in the query's order, and the keys of that order.

    Groups that are alike in it are ordered by their JSON.
    """
    budget, dialect = selection.around.budget, selection.dialect
    values = _Values(selection, outputs)
    for term in selection.level.order:
        values.place(term.column, "order", term.relation)
    for column in _columns(selection.level.having):
        values.place(column, "having")
    columns: list[sa.ColumnElement[Any]] = [
        budget.spend(output.text()).label(f"g{number}")
        for number, output in enumerate(outputs)
        if isinstance(output, Output)
    ]
    columns += values.columns()
    inner = sa.select(*(columns or [sa.literal_column("1").label("_row")]))
    inner = inner.select_from(selection.join_to(source)).where(*conditions)
    rows = (inner if selection.near is None else inner.correlate(selection.near)).subquery()
    groups: list[sa.ColumnElement[Any]] = [column for column in rows.c if column.name[0] in "gs"]
    aggregated = sa.select(*groups, *values.aggregated(rows)).select_from(rows).group_by(*groups).subquery()
    values.groups = aggregated
    results: list[Output] = []
    last = []
    aggregates = iter(range(len(outputs)))
    for number, output in enumerate(outputs):
        if isinstance(output, Aggregate):
            result = selection.around.shown(output.output(aggregated.c[f"v{next(aggregates)}"], dialect))
            budget.spend(result.shown)
            results.append(result)
            continue
        group = sa.type_coerce(aggregated.c[f"g{number}"], sa.Text())
        results.append(_of_group(output.name, group))
        text = sa.type_coerce(expressions_of(dialect).by_bytes(group), byte_order())
        subject = Subject(output.name, text, *plain(Text), dialect)
        last.append(Key(subject, text, False, False, f"{output.name}=", nullable=False))
    keys = [key for term in selection.level.order for key in values.keys(term)] + last
    statement = sa.select(*shown(results)).select_from(aggregated).order_by(*[key.clause() for key in keys])
    if selection.level.having:
        statement = statement.where(translated(selection.level.having, values, lambda name: None))
    return statement, keys


def _of_group(name: str, text: sa.ColumnElement[Any]) -> Output:
    return Output(name, fragment(text), lambda: text)


def _columns(filters: Sequence[Filter]) -> list[Column]:
    """What conditions are about."""
    columns: list[Column] = []
    for item in filters:
        columns += _columns(item.items) if isinstance(item, Group) else [item.column]
    return columns


class _Values:
    """The values that order and ``having`` name: aggregates, and the values that make the groups.

    Each of them is a column of ``groups``, which is set when all are known.
    """

    operands = None
    #: The groups are of rows that the caller may see, and :meth:`columns` has guarded the values that make them.
    guard = None
    groups: sa.FromClause

    def __init__(self, selection: Selection, outputs: _Outputs) -> None:
        self._selection, self._outputs = selection, outputs
        self.clock = selection.around.clock
        self.budget = selection.around.budget
        self._aggregates = [output for output in outputs if isinstance(output, Aggregate)]
        self._makers: list[Subject] = []
        self._places: dict[tuple[str | None, Column], tuple[str, int]] = {}

    def place(self, column: Column, parameter: str, relation: str | None = None) -> None:
        """
        :param relation: the relation that the column is of
        :raises Malformed: groups have no such value
        """
        key = relation, column
        if key not in self._places:
            self._places[key] = (
                self._find(column, parameter) if relation is None else self._find_related(relation, column, parameter)
            )

    def _find_related(self, relation: str, column: Column, parameter: str) -> tuple[str, int]:
        meant = self._selection.ordered(relation, column)
        subject = self._selection.subject_of(meant, relation)
        known = [output for output in self._outputs if isinstance(output, Output)]
        if not any((relation, meant) in output.fields for output in known):
            raise _unknown(f"{clip(relation)}({clip(column.name)})", parameter)
        self._makers.append(subject)
        return "s", len(self._makers) - 1

    def _find(self, column: Column, parameter: str) -> tuple[str, int]:
        if column.aggregate is not None:
            self._aggregates.append(self._aggregate(column, column.aggregate, parameter))
            return "v", len(self._aggregates) - 1
        # A field before a name that select gives, as in SQL where rows are grouped.
        named: list[Output | Aggregate] = [
            output for output in self._outputs if isinstance(output, Output) and ("", column) in output.fields
        ]
        if not column.path:
            named = named or [output for output in self._outputs if output.name == column.name]
        for output in named:
            if isinstance(output, Aggregate):
                return "v", next(i for i, aggregate in enumerate(self._aggregates) if aggregate is output)
            if output.subject is not None:
                self._makers.append(output.subject)
                return "s", len(self._makers) - 1
        raise _unknown(clip(column.name), parameter)

    def _aggregate(self, column: Column, function: str, parameter: str) -> Aggregate:
        if not column.name:
            return Aggregate("count()", function, None, None)
        source = Column(column.name, column.path, column.as_text)
        subject = self._selection.names.subject(source, parameter)
        aggregate = Aggregate(f"{subject.name}.{function}()", function, subject, None)
        aggregate.check(parameter)
        self.budget.spend(subject.expression)
        return aggregate

    def columns(self) -> list[sa.ColumnElement[Any]]:
        """The values of each row."""
        guard = self._selection.names.guard
        columns: list[sa.ColumnElement[Any]] = []
        for number, aggregate in enumerate(self._aggregates):
            if aggregate.subject is not None:
                columns.append(aggregate.subject.expression.label(f"a{number}"))
        for number, maker in enumerate(self._makers):
            value = maker.expression if guard is None else sa.case((guard, maker.expression))
            columns.append(self.budget.spend(value).label(f"s{number}"))
        return columns

    def aggregated(self, rows: sa.FromClause) -> list[sa.ColumnElement[Any]]:
        """The aggregates over these rows."""
        return [
            aggregate.over(None if aggregate.subject is None else rows.c[f"a{number}"], self._selection.dialect).label(
                f"v{number}"
            )
            for number, aggregate in enumerate(self._aggregates)
        ]

    def subject(self, column: Column, parameter: str, relation: str | None = None) -> Subject:
        """The value of a column that was added."""
        kind, number = self._places[relation, column]
        value = self.groups.c[f"{kind}{number}"]
        if kind == "v":
            return self._aggregates[number].result(value, self._selection.dialect)
        maker = self._makers[number]
        # No rule of the view about single rows is left: values that a row does not show make no groups.
        return Subject(maker.name, value, maker.field_type, maker.options, maker.dialect)

    def keys(self, term: OrderTerm) -> list[Key]:
        subject = self.subject(term.column, "order", term.relation)
        name = subject.name if term.relation is None else f"{term.relation}({subject.name})"
        keys = keys_by(term, subject, f"{name}()")
        self.budget.spend(keys[-1].expression)
        return keys


def _unknown(name: str, parameter: str) -> Malformed:
    return Malformed(
        f"{parameter}: rows are grouped, and no value of the groups is called {name}",
        code="not_sortable" if parameter == "order" else "unknown_field",
        hint="groups have the values in select, by their names, and aggregates such as count() and price.sum()",
        parameter=parameter,
    )
