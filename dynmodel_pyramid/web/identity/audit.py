"""``/audit/``: what happened to access, the newest first, for administrators."""

from urllib.parse import quote

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.web.http.answers import encode, json_answer
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.parts import link_next, read_part, whole_number
from dynmodel_pyramid.web.http.transactions import read_connection
from dynmodel_pyramid.web.identity.changing import accounts_of
from dynmodel_pyramid.web.identity.resources import AuditLog

USUAL, MOST = 100, 1000
#: Parameters for events with a value.
FILTERS = ("event", "identity")


def list_events(context: AuditLog, request: Request) -> Response:
    parameters = no_parameters(request, "limit", "before", *FILTERS)
    before = parameters.get("before")
    number = None if before is None else whole_number("before", before)
    wanted = {name: parameters[name] for name in FILTERS if name in parameters}
    page = read_part(parameters, USUAL, MOST)
    events = accounts_of(request).audit.page(read_connection(request), page.limit + 1, number, **wanted)
    shown = events[: page.limit]
    answer = json_answer(encode(shown))
    further = {"before": shown[-1]["id"] if shown else 0, **{name: quote(text) for name, text in wanted.items()}}
    return link_next(request, answer, page, len(events) > page.limit, **further)
