"""What an answer shows of rows that were written: all of each row, or what ``select`` asks for."""

from collections.abc import Sequence
from dataclasses import replace

import orjson
import sqlalchemy as sa

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.queries.grammar.syntax import Level, Query
from dynmodel_pyramid.queries.sql.plans import Plan, plan
from dynmodel_pyramid.rows.encoding import OPTIONS
from dynmodel_pyramid.rows.querying import everything
from dynmodel_pyramid.rows.service import Rows


class Shown:
    """The form of an answer.

    Made before the transaction begins, so that all tables that the query names are known to the caller's work.

    :param query: its ``select``, what it says of embedded rows, and the order; filters of the table's own rows have
        done their work, and the rows may have other values now
    :raises Malformed: it names what isn't there, or groups rows
    """

    def __init__(self, rows: Rows, query: Query):
        self.rows = rows
        self._ordered = bool(query.root.order)
        below = tuple(level for level in query.levels if level.path)
        self._plan: Plan | None = None
        if query.select != Query().select or below or self._ordered:
            levels = (Level((), order=query.root.order), *below)
            asked = replace(query, levels=levels, columns=None, on_conflict=None, after=None, before=None)
            self._plan = plan(rows.model, asked, rows.scope, rows.models, everything)
            if not self._plan.keys:
                raise Malformed(
                    "select: a write answers with rows, not with groups", code="invalid_parameter", parameter="select"
                )

    def objects(self, connection: sa.Connection, ids: Sequence[int]) -> bytes:
        """The rows with these ids as JSON objects with commas between: in the order of the query, else of the ids."""
        if not ids:
            return b""
        if self._plan is None:
            return self.rows.objects(connection, ids)
        key, names = self.rows.model.table.c.id, self._plan.names
        among = self.rows.catalogue.database.dialect.among(key, ids)
        statement = self._plan.statement.where(among).add_columns(key)
        database = self.rows.catalogue.database
        database.dialect.bound_statements(connection, database.settings.statement_timeout)
        rows = connection.execute(statement, execution_options={"compiled_cache": None}).all()
        database.dialect.unbound_statements(connection)
        found = {row[-1]: dict(zip(names, row[:-1], strict=True)) for row in rows}
        shown = list(found.values()) if self._ordered else [found[row_id] for row_id in ids if row_id in found]
        return orjson.dumps(shown, option=OPTIONS)[1:-1]
