"""Definition -> the full document that clients get. Reading it back changes nothing."""

from collections.abc import Callable
from typing import Any

from dynmodel_pyramid.definitions.model import FieldDefinition, TableDefinition


def field_document(field: FieldDefinition, position: int) -> dict[str, Any]:
    return {
        "id": field.id,
        "position": position,
        "type": field.type,
        "required": field.required,
        "unique": field.unique,
        "index": field.index,
        "default": field.default,
        "default_expression": field.default_expression,
        "unique_ignore_case": field.unique_ignore_case,
        "read_only": field.read_only,
        "write_only": field.write_only,
        "aliases": [{"name": alias.name, "deprecated_at": alias.deprecated_at} for alias in field.aliases],
        "message": field.message,
        "label": field.label,
        "description": field.description,
        **field.options,
    }


def table_document(definition: TableDefinition, is_shown: Callable[[str], bool] = lambda name: True) -> dict[str, Any]:
    """:param is_shown: whether rows show the client a field, by its name"""
    names = {field.id: field.name for field in definition.fields}
    display = definition.display_field(is_shown)
    return {
        "id": definition.id,
        "model_name": definition.model_name,
        "version": definition.version,
        "label": definition.label,
        "description": definition.description,
        "display": None if definition.display is None else names[definition.display],
        "display_field": None if display is None else display.name,
        "key": {"type": definition.key},
        "fields": {
            field.name: field_document(field, position) for position, field in enumerate(definition.fields, start=1)
        },
        "unique": [
            {
                "name": index.name,
                "fields": [names[number] for number, descending in index.fields],
                "nulls_distinct": index.nulls_distinct,
            }
            for index in definition.indexes
            if index.unique
        ],
        "indexes": [
            {
                "name": index.name,
                "fields": [{"field": names[number], "descending": descending} for number, descending in index.fields],
            }
            for index in definition.indexes
            if not index.unique
        ],
        "linked_from": [
            {
                "name": referrer.reverse,
                "table": referrer.table_id,
                "model_name": referrer.model_name,
                "field": referrer.field,
                "on_delete": referrer.on_delete,
            }
            for referrer in definition.referrers
        ],
    }
