"""The difference of two definitions of one table: an ordered list of typed steps. Pure: no database, no field types.

Applying the steps to the first definition, one after the other, gives the second (:func:`apply_steps`). They stand in
the order in which a table can be changed: what is lifted goes first, what is set comes last, so that values which are
dropped, converted or filled in between meet no rule that is to go, and none that is still to come. Fields are told
apart by their ids, so that names may be swapped.
"""

from collections.abc import Iterable

from dynmodel_pyramid.definitions.model import FieldDefinition, IndexDefinition, TableDefinition
from dynmodel_pyramid.definitions.operations import (
    ASPECTS,
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
    Validate,
    same_json,
)


def steps_between(before: TableDefinition, after: TableDefinition) -> tuple[Step, ...]:
    """What leads from one definition of a table to another one; versions don't count.

    A field that comes back under an id that the table had given before is restored, not new.
    """
    kept = [(before.by_id[field.id], field) for field in after.fields if field.id in before.by_id]
    old_indexes, new_indexes = ({index.id: index for index in each.indexes} for each in (before, after))
    gone = [index for index in before.indexes if new_indexes.get(index.id) != index]
    come = [index for index in after.indexes if old_indexes.get(index.id) != index]
    steps: list[Step] = [DropIndex(index, _names(index, before)) for index in gone]
    steps += _changes(kept, ("unique", "index", "required"), lifted=True)
    steps += [DropField(field) for field in before.fields if field.id not in after.by_id]
    if (before.model_name, before.physical_name) != (after.model_name, after.physical_name):
        steps.append(RenameTable(before.model_name, after.model_name, after.physical_name))
    steps += _changes(kept, ("name", "type", "options"))
    steps += [AddField(field, field.id < before.next_id) for field in after.fields if field.id not in before.by_id]
    steps += _changes(kept, ("default",))
    steps += _changes(kept, ("required", "unique", "index"), lifted=False)
    steps += [AddIndex(index, _names(index, after)) for index in come]
    steps += _changes(kept, ("access", "labels"))
    if (before.label, before.description) != (after.label, after.description):
        steps.append(RelabelTable((before.label, before.description), (after.label, after.description)))
    if before.referrers != after.referrers:
        steps.append(ChangeReferrers(before.referrers, after.referrers))
    wanted = tuple(field.id for field in after.fields), tuple(index.id for index in after.indexes)
    reached = apply_steps(before, steps)
    if (tuple(field.id for field in reached.fields), tuple(index.id for index in reached.indexes)) != wanted:
        steps.append(Reorder(*wanted, tuple(field.name for field in after.fields)))
    if before.pending != after.pending:
        steps.append(Validate(before.pending, after.pending))
    return tuple(steps)


def apply_steps(definition: TableDefinition, steps: Iterable[Step]) -> TableDefinition:
    """The definition that the steps lead to; of the same version."""
    for step in steps:
        definition = step.apply(definition)
    return definition


def _changes(
    kept: Iterable[tuple[FieldDefinition, FieldDefinition]], aspects: tuple[str, ...], lifted: bool | None = None
) -> list[ChangeField]:
    """The changes of some aspects, of all fields in order; only those that lift something, or that don't, or all."""
    found = [ChangeField(aspect, *pair) for aspect in aspects for pair in kept if _differs(aspect, *pair)]
    return [step for step in found if lifted is None or step.kind.startswith("lift_") is lifted]


def _differs(aspect: str, before: FieldDefinition, after: FieldDefinition) -> bool:
    if aspect == "type":
        return before.type != after.type
    if aspect == "options" and before.type != after.type:
        return False  # they come with the type
    return any(not same_json(getattr(before, name), getattr(after, name)) for name in ASPECTS[aspect])


def _names(index: IndexDefinition, definition: TableDefinition) -> tuple[str, ...]:
    return tuple(definition.by_id[number].name for number, _ in index.fields)
