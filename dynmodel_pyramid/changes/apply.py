"""The changes of one transaction, one after the other: applied, or planned."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from dynmodel_pyramid.changes.ddl.runner import Recorder, Statement
from dynmodel_pyramid.changes.ddl.schema_editor import ChangedTable, Locks, SchemaEditor
from dynmodel_pyramid.changes.ddl.trash import restore_table
from dynmodel_pyramid.changes.loosening import Loosening
from dynmodel_pyramid.changes.table_change import TableChange, in_order
from dynmodel_pyramid.changes.values.column_values import ColumnValues
from dynmodel_pyramid.changes.values.violations import Collecting, Violation
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.store import DefinitionStore
from dynmodel_pyramid.errors import Conflict


@dataclass(frozen=True, slots=True)
class TablePlan:
    """The plan of a change of one table.

    :param usual_lock: of statements that name no other
    :param locks: of the whole change, one after the other
    :param rows: how many rows the table has
    :param versions: by how many its version would rise
    :param values: what becomes of the values, by the ids of fields
    :param put_off: the names of the constraints that would be proven later
    """

    change: TableChange
    usual_lock: str
    locks: Locks
    rows: int
    versions: int
    statements: tuple[Statement, ...]
    violations: tuple[Violation, ...]
    values: Mapping[int, ColumnValues]
    put_off: frozenset[str]


def apply_changes(editor: SchemaEditor, store: DefinitionStore, changes: list[TableChange]) -> list[TableChange]:
    """Change tables and system tables; -> the changes as they are logged."""
    loosening = Loosening(names_tables=any(change.pointer for change in changes))
    vacated = [
        _vacate(editor, store, change) if _is_in_the_way(change, changes, editor) else change for change in changes
    ]
    missing = {change.id for change in changes if change.before is None}
    logged, unfinished = [], []
    for change in in_order(vacated):
        first = change
        if change.before is None:
            first = _without_links_to(change, missing - {change.id}, editor)
            missing.discard(change.id)
        if first is not change:
            unfinished.append(TableChange(first.after, change.after))
        with naming_table(change.model_name, change.pointer):
            dropped, loosening = _apply_change(editor, store, first, loosening)
        if change.after is not None:
            store.update(editor.connection, change.after)
        logged.append(change if dropped is None else replace(change, before=dropped))
    for change in unfinished:
        loosening = editor.change(change, loosening).loosening
    return logged


def _apply_change(
    editor: SchemaEditor, store: DefinitionStore, change: TableChange, loosening: Loosening
) -> tuple[TableDefinition | None, Loosening]:
    """-> the table in the trash, if it was dropped, and what is loosened so far."""
    before, after = change.before, change.after
    if after is None:
        before = change.old
        dropped = replace(before, version=before.version + 1, physical_name=editor.drop(before))
        store.drop(editor.connection, dropped)
        return dropped, loosening
    return None, _alter_table(editor, change, loosening).loosening


def _alter_table(editor: SchemaEditor, change: TableChange, loosening: Loosening) -> ChangedTable:
    """Alter a table, or create it."""
    if change.restored:
        return ChangedTable(restore_table(editor, change, loosening), {})
    if change.before is None:
        editor.create(change.new)
        return ChangedTable(loosening, {})
    return editor.change(change, loosening)


def plan_change(
    editor: SchemaEditor, change: TableChange, versions: int, loosening: Loosening
) -> tuple[TablePlan, Loosening]:
    """Plan a change, with an editor in the context of a plan; -> the plan, and what would be loosened so far.

    :param versions: by how many the version would rise if no rules are proven later
    """
    if change.after is None:
        editor.drop(change.old)
        changed = ChangedTable(loosening, {})
    else:
        changed = _alter_table(editor, change, loosening)
    assert isinstance(editor.runner, Recorder) and isinstance(editor.violations, Collecting)
    plan = TablePlan(
        change,
        editor.usual_lock,
        editor.online_locks if changed.put_off else editor.locks,
        0 if change.before is None else editor.count_rows(change.before),
        versions + bool(changed.put_off),
        tuple(editor.runner.statements),
        tuple(editor.violations.violations),
        changed.values,
        changed.put_off,
    )
    return plan, changed.loosening


@contextmanager
def naming_table(name: str, pointer: str) -> Iterator[None]:
    """A context in which a refusal names its table; ``pointer`` is empty if there is only one table."""
    try:
        yield
    except Conflict as error:
        if pointer:
            error.detail = f"{name}: {error.detail}"
            error.members["pointer"] = pointer
        raise


def _is_in_the_way(change: TableChange, changes: list[TableChange], editor: SchemaEditor) -> bool:
    """Whether another table takes this table's old name."""
    if change.live_before is None or change.after is None:
        return False
    mine = change.old
    others = [other.after for other in changes if other.after is not None and other.id != change.id]
    return any(
        name_key(other.model_name) == name_key(mine.model_name)
        or editor.is_same_table(other.physical_name, mine.physical_name)
        for other in others
    )


def _vacate(editor: SchemaEditor, store: DefinitionStore, change: TableChange) -> TableChange:
    editor.context.hold_off_readers()
    name = f"_moving_{change.id}"
    editor.rename_table(change.old.physical_name, name)
    moved = replace(change.old, physical_name=name)
    store.vacate(editor.connection, moved)
    return replace(change, before=moved)


def _without_links_to(change: TableChange, tables: set[int], editor: SchemaEditor) -> TableChange:
    """The change of a new table, without fields that refer to tables which do not exist yet."""
    definition = change.new
    references = {field.id: editor.generator.reference(field) for field in definition.fields}
    gone = {number for number, reference in references.items() if reference is not None and reference.table in tables}
    if not gone:
        return change
    first = replace(
        definition,
        fields=tuple(field for field in definition.fields if field.id not in gone),
        indexes=tuple(index for index in definition.indexes if not gone.intersection(dict(index.fields))),
    )
    return replace(change, after=first)
