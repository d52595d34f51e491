"""Adding and writing rows, with the rows in the answer: one path for both faces (:mod:`~.faces`)."""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange.forms import Form
from dynmodel_pyramid.queries import Query
from dynmodel_pyramid.rows.entries import Columns, read_new
from dynmodel_pyramid.rows.filtered import Filtered
from dynmodel_pyramid.rows.imports import Import, Merging
from dynmodel_pyramid.rows.parts import Document, Item
from dynmodel_pyramid.rows.querying import rules_of
from dynmodel_pyramid.rows.returning import Returning
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.web.http.answers import RowsBody, empty_answer, rows_answer
from dynmodel_pyramid.web.http.faces import Face
from dynmodel_pyramid.web.http.media_types import told
from dynmodel_pyramid.web.http.parameters import author_of
from dynmodel_pyramid.web.http.transactions import RequestTransaction, write_connection

_NO_QUERY = Query()
Later = Callable[[Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class Sent:
    """The rows of a body.

    :param columns: the columns to read
    :param is_one: the body is a single row, not an array
    :param position: gives the bytes of the body that were read so far
    :param told: what the body's reader has guessed
    """

    documents: Iterable[Item]
    columns: Columns
    is_one: bool
    position: Callable[[], int]
    told: Mapping[str, str] = field(default_factory=dict)


class Written(Protocol):
    """The resource of a write."""

    @property
    def rows(self) -> Rows: ...


def writing(context: Written, request: Request) -> Rows:
    """The row service for a request that writes; call it before the transaction begins."""
    rows = context.rows
    rows.author = author_of(request)
    rows.use_linked()
    return rows


def _read_query(face: Face, context: Written, text: str) -> Query:
    query = face.read_query(context, text, rules_of(context.rows.catalogue))
    for name, value in (("_after", query.after), ("_before", query.before), ("_search", query.search)):
        if value is not None:
            raise Malformed(f"{name} is for reading", code="invalid_parameter", parameter=name)
    return query


class Write:
    """One writing request, without its body; made before the transaction begins.

    :raises Malformed: the query is malformed, or has an unknown name
    """

    #: Set by :meth:`begin`; the form and the body of the answer, if it shows rows.
    connection: sa.Connection
    _form: Form
    _body: RowsBody
    #: Whether the body was a single row, not an array.
    is_one = False
    #: Whether the rows in the answer are the first member of an object (:meth:`report`).
    reports = False

    def __init__(self, face: Face, context: Written, request: Request) -> None:
        self.face, self.context, self.request = face, context, request
        self.accepted = face.accept(request)
        self.preferences = face.preferences.read(request)
        text = request.environ.get("QUERY_STRING", "")
        self.query = _read_query(face, context, text) if text else _NO_QUERY
        self.rows = writing(context, request)
        wanted = self.preferences["return"]
        self.shows_rows = wanted == "representation" or (wanted is None and request.method in face.returns)
        self.returning: Returning | None = None
        if self.shows_rows or not face.is_lenient:
            self.returning = Returning(self.rows, self.query, numbers=face.exact_numbers, groups=face.is_lenient)
        #: Ids of rows that are returned together when all are written.
        self._waiting: array[int] | None = None

    @property
    def _returned(self) -> Returning:
        assert self.returning is not None  # where shows_rows
        return self.returning

    def begin(self) -> sa.Connection:
        """Begin the transaction."""
        self.connection = write_connection(self.request)
        if self.preferences["tx"] == "rollback":
            # Everything is executed and answered, and then undone.
            self.request.tm.doom()
        if self.shows_rows:
            self._form = self.accepted.form(self._returned.names, is_one=self.is_one)
            opening = b'{"rows":[' if self.reports else self._form.opening
            self._body = RowsBody(opening, self._form.between, self._form.closing)
        return self.connection

    def take(self, connection: sa.Connection, ids: Sequence[int]) -> None:
        """Put rows into the answer as they are now, if it shows them. A request may have several parts."""
        if not self.shows_rows or (self._form.is_single and len(ids) != 1):
            return
        if self._returned.is_together:
            self._waiting = self._waiting or array("q")
            self._waiting.extend(ids)
        else:
            self._add(connection, ids)

    @property
    def shows_whole_rows(self) -> bool:
        """Whether the answer shows all that the caller may see of the rows, and nothing else."""
        return self.shows_rows and self._returned.is_whole

    def take_whole(self, row: Sequence[Any]) -> None:
        """Put a row into such an answer: its values in the order of the encoder's names."""
        self._body.add(self._form.part([row]))

    def take_now(self, connection: sa.Connection, ids: Sequence[int]) -> None:
        """The same for all rows at once, because they no longer exist when the answer is made."""
        self.take(connection, ids)
        self._settle()

    def _add(self, connection: sa.Connection, ids: Sequence[int]) -> None:
        for rows in self._returned.parts(connection, ids):
            if rows:
                self._body.add(self._form.part(rows))

    def _settle(self) -> None:
        if self._waiting is not None:
            self._add(self.connection, self._waiting)
            self._waiting = None

    def _fill(self, answer: Response) -> None:
        self._settle()
        self._body.answer(answer)
        if self._form.is_single and not answer.content_length:
            # The one row may not be read.
            answer.headers.pop("Content-Type", None)

    def answer(self, status: int, count: int, *, empty: int = 204, later: Later = lambda step: step()) -> Response:
        """
        :param status: the status with rows; ``empty``: without rows
        :param count: the number of written rows
        :param later: see :meth:`~dynmodel_pyramid.rows.imports.Transaction.later`
        :raises Exception: the form that ``Accept`` asks for can't hold this number of rows
        """
        self.accepted.refuse(count)
        if self.shows_rows and not (self._form.is_single and count != 1):
            answer = rows_answer(self._form.content_type, status=status)
            later(lambda: self._fill(answer))
        else:
            answer = empty_answer(empty)
            if self.face.varies:
                answer.headers.pop("Content-Type", None)
        return self._finished(answer, count)

    def report(
        self, status: int, content_type: str, count: int, add: Callable[[RowsBody], None], later: Later
    ) -> Response:
        """The answer to a write that has more to tell than rows.

        :param add: goes on with the body, behind the rows if there are any
        """
        answer = rows_answer(content_type, status=status)

        def fill() -> None:
            self._settle()
            body = self._body if self.shows_rows else RowsBody(b"", b"", b"")
            add(body)
            body.answer(answer)

        later(fill)
        return self._finished(answer, count)

    def _finished(self, answer: Response, count: int) -> Response:
        total = count if self.preferences["count"] in ("exact", "estimated") else None
        part = self.face.written_range(self.request.method, count, total)
        if part is not None:
            answer.headers["Content-Range"] = part
        self.preferences.tell(answer)
        return answer


def merging_of(write: Write) -> Merging | None:
    """How to treat existing rows, by the request's preference."""
    resolution = write.preferences["resolution"]
    return None if resolution is None else Merging(write.query.on_conflict, resolution == "ignore-duplicates")


@dataclass(frozen=True, slots=True)
class Created:
    """
    :param inserted: how many of the rows are new
    :param last_id: the id of the last row, if the rows are few
    """

    count: int
    inserted: int
    last_id: int | None


def create(write: Write, sent: Sent, merging: Merging | None, *, empty: int | None = None) -> tuple[Response, Created]:
    """Add or upsert rows; neither they nor the answer are in memory as a whole.

    :param empty: the status without rows; None for the face's own
    """
    face, write.is_one = write.face, sent.is_one
    if merging is None and sent.is_one:
        return _create_one(write, sent)
    importer = Import(write.rows, sent.columns, merging, pointers=not sent.is_one, position=sent.position)
    transaction = RequestTransaction(write.request, write.begin)
    importer.run(sent.documents, transaction, write.take if write.shows_rows else None)
    status = 201 if merging is None or importer.inserted else face.ignored if merging.ignore else 200
    if empty is None:
        empty = status if status == 201 else face.unchanged
    answer = write.answer(status, importer.count, empty=empty, later=transaction.later)
    if sent.told:
        answer.headers["Content-Guessed"] = told(sent.told)
    return answer, Created(importer.count, importer.inserted, importer.last_id)


def _create_one(write: Write, sent: Sent) -> tuple[Response, Created]:
    """A shortcut for the most frequent write: staging would cost one row 5 % more."""
    [document] = sent.documents
    assert isinstance(document, Document)  # which a single one is
    new = read_new(write.rows, [document.document], sent.columns, pointers=False)
    connection = write.begin()
    shown = write.rows.insert_shown(connection, new) if write.shows_whole_rows else None
    if shown is None:
        [row_id] = write.rows.insert(connection, new)
        write.take(connection, [row_id])
    else:
        row_id = shown[0]
        write.take_whole(shown)
    return write.answer(201, 1, empty=201), Created(1, 1, row_id)


def update(write: Write, filtered: Filtered, document: Any) -> Response:
    """Assign the same values to all rows that a filter finds."""
    connection = write.begin()
    ids = filtered.update(connection, document)
    write.take(connection, ids)
    return write.answer(200, len(ids))


def delete(write: Write, filtered: Filtered) -> Response:
    """Delete all rows that a filter finds."""
    connection = write.begin()
    ids = filtered.delete(connection, lambda ids: write.take_now(connection, ids))
    return write.answer(200, len(ids))
