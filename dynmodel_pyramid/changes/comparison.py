"""The steps of a change, grouped as the databases need them. Pure: no database, no classes."""

from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.compare import steps_between
from dynmodel_pyramid.definitions.operations import (
    AddField,
    AddIndex,
    ChangeField,
    ChangeReferrers,
    DropField,
    DropIndex,
    RelabelTable,
    RenameTable,
    Reorder,
    Step,
)

#: (aspect, id of the field or index) of a step (:mod:`dynmodel_pyramid.definitions.operations`).
Key = tuple[str, int]
Pair = tuple[FieldDefinition, FieldDefinition]


class Difference:
    """What leads from one definition of a table to the next. Pairs are (before, after) of one field."""

    def __init__(self, before: TableDefinition, after: TableDefinition):
        self.before = before
        self.after = after
        self.steps = steps_between(before, after)
        self.table_renamed = any(isinstance(step, RenameTable) for step in self.steps)
        self.dropped = tuple(step.field for step in self.steps if isinstance(step, DropField))
        #: New fields, and those that come back.
        self.arriving = tuple(step.field for step in self.steps if isinstance(step, AddField))

    @property
    def is_told_only(self) -> bool:
        """Whether it is about what clients are told: the table stays as it is."""
        return all(_is_told(step) for step in self.steps)

    @property
    def keeps_columns(self) -> bool:
        """Whether nothing of the table changes but its indexes."""
        return all(
            _is_told(step)
            or isinstance(step, AddIndex | DropIndex)
            or (isinstance(step, ChangeField) and step.aspect in ("unique", "index"))
            for step in self.steps
        )

    def changed(self, *aspects: str) -> tuple[Pair, ...]:
        """The fields of which one of these aspects changes (``definitions.operations.ASPECTS``), in their order."""
        pairs = {
            step.after.id: (step.before, step.after)
            for step in self.steps
            if isinstance(step, ChangeField) and step.aspect in aspects
        }
        return tuple(pairs[field.id] for field in self.after.fields if field.id in pairs)


def _is_told(step: Step) -> bool:
    if isinstance(step, ChangeField):
        return step.aspect in ("access", "labels")
    return isinstance(step, RelabelTable | Reorder | ChangeReferrers)


def field_key(old: FieldDefinition | None, new: FieldDefinition | None) -> Key:
    """The step by which the values of a field change, arrive or leave."""
    if old is None or new is None:
        return "field", (new or old).id
    return "type" if old.type != new.type else "options", new.id
