"""The document of roles and grants: JSON -> roles (docs/access.md, "Roles and grants")."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import colander

from dynmodel_pyramid.access.condition_texts import PLACEHOLDERS, is_placeholder, read_condition
from dynmodel_pyramid.access.conditions import Condition, Placeholder
from dynmodel_pyramid.access.grants import ACTIONS, ALL_FIELDS, DEFINITIONS, Action, Fields, Grant, Role, TableGrants
from dynmodel_pyramid.access.identity import ADMIN
from dynmodel_pyramid.access.store import EVERY_TABLE
from dynmodel_pyramid.access.tables import Tables
from dynmodel_pyramid.catalogue.column_expressions import is_system_value
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.problems import Problems, escape, faults
from dynmodel_pyramid.errors import DynmodelError, Malformed
from dynmodel_pyramid.fields.relative_times import relative_form
from dynmodel_pyramid.hints import Hint, hint
from dynmodel_pyramid.queries.grammar.cursor import unquoted

MOST_ROLES, MOST_TABLES, MOST_GRANTS = 200, 1000, 20
#: The most conditions in a document: each is compiled when it is read.
MOST_CONDITIONS = 5000
LONGEST_NAME, LONGEST_LABEL, LONGEST_DESCRIPTION = 63, 200, 10_000
ROLE_KEYS = ("label", "description", "tables", "definitions")
GRANT_KEYS: Mapping[Action, tuple[str, ...]] = {
    "read": ("rows", "fields"),
    "create": ("fields", "check", "preset"),
    "update": ("rows", "fields", "check", "preset"),
    "delete": ("rows",),
}
_MEANT_AS_PLACEHOLDER = re.compile(r"\{(user(?:\.[^{}]*)?|(?:now|today|tomorrow|yesterday)\b[^{}]*)\}")


def role_name_fault(name: str) -> str | None:
    """The fault of a role's name, or None."""
    if name == ADMIN:
        return "the role admin may do everything; it can't be defined"
    if not name.replace("-", "_").replace(".", "_").isidentifier() or name[0] in "-.":
        return "a role's name has letters, digits, _, - and . and begins with a letter"
    if not unicodedata.is_normalized("NFC", name):
        return "a role's name must be in Unicode normal form C"
    if len(name) > LONGEST_NAME:
        return f"a role's name has at most {LONGEST_NAME} characters"
    return None


def read_roles(document: Any, before: Mapping[str, Role], tables: Tables, pointer: str = "") -> dict[str, Role]:
    """The roles of a document, which replace those before. Grants of dropped tables stay with their roles.

    :param pointer: the document's place in another one
    :raises Invalid: the document's faults
    """
    reader = RoleReader(tables)
    roles = reader.roles(document, before, pointer)
    reader.problems.raise_if_any()
    return roles


def with_role(name: str, document: Any, before: Mapping[str, Role], tables: Tables) -> dict[str, Role]:
    """The roles before, with that one of its own document.

    :raises Invalid: the document's faults
    """
    reader = RoleReader(tables)
    others = {other: role for other, role in before.items() if other != name}
    for role in others.values():
        reader.conditions += _conditions(role)
    fault = role_name_fault(name)
    if fault:
        reader.problems.add("", "invalid_name", fault)
    if len(others) >= MOST_ROLES:
        reader.problems.add("", "too_many", f"there are {len(others)} roles already, the most")
    role = reader.role(name, document, before.get(name), "")
    reader.problems.raise_if_any()
    return {**others, name: role}


def _conditions(role: Role) -> int:
    """How many conditions its document has at most."""
    grants = [grant for of in role.tables.values() for action in ACTIONS for grant in of.of(action)]
    return sum((grant.rows is not None) + (grant.check not in (None, grant.rows)) for grant in grants)


class RoleReader:
    """Reads roles, and collects all faults."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.problems = Problems()
        #: How many there are so far.
        self.conditions = 0

    def roles(self, document: Any, before: Mapping[str, Role], pointer: str) -> dict[str, Role]:
        if not self._is_object(document, pointer, 'want an object such as {"roles": {}}'):
            return {}
        self.problems.unknown_keys(document, ("roles",), pointer)
        roles = document.get("roles")
        pointer = f"{pointer}/roles"
        if not self._is_object(roles, pointer, "want the roles: an object of names and roles"):
            return {}
        if len(roles) > MOST_ROLES:
            self.problems.add(pointer, "too_many", f"want at most {MOST_ROLES} roles, not {len(roles)}")
            return {}
        found = {}
        for name, value in roles.items():
            place = f"{pointer}/{escape(name)}"
            fault = role_name_fault(name)
            if fault:
                self.problems.add(place, "invalid_name", fault)
            else:
                found[name] = self.role(name, value, before.get(name), place)
        return found

    def role(self, name: str, value: Any, before: Role | None, pointer: str) -> Role:
        if not self._is_object(value, pointer, "want an object that defines the role"):
            return Role(name)
        self.problems.unknown_keys(value, ROLE_KEYS, pointer)
        label = self.problems.text(value, "label", pointer, most=LONGEST_LABEL)
        description = self.problems.text(value, "description", pointer, most=LONGEST_DESCRIPTION)
        definitions = value.get("definitions", DEFINITIONS[0])
        if definitions not in DEFINITIONS:
            self.problems.add(f"{pointer}/definitions", "invalid_option", f"want one of {', '.join(DEFINITIONS)}")
            definitions = DEFINITIONS[0]
        return Role(name, label, description, self._tables(name, value, before, pointer), definitions)

    def _tables(
        self, role: str, value: dict[str, Any], before: Role | None, pointer: str
    ) -> dict[int | None, TableGrants]:
        asleep = {} if before is None else before.tables
        found: dict[int | None, TableGrants] = {
            table_id: grants
            for table_id, grants in asleep.items()
            if table_id is not None and self.tables(table_id) is None
        }
        pointer = f"{pointer}/tables"
        tables = value.get("tables", {})
        if not self._is_object(tables, pointer, "want an object of model names and grants"):
            return found
        if len(tables) > MOST_TABLES:
            self.problems.add(pointer, "too_many", f"want at most {MOST_TABLES} tables, not {len(tables)}")
            return found
        seen: set[str] = set()
        for name, grants in tables.items():
            place = f"{pointer}/{escape(name)}"
            model = None if name == EVERY_TABLE else self.tables(name)
            if model is None and name != EVERY_TABLE:
                self.problems.add(place, "unknown_table", f"there is no table {name!r:.100}", self.tables.hint(name))
            elif name_key(name) in seen:
                self.problems.add(place, "duplicate_name", "the table stands here twice")
            else:
                seen.add(name_key(name))
                number = None if model is None else model.definition.id
                found[number] = self._table(role, model, grants, place)
        return found

    def _table(self, role: str, model: Model | None, value: Any, pointer: str) -> TableGrants:
        if not self._is_object(value, pointer, f"want an object with some of {', '.join(ACTIONS)}"):
            return TableGrants()
        self.problems.unknown_keys(value, ACTIONS, pointer)
        grants: dict[Action, tuple[Grant, ...]] = {
            action: self._grants(role, model, action, value[action], f"{pointer}/{action}")
            for action in ACTIONS
            if action in value
        }
        return TableGrants(**grants)

    def _grants(self, role: str, model: Model | None, action: Action, value: Any, pointer: str) -> tuple[Grant, ...]:
        if type(value) is bool:
            return (Grant(role, 0),) if value else ()
        if type(value) is list:
            if len(value) > MOST_GRANTS:
                self.problems.add(pointer, "too_many", f"want at most {MOST_GRANTS} grants, not {len(value)}")
                return ()
            places = [(each, f"{pointer}/{number}") for number, each in enumerate(value)]
        else:
            places = [(value, pointer)]
        reader = _GrantReader(self, role, model, action)
        return tuple(reader.grant(number, each, place) for number, (each, place) in enumerate(places))

    def _is_object(self, value: Any, pointer: str, wanted: str) -> bool:
        if type(value) is not dict:
            self.problems.add(pointer, "required" if value is None else "wrong_type", wanted)
            return False
        return True

    def count_condition(self, pointer: str) -> bool:
        """Whether one more condition may be read."""
        self.conditions += 1
        if self.conditions == MOST_CONDITIONS + 1:
            self.problems.add(pointer, "too_many", f"want at most {MOST_CONDITIONS} conditions in all")
        return self.conditions <= MOST_CONDITIONS


class _GrantReader:
    """Reads the grants of one action on one table; ``model`` is None for all tables."""

    def __init__(self, roles: RoleReader, role: str, model: Model | None, action: Action) -> None:
        self.roles, self.role, self.model, self.action = roles, role, model, action
        self.problems, self.tables = roles.problems, roles.tables

    def grant(self, number: int, value: Any, pointer: str) -> Grant:
        keys = GRANT_KEYS[self.action]
        if type(value) is not dict:
            self.problems.add(pointer, "wrong_type", f"want true, false, or an object with some of {', '.join(keys)}")
            return Grant(self.role, number)
        self.problems.unknown_keys(value, keys, pointer)
        value = {key: member for key, member in value.items() if key in keys}
        if self.model is None:
            self._refuse_limits(value, pointer)
            return Grant(self.role, number)
        model = self.model
        rows = self._condition(model, value["rows"], f"{pointer}/rows") if "rows" in value else None
        check = rows if self.action == "update" else None
        if "check" in value:
            check = self._condition(model, value["check"], f"{pointer}/check")
        fields = self._fields(model, value["fields"], f"{pointer}/fields") if "fields" in value else ALL_FIELDS
        preset = self._preset(model, value["preset"], f"{pointer}/preset") if "preset" in value else ()
        return Grant(self.role, number, fields, rows, check, preset)

    def _refuse_limits(self, value: dict[str, Any], pointer: str) -> None:
        for key, member in value.items():
            if key != "fields" or member != ["*"]:
                self.problems.add(
                    f"{pointer}/{key}",
                    "invalid_option",
                    'a grant on "*" is for all rows and fields: want true or false',
                )

    def _condition(self, model: Model, value: Any, pointer: str) -> Condition | None:
        if value is True:
            return None
        if type(value) is not str:
            self.problems.add(pointer, "wrong_type", "want a condition, such as status=eq.new, or true for all rows")
            return None
        if not self.roles.count_condition(pointer):
            return None
        try:
            return read_condition(value, model, self.tables, self.tables.rules)
        except DynmodelError as error:
            self.problems.add(pointer, error.code, error.detail + (f" ({error.hint})" if error.hint else ""))
            return None

    def _fields(self, model: Model, value: Any, pointer: str) -> Fields:
        if type(value) is not list:
            self.problems.add(pointer, "wrong_type", 'want an array of names, such as ["*", "-salary"]')
            return Fields(every=False)
        seen: set[str] = set()
        named, without = set(), set()
        for number, name in enumerate(value):
            place = f"{pointer}/{number}"
            if type(name) is not str:
                self.problems.add(place, "wrong_type", "want the name of a field")
            elif name in seen:
                self.problems.add(place, "duplicate_name", "it stands here twice")
            elif name in ("*", "id"):
                pass
            elif (field := model.definition.by_name.get(unquoted(name.removeprefix("-")))) is None:
                self.problems.add(place, "unknown_field", *_unknown(model, unquoted(name.removeprefix("-"))))
            elif not name.startswith("-"):
                named.add(field.id)
            elif "*" not in value:
                self.problems.add(place, "invalid_option", 'a field is left out of "*", which is not here')
            else:
                without.add(field.id)
            if type(name) is str:
                seen.add(name)
        if named & without:
            self.problems.add(pointer, "invalid_option", "a field is named and left out")
        return Fields("*" in seen, frozenset(named), frozenset(without), "id" in seen)

    def _preset(self, model: Model, value: Any, pointer: str) -> tuple[tuple[int, Any | Placeholder], ...]:
        if type(value) is not dict:
            self.problems.add(pointer, "wrong_type", "want an object of fields and values")
            return ()
        preset = []
        for name, member in value.items():
            place = f"{pointer}/{escape(name)}"
            field = model.definition.by_name.get(name)
            if field is None:
                self.problems.add(place, "unknown_field", *_unknown(model, name))
                continue
            try:
                if is_system_value(model, field):
                    self.problems.add(place, "read_only", "nobody writes this field")
                    continue
                preset.append((field.id, self._value(model, field, member, place)))
            except DynmodelError as error:
                self.problems.add(place, error.code, error.detail)
        return tuple(sorted(preset, key=lambda pair: pair[0]))

    def _value(self, model: Model, field: FieldDefinition, value: Any, pointer: str) -> Any | Placeholder:
        field_type = model.field_types[field.type]
        meant = _MEANT_AS_PLACEHOLDER.fullmatch(value) if type(value) is str else None
        if meant is not None:
            if not is_placeholder(meant[1], field_type, field.options):
                raise Malformed(f"there is no placeholder {value:.100}; there are {PLACEHOLDERS}", code="invalid")
            return Placeholder(relative_form(meant[1]) or meant[1])
        if value is None:
            if field.required:
                self.problems.add(pointer, "required", "the field is required")
            return None
        try:
            field_type.schema_node(field.options).deserialize(value)
        except colander.Invalid as error:
            for below, code, message in faults(error):
                self.problems.add(f"{pointer}{below}", code, message)
        return value


def _unknown(model: Model, name: str) -> tuple[str, Hint]:
    """Detail and hint; whoever writes roles sees all definitions."""
    detail = f"the table {model.definition.model_name} has no field {name!r:.100}"
    return detail, hint(name, lambda: model.definition.by_name)
