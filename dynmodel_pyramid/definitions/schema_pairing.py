"""Pairs the tables of a document of the whole schema with existing tables. Pure.

A table continues the one of its name, or the one that its ``renamed_from`` names. A rename that has happened already is
ignored, so that a document may be applied repeatedly. Where it can't be known whether a rename has happened, the
document is refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dynmodel_pyramid.definitions.model import TableDefinition
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.problems import Problems, escape
from dynmodel_pyramid.definitions.reading_options import alias_names


@dataclass(frozen=True, slots=True)
class Entry:
    """A table as it stands in the document; ``before`` is the table that it continues, None for a new one."""

    name: str
    value: dict[str, Any]
    before: TableDefinition | None = None

    @property
    def pointer(self) -> str:
        return f"/tables/{escape(self.name)}"

    @property
    def key(self) -> str:
        return name_key(self.name)

    @property
    def former(self) -> str | None:
        """The key of the name that the table had before."""
        former = self.value.get("renamed_from")
        return None if former is None or name_key(former) == self.key else name_key(former)


@dataclass(slots=True)
class Pairing:
    """The outcome: the tables of the document, and the existing tables that are not in it."""

    entries: list[Entry] = field(default_factory=list)
    left: list[TableDefinition] = field(default_factory=list)


def pair(
    documents: Mapping[str, dict[str, Any]], current: Iterable[TableDefinition], problems: Problems, *, drops: bool
) -> Pairing:
    """:param drops: whether tables that are not in the document are dropped"""
    entries = [Entry(name, value) for name, value in documents.items()]
    by_key = {name_key(definition.model_name): definition for definition in current}
    names = {entry.key for entry in entries}
    _refuse_doubled(entries, problems)
    _refuse_circles(entries, problems)
    renamed = _renames(entries, by_key)
    for entry in entries:
        if entry.former in by_key and entry.key in by_key and entry.key not in renamed and entry.former not in names:
            problems.add(
                f"{entry.pointer}/renamed_from",
                "conflicting_name",
                f"there are both, {by_key[entry.former].model_name} and {by_key[entry.key].model_name}; "
                "drop or rename one of them first",
            )
    taken = set(renamed.values())
    pairing = Pairing()
    for entry in entries:
        own = by_key.get(entry.key)
        before = by_key[renamed[entry.key]] if entry.key in renamed else None if entry.key in taken else own
        pairing.entries.append(Entry(entry.name, entry.value, before))
    continued = {entry.before.id for entry in pairing.entries if entry.before is not None}
    pairing.left = [definition for definition in by_key.values() if definition.id not in continued]
    for entry in pairing.entries:
        missing = entry.former is not None and entry.before is None and entry.former not in by_key
        if missing and (entry.key in taken or (drops and pairing.left)):
            problems.add(
                f"{entry.pointer}/renamed_from",
                "unknown_table",
                "there is neither a table of that name nor one of the new name; "
                "leave this out if the table is a new one",
            )
    return pairing


def _renames(entries: list[Entry], by_key: Mapping[str, TableDefinition]) -> dict[str, str]:
    """New key -> old key, of the renames still to be done: the new name is free, or another rename frees it."""
    renames: dict[str, str] = {}
    pending = [(entry.key, former) for entry in entries if (former := entry.former) is not None and former in by_key]
    while True:
        free = [(key, former) for key, former in pending if key not in by_key or key in renames.values()]
        if not free:
            return renames
        renames |= dict(free)
        pending = [names for names in pending if names not in free]


def _refuse_doubled(entries: list[Entry], problems: Problems) -> None:
    names: dict[str, Entry] = {}
    formers: dict[str, Entry] = {}
    for entry in entries:
        other = names.setdefault(entry.key, entry)
        if other is not entry:
            problems.add(
                entry.pointer,
                "duplicate_name",
                f"the name clashes with that of {other.pointer} (upper and lower case count the same)",
            )
        if entry.former is not None and formers.setdefault(entry.former, entry) is not entry:
            problems.add(
                f"{entry.pointer}/renamed_from",
                "conflicting_name",
                f"{formers[entry.former].pointer} is to be that table already",
            )


def _refuse_circles(entries: list[Entry], problems: Problems) -> None:
    """Refuse to swap names of tables: the document, if applied again, would swap them back."""
    formers = {entry.key: entry.former for entry in entries if entry.former is not None}
    for entry in entries:
        key, steps = entry.former, 0
        while key is not None and key != entry.key and steps <= len(formers):
            key, steps = formers.get(key), steps + 1
        if key is not None and key == entry.key:
            problems.add(
                f"{entry.pointer}/renamed_from",
                "conflicting_name",
                "names can't be swapped in one document: applied again, it would swap them back; "
                "go by way of a third name",
            )


def without_done_renames(value: dict[str, Any], before: TableDefinition | None) -> dict[str, Any]:
    """A table without the ``renamed_from`` of fields that never existed, if no field is dropped.

    Then treating the field as new loses nothing: the environment never had the field under its earlier name.
    """
    fields_document = value.get("fields")
    if type(fields_document) is dict:
        fields = list(fields_document.items())
    elif type(fields_document) is list:
        fields = [(item.get("name"), item) for item in fields_document if type(item) is dict]
    else:
        return value
    there = before.by_name if before is not None else {}
    options = [item for _, item in fields if type(item) is dict]
    formers = {item["renamed_from"] for item in options if type(item.get("renamed_from")) is str}
    named = {name for name, _ in fields if type(name) is str} | formers
    named |= {alias for item in options for alias in alias_names(item)}
    if set(there) - named:
        return value

    def cleaned(name: Any, item: Any) -> Any:
        former = item.get("renamed_from") if type(item) is dict else None
        if type(former) is not str or type(name) is not str or former in there or name in there:
            return item
        return {key: option for key, option in item.items() if key != "renamed_from"}

    if type(fields_document) is dict:
        return {**value, "fields": {name: cleaned(name, item) for name, item in fields}}
    return {
        **value,
        "fields": [cleaned(item.get("name"), item) if type(item) is dict else item for item in fields_document],
    }
