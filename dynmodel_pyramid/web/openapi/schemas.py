"""The schemas of the documents that are no rows."""

from typing import Any

from dynmodel_pyramid.web.openapi.codes import FAULT_CODES
from dynmodel_pyramid.web.openapi.operations import many
from dynmodel_pyramid.web.openapi.schemas_of_queries import OF_QUERIES
from dynmodel_pyramid.web.openapi.schemas_of_service import OF_SERVICE
from dynmodel_pyramid.web.openapi.schemas_of_tables import OF_TABLES
from dynmodel_pyramid.web.openapi.shapes import FLAG, NUMBER, TEXT, either, listed, maybe, shape

_ID = {"type": "integer", "format": "int64", "minimum": 1}

#: The schemas of each description.
SCHEMAS: dict[str, dict[str, Any]] = {
    "Problem": shape(
        {
            "type": TEXT,
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": TEXT,
            "code": {**TEXT, "description": "Stable: programs may rely on it"},
            "hint": maybe(TEXT),
            "request_id": TEXT,
        },
        {
            "errors": many("Fault"),
            "error_count": NUMBER,
            "current": {"description": "412: the state that there is"},
        },
        description="A problem document (RFC 9457)",
        additionalProperties=True,
    ),
    "Fault": shape(
        {
            "pointer": {**TEXT, "description": "Where the fault is in the document (RFC 6901)"},
            "code": {**TEXT, "examples": [code for code, _ in FAULT_CODES]},
            "detail": TEXT,
        },
        {"hint": TEXT},
    ),
    "Row": {"type": "object", "description": "A row of any table", "additionalProperties": True},
    "ReverseSide": either(
        listed(_ID),
        shape({"first": listed(_ID), "more": FLAG}),
        description="The ids of the rows that link to this one; of many the first ones. It is never written",
        readOnly=True,
    ),
    "RowsWithRefused": shape(
        {"refused": many("RefusedRow"), "count": NUMBER, "inserted": NUMBER, "refused_count": NUMBER},
        {"rows": listed({"type": "object", "additionalProperties": True})},
        description="The answer to `Prefer: handling=lenient`",
    ),
    "RefusedRow": shape(
        {"number": NUMBER, "line": maybe(NUMBER), "raw": maybe(TEXT), "errors": many("Fault")},
    ),
    **OF_QUERIES,
    **OF_TABLES,
}
#: Those that the service's own resources have besides.
FURTHER = OF_SERVICE
