"""JSON Merge Patch (RFC 7396) of a full table document, with what a table needs besides.

A plain merge patch can't rename a field or change its type: the old name would stay beside the new one, and the old
type's options would stay in the field.
"""

from typing import Any

from dynmodel_pyramid.definitions.model import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.problems import escape
from dynmodel_pyramid.definitions.reading_options import alias_names
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.errors import Invalid, Problem
from dynmodel_pyramid.fields.registry import COMMON_OPTIONS
from dynmodel_pyramid.fields.schema import MAX_DEPTH

#: Levels of a patch: those of a table's document, and of the deepest default in it.
_DEEPEST = MAX_DEPTH + 10


def merge(target: Any, patch: Any, level: int = 0) -> Any:
    """RFC 7396, section 2.

    :raises Invalid: the patch is nested deeper than any document of a table
    """
    if type(patch) is not dict:
        return patch
    if level > _DEEPEST:
        raise Invalid([Problem("", "too_deep", f"nested deeper than {_DEEPEST} levels")])
    result = dict(target) if type(target) is dict else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value, level + 1)
    return result


def patched(definition: TableDefinition, patch: Any) -> dict[str, Any]:
    """The document that the patch makes of the definition's; :func:`read_table` reads it next.

    A field that the patch gives under a new name, with the ``id`` or ``renamed_from`` of an old one, or with an old
    one's name among its ``aliases``, takes the old
    one's place and options, and indexes follow it. A field whose type changes keeps the common options only.

    :raises Invalid: it is no object, or it renames a field to the name of one that stays
    """
    if type(patch) is not dict:
        raise Invalid([Problem("", "wrong_type", "want an object: a JSON Merge Patch of the definition")])
    document = table_document(definition)
    fields = patch.get("fields")
    if type(fields) is not dict:
        return merge(document, patch)
    changes = {name: {"type": value} if type(value) is str else value for name, value in fields.items()}
    renamed = _renamed(definition, changes)
    _refuse_overwriting(definition, changes, renamed)
    left = {old.name for old in renamed.values()}
    current = {name: known for name, known in document["fields"].items() if name not in left}
    current |= {name: document["fields"][old.name] for name, old in renamed.items()}
    for name, change in changes.items():
        known = current.get(name)
        if known is not None and type(change) is dict and change.get("type", known["type"]) != known["type"]:
            current[name] = {key: value for key, value in known.items() if key in COMMON_OPTIONS}
    document["fields"] = current
    _rename_parts(document, {old.name: name for name, old in renamed.items()})
    return merge(document, {**patch, "fields": changes})


def _renamed(definition: TableDefinition, changes: dict[str, Any]) -> dict[str, FieldDefinition]:
    """New name -> the field that gets it. :func:`read_table` refuses two names for one field."""
    renamed: dict[str, FieldDefinition] = {}
    for name, change in changes.items():
        if type(change) is not dict:
            continue
        number, former = change.get("id"), change.get("renamed_from")
        old = None
        if type(number) is int:
            old = definition.by_id.get(number)
        elif number is None and type(former) is str and former not in changes:
            old = definition.by_name.get(former)
        elif number is None and former is None and name not in definition.by_name:
            formers = [definition.by_name.get(alias) for alias in alias_names(change) if alias not in changes]
            old = next((found for found in formers if found is not None and found not in renamed.values()), None)
        if old is not None and old.name != name:
            renamed[name] = old
    return renamed


def _refuse_overwriting(
    definition: TableDefinition, changes: dict[str, Any], renamed: dict[str, FieldDefinition]
) -> None:
    left = {old.name for old in renamed.values()}
    problems = [
        Problem(
            f"/fields/{escape(name)}", "duplicate_name", f"there is a field of that name, and {old.name} can't take it"
        )
        for name, old in renamed.items()
        if name in definition.by_name and name not in left
    ]
    if problems:
        raise Invalid(problems, hint="drop or rename the field that has the name first")


def _rename_parts(document: dict[str, Any], names: dict[str, str]) -> None:
    """Let the indexes of a document name renamed fields by their new names."""
    for rule in document["unique"]:
        rule["fields"] = [names.get(name, name) for name in rule["fields"]]
    for index in document["indexes"]:
        for part in index["fields"]:
            part["field"] = names.get(part["field"], part["field"])
