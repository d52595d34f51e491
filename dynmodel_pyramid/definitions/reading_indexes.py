"""The members ``unique`` and ``indexes`` of a table's document -> index definitions."""

import itertools
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from dynmodel_pyramid.definitions.model import FieldDefinition, IndexDefinition, TableDefinition
from dynmodel_pyramid.definitions.problems import Problems
from dynmodel_pyramid.fields import FieldTypes, is_sortable
from dynmodel_pyramid.fields.contract import ANY_DATABASE

UNIQUE_KEYS = ("name", "fields", "nulls_distinct")
INDEX_KEYS = ("name", "fields")
#: The most characters of a name; a name made of many fields' names is long.
LONGEST_NAME = 10_000


def read_indexes(
    document: dict[str, Any],
    start: TableDefinition,
    fields: Iterable[FieldDefinition],
    next_id: int,
    field_types: FieldTypes,
    problems: Problems,
) -> tuple[list[IndexDefinition], int]:
    """The indexes, and the next free number. One that has the name of an earlier one keeps its number."""
    by_name = {made.name: made for made in fields}
    unsortable = {made.id for made in by_name.values() if not _can_be_indexed(made, field_types)}
    before = {(index.unique, index.name): index for index in start.indexes}
    indexes: list[IndexDefinition] = []
    given_names = _given_names(document)
    names: set[str] = set()
    for member, unique in (("unique", True), ("indexes", False)):
        given = document.get(member)
        if given is not None and type(given) is not list:
            problems.add(f"/{member}", "wrong_type", "want an array")
            continue
        for number, value in enumerate(given or ()):
            pointer = f"/{member}/{number}"
            made = _read_index(pointer, value, unique, by_name, problems)
            if made is None:
                continue
            for part, (field, _) in enumerate(made.fields):
                if field in unsortable:
                    problems.add(f"{pointer}/fields/{part}", "invalid_option", "a field of this type can't be indexed")
            if made.name in names:
                problems.add(pointer, "duplicate_name", f"there is another rule or index called {made.name}")
            name = made.name or _free_name(made, by_name.values(), names | given_names)
            names.add(name)
            old = before.get((unique, name))
            indexes.append(replace(made, name=name, id=old.id if old else next_id))
            next_id += 0 if old else 1
    return indexes, next_id


def _can_be_indexed(field: FieldDefinition, field_types: FieldTypes) -> bool:
    """Whether the field has a column, and its values an order."""
    field_type = field_types[field.type]
    reference = field_type.reference(field.options)
    is_list = reference is not None and reference.many
    return is_sortable(field_type) and not is_list and field_type.column(field.options, ANY_DATABASE) is not None


def _read_index(
    pointer: str, value: Any, unique: bool, by_name: dict[str, FieldDefinition], problems: Problems
) -> IndexDefinition | None:
    allowed = UNIQUE_KEYS if unique else INDEX_KEYS
    if type(value) is not dict:
        problems.add(pointer, "wrong_type", f"want an object with {', '.join(allowed)}")
        return None
    faults = problems.total
    problems.unknown_keys(value, allowed, pointer)
    name = problems.text(value, "name", pointer, most=LONGEST_NAME)
    distinct = problems.flag(value, "nulls_distinct", pointer, default=True) if unique else True
    parts = _parts(f"{pointer}/fields", value.get("fields"), unique, by_name, problems)
    if problems.total > faults:
        return None
    return IndexDefinition(0, name or "", tuple(parts), unique, distinct)


def _given_names(document: dict[str, Any]) -> set[str]:
    listed = [document.get(member) for member in ("unique", "indexes")]
    values = [value for given in listed if type(given) is list for value in given if type(value) is dict]
    return {value["name"] for value in values if type(value.get("name")) is str}


def _free_name(index: IndexDefinition, fields: Iterable[FieldDefinition], taken: set[str]) -> str:
    """A name made of the fields' names, with a number if it is taken."""
    names = {made.id: made.name for made in fields}
    name = "_".join(names[number] for number, _ in index.fields)
    numbered = (f"{name}_{number}" for number in itertools.count(2))
    return name if name not in taken else next(free for free in numbered if free not in taken)


def _parts(
    pointer: str, listed: Any, unique: bool, by_name: dict[str, FieldDefinition], problems: Problems
) -> list[tuple[int, bool]]:
    """(id of a field, whether it descends) of each part of an index."""
    if type(listed) is not list or not listed:
        problems.add(
            pointer, "required" if listed in (None, []) else "wrong_type", "want an array of at least one field's name"
        )
        return []
    parts: list[tuple[int, bool]] = []
    for number, part in enumerate(listed):
        here, name, descending = f"{pointer}/{number}", part, False
        if type(part) is dict and not unique:
            problems.unknown_keys(part, ("field", "descending"), here)
            name, descending = part.get("field"), problems.flag(part, "descending", here)
        if type(name) is not str or name not in by_name:
            problems.add(here, "unknown_field", "is not the name of a field of this table")
        elif by_name[name].id in [chosen for chosen, _ in parts]:
            problems.add(here, "duplicate_name", "stands here twice")
        else:
            parts.append((by_name[name].id, descending))
    return parts
