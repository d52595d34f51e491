"""A client's document -> a definition, given the current one (None for a new table).

All faults are collected with their JSON pointers; nothing is guessed or ignored.
"""

import itertools
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any

from dynmodel_pyramid.definitions.model import FieldDefinition, IndexDefinition, TableDefinition
from dynmodel_pyramid.definitions.names import LONGEST, model_name_fault, name_key
from dynmodel_pyramid.definitions.problems import Problems, escape
from dynmodel_pyramid.definitions.reading_fields import FieldsReader, NearNames, Resolve, no_names, no_tables
from dynmodel_pyramid.definitions.reading_options import labels
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.errors import Invalid, PreconditionFailed, Problem
from dynmodel_pyramid.fields import FieldTypes, is_sortable
from dynmodel_pyramid.fields.contract import ANY_DATABASE
from dynmodel_pyramid.hints import hint

TABLE_KEYS = (
    "id", "model_name", "version", "label", "description", "display", "display_field", "key", "fields", "unique",
    "indexes", "linked_from",
)  # fmt: skip
KEY_TYPES = ("integer",)
UNIQUE_KEYS = ("name", "fields", "nulls_distinct")
INDEX_KEYS = ("name", "fields")
#: The most characters of a name; a name made of many fields' names is long.
LONGEST_NAME = 10_000


def read_table(
    document: Any,
    before: TableDefinition | None,
    field_types: FieldTypes,
    *,
    table_prefix: str = "",
    resolve: Resolve = no_tables,
    near_tables: NearNames = no_names,
) -> TableDefinition:
    """The definition that a document asks for; its version is that of ``before`` (0 for a new table).

    :param resolve: the id of the table that an option names, by number or model name; None if there is none
    :param near_tables: the tables whose names are most like one, for hints
    :raises Invalid: with every fault
    :raises PreconditionFailed: the document's ``version`` is not the current one
    :raises PluginMissing: a field's type that stays as it was is not installed
    """
    if type(document) is not dict:
        raise Invalid([Problem("", "wrong_type", "want an object that defines a table")])
    problems = Problems()
    problems.unknown_keys(document, TABLE_KEYS, "")
    _read_only(document, before, problems)
    model_name: Any = document.get("model_name", before.model_name if before else None)
    _check_model_name(model_name, table_prefix, problems)
    key = _key(document.get("key"), before, problems)
    start = before or TableDefinition(0, "", 0, "", ())
    fields_reader = FieldsReader(start, field_types, problems, _or_itself(resolve, start, model_name), near_tables)
    fields, next_id = fields_reader.read(document.get("fields"))
    _refuse_taken_by_reverse(start, fields, problems)
    indexes, next_id = _indexes(document, start, fields, next_id, field_types, problems)
    label, description = labels(document, "", problems)
    display = _display(document, start, fields, problems)
    problems.raise_if_any()
    stays = before is not None and model_name == before.model_name
    definition = replace(
        start,
        model_name=model_name,
        physical_name=start.physical_name if stays else table_prefix + model_name,
        fields=tuple(fields),
        indexes=tuple(indexes),
        key=key,
        label=label,
        description=description,
        display=display,
        next_id=next_id,
    )
    if document.get("display_field") not in (None, *map(_display_field, (start, definition))):
        problems.add("/display_field", "read_only", "this follows from display and the fields; leave it out")
        problems.raise_if_any()
    return definition


def _read_only(document: dict[str, Any], before: TableDefinition | None, problems: Problems) -> None:
    """Check ``id`` and ``version``, which may stand in the document as GET gave them."""
    linked_from = document.get("linked_from")
    if linked_from is not None and linked_from != (table_document(before)["linked_from"] if before else []):
        problems.add("/linked_from", "read_only", "this follows from the links of other tables; leave it out")
    number, version = document.get("id"), document.get("version")
    if number is not None and (before is None or type(number) is not int or number != before.id):
        problems.add("/id", "read_only", "the table's id is given by the system and never changes")
    if version is None:
        return
    if type(version) is not int or before is None:
        problems.add("/version", "read_only", "the version is counted by the system")
    elif version != before.version:
        raise PreconditionFailed(
            f"the document is made from version {version}; the current version is {before.version}"
        )


def _or_itself(resolve: Resolve, start: TableDefinition, model_name: Any) -> Resolve:
    """Let a new table refer to itself by its name before it has an id."""

    def resolved(key: int | str) -> int | None:
        if type(key) is str and type(model_name) is str and name_key(key) == name_key(model_name):
            return start.id
        return resolve(key)

    return resolved


def _refuse_taken_by_reverse(start: TableDefinition, fields: list[FieldDefinition], problems: Problems) -> None:
    """Refuse fields with names of reverse sides: both are members of rows."""
    taken = {name_key(other.reverse): other for other in start.referrers if other.reverse is not None}
    for field in fields:
        other = taken.get(name_key(field.name))
        if other is not None and other.table_id != start.id:
            problems.add(
                f"/fields/{escape(field.name)}",
                "duplicate_name",
                f"the reverse side of {other.model_name}.{other.field} has this name",
            )


def _check_model_name(name: Any, table_prefix: str, problems: Problems) -> None:
    fault = model_name_fault(name)
    if fault:
        problems.add("/model_name", "required" if name is None else "invalid_name", fault)
    elif len((table_prefix + name).encode()) > LONGEST:
        room = LONGEST - len(table_prefix.encode())
        problems.add(
            "/model_name",
            "invalid_name",
            f"the model name must have at most {room} bytes of UTF-8: its table's name begins with {table_prefix}",
        )


def _key(key: Any, before: TableDefinition | None, problems: Problems) -> str:
    current = before.key if before else "integer"
    if key is None:
        return current
    if type(key) is not dict or set(key) != {"type"} or key["type"] not in KEY_TYPES:
        problems.add("/key", "invalid_option", 'want {"type": "integer"}')
    elif key["type"] != current and before is not None:
        problems.add("/key", "read_only", "the type of the key never changes")
    else:
        return str(key["type"])
    return current


def _display_field(definition: TableDefinition) -> str | None:
    field = definition.display_field()
    return None if field is None else field.name


def _display(
    document: dict[str, Any], start: TableDefinition, fields: Iterable[FieldDefinition], problems: Problems
) -> int | None:
    """The id of the field that ``display`` names."""
    name = problems.text(document, "display", "", most=LONGEST_NAME)
    by_name = {field.name: field for field in fields}
    if name is None:
        return None
    field = by_name.get(name)
    if field is None:
        gone = start.by_name.get(name)
        was_display = gone is not None and gone.id == start.display
        detail = (
            "is the field that stands for a row, and is dropped; name another field here, or null"
            if was_display
            else "is not the name of a field of this table"
        )
        problems.add("/display", "unknown_field", detail, hint(name, lambda: list(by_name)))
        return None
    if field.write_only:
        problems.add("/display", "invalid_option", "is a write_only field, whose values are in no row; name another")
    return field.id


# The members ``unique`` and ``indexes``


def _indexes(
    document: dict[str, Any],
    start: TableDefinition,
    fields: Iterable[FieldDefinition],
    next_id: int,
    field_types: FieldTypes,
    problems: Problems,
) -> tuple[list[IndexDefinition], int]:
    """The indexes, and the next free number. One that has the name of an earlier one keeps its number."""
    by_name = {field.name: field for field in fields}
    by_id = {field.id: field for field in by_name.values()}
    can_be_indexed = cache(lambda number: _can_be_indexed(by_id[number], field_types))
    before = {(index.unique, index.name): index for index in start.indexes}
    indexes: list[IndexDefinition] = []
    given_names = _given_names(document)
    names: set[str] = set()
    for member, unique in (("unique", True), ("indexes", False)):
        listed = document.get(member)
        if listed is not None and type(listed) is not list:
            problems.add(f"/{member}", "wrong_type", "want an array")
            continue
        for number, value in enumerate(listed or ()):
            pointer = f"/{member}/{number}"
            index = _read_index(pointer, value, unique, by_name, problems)
            if index is None:
                continue
            for part, (field, _) in enumerate(index.fields):
                if not can_be_indexed(field):
                    problems.add(f"{pointer}/fields/{part}", "invalid_option", "a field of this type can't be indexed")
            if index.name in names:
                problems.add(pointer, "duplicate_name", f"there is another rule or index called {index.name}")
            name = index.name or _free_name(index, by_name.values(), names | given_names)
            names.add(name)
            old = before.get((unique, name))
            indexes.append(replace(index, name=name, id=old.id if old else next_id))
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
    values = [value for items in listed if type(items) is list for value in items if type(value) is dict]
    return {value["name"] for value in values if type(value.get("name")) is str}


def _free_name(index: IndexDefinition, fields: Iterable[FieldDefinition], taken: set[str]) -> str:
    """A name made of the fields' names, with a number if it is taken."""
    names = {field.id: field.name for field in fields}
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
            problems.add(
                here, "unknown_field", "is not the name of a field of this table", hint(name, lambda: list(by_name))
            )
        elif by_name[name].id in [chosen for chosen, _ in parts]:
            problems.add(here, "duplicate_name", "stands here twice")
        else:
            parts.append((by_name[name].id, descending))
    return parts
