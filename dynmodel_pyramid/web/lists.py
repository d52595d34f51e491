"""Lists of rows: ``GET /table/{id}/rows/`` and ``POST /table/{id}/query/``, which is as safe."""

import json
from collections.abc import Callable, Iterator
from itertools import chain

import sqlalchemy as sa
from pyramid.response import Response

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange.outgoing import FORMATS, Format, framed, texts_of
from dynmodel_pyramid.queries import QueryError, parse, read_document, split
from dynmodel_pyramid.queries.syntax import Query
from dynmodel_pyramid.rows.page import Page
from dynmodel_pyramid.rows.querying import COUNTS, Queried, queried
from dynmodel_pyramid.rows.reads import CHUNK
from dynmodel_pyramid.web.answers import Answer, json_answer
from dynmodel_pyramid.web.body import read_json
from dynmodel_pyramid.web.conditions import best_offer, preferred
from dynmodel_pyramid.web.errors import PayloadTooLarge
from dynmodel_pyramid.web.explained import PLANS, asked_for
from dynmodel_pyramid.web.links import link_header
from dynmodel_pyramid.web.methods import add_resource_view
from dynmodel_pyramid.web.ranges import content_range, part_of, refuse_beyond
from dynmodel_pyramid.web.resources import QueryResource, RowList
from dynmodel_pyramid.web.tables import no_parameters
from dynmodel_pyramid.web.transactions import detached_read_connection, read_connection

#: The media types of lists.
OFFERS = ("application/json", *FORMATS)


def includeme(config) -> None:
    add_resource_view(config, QueryResource, offers=offers(config), POST=query_rows)


def offers(config) -> tuple[str, ...]:
    """The media types of lists in this deployment."""
    return (*OFFERS, *PLANS) if config.registry.dynmodel_settings.plan_enabled else OFFERS


def versioned(answer: Response, context, tag: str | None = None) -> Response:
    answer.headers["Definition-Version"] = str(context.model.definition.version)
    if context.deprecation is not None:
        answer.headers["Deprecation"] = context.deprecation
    if tag is not None:
        answer.headers["ETag"] = f'"{tag}"'
    return answer


def list_rows(context: RowList, request) -> Response:
    text = request.environ.get("QUERY_STRING", "")
    if not (text or "Range" in request.headers or "Prefer" in request.headers or asked_for(request, OFFERS)):
        most = request.registry.dynmodel_settings.max_rows
        if not most:
            made, rows = _format(request), context.rows
            connection = detached_read_connection(request)
            if made is None:
                return _listed(_streamed(connection, lambda: rows.stream(connection, Page())), context)

            def written() -> Iterator[bytes]:
                return framed(made, rows.encoder.names, rows.parts(connection, Page()), texts_of(rows.model))

            return _listed(_streamed(connection, written, made), context)

    def read(rules) -> Query:
        try:
            return parse(split(text), rules)
        except QueryError as error:
            raise unknown_parameter(error, context) or error from None

    return _answer(context, request, queried(context.rows, "text", text, read), text)


def _format(request) -> Format | None:
    """The format that ``Accept`` asks for, besides JSON."""
    return FORMATS.get(best_offer(request, OFFERS))


def _listed(answer: Response, context) -> Response:
    answer.headers.add("Vary", "Accept")
    return versioned(answer, context)


def query_rows(context: QueryResource, request) -> Response:
    """A query that is too long for an address; nothing is written."""
    no_parameters(request)
    most = request.registry.dynmodel_settings.max_query_size
    if (request.content_length or 0) > most:
        raise PayloadTooLarge(f"the query has more than {most} bytes", hint="ask in several queries")
    document = read_json(request)
    text = json.dumps(document)
    return _answer(
        context, request, queried(context.rows, "document", text, lambda rules: read_document(document, rules))
    )


def unknown_parameter(error: QueryError, context: RowList) -> Malformed | None:
    """What is no condition may be the parameter of another service: its name is told, not the place in its value."""
    name = error.parameter
    model = context.model
    if error.part != "value" or not name.isidentifier() or name in _PARAMETERS or name in model.definition.by_name:
        return None
    known = {alias.name for field in model.definition.fields for alias in field.aliases}
    known |= {side.reverse for side in model.definition.referrers} | {"id", "_version", "_created", "_updated"}
    if name in known:
        return None
    hint = f"known are {', '.join(_PARAMETERS)}, and conditions such as id=eq.1"
    return Malformed(f"unknown parameter {name!r}", code="unknown_parameter", hint=hint, parameter=name)


_PARAMETERS = ("select", "order", "limit", "offset", "and", "or", "_after", "_before")


def _answer(context: RowList, request, found: Queried, text: str | None = None) -> Response:
    """A page of what a query finds: in memory if it is short, else streamed.

    :param text: of the query string, for links to other pages
    """
    settings, database = request.registry.dynmodel_settings, context.work.database
    plan = found.plan
    part = part_of(request, plan.limit, plan.offset)
    asked = asked_for(request, OFFERS)
    if asked is not None:
        return _listed(asked.answer(request, found, part), context)
    how = preferred(request, "count", COUNTS)
    made = _format(request)
    texts = {} if made is None else texts_of(context.model, plan.query.select)
    short = part.limit is not None and part.limit <= CHUNK
    has_cursor = plan.query.after is not None or plan.query.before is not None
    if has_cursor and not short:
        raise Malformed(
            f"a page behind a cursor needs a limit, of {CHUNK} at most", code="invalid_parameter", parameter="limit"
        )
    connection = (read_connection if short else detached_read_connection)(request)
    try:
        database.dialect.bound_statements(connection, settings.statement_timeout)
        total = None if how is None else found.count(connection, how)
        if how == "exact" and not has_cursor:
            refuse_beyond(part.offset, total)
        found.refuse_too_many(connection, part.limit, settings.max_rows)
    except BaseException:
        if not short:
            connection.close()
        raise
    if short:
        encode = None if made is None else lambda rows: b"".join(framed(made, plan.names, [rows], texts))
        page = found.page(connection, part.limit, part.offset, encode)
        answer, count = _body(page.body, made), page.count
        if text is not None:
            link_header(request, answer, text, page)
    else:
        answer = _streamed(
            connection,
            lambda: (
                found.stream(connection, part.limit, part.offset)
                if made is None
                else framed(made, plan.names, found.parts(connection, part.limit, part.offset), texts)
            ),
            made,
            lambda: database.dialect.unbound_statements(connection),
        )
        count = None if total is None else max(min(total - part.offset, part.limit or total), 0)
    if how is not None:
        answer.headers["Preference-Applied"] = f"count={how}"
    if count is not None and not has_cursor:
        if part.asked or how is not None or short:
            answer.headers["Content-Range"] = content_range(part.offset, count, total)
        if total is not None and count < total:
            answer.status_int = 206
    if plan.versions:
        answer.headers["Definitions-Revision"] = str(context.work.snapshot.state.definitions)
    return _listed(answer, context)


def _body(body: bytes, made: Format | None) -> Response:
    return json_answer(body) if made is None else Answer(body, content_type=made.media_type, charset="utf-8")


def _streamed(
    connection: sa.Connection,
    rows: Callable[[], Iterator[bytes]],
    made: Format | None = None,
    begun: Callable[[], None] | None = None,
) -> Response:
    stream = RowStream(connection, rows, begun)
    if stream.whole is not None:
        return _body(stream.whole, made)
    if made is None:
        return Answer(app_iter=stream, content_type="application/json", charset=None)
    return Answer(app_iter=stream, content_type=made.media_type, charset="utf-8")


class RowStream:
    """The body of a long list: it owns its transaction, and its memory does not grow with the rows.

    The first part is read at once, so that what fails at the beginning is still answered as an error. What fails
    later aborts the connection: the array is never closed as if it were whole.
    """

    #: The whole array, where it is so short that there is nothing to stream.
    whole: bytes | None = None

    def __init__(
        self, connection: sa.Connection, rows: Callable[[], Iterator[bytes]], begun: Callable[[], None] | None = None
    ):
        self._connection = connection
        try:
            parts = rows()
            first, second = next(parts), next(parts, b"")
            if second in (b"", b"]"):
                self.whole = first + second
                connection.close()
            elif begun is not None:
                begun()
        except BaseException:
            connection.close()
            raise
        self._parts = chain((first, second), parts)

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def close(self) -> None:
        """Called by the server when the body is sent, or the client gone (PEP 3333)."""
        self._connection.close()
