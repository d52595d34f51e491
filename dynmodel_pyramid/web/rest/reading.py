"""GET and HEAD of a table: a page of a query's rows (PostgREST, "Tables and Views", "Pagination and Count")."""

from dataclasses import replace

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.queries import Query, Rules
from dynmodel_pyramid.rows.querying import queried
from dynmodel_pyramid.web.http.explained import Explanation
from dynmodel_pyramid.web.http.listing import list_answer
from dynmodel_pyramid.web.http.ranges import part_of
from dynmodel_pyramid.web.rest.errors import out_of_range
from dynmodel_pyramid.web.rest.face import REST, read_query
from dynmodel_pyramid.web.rest.media import negotiated
from dynmodel_pyramid.web.rest.resources import RestTable


def read_rows(context: RestTable, request: Request) -> Response:
    media, wanted = negotiated(request, explains=True), REST.preferences.read(request)
    text = request.environ.get("QUERY_STRING", "")

    def read(rules: Rules) -> Query:
        # Both are for writes; PostgREST parses them here, too, and ignores them.
        return replace(read_query(context, text, rules), columns=None, on_conflict=None)

    results = queried(context.rows, "rest", text, read, numbers=REST.exact_numbers)
    part = part_of(request, results.plan.limit, results.plan.offset)
    if part.asked and part.limit == 0 and results.plan.limit != 0:
        raise out_of_range("The range and the limit have no rows in common.")
    if isinstance(media, Explanation):
        return media.answer(request, results, part)
    return list_answer(REST, request, results, part, media.form(results.plan.names), wanted, refuse=media.refuse)
