"""Writes to ``/table/{id}/rows/``: new rows, upserts, and PATCH and DELETE of all rows that a filter finds."""

from typing import BinaryIO

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange.binding import documents_of, mapped
from dynmodel_pyramid.exchange.contents import Contents, Note
from dynmodel_pyramid.queries import Query
from dynmodel_pyramid.rows.entries import Columns
from dynmodel_pyramid.rows.filtered import Filtered
from dynmodel_pyramid.rows.imports import Merging
from dynmodel_pyramid.rows.nested import NestedRows, inserting
from dynmodel_pyramid.rows.refused import RawTexts
from dynmodel_pyramid.web.http.body import (
    MERGE_PATCH,
    body_file,
    media_type_of,
    position_of,
    read_json,
    reading_of,
    refuse_body,
    refuse_media_type,
)
from dynmodel_pyramid.web.http.lenient import create_leniently
from dynmodel_pyramid.web.http.tree import path
from dynmodel_pyramid.web.http.writing import Created, Sent, Write, create, delete, merging_of, update
from dynmodel_pyramid.web.resources import RowList
from dynmodel_pyramid.web.rows.face import TABLE
from dynmodel_pyramid.web.rows.row import tag_of


def _refuse(name: str, why: str, hint: str | None = None) -> Malformed:
    return Malformed(f"{name}: {why}", code="invalid_parameter", hint=hint, parameter=name)


def create_rows(context: RowList, request: Request) -> Response:
    write = Write(TABLE, context, request)
    root, merging = write.query.root, merging_of(write)
    if root.filters or root.having or root.order or root.limit is not None or root.offset:
        raise Malformed(
            "conditions, order, limit and offset mean nothing where rows are added",
            code="invalid_parameter",
            hint="a write to the rows that conditions find is PATCH or DELETE",
        )
    if write.query.on_conflict is not None and merging is None:
        raise _refuse("on_conflict", "it wants a resolution", "send Prefer: resolution=merge-duplicates")
    formats = request.registry.dynmodel_formats
    refuse_media_type(request, formats.readable, formats)
    if merging is not None:
        _refuse_if_match(request)
    if write.preferences["nested"] is not None:
        answer, created = _create_nested(context, write, merging)
    elif write.preferences["handling"] == "lenient":
        with RawTexts() as texts:
            sent = _sent(write, texts.add)
            if not sent.is_one:
                return create_leniently(write, sent, merging, texts)
        answer, created = create(write, sent, merging)
    else:
        answer, created = create(write, _sent(write), merging)
    row_id, rows = created.last_id, write.rows
    if write.is_one and created.count and row_id is not None:
        answer.headers["Location"] = path(request, "table", context.model.definition.id, "rows", row_id)
        # The tag of the whole row, as GET answers it, even if select shows only a part of it here.
        if rows.encoder.shows_others or not created.inserted:
            row = rows.get(write.connection, row_id)
            if row is not None:
                answer.headers["ETag"] = f'"{tag_of(context, rows, row.version, row.body)}"'
        else:
            answer.headers["ETag"] = f'"{tag_of(context, rows, 1, b"")}"'
    return answer


def _create_nested(context: RowList, write: Write, merging: Merging | None) -> tuple[Response, Created]:
    """Add rows with those that are nested in them."""
    if merging is not None:
        raise Malformed(
            "nested rows are added: there is no resolution for them",
            code="invalid_preference",
            hint="POST /batch/ has upserts of rows with nested ones",
        )
    request, rows = write.request, write.rows
    document = read_json(request)
    write.is_one = type(document) is not list
    if not write.is_one and write.preferences["handling"] == "lenient":
        raise Malformed(
            "nested rows are written all or none",
            code="invalid_preference",
            hint="send them without handling=lenient, or one by one",
        )
    columns = Columns(rows, write.query.columns)
    nested = NestedRows(
        rows,
        [columns.of(item) for item in ([document] if write.is_one else document)],
        pointers=not write.is_one,
        most=request.registry.dynmodel_settings.max_batch_rows,
        writing=context.writing,
    )
    connection = write.begin()
    nested.order(connection)
    ids = nested.write(connection, inserting(rows, columns))
    write.take(connection, ids)
    return write.answer(201, len(ids), empty=201), Created(len(ids), len(ids), ids[-1] if ids else None)


def _sent(write: Write, note: Note | None = None) -> Sent:
    request, query = write.request, write.query
    file, columns = body_file(request), Columns(write.rows, query.columns)
    contents = contents_of(request, file, query, note)
    return Sent(documents_of(contents, write.rows, columns), columns, contents.is_one, position_of(file), contents.told)


def contents_of(request: Request, file: BinaryIO, query: Query, note: Note | None = None) -> Contents:
    """What a body holds, under the names of fields where the query names its columns.

    :param note: see :class:`~dynmodel_pyramid.exchange.contents.Reading`
    """
    format = request.registry.dynmodel_formats[media_type_of(request)]
    contents: Contents = format.read(file, reading_of(request, format, note))
    return mapped(contents, query.columns or (), dict(query.sources)) if query.sources else contents


# Rows that a filter finds


def _refuse_if_match(request: Request) -> None:
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


def patch_rows(context: RowList, request: Request) -> Response:
    write = Write(TABLE, context, request)
    filtered = _filtered(write)
    if write.query.sources:
        raise _refuse("columns", "columns of a file are for POST")
    return update(write, filtered, Columns(write.rows, write.query.columns).of(read_json(request, MERGE_PATCH)))


def delete_rows(context: RowList, request: Request) -> Response:
    refuse_body(request)
    write = Write(TABLE, context, request)
    filtered = _filtered(write)
    if write.query.columns is not None:
        raise _refuse("columns", "it is for POST and PATCH")
    return delete(write, filtered)
