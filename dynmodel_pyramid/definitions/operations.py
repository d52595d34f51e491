"""The operations of a change of a table's definition, as values (:mod:`~.compare` finds them)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dynmodel_pyramid.definitions.model import FieldDefinition, IndexDefinition, Referrer, TableDefinition, same_json

#: The aspects of a field, besides its id: aspect -> the attributes that change together.
ASPECTS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "column"),
    "type": ("type", "options", "options_version"),
    "options": ("options", "options_version"),
    "required": ("required",),
    "unique": ("unique", "unique_ignore_case", "folding"),
    "index": ("index",),
    "default": ("default", "default_expression"),
    "access": ("read_only", "write_only"),
    "labels": ("label", "description", "message", "aliases"),
}
#: Attributes that clients don't know.
_INNER = ("column", "options_version", "folding")
_KINDS = {
    "name": "rename_field",
    "type": "retype_field",
    "options": "change_options",
    "access": "change_access",
    "labels": "relabel_field",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One part of a change. ``kind`` is its name in plans and in the history, which call it a step."""

    @property
    def kind(self) -> str:
        raise NotImplementedError

    @property
    def key(self) -> tuple[str, int]:
        """An aspect, and the id of a field or index (0: the table)."""
        return "table", 0

    def apply(self, definition: TableDefinition) -> TableDefinition:
        raise NotImplementedError

    def details(self) -> dict[str, Any]:
        """The members besides ``kind`` in a client's document, as JSON."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class ChangeField(Operation):
    """One aspect of a field changes; ``before`` and ``after`` are the whole field."""

    aspect: str
    before: FieldDefinition
    after: FieldDefinition

    @property
    def kind(self) -> str:
        if self.aspect in _KINDS:
            return _KINDS[self.aspect]
        is_set = any(getattr(self.after, name) not in (None, False) for name in ASPECTS[self.aspect])
        return f"{'set' if is_set else 'lift'}_{self.aspect}"

    @property
    def key(self) -> tuple[str, int]:
        return self.aspect, self.after.id

    def apply(self, definition: TableDefinition) -> TableDefinition:
        changed = {name: getattr(self.after, name) for name in ASPECTS[self.aspect]}
        fields = (replace(field, **changed) if field.id == self.after.id else field for field in definition.fields)
        return replace(definition, fields=tuple(fields))

    def details(self) -> dict[str, Any]:
        before, after = self._shown(self.before), self._shown(self.after)
        changed = [name for name in {**before, **after} if not same_json(before.get(name), after.get(name))]
        return {
            "field": self.after.name,
            "before": {name: before[name] for name in changed if name in before},
            "after": {name: after[name] for name in changed if name in after},
        }

    def _shown(self, field: FieldDefinition) -> dict[str, Any]:
        members = {name: getattr(field, name) for name in ASPECTS[self.aspect] if name not in _INNER}
        if "aliases" in members:
            members["aliases"] = [alias.name for alias in field.aliases]
        return members | dict(members.pop("options", {}))


@dataclass(frozen=True, slots=True)
class AddField(Operation):
    """A new field, or a dropped one that is restored."""

    field: FieldDefinition
    restored: bool = False

    @property
    def kind(self) -> str:
        return "restore_field" if self.restored else "add_field"

    @property
    def key(self) -> tuple[str, int]:
        return "field", self.field.id

    def apply(self, definition: TableDefinition) -> TableDefinition:
        next_id = max(definition.next_id, self.field.id + 1)
        return replace(definition, fields=(*definition.fields, self.field), next_id=next_id)

    def details(self) -> dict[str, Any]:
        return {"field": self.field.name, "after": {"type": self.field.type, **self.field.options}}


@dataclass(frozen=True, slots=True)
class DropField(Operation):
    """A field goes to the trash."""

    field: FieldDefinition
    kind = "drop_field"

    @property
    def key(self) -> tuple[str, int]:
        return "field", self.field.id

    def apply(self, definition: TableDefinition) -> TableDefinition:
        return replace(definition, fields=tuple(field for field in definition.fields if field.id != self.field.id))

    def details(self) -> dict[str, Any]:
        return {"field": self.field.name, "before": {"type": self.field.type, **self.field.options}}


@dataclass(frozen=True, slots=True)
class AddIndex(Operation):
    """An index, or a rule of uniqueness, over several fields; ``names`` are the fields' names."""

    index: IndexDefinition
    names: tuple[str, ...]

    @property
    def kind(self) -> str:
        return "add_unique" if self.index.unique else "add_index"

    @property
    def key(self) -> tuple[str, int]:
        return "several", self.index.id

    def apply(self, definition: TableDefinition) -> TableDefinition:
        next_id = max(definition.next_id, self.index.id + 1)
        return replace(definition, indexes=(*definition.indexes, self.index), next_id=next_id)

    def details(self) -> dict[str, Any]:
        return {"index": self.index.name, "after": _index_details(self.index, self.names)}


@dataclass(frozen=True, slots=True)
class DropIndex(Operation):
    index: IndexDefinition
    names: tuple[str, ...]

    @property
    def kind(self) -> str:
        return "drop_unique" if self.index.unique else "drop_index"

    @property
    def key(self) -> tuple[str, int]:
        return "several", self.index.id

    def apply(self, definition: TableDefinition) -> TableDefinition:
        return replace(definition, indexes=tuple(index for index in definition.indexes if index.id != self.index.id))

    def details(self) -> dict[str, Any]:
        return {"index": self.index.name, "before": _index_details(self.index, self.names)}


@dataclass(frozen=True, slots=True)
class RenameTable(Operation):
    before: str
    after: str
    physical_name: str
    kind = "rename_table"

    def apply(self, definition: TableDefinition) -> TableDefinition:
        return replace(definition, model_name=self.after, physical_name=self.physical_name)

    def details(self) -> dict[str, Any]:
        return {"before": {"model_name": self.before}, "after": {"model_name": self.after}}


@dataclass(frozen=True, slots=True)
class RelabelTable(Operation):
    before: tuple[str | None, str | None]
    after: tuple[str | None, str | None]
    kind = "relabel_table"

    def apply(self, definition: TableDefinition) -> TableDefinition:
        label, description = self.after
        return replace(definition, label=label, description=description)

    def details(self) -> dict[str, Any]:
        names = ("label", "description")
        before, after = (dict(zip(names, texts, strict=True)) for texts in (self.before, self.after))
        return {"before": before, "after": after}


@dataclass(frozen=True, slots=True)
class ChangeDisplay(Operation):
    """Another field stands for a row; ``names`` are those of the fields, None where it is chosen by its type."""

    display: int | None
    names: tuple[str | None, str | None]
    kind = "change_display"

    def apply(self, definition: TableDefinition) -> TableDefinition:
        return replace(definition, display=self.display)

    def details(self) -> dict[str, Any]:
        before, after = self.names
        return {"before": {"display": before}, "after": {"display": after}}


@dataclass(frozen=True, slots=True)
class Reorder(Operation):
    """The fields, and the indexes of several fields, stand in another order; ids."""

    fields: tuple[int, ...]
    indexes: tuple[int, ...]
    names: tuple[str, ...]
    kind = "reorder"

    def apply(self, definition: TableDefinition) -> TableDefinition:
        indexes = {index.id: index for index in definition.indexes}
        return replace(
            definition,
            fields=tuple(definition.by_id[number] for number in self.fields),
            indexes=tuple(indexes[number] for number in self.indexes),
        )

    def details(self) -> dict[str, Any]:
        return {"after": {"fields": list(self.names)}}


@dataclass(frozen=True, slots=True)
class ChangeReferrers(Operation):
    """The links of other tables to this one change."""

    before: tuple[Referrer, ...]
    after: tuple[Referrer, ...]
    kind = "change_links"

    def apply(self, definition: TableDefinition) -> TableDefinition:
        return replace(definition, referrers=self.after)

    def details(self) -> dict[str, Any]:
        def names(referrers: tuple[Referrer, ...]) -> list[str]:
            return [f"{referrer.model_name}.{referrer.field}" for referrer in referrers]

        return {"before": {"linked_from": names(self.before)}, "after": {"linked_from": names(self.after)}}


@dataclass(frozen=True, slots=True)
class Validate(Operation):
    """Constraints of the database are still to be proven for existing rows, or have been proven."""

    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def kind(self) -> str:
        return "validate_later" if self.after else "validate"

    @property
    def key(self) -> tuple[str, int]:
        return "pending", 0

    def apply(self, definition: TableDefinition) -> TableDefinition:
        return replace(definition, pending=self.after)

    def details(self) -> dict[str, Any]:
        return {"constraints": list(self.after or self.before)}


def operation_document(operation: Operation) -> dict[str, Any]:
    return {"kind": operation.kind, **operation.details()}


def _index_details(index: IndexDefinition, names: tuple[str, ...]) -> dict[str, Any]:
    if index.unique:
        return {"fields": list(names), "nulls_distinct": index.nulls_distinct}
    parts = zip(names, index.fields, strict=True)
    return {"fields": [{"field": name, "descending": descending} for name, (_, descending) in parts]}
