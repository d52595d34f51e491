"""Staged rows that have the same unique values as stored rows, or as earlier ones among them."""

from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.definitions.problems import Problems
from dynmodel_pyramid.errors import Invalid, Problem
from dynmodel_pyramid.rows.targets import Target, uniquenesses_of
from dynmodel_pyramid.rows.violations import Candidate, Table, described
from dynmodel_pyramid.rows.written_rows import PART

_UNCACHED = {"compiled_cache": None}


class StagedClashes:
    """
    :param staged: the table of staged rows, with their numbers ``_n``
    :param sent: the fields whose values may be told; None for all
    """

    def __init__(
        self, rows: Table, connection: sa.Connection, staged: sa.Table, sent: Collection[str] | None = None
    ) -> None:
        self._rows, self._connection, self._staged, self._sent = rows, connection, staged, sent
        targets = uniquenesses_of(rows.model)
        self._targets = [target for target in targets if all(name in staged.c for name in target.names)]

    def refuse(self) -> None:
        """:raises Violation: with the first ones, and their total"""
        every, problems = self._every().subquery(), Problems()
        total = self._run(sa.select(sa.func.count(every.c.number.distinct()))).scalar_one()
        for _, problem in self.found():
            problems.put(problem)
            if problems.total == Invalid.MAX_PROBLEMS:
                break
        problems.total = max(problems.total, total)
        problems.raise_if_any()

    def found(self) -> Iterator[tuple[int, Problem]]:
        """The rows by their numbers, in order, each with the first rule that it breaks."""
        every = self._every().subquery()
        names = list(dict.fromkeys(name for target in self._targets for name in target.names))
        columns = [self._staged.c[name] for name in names]
        query = sa.select(every, *columns).join(self._staged, self._staged.c._n == every.c.number)
        query = query.order_by(every.c.number, every.c.rule)
        last = -1
        with self._run(query, yield_per=PART) as result:
            for number, rule, first, *values in result:
                if number != last:
                    last = number
                    candidate = Candidate(f"/{number}", dict(zip(names, values, strict=True)), self._sent)
                    other = "another row" if first is None else f"the row /{first} of this request"
                    yield number, described(self._rows, "unique", self._targets[rule].names, candidate, other)

    def _run(self, query: sa.Executable, **options: Any) -> sa.CursorResult[*tuple[Any, ...]]:
        return self._connection.execute(query, execution_options=_UNCACHED | options)

    def _every(self) -> sa.CompoundSelect[Any]:
        """The number of a row, the place of the rule that it breaks, and the number of the earlier row, if it is one of
        the request.
        """
        return sa.union_all(
            *[select(rule) for rule in range(len(self._targets)) for select in (self._stored, self._twice)]
        )

    def _stored(self, rule: int) -> sa.Select[*tuple[Any, ...]]:
        target, staged, table = self._targets[rule], self._staged, self._rows.model.table
        none = sa.cast(sa.null(), sa.Integer)
        query = sa.select(staged.c._n.label("number"), sa.literal(rule).label("rule"), none.label("first"))
        # At most one stored row has these values. No EXISTS: see StagedRows._missing.
        return query.join_from(staged, table, target.is_same(table, staged)).where(*self._known(target))

    def _twice(self, rule: int) -> sa.Select[*tuple[Any, ...]]:
        target, staged = self._targets[rule], self._staged
        first = sa.func.min(staged.c._n).over(partition_by=target.columns(staged))
        alike = sa.select(staged.c._n.label("number"), first.label("first")).where(*self._known(target)).subquery()
        query = sa.select(alike.c.number, sa.literal(rule), alike.c.first)
        return query.where(alike.c.number > alike.c.first)

    def _known(self, target: Target) -> list[sa.ColumnElement[bool]]:
        """The condition that a row has values by which it may be the same as another one."""
        return [column.is_not(None) for column in target.columns(self._staged)] if target.nulls_distinct else []
