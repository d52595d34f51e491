"""Lists of rows: ``GET /table/{id}/rows/`` and ``POST /table/{id}/query/``, which is as safe."""

import json

from pyramid.response import Response

from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.exchange.outgoing import FORMATS, texts_of
from dynmodel_pyramid.queries import QueryError, parse, read_document, split
from dynmodel_pyramid.queries.grammar.syntax import Query
from dynmodel_pyramid.rows.querying import COUNTS, Queried, queried
from dynmodel_pyramid.rows.reads import CHUNK
from dynmodel_pyramid.web.http.body import read_json
from dynmodel_pyramid.web.http.conditions import best_offer, preferred
from dynmodel_pyramid.web.http.explained import PLANS, asked_for
from dynmodel_pyramid.web.http.links import link_header
from dynmodel_pyramid.web.http.listing import Listing
from dynmodel_pyramid.web.http.methods import add_resource_view
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.ranges import beyond_the_end, part_of
from dynmodel_pyramid.web.http.streams import Form, Framed, JsonArray
from dynmodel_pyramid.web.resources import QueryResource, RowList

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

    def read(rules) -> Query:
        try:
            return parse(split(text), rules)
        except QueryError as error:
            raise unknown_parameter(error, context) or error from None

    return _answer(context, request, queried(context.rows, "text", text, read), text)


def _listed(answer: Response, context) -> Response:
    answer.headers.add("Vary", "Accept")
    return versioned(answer, context)


def query_rows(context: QueryResource, request) -> Response:
    """A query that is too long for an address; nothing is written."""
    no_parameters(request)
    most = request.registry.dynmodel_settings.max_query_size
    if (request.content_length or 0) > most:
        raise TooLarge(f"the query has more than {most} bytes", hint="ask in several queries")
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
    plan = found.plan
    part = part_of(request, plan.limit, plan.offset)
    asked = asked_for(request, OFFERS)
    if asked is not None:
        return _listed(asked.answer(request, found, part), context)
    count = preferred(request, "count", COUNTS)
    form = _form(context, request, found)
    is_page = part.limit is not None and part.limit <= CHUNK
    has_cursor = plan.query.after is not None or plan.query.before is not None
    if has_cursor and not is_page:
        raise Malformed(
            f"a page behind a cursor needs a limit, of {CHUNK} at most", code="invalid_parameter", parameter="limit"
        )
    listing = Listing(request, found, part, count, beyond_the_end, cursors=True)
    answer = listing.answer(form)
    if is_page and text is not None:
        link_header(request, answer, text, listing.page)
    if count is not None:
        answer.headers["Preference-Applied"] = f"count={count}"
    if listing.sent is not None and not has_cursor and (part.asked or count is not None or is_page):
        answer.headers["Content-Range"] = listing.content_range
    if plan.versions:
        answer.headers["Definitions-Revision"] = str(context.work.snapshot.state.definitions)
    return _listed(answer, context)


def _form(context: RowList, request, found: Queried) -> Form:
    """What ``Accept`` asks for."""
    format = FORMATS.get(best_offer(request, OFFERS))
    if format is None:
        return JsonArray(found.encoded)
    return Framed(format, found.plan.names, texts_of(context.model, found.plan.query.select))
