"""A client's document -> a definition, given the definition before (None for a new table).

Every fault is collected with its JSON pointer; nothing is guessed and nothing ignored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import colander

from dynmodel_pyramid.definitions.model import FieldDefinition, IndexDefinition, TableDefinition
from dynmodel_pyramid.definitions.names import field_name_fault, model_name_fault, name_key
from dynmodel_pyramid.errors import Invalid, PreconditionFailed, Problem
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.fields.registry import COMMON_OPTIONS, read_options
from dynmodel_pyramid.fields.schema import UNSTORABLE

TABLE_KEYS = ("id", "model_name", "version", "label", "description", "key", "fields", "unique", "indexes")
KEY_TYPES = ("integer",)


def escape(name: object) -> str:
    """One reference token of a JSON pointer (RFC 6901, section 3)."""
    return str(name).replace("~", "~0").replace("/", "~1")


def read_table(
    document: Any, before: TableDefinition | None, field_types: FieldTypes, *, table_prefix: str = ""
) -> TableDefinition:
    """The definition that a document asks for; its version is that of ``before`` (0 for a new table).

    :raises Invalid: with every fault
    :raises PreconditionFailed: the document's ``version`` is not the current one
    :raises PluginMissing: a field's type that stays as it was is not installed
    """
    return _Reader(before, field_types, table_prefix).read(document)


@dataclass
class _Reader:
    before: TableDefinition | None
    field_types: FieldTypes
    table_prefix: str
    problems: list[Problem] = field(default_factory=list)

    def fault(self, pointer: str, code: str, detail: str) -> None:
        self.problems.append(Problem(pointer, code, detail))

    def read(self, document: Any) -> TableDefinition:
        if type(document) is not dict:
            raise Invalid([Problem("", "wrong_type", "want an object that defines a table")])
        before = self.before
        for key in document:
            if key not in TABLE_KEYS:
                self.fault(f"/{escape(key)}", "unknown_key", f"unknown key; known are {', '.join(TABLE_KEYS)}")
        self.read_only(document)
        model_name = document.get("model_name", before.model_name if before else None)
        fault = model_name_fault(model_name)
        if fault:
            self.fault("/model_name", "required" if model_name is None else "invalid_name", fault)
        key = self.key(document.get("key"))
        start = before or TableDefinition(0, "", 0, "", ())
        fields, next_id = self.fields(document, start)
        indexes, next_id = self.indexes(document, start, fields, next_id)
        label, description = self.text(document, "label", ""), self.text(document, "description", "")
        if self.problems:
            raise Invalid(self.problems)
        renamed = before is None or model_name != before.model_name
        return replace(
            start,
            model_name=model_name,
            physical_name=self.table_prefix + model_name if renamed else before.physical_name,
            fields=tuple(fields),
            indexes=tuple(indexes),
            key=key,
            label=label,
            description=description,
            next_id=next_id,
        )

    def read_only(self, document: dict) -> None:
        """``id`` and ``version`` may stand in the document, as GET gave them."""
        number, version = document.get("id"), document.get("version")
        if number is not None and (self.before is None or type(number) is not int or number != self.before.id):
            self.fault("/id", "read_only", "the table's id is given by the system and never changes")
        if version is not None:
            if type(version) is not int or self.before is None:
                self.fault("/version", "read_only", "the version is counted by the system")
            elif version != self.before.version:
                raise PreconditionFailed(
                    f"the document is made from version {version}; the current version is {self.before.version}"
                )

    def key(self, key: Any) -> str:
        current = self.before.key if self.before else "integer"
        if key is None:
            return current
        if type(key) is not dict or set(key) != {"type"} or key["type"] not in KEY_TYPES:
            self.fault("/key", "invalid_option", 'want {"type": "integer"}')
        elif key["type"] != current and self.before is not None:
            self.fault("/key", "read_only", "the type of the key never changes")
        else:
            return key["type"]
        return current

    def text(self, holder: Mapping, name: str, pointer: str) -> str | None:
        value = holder.get(name)
        if value is None:
            return None
        if type(value) is not str:
            self.fault(f"{pointer}/{name}", "wrong_type", "want a string or null")
        elif UNSTORABLE.search(value):
            self.fault(f"{pointer}/{name}", "unstorable_text", "NUL and lone surrogates can't be stored")
        else:
            return value
        return None

    def flag(self, holder: Mapping, name: str, pointer: str) -> bool:
        value = holder.get(name)
        if value is None:
            return False
        if type(value) is not bool:
            self.fault(f"{pointer}/{name}", "wrong_type", "want true or false")
        return value is True

    # Fields

    def entries(self, document: dict, start: TableDefinition) -> list[tuple[str, str, dict]]:
        """(pointer, name, object) of each field, in the order of ``position`` where given, else of the document."""
        given = document.get("fields")
        entries = []
        if type(given) is dict:
            listed = [(f"/fields/{escape(name)}", name, value) for name, value in given.items()]
        elif type(given) is list:
            listed = []
            for number, value in enumerate(given):
                name = value.get("name") if type(value) is dict else None
                listed.append((f"/fields/{number}", name, value))
        else:
            self.fault("/fields", "required", "want the fields: an object of names and types, or an array of objects")
            return []
        for number, (pointer, name, value) in enumerate(listed, start=1):
            if type(value) is str:
                value = {"type": value}
            if type(value) is not dict:
                self.fault(pointer, "wrong_type", 'want the name of a type, or an object such as {"type": "string"}')
                continue
            if "name" in value and value["name"] != name:
                self.fault(f"{pointer}/name", "conflicting_name", "differs from the key under which the field stands")
            fault = field_name_fault(name)
            if fault:
                self.fault(pointer, "invalid_name", fault)
                continue
            position = value.get("position")
            if position is not None and (type(position) is not int or position < 1):
                self.fault(f"{pointer}/position", "wrong_type", "want a whole number, 1 for the first field")
                position = None
            entries.append((position or number, number, pointer, name, value))
        entries.sort(key=lambda entry: entry[:2])
        return [entry[2:] for entry in entries]

    def fields(self, document: dict, start: TableDefinition) -> tuple[list[FieldDefinition], int]:
        entries = self.entries(document, start)
        taken: dict[str, str] = {}
        for pointer, name, _ in entries:
            other = taken.setdefault(name_key(name), pointer)
            if other is not pointer:
                self.fault(
                    pointer,
                    "duplicate_name",
                    f"the name clashes with that of {other} (upper and lower case count the same)",
                )
        claimed = self.claims(entries, start)
        next_id, fields = start.next_id, []
        for pointer, name, value in entries:
            old = claimed.get(pointer)
            number = old.id if old else next_id
            next_id += 0 if old else 1
            made = self.field(pointer, name, value, old, number)
            if made is not None:
                fields.append(made)
        return fields, next_id

    def claims(self, entries, start: TableDefinition) -> dict[str, FieldDefinition]:
        """Which earlier field each entry continues: by id if given, else by ``renamed_from``, else by name."""
        claimed: dict[str, FieldDefinition] = {}
        by_id: dict[int, str] = {}
        names = {name for _, name, _ in entries}
        for pointer, name, value in entries:
            number, former = value.get("id"), value.get("renamed_from")
            old = None
            if number is not None:
                old = start.by_id.get(number) if type(number) is int else None
                if old is None:
                    self.fault(f"{pointer}/id", "unknown_id", "is not the id of a field of this table")
                    continue
                if former is not None and old.name not in (former, name):
                    self.fault(f"{pointer}/renamed_from", "conflicting_name", f"the field with this id is {old.name}")
                    continue
            elif former is not None:
                old = start.by_name.get(former) if type(former) is str else None
                if old is None and name in start.by_name:
                    old = start.by_name[name]  # the rename has happened already: the document is sent again
                elif old is None:
                    self.fault(f"{pointer}/renamed_from", "unknown_field", "there is no field of that name")
                    continue
                elif former in names and former != name:
                    self.fault(f"{pointer}/renamed_from", "conflicting_name", "a field of that name is still there")
                    continue
            if old is not None:
                if old.id in by_id:
                    self.fault(f"{pointer}/id", "duplicate_id", f"{by_id[old.id]} has the same id")
                    continue
                by_id[old.id] = pointer
                claimed[pointer] = old
        for pointer, name, value in entries:
            old = start.by_name.get(name)
            by_itself = value.get("id") is None and value.get("renamed_from") is None
            if by_itself and old is not None and old.id not in by_id:
                by_id[old.id] = pointer
                claimed[pointer] = old
        return claimed

    def field(self, pointer: str, name: str, value: dict, old: FieldDefinition | None, number: int):
        type_name = value.get("type")
        if type(type_name) is not str:
            self.fault(f"{pointer}/type", "required" if type_name is None else "wrong_type", "want the name of a type")
            return None
        if type_name not in self.field_types:
            if old is not None and old.type == type_name:
                self.field_types[type_name]  # raises PluginMissing: the stored type is gone
            self.fault(
                f"{pointer}/type",
                "unknown_type",
                f"there is no field type {type_name!r}; installed are {', '.join(self.field_types.names())}",
            )
            return None
        field_type = self.field_types[type_name]
        own = {key: item for key, item in value.items() if key not in COMMON_OPTIONS}
        try:
            options = read_options(field_type, own)
        except colander.Invalid as error:
            self.option_faults(pointer, error, own)
            return None
        required, unique, index = (self.flag(value, flag, pointer) for flag in ("required", "unique", "index"))
        if (unique or index) and not field_type.sortable:
            self.fault(
                f"{pointer}/{'unique' if unique else 'index'}",
                "invalid_option",
                f"a field of type {type_name} can't be indexed",
            )
        default = value.get("default")
        if default is not None:
            try:
                field_type.schema_node(options).deserialize(default)
            except colander.Invalid as error:
                self.fault(f"{pointer}/default", getattr(error, "code", "invalid"), _message(error))
        return FieldDefinition(
            id=number,
            name=name,
            type=type_name,
            column=old.column if old and old.name == name else name,
            options=options,
            options_version=field_type.options_version,
            required=required,
            unique=unique,
            index=index,
            default=default,
            label=self.text(value, "label", pointer),
            description=self.text(value, "description", pointer),
        )

    def option_faults(self, pointer: str, error: colander.Invalid, own: dict) -> None:
        if isinstance(error, colander.UnsupportedFields):
            known = ", ".join(
                sorted({child.name for child in error.node.children} | set(COMMON_OPTIONS) - {"name", "renamed_from"})
            )
            for key in error.fields:
                self.fault(f"{pointer}/{escape(key)}", "unknown_option", f"unknown option; known are {known}")
            return
        leaves = error.children or [error]
        for leaf in leaves:
            path = f"{pointer}/{escape(leaf.node.name)}" if leaf is not error else pointer
            self.fault(path, getattr(leaf, "code", "invalid_option"), _message(leaf))

    # Indexes

    def indexes(self, document, start, fields, next_id) -> tuple[list[IndexDefinition], int]:
        by_name = {made.name: made.id for made in fields}
        before = {(index.unique, index.name): index for index in start.indexes}
        indexes, names = [], set()
        for member, unique in (("unique", True), ("indexes", False)):
            given = document.get(member) or []
            if type(given) is not list:
                self.fault(f"/{member}", "wrong_type", "want an array")
                continue
            for number, value in enumerate(given):
                pointer = f"/{member}/{number}"
                made = self.one_index(pointer, value, unique, by_name)
                if made is None:
                    continue
                if made.name in names:
                    self.fault(pointer, "duplicate_name", f"there is another rule or index called {made.name}")
                names.add(made.name)
                old = before.get((unique, made.name))
                if old is not None:
                    made = replace(made, id=old.id)
                else:
                    made = replace(made, id=next_id)
                    next_id += 1
                indexes.append(made)
        return indexes, next_id

    def one_index(self, pointer: str, value: Any, unique: bool, by_name: dict[str, int]) -> IndexDefinition | None:
        allowed = {"name", "fields", "nulls_distinct"} if unique else {"name", "fields"}
        if type(value) is not dict or not set(value) <= allowed:
            self.fault(pointer, "wrong_type", f"want an object with {', '.join(sorted(allowed))}")
            return None
        parts, faults = [], len(self.problems)
        listed = value.get("fields")
        if type(listed) is not list or not listed:
            self.fault(f"{pointer}/fields", "required", "want an array of field names")
            return None
        for number, part in enumerate(listed):
            name, descending = part, False
            if not unique and type(part) is dict and set(part) <= {"field", "descending"}:
                name, descending = part.get("field"), self.flag(part, "descending", f"{pointer}/fields/{number}")
            if type(name) is not str or name not in by_name:
                self.fault(f"{pointer}/fields/{number}", "unknown_field", "is not the name of a field of this table")
            elif by_name[name] in [chosen for chosen, _ in parts]:
                self.fault(f"{pointer}/fields/{number}", "duplicate_name", "stands here twice")
            else:
                parts.append((by_name[name], descending))
        name = self.text(value, "name", pointer)
        distinct = True if value.get("nulls_distinct") is None else self.flag(value, "nulls_distinct", pointer)
        if len(self.problems) > faults:
            return None
        return IndexDefinition(
            0,
            name or "_".join(part if type(part) is str else part["field"] for part in listed),
            tuple(parts),
            unique,
            distinct,
        )


def _message(error: colander.Invalid) -> str:
    """All messages of an error and of its parts, in one sentence."""
    parts = error.asdict(separator="; ").values()
    return "; ".join(dict.fromkeys(str(part) for part in parts))
