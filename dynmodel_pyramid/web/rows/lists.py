"""Lists of rows: ``GET /table/{id}/rows/`` and ``POST /table/{id}/query/``, which only reads, too."""

import json
from urllib.parse import unquote_plus

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.errors import Malformed, TooLarge, UnsupportedParameter
from dynmodel_pyramid.exchange.formats import Format, Formats
from dynmodel_pyramid.exchange.forms import Form
from dynmodel_pyramid.exchange.shown import Shown
from dynmodel_pyramid.hints import either
from dynmodel_pyramid.queries import read_document
from dynmodel_pyramid.rows.querying import COUNTS, Queried, queried
from dynmodel_pyramid.web.http.body import read_json
from dynmodel_pyramid.web.http.conditions import best_offer
from dynmodel_pyramid.web.http.dispositions import tell_file
from dynmodel_pyramid.web.http.errors import NotAcceptable
from dynmodel_pyramid.web.http.explained import PLANS, asked_for, may_explain
from dynmodel_pyramid.web.http.listing import list_answer
from dynmodel_pyramid.web.http.media_types import accepted_parameters
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.preferences import preferred
from dynmodel_pyramid.web.http.ranges import part_of
from dynmodel_pyramid.web.resources import QueryResource, RowList
from dynmodel_pyramid.web.rows.face import TABLE, read_query


def offers(request: Request) -> tuple[str, ...]:
    """The media types of lists in this deployment."""
    known: tuple[str, ...] = request.registry.dynmodel_formats.writable
    return (*known, *PLANS) if may_explain(request) else known


def list_rows(context: RowList, request: Request) -> Response:
    text = request.environ.get("QUERY_STRING", "")
    format, query = named_format(request, text)
    results = queried(context.rows, "text", query, lambda rules: read_query(context, query, rules))
    return list_of(context, request, results, text, format)


def named_format(request: Request, text: str) -> tuple[Format | None, str]:
    """The format that the parameter ``_format`` names, and the query string without it.

    It stands for ``Accept`` in links, which have no headers: a browser saves what they lead to.
    """
    if "_format=" not in text:
        return None, text
    parts = text.split("&")
    named = [unquote_plus(part.partition("=")[2]) for part in parts if part.startswith("_format=")]
    formats: Formats = request.registry.dynmodel_formats
    format = formats.named(named[0]) if len(named) == 1 else None
    if named and (format is None or format.write is None or format.face):
        names = [each.name for each in formats if each.format.write is not None and not each.format.face]
        raise Malformed(
            "_format: it stands twice" if len(named) > 1 else f"_format: {named[0][:63]!r} is no format of answers",
            code="invalid_parameter",
            hint=f"want {either(names)}",
            parameter="_format",
        )
    return format, "&".join(part for part in parts if not part.startswith("_format="))


def query_rows(context: QueryResource, request: Request) -> Response:
    """Answer a query that may be too long for an address; nothing is written."""
    no_parameters(request)
    most = request.registry.dynmodel_settings.max_query_size
    if (request.content_length or 0) > most:
        raise TooLarge(f"the query has more than {most} bytes", hint="ask in several queries")
    document = read_json(request)
    text = json.dumps(document)
    return list_of(
        context, request, queried(context.rows, "document", text, lambda rules: read_document(document, rules))
    )


def list_of(
    context: RowList, request: Request, results: Queried, text: str | None = None, named: Format | None = None
) -> Response:
    """A page of a query's rows.

    :param text: the query string, for links to other pages
    :param named: the format that the query string names
    """
    part = part_of(request, results.plan.limit, results.plan.offset)
    asked = asked_for(request, request.registry.dynmodel_formats.writable)
    if asked is not None and named is None:
        return asked.answer(request, results, part)
    wanted, formats = preferred(request, "count", COUNTS), request.registry.dynmodel_formats
    format = named or formats[best_offer(request, formats.writable)]
    form = _form(context, request, results, format)
    answer = list_answer(TABLE, request, results, part, form, wanted, query_string=text)
    tell_file(answer, format, context.model.definition.model_name, saved=named is not None)
    return answer


def _form(context: RowList, request: Request, results: Queried, format: Format) -> Form:
    """
    :raises NotAcceptable: ``Accept`` has parameters that mean nothing
    """
    plan = results.plan
    header = request.environ.get("HTTP_ACCEPT", "") if format.parameters else ""
    parameters = accepted_parameters(header, format.media_type, format.parameters)
    assert format.write is not None  # as it is offered
    try:
        return format.write(Shown(plan.names, context.model, plan.query.select, parameters))
    except UnsupportedParameter as error:
        raise NotAcceptable(error.detail, hint=error.hint) from None
