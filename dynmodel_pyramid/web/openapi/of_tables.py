"""The operations of definitions: those of one table, below ``/table/{id}/``."""

from dynmodel_pyramid.exchange import CSV
from dynmodel_pyramid.web.openapi.operations import (
    JSON,
    MERGE_PATCH,
    Answer,
    Body,
    Described,
    Operation,
    json_body,
    many,
    merge_patch,
    schema,
)

_TAGGED = ("ETag", "Definition-Version")
_VERSIONED = ("Definition-Version",)
_CHANGED = {
    200: Answer(schema("Table"), (*_TAGGED, "Preference-Applied", "Idempotency-Replayed", "Consistency-Token")),
    204: Answer(None, (*_TAGGED, "Preference-Applied", "Idempotency-Replayed", "Consistency-Token")),
}
_CHANGING = ("on_error", "If-Match", "Prefer.return", "Idempotency-Key")
_GONE = {204: Answer(None, (*_VERSIONED, "Idempotency-Replayed", "Consistency-Token"))}
_GIVEN_UP = {204: Answer(None, _VERSIONED)}
_LISTED = (*_VERSIONED, "Link")
_OPTIONAL = Body({JSON: schema("FieldOverrides")}, required=False)
TAG = "Definitions"

#: The resources below ``/table/{id}/``, but for rows, by their classes.
OF_TABLES = {
    "Table": Described(
        "",
        TAG,
        {
            "GET": Operation(
                "get_definition",
                "The definition",
                {200: Answer(schema("Table"), _TAGGED), 304: Answer(None, _TAGGED)},
                ("If-None-Match",),
            ),
            "PUT": Operation(
                "put_definition",
                "Replace the definition: fields that are left out go to the trash",
                _CHANGED,
                _CHANGING,
                json_body("NewTable"),
            ),
            "PATCH": Operation(
                "patch_definition",
                "Change the definition by a merge patch (RFC 7396)",
                _CHANGED,
                _CHANGING,
                merge_patch("TablePatch"),
            ),
            "DELETE": Operation("drop_table", "Move the table to the trash", _GONE, ("If-Match", "Idempotency-Key")),
        },
    ),
    "TableOpenApi": Described(
        "openapi.json",
        "Service",
        {
            "GET": Operation(
                "get_table_openapi",
                "The description of the table",
                {200: Answer({"type": "object"}, _TAGGED), 304: Answer(None, _TAGGED)},
                ("If-None-Match",),
            ),
        },
    ),
    "Plan": Described(
        "plan/",
        TAG,
        {
            "POST": Operation(
                "plan_definition",
                "What a PUT with this body would do, or a PATCH with this merge patch",
                {200: Answer(schema("Plan"), _VERSIONED)},
                ("on_error", "If-Match"),
                Body({JSON: schema("NewTable"), MERGE_PATCH: schema("TablePatch")}),
            ),
        },
    ),
    "Health": Described(
        "health/",
        TAG,
        {
            "GET": Operation(
                "get_health",
                "Whether the table is as its definition promises",
                {200: Answer(schema("Health"), _VERSIONED)},
            ),
        },
    ),
    "TableCompaction": Described(
        "compact/",
        TAG,
        {
            "GET": Operation(
                "get_compaction",
                "What a compaction would do, or how far it is; PostgreSQL",
                {200: Answer(schema("Compaction"), _VERSIONED)},
            ),
            "POST": Operation(
                "compact_table",
                "Some seconds of a compaction: it is repeated until the answer is 200",
                {200: Answer(schema("Compaction"), _VERSIONED), 202: Answer(schema("Compaction"), _VERSIONED)},
            ),
            "DELETE": Operation("cancel_compaction", "Give it up; the table stays as it is", _GIVEN_UP),
        },
    ),
    "History": Described(
        "history/",
        TAG,
        {
            "GET": Operation(
                "list_versions",
                "The versions of the definition, the newest first",
                {200: Answer(many("Version"), _LISTED)},
                ("limit.25", "offset", "before"),
            ),
        },
    ),
    "HistoryVersion": Described(
        "history/{version}/",
        TAG,
        {
            "GET": Operation(
                "get_version",
                "One version, with the whole definition",
                {200: Answer(schema("WholeVersion"), _VERSIONED)},
            ),
        },
        ("version",),
    ),
    "DifferenceResource": Described(
        "history/{version}/diff/{other}/",
        TAG,
        {
            "GET": Operation(
                "get_difference",
                "The steps from one version to another",
                {200: Answer(schema("Difference"), _VERSIONED)},
            ),
        },
        ("version", "other"),
    ),
    "Revert": Described(
        "history/{version}/revert/",
        TAG,
        {
            "POST": Operation("revert_definition", "Back to that definition, as a new version", _CHANGED, _CHANGING),
        },
        ("version",),
    ),
    "RevertPlan": Described(
        "history/{version}/revert/plan/",
        TAG,
        {
            "POST": Operation(
                "plan_revert",
                "What the revert would do",
                {200: Answer(schema("Plan"), _VERSIONED)},
                ("on_error", "If-Match"),
            ),
        },
        ("version",),
    ),
    "QuarantineResource": Described(
        "quarantine/",
        TAG,
        {
            "GET": Operation(
                "list_quarantine",
                "Values that could not be converted",
                {200: Answer(many("QuarantinedValue"), (*_LISTED, "Content-Range"))},
                ("field", "limit.1000", "offset"),
            ),
            "POST": Operation(
                "correct_quarantine",
                "Correct or discard values of the quarantine: all or none",
                {200: Answer(schema("Corrected"), _VERSIONED)},
                ("overwrite", "partial", "Idempotency-Key"),
                Body({JSON: many("Correction"), CSV: {"type": "string"}}),
            ),
            "DELETE": Operation(
                "empty_quarantine",
                "Destroy all values of the quarantine, or those of a field",
                _GONE,
                ("field", "Idempotency-Key"),
            ),
        },
    ),
    "QuarantinedResource": Described(
        "quarantine/{n}/",
        TAG,
        {
            "GET": Operation("get_quarantined", "One of them", {200: Answer(schema("QuarantinedValue"), _VERSIONED)}),
            "DELETE": Operation("destroy_quarantined", "Destroy it", _GONE, ("Idempotency-Key",)),
        },
        ("n",),
    ),
    "Restoration": Described(
        "quarantine/{n}/restore/",
        TAG,
        {
            "POST": Operation(
                "restore_quarantined",
                "Write it back into its row",
                {200: Answer(schema("Row"), _TAGGED), 204: Answer(None, _TAGGED)},
                ("overwrite", "Prefer.return", "Idempotency-Key"),
                Body(
                    {JSON: schema("QuarantineValue")},
                    required=False,
                    description="Without a body the old text is tried again",
                ),
            ),
        },
        ("n",),
    ),
    "Views": Described(
        "view/",
        TAG,
        {
            "GET": Operation(
                "list_views", "Saved views: shared ones and one's own", {200: Answer(many("View"), _VERSIONED)}
            ),
            "POST": Operation(
                "create_view",
                "Save a view",
                {201: Answer(schema("View"), (*_TAGGED, "Location", "Idempotency-Replayed", "Consistency-Token"))},
                ("Idempotency-Key",),
                json_body("NewView"),
            ),
        },
    ),
    "ViewResource": Described(
        "view/{view}/",
        TAG,
        {
            "GET": Operation(
                "get_view",
                "One of them",
                {200: Answer(schema("View"), _TAGGED), 304: Answer(None, _TAGGED)},
                ("If-None-Match",),
            ),
            "PUT": Operation(
                "put_view",
                "Replace it",
                {200: Answer(schema("View"), (*_TAGGED, "Idempotency-Replayed", "Consistency-Token"))},
                ("If-Match", "Idempotency-Key"),
                json_body("NewView"),
            ),
            "DELETE": Operation("delete_view", "Delete it", _GONE, ("If-Match", "Idempotency-Key")),
        },
        ("view",),
    ),
    "FieldTrash": Described(
        "trash/",
        TAG,
        {
            "GET": Operation(
                "list_trash",
                "Dropped fields, and old columns of conversions",
                {200: Answer(many("TrashedField"), _VERSIONED)},
            ),
        },
    ),
    "TrashedField": Described(
        "trash/{n}/",
        TAG,
        {
            "GET": Operation("get_trashed", "One of them", {200: Answer(schema("TrashedField"), _VERSIONED)}),
            "DELETE": Operation("destroy_trashed", "Destroy it for good", _GONE, ("If-Match", "Idempotency-Key")),
        },
        ("n",),
    ),
    "FieldRestore": Described(
        "trash/{n}/restore/",
        TAG,
        {
            "POST": Operation("restore_trashed", "Restore it", _CHANGED, _CHANGING, _OPTIONAL),
        },
        ("n",),
    ),
}
