"""GET and HEAD of a table: a page of what a query finds (PostgREST, "Tables and Views", "Pagination and Count")."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import sqlalchemy as sa
from pyramid.response import Response

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.queries import Query, Rules, parse, split
from dynmodel_pyramid.rows.querying import Queried, queried
from dynmodel_pyramid.rows.reads import CHUNK
from dynmodel_pyramid.web.answers import Answer
from dynmodel_pyramid.web.explained import Explanation
from dynmodel_pyramid.web.ranges import Part, content_range, part_of
from dynmodel_pyramid.web.rest.errors import out_of_range, single_object
from dynmodel_pyramid.web.rest.media import Media, csv_line, negotiated
from dynmodel_pyramid.web.rest.preferences import preferences
from dynmodel_pyramid.web.rest.resources import RestTable
from dynmodel_pyramid.web.transactions import detached_read_connection, read_connection


def read_query(text: str, rules: Rules) -> Query:
    """
    :raises RestError: a negative limit or offset
    :raises Malformed: out of the grammar
    """
    pairs = split(text)
    for name, value in pairs:
        if name in ("limit", "offset") and value[:1] == "-" and value[1:].isdecimal():
            raise out_of_range(f"{name.capitalize()} should be greater than or equal to zero.")
    query = parse(pairs, replace(rules, lenient=True))
    if query.after is not None or query.before is not None:
        raise Malformed("cursors are of the other face, /table/{id}/rows/", code="invalid_parameter")
    return query


def query_of(context: RestTable, request) -> Queried:
    text = request.environ.get("QUERY_STRING", "")

    def read(rules: Rules) -> Query:
        # Both are for writes; PostgREST parses them here, and does nothing with them.
        return replace(read_query(text, rules), columns=None, on_conflict=None)

    return queried(context.rows, "rest", text, read, numbers=True)


def read_rows(context: RestTable, request) -> Response:
    media, wanted = negotiated(request, explains=True), preferences(request)
    settings, database = request.registry.dynmodel_settings, context.work.database
    found = query_of(context, request)
    part, how = part_of(request, found.plan.limit, found.plan.offset), wanted["count"]
    if part.asked and part.limit == 0 and found.plan.limit != 0:
        raise out_of_range("The range and the limit have no rows in common.")
    if isinstance(media, Explanation):
        answer = media.answer(request, found, part)
        answer.vary = "Accept"
        return answer
    short = part.limit is not None and part.limit <= CHUNK
    connection = (read_connection if short else detached_read_connection)(request)
    try:
        database.dialect.bound_statements(connection, settings.statement_timeout)
        total = None if how is None else found.count(connection, how)
        if total is not None and part.offset > total:
            told = f"An offset of {part.offset} was requested, but there are only {total} rows."
            raise out_of_range(told, total)
        found.refuse_too_many(connection, part.limit, settings.max_rows)
        rows = Rows(found, connection, part)
        if media.single:
            rows.refuse_others_than_one()
    except BaseException:
        if not short:
            connection.close()
        raise
    if rows.whole is not None and not short:
        connection.close()
    answer = rows.answer(media, lambda: database.dialect.unbound_statements(connection))
    answer.headers["Content-Type"] = media.header
    answer.vary = "Accept"
    _describe(answer, part, rows, total)
    if (applied := wanted.applied(request.method)) is not None:
        answer.headers["Preference-Applied"] = applied
    if found.plan.versions:
        answer.headers["Definitions-Revision"] = str(context.work.snapshot.state.definitions)
    return answer


def _describe(answer: Response, part: Part, rows: "Rows", total: int | None) -> None:
    """``Content-Range``, and 206 for a part of what was counted. How many rows a stream has shows at its end."""
    if rows.whole is not None:
        count = len(rows.whole)
    elif total is not None:
        count = max(min(total - part.offset, part.limit or total), 0)
    else:
        count = 0
    answer.headers["Content-Range"] = content_range(part.offset, count, total)
    if total is not None and count < total:
        answer.status_int = 206


class Rows:
    """The rows of a page: ``whole`` if they are few, else a stream that owns its transaction.

    What fails while it is read aborts the connection: an answer never ends as if it were whole.
    """

    whole: Sequence[Sequence[Any]] | None = None

    def __init__(self, found: Queried, connection: sa.Connection, part: Part):
        self._names, self._connection = found.plan.names, connection
        self._source = found.parts(connection, part.limit, part.offset)
        first, second = next(self._source, []), next(self._source, None)
        if second is None:
            self.whole = first
        else:
            self._parts = chain((first, second), self._source)

    def refuse_others_than_one(self) -> None:
        """
        :raises RestError: there is no row, or there are several
        """
        if self.whole is None:
            self._source.close()
            raise single_object(f"more than {CHUNK}")
        if len(self.whole) != 1:
            raise single_object(len(self.whole))

    def answer(self, media: Media, begun) -> Response:
        if self.whole is not None:
            return Answer(media.encoded(self._names, self.whole))
        begun()
        self._encoded = self._csv(media) if media.is_csv else self._json(media)
        return Answer(app_iter=self)

    def _json(self, media: Media) -> Iterator[bytes]:
        opening = b"["
        for rows in self._parts:
            yield opening + media.objects(self._names, rows)
            opening = b","
        yield b"]"

    def _csv(self, media: Media) -> Iterator[bytes]:
        end = csv_line(self._names)
        for rows in self._parts:
            # The last line bears no LF.
            yield end[:-1]
            end = b"\n" + media.lines(self._names, rows)
        yield end[:-1]

    def __iter__(self) -> Iterator[bytes]:
        return self._encoded

    def close(self) -> None:
        """Called by the server when the body is sent, or the client gone (PEP 3333)."""
        self._source.close()
        self._connection.close()
