"""A list of rows, counted, ranged and answered: one path for both faces (:mod:`~.faces`).

``Content-Range`` counts the rows that are sent. A guess (``count=planned``, ``estimated``) affects only the total, and
is never below the number of sent rows. If the answer itself shows how many rows there are, that is the total.
"""

from collections.abc import Callable

import sqlalchemy as sa
from pyramid.request import Request

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange.forms import Form, Rows
from dynmodel_pyramid.queries.grammar.parsing import LARGEST
from dynmodel_pyramid.rows.querying import BOUND, BOUNDED, PageOfRows, Queried
from dynmodel_pyramid.rows.reads import CHUNK
from dynmodel_pyramid.web.http.answers import Answer, rows_answer
from dynmodel_pyramid.web.http.faces import Face
from dynmodel_pyramid.web.http.links import link_header
from dynmodel_pyramid.web.http.preferences import Preferences
from dynmodel_pyramid.web.http.ranges import Part, content_range
from dynmodel_pyramid.web.http.streams import RowStream
from dynmodel_pyramid.web.http.transactions import detached_read_connection, rows_connection
from dynmodel_pyramid.web.http.tree import ATTEMPT


def list_answer(
    face: Face,
    request: Request,
    results: Queried,
    part: Part,
    form: Form,
    wanted: Preferences,
    *,
    query_string: str | None = None,
    refuse: Callable[[int | str], None] = lambda count: None,
) -> Answer:
    """A part of a query's rows: in memory if it is short, else streamed.

    :param query_string: for links to other pages; None: no links
    :param refuse: called with the number of rows; may raise an error
    """
    listing = Listing(request, results, part, wanted["count"], face.beyond, form, cursors=face.has_cursors)
    try:
        refuse(f"more than {CHUNK}" if listing.rows is None else len(listing.rows))
    except BaseException:
        listing.close()
        raise
    answer = listing.answer(form)
    answer.add("Vary", "Accept")
    if query_string is not None and listing.page is not None:
        link_header(request, answer, query_string, listing.page)
    if face.tells_range or listing.is_ranged:
        answer.add("Content-Range", listing.content_range)
    wanted.tell(answer)
    if results.plan.versions:
        answer.add("Definitions-Revision", str(request.environ[ATTEMPT].snapshot.state.definitions))
    return answer


class Listing:
    """The rows of a query, read as far as they fit in memory.

    ``rows`` are all of them; None for a stream. ``sent`` is the number of rows in the answer; None for an uncounted
    stream. ``total`` is the number of all rows; None if it is not asked for. ``page`` has the cursors of a page.
    """

    page: PageOfRows | None = None
    rows: Rows | None = None
    sent: int | None = None
    total: int | None = None

    def __init__(
        self,
        request: Request,
        results: Queried,
        part: Part,
        count: str | None,
        beyond: Callable[[int, int], Exception],
        form: Form,
        *,
        cursors: bool = False,
    ) -> None:
        """
        :param count: one of ``COUNTS``
        :param beyond: makes the error for an offset that is beyond the total
        :param form: of the answer
        :param cursors: whether a page has cursors
        :raises Malformed: more rows than ``dynmodel.max_rows``, or a cursor without a limit
        """
        self._results, self._part, self._beyond = results, part, beyond
        self._has_cursor = results.plan.query.after is not None or results.plan.query.before is not None
        self._guess: int | None = None
        settings, dialect = request.registry.dynmodel_settings, request.environ[ATTEMPT].database.dialect
        limit = part.limit if part.limit is not None and part.limit <= CHUNK else None
        is_page = limit is not None
        if self._has_cursor and not is_page:
            raise Malformed(
                f"a page behind a cursor needs a limit, of {CHUNK} at most", code="invalid_parameter", parameter="limit"
            )
        connection = (rows_connection if is_page else detached_read_connection)(request)
        try:
            dialect.bound_statements(connection, settings.statement_timeout)
            is_bounded = count == BOUNDED and is_page
            if count is not None and not is_bounded:
                self._count(connection, count)
            results.refuse_too_many(connection, part.limit, settings.max_rows)
            if limit is not None:
                self.page = results.page(connection, limit, part.offset, cursors=cursors)
                self.rows = self.page.rows
            else:
                size = dialect.streamed_rows if form.takes_few else CHUNK
                parts = results.parts(connection, part.limit, part.offset, form.records, size)
                self._stream = RowStream(request, connection, parts)
                self.rows = self._stream.whole
            self.sent = None if self.rows is None else len(self.rows)
            if is_bounded:
                self._bound(connection)
            elif self.total is not None and not self._has_cursor:
                self._settle(connection, self.total)
        except BaseException:
            if not is_page:
                connection.close()
            raise
        if not is_page and self.rows is not None:
            connection.close()

    def _count(self, connection: sa.Connection, how: str) -> None:
        self._guess = None if how in ("exact", BOUNDED) else self._results.guess(connection, how)
        if self._guess is None:
            self._count_all(connection)
        else:
            self.total = self._guess

    def _bound(self, connection: sa.Connection) -> None:
        """The total of a page: what the page itself shows, else counted up to ``BOUND``, or a least one beyond it."""
        limit, offset, sent = self._part.limit or 0, self._part.offset, self.sent or 0
        if not self._has_cursor and sent < limit and (sent or not offset):
            self.total = offset + sent
            return
        counted = self._results.count(connection, BOUND + 1)
        if not self._has_cursor and not sent and offset > counted and counted <= BOUND:
            raise self._beyond(offset, counted)
        self.total = counted if self._has_cursor else max(counted, offset + sent)

    def _count_all(self, connection: sa.Connection) -> None:
        self.total = self._results.count(connection)
        if self._part.offset > self.total and not self._has_cursor:
            raise self._beyond(self._part.offset, self.total)

    def _settle(self, connection: sa.Connection, total: int) -> None:
        """Make the total agree with the sent rows. Others may have written between the statements of a page."""
        limit, offset = self._part.limit, self._part.offset
        if self.sent is None:
            self._settle_stream(connection, total)
        elif self.sent:
            reach = offset + self.sent
            self.total = reach if limit is None or self.sent < limit else max(total, reach)
        elif self._guess is not None and limit != 0:
            # There are no rows where the guess expects some.
            self._count_all(connection)

    def _settle_stream(self, connection: sa.Connection, total: int) -> None:
        """Count the stream's rows up to its end, in the same snapshot. It costs little beside reading all of them."""
        limit, offset = self._part.limit, self._part.offset
        end = None if limit is None else min(offset + limit, LARGEST)
        reach = total
        if self._guess is not None:
            reach = self._results.count(connection, end)
            self.total = reach if end is None or reach < end else max(self._guess, reach)
        self.sent = max((reach if end is None else min(reach, end)) - offset, 0)

    @property
    def content_range(self) -> str:
        return content_range(self._part.offset, self.sent or 0, self.total)

    @property
    def is_ranged(self) -> bool:
        """Whether a part or the number of rows was asked for, and it is known which rows are sent."""
        asked = self._part.asked or self.total is not None or self.page is not None
        return self.sent is not None and not self._has_cursor and asked

    @property
    def is_partial(self) -> bool:
        """Whether the answer is known to be only a part of the rows (206)."""
        if self.total is None or self.sent is None or self._has_cursor:
            return False
        return self.sent < self.total

    def answer(self, form: Form) -> Answer:
        """The rows in this form, with the status."""
        if self.page is None:
            answer = self._stream.answer(form)
        else:
            answer = rows_answer(form.content_type, form.whole(self.page.rows))
        if self.is_partial:
            answer.status_int = 206
        return answer

    def close(self) -> None:
        """Close a stream that is not used for an answer."""
        if self.rows is None:
            self._stream.discard()
