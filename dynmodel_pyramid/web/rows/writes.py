"""Writes to ``/table/{id}/rows/``: new rows, upserts, and PATCH and DELETE of all rows that a filter finds."""

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import sqlalchemy as sa
from pyramid.response import Response

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange import CSV, NDJSON
from dynmodel_pyramid.exchange.documents import Documents, parse_json
from dynmodel_pyramid.exchange.incoming import read_csv, read_ndjson
from dynmodel_pyramid.exchange.incoming import read_json as read_json_rows
from dynmodel_pyramid.queries import QueryError, parse, split
from dynmodel_pyramid.queries.grammar.syntax import Query
from dynmodel_pyramid.rows.entries import Columns, read_new
from dynmodel_pyramid.rows.filtered import Filtered
from dynmodel_pyramid.rows.imports import Document, Import, Merging
from dynmodel_pyramid.rows.querying import rules_of
from dynmodel_pyramid.rows.returning import Shown
from dynmodel_pyramid.rows.service import refuse_other_than_object
from dynmodel_pyramid.rows.upserts import Upsert, Upserted
from dynmodel_pyramid.web.http.answers import Answer, RowsBody, empty_answer, json_answer
from dynmodel_pyramid.web.http.body import (
    MERGE_PATCH,
    body_file,
    longest_document,
    media_type_of,
    position_of,
    read_document,
    read_json,
    refuse_body,
    refuse_media_type,
)
from dynmodel_pyramid.web.http.conditions import best_offer
from dynmodel_pyramid.web.http.methods import add_resource_view
from dynmodel_pyramid.web.http.preferences import Preferences
from dynmodel_pyramid.web.http.ranges import content_range
from dynmodel_pyramid.web.http.transactions import RequestTransaction, write_connection
from dynmodel_pyramid.web.http.tree import path
from dynmodel_pyramid.web.resources import RowList, SingularRowList
from dynmodel_pyramid.web.rows.lists import list_rows, offers, unknown_parameter, versioned
from dynmodel_pyramid.web.rows.row import tag_of, writing

#: Media types in which rows are taken.
MEDIA_TYPES = ("application/json", CSV, NDJSON)


def includeme(config) -> None:
    views = {"GET": list_rows, "POST": create_rows, "PATCH": patch_rows, "DELETE": delete_rows}
    add_resource_view(config, RowList, offers=offers(config), **views)
    add_resource_view(config, SingularRowList, offers=offers(config), PUT=create_rows, **views)


class Write:
    """What one request asks for besides its body.

    :param preferences: those that mean something to it
    """

    def __init__(self, context: RowList, request, *preferences: str):
        best_offer(request)
        self.context, self.request = context, request
        self.preferences = Preferences(request, "return", "tx", "count", *preferences)
        self.query = _query(context, request)
        self.rows = writing(context, request)
        self.shown = Shown(self.rows, self.query)

    def connection(self) -> sa.Connection:
        connection = write_connection(self.request)
        if self.preferences.get("tx") == "rollback":
            # All is done, asked of the database and answered, and then undone.
            self.request.tm.doom()
        return connection

    def answer(self, answer: Response, count: int | None = None, tag: str | None = None) -> Response:
        """The answer with the headers that all writes bear."""
        if count is not None:
            total = count if self.preferences.get("count") else None
            answer.headers["Content-Range"] = content_range(0, count, total)
        self.preferences.tell(answer)
        return versioned(answer, self.context, tag)

    def objects(self, connection: sa.Connection, ids: Sequence[int]) -> bytes:
        """The rows as they are now, as JSON objects with commas between."""
        return self.shown.objects(connection, ids)


def _query(context: RowList, request) -> Query:
    text = request.environ.get("QUERY_STRING", "")
    if not text:
        return Query()
    try:
        query = parse(split(text), rules_of(context.rows.catalogue))
    except QueryError as error:
        raise unknown_parameter(error, context) or error from None
    for name, value in (("_after", query.after), ("_before", query.before)):
        if value is not None:
            raise Malformed(f"{name} is for reading", code="invalid_parameter", parameter=name)
    return query


def _refuse(name: str, why: str, hint: str | None = None) -> Malformed:
    return Malformed(f"{name}: {why}", code="invalid_parameter", hint=hint, parameter=name)


# Adding


def create_rows(context: RowList, request) -> Response:
    write = Write(context, request, "missing", "resolution")
    root, query = write.query.root, write.query
    if root.filters or root.order or root.limit is not None or root.offset:
        raise Malformed(
            "conditions, order, limit and offset mean nothing where rows are added",
            code="invalid_parameter",
            hint="a write to the rows that conditions find is PATCH or DELETE",
        )
    resolution = write.preferences.get("resolution")
    if query.on_conflict is not None and resolution is None:
        raise _refuse("on_conflict", "it wants a resolution", "send Prefer: resolution=merge-duplicates")
    refuse_media_type(request, MEDIA_TYPES)
    if resolution is not None:
        _refuse_if_match(request)
    media_type, longest, file = media_type_of(request), longest_document(request), body_file(request)
    columns = Columns(write.rows, query.columns)
    if media_type == CSV:
        return import_rows(write, read_csv(file, write.rows, columns, longest), columns, file)
    if media_type == NDJSON:
        return import_rows(write, read_ndjson(file, longest), columns, file)
    documents = Documents(file, longest)
    if documents.is_array:
        return import_rows(write, read_json_rows(documents), columns, file)
    return create_row(write, parse_json(read_document(request)), columns)


def create_row(write: Write, document: Any, columns: Columns) -> Response:
    refuse_other_than_object(document)
    documents, rows = [document], write.rows
    if (resolution := write.preferences.get("resolution")) is None:
        new = read_new(rows, documents, columns, pointers=False)
        connection = write.connection()
        ids = rows.insert(connection, new)
        done = Upserted(ids, frozenset(ids))
    else:
        ignore = resolution == "ignore-duplicates"
        upsert = Upsert(rows, documents, write.query.on_conflict, ignore=ignore, columns=columns, pointers=False)
        connection = write.connection()
        done = upsert.run(connection)
    return _created(write, connection, done)


def import_rows(write: Write, documents: Iterator[Document], columns: Columns, file: BinaryIO) -> Response:
    """Rows in any number: neither they nor the answer are in memory as a whole.

    :param file: of which the documents are read
    """
    preferences, resolution = write.preferences, write.preferences.get("resolution")
    merging = None if resolution is None else Merging(write.query.on_conflict, resolution == "ignore-duplicates")
    made = Import(write.rows, columns, merging, position=position_of(file))
    body = RowsBody()

    def note(connection: sa.Connection, ids: Sequence[int]) -> None:
        if objects := write.objects(connection, ids):
            body.add(objects)

    transaction = RequestTransaction(write.request, write.connection)
    made.run(documents, transaction, None if preferences.is_empty else note)
    new = bool(made.inserted) or merging is None
    if preferences.is_empty:
        answer = empty_answer(201 if new else 204)
    else:
        answer = Answer(status=201 if new else 200, content_type="application/json", charset=None)
        transaction.later(lambda: body.answer(answer))
    return write.answer(answer, made.count if preferences.get("count") else None)


def _created(write: Write, connection: sa.Connection, done: Upserted) -> Response:
    is_empty = write.preferences.is_empty or not done.ids
    new = bool(done.inserted) or write.preferences.get("resolution") is None
    if is_empty:
        answer = empty_answer(201 if new else 204)
    else:
        answer = json_answer(write.objects(connection, done.ids), 201 if new else 200)
    tag = None
    if done.ids:
        [row_id] = done.ids
        answer.headers["Location"] = path(write.request, "table", write.context.model.definition.id, "rows", row_id)
        # Of the row as GET answers it, whatever select shows of it here.
        others = write.rows.encoder.shows_others
        row = write.rows.get(connection, row_id) if others or row_id not in done.inserted else None
        tag = tag_of(write.context, write.rows, row.version if row else 1, row.body if row else b"")
    counted = len(done.ids) if write.preferences.get("count") else None
    return write.answer(answer, counted, tag)


# Rows that a filter finds


def _refuse_if_match(request) -> None:
    for name in ("If-Match", "If-Unmodified-Since"):
        if name in request.headers:
            raise Malformed(
                f"{name}: it is of one row, and this write may concern many",
                hint="write the row at its own address, rows/{id}/, or filter by _version: ?id=eq.1&_version=eq.3",
            )


def _filtered(write: Write) -> Filtered:
    if write.query.on_conflict is not None:
        raise _refuse("on_conflict", "it is for POST")
    _refuse_if_match(write.request)
    return Filtered(write.rows, write.query.root, most=write.preferences.most)


def patch_rows(context: RowList, request) -> Response:
    write = Write(context, request, "max-affected", "missing")
    filtered = _filtered(write)
    document = Columns(write.rows, write.query.columns).of(read_json(request, MERGE_PATCH))
    connection = write.connection()
    ids = filtered.update(connection, document)
    if write.preferences.is_empty:
        return write.answer(empty_answer(204), len(ids))
    return write.answer(json_answer(b"[" + write.objects(connection, ids) + b"]"), len(ids))


def delete_rows(context: RowList, request) -> Response:
    refuse_body(request)
    write = Write(context, request, "max-affected")
    filtered = _filtered(write)
    if write.query.columns is not None:
        raise _refuse("columns", "it is for POST and PATCH")
    shows = write.preferences.get("return") == "representation"
    connection = write.connection()
    objects: list[bytes] = []
    ids = filtered.delete(connection, lambda ids: objects.append(write.objects(connection, ids)) if shows else None)
    answer = json_answer(b"[" + b"".join(objects) + b"]") if shows else empty_answer(204)
    return write.answer(answer, len(ids))
