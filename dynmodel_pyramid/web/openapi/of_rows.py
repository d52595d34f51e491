"""The operations of a table's rows: ``rows/``, ``rows/{row_id}/``, their alias ``row/``, and ``query/``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dynmodel_pyramid.exchange import NDJSON
from dynmodel_pyramid.exchange.formats import Formats
from dynmodel_pyramid.web.openapi.operations import (
    JSON,
    MERGE_PATCH,
    WRITING,
    Answer,
    Body,
    Described,
    Operation,
    files_of,
    schema,
)

_LIST = (
    "Content-Range",
    "Link",
    "Preference-Applied",
    "Definition-Version",
    "Definitions-Revision",
    "Deprecation",
    "Content-Disposition",
    "Data-Age",
)
_WRITTEN = (
    "Preference-Applied",
    "Content-Range",
    "Definition-Version",
    "Deprecation",
    "Idempotency-Replayed",
    "Consistency-Token",
)
_ROW = ("ETag", "Definition-Version", "Deprecation")
_PAGE = (
    "select",
    "order",
    "limit",
    "offset",
    "_format",
    "_after",
    "_before",
    "_search",
    "and",
    "or",
    "not.and",
    "not.or",
    "having",
)
_ON_ROW = ("If-Match.row", "Prefer.row", "Idempotency-Key")
#: Resource class -> method -> the actions of which the caller needs one.
ACTIONS: Mapping[str, Mapping[str, str]] = {
    "RowList": {"GET": "read", "POST": "create", "PATCH": "update", "DELETE": "delete"},
    "SingularRowList": {"GET": "read", "POST": "create", "PUT": "create", "PATCH": "update", "DELETE": "delete"},
    "RowResource": {"GET": "read", "PUT": "update", "PATCH": "update", "DELETE": "delete"},
    "QueryResource": {"POST": "read"},
    "RowsPlan": {"POST": "create"},
    "ViewRows": {"GET": "read"},
}


Schema = Mapping[str, Any]


def _many(schema: Schema) -> dict[str, Any]:
    return {"type": "array", "items": schema}


def rows_or_row(schema: Schema) -> dict[str, Any]:
    return {"anyOf": [schema, _many(schema)]}


@dataclass(frozen=True, slots=True)
class RowSchemas:
    """The schemas of rows: those of a table, or of any.

    :param filters: keys of the parameters with conditions
    :param types: the names of the types of the fields; None: they are not known
    :param links: from a row to rows of other tables (OpenAPI, "Link Object")
    """

    part: Schema
    whole: Schema
    create: Schema
    replace: Schema
    patch: Schema
    filters: tuple[str, ...] = ()
    types: frozenset[str] | None = None
    links: Mapping[str, Any] = field(default_factory=dict)


_ANY = schema("Row")
ANY_ROWS = RowSchemas(_ANY, _ANY, _ANY, _ANY, _ANY)


def row_resources(rows: RowSchemas, formats: Formats) -> Iterator[tuple[str, Described]]:
    """The resources with rows of a table, by their classes."""
    yield "RowList", Described("rows/", "", _of_list(rows, formats))
    yield "RowResource", Described("rows/{row_id}/", "", dict(_one(rows)), ("row_id",))
    listed = _listed(rows, formats)
    query = Operation(
        "query",
        "Rows that a query as a document finds; nothing is written",
        {200: listed, 206: listed},
        ("Prefer.list", "Consistency-Token"),
        Body({JSON: schema("Query")}),
        errors=(*WRITING, 416),
    )
    yield "QueryResource", Described("query/", "", {"POST": query})


def further_resources(rows: RowSchemas, formats: Formats) -> Iterator[tuple[str, Described]]:
    """The further ones, which the description of all tables has once: plans, rows of saved views, and the alias."""
    operations = _of_list(rows, formats)
    planned = Operation(
        "plan",
        "What the rows of a file would become; nothing is written",
        {200: Answer(schema("RowsPlan"), ("Definition-Version",))},
        ("columns", "on_conflict", "plan.rows"),
        Body({JSON: rows_or_row(rows.create), **files_of(formats, formats.readable, rows.types)}),
    )
    yield "RowsPlan", Described("rows/plan/", "", {"POST": planned})
    summary = "Rows of a saved view, of which a query may be a part"
    of_view = replace(operations["GET"], id="list_of_view", summary=summary)
    yield "ViewRows", Described("view/{view}/rows/", "", {"GET": of_view}, ("view",))
    every = {**operations, "PUT": _adding(rows, formats, "put")}
    yield "SingularRowList", Described("row/", "", every, prefix="row_")
    yield "RowResource", Described("row/{row_id}/", "", dict(_one(rows)), ("row_id",), prefix="row_")


def _of_list(rows: RowSchemas, formats: Formats) -> dict[str, Operation]:
    listed = _listed(rows, formats)
    return {
        "GET": Operation(
            "list",
            "Rows that a query finds",
            {200: listed, 206: listed},
            (*_PAGE, *rows.filters, "Range", "Prefer.list", "Consistency-Token"),
            errors=(*READ_LISTS,),
        ),
        "POST": _adding(rows, formats, "add"),
        "PATCH": _patching(rows),
        "DELETE": _deleting(rows),
    }


READ_LISTS = (400, 401, 403, 404, 406, 408, 409, 416, 429, 500, 503, 504)


def _listed(rows: RowSchemas, formats: Formats) -> Answer:
    content = files_of(formats, formats.writable, rows.types)
    return Answer(_many(rows.part), _LIST, "Rows; 206: a part of a counted list", content, shared="list")


def _adding(rows: RowSchemas, formats: Formats, id: str) -> Operation:
    refused = schema("RowsWithRefused")
    shown = {"anyOf": [rows.part, _many(rows.part), refused]}
    answer = Answer(shown, ("Location", "ETag", *_WRITTEN), content={NDJSON: {"type": "string"}})
    bodies = {JSON: rows_or_row(rows.create), **files_of(formats, formats.readable, rows.types)}
    return Operation(
        id,
        "Add a row, or rows of an array or a file: all or none",
        {
            201: replace(answer, shared="added"),
            200: Answer(shown, _WRITTEN, "No row was new", {NDJSON: {"type": "string"}}, shared="merged"),
            204: Answer(None, _WRITTEN, "No row was new, and none is shown"),
        },
        ("select", "columns", "on_conflict", "Prefer.add", "Idempotency-Key"),
        Body(bodies),
        description="Existing rows are found and changed with `Prefer: resolution=merge-duplicates`.",
    )


def _many_written(rows: RowSchemas) -> dict[int, Answer]:
    written = Answer(_many(rows.part), _WRITTEN, shared="rows")
    return {200: written, 204: replace(written, schema=None, shared="no_rows")}


def _patching(rows: RowSchemas) -> Operation:
    return Operation(
        "patch_many",
        "Assign fields of all rows that a filter finds",
        _many_written(rows),
        (
            "select",
            "order",
            "limit",
            "offset",
            "columns",
            "and",
            "or",
            "not.and",
            "not.or",
            *rows.filters,
            "Prefer.filtered",
            "Idempotency-Key",
        ),
        Body({MERGE_PATCH: rows.patch, JSON: rows.patch}),
    )


def _deleting(rows: RowSchemas) -> Operation:
    return Operation(
        "delete_many",
        "Delete all rows that a filter finds",
        _many_written(rows),
        (
            "select",
            "order",
            "limit",
            "offset",
            "and",
            "or",
            "not.and",
            "not.or",
            *rows.filters,
            "Prefer.filtered",
            "Idempotency-Key",
        ),
    )


def _one(rows: RowSchemas) -> Iterator[tuple[str, Operation]]:
    shown, unchanged = Answer(rows.whole, (*_ROW, "Data-Age"), links=rows.links), Answer(None, (*_ROW, "Data-Age"))
    heeded = ("If-None-Match", "Consistency-Token", "Prefer.reading")
    yield "GET", Operation("get", "One row", {200: shown, 304: unchanged}, heeded)
    written = Answer(
        rows.whole, (*_ROW, "Preference-Applied", "Idempotency-Replayed", "Consistency-Token"), shared="row"
    )
    answers = {200: written, 204: replace(written, schema=None, shared="no_row")}
    yield (
        "PUT",
        Operation(
            "replace",
            "Replace the row: missing members take their defaults",
            answers,
            _ON_ROW,
            Body({JSON: rows.replace}),
        ),
    )
    yield (
        "PATCH",
        Operation(
            "patch",
            "Assign the fields that the document names",
            answers,
            _ON_ROW,
            Body({MERGE_PATCH: rows.patch, JSON: rows.patch}),
        ),
    )
    gone = Answer(None, ("Definition-Version", "Deprecation", "Idempotency-Replayed", "Consistency-Token"))
    yield "DELETE", Operation("delete", "Delete the row", {204: gone}, ("If-Match.row", "Idempotency-Key"))
