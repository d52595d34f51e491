"""GET and HEAD of a table: a page of a query's rows (PostgREST, "Tables and Views", "Pagination and Count")."""

from dataclasses import replace
from urllib.parse import urlencode

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.exchange.shown import Shown
from dynmodel_pyramid.queries import Query, Rules, split
from dynmodel_pyramid.rows.querying import queried
from dynmodel_pyramid.web.http.dispositions import tell_file
from dynmodel_pyramid.web.http.explained import Explanation
from dynmodel_pyramid.web.http.listing import list_answer
from dynmodel_pyramid.web.http.ranges import part_of
from dynmodel_pyramid.web.rest.errors import out_of_range
from dynmodel_pyramid.web.rest.face import REST, read_reading_query
from dynmodel_pyramid.web.rest.media import File, negotiated
from dynmodel_pyramid.web.rest.resources import RestTable

#: Characters of ``Content-Location``. Proxies bound the headers of an answer, nginx to 4 KB.
_LONGEST = 2000


def read_rows(context: RestTable, request: Request) -> Response:
    media, wanted = negotiated(request, reads=True), REST.preferences.read(request)
    text = request.environ.get("QUERY_STRING", "")

    def read(rules: Rules) -> Query:
        # Both are for writes; PostgREST parses them here, too, and ignores them.
        return replace(read_reading_query(text, rules), columns=None, on_conflict=None)

    if isinstance(media, File):
        # A number of JSON would lose digits on its way into other formats.
        results = queried(context.rows, "rest file", text, read)
    else:
        results = queried(context.rows, "rest", text, read, numbers=REST.exact_numbers)
    part = part_of(request, results.plan.limit, results.plan.offset)
    if part.asked and part.limit == 0 and results.plan.limit != 0:
        raise out_of_range("The range and the limit have no rows in common.")
    if isinstance(media, Explanation):
        return media.answer(request, results, part)
    if isinstance(media, File):
        names, select = results.plan.names, results.plan.query.select
        form = media.form(lambda parameters: Shown(names, context.rows.model, select, parameters))
        answer = list_answer(REST, request, results, part, form, wanted)
        tell_file(answer, media.format, context.rows.model.definition.model_name)
    else:
        answer = list_answer(REST, request, results, part, media.form(results.plan.names), wanted, refuse=media.refuse)
    address = _canonical(context.path(request), text)
    if len(address) <= _LONGEST:
        answer.headers["Content-Location"] = address
    return answer


def _canonical(path: str, query_string: str) -> str:
    """The address of a list, with its parameters in alphabetical order."""
    pairs = sorted(split(query_string), key=lambda pair: pair[0])
    return f"{path}?{urlencode(pairs)}" if pairs else path
