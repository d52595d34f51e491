"""GET and HEAD of a table: a page of what a query finds (PostgREST, "Tables and Views", "Pagination and Count")."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pyramid.response import Response

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.queries import Query, Rules, parse, split
from dynmodel_pyramid.rows.querying import Queried, queried
from dynmodel_pyramid.rows.reads import CHUNK
from dynmodel_pyramid.web.http.explained import Explanation
from dynmodel_pyramid.web.http.listing import Listing
from dynmodel_pyramid.web.http.ranges import part_of
from dynmodel_pyramid.web.http.streams import JsonArray, Rows
from dynmodel_pyramid.web.rest.errors import RestError, out_of_range, single_object
from dynmodel_pyramid.web.rest.media import Media, csv_line, negotiated
from dynmodel_pyramid.web.rest.preferences import preferences
from dynmodel_pyramid.web.rest.resources import RestTable


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
    found = query_of(context, request)
    part = part_of(request, found.plan.limit, found.plan.offset)
    if part.asked and part.limit == 0 and found.plan.limit != 0:
        raise out_of_range("The range and the limit have no rows in common.")
    if isinstance(media, Explanation):
        answer = media.answer(request, found, part)
        answer.vary = "Accept"
        return answer
    listing = Listing(request, found, part, wanted["count"], _beyond)
    if media.single and listing.sent != 1:
        listing.close()
        raise single_object(f"more than {CHUNK}" if listing.rows is None else listing.sent)
    answer = listing.answer(RestForm(media, found.plan.names))
    answer.vary = "Accept"
    answer.headers["Content-Range"] = listing.content_range
    if (applied := wanted.applied(request.method)) is not None:
        answer.headers["Preference-Applied"] = applied
    if found.plan.versions:
        answer.headers["Definitions-Revision"] = str(context.work.snapshot.state.definitions)
    return answer


def _beyond(offset: int, total: int) -> RestError:
    return out_of_range(f"An offset of {offset} was requested, but there are only {total} rows.", total)


@dataclass(frozen=True, slots=True)
class RestForm:
    """Rows as a media type of PostgREST's."""

    media: Media
    names: Sequence[str]

    @property
    def content_type(self) -> str:
        return self.media.header

    def whole(self, rows: Rows) -> bytes:
        return self.media.encoded(self.names, rows)

    def parts(self, parts: Iterable[Rows]) -> Iterator[bytes]:
        if not self.media.is_csv:
            yield from JsonArray(self.whole).parts(parts)
            return
        end = csv_line(self.names)
        for rows in parts:
            # The last line bears no LF.
            yield end[:-1]
            end = b"\n" + self.media.lines(self.names, rows)
        yield end[:-1]
