"""The schemas of the service's own documents, of batches, and of access."""

from collections.abc import Iterator
from itertools import product
from typing import Any

from dynmodel_pyramid.access.accounts.passwords import LEAST
from dynmodel_pyramid.access.document_reading import (
    GRANT_KEYS,
    LONGEST_DESCRIPTION,
    LONGEST_LABEL,
    MOST_GRANTS,
    MOST_ROLES,
    MOST_TABLES,
)
from dynmodel_pyramid.access.grants import ACTIONS, Action
from dynmodel_pyramid.database.dialect import LARGEST_ID
from dynmodel_pyramid.rows.batch.reading import KINDS, RESOLUTIONS
from dynmodel_pyramid.rows.batch.references import REFERENCE
from dynmodel_pyramid.web.openapi.operations import schema
from dynmodel_pyramid.web.openapi.shapes import (
    ANY,
    FLAG,
    MOMENT,
    NUMBER,
    OBJECT,
    TEXT,
    either,
    listed,
    mapping,
    maybe,
    one_of,
    shape,
)

_ID = {**NUMBER, "minimum": 1, "maximum": LARGEST_ID}
_REFERENCE = schema("Reference")
_KEY = either(NUMBER, TEXT, _REFERENCE)
_NAME = {**TEXT, "minLength": 1, "maxLength": 200}
_ROLES = listed(TEXT)
_USER = {"email": maybe(TEXT), "roles": _ROLES, "claims": OBJECT, "disabled": FLAG}
_NEW_USER = {name: maybe(member) for name, member in _USER.items()}
_PASSWORD = {**TEXT, "format": "password"}
_NEW_PASSWORD = {**_PASSWORD, "minLength": LEAST}
_CONDITION = {**either(FLAG, TEXT), "description": "Such as `status=eq.new`; true: each row"}
_GRANT_MEMBERS = {"rows": _CONDITION, "fields": listed(TEXT), "check": _CONDITION, "preset": OBJECT}


def _grant(action: Action) -> dict[str, Any]:
    """What a role may do: all or nothing, one grant, or several."""
    keys = {key: _GRANT_MEMBERS[key] for key in GRANT_KEYS[action]}
    grant = shape({}, keys, description="Empty: of all rows and fields", additionalProperties=False)
    return either(FLAG, grant, {**listed(grant), "maxItems": MOST_GRANTS})


_ROLE = {
    "label": maybe({**TEXT, "maxLength": LONGEST_LABEL}),
    "description": maybe({**TEXT, "maxLength": LONGEST_DESCRIPTION}),
    "definitions": one_of("none", "read", "write"),
}
_ROLES_PATCH = {"roles": mapping(maybe(schema("RolePatch")))}
_RIGHT = either(FLAG, shape({"some_rows": FLAG}, {"fields": listed(TEXT)}))

_MEMBERS: dict[str, dict[str, Any]] = {
    "table": _KEY,
    "row": OBJECT,
    "rows": listed(OBJECT),
    "id": either(_ID, _REFERENCE),
    "version": either({**_ID, "minimum": 0}, _REFERENCE, {"type": "null"}),
    "where": schema("Where"),
    "select": schema("Select"),
    "on_conflict": maybe({**listed(TEXT), "minItems": 1}),
    "resolution": maybe(one_of(*RESOLUTIONS)),
    "nested": one_of("write"),
    "definition": schema("NewTable"),
}


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """The operations of a batch: each kind with each choice of the members that it needs.

    Each has a name: openapi-python-client can't make what is nested in a union that refers to later schemas.
    """
    for kind, (needed, further) in KINDS.items():
        for names in product(*needed):
            chosen = [name for name, choices in zip(names, needed, strict=True) if len(choices) > 1]
            required = {"operation": one_of(kind), **{name: _MEMBERS[name] for name in names}}
            optional = {name: _MEMBERS[name] for name in further}
            called = "".join(word.title() for word in ("batch", *kind.split("_"), *chosen))
            yield called, shape(required, optional, additionalProperties=False)


_OPERATIONS = dict(_operations())


OF_SERVICE: dict[str, dict[str, Any]] = {
    "State": shape({"status": TEXT}),
    "Service": shape(
        {"name": TEXT, "version": TEXT, "database": TEXT, "capabilities": OBJECT, "links": mapping(TEXT)},
        additionalProperties=True,
    ),
    "FieldType": shape(
        {
            "name": TEXT,
            "status": one_of("installed", "failed"),
            "distribution": maybe(TEXT),
            "distribution_version": maybe(TEXT),
        },
        {
            "help": TEXT,
            "icon": maybe(TEXT),
            "editor": maybe(TEXT),
            "description": TEXT,
            "options": OBJECT,
            "repairs": listed(TEXT),
            "operators": listed(shape({"name": TEXT, "description": TEXT}, additionalProperties=True)),
            "sortable": FLAG,
            "value": maybe(OBJECT),
            "entry_point": TEXT,
            "cause": maybe(TEXT),
        },
        additionalProperties=True,
    ),
    "Schema": shape(
        {"tables": mapping(schema("SchemaTable"))},
        {"access": schema("Roles")},
        description="All definitions, without ids and versions; for administrators roles and grants as well",
        additionalProperties=False,
    ),
    "SchemaPatch": shape(
        {},
        {
            "tables": mapping(maybe(schema("SchemaTablePatch"))),
            "access": shape({}, _ROLES_PATCH, additionalProperties=False),
        },
        description="A merge patch of the document",
        additionalProperties=False,
        minProperties=1,
    ),
    "SchemaPlan": shape({"tables": mapping(schema("Plan"))}, {"access": ANY}),
    "Overrides": shape(
        {},
        {"model_name": maybe({**TEXT, "minLength": 1, "maxLength": 63})},
        description="Members of the definition that are to be others",
        additionalProperties=False,
    ),
    "TableOfFile": shape(
        {"definition": ANY, "rows": ANY, "columns": listed(OBJECT), "told": ANY},
        description="A table that is made of a file, or its plan",
        additionalProperties=True,
    ),
    "BatchOperation": either(
        *map(schema, _OPERATIONS),
        description='`{"$ref": "/0/id"}` stands for a part of an earlier result',
    ),
    **_OPERATIONS,
    "Reference": shape(
        {REFERENCE: TEXT},
        description="To a part of the result of an earlier operation: a JSON pointer",
        additionalProperties=False,
    ),
    "Results": listed(either(OBJECT, listed(OBJECT), {"type": "null"})),
    "PlannedOperation": shape(
        {"operation": TEXT, "model_name": TEXT},
        {
            "writes": listed(shape({"table": NUMBER, "model_name": TEXT, "operation": TEXT, "rows": NUMBER})),
            "definition": OBJECT,
        },
    ),
    "Me": shape(
        {
            "kind": one_of("anonymous", "open", "token", "user", "jwt", "host"),
            "id": maybe(TEXT),
            "name": maybe(TEXT),
            "email": maybe(TEXT),
            "claims": OBJECT,
            "roles": _ROLES,
            "admin": FLAG,
            "definitions": one_of("none", "read", "write"),
            "read_only": FLAG,
            "tables": mapping(schema("Rights")),
        },
        additionalProperties=True,
    ),
    "Rights": shape(
        {"id": NUMBER, "read": _RIGHT, "create": _RIGHT, "update": _RIGHT, "delete": _RIGHT},
        description="What the caller may do with the rows of a table: all, nothing, or with some fields and rows",
    ),
    "Session": shape({"signed_in": FLAG, "identity": maybe(TEXT), "name": maybe(TEXT)}),
    "SignIn": shape({"name": TEXT, "password": _PASSWORD}, additionalProperties=False),
    "Token": shape(
        {
            "id": NUMBER,
            "identity": TEXT,
            "name": TEXT,
            "user": maybe(NUMBER),
            "roles": _ROLES,
            "tables": maybe(listed(either(TEXT, NUMBER))),
            "read_only": FLAG,
            "created_at": MOMENT,
            "created_by": maybe(TEXT),
            "expires_at": maybe(MOMENT),
            "last_used_at": maybe(MOMENT),
        }
    ),
    "TokenWithSecret": {
        "allOf": [schema("Token"), shape({"secret": {**TEXT, "description": "Nobody can read it again"}})]
    },
    "NewToken": shape(
        {"name": _NAME},
        {
            "roles": maybe(_ROLES),
            "user": maybe(_ID),
            "expires_at": maybe(MOMENT),
            "tables": maybe(listed(either(TEXT, _ID))),
            "read_only": maybe(FLAG),
        },
        additionalProperties=False,
    ),
    "User": shape(
        {
            "id": NUMBER,
            "identity": TEXT,
            "version": NUMBER,
            "name": TEXT,
            **_USER,
            "has_password": FLAG,
            "created_at": MOMENT,
            "password_changed_at": maybe(MOMENT),
        }
    ),
    "NewUser": shape({"name": _NAME}, {**_NEW_USER, "password": maybe(_NEW_PASSWORD)}, additionalProperties=False),
    "UserPatch": shape(
        {},
        {"name": _NAME, **_NEW_USER},
        description="A merge patch of the user",
        additionalProperties=False,
    ),
    "NewPassword": shape(
        {"password": maybe(_NEW_PASSWORD)}, {"old_password": maybe(_PASSWORD)}, additionalProperties=False
    ),
    "Role": shape(
        {},
        {
            **_ROLE,
            "tables": mapping(
                shape(
                    {},
                    {action: _grant(action) for action in ACTIONS},
                    additionalProperties=False,
                ),
                maxProperties=MOST_TABLES,
            ),
        },
        additionalProperties=False,
    ),
    "RolePatch": shape(
        {},
        {**{name: maybe(member) for name, member in _ROLE.items()}, "tables": maybe(mapping(maybe(OBJECT)))},
        description="A merge patch of the role",
        additionalProperties=False,
    ),
    "Roles": shape({"roles": mapping(schema("Role"), maxProperties=MOST_ROLES)}, additionalProperties=False),
    "RolesPatch": shape(
        {},
        _ROLES_PATCH,
        description="A merge patch of the roles",
        additionalProperties=False,
    ),
    "AccessPlan": listed(OBJECT),
    "Explanation": shape(
        {
            "table": TEXT,
            "action": TEXT,
            "row": maybe(NUMBER),
            "as": OBJECT,
            "allowed": maybe(FLAG),
            "by": maybe(TEXT),
            "grants": listed(OBJECT),
        },
        {"readable": maybe(FLAG), "fields": listed(TEXT)},
    ),
    "Event": shape(
        {
            "id": NUMBER,
            "at": MOMENT,
            "event": TEXT,
            "identity": maybe(TEXT),
            "address": maybe(TEXT),
            "request_id": maybe(TEXT),
            "detail": ANY,
            "count": NUMBER,
        }
    ),
    "RestProblem": shape(
        {"code": TEXT, "message": TEXT, "details": ANY, "hint": maybe(TEXT)}, description="PostgREST's form of errors"
    ),
}
