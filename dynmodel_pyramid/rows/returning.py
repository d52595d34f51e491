"""The rows that a write returns, as they are after it: whole rows, or the values of ``select``."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.queries.grammar.syntax import Column, Field, Level, Query
from dynmodel_pyramid.queries.sql.planning import Only, plan
from dynmodel_pyramid.queries.sql.plans import Plan
from dynmodel_pyramid.rows.reads import CHUNK
from dynmodel_pyramid.rows.service import Rows

_UNCACHED = {"compiled_cache": None}
_ALL = Query().select
_ONLY_ID = (Field(Column("id")),)


class Returning:
    """Which values of the rows are returned, and in which order.

    Made before the transaction begins, so that all tables that the query names are known to the caller's attempt.

    ``names`` are the names of the values. ``is_together``: rows that are written in parts are returned when all are
    written, because the query orders or groups them.

    :param query: its ``select``, embedded relations and order. Filters of the table's own rows are not applied again,
        because the rows may have other values now
    :param numbers: whether exact numbers are JSON numbers, not strings
    :param groups: whether the rows may be grouped
    :raises Malformed: the query has an unknown name, or groups rows that may not be grouped
    """

    def __init__(self, rows: Rows, query: Query, *, numbers: bool = False, groups: bool = False) -> None:
        self.rows = rows
        self._numbers = numbers
        below = any(level.path for level in query.levels)
        self._query, root = query, query.root
        #: Whether the ids are the answer: the caller may read all rows, and nobody else changes them meanwhile.
        self._is_known = query.select == _ONLY_ID and not (below or root.order or root.having)
        self._is_known = self._is_known and rows.scope.view.key is None and not rows.catalogue.is_reported
        #: Whether reading them may take long.
        self._is_asked = query.select != _ALL or below or bool(root.order)
        self._plan = self._planned() if (self._is_asked or numbers) and not self._is_known else None
        if self._plan is not None and self._plan.is_grouped and not groups:
            raise Malformed(
                "select: a write answers with rows, not with groups", code="invalid_parameter", parameter="select"
            )
        whole = ("id",) if self._is_known else rows.encoder.names
        self.names: Sequence[str] = whole if self._plan is None else self._plan.names
        #: Whether these are whole rows, as the row service encodes them.
        self.is_whole = self._plan is None and not self._is_known
        self.is_together = self._plan is not None and (bool(root.order) or self._plan.is_grouped)

    def _planned(self, only: Only | None = None) -> Plan:
        rows, query = self.rows, self._query
        below = (level for level in query.levels if level.path)
        levels = (Level((), order=query.root.order, having=query.root.having), *below)
        query = replace(query, levels=levels, columns=None, on_conflict=None, after=None, before=None)
        return plan(rows.model, query, rows.models, rows.scopes, numbers=self._numbers, only=only)

    def parts(self, connection: sa.Connection, ids: Sequence[int]) -> Iterator[Sequence[Sequence[Any]]]:
        """The values of the rows with these ids, in parts: in the order of the query, else of the ids."""
        if self._is_known:
            yield [(row_id,) for row_id in ids]
        elif self._plan is None:
            yield from self.rows.parts(connection, ids)
        elif self.is_together:
            yield from self._read(connection, self._among(self._plan, ids))
        else:
            for start in range(0, len(ids), CHUNK):
                part = ids[start : start + CHUNK]
                table = self._plan.table
                statement = self._plan.statement.where(self._are(table, part))
                [rows] = self._read(connection, statement.add_columns(table.c.id))
                by_id = {row[-1]: row[:-1] for row in rows}
                yield [by_id[row_id] for row_id in part if row_id in by_id]

    def _are(self, table: sa.FromClause, ids: Sequence[int]) -> sa.ColumnElement[bool]:
        return self.rows.catalogue.database.dialect.among(table.c.id, ids)

    def _among(self, plan: Plan, ids: Sequence[int]) -> sa.Select[*tuple[Any, ...]]:
        """The statement for these rows only; if it groups them, the condition is inside."""
        if not plan.is_grouped:
            return plan.statement.where(self._are(plan.table, ids))
        return self._planned(lambda table: self._are(table, ids)).statement

    def _read(
        self, connection: sa.Connection, statement: sa.Select[*tuple[Any, ...]]
    ) -> Iterator[Sequence[Sequence[Any]]]:
        """The rows in parts, the first of which may be empty."""
        database = self.rows.catalogue.database
        if self._is_asked:
            database.dialect.bound_statements(connection, database.settings.statement_timeout)
        values = self.rows.scopes.values(self.rows.model, tuple(self._plan.versions) if self._plan else ())
        parts = connection.execute(statement, values, execution_options=_UNCACHED).partitions(CHUNK)
        first = next(parts, ())
        if self._is_asked:
            database.dialect.unbound_statements(connection)
        yield first
        yield from parts
