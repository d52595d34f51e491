"""Compares two definitions of one table; the result is an ordered list of operations. Pure: no database, no field
types.

Applying the operations to the first definition, one after the other, gives the second (:func:`apply_operations`). They
are in the order in which a table can be changed: rules are lifted first and set last, so that no rule hinders values
which are dropped, converted or filled in between. Fields are identified by their ids, so names may be swapped.
"""

from collections.abc import Iterable

from dynmodel_pyramid.definitions.model import FieldDefinition, IndexDefinition, TableDefinition, same_json
from dynmodel_pyramid.definitions.operations import (
    ASPECTS,
    AddField,
    AddIndex,
    ChangeDisplay,
    ChangeField,
    ChangeReferrers,
    DropField,
    DropIndex,
    Operation,
    RelabelTable,
    RenameTable,
    Reorder,
    Validate,
)

#: The key of an operation: (aspect, id of the field or index).
Key = tuple[str, int]
Pair = tuple[FieldDefinition, FieldDefinition]


def operations_between(before: TableDefinition, after: TableDefinition) -> tuple[Operation, ...]:
    """The operations that lead from one definition of a table to another one; versions don't count.

    A field with an id that the table has used before is restored, not new.
    """
    pairs = [(before.by_id[field.id], field) for field in after.fields if field.id in before.by_id]
    pairs = [pair for pair in pairs if not pair[0].same_content(pair[1])]
    old_indexes, new_indexes = ({index.id: index for index in definition.indexes} for definition in (before, after))
    gone = [index for index in before.indexes if new_indexes.get(index.id) != index]
    come = [index for index in after.indexes if old_indexes.get(index.id) != index]
    operations: list[Operation] = [DropIndex(index, _names(index, before)) for index in gone]
    operations += _changes(pairs, ("unique", "index", "required"), lifted=True)
    operations += [DropField(field) for field in before.fields if field.id not in after.by_id]
    if (before.model_name, before.physical_name) != (after.model_name, after.physical_name):
        operations.append(RenameTable(before.model_name, after.model_name, after.physical_name))
    operations += _changes(pairs, ("name", "type", "options"))
    operations += [AddField(field, field.id < before.next_id) for field in after.fields if field.id not in before.by_id]
    operations += _changes(pairs, ("default",))
    operations += _changes(pairs, ("required", "unique", "index"), lifted=False)
    operations += [AddIndex(index, _names(index, after)) for index in come]
    operations += _changes(pairs, ("access", "labels"))
    if (before.label, before.description) != (after.label, after.description):
        operations.append(RelabelTable((before.label, before.description), (after.label, after.description)))
    if before.display != after.display:
        operations.append(ChangeDisplay(after.display, (_display(before), _display(after))))
    if before.referrers != after.referrers:
        operations.append(ChangeReferrers(before.referrers, after.referrers))
    wanted = tuple(field.id for field in after.fields), tuple(index.id for index in after.indexes)
    reached = apply_operations(before, operations)
    if (tuple(field.id for field in reached.fields), tuple(index.id for index in reached.indexes)) != wanted:
        operations.append(Reorder(*wanted, tuple(field.name for field in after.fields)))
    if before.pending != after.pending:
        operations.append(Validate(before.pending, after.pending))
    return tuple(operations)


def apply_operations(definition: TableDefinition, operations: Iterable[Operation]) -> TableDefinition:
    """The definition that the operations lead to; its version stays."""
    for operation in operations:
        definition = operation.apply(definition)
    return definition


def _changes(
    pairs: Iterable[tuple[FieldDefinition, FieldDefinition]], aspects: tuple[str, ...], lifted: bool | None = None
) -> list[ChangeField]:
    """The changes of some aspects, for all fields in order: only lifted ones, only others, or all."""
    changes = [ChangeField(aspect, *pair) for aspect in aspects for pair in pairs if _differs(aspect, *pair)]
    return [operation for operation in changes if lifted is None or operation.kind.startswith("lift_") is lifted]


def _differs(aspect: str, before: FieldDefinition, after: FieldDefinition) -> bool:
    if aspect == "type":
        return before.type != after.type
    if aspect == "options" and before.type != after.type:
        return False  # they come with the type
    return any(not same_json(getattr(before, name), getattr(after, name)) for name in ASPECTS[aspect])


def _names(index: IndexDefinition, definition: TableDefinition) -> tuple[str, ...]:
    return tuple(definition.by_id[number].name for number, _ in index.fields)


def _display(definition: TableDefinition) -> str | None:
    return None if definition.display is None else definition.by_id[definition.display].name


class Comparison:
    """The operations that lead from one definition of a table to the next, grouped as the databases need them.

    Pairs are (before, after) of one field.
    """

    def __init__(self, before: TableDefinition, after: TableDefinition) -> None:
        self.before = before
        self.after = after
        self.operations = operations_between(before, after)
        self.table_renamed = any(isinstance(operation, RenameTable) for operation in self.operations)
        self.dropped = tuple(operation.field for operation in self.operations if isinstance(operation, DropField))
        #: New and restored fields.
        self.arriving = tuple(operation.field for operation in self.operations if isinstance(operation, AddField))

    @property
    def keeps_table(self) -> bool:
        """Whether the change is only about the document: the table in the database stays as it is."""
        return all(_keeps_table(operation) for operation in self.operations)

    @property
    def keeps_columns(self) -> bool:
        """Whether nothing of the table changes but its indexes."""
        return all(
            _keeps_table(operation)
            or isinstance(operation, AddIndex | DropIndex)
            or (isinstance(operation, ChangeField) and operation.aspect in ("unique", "index"))
            for operation in self.operations
        )

    def changed(self, *aspects: str) -> tuple[Pair, ...]:
        """The fields of which one of these aspects changes (:data:`~.operations.ASPECTS`), in their order."""
        pairs = {
            operation.after.id: (operation.before, operation.after)
            for operation in self.operations
            if isinstance(operation, ChangeField) and operation.aspect in aspects
        }
        return tuple(pairs[field.id] for field in self.after.fields if field.id in pairs)


def _keeps_table(operation: Operation) -> bool:
    if isinstance(operation, ChangeField):
        return operation.aspect in ("access", "labels")
    return isinstance(operation, RelabelTable | ChangeDisplay | Reorder | ChangeReferrers)


def field_key(old: FieldDefinition | None, new: FieldDefinition | None) -> Key:
    """The key of the operation by which a field's values change, arrive or leave."""
    if old is None or new is None:
        field = new or old
        assert field is not None
        return "field", field.id
    return "type" if old.type != new.type else "options", new.id
