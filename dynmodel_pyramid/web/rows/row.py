"""Views of one row: ``/table/{id}/rows/{row_id}/``, and the alias ``row/``."""

import zlib
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.errors import NotFound
from dynmodel_pyramid.rows.nested import WRITE, NestedRows
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.web.http.answers import Answer, empty_answer, json_answer
from dynmodel_pyramid.web.http.body import MERGE_PATCH, read_json
from dynmodel_pyramid.web.http.conditions import is_unchanged, matching_row_versions
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.preferences import Preferences, preferred, preferred_return
from dynmodel_pyramid.web.http.transactions import rows_connection, write_connection
from dynmodel_pyramid.web.http.writing import writing
from dynmodel_pyramid.web.resources import RowList, RowResource


def tag_of(context: RowList | RowResource, rows: Rows, version: int, body: bytes) -> str:
    """The entity tag of a row, without quotes: the versions of definition and row.

    If the row shows data of other rows (reverse sides), which its version does not cover, a checksum of the answer is
    the third part.
    """
    tag = f"{context.model.definition.version}-{version}"
    return f"{tag}-{zlib.crc32(body):08x}" if rows.encoder.shows_others else tag


def tagged(answer: Answer, tag: str) -> Answer:
    answer.add("ETag", f'"{tag}"')
    return answer


# One row


def _missing(context: RowResource) -> NotFound:
    return NotFound(f"the table has no row {context.row_id}")


def get_row(context: RowResource, request: Request) -> Response:
    no_parameters(request)
    rows = context.rows
    rows.refuse_no_reading()
    row = rows.get(rows_connection(request), context.row_id)
    if row is None:
        raise _missing(context)
    tag = tag_of(context, rows, row.version, row.body)
    return tagged(empty_answer(304) if is_unchanged(request, tag) else json_answer(row.body), tag)


def put_row(context: RowResource, request: Request) -> Response:
    return _update(context, request, read_json(request), lambda rows: rows.replace)


def patch_row(context: RowResource, request: Request) -> Response:
    return _update(context, request, read_json(request, MERGE_PATCH), lambda rows: rows.assign)


def _update(
    context: RowResource, request: Request, document: Any, operation_of: Callable[[Rows], Callable[..., int | None]]
) -> Response:
    no_parameters(request)
    versions = matching_row_versions(request, context.model.definition.version)
    rows = writing(context, request)
    nesting = preferred(request, "nested", (WRITE,))
    nested = None
    if nesting["nested"]:
        most = request.registry.dynmodel_settings.max_batch_rows
        nested = NestedRows(rows, [document], pointers=False, new=False, most=most, writing=context.writing)
    connection = write_connection(request)
    version: int | None = None

    def write(connection: sa.Connection, document: Any) -> int:
        nonlocal version
        version = operation_of(rows)(connection, context.row_id, document, versions)
        if version is None:
            raise _missing(context)
        return context.row_id

    if nested is None:
        write(connection, document)
    else:
        nested.order(connection)
        nested.write(connection, write)
    assert version is not None  # the row was written
    answer = row_answer(context, request, rows, connection, version)
    if nesting["nested"]:
        Preferences({**preferred_return(request).honoured, **nesting.honoured}).tell(answer)
    return answer


def row_answer(context: RowResource, request: Request, rows: Rows, connection: sa.Connection, version: int) -> Response:
    """The answer to a write of one row, which now has this version."""
    preferences = preferred_return(request)
    is_empty = preferences.is_empty
    body = b""
    if not is_empty or rows.encoder.shows_others:
        row = rows.get(connection, context.row_id)
        if row is None:
            # The caller may not read it any more.
            answer = empty_answer(204)
            preferences.tell(answer)
            return answer
        body = row.body
    answer = empty_answer(204) if is_empty else json_answer(body)
    preferences.tell(answer)
    return tagged(answer, tag_of(context, rows, version, body))


def delete_row(context: RowResource, request: Request) -> Response:
    no_parameters(request)
    versions = matching_row_versions(request, context.model.definition.version)
    rows = writing(context, request)
    if not rows.delete(write_connection(request), context.row_id, versions):
        raise _missing(context)
    return empty_answer(204)
