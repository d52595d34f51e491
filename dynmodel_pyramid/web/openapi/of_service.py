"""The operations of the service's own resources: tables, the whole schema, batches, the trash, descriptions."""

from collections.abc import Iterator

from dynmodel_pyramid.exchange.formats import Formats
from dynmodel_pyramid.web.openapi.operations import (
    JSON,
    MERGE_PATCH,
    READING,
    WRITING,
    Answer,
    Body,
    Described,
    Operation,
    files_of,
    json_body,
    many,
    schema,
)

_TAGGED = ("ETag", "Definition-Version")
_WHOLE = ("ETag", "Definitions-Revision")
_CHANGED = {
    200: Answer(schema("Schema"), (*_WHOLE, "Preference-Applied", "Idempotency-Replayed", "Consistency-Token")),
    204: Answer(None, (*_WHOLE, "Preference-Applied", "Idempotency-Replayed", "Consistency-Token")),
}
_PATCHED = Body({MERGE_PATCH: schema("SchemaPatch"), JSON: schema("SchemaPatch")})
_RUN = ("Preference-Applied", "Definitions-Revision", "Idempotency-Replayed", "Consistency-Token")
_PUBLIC = (400, 404, 406, 408, 500)
_OPTIONAL = Body({JSON: schema("Overrides")}, required=False)

#: The methods below ``/rest/`` with the statuses of their answers.
_REST = {"GET": (200, 206), "POST": (200, 201), "PATCH": (200,), "PUT": (200, 201), "DELETE": (200,)}


def _rest() -> Iterator[tuple[str, Operation]]:
    """The operations of the other face, in short: its own description tells more."""
    rows = Answer(content={"*/*": {}})
    for method, statuses in _REST.items():
        reads, has_body = method == "GET", method not in ("GET", "DELETE")
        answers = dict.fromkeys(statuses, rows) | ({} if reads else {204: Answer()})
        yield (
            method,
            Operation(
                f"rest_{method.lower()}",
                "Rows for clients of PostgREST; `GET /rest/` describes them",
                answers,
                body=Body({"*/*": {}}, required=False) if has_body else None,
                errors=(*READING, 409, 416) if reads else WRITING,
                problems="rest.",
            ),
        )


#: By resource classes, below the root.
OF_SERVICE: dict[str, Described] = {
    "Root": Described(
        "",
        "Service",
        {
            "GET": Operation(
                "get_service",
                "What the service is, with links; a page for a browser, by `Accept`",
                {200: Answer(schema("Service"), content={"text/html": {"type": "string"}})},
            )
        },
        is_open=True,
    ),
    "OpenApi": Described(
        "openapi.json",
        "Service",
        {
            "GET": Operation(
                "get_openapi",
                "This document",
                {200: Answer({"type": "object"}, _WHOLE), 304: Answer(None, _WHOLE)},
                ("If-None-Match",),
            )
        },
        is_open=True,
    ),
    "PageDocument": Described(
        "ui/",
        "Service",
        {
            "GET": Operation(
                "get_page",
                "The page for people; it reads the paths below by itself",
                {
                    200: Answer(headers=("ETag",), content={"text/html": {"type": "string"}}),
                    304: Answer(None, ("ETag",)),
                },
                ("If-None-Match",),
                errors=_PUBLIC,
            )
        },
        is_open=True,
    ),
    "Docs": Described(
        "docs/",
        "Service",
        {
            "GET": Operation(
                "get_docs",
                "A page that shows this document, or that of one table",
                {200: Answer(content={"text/html": {"type": "string"}})},
                ("table.shown",),
                errors=_PUBLIC,
            )
        },
        is_open=True,
    ),
    "Live": Described(
        "live",
        "Service",
        {"GET": Operation("get_live", "Whether the process answers", {200: Answer(schema("State"))}, errors=_PUBLIC)},
        is_open=True,
    ),
    "Ready": Described(
        "ready",
        "Service",
        {"GET": Operation("get_ready", "Whether it can serve", {200: Answer(schema("State"))}, errors=(*_PUBLIC, 503))},
        is_open=True,
    ),
    "Metrics": Described(
        "metrics",
        "Service",
        {
            "GET": Operation(
                "get_metrics",
                "Metrics for Prometheus, where dynmodel.metrics is on",
                {
                    200: Answer(
                        content={"text/plain": {"type": "string"}, "application/openmetrics-text": {"type": "string"}}
                    )
                },
                errors=(*_PUBLIC, 401, 404),
            )
        },
        is_open=True,
    ),
    "FieldTypesResource": Described(
        "field-type/",
        "Service",
        {"GET": Operation("list_field_types", "The installed field types", {200: Answer(many("FieldType"))})},
        is_open=True,
    ),
    "FieldTypeResource": Described(
        "field-type/{name}/",
        "Service",
        {"GET": Operation("get_field_type", "One of them", {200: Answer(schema("FieldType"))})},
        ("name",),
        is_open=True,
    ),
    "Schema": Described(
        "schema/",
        "Definitions",
        {
            "GET": Operation(
                "get_schema",
                "All definitions as one document",
                {200: Answer(schema("Schema"), _WHOLE), 304: Answer(None, _WHOLE)},
                ("full", "If-None-Match"),
            ),
            "PUT": Operation(
                "put_schema",
                "Change all tables to match the document, in one transaction",
                _CHANGED,
                ("on_error", "others", "If-Match", "Prefer.return", "Idempotency-Key"),
                json_body("Schema"),
            ),
            "PATCH": Operation(
                "patch_schema",
                "Change tables by a merge patch of the document",
                _CHANGED,
                ("on_error", "If-Match", "Prefer.return", "Idempotency-Key"),
                _PATCHED,
            ),
        },
    ),
    "SchemaPlan": Described(
        "schema/plan/",
        "Definitions",
        {
            "POST": Operation(
                "plan_schema",
                "What a PUT with this body would do, or a PATCH with this merge patch",
                {200: Answer(schema("SchemaPlan"), _WHOLE)},
                ("on_error", "others", "If-Match"),
                Body({JSON: schema("Schema"), MERGE_PATCH: schema("SchemaPatch")}),
            )
        },
    ),
    "Batch": Described(
        "batch/",
        "Batches",
        {
            "POST": Operation(
                "run_batch",
                "Operations on rows of several tables, and new tables: all or none",
                {200: Answer(schema("Results"), _RUN), 204: Answer(None, _RUN)},
                ("Prefer.batch", "Idempotency-Key"),
                Body({JSON: many("BatchOperation")}),
            )
        },
        is_open=True,  # each operation needs what it needs at its own address
    ),
    "BatchPlan": Described(
        "batch/plan/",
        "Batches",
        {
            "POST": Operation(
                "plan_batch",
                "What a batch with this body would do; it changes nothing",
                {200: Answer(many("PlannedOperation"))},
                (),
                Body({JSON: many("BatchOperation")}),
            )
        },
        is_open=True,  # each operation needs what it needs at its own address
    ),
    "WholeHealth": Described(
        "health/",
        "Service",
        {
            "GET": Operation(
                "get_whole_health",
                "What an examination of the deployment finds, with the mends; the first part tells of more than tables",
                {200: Answer(schema("Examination"), ("Link",))},
                ("limit.100", "after"),
            )
        },
    ),
    "TableTrash": Described(
        "trash/",
        "Definitions",
        {
            "GET": Operation(
                "list_dropped_tables",
                "Dropped tables",
                {200: Answer(many("TrashedTable"), ("Link",))},
                ("limit.100", "offset"),
            )
        },
    ),
    "TrashedTable": Described(
        "trash/{n}/",
        "Definitions",
        {
            "GET": Operation("get_dropped_table", "One of them", {200: Answer(schema("TrashedTable"), ("ETag",))}),
            "DELETE": Operation(
                "destroy_dropped_table",
                "Destroy it for good",
                {204: Answer(None, ("Idempotency-Replayed",))},
                ("If-Match", "Idempotency-Key"),
            ),
        },
        ("n",),
    ),
    "TableRestore": Described(
        "trash/{n}/restore/",
        "Definitions",
        {
            "POST": Operation(
                "restore_dropped_table",
                "Restore it with its rows",
                {
                    200: Answer(schema("Table"), (*_TAGGED, "Content-Location", "Preference-Applied")),
                    204: Answer(None, (*_TAGGED, "Content-Location", "Preference-Applied")),
                },
                ("on_error", "If-Match", "Prefer.return", "Idempotency-Key"),
                _OPTIONAL,
            )
        },
        ("n",),
    ),
    "Rest": Described(
        "rest/",
        "PostgREST",
        {
            "GET": Operation(
                "get_rest",
                "The description for clients of PostgREST: Swagger 2.0",
                {200: Answer(content={"application/openapi+json": {"type": "object"}})},
                errors=READING,
                problems="rest.",
            )
        },
    ),
    "RestTable": Described("rest/{model_name}", "PostgREST", dict(_rest()), ("model_name",)),
}


def tables(formats: Formats) -> Described:
    """The list of tables. A new one may be made of a file in any format that is read here."""
    made = (*_TAGGED, "Location", "Preference-Applied", "Idempotency-Replayed", "Consistency-Token")
    return Described(
        "table/",
        "Definitions",
        {
            "GET": Operation(
                "list_tables",
                "All definitions",
                {
                    200: Answer(
                        {"anyOf": [many("Table"), many("BriefTable")]},
                        ("Link", "Definitions-Revision"),
                        "The definitions; with `brief=true` what lists for people show of them",
                    )
                },
                ("limit.1000", "offset", "brief"),
            ),
            "POST": Operation(
                "create_table",
                "Define a table; with `from=file` make one of a file with its rows",
                {
                    200: Answer(schema("TableOfFile"), (), "The plan of a table that is made of a file"),
                    201: Answer({"anyOf": [schema("Table"), schema("TableOfFile")]}, made),
                },
                (
                    "from",
                    "name.file",
                    "plan",
                    "fields",
                    "null",
                    "timezone",
                    "Prefer.return",
                    "Content-Disposition",
                    "Idempotency-Key",
                ),
                Body({JSON: schema("NewTable"), **files_of(formats, formats.readable)}),
                description="The parameters are for `from=file` alone.",
            ),
        },
        is_open=True,
    )
