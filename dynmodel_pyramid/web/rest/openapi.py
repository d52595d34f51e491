"""The description at ``/rest/``: OpenAPI 2.0 of the tables, as in PostgREST ("OpenAPI")."""

import importlib.metadata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.access.grants import Action
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.queries.grammar.printing import parameter_name
from dynmodel_pyramid.web.http.answers import Answer
from dynmodel_pyramid.web.http.conditions import media_ranges
from dynmodel_pyramid.web.http.seen import each_seen
from dynmodel_pyramid.web.http.tree import path
from dynmodel_pyramid.web.rest.errors import not_available
from dynmodel_pyramid.web.rest.openapi_columns import table_schema
from dynmodel_pyramid.web.rest.resources import Rest

MEDIA_TYPE = "application/openapi+json"
_ACCEPTED = {MEDIA_TYPE, "application/json", "application/problem+json", "application/*", "*/*"}
_ACTIONS: dict[str, Action] = {"post": "create", "patch": "update", "delete": "delete"}
_METHODS = ("get", *_ACTIONS)
_OF_LISTS = ("select", "order", "range", "rangeUnit", "offset", "limit", "preferCount")
_ROWS = ["application/json", "application/vnd.pgrst.object+json", "text/csv"]


def describe(context: Rest, request: Request) -> Response:
    header = request.headers.get("Accept", "").strip() or "*/*"
    wanted = [name for name, _ in media_ranges(header)]
    if not _ACCEPTED.intersection(wanted):
        raise not_available(wanted)
    definitions = [definition for _, definition in each_seen(context.attempt)]
    tables = _Tables(context.attempt, {definition.id: definition.model_name for definition in definitions})
    document = {
        "swagger": "2.0",
        "info": {
            "title": "dynmodel_pyramid",
            "description": "The tables, as clients of PostgREST know them",
            "version": importlib.metadata.version("dynmodel_pyramid"),
        },
        "basePath": path(request, *context.segments).rstrip("/") or "/",
        "consumes": _ROWS,
        "produces": _ROWS,
        "paths": {"/": _ROOT},
        "parameters": dict(_PARAMETERS),
        "definitions": {},
    }
    for definition in definitions:
        tables.add(definition, document)
    answer = Answer(orjson.dumps(document))
    answer.headers["Content-Type"] = f"{MEDIA_TYPE}; charset=utf-8"
    return answer


class _Tables:
    """Adds tables to the document as the caller may see and write them.

    :param names: those of all tables that the caller may see, by their ids
    """

    def __init__(self, attempt: RequestAttempt, names: Mapping[int, str]) -> None:
        self._attempt, self._names = attempt, names

    def add(self, definition: TableDefinition, document: dict[str, Any]) -> None:
        name, types = definition.model_name, self._attempt.catalogue.field_types
        methods, may_read = self._rights(definition)
        names = [field.name for field in definition.fields if field.type in types and not field.write_only]
        filters = {_key("rowFilter", name, column): column for column in ["id", *filter(may_read, names)]}
        document["definitions"][name] = table_schema(definition, types, self._names)
        for key, column in filters.items():
            document["parameters"][key] = _in_query(parameter_name(column))
        document["parameters"][_key("body", name)] = {
            "name": name,
            "description": name,
            "required": False,
            "in": "body",
            "schema": _reference("definitions", name),
        }
        if methods:
            document["paths"]["/" + quote(name, safe="")] = dict(_operations(definition, methods, list(filters)))

    def _rights(self, definition: TableDefinition) -> tuple[list[str], Callable[[str], bool]]:
        """The methods for which the caller has a grant on the table, and whether he may read a field."""
        model = None if self._attempt.scopes.are_whole else self._attempt.model(definition.id)
        if model is None:
            return list(_METHODS), lambda name: True
        scope = self._attempt.scopes.scope(model)
        allowed = {"get": scope.may_read, **{method: scope.of(action) != () for method, action in _ACTIONS.items()}}
        return [method for method in _METHODS if allowed[method]], lambda name: scope.knows(name, "read")


def _operations(
    definition: TableDefinition, methods: list[str], filters: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The operations by their methods."""
    name = definition.model_name
    # The first line is the summary, the others the description.
    summary, _, rest = (definition.description or "").partition("\n")
    told = {"summary": summary} if summary else {}
    if description := rest.lstrip("\n"):
        told["description"] = description
    body = _key("body", name)
    parameters: dict[str, tuple[str, Sequence[str]]] = {
        "post": ("201 Created", [body, "select", "columns", "on_conflict", "preferPost", "idempotencyKey"]),
        "patch": ("204 No Content", [*filters, body, "preferReturn", "idempotencyKey"]),
        "delete": ("204 No Content", [*filters, "preferReturn", "idempotencyKey"]),
    }
    for method in methods:
        if method == "get":
            rows = {"type": "array", "items": _reference("definitions", name)}
            responses: dict[str, Any] = {"200": {"description": "OK", "schema": rows}}
            responses["206"] = {"description": "Partial Content"}
            used: Sequence[str] = [*filters, *_OF_LISTS]
        else:
            answer, used = parameters[method]
            status, _, words = answer.partition(" ")
            responses = {status: {"description": words}}
        yield (
            method,
            {
                "tags": [name],
                **told,
                "parameters": [_reference("parameters", key) for key in used],
                "responses": responses,
            },
        )


def _key(kind: str, *names: str) -> str:
    """``rowFilter.Book.title``; full stops of the names themselves are escaped, so that no two keys are equal."""
    return ".".join((kind, *(name.replace("%", "%25").replace(".", "%2E") for name in names)))


def _reference(part: str, key: str) -> dict[str, str]:
    """A reference within the document (RFC 6901, section 6)."""
    return {"$ref": f"#/{part}/{quote(key.replace('~', '~0').replace('/', '~1'), safe='~')}"}


def _parameter(place: str, name: str, description: str | None = None, **more: Any) -> dict[str, Any]:
    told = {} if description is None else {"description": description}
    return {"name": name, **told, "required": False, "in": place, "type": "string", **more}


def _in_query(name: str, description: str | None = None) -> dict[str, Any]:
    return _parameter("query", name, description)


def _prefer(*values: str) -> dict[str, Any]:
    return _parameter("header", "Prefer", "Preference", enum=list(values))


_RETURN = ("return=representation", "return=minimal", "return=headers-only")
_PARAMETERS = {
    "preferReturn": _prefer(*_RETURN),
    "preferCount": _prefer("count=none", "count=exact", "count=planned", "count=estimated"),
    "preferPost": _prefer(*_RETURN, "resolution=ignore-duplicates", "resolution=merge-duplicates", "missing=default"),
    "idempotencyKey": _parameter("header", "Idempotency-Key", "A repetition gets the same answer"),
    "select": _in_query("select", "Filtering Columns"),
    "columns": _in_query("columns", "Columns of the body"),
    "on_conflict": _in_query("on_conflict", "On Conflict"),
    "order": _in_query("order", "Ordering"),
    "range": _parameter("header", "Range", "Limiting and Pagination"),
    "rangeUnit": _parameter("header", "Range-Unit", "Limiting and Pagination", default="items"),
    "offset": _in_query("offset", "Limiting and Pagination"),
    "limit": _in_query("limit", "Limiting and Pagination"),
}
_ROOT = {
    "get": {
        "tags": ["Introspection"],
        "summary": "OpenAPI description (this document)",
        "produces": [MEDIA_TYPE, "application/json"],
        "responses": {"200": {"description": "OK"}},
    }
}
