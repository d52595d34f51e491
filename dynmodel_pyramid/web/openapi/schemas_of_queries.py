"""The schemas of queries as documents.

The grammar of their texts is no matter of JSON Schema: formats name it. What is nested in relations and groups has the
form of what is above it, but is described as any object: generators of clients know no unions that contain themselves.
"""

from typing import Any

from dynmodel_pyramid.queries.grammar.documents import GROUPS
from dynmodel_pyramid.queries.grammar.parsing import LARGEST
from dynmodel_pyramid.queries.grammar.syntax import JOINS
from dynmodel_pyramid.queries.sql.searching import LONGEST
from dynmodel_pyramid.web.openapi.operations import schema
from dynmodel_pyramid.web.openapi.shapes import FLAG, OBJECT, TEXT, either, listed, maybe, one_of, shape

_NUMBER = {"type": "integer", "format": "int64", "minimum": 0, "maximum": LARGEST}
_SOME = {**TEXT, "minLength": 1}
_CURSOR = {**_SOME, "format": "cursor", "description": "Of a page's `Link`"}
_ORDER = {**_SOME, "format": "order"}
_SCALAR = either({"type": "number"}, TEXT, FLAG)


_LEVEL: dict[str, dict[str, Any]] = {
    "select": schema("Select"),
    "where": schema("Where"),
    "having": schema("Where"),
    "order": either(_ORDER, {**listed(_ORDER), "minItems": 1}),
    "limit": _NUMBER,
    "offset": _NUMBER,
}
_TEXTS = {**_SOME, "format": "conditions-in-text"}
_GROUP = {**listed(either(_TEXTS, {**OBJECT, "minProperties": 1})), "minItems": 1}

OF_QUERIES: dict[str, dict[str, Any]] = {
    "Query": shape(
        {},
        {
            **_LEVEL,
            "after": _CURSOR,
            "before": _CURSOR,
            "search": {**_SOME, "pattern": "\\S", "maxLength": LONGEST},
        },
        description="A query as a document (docs/queries.md); of `after` and `before` it may have one",
        additionalProperties=False,
        **{"not": {"required": ["after", "before"]}},
    ),
    "Select": either({**TEXT, "format": "select"}, listed(either({**_SOME, "format": "select"}, schema("Embed")))),
    "Embed": shape(
        {},
        {**{name: maybe(_SOME) for name in ("embed", "spread", "alias", "hint")}, "join": maybe(one_of(*JOINS))},
        description="Rows of a relation: `embed` or `spread` names it; further members are those of a query",
        additionalProperties=True,
    ),
    "Where": either(
        _TEXTS,
        schema("Conditions"),
        listed(either(_TEXTS, schema("Conditions"))),
        description="Conditions that all must hold",
    ),
    "Conditions": {
        "type": "object",
        "properties": dict.fromkeys(GROUPS, _GROUP),
        "additionalProperties": schema("Condition"),
        "description": "By the names of fields, or groups of conditions",
    },
    "Condition": either(
        {**_SOME, "format": "condition"},
        {
            "type": "object",
            "additionalProperties": either({"type": "null"}, _SCALAR, listed(_SCALAR)),
            "minProperties": 1,
            "description": "Values by operators: `null` is for `is`, arrays are for `in` and for operators with `any`",
        },
        description='Such as `"eq.1"` or `{"eq": 1}`',
    ),
}
