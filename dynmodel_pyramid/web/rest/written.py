"""The answers to writes: what was written, as the client prefers to be told (PostgREST, "Prefer Header")."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import sqlalchemy as sa
from pyramid.response import Response

from dynmodel_pyramid.queries import Query
from dynmodel_pyramid.queries.grammar.syntax import Level
from dynmodel_pyramid.queries.sql.plans import Plan, plan
from dynmodel_pyramid.rows.querying import everything, rules_of
from dynmodel_pyramid.rows.reads import CHUNK
from dynmodel_pyramid.rows.scope import Scope
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.web.http.answers import Answer, RowsBody, empty_answer
from dynmodel_pyramid.web.http.conditions import RETURNS
from dynmodel_pyramid.web.http.parameters import author_of
from dynmodel_pyramid.web.http.transactions import write_connection
from dynmodel_pyramid.web.http.tree import path
from dynmodel_pyramid.web.rest.errors import single_object
from dynmodel_pyramid.web.rest.media import Media, negotiated
from dynmodel_pyramid.web.rest.preferences import Preferences, preferences
from dynmodel_pyramid.web.rest.reading import read_query
from dynmodel_pyramid.web.rest.resources import RestTable

Later = Callable[[Callable[[], None]], None]


class Write:
    """What all writes have in common; made before the transaction begins.

    :raises Malformed: the query is out of the grammar, or names what isn't there
    """

    def __init__(self, context: RestTable, request):
        self.context, self.request = context, request
        self.media: Media = negotiated(request)
        self.wanted: Preferences = preferences(request)
        self.rows: Rows = context.rows
        self.rows.author = author_of(request)
        self.rows.use_linked()
        text = request.environ.get("QUERY_STRING", "")
        self.query: Query = read_query(text, rules_of(self.rows.catalogue))
        self.last_id = 0
        self._body: RowsBody | None = None
        #: The rows that are shown when all are written, where the query orders or groups them.
        self._waiting: tuple[sa.Connection, array] | None = None
        self._together = bool(self.query.root.order)
        if self.wants_rows:
            # Refused now rather than when all is written.
            self._together |= not self._plan(self.rows.scope).keys

    def connection(self) -> sa.Connection:
        connection = write_connection(self.request)
        if self.wanted["tx"] == "rollback":
            # All is done, asked of the database and answered, and then undone.
            self.request.tm.doom()
        return connection

    @property
    def wants_rows(self) -> bool:
        return self.wanted["return"] == RETURNS[0]

    def _plan(self, scope: Scope) -> Plan:
        """What is shown of the rows; which they are, the scope says."""
        levels = tuple(level for level in self.query.levels if level.path)
        levels += (Level((), (), self.query.root.order),)
        shown = replace(self.query, levels=levels, columns=None, on_conflict=None)
        return plan(self.rows.model, shown, scope, self.rows.models, everything, numbers=True)

    def note(self, connection: sa.Connection, ids: Sequence[int]) -> None:
        """Take down rows as they are now, if the client wants them; those that a request writes may come in parts."""
        self.last_id = ids[-1] if len(ids) else self.last_id
        if not self.wants_rows or (self.media.single and len(ids) != 1):
            return
        if self._together:
            self._waiting = self._waiting or (connection, array("q"))
            self._waiting[1].extend(ids)
            return
        for start in range(0, len(ids) or 1, CHUNK):
            part = ids[start : start + CHUNK]
            # The id is the last key; the rows come as the client sent them.
            places = {row_id: number for number, row_id in enumerate(part)}
            names, parts = self._rows(connection, part)
            found = sorted(chain.from_iterable(parts), key=lambda row: places.get(row[-1], 0))
            self._take(names, found)

    def settle(self) -> None:
        """Read the rows that wait to be shown together, as they are now."""
        if self._waiting is not None:
            names, parts = self._rows(*self._waiting)
            self._waiting = None
            self._take(names, next(parts, []))
            for part in parts:
                self._take(names, part)

    def _rows(self, connection: sa.Connection, ids: Sequence[int]) -> tuple[Sequence[str], Iterator[Sequence]]:
        """The names of the values, and rows with their ids behind them in parts."""
        scope, among = self.rows.scope, self.rows.catalogue.database.dialect.among

        def written(table: sa.FromClause) -> sa.ColumnElement[bool]:
            made = among(table.c.id, ids)
            return made if scope.condition is None else sa.and_(made, scope.condition(table))

        made = self._plan(replace(scope, condition=written))
        statement = made.page(None, 0, with_keys=bool(made.keys))
        found = connection.execute(statement, execution_options={"compiled_cache": None})
        return made.names, found.partitions(CHUNK)

    def _take(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        media, shown = self.media, [row[: len(names)] for row in rows]
        if self._body is None:
            self._body = RowsBody(*media.frame(names))
        if shown:
            self._body.add(
                media.lines(names, shown).removesuffix(b"\n") if media.is_csv else media.objects(names, shown)
            )
        elif media.single:
            raise single_object(0)

    def _fill(self, answer: Response) -> None:
        self.settle()
        self._body.answer(answer)

    def answer(
        self, status: int, count: int, *, empty: int = 204, rows: bool = False, later: Later = lambda step: step()
    ) -> Response:
        """
        :param status: with rows; ``empty``: without
        :param count: of the rows that were written
        :param rows: whether ``Content-Range`` has their places, too
        :param later: see :meth:`~dynmodel_pyramid.rows.imports.Transaction.later`
        :raises RestError: one object is wanted, and there is none, or are several
        """
        if self.media.single and count != 1:
            raise single_object(count)
        if self.wants_rows:
            made = Answer(status=status)
            later(lambda: self._fill(made))
            made.headers["Content-Type"] = self.media.header
            made.vary = "Accept"
        else:
            made = empty_answer(empty)
            made.headers.pop("Content-Type", None)
        total = str(count) if self.wanted["count"] in ("exact", "estimated") else "*"
        places = f"0-{count - 1}" if rows and count else "*"
        made.headers["Content-Range"] = f"{places}/{total}"
        if (applied := self.wanted.applied(self.request.method)) is not None:
            made.headers["Preference-Applied"] = applied
        return made

    def location(self, row_id: int) -> str:
        """Of a new row: a query that finds it."""
        return f"{path(self.request, 'rest', self.context.__name__).rstrip('/')}?id=eq.{row_id}"
