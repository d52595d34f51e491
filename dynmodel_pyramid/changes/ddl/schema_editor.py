"""The difference of two definitions -> conversion and DDL, inside the caller's transaction.

A change has two halves. First all values are made and judged, beside the table (``values/staging.py``); then the
table is changed (``apply``, by database). A plan goes through the first half as the change does, and notes the second.
"""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.system_values import system_fields
from dynmodel_pyramid.catalogue.table_builder import SYSTEM_COLUMNS
from dynmodel_pyramid.changes.comparison import Difference, Pair
from dynmodel_pyramid.changes.ddl import not_valid
from dynmodel_pyramid.changes.ddl.columns import Steps, Width, quoted
from dynmodel_pyramid.changes.ddl.list_fields import ListSteps
from dynmodel_pyramid.changes.on_error import FAIL, Words
from dynmodel_pyramid.changes.table_change import Earlier
from dynmodel_pyramid.changes.values import row_checks
from dynmodel_pyramid.changes.values.column_values import UNCACHED, Carried
from dynmodel_pyramid.changes.values.fill import fill_rows
from dynmodel_pyramid.changes.values.index_entries import too_long_entries
from dynmodel_pyramid.changes.values.staging import Preparation
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.store import LIST_PREFIX, TrashedField


class Evolution(Steps):
    """Creates, changes and drops the tables of one database; an object lives for one transaction."""

    def create(self, definition: TableDefinition) -> None:
        table = self.generator.table(definition, far=self.far(definition))
        self.refuse_too_many_names(definition)
        self.refuse_taken(definition)
        self.refuse_too_wide(definition, Width(len(definition.fields) + len(SYSTEM_COLUMNS) + 1))
        self.create_table(table)
        for index in self.generator.indexes(definition, table).values():
            self.ddl.run(sa.schema.CreateIndex(index))
        for field, reference in self.lists(definition):
            self.list_tables(definition).create(definition, field, reference)

    def create_table(self, table: sa.Table) -> None:
        self.ddl.run(sa.schema.CreateTable(table))

    def drop(self, definition: TableDefinition) -> str:
        """Rename the table into the trash, free of foreign keys; -> its new physical name."""
        self.before_ddl()
        name = f"_trash_table_{definition.id}"
        for field, _ in self.lists(definition):
            self.list_tables(definition).without_keys(definition.id, field.id)
        self.lift_foreign_keys(definition)
        self.rename_table(definition.physical_name, name)
        return name

    def rename_table(self, before: str, after: str) -> None:
        self.operations.rename_table(quoted(before), quoted(after), schema=self.schema)

    def count_rows(self, definition: TableDefinition) -> int:
        table = sa.table(quoted(definition.physical_name), schema=self.schema)
        return self.connection.scalar(sa.select(sa.func.count()).select_from(table), execution_options=UNCACHED)

    def change(
        self,
        before: TableDefinition,
        after: TableDefinition,
        on_error: Words,
        returning: Mapping[int, TrashedField] | None = None,
        earlier: Mapping[int, tuple[Earlier, ...]] | None = None,
    ) -> dict[int, Carried]:
        """Bring the table from one definition to the other; -> what became of the values, by field.

        :param returning: where the trash keeps the values of fields that come back
        :param earlier: values of fields that come back where nobody has written others since
        :raises Conflict: the rows don't allow it
        """
        self.refuse_too_many_names(after)
        change = Difference(before, after)
        returning, earlier = returning or {}, earlier or {}
        self.put_off = frozenset(after.pending) - frozenset(before.pending)
        self.made_anew = frozenset()
        if change.is_told_only and not returning and not earlier:
            return {}
        if change.table_renamed and not self.is_same_table(before.physical_name, after.physical_name):
            self.refuse_taken(after)
        converted, rekeyed = self.converted(change)
        ids = {new.id for _, new in (*converted, *rekeyed)}
        # Of the same type and options as before, but not of the same values.
        kept = [(before.by_id.get(field.id), field) for field in after.fields if field.id not in ids]
        converted += tuple((old, new) for old, new in kept if old is not None and new.id in earlier)
        trashed = self.store.trashed_fields(self.connection, before.id)
        values = Preparation(
            self.connection,
            self.generator,
            before,
            self.far_rows(before),
            on_error=on_error,
            moment=self.moment,
            returning=returning,
            earlier=earlier,
            keep_aside=self.keep_aside(after),
            trusted=not_valid.trusted_fields(after, self.put_off),
            counts_all=not self.ddl.is_real,
        )
        carried = self._carry(values, change, converted)
        self.made_anew = frozenset(number for number, made in carried.items() if not made.is_same)
        self.refuse_too_wide(after, self.width_after(change, carried, converted, trashed))
        self._judge(values, change, carried, on_error)
        if self.may_put_off:
            self.put_off = not_valid.put_off(self, change, carried, converted, rekeyed)
        # Readers go on while indexes are built, and are held off afterwards.
        if not change.keeps_columns or not set(self.index_names(before)) <= self.kept_indexes(before, after):
            self.before_ddl()
        self._apply(values, change, carried, converted, rekeyed, trashed)
        if self.may_put_off and self.put_off:
            not_valid.validate(self, after, self.put_off)
            not_valid.complete(self, after, self.put_off)
        values.close()
        if self.ddl.is_real:
            self._settle(change, carried, converted, returning)
        return carried

    def converted(self, change: Difference) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
        """The fields whose values may change, and those that refer to rows as before, with other options."""
        pairs = change.changed("options")
        rekeyed = tuple(pair for pair in pairs if all(self.generator.reference(each) is not None for each in pair))
        return tuple(pair for pair in change.changed("type", "options") if pair not in rekeyed), rekeyed

    # The trash

    def lift_foreign_keys(self, definition: TableDefinition) -> None:
        """Free a table that goes to the trash from its foreign keys, so that it holds nobody up."""
        raise NotImplementedError

    def restore_foreign_keys(self, definition: TableDefinition) -> None:
        """Give a table that has its name back the foreign keys of its columns."""
        raise NotImplementedError

    def leave_behind(self, before: TableDefinition, after: TableDefinition) -> None:
        """Move fields that a restored table lacks to its own trash; their foreign keys are lifted already."""
        for field in before.fields:
            if field.id in after.by_id:
                continue
            if self.is_list(field):
                kept = self.trash(after, field, is_list=True)
                own = before.physical_name
                self.list_tables(before).set_aside(before.id, field.id, kept.column, own=own)
            elif self.has_column(field):
                self.leave_column(before, field, self.trash(after, field))

    def leave_column(self, definition: TableDefinition, field: FieldDefinition, kept: TrashedField) -> None:
        raise NotImplementedError

    def drop_sequence(self, definition: TableDefinition) -> None:
        """Drop what numbers the rows, where it is not a part of the table."""

    # The first half

    def _carry(self, values: Preparation, change: Difference, converted: tuple[Pair, ...]) -> dict[int, Carried]:
        ids = {new.id for _, new in converted}
        made = {new.id: values.of(new, new.id in ids) for new in change.after.fields}
        return {number: carried for number, carried in made.items() if carried is not None}

    def width_after(
        self,
        change: Difference,
        carried: Mapping[int, Carried],
        converted: tuple[Pair, ...],
        trashed: list[TrashedField],
    ) -> Width:
        """What the table would have for columns after a change.

        :param trashed: the fields that are in the trash already
        """
        kept = {made.source.name for made in carried.values() if made.is_same}
        kept = [each for each in trashed if each.column not in kept]
        leaving = [old for old, new in converted if new.id not in carried or carried[new.id].keeps_old]
        leaving += change.dropped
        in_use = [field for field in change.after.fields if self.has_column(field)]
        in_trash = len(kept) + sum(map(self.has_column, leaving))
        return Width(len(in_use) + len(SYSTEM_COLUMNS) + 1, in_trash)

    def _judge(self, values: Preparation, change: Difference, carried: dict[int, Carried], on_error: Words) -> None:
        table, connection = values.table, self.connection
        self.judge_lost(change.after, carried.values(), on_error)
        for made in carried.values():
            old, new = change.before.by_id.get(made.after.id), made.after
            # A given value is filled in afterwards.
            is_new_rule = new.required and (old is None or not old.required or made.lost.count)
            is_put_off = not_valid.required_name(change.after, new) in self.put_off
            if is_new_rule and not is_put_off and not self.is_system_value(new):
                found = row_checks.nulls(connection, table, made)
                if found is not None:
                    self.findings.add(found)
        if not self.findings.judges_uniqueness:
            return
        kept = self.kept_indexes(change.before, change.after)
        for _, number, fields, folds_case, nulls_distinct in row_checks.unique_rules(change.after, kept):
            parts = [carried[field.id].expression for field in fields]
            parts = [sa.func.lower(part) for part in parts] if folds_case else parts
            found = row_checks.duplicates(connection, table, number, fields, parts, nulls_distinct)
            if found is not None:
                self.findings.add(found)
        new = {name: each for name, each in self.index_names(change.after).items() if name not in kept}
        expressions = {number: made.expression for number, made in carried.items()}
        self._judge_entries(table, new, change.after, expressions)

    def _judge_entries(
        self,
        table: sa.FromClause,
        indexes: Mapping[str, tuple],
        definition: TableDefinition,
        expressions: Mapping[int, sa.ColumnElement],
    ) -> None:
        dialect = self.generator.dialect
        for found in too_long_entries(self.connection, dialect, table, indexes, definition, expressions):
            self.findings.add(found)

    def judge_lost(
        self,
        table: TableDefinition,
        carried: Iterable[Carried],
        on_error: Words,
        left: Iterable[FieldDefinition] = (),
    ) -> None:
        """Values that can't be carried over, of the fields that may lose none, and of several by one word.

        :param left: fields that stay in the trash, because of what they link to
        """
        several = None
        for field in left:
            several = self.loosening.of_left(table, field, on_error) or several
        for made in carried:
            if on_error.of(made.after) != FAIL:
                several = self.loosening.of_values(table, made, on_error) or several
            elif made.lost.count:
                form = self.loosening.form(table, made.after.name, "null")
                self.findings.add(row_checks.lost_values(made, form))
        if several is not None:
            self.findings.add(several)

    # The second half

    def _apply(
        self,
        values: Preparation,
        change: Difference,
        carried: dict[int, Carried],
        converted: tuple[Pair, ...],
        rekeyed: tuple[Pair, ...],
        trashed: list[TrashedField],
    ) -> None:
        # First of all: values that are filled in or converted below may offend a uniqueness that is to go.
        self.drop_indexes(change.before, change.after)
        lists = ListSteps(self, change)
        lists.arrive(carried, converted, values.table)
        lists.leave(carried, converted)
        leaving = [old for old, new in converted if new.id not in carried or carried[new.id].keeps_old]
        leaving = [field for field in (*change.dropped, *leaving) if self.has_column(field)]
        going = {field.id: self.trash(change.after, field) for field in leaving}
        self.apply(values.table, change, carried, converted, rekeyed, going, trashed)
        lists.rekey(change.after, rekeyed)

    def apply(
        self,
        table: sa.Table,
        change: Difference,
        carried: Mapping[int, Carried],
        converted: tuple[Pair, ...],
        rekeyed: tuple[Pair, ...],
        going: Mapping[int, TrashedField],
        trashed: list[TrashedField],
    ) -> None:
        """The DDL.

        :param table: as it is; what ``carried`` has are expressions over it
        :param rekeyed: fields that get other foreign keys
        :param going: the fields that go to the trash now, by id; ``trashed`` are there already
        """
        raise NotImplementedError

    def explain_refusal(self, table: sa.Table, index: sa.Index, after: TableDefinition) -> None:
        for name, number, fields, folds_case, nulls_distinct in row_checks.unique_rules(after, set()):
            if name == index.name:
                parts = [table.c[field.name] for field in fields]
                parts = [sa.func.lower(part) for part in parts] if folds_case else parts
                found = row_checks.duplicates(self.connection, table, number, fields, parts, nulls_distinct)
                if found is not None:
                    self.findings.add(found)
        refused = {name: each for name, each in self.index_names(after).items() if name == index.name}
        expressions = {field.id: table.c[field.name] for field in after.fields if field.name in table.c}
        self._judge_entries(table, refused, after, expressions)

    def _settle(
        self,
        change: Difference,
        carried: Mapping[int, Carried],
        converted: tuple[Pair, ...],
        returning: Mapping[int, TrashedField],
    ) -> None:
        """What is left to do when the table has its new form."""
        spent = [kept for made in carried.values() for kept in made.spent]
        for number, kept in returning.items():
            made = carried.get(number)
            if number not in change.before.by_id and made is not None and not made.keeps_old:
                spent.append(kept)
        for kept in spent:
            self.forget(change.after, kept)
        types = self.generator.field_types
        new = {field.id for field in change.arriving} | {new.id for _, new in converted}
        given = tuple(
            field for field in system_fields(change.after, types) if field.id in new and self.has_column(field)
        )
        if given:
            fill_rows(self.connection, self.store, types, self.generator.table(change.after), change.after, given)

    def forget(self, definition: TableDefinition, kept: TrashedField) -> None:
        """Take a field out of the trash whose values have come back, or are not wanted any more."""
        if kept.column.startswith(LIST_PREFIX):
            ListSteps(self, Difference(definition, definition)).forget(kept.column)
        elif kept.column in self.generator.dialect.column_names(self.connection, definition.physical_name):
            self.drop_kept_column(definition, kept.column)
        self.store.forget_trashed(self.connection, kept.id)

    def drop_kept_column(self, definition: TableDefinition, column: str) -> None:
        self.operations.drop_column(quoted(definition.physical_name), quoted(column), schema=self.schema)
