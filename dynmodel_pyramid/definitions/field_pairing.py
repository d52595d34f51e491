"""Pairs the fields of a document with a table's fields: by ``id``, ``renamed_from``, name, or alias. Pure.

All documents use these rules: those of PUT, the parts of a PATCH, and documents of the whole schema.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dynmodel_pyramid.definitions.model import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.problems import Problems
from dynmodel_pyramid.definitions.reading_options import alias_names
from dynmodel_pyramid.hints import hint


@dataclass(frozen=True, slots=True)
class FieldEntry:
    """One field as it stands in a document."""

    pointer: str
    name: str
    value: dict[str, Any]

    @property
    def stands_by_itself(self) -> bool:
        """Whether the entry names no earlier field."""
        return self.value.get("id") is None and self.value.get("renamed_from") is None


def pair_fields(
    start: TableDefinition, entries: Iterable[FieldEntry], problems: Problems
) -> dict[str, FieldDefinition]:
    """Pointer of an entry -> the earlier field that it continues: by id if given, else by ``renamed_from``, else by
    name, else one that nothing else continues and that is an alias of the entry.
    """
    entries = list(entries)
    claimed: dict[str, FieldDefinition] = {}
    by_id: dict[int, str] = {}
    names = {entry.name for entry in entries}
    for entry in entries:
        old = _named_field(start, entry, names, problems)
        if old is None:
            continue
        if old.id in by_id:
            problems.add(f"{entry.pointer}/id", "duplicate_id", f"{by_id[old.id]} has the same id")
            continue
        by_id[old.id] = entry.pointer
        claimed[entry.pointer] = old
    for entry in entries:
        old = start.by_name.get(entry.name)
        if entry.stands_by_itself and old is not None and old.id not in by_id:
            by_id[old.id] = entry.pointer
            claimed[entry.pointer] = old
    for entry in entries:
        former = [start.by_name[name] for name in alias_names(entry.value) if name in start.by_name]
        old = next((old for old in former if old.id not in by_id), None)
        if entry.stands_by_itself and old is not None and entry.pointer not in claimed:
            by_id[old.id] = entry.pointer
            claimed[entry.pointer] = old
    return claimed


def _named_field(
    start: TableDefinition, entry: FieldEntry, names: set[str], problems: Problems
) -> FieldDefinition | None:
    """The earlier field that an entry names by ``id`` or ``renamed_from``."""
    number, former, name = entry.value.get("id"), entry.value.get("renamed_from"), entry.name
    if former is not None and type(former) is not str:
        problems.add(f"{entry.pointer}/renamed_from", "wrong_type", "want the field's earlier name")
        return None
    if number is not None:
        return _numbered_field(start, entry, problems)
    if former is None:
        return None
    old = start.by_name.get(former)
    if old is None and name in start.by_name:
        return start.by_name[name]  # the rename has happened already: the same document was sent before
    if old is None:
        near = hint(former, lambda: start.by_name)
        problems.add(f"{entry.pointer}/renamed_from", "unknown_field", "there is no field of that name", near)
    elif former in names and former != name:
        problems.add(
            f"{entry.pointer}/renamed_from",
            "conflicting_name",
            "a field of that name is still there; give the ids to say which field is which",
        )
        return None
    return old


def _numbered_field(start: TableDefinition, entry: FieldEntry, problems: Problems) -> FieldDefinition | None:
    number, former = entry.value["id"], entry.value.get("renamed_from")
    old = start.by_id.get(number) if type(number) is int else None
    if old is None:
        problems.add(f"{entry.pointer}/id", "unknown_id", "is not the id of a field of this table")
        return None
    # A rename that has happened already names a field that is not there any more.
    is_done = old.name == entry.name and former not in start.by_name
    if former in (None, old.name) or is_done:
        return old
    problems.add(f"{entry.pointer}/renamed_from", "conflicting_name", f"the field with this id is {old.name}")
    return None
