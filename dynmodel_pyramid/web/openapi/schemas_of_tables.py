"""The schemas of definitions, their versions, plans, quarantine and trash."""

from typing import Any

from dynmodel_pyramid.definitions.reading_options import LONGEST_DESCRIPTION, LONGEST_LABEL, LONGEST_MESSAGE
from dynmodel_pyramid.web.openapi.operations import many, schema
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


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """For requests, whose unknown members are refused; an answer may get more members with time."""
    return {**schema, "additionalProperties": False}


_TYPE = {**TEXT, "description": "The name of a field type: `GET /field-type/` lists them with their options"}
_INDEXED = {**either(FLAG, one_of("search")), "default": False}
_EXPRESSION = maybe(one_of("now", "today", "uuid"))
_KEY = shape({"type": one_of("integer")})
_LABEL, _DESCRIPTION = maybe({**TEXT, "maxLength": LONGEST_LABEL}), maybe({**TEXT, "maxLength": LONGEST_DESCRIPTION})
_COMMON: dict[str, Any] = {
    "type": _TYPE,
    "required": FLAG,
    "unique": FLAG,
    "unique_ignore_case": FLAG,
    "default": ANY,
    "read_only": FLAG,
    "write_only": FLAG,
    "message": maybe({**TEXT, "minLength": 1, "maxLength": LONGEST_MESSAGE}),
    "label": _LABEL,
    "description": _DESCRIPTION,
}
_OPTIONS = {
    **{name: maybe(members) if members in (FLAG,) else members for name, members in _COMMON.items() if name != "type"},
    "id": {**maybe(NUMBER), "description": "Of an existing field: a new name renames it"},
    "position": maybe({**NUMBER, "minimum": 1}),
    "index": either(FLAG, one_of("search"), {"type": "null"}),
    "default_expression": {"anyOf": [one_of("now", "today", "uuid"), {"type": "null"}]},
    "renamed_from": maybe(TEXT),
    "aliases": maybe(listed(either(TEXT, schema("NewAlias")))),
}
_MODEL_NAME = {**TEXT, "minLength": 1, "maxLength": 63}
_UNIQUE = shape({"fields": {**listed(TEXT), "minItems": 1}}, {"name": maybe(TEXT), "nulls_distinct": maybe(FLAG)})
_INDEX_FIELD = shape({"field": TEXT}, {"descending": maybe(FLAG)})


def _index(field: dict[str, Any]) -> dict[str, Any]:
    return shape({"fields": {**listed(either(TEXT, field)), "minItems": 1}}, {"name": maybe(TEXT)})


_INDEX = _index(_INDEX_FIELD)
_TABLE_MEMBERS = {
    "label": _LABEL,
    "description": _DESCRIPTION,
    "display": {**maybe(TEXT), "description": "The name of the field that stands for a row"},
    "key": maybe(_strict(_KEY)),
    "unique": maybe(listed(_strict(_UNIQUE))),
    "indexes": maybe(listed(_strict(_index(_strict(_INDEX_FIELD))))),
}
_TABLE_CHANGES = {**_TABLE_MEMBERS, "key": maybe(_strict(shape({}, {"type": maybe(one_of("integer"))})))}
#: Members that the service tells of a table: a document may have them as they are.
_TOLD = {
    "display_field": maybe(TEXT),
    "id": maybe(NUMBER),
    "version": maybe(NUMBER),
    "linked_from": maybe(listed(OBJECT)),
}
_FIELDS = either(mapping(schema("NewField")), many("ListedField"))
_PATCHED_FIELDS = either(mapping(maybe(schema("FieldPatch"))), many("ListedField"))
_STEP = shape({"kind": TEXT}, {"field": TEXT, "before": ANY, "after": ANY}, additionalProperties=True)

_FIELD = {**TEXT, "minLength": 1}
_SHOWN = {"width": maybe({**NUMBER, "minimum": 20, "maximum": 2000}), "hidden": FLAG, "frozen": FLAG}

OF_TABLES: dict[str, dict[str, Any]] = {
    "View": shape(
        {
            "name": TEXT,
            "shared": FLAG,
            "default": FLAG,
            "owner": maybe(TEXT),
            "version": NUMBER,
            "query": {**TEXT, "description": "The query string of its rows"},
            "columns": listed(shape({"field": TEXT, **_SHOWN})),
            "problem": maybe(shape({"code": TEXT, "detail": TEXT})),
        },
        description="A saved view of rows",
    ),
    "NewView": shape(
        {"name": {**TEXT, "minLength": 1, "maxLength": 63, "examples": ["Late"]}},
        {
            "shared": FLAG,
            "default": FLAG,
            "query": {**TEXT, "maxLength": 10_000, "examples": ["id=gt.1&order=id.desc"]},
            "columns": {
                **listed(either(_FIELD, _strict(shape({"field": _FIELD}, _SHOWN)))),
                "maxItems": 2000,
            },
            "owner": maybe(TEXT),
            "version": maybe(NUMBER),
            "problem": ANY,
        },
        description="A saved view; members that are left out have their defaults",
        additionalProperties=False,
    ),
    "Table": shape(
        {
            "id": NUMBER,
            "model_name": TEXT,
            "version": NUMBER,
            "label": maybe(TEXT),
            "description": maybe(TEXT),
            "display": maybe(TEXT),
            "display_field": maybe(TEXT),
            "key": _KEY,
            "fields": mapping(schema("Field")),
            "unique": listed(_UNIQUE),
            "indexes": listed(_INDEX),
            "linked_from": listed(
                shape({"name": maybe(TEXT), "table": NUMBER, "model_name": TEXT, "field": TEXT, "on_delete": TEXT})
            ),
        },
        description="A definition in its full form",
    ),
    "BriefTable": shape(
        {
            "id": NUMBER,
            "model_name": TEXT,
            "version": NUMBER,
            "label": maybe(TEXT),
            "description": maybe(TEXT),
            "fields": NUMBER,
        },
        description="What lists for people show of a table; `fields` is their number",
    ),
    "Field": shape(
        {
            "id": NUMBER,
            "position": NUMBER,
            **_COMMON,
            "index": _INDEXED,
            "default_expression": {"anyOf": [one_of("now", "today", "uuid"), {"type": "null"}]},
            "aliases": listed(shape({"name": TEXT, "deprecated_at": MOMENT})),
        },
        description="A field, with the options of its type",
        additionalProperties=True,
    ),
    "NewField": either(
        _TYPE,
        schema("NewFieldOptions"),
        description="A field: the name of its type, or an object with options of the type besides",
    ),
    "NewFieldOptions": shape(
        {"type": _TYPE},
        {"name": {**TEXT, "description": "As the key"}, **_OPTIONS},
        description="A field with its options",
        additionalProperties=True,
    ),
    "ListedField": shape(
        {"name": TEXT, "type": _TYPE},
        _OPTIONS,
        description="A field in an array, with its options",
        additionalProperties=True,
    ),
    "FieldPatch": either(
        _TYPE,
        schema("FieldOptionsPatch"),
        description="A field in a merge patch: the name of its type, or members that change. A new one needs a type",
    ),
    "FieldOptionsPatch": shape(
        {},
        {"type": _TYPE, "name": maybe(TEXT), **_OPTIONS},
        description="Members of a field that change; null takes one away",
        additionalProperties=True,
    ),
    "NewAlias": _strict(shape({"name": TEXT}, {"deprecated_at": maybe(MOMENT)})),
    "NewTable": shape(
        {"model_name": {**_MODEL_NAME, "examples": ["Product"]}, "fields": _FIELDS},
        {**_TABLE_MEMBERS, **_TOLD},
        description="A definition; members that are left out have their defaults",
        additionalProperties=False,
    ),
    "SchemaTable": shape(
        {"fields": _FIELDS},
        {**_TABLE_MEMBERS, "renamed_from": maybe(TEXT)},
        description="A definition in the document of the whole schema: tables stand under their names",
        additionalProperties=False,
    ),
    "SchemaTablePatch": shape(
        {},
        {"fields": _PATCHED_FIELDS, **_TABLE_CHANGES, "renamed_from": maybe(TEXT)},
        description="Members of a definition that change; null takes one away. A new table needs fields",
        additionalProperties=False,
    ),
    "TablePatch": shape(
        {},
        {"model_name": maybe(_MODEL_NAME), "fields": _PATCHED_FIELDS, **_TABLE_CHANGES, **_TOLD},
        description="A merge patch (RFC 7396) of the definition in its full form: null takes a member away",
        additionalProperties=False,
    ),
    "FieldOverrides": {
        "type": "object",
        "description": "Members of the field's definition that are to be others",
        "additionalProperties": True,
    },
    "RowsPlan": shape(
        {"rows": maybe(NUMBER), "columns": listed(OBJECT), "told": ANY, "refused": listed(OBJECT)},
        {"sample": listed(ANY), "judged": NUMBER, "refused_count": NUMBER, "problem": OBJECT},
        additionalProperties=True,
    ),
    "Version": shape(
        {"version": NUMBER, "changed_at": MOMENT, "changed_by": maybe(TEXT), "steps": listed(_STEP)},
    ),
    "WholeVersion": shape(
        {
            "version": NUMBER,
            "changed_at": MOMENT,
            "changed_by": maybe(TEXT),
            "steps": listed(_STEP),
            "definition": schema("Table"),
        },
    ),
    "Difference": shape({"from": NUMBER, "to": NUMBER, "steps": listed(_STEP)}),
    "Plan": shape(
        {
            "action": TEXT,
            "table": maybe(NUMBER),
            "model_name": TEXT,
            "version": maybe(NUMBER),
            "next_version": maybe(NUMBER),
            "allowed": FLAG,
            "rows": maybe(NUMBER),
            "locks": listed(OBJECT),
            "steps": many("PlannedStep"),
            "statements": listed(TEXT),
        },
        description="What a change would do; nothing is changed",
        additionalProperties=True,
    ),
    "PlannedStep": shape(
        {"kind": TEXT},
        {
            "field": maybe(TEXT),
            "before": ANY,
            "after": ANY,
            "cost": one_of("none", "metadata", "scan", "rewrite"),
            "lock": maybe(TEXT),
            "rows_written": maybe(NUMBER),
            "statements": listed(NUMBER),
            "values": maybe(OBJECT),
            "refused": listed(OBJECT),
        },
        additionalProperties=True,
    ),
    "Health": shape(
        {
            "status": one_of("healthy", "damaged"),
            "columns": shape(
                {
                    "in_use": NUMBER,
                    "in_trash": NUMBER,
                    "dropped": NUMBER,
                    "counted": NUMBER,
                    "limit": maybe(NUMBER),
                    "left": maybe({"type": "integer"}),
                }
            ),
            "trash": NUMBER,
            "quarantine": NUMBER,
            "pending": listed(ANY),
            "warnings": listed(shape({"kind": TEXT, "detail": TEXT, "hint": maybe(TEXT)}, additionalProperties=True)),
            "differences": listed(OBJECT),
        }
    ),
    "Compaction": shape(
        {
            "phase": one_of("none", "copying", "following", "indexing", "catching_up", "swapping", "proving", "done"),
            "dropped": NUMBER,
            "rows": NUMBER,
            "copied": NUMBER,
            "size": NUMBER,
            "begun_at": maybe(MOMENT),
            "beginnings": NUMBER,
            "is_busy": FLAG,
            "obstacles": listed(TEXT),
            "locks": listed(shape({"mode": TEXT, "text": TEXT})),
        }
    ),
    "Finding": shape(
        {
            "severity": one_of("note", "warning", "error"),
            "code": TEXT,
            "detail": TEXT,
            "where": TEXT,
            "table": maybe(NUMBER),
            "mend": TEXT,
        }
    ),
    "Examination": shape(
        {
            "status": one_of("healthy", "warnings", "damaged"),
            "tables": NUMBER,
            "next": maybe(NUMBER),
            "findings": many("Finding"),
        }
    ),
    "QuarantinedValue": shape(
        {
            "id": NUMBER,
            "field": maybe(TEXT),
            "field_id": NUMBER,
            "row": NUMBER,
            "version": NUMBER,
            "type": TEXT,
            "kept_at": MOMENT,
        },
        {"value": maybe(TEXT), "reason": maybe(TEXT)},
    ),
    "QuarantineValue": shape({"value": ANY}, additionalProperties=False),
    "Correction": shape(
        {"id": {"type": "integer", "format": "int64"}},
        {"value": ANY, "discard": maybe(FLAG)},
        additionalProperties=False,
    ),
    "Corrected": shape(
        {
            "restored": listed(shape({"id": NUMBER, "row": NUMBER, "version": NUMBER})),
            "discarded": listed(NUMBER),
            "errors": many("Fault"),
            "error_count": NUMBER,
        }
    ),
    "TrashedField": shape(
        {
            "number": NUMBER,
            "name": TEXT,
            "field_id": NUMBER,
            "type": TEXT,
            "reason": one_of("dropped", "replaced"),
            "dropped_at": MOMENT,
            "dropped_version": NUMBER,
            "rows": NUMBER,
            "kept_until": maybe(MOMENT),
            "definition": OBJECT,
        }
    ),
    "TrashedTable": shape(
        {
            "number": NUMBER,
            "model_name": TEXT,
            "dropped_at": MOMENT,
            "dropped_version": NUMBER,
            "rows": NUMBER,
            "kept_until": maybe(MOMENT),
        }
    ),
}
