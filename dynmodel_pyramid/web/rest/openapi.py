"""The description at ``/rest/``: OpenAPI 2.0 of the tables, as in PostgREST ("OpenAPI")."""

import importlib.metadata
from typing import Any

import orjson
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.access.grants import Action
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.web.http.answers import Answer
from dynmodel_pyramid.web.http.seen import each_seen
from dynmodel_pyramid.web.http.tree import path
from dynmodel_pyramid.web.rest.media import negotiated
from dynmodel_pyramid.web.rest.resources import Rest

MEDIA_TYPE = "application/openapi+json"
_METHODS = {
    "get": ("200", "OK"),
    "post": ("201", "Created"),
    "patch": ("204", "No Content"),
    "delete": ("204", "No Content"),
}
_ACTIONS: dict[str, Action] = {"post": "create", "patch": "update", "delete": "delete"}
#: The keywords of JSON Schema in Swagger 2.0 ("Schema Object").
_KNOWN = {"type", "format", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "items"}
_NUMBERS = {"type": "number"}


def describe(context: Rest, request: Request) -> Response:
    if MEDIA_TYPE not in request.headers.get("Accept", ""):
        negotiated(request)
    definitions = [definition for _, definition in each_seen(context.attempt)]
    types = context.attempt.catalogue.field_types
    document = {
        "swagger": "2.0",
        "info": {
            "title": "dynmodel_pyramid",
            "description": "The tables, as clients of PostgREST know them",
            "version": importlib.metadata.version("dynmodel_pyramid"),
        },
        "basePath": path(request, *context.segments),
        "consumes": ["application/json", "text/csv"],
        "produces": ["application/json", "application/vnd.pgrst.object+json", "text/csv"],
        "paths": {
            f"/{definition.model_name}": _operations(definition, methods)
            for definition in definitions
            if (methods := _methods(context.attempt, definition))
        },
        "definitions": {definition.model_name: _schema(definition, types) for definition in definitions},
    }
    answer = Answer(orjson.dumps(document))
    answer.headers["Content-Type"] = f"{MEDIA_TYPE}; charset=utf-8"
    return answer


def _methods(attempt: RequestAttempt, definition: TableDefinition) -> list[str]:
    """The methods for which the caller has a grant on the table."""
    model = None if attempt.scopes.are_whole else attempt.model(definition.id)
    if model is None:
        return list(_METHODS)
    scope = attempt.scopes.scope(model)
    allowed = {"get": scope.may_read, **{method: scope.of(action) != () for method, action in _ACTIONS.items()}}
    return [method for method in _METHODS if allowed[method]]


def _operations(definition: TableDefinition, methods: list[str]) -> dict[str, Any]:
    name = definition.model_name
    row = {"$ref": f"#/definitions/{name}"}
    operations: dict[str, dict[str, Any]] = {}
    for method in methods:
        status, description = _METHODS[method]
        answer: dict[str, Any] = {"description": description}
        if method == "get":
            answer["schema"] = {"type": "array", "items": row}
        operations[method] = {"tags": [name], "responses": {status: answer}}
        if method in ("post", "patch"):
            operations[method]["parameters"] = [{"name": name, "in": "body", "required": False, "schema": row}]
    return operations


def _schema(definition: TableDefinition, types: FieldTypes) -> dict[str, Any]:
    key = {"type": "integer", "format": "bigint", "description": "Note:\nThis is a Primary Key.<pk/>"}
    fields = [field for field in definition.fields if not field.write_only]
    required = ["id", *[field.name for field in fields if field.required]]
    schema: dict[str, Any] = {"required": required, "type": "object"}
    schema["properties"] = {"id": key} | {field.name: _property(field, types) for field in fields}
    return schema if definition.description is None else {"description": definition.description, **schema}


def _property(field: FieldDefinition, types: FieldTypes) -> dict[str, Any]:
    """Nothing is known of a type that is not installed."""
    if field.type not in types:
        return {}
    field_type = types[field.type]
    schema = _NUMBERS if field_type.exact_numbers else field_type.json_schema(field.options)
    members = {name: value for name, value in schema.items() if name in _KNOWN and not isinstance(value, bool)}
    if isinstance(members.get("type"), list):
        del members["type"]
    if field.description is not None:
        members["description"] = field.description
    return members if field.default is None else {**members, "default": field.default}
