"""Comparison of two definitions -> conversion and DDL, inside the caller's transaction.

A change has two halves. First all values are made and checked, beside the table (``values/staging.py``); then the table
is changed (``apply``, by database). A plan runs the first half as the change does, and notes the second.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.list_tables import lines
from dynmodel_pyramid.catalogue.system_values import system_fields
from dynmodel_pyramid.catalogue.table_builder import SYSTEM_COLUMNS
from dynmodel_pyramid.changes.ddl import not_valid
from dynmodel_pyramid.changes.ddl.columns import SchemaTools, TableEdit, Width, quoted
from dynmodel_pyramid.changes.ddl.list_fields import ListFields
from dynmodel_pyramid.changes.ddl.postgresql_compaction import TableCopy
from dynmodel_pyramid.changes.loosening import Loosening
from dynmodel_pyramid.changes.on_error import FAIL, Words
from dynmodel_pyramid.changes.table_change import TableChange
from dynmodel_pyramid.changes.values import row_checks
from dynmodel_pyramid.changes.values.column_values import UNCACHED, ColumnValues
from dynmodel_pyramid.changes.values.fill import fill_rows
from dynmodel_pyramid.changes.values.index_entries import too_long_entries
from dynmodel_pyramid.changes.values.staging import Staging, StagingRequest
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.compare import Comparison, Pair
from dynmodel_pyramid.definitions.store import LIST_PREFIX, TrashedField
from dynmodel_pyramid.fields.registry import ON_ERROR

#: (mode of a lock, what is done while it is held).
Locks = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ChangedTable:
    """The result of the change of a table.

    :param loosening: the fields that the transaction has loosened so far
    :param values: what became of the values, by the ids of fields
    :param put_off: the names of the constraints that are to be proven later
    """

    loosening: Loosening
    values: Mapping[int, ColumnValues]
    put_off: frozenset[str] = frozenset()


class SchemaEditor(SchemaTools):
    """Creates, changes and drops the tables of one database; an object lives for one transaction."""

    #: The lock of statements that name no other.
    usual_lock: str
    #: The locks of a change as a plan lists them, and of one whose rules are proven later.
    locks: Locks
    online_locks: Locks = ()

    def create(self, definition: TableDefinition) -> None:
        table = self.generator.table(definition, far=self.far(definition))
        self.refuse_too_many_names(definition)
        self.refuse_taken(definition)
        self.refuse_too_wide(definition, Width(len(definition.fields) + len(SYSTEM_COLUMNS) + 1))
        self.create_table(table)
        for index in self.generator.indexes(definition, table).values():
            self.create_index(index)
        for field, reference in self.lists(definition):
            self.list_tables(definition).create(definition, field, reference)

    def create_table(self, table: sa.Table) -> None:
        self.runner.run(sa.schema.CreateTable(table))

    def drop(self, definition: TableDefinition) -> str:
        """Rename the table into the trash, free of foreign keys; -> its new physical name."""
        self.context.hold_off_readers()
        name = f"_trash_table_{definition.id}"
        for field, _ in self.lists(definition):
            self.list_tables(definition).without_keys(definition.id, field.id)
        self.lift_foreign_keys(definition)
        self.rename_table(definition.physical_name, name)
        return name

    def rename_table(self, before: str, after: str) -> None:
        self.operations.rename_table(quoted(before), quoted(after), schema=self.schema)

    def table_copy(self, table_id: int, name: str | None) -> TableCopy:
        """The copy by which a table is compacted, where the database goes on counting dropped columns.

        :param name: the table's physical name; None: it is gone
        """
        raise NotImplementedError

    def count_rows(self, definition: TableDefinition) -> int:
        table = sa.table(quoted(definition.physical_name), schema=self.schema)
        count = sa.select(sa.func.count()).select_from(table)
        return self.connection.execute(count, execution_options=UNCACHED).scalar_one()

    def change(self, change: TableChange, loosening: Loosening) -> ChangedTable:
        """Change a table from one definition to the other.

        :param loosening: the fields that the transaction has loosened before
        :raises Conflict: the rows don't allow it
        """
        before, after = change.old, change.new
        self.refuse_too_many_names(after)
        comparison = Comparison(before, after)
        put_off = frozenset(after.pending) - frozenset(before.pending)
        if comparison.keeps_table and not change.returning and not change.earlier:
            return ChangedTable(loosening, {}, put_off)
        if comparison.table_renamed and not self.is_same_table(before.physical_name, after.physical_name):
            self.refuse_taken(after)
        staging = Staging(
            self.connection,
            self.generator,
            StagingRequest(
                before,
                self.far_rows(before),
                change.on_error,
                self.context.moment,
                returning=change.returning,
                earlier=change.earlier,
                quarantine=self.quarantine(after),
                trusted=not_valid.trusted_fields(after, put_off) if put_off else frozenset(),
                counts_all=not self.runner.is_real,
                far_key=self.far_keys(before),
            ),
        )
        edit = self._edit(change, comparison, staging, put_off)
        self.refuse_too_wide(after, self.width_after(edit))
        loosening = self._check_rows(edit, change.on_error, loosening)
        if self.context.may_put_off:
            edit = replace(edit, put_off=not_valid.put_off(self, edit))
        # Readers go on while indexes are built; afterwards they have to wait.
        kept_indexes = self.kept_indexes(before, after, edit.rewritten)
        if not comparison.keeps_columns or not set(self.index_names(before)) <= kept_indexes:
            self.context.hold_off_readers()
        self._apply(edit, kept_indexes)
        if self.context.may_put_off and edit.put_off:
            not_valid.validate(self, after, edit.put_off)
            not_valid.complete(self, after, edit.put_off)
        staging.close()
        if self.runner.is_real:
            self._settle(edit, change.returning)
        return ChangedTable(loosening, edit.values, edit.put_off)

    def converted(self, comparison: Comparison) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
        """The fields whose values may change; and those that keep their references, but get other options."""
        pairs = comparison.changed("options")
        rekeyed = tuple(pair for pair in pairs if all(self.generator.reference(field) is not None for field in pair))
        return tuple(pair for pair in comparison.changed("type", "options") if pair not in rekeyed), rekeyed

    # The trash

    def lift_foreign_keys(self, definition: TableDefinition) -> None:
        """Drop the foreign keys of a table that goes to the trash, so that it blocks nobody."""
        raise NotImplementedError

    def restore_foreign_keys(self, definition: TableDefinition, before: TableDefinition) -> None:
        """Give a restored table the foreign keys of its columns.

        :param before: the table in the trash, of which some fields may be left there
        """
        raise NotImplementedError

    def leave_behind(self, before: TableDefinition, after: TableDefinition) -> None:
        """Move fields that a restored table lacks to its own trash; their foreign keys are dropped already."""
        for field in before.fields:
            if field.id in after.by_id:
                continue
            if self.is_list(field):
                trashed = self.trash(after, field, is_list=True)
                own = before.physical_name
                self.list_tables(before).set_aside(before.id, field.id, trashed.column, own=own)
            elif self.has_column(field):
                self.leave_column(before, field, self.trash(after, field))

    def leave_column(self, definition: TableDefinition, field: FieldDefinition, trashed: TrashedField) -> None:
        raise NotImplementedError

    def drop_sequence(self, definition: TableDefinition) -> None:
        """Drop the sequence of ids, if it is not a part of the table."""

    # The first half

    def _edit(
        self, change: TableChange, comparison: Comparison, staging: Staging, put_off: frozenset[str]
    ) -> TableEdit:
        """Make the values."""
        before, after = change.old, change.new
        converted, rekeyed = self.converted(comparison)
        ids = {new.id for _, new in (*converted, *rekeyed)}
        # The type and options are the same, but the values are not.
        same_form = [(before.by_id.get(new.id), new) for new in after.fields if new.id not in ids]
        converted += tuple((old, new) for old, new in same_form if old is not None and new.id in change.earlier)
        trashed = self.store.trashed_fields(self.connection, before.id)
        ids = {new.id for _, new in converted}
        staged = {new.id: staging.values_of(new, converts=new.id in ids) for new in after.fields}
        values = {number: column_values for number, column_values in staged.items() if column_values is not None}
        return TableEdit(comparison, staging.table, values, converted, rekeyed, trashed, put_off)

    def width_after(self, edit: TableEdit) -> Width:
        """The number of the table's columns after a change."""
        back = {values.old_values.name for values in edit.values.values() if values.is_same}
        remaining = [trashed for trashed in edit.trashed if trashed.column not in back]
        in_use = [new for new in edit.after.fields if self.has_column(new)]
        in_trash = len(remaining) + sum(map(self.has_column, edit.leaving))
        return Width(len(in_use) + len(SYSTEM_COLUMNS) + 1, in_trash)

    def _check_rows(self, edit: TableEdit, on_error: Words, loosening: Loosening) -> Loosening:
        """Check that the rows allow the change; -> what is loosened so far."""
        before, after = edit.before, edit.after
        loosening = self.check_lost(after, edit.values.values(), on_error, loosening)
        for values in edit.values.values():
            old, new = before.by_id.get(values.after.id), values.after
            # System values are filled in afterwards.
            is_new_rule = new.required and (old is None or not old.required or values.lost.count)
            is_put_off = edit.put_off and not_valid.required_name(after, new) in edit.put_off
            if is_new_rule and not is_put_off and not self.is_system_value(new):
                self.violations.add(row_checks.nulls(self.connection, edit.table, values))
        if self.violations.judges_uniqueness:
            kept_indexes = self.kept_indexes(before, after, edit.rewritten)
            expressions = {number: values.expression for number, values in edit.values.items()}
            for rule in row_checks.unique_rules(after, kept_indexes, self.schema):
                self.violations.add(rule.violation(self.connection, edit.table, expressions))
            new_indexes = {name: index for name, index in self.index_names(after).items() if name not in kept_indexes}
            self._check_entries(edit.table, new_indexes, after, expressions)
        return loosening

    def _check_entries(
        self,
        table: sa.FromClause,
        indexes: Mapping[str, tuple[Any, ...]],
        definition: TableDefinition,
        expressions: Mapping[int, sa.ColumnElement[Any]],
    ) -> None:
        dialect = self.generator.dialect
        for violation in too_long_entries(self.connection, dialect, table, indexes, definition, expressions):
            self.violations.add(violation)

    def check_lost(
        self,
        table: TableDefinition,
        all_values: Iterable[ColumnValues],
        on_error: Words,
        loosening: Loosening,
        left: Sequence[FieldDefinition] = (),
    ) -> Loosening:
        """Refuse lost values of fields that may not lose any, and of several fields by one word.

        :param left: fields that stay in the trash, because of what they link to
        """
        later = loosening
        for field in left:
            later = later.with_left(table, field, on_error)
        for values in all_values:
            word, offers = on_error.of(values.after), self.generator.field_types[values.after.type].repairs
            if word != FAIL:
                later = later.with_values(table, values, on_error)
            if values.lost.count and (word == FAIL or word not in ON_ERROR):
                form = later.form(table, values.after.name, "null")
                self.violations.add(row_checks.lost_values(values, form, [other for other in offers if other != word]))
        if later is not loosening:
            self.violations.add(later.violation(on_error.plain))
        return later

    # The second half

    def _apply(self, edit: TableEdit, kept_indexes: set[str]) -> None:
        # First of all, because values that are filled in or converted below may break a uniqueness that is dropped.
        self.drop_indexes(edit.before, kept_indexes)
        has_lists = any(self.is_list(field) for field in (*edit.before.fields, *edit.after.fields))
        lists = ListFields(self, edit) if has_lists else None
        if lists is not None:
            lists.arrive()
            lists.leave()
        going = {old.id: self.trash(edit.after, old) for old in edit.leaving if self.has_column(old)}
        self.apply(edit, going)
        if lists is not None:
            lists.rekey()

    def apply(self, edit: TableEdit, going: Mapping[int, TrashedField]) -> None:
        """The DDL.

        :param going: the fields that the change moves to the trash, by id
        """
        raise NotImplementedError

    def explain_refusal(self, table: sa.Table, index: sa.Index, after: TableDefinition) -> None:
        expressions = {field.id: table.c[field.name] for field in after.fields if field.name in table.c}
        for rule in row_checks.unique_rules(after, set(), self.schema):
            if rule.name == index.name:
                self.violations.add(rule.violation(self.connection, table, expressions))
        refused = {name: described for name, described in self.index_names(after).items() if name == index.name}
        self._check_entries(table, refused, after, expressions)

    def _settle(self, edit: TableEdit, returning: Mapping[int, TrashedField]) -> None:
        """The last steps, when the table has its new form."""
        after, types = edit.after, self.generator.field_types
        spent = [trashed for values in edit.values.values() for trashed in values.spent]
        for number, trashed in returning.items():
            values = edit.values.get(number)
            if number not in edit.before.by_id and values is not None and not values.keeps_old:
                spent.append(trashed)
        for trashed in spent:
            self.forget(after, trashed)
        new = {field.id for field in (*edit.comparison.arriving, *(new for _, new in edit.converted))}
        fields = tuple(field for field in system_fields(after, types) if field.id in new and self.has_column(field))
        if fields:
            fill_rows(self.connection, self.store, types, self.generator.table(after), after, fields)

    def forget(self, definition: TableDefinition, trashed: TrashedField) -> None:
        """Remove a field from the trash, because its values are restored or not needed any more."""
        if trashed.column.startswith(LIST_PREFIX):
            self.runner.run(sa.schema.DropTable(lines(trashed.column, sa.MetaData(schema=self.schema))))
        elif trashed.column in self.generator.dialect.column_names(self.connection, definition.physical_name):
            self.drop_kept_column(definition, trashed.column)
        self.store.forget_trashed(self.connection, trashed.id)

    def drop_kept_column(self, definition: TableDefinition, column: str) -> None:
        self.operations.drop_column(quoted(definition.physical_name), quoted(column), schema=self.schema)
