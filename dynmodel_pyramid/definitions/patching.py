"""JSON Merge Patch (RFC 7396) of a full table document, with what a table needs besides.

A plain merge patch can't rename a field or change its type: the old name would stay beside the new one, and the old
type's options would stay in the field.
"""

from typing import Any

from dynmodel_pyramid.definitions.model import TableDefinition
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.errors import Invalid, Problem
from dynmodel_pyramid.fields.registry import COMMON_OPTIONS


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2."""
    if type(patch) is not dict:
        return patch
    result = dict(target) if type(target) is dict else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def patched(definition: TableDefinition, patch: Any) -> dict[str, Any]:
    """The document that the patch makes of the definition's; :func:`read_table` reads it next.

    A field that the patch gives under a new name, with the ``id`` or ``renamed_from`` of an old one, takes the old
    one's place and options. A field whose type changes keeps the common options only.
    """
    if type(patch) is not dict:
        raise Invalid([Problem("", "wrong_type", "want an object: a JSON Merge Patch of the definition")])
    document = table_document(definition)
    fields = patch.get("fields")
    if type(fields) is not dict:
        return merge(document, patch)
    current = document["fields"]
    changes = {name: {"type": value} if type(value) is str else value for name, value in fields.items()}
    for name, change in list(changes.items()):
        if type(change) is not dict:
            continue
        former = _renamed_field(definition, name, change)
        if former is not None and former not in changes:
            current[name] = current.pop(former)
        known = current.get(name)
        if known is not None and change.get("type", known["type"]) != known["type"]:
            current[name] = {key: value for key, value in known.items() if key in COMMON_OPTIONS}
    return merge(document, {**patch, "fields": changes})


def _renamed_field(definition: TableDefinition, name: str, change: dict) -> str | None:
    number, former = change.get("id"), change.get("renamed_from")
    field = None
    if type(number) is int:
        field = definition.by_id.get(number)
    elif type(former) is str:
        field = definition.by_name.get(former)
    return field.name if field is not None and field.name != name else None
