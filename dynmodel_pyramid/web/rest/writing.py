"""POST, PATCH, PUT and DELETE of a table (PostgREST, "Tables and Views")."""

from itertools import chain, islice
from typing import Any

from pyramid.response import Response

from dynmodel_pyramid.definitions.model import FieldDefinition
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.queries.grammar.syntax import Column, Condition, Level
from dynmodel_pyramid.rows.entries import Columns
from dynmodel_pyramid.rows.filtered import Filtered
from dynmodel_pyramid.rows.imports import Document, Import, Merging
from dynmodel_pyramid.rows.reading import parse_id
from dynmodel_pyramid.rows.upserts import Upsert
from dynmodel_pyramid.web.http.body import position_of
from dynmodel_pyramid.web.http.transactions import RequestTransaction
from dynmodel_pyramid.web.rest.errors import RestError, without_filter
from dynmodel_pyramid.web.rest.payload import Typing, each_document, read_documents
from dynmodel_pyramid.web.rest.resources import RestTable
from dynmodel_pyramid.web.rest.written import Write


def create_rows(context: RestTable, request) -> Response:
    """Insert, or upsert with ``resolution=``: 201, or 200 where an upsert made no new row."""
    write = Write(context, request)
    columns, defaults = write.query.columns, write.wanted["missing"] == "default"
    typing, resolution = Typing(write.rows, columns), write.wanted["resolution"]
    source = each_document(request, columns)
    begun = list(islice(source, 2))
    documents = (Document(typing.typed(document)) for document in chain(begun, source))
    ignore = resolution == "ignore-duplicates"
    merging = None if resolution is None else Merging(write.query.on_conflict, ignore)
    read = Columns(write.rows, columns, missing_default=defaults)
    # WebOb's copy of the body, which is read while documents are.
    file = request.body_file_raw
    made = Import(write.rows, read, merging, pointers=len(begun) != 1, position=position_of(file))
    transaction = RequestTransaction(request, write.connection)
    made.run(documents, transaction, None if write.wanted["return"] in (None, "minimal") else write.note)
    status = 201 if merging is None or made.inserted or ignore else 200
    answer = write.answer(status, made.count, empty=status, later=transaction.later)
    if write.wanted["return"] == "headers-only" and made.count == 1:
        answer.headers["Location"] = write.location(write.last_id)
    return answer


def update_rows(context: RestTable, request) -> Response:
    """Assign the same values to all rows that the filters find."""
    write = Write(context, request)
    columns = write.query.columns
    documents, typing = read_documents(request, columns), Typing(write.rows, columns)
    document = typing.typed(documents[0]) if documents else {}
    if documents:
        document = typing.filled(document, defaults=False)
    if write.wanted["missing"] == "default":
        document |= _defaults(write, columns or (), documents[0] if documents else {})
    if not document:
        connection = write.connection()
        write.note(connection, [])
        return write.answer(200, 0)
    filtered = _filtered(write, "UPDATE")
    connection = write.connection()
    ids = filtered.update(connection, document)
    write.note(connection, ids)
    return write.answer(200, len(ids), rows=True)


def _defaults(write: Write, columns, document: dict[str, Any]) -> dict[str, Any]:
    """The defaults of the columns that a document leaves out."""
    by_name = write.rows.model.definition.by_name
    made = {}
    for name in columns:
        field: FieldDefinition | None = by_name.get(name)
        if field is not None and name not in document:
            if field.default_expression is not None:
                told = f"missing=default: {name} has a default that is made anew for each new row"
                raise Malformed(told, code="invalid_parameter", parameter="columns")
            made[name] = field.default
    return made


def delete_rows(context: RestTable, request) -> Response:
    """Delete the rows that the filters find. A body is ignored."""
    write = Write(context, request)
    filtered = _filtered(write, "DELETE")
    connection = write.connection()

    def before(ids: list[int]) -> None:
        write.note(connection, ids)
        write.settle()

    ids = filtered.delete(connection, before)
    return write.answer(200, len(ids))


def _filtered(write: Write, statement: str) -> Filtered:
    if not write.query.root.filters:
        raise without_filter(statement)
    return Filtered(write.rows, write.query.root, most=write.wanted.max_affected)


def put_row(context: RestTable, request) -> Response:
    """Upsert the one row that ``id=eq.N`` names."""
    write = Write(context, request)
    root = write.query.root
    if root.limit is not None or root.offset:
        message = "limit/offset querystring parameters are not allowed for PUT"
        raise RestError(400, "PGRST114", message)
    row_id = _named_id(root)
    documents, typing = read_documents(request, None), Typing(write.rows, None)
    documents = [typing.typed(document) for document in documents]
    if row_id is None or len(documents) != 1 or documents[0].get("id") != row_id:
        raise RestError(400, "PGRST115", "Payload values do not match URL in primary key column(s)")
    upsert = Upsert(write.rows, documents, pointers=False)
    connection = write.connection()
    done = upsert.run(connection)
    write.note(connection, done.ids)
    answer = write.answer(201 if done.inserted else 200, len(done.ids))
    del answer.headers["Content-Range"]
    return answer


def _named_id(root: Level) -> int | None:
    """The id that the one condition names; None where it is no id.

    :raises RestError: the conditions are others
    """
    if len(root.filters) == 1:
        (only,) = root.filters
        plain = isinstance(only, Condition) and not only.negated and only.quantifier is None
        if plain and only.operator == "eq" and only.column == Column("id"):
            return parse_id(only.value)
    message = "Filters must include all and only primary key columns with 'eq' operators"
    refusal = RestError(405, "PGRST105", message)
    refusal.headers = {"Allow": "OPTIONS,GET,HEAD,POST,PATCH,DELETE"}
    raise refusal
