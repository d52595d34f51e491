"""Views of rows: ``/table/{id}/rows/`` and ``/table/{id}/rows/{row_id}/``, and the alias ``row/``."""

from collections.abc import Iterator
from itertools import chain

import sqlalchemy as sa
from pyramid.response import Response

from dynmodel_pyramid.errors import NotFound
from dynmodel_pyramid.rows.page import Page, read_page
from dynmodel_pyramid.rows.service import CHUNK, Rows, as_documents
from dynmodel_pyramid.web.answers import Answer, empty_answer, json_answer
from dynmodel_pyramid.web.body import MERGE_PATCH, read_json
from dynmodel_pyramid.web.conditions import is_unchanged, matching_row_versions, preferred_return
from dynmodel_pyramid.web.methods import add_resource_view
from dynmodel_pyramid.web.resources import RowList, RowResource, SingularRowList, path
from dynmodel_pyramid.web.tables import no_parameters
from dynmodel_pyramid.web.transactions import detached_read_connection, read_connection, write_connection


def includeme(config) -> None:
    add_resource_view(config, RowList, GET=list_rows, POST=create_rows)
    add_resource_view(config, SingularRowList, GET=list_rows, POST=create_rows, PUT=create_rows)
    add_resource_view(config, RowResource, GET=get_row, PUT=put_row, PATCH=patch_row, DELETE=delete_row)


def _versioned(answer: Response, context, row_version: int | None = None) -> Response:
    version = context.model.definition.version
    answer.headers["Definition-Version"] = str(version)
    if context.deprecation is not None:
        answer.headers["Deprecation"] = context.deprecation
    if row_version is not None:
        answer.headers["ETag"] = f'"{version}-{row_version}"'
    return answer


# Lists


def list_rows(context: RowList, request) -> Response:
    page = read_page(request.GET.items())
    if page.limit is not None and page.limit <= CHUNK:
        return _versioned(json_answer(context.rows.page(read_connection(request), page)), context)
    stream = RowStream(detached_read_connection(request), context.rows, page)
    if stream.whole is not None:
        return _versioned(json_answer(stream.whole), context)
    answer = Answer(app_iter=stream, content_type="application/json", charset=None)
    return _versioned(answer, context)


class RowStream:
    """The body of a long list: it owns its transaction, and its memory does not grow with the rows.

    The first part is read at once, so that what fails at the beginning is still answered as an error. What fails
    later aborts the connection: the array is never closed as if it were whole.
    """

    #: The whole array, where it is so short that there is nothing to stream.
    whole: bytes | None = None

    def __init__(self, connection: sa.Connection, rows: Rows, page: Page):
        self._connection = connection
        try:
            parts = rows.stream(connection, page)
            first, second = next(parts), next(parts, b"")
            if second in (b"", b"]"):
                self.whole = first + second
                connection.close()
        except BaseException:
            connection.close()
            raise
        self._parts = chain((first, second), parts)

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def close(self) -> None:
        """Called by the server when the body is sent, or the client gone (PEP 3333)."""
        self._connection.close()


def create_rows(context: RowList, request) -> Response:
    no_parameters(request)
    documents, is_array = as_documents(read_json(request))
    rows = context.rows
    new = rows.read(documents, pointers=is_array)
    connection = write_connection(request)
    ids = rows.insert(connection, new)
    preference = preferred_return(request)
    if preference in ("minimal", "headers-only"):
        answer = empty_answer(201)
    else:
        objects = list(rows.encode(connection, ids))
        answer = json_answer(b"[" + b",".join(objects) + b"]" if is_array else objects[0], 201)
    if not is_array:
        answer.headers["Location"] = path(request, "table", context.model.definition.id, "rows", ids[0])
    return _preferred(_versioned(answer, context, None if is_array else 1), preference)


def _preferred(answer: Response, preference: str | None) -> Response:
    if preference is not None:
        answer.headers["Preference-Applied"] = f"return={preference}"
    return answer


# One row


def _missing(context: RowResource) -> NotFound:
    return NotFound(f"the table has no row {context.row_id}")


def get_row(context: RowResource, request) -> Response:
    no_parameters(request)
    row = context.rows.get(read_connection(request), context.row_id)
    if row is None:
        raise _missing(context)
    if is_unchanged(request, f"{context.model.definition.version}-{row.version}"):
        return _versioned(empty_answer(304), context, row.version)
    return _versioned(json_answer(row.body), context, row.version)


def put_row(context: RowResource, request) -> Response:
    return _update(context, request, Rows.replace, read_json(request))


def patch_row(context: RowResource, request) -> Response:
    return _update(context, request, Rows.assign, read_json(request, MERGE_PATCH))


def _update(context: RowResource, request, operation, document) -> Response:
    no_parameters(request)
    versions = matching_row_versions(request, context.model.definition.version)
    connection = write_connection(request)
    rows = context.rows
    version = operation(rows, connection, context.row_id, document, versions)
    if version is None:
        raise _missing(context)
    preference = preferred_return(request)
    if preference in ("minimal", "headers-only"):
        answer = empty_answer(204)
    else:
        answer = json_answer(rows.get(connection, context.row_id).body)
    return _preferred(_versioned(answer, context, version), preference)


def delete_row(context: RowResource, request) -> Response:
    no_parameters(request)
    versions = matching_row_versions(request, context.model.definition.version)
    if not context.rows.delete(write_connection(request), context.row_id, versions):
        raise _missing(context)
    return _versioned(empty_answer(204), context)
