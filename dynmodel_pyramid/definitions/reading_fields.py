"""The fields of a table's document -> field definitions: which earlier field each continues, its type and options."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import colander

from dynmodel_pyramid.database.dialect import LARGEST_ID
from dynmodel_pyramid.definitions.field_pairing import FieldEntry, pair_fields
from dynmodel_pyramid.definitions.model import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.names import field_name_fault, model_name_fault, name_key
from dynmodel_pyramid.definitions.problems import Problems, escape, faults
from dynmodel_pyramid.definitions.reading_options import (
    check_aliases,
    check_options_of_all,
    check_rules,
    index_of,
    labels,
    read_options_of_all,
)
from dynmodel_pyramid.errors import ExtraMissing, OptionUnsupported
from dynmodel_pyramid.fields import FieldType, FieldTypes, is_sortable, schema
from dynmodel_pyramid.fields.contract import options_version
from dynmodel_pyramid.fields.numerals import whole
from dynmodel_pyramid.fields.registry import COMMON_OPTIONS, option_names, options_schema, read_options
from dynmodel_pyramid.hints import asked, hint

#: A table's number or model name -> its id; None if there is no such table.
Resolve = Callable[[int | str], int | None]
#: A name that no table has -> the names of tables that are most like it.
NearNames = Callable[[str], list[str]]


def _may_be_table(key: int | str) -> bool:
    """Whether a table could have this number or name, so that it is worth asking the database."""
    return 1 <= key <= LARGEST_ID if type(key) is int else model_name_fault(key) is None


def no_tables(key: int | str) -> int | None:
    """The :data:`Resolve` where there are no other tables."""


def no_names(name: str) -> list[str]:
    """The :data:`NearNames` where there are no other tables."""
    return []


@dataclass(frozen=True, slots=True)
class FieldsReader:
    """Reads the member ``fields``, given the current definition."""

    start: TableDefinition
    field_types: FieldTypes
    problems: Problems
    resolve: Resolve = no_tables
    near_tables: NearNames = no_names

    def read(self, fields_document: Any) -> tuple[list[FieldDefinition], int]:
        """The fields in their order, and the next free number."""
        entries = self.entries(fields_document)
        taken: dict[str, str] = {}
        for entry in entries:
            other = taken.setdefault(name_key(entry.name), entry.pointer)
            if other is not entry.pointer:
                self.problems.add(
                    entry.pointer,
                    "duplicate_name",
                    f"the name clashes with that of {other} (upper and lower case count the same)",
                )
        claimed = pair_fields(self.start, entries, self.problems)
        next_id, fields, pointers = self.start.next_id, [], []
        for entry in entries:
            old = claimed.get(entry.pointer)
            field = self.field(entry, old, old.id if old else next_id)
            next_id += 0 if old else 1
            if field is not None:
                check_rules(field, old, self.field_types[field.type], entry.pointer, self.problems)
                fields.append(field)
                pointers.append(entry.pointer)
        check_aliases(zip(pointers, fields, strict=True), self.start.id, self.start.referrers, self.problems)
        return fields, next_id

    def entries(self, fields_document: Any) -> list[FieldEntry]:
        """The fields in the order of ``position`` if they have it, else in the document's."""
        if type(fields_document) is dict:
            listed = [(f"/fields/{escape(name)}", name, value) for name, value in fields_document.items()]
        elif type(fields_document) is list:
            listed = [
                (f"/fields/{number}", value.get("name") if type(value) is dict else None, value)
                for number, value in enumerate(fields_document)
            ]
        else:
            self.problems.add(
                "/fields",
                "required" if fields_document is None else "wrong_type",
                "want the fields: an object of names and types, or an array of objects",
            )
            return []
        placed = []
        for number, (pointer, name, value) in enumerate(listed, start=1):
            if type(value) is str and type(fields_document) is dict:
                value = {"type": value}
            if type(value) is not dict:
                self.problems.add(
                    pointer, "wrong_type", 'want the name of a type, or an object such as {"type": "string"}'
                )
                continue
            if "name" in value and value["name"] != name:
                self.problems.add(
                    f"{pointer}/name", "conflicting_name", "differs from the key under which the field stands"
                )
            fault = field_name_fault(name)
            if fault:
                self.problems.add(pointer, "invalid_name", fault)
                continue
            placed.append((self.position(value, pointer) or number, number, FieldEntry(pointer, name, value)))
        placed.sort(key=lambda item: item[:2])
        return [entry for _, _, entry in placed]

    def position(self, value: dict[str, Any], pointer: str) -> int | None:
        if value.get("position") is None:
            return None
        position = whole(value["position"])
        if position is not None and position >= 1:
            return position
        self.problems.add(f"{pointer}/position", "wrong_type", "want a whole number, 1 for the first field")
        return None

    # One field

    def field(self, entry: FieldEntry, old: FieldDefinition | None, number: int) -> FieldDefinition | None:
        value, pointer, problems = entry.value, entry.pointer, self.problems
        required, unique = (problems.flag(value, flag, pointer) for flag in ("required", "unique"))
        index = index_of(value, pointer, problems)
        label, description = labels(value, pointer, problems)
        further = read_options_of_all(value, old, pointer, problems)
        field_type = self.field_type(value.get("type"), pointer, old)
        if field_type is None:
            return None
        options = self.options(field_type, value, pointer, old)
        if (unique or index) and not is_sortable(field_type):
            problems.add(
                f"{pointer}/{'unique' if unique else 'index'}",
                "invalid_option",
                f"a field of type {value['type']} can't be indexed",
            )
        if options is None:
            return None
        field = FieldDefinition(
            id=number,
            name=entry.name,
            type=value["type"],
            column=old.column if old and old.name == entry.name else entry.name,
            options=options,
            options_version=options_version(field_type),
            required=required,
            unique=unique,
            index=index,
            default=self.default(field_type, options, value.get("default"), pointer, old),
            label=label,
            description=description,
            **further,
        )
        check_options_of_all(field, field_type, pointer, problems)
        return field

    def field_type(self, name: Any, pointer: str, old: FieldDefinition | None) -> FieldType | None:
        if type(name) is not str:
            self.problems.add(
                f"{pointer}/type", "required" if name is None else "wrong_type", "want the name of a type"
            )
            return None
        if name in self.field_types:
            return self.field_types[name]
        if old is not None and old.type == name:
            self.field_types[name]  # raises PluginMissing: the stored type is gone
        self.problems.add(
            f"{pointer}/type",
            "unknown_type",
            f"there is no field type {name!r:.100}; installed are {', '.join(self.field_types.names())}",
            partial(self.field_types.meant, name),
        )
        return None

    def options(
        self, field_type: FieldType, value: dict[str, Any], pointer: str, old: FieldDefinition | None
    ) -> dict[str, Any] | None:
        """The type's own options in full form; None if one of them is wrong."""
        known = option_names(field_type)
        own = {key: item for key, item in value.items() if key in known}
        for key in value:
            if key not in known and key not in COMMON_OPTIONS:
                names = sorted({*known, *COMMON_OPTIONS} - {"name", "renamed_from"})
                detail = f"unknown option; known are {', '.join(names)}"
                near = hint(key, partial(list, names))
                self.problems.add(f"{pointer}/{escape(key)}", "unknown_option", detail, near)
        try:
            options = self.with_tables(field_type, read_options(field_type, own), pointer)
            if options is not None and not self.supported(field_type, value["type"], options, pointer, old):
                return None
            if options is not None:
                field_type.schema_node(options)  # a missing requirement is found here, not with the first row
            return options
        except ExtraMissing as error:
            self.problems.add(f"{pointer}/type", error.code, f"{error.detail}: {error.hint}")
            return None
        except colander.Invalid as error:
            for below, code, message in faults(error, "invalid_option"):
                self.problems.add(f"{pointer}{below}", code, message)
            return None

    def supported(
        self, field_type: FieldType, name: str, options: dict[str, Any], pointer: str, old: FieldDefinition | None
    ) -> bool:
        """Whether the type supports the options. Options that are stored already may stay as they are."""
        unsupported = field_type.unsupported(options)
        if unsupported is None:
            return True
        if old is not None and old.type == name and old.options.get(unsupported.option) == options[unsupported.option]:
            return True
        self.problems.add(f"{pointer}/{unsupported.option}", "invalid_option", unsupported.reason)
        return False

    def with_tables(self, field_type: FieldType, options: dict[str, Any], pointer: str) -> dict[str, Any] | None:
        """The options, with ids in the place of tables' names."""
        for child in options_schema(field_type).children:
            named = options[child.name]
            if not isinstance(child.typ, schema.Table) or named is None:
                continue
            options[child.name] = self.resolve(named) if _may_be_table(named) else None
            if options[child.name] is None:
                near = partial(self.near_table, named) if type(named) is str else None
                detail = f"there is no table {named!r:.100}"
                self.problems.add(f"{pointer}/{child.name}", "unknown_table", detail, near)
                return None
        return options

    def near_table(self, name: str) -> str | None:
        """The hint for the name of a table that does not exist."""
        return asked(self.near_tables(name))

    def default(
        self, field_type: FieldType, options: dict[str, Any], value: Any, pointer: str, old: FieldDefinition | None
    ) -> Any:
        if value is not None:
            try:
                field_type.schema_node(options).deserialize(value)
            except colander.Invalid as error:
                for below, code, message in faults(error):
                    self.problems.add(f"{pointer}/default{below}", code, message)
            except OptionUnsupported as error:
                if old is None or old.default != value:
                    self.problems.add(f"{pointer}/default", error.code, error.detail)
        return value
