"""JSON Merge Patch (RFC 7396) of a full table document, with rules for fields that are renamed or change their type.

A plain merge patch can't rename a field or change its type: the old name would stay beside the new one, and the old
type's options would stay in the field.
"""

from typing import Any

from dynmodel_pyramid.definitions.field_pairing import FieldEntry, pair_fields
from dynmodel_pyramid.definitions.model import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.problems import Problems, escape
from dynmodel_pyramid.definitions.reading_options import alias_names
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.errors import Invalid, Problem
from dynmodel_pyramid.fields.registry import COMMON_OPTIONS
from dynmodel_pyramid.fields.schema import MAX_DEPTH

#: The most levels of a patch: those of a table's document, and of the deepest default in it.
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
    """The definition's document with the patch applied; :func:`read_table` then reads it as the document of a PUT.

    A field under a new name, with the ``id`` or ``renamed_from`` of an old field, or with the old name among its
    ``aliases``, takes the old field's place and options, and indexes follow it. A field whose type changes keeps the
    common options only.

    :raises Invalid: the patch is not an object, or renames a field to the name of one that stays
    """
    if type(patch) is not dict:
        raise Invalid([Problem("", "wrong_type", "want an object: a JSON Merge Patch of the definition")])
    document = table_document(definition)
    fields = patch.get("fields")
    if type(fields) is not dict:
        merged: dict[str, Any] = merge(document, patch)
        return merged
    changes = {name: {"type": value} if type(value) is str else value for name, value in fields.items()}
    moved = _moved(definition, changes)
    untouched = {name: known for name, known in document["fields"].items() if name not in changes and name not in moved}
    entries = [FieldEntry(f"/fields/{escape(name)}", name, value) for name, value in {**untouched, **changes}.items()
               if type(value) is dict]  # fmt: skip
    # Faults of the pairs are reported when the document is read, which makes the same pairs.
    paired = pair_fields(definition, entries, Problems())
    continued = {entry.name: paired[entry.pointer] for entry in entries if entry.pointer in paired}
    bases = {}
    for entry in entries[len(untouched) :]:
        old = continued.get(entry.name)
        if old is None and not entry.stands_by_itself:  # refused below, for its pair alone
            old = _former(definition, changes, entry.name, entry.value) or definition.by_name.get(entry.name)
        if old is not None:
            bases[entry.name] = _base(document["fields"][old.name], entry.value)
    _rename_parts(document, definition, {old.id: name for name, old in continued.items()})
    document["fields"] = untouched | bases
    merged = merge(document, {**patch, "fields": changes})
    return merged


def _base(known: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """The document that a part of the patch is merged into. It has no id, so that only the patch names a field."""
    keeps_type = change.get("type", known["type"]) == known["type"]
    return {key: value for key, value in known.items() if key != "id" and (keeps_type or key in COMMON_OPTIONS)}


def _moved(definition: TableDefinition, changes: dict[str, Any]) -> set[str]:
    """The old names of fields that the patch gives under new names.

    :raises Invalid: such a field would take the name of one that stays: a patch never drops a field that it doesn't
        name
    """
    renamed = {name: old for name, change in changes.items() if (old := _former(definition, changes, name, change))}
    left = {old.name for old in renamed.values()}
    renamed = {name: old for name, old in renamed.items() if old.name not in changes}
    problems = [
        Problem(
            f"/fields/{escape(name)}", "duplicate_name", f"there is a field of that name, and {old.name} can't take it"
        )
        for name, old in renamed.items()
        if name in definition.by_name and name not in left
    ]
    if problems:
        raise Invalid(problems, hint="drop or rename the field that has the name first")
    return {old.name for old in renamed.values()}


def _former(definition: TableDefinition, changes: dict[str, Any], name: str, change: Any) -> FieldDefinition | None:
    """The field that a part of the patch renames."""
    if type(change) is not dict:
        return None
    number, former, old = change.get("id"), change.get("renamed_from"), None
    if number is not None:
        old = definition.by_id.get(number) if type(number) is int else None
    elif former is not None:
        old = definition.by_name.get(former) if type(former) is str else None
    elif name not in definition.by_name:
        formers = [definition.by_name.get(alias) for alias in alias_names(change) if alias not in changes]
        old = next((field for field in formers if field is not None), None)
    return None if old is None or old.name == name else old


def _rename_parts(document: dict[str, Any], definition: TableDefinition, names: dict[int, str]) -> None:
    """Let ``display`` and the indexes of a document name fields by their new names.

    :param names: of the fields that go on, by id. A dropped field keeps its name here, unless another field takes it;
        then it is None, or empty as ``display``, which is refused later.
    """
    taken = set(names.values())
    new = {old.name: names.get(old.id, None if old.name in taken else old.name) for old in definition.fields}
    if document["display"] is not None:
        document["display"] = new[document["display"]] or ""
    for rule in document["unique"]:
        rule["fields"] = [new[name] for name in rule["fields"]]
    for index in document["indexes"]:
        for part in index["fields"]:
            part["field"] = new[part["field"]]
