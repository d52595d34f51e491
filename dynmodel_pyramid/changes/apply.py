"""The changes of one transaction, one after the other: done, or rehearsed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from dynmodel_pyramid.changes.ddl.schema_editor import Evolution
from dynmodel_pyramid.changes.ddl.trash import restore_table
from dynmodel_pyramid.changes.on_error import Words
from dynmodel_pyramid.changes.table_change import TableChange, in_order
from dynmodel_pyramid.changes.values.column_values import Carried
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.store import DefinitionStore
from dynmodel_pyramid.errors import Conflict


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a change of one table would do: ``carried`` are the values by field, ``evolution`` has the statements and
    what stands in the way; ``rows`` is how many the table has; ``versions`` how many there will be more.
    """

    change: TableChange
    evolution: Evolution
    carried: dict[int, Carried]
    rows: int
    versions: int = 1


def carry_out(evolution: Evolution, store: DefinitionStore, changes: list[TableChange]) -> list[TableChange]:
    """Bring tables and system tables to what is wanted; -> the changes as they are logged."""
    evolution.loosening.names_tables = any(change.pointer for change in changes)
    vacated = [_vacate(evolution, store, change) if _is_in_the_way(change, changes, evolution) else change
               for change in changes]  # fmt: skip
    new = {change.id for change in changes if change.before is None}
    made, unfinished = [], []
    for change in in_order(vacated):
        with told_of(change.model_name, change.pointer):
            made.append(_carry_out(evolution, store, change, new, unfinished))
    for first, after in unfinished:
        evolution.change(first, after, Words())
    return made


def _carry_out(
    evolution: Evolution,
    store: DefinitionStore,
    change: TableChange,
    new: set[int],
    unfinished: list[tuple[TableDefinition, TableDefinition]],
) -> TableChange:
    """:param new: tables that are still to be made; ``unfinished`` gets what waits for them, with what it is to be"""
    connection, before, after = evolution.connection, change.before, change.after
    if after is None:
        dropped = replace(before, version=before.version + 1, physical_name=evolution.drop(before))
        store.drop(connection, dropped)
        return replace(change, before=replace(dropped, model_name=before.model_name))
    if change.restored:
        restore_table(evolution, before, after, change.on_error)
    elif before is None:
        first = _without_links_to(after, new - {after.id}, evolution)
        new.discard(after.id)
        evolution.create(first)
        if first is not after:
            unfinished.append((first, after))
    else:
        evolution.change(before, after, change.on_error, change.returning, change.earlier)
    store.update(connection, after)
    return change


@contextmanager
def told_of(name: str, pointer: str) -> Iterator[None]:
    """Of several tables a refusal tells which one it is about; ``pointer`` is empty where there is one only."""
    try:
        yield
    except Conflict as error:
        if pointer:
            error.detail = f"{name}: {error.detail}"
            error.members["pointer"] = pointer
        raise


def rehearsed(evolution: Evolution, change: TableChange, versions: int) -> Rehearsed:
    """:param versions: how many there will be more if no rules are proven later"""
    before, after, carried = change.before, change.after, {}
    if after is None:
        evolution.drop(before)
    elif change.restored:
        restore_table(evolution, before, after, change.on_error)
    elif before is None:
        evolution.create(after)
    else:
        carried = evolution.change(before, after, change.on_error, change.returning, change.earlier)
    rows = 0 if before is None else evolution.count_rows(before)
    return Rehearsed(change, evolution, carried, rows, versions + bool(evolution.put_off))


def _is_in_the_way(change: TableChange, changes: list[TableChange], evolution: Evolution) -> bool:
    """Whether another table takes the name that this one is to leave."""
    if change.live_before is None or change.after is None:
        return False
    mine = change.before
    others = [each.after for each in changes if each.after is not None and each.id != change.id]
    return any(
        name_key(other.model_name) == name_key(mine.model_name)
        or evolution.is_same_table(other.physical_name, mine.physical_name)
        for other in others
    )


def _vacate(evolution: Evolution, store: DefinitionStore, change: TableChange) -> TableChange:
    evolution.before_ddl()
    name = f"_moving_{change.id}"
    evolution.rename_table(change.before.physical_name, name)
    moved = replace(change.before, physical_name=name)
    store.vacate(evolution.connection, moved)
    return replace(change, before=moved)


def _without_links_to(definition: TableDefinition, tables: set[int], evolution: Evolution) -> TableDefinition:
    """A new table without the fields that refer to tables which are not there yet."""
    references = {field.id: evolution.generator.reference(field) for field in definition.fields}
    gone = {number for number, reference in references.items() if reference is not None and reference.table in tables}
    if not gone:
        return definition
    return replace(
        definition,
        fields=tuple(field for field in definition.fields if field.id not in gone),
        indexes=tuple(index for index in definition.indexes if not gone.intersection(dict(index.fields))),
    )
