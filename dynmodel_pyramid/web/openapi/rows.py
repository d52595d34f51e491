"""The schemas of a table's rows: as answers have them, as new rows and replacements are sent, as PATCH assigns.

``{name}.Part``     a row in a list: a query chooses what it has
``{name}``         a whole row
``{name}.Create``   a new row
``{name}.Replace``  what PUT takes
``{name}.Patch``    what PATCH takes
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

import colander

from dynmodel_pyramid.catalogue.references import reference_of
from dynmodel_pyramid.database.dialect import LARGEST_GIVEN_ID, LARGEST_ID
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.names import identifier
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.fields.contract import FieldType, is_computed
from dynmodel_pyramid.web.openapi.examples import example_of
from dynmodel_pyramid.web.openapi.operations import reference, schema

#: The names of the tables that the caller may see, by their ids.
Names = Mapping[int, str]
ID = {"type": "integer", "format": "int64", "minimum": 1, "maximum": LARGEST_ID}
_GIVEN_ID = {**ID, "type": ["integer", "null"], "maximum": LARGEST_GIVEN_ID, "description": "Left out, it is drawn"}
_OTHERS = re.compile(r"[^0-9A-Za-z]+")
_NUMBERED = re.compile(r"__[0-9]+\Z")


def component(definition: TableDefinition) -> str:
    """The name of a table in keys of components and in ids of operations: of letters, digits and ``_`` of ASCII.

    A name of these stands for itself; others get the table's number, so that no two are equal.
    """
    return ascii_name(definition.model_name, definition.id)


def ascii_name(name: str, number: int) -> str:
    if name.isascii() and name.isidentifier() and not _NUMBERED.search(name):
        return name
    return f"{_OTHERS.sub('_', identifier(name)).strip('_')}__{number}"


@dataclass(frozen=True, slots=True)
class Rights:
    """What the caller may do with the rows of a table.

    :param reads: whether it may read a field
    :param writes: whether it may write a field when it adds or changes rows
    :param actions: what it may do: ``read``, ``create``, ``update``, ``delete``
    :param masks: whether some rows show a value that others hide, which is null there
    """

    actions: frozenset[str]
    masks: bool
    reads: Callable[[str], bool]
    writes: Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class TableFields:
    """The fields of a table, as one caller may see them."""

    definition: TableDefinition
    types: FieldTypes
    names: Names
    rights: Rights
    _system: dict[int, bool] = dataclass_field(default_factory=dict)
    _schemas: dict[int, dict[str, Any]] = dataclass_field(default_factory=dict)

    def schemas(self) -> dict[str, Any]:
        """The schemas of rows, by their keys."""
        name, actions = component(self.definition), self.rights.actions
        made: dict[str, Any] = {}
        told = self.definition.description or self.definition.label
        if "read" in actions or actions & {"create", "update"}:
            properties = dict(self.shown())
            part: dict[str, Any] = {"type": "object", "properties": properties}
            made[f"{name}.Part"] = {
                "description": f"A row of {self.definition.model_name}, as a query selects it",
                **part,
            }
            whole = {"allOf": [reference("schemas", f"{name}.Part"), {"type": "object", "required": list(properties)}]}
            made[name] = {"description": told or f"A row of {self.definition.model_name}", **whole}
        if "create" in actions:
            made[f"{name}.Create"] = self._sent("create")
        if "update" in actions:
            made[f"{name}.Replace"] = self._sent("replace")
            made[f"{name}.Patch"] = self._sent("update")
        return made

    def shown(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The members of a row in answers."""
        yield "id", ID
        fields = [field for field in self.definition.fields if not field.write_only and self.rights.reads(field.name)]
        for field in fields:
            yield field.name, self._answered(field)
        for side in self.definition.referrers:
            if side.reverse is not None and side.reverse_limit != 0:
                yield side.reverse, schema("ReverseSide")
        for field in fields:
            for alias in field.aliases:
                yield alias.name, {**self._answered(field), "deprecated": True}

    def _answered(self, field: FieldDefinition) -> dict[str, Any]:
        if field.type not in self.types:
            return {}
        field_type = self.types[field.type]
        members = field_type.json_schema(field.options)
        if not field.required or self.rights.masks:
            members = nullable(members)
        if self.is_system(field):
            members = {**members, "readOnly": True}
        return {**members, **self._told(field)}

    def is_system(self, field: FieldDefinition) -> bool:
        """Whether no client writes the field's values."""
        if field.id not in self._system:
            field_type = self.types[field.type]
            self._system[field.id] = field_type.fill is not None or is_computed(field_type, field.options)
        return self._system[field.id]

    def _told(self, field: FieldDefinition) -> dict[str, Any]:
        told = [text for text in (field.label, field.description) if text]
        reference = reference_of(field, self.types) if field.type in self.types else None
        far = None if reference is None else self.names.get(reference.table)
        if far is not None:
            told.append(f"{'Ids of rows' if reference is not None and reference.many else 'The id of a row'} of {far}")
        return {"description": "\n\n".join(told)} if told else {}

    def _sent(self, action: str) -> dict[str, Any]:
        """The schema of a row that a client sends: ``create``, ``replace`` or ``update``."""
        properties: dict[str, Any] = {}
        required = []
        if action == "create" and self.rights.writes("id", action):
            properties["id"] = _GIVEN_ID
        if action == "replace":
            properties["id"] = {**ID, "readOnly": True}
        for field in self.definition.fields:
            if field.type not in self.types or not self.rights.writes(
                field.name, "create" if action == "create" else "update"
            ):
                continue
            is_kept = action != "create" and field.read_only
            if self.is_system(field) or (is_kept and field.write_only):
                continue
            if is_kept and action == "update":
                continue
            members = {**self._asked(field), **({"readOnly": True} if is_kept else {})}
            properties[field.name] = members
            has_default = field.default is not None or field.default_expression is not None
            is_left = action == "update" or is_kept or (action == "replace" and field.write_only)
            if field.required and not has_default and not is_left:
                required.append(field.name)
            for alias in field.aliases:
                properties[alias.name] = {**members, "deprecated": True}
                if field.name in required:
                    required.remove(field.name)  # one of the names is enough
        made: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
        return {**made, "required": required} if required else made

    def _asked(self, field: FieldDefinition) -> dict[str, Any]:
        """The schema of a value that a client sends; the same for all forms."""
        if field.id not in self._schemas:
            self._schemas[field.id] = self._sent_value(field)
        return self._schemas[field.id]

    def _sent_value(self, field: FieldDefinition) -> dict[str, Any]:
        field_type = self.types[field.type]
        members = field_type.request_schema(field.options)
        example = self._example(field, field_type, members)
        if not field.required:
            members = nullable(members)
        if field.default is not None:
            members = {**members, "default": field.default}
        if field.write_only:
            members = {**members, "writeOnly": True}
        told = self._told(field)
        return {**members, **told, **({} if example is None else {"examples": [example]})}

    def _example(self, field: FieldDefinition, field_type: FieldType, members: Mapping[str, Any]) -> Any:
        """A value that the type accepts; None: none is known."""
        if field_type.reference(field.options) is not None or field_type.existing is not None:
            return None
        example = example_of(field.type, members)
        if example is None:
            return None
        try:
            field_type.schema_node(field.options).deserialize(example)
        except (colander.Invalid, ValueError):
            return None
        return example


def nullable(members: Mapping[str, Any]) -> dict[str, Any]:
    """The same schema with null besides."""
    if not members:
        return {}
    kind = members.get("type")
    if "enum" in members or kind is None or "anyOf" in members or "oneOf" in members:
        return {"anyOf": [dict(members), {"type": "null"}]}
    kinds = kind if isinstance(kind, list) else [kind]
    return {**members, "type": [*kinds, "null"]}
