"""POST, PATCH, PUT and DELETE of a table (PostgREST, "Tables and Views")."""

from collections.abc import Sequence
from itertools import chain, islice
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.definitions.model import FieldDefinition
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange.binding import documents_of
from dynmodel_pyramid.queries.grammar.syntax import Column, Condition, Level
from dynmodel_pyramid.rows.entries import Columns
from dynmodel_pyramid.rows.filtered import Filtered
from dynmodel_pyramid.rows.imports import Merging
from dynmodel_pyramid.rows.parts import Document
from dynmodel_pyramid.rows.reading import parse_id
from dynmodel_pyramid.web.http.body import body_file, media_type_of, position_of, reading_of, refuse_media_type
from dynmodel_pyramid.web.http.writing import Sent, Write, create, delete, merging_of, update
from dynmodel_pyramid.web.rest.errors import RestError, without_filter
from dynmodel_pyramid.web.rest.face import REST
from dynmodel_pyramid.web.rest.payload import CSV, KINDS, Typing, each_document, read_documents
from dynmodel_pyramid.web.rest.resources import RestTable


def create_rows(context: RestTable, request: Request) -> Response:
    """Insert, or upsert with ``resolution=``."""
    write = Write(REST, context, request)
    names = write.query.columns
    typing = Typing(write.rows, names, has_key_columns=media_type_of(request) == CSV)
    columns = Columns(write.rows, names, missing_default=write.preferences["missing"] == "default")
    sent = _file(write, columns) or _payload(write, typing, columns)
    answer, created = create(write, sent, merging_of(write))
    if write.preferences["return"] == "headers-only" and created.count == 1:
        # A query that finds the row.
        answer.headers["Location"] = f"{context.path(request)}?id=eq.{created.last_id}"
    return answer


def _payload(write: Write, typing: Typing, columns: Columns) -> Sent:
    """The rows of a body as in PostgREST."""
    payload = each_document(write.request, write.query.columns)
    begun = list(islice(payload.documents, 2))
    documents = (Document(typing.typed(document)) for document in chain(begun, payload.documents))
    return Sent(documents, columns, len(begun) == 1, payload.position, payload.told)


def _file(write: Write, columns: Columns) -> Sent | None:
    """The rows of a file in a format that PostgREST does not have, as at the other face; None: it is none."""
    request, formats = write.request, write.request.registry.dynmodel_formats
    kind = media_type_of(request)
    if kind in KINDS or kind not in formats.readable:
        return None
    refuse_media_type(request, formats.readable, formats)
    format, file = formats[kind], body_file(request)
    contents = format.read(file, reading_of(request, format))
    return Sent(documents_of(contents, write.rows, columns), columns, contents.is_one, position_of(file), contents.told)


def update_rows(context: RestTable, request: Request) -> Response:
    """Assign the same values to all rows that the filters find."""
    write = Write(REST, context, request)
    columns = write.query.columns
    documents, typing = read_documents(request, columns), Typing(write.rows, columns)
    document = typing.typed(documents[0]) if documents else {}
    if documents:
        document = typing.filled(document)
    if write.preferences["missing"] == "default":
        document |= _defaults(write, columns or (), documents[0] if documents else {})
    if not document:
        write.take(write.begin(), [])
        return write.answer(200, 0)
    return update(write, _filtered(write, "UPDATE"), document)


def _defaults(write: Write, columns: Sequence[str], document: dict[str, Any]) -> dict[str, Any]:
    """The defaults of columns that a document leaves out."""
    by_name = write.rows.model.definition.by_name
    defaults = {}
    for name in columns:
        field: FieldDefinition | None = by_name.get(name)
        if field is not None and name not in document:
            if field.default_expression is not None:
                detail = f"missing=default: {name} has a default that is made anew for each new row"
                raise Malformed(detail, code="invalid_parameter", parameter="columns")
            defaults[name] = field.default
    return defaults


def delete_rows(context: RestTable, request: Request) -> Response:
    """Delete the rows that the filters find. A body is ignored."""
    write = Write(REST, context, request)
    return delete(write, _filtered(write, "DELETE"))


def _filtered(write: Write, statement: str) -> Filtered:
    if not write.query.root.filters:
        raise without_filter(statement)
    return Filtered(write.rows, write.query.root, most=write.preferences.most)


def put_row(context: RestTable, request: Request) -> Response:
    """Upsert the one row that ``id=eq.N`` names."""
    write = Write(REST, context, request)
    root = write.query.root
    if root.limit is not None or root.offset:
        message = "limit/offset querystring parameters are not allowed for PUT"
        raise RestError(400, "PGRST114", message)
    row_id = _named_id(root)
    sent, typing = read_documents(request, None), Typing(write.rows, None)
    documents = [typing.typed(document) for document in sent]
    if row_id is None or len(documents) != 1 or documents[0].get("id") != row_id:
        raise RestError(400, "PGRST115", "Payload values do not match URL in primary key column(s)")
    columns = Columns(write.rows)
    row = Sent(map(Document, documents), columns, is_one=True, position=lambda: 0)
    answer, _ = create(write, row, Merging(None, ignore=False), empty=204)
    return answer


def _named_id(root: Level) -> int | None:
    """The id in the only condition; None if it is not an id.

    :raises RestError: there are other conditions
    """
    if len(root.filters) == 1:
        (only,) = root.filters
        if isinstance(only, Condition) and isinstance(only.value, str):
            if only == Condition(Column("id"), "eq", only.value):
                return parse_id(only.value)
    message = "Filters must include all and only primary key columns with 'eq' operators"
    refusal = RestError(405, "PGRST105", message)
    refusal.headers = {"Allow": "OPTIONS,GET,HEAD,POST,PATCH,DELETE"}
    raise refusal
