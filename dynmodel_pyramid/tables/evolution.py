"""The difference of two definitions -> DDL and conversion, inside the caller's transaction.

:class:`Evolution` has the order of steps and the conversion of values; :class:`Steps` what they are made of.
Statements go through Alembic's operations. Dropped columns are renamed into the trash, free of NOT NULL and default.
"""

from dataclasses import replace

import sqlalchemy as sa

from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.store import TrashedField
from dynmodel_pyramid.fields.json import JsonDocument
from dynmodel_pyramid.tables.conversion import (
    Losses,
    convert_column,
    converter,
    in_database,
)
from dynmodel_pyramid.tables.difference import Difference, Pair, difference
from dynmodel_pyramid.tables.evolution_lists import ListSteps
from dynmodel_pyramid.tables.evolution_steps import Steps, quoted
from dynmodel_pyramid.tables.given import fill_rows, given_fields


class Evolution(Steps):
    """Creates, changes and drops the tables of one database; an object lives for one transaction."""

    def create(self, definition: TableDefinition) -> None:
        table = self.generator.table(definition, far=self.far(definition))
        self.refuse_too_many_names(definition)
        self.refuse_taken(definition)
        self.refuse_too_wide(definition, 0)
        table.metadata.create_all(self.connection, checkfirst=False)
        for index in self.generator.indexes(definition, table).values():
            self.connection.execute(sa.schema.CreateIndex(index))
        for field, reference in self.lists(definition):
            self.link_tables(definition).create(definition, field, reference)

    def drop(self, definition: TableDefinition) -> str:
        """Rename the table into the trash, free of foreign keys; -> its new physical name."""
        name = f"_trash_table_{definition.id}"
        for field, _ in self.lists(definition):
            self.link_tables(definition).without_keys(definition.id, field.id)
        self.lift_foreign_keys(definition)
        self.operations.rename_table(quoted(definition.physical_name), quoted(name), schema=self.schema)
        return name

    def change(self, before: TableDefinition, after: TableDefinition, on_error: str) -> None:
        """Bring the table from one definition to the other.

        :raises Conflict: the rows don't allow it
        """
        self.refuse_too_many_names(after)
        change = self.with_changed_columns(difference(before, after), before, after)
        rekeyed = self.rekeyed(before, after)
        if change.is_empty and not rekeyed:
            return
        if change.table_renamed and not self.is_same_table(before.physical_name, after.physical_name):
            self.refuse_taken(after)
        trashed = self.store.trashed_fields(self.connection, before.id)
        self.refuse_too_wide(after, len(trashed) + len(change.dropped) + len(change.retyped))
        # First of all: values that are filled in or converted below may offend a uniqueness that is to go.
        self.drop_indexes(before, after)
        lists = ListSteps(self, before, after)
        lost = [old for old, new in change.retyped if self.convert(before, (old, new), on_error, lists)]
        self.fill_required(before, change, on_error)
        self.fill_added(before, change)
        leaving = [field for field in (*change.dropped, *lost) if self.has_column(field)]
        dropped = [self.store.trash_field(self.connection, after, field) for field in leaving]
        lists.leave(change, lost)
        lists.arrive(change)
        self.apply(before, after, change, trashed, dropped, rekeyed)
        lists.rekey(rekeyed)
        types = self.generator.field_types
        new = {field.id for field in (*change.added, *(new for _, new in change.retyped))}
        given = tuple(field for field in given_fields(after, types) if field.id in new and self.has_column(field))
        fill_rows(self.connection, self.store, types, self.generator.table(after), after, given)

    def rekeyed(self, before: TableDefinition, after: TableDefinition) -> tuple[Pair, ...]:
        """Fields that refer to the same rows as before, with another ``on_delete``."""
        pairs = [(before.by_id[new.id], new) for new in after.fields if new.id in before.by_id]
        found = []
        for old, new in pairs:
            references = self.generator.reference(old), self.generator.reference(new)
            if old.type == new.type and None not in references and references[0].on_delete != references[1].on_delete:
                found.append((old, new))
        return tuple(found)

    def lift_foreign_keys(self, definition: TableDefinition) -> None:
        """Free a table that goes to the trash from its foreign keys, so that it holds nobody up."""
        raise NotImplementedError

    def with_changed_columns(self, change: Difference, before: TableDefinition, after: TableDefinition) -> Difference:
        """A field whose options ask for another column than before is converted as one of another type is."""
        changed = [
            (before.by_id[new.id], new)
            for new in after.fields
            if new.id in before.by_id
            and (new.type, new.options) != (before.by_id[new.id].type, before.by_id[new.id].options)
            and self.column_type(new) != self.column_type(before.by_id[new.id])
        ]
        ids = {new.id for _, new in (*changed, *change.retyped)}
        others = {
            name: tuple(pair for pair in getattr(change, name) if pair[1].id not in ids and self.has_column(pair[1]))
            for name in ("renamed", "required", "defaults")
        }
        further = [pair for pair in changed if pair not in change.retyped]
        return replace(change, retyped=(*change.retyped, *further), **others)

    def apply(
        self,
        before: TableDefinition,
        after: TableDefinition,
        change: Difference,
        trashed: list[TrashedField],
        dropped: list[TrashedField],
        rekeyed: tuple[Pair, ...],
    ) -> None:
        """The DDL. ``trashed`` are in the trash already; ``dropped`` go there now; ``rekeyed`` get other foreign keys.

        Converted values of retyped fields, and those of new fields with a ``default_expression``, stand in columns
        that :meth:`converted_column` names.
        """
        raise NotImplementedError

    # Conversion

    def convert(self, before: TableDefinition, pair: Pair, on_error: str, lists: ListSteps) -> bool:
        """Fill a new column with the converted values; -> whether the old ones must be kept, as some were lost."""
        old, new = pair
        target = JsonDocument() if self.is_list(new) else getattr(self.generator.column(new), "type", None)
        if target is None:
            return True  # the database computes the new values
        source = lists.exposed(old)
        filled = self.temporary_column(before, self.converted_column(new), target)
        table = self.light(before, source, filled)
        losses = Losses(new, old.write_only or new.write_only)
        old_type = self.generator.field_types[old.type]
        maker = self.generator.default_maker(new, self.moment) if on_error == "default" else None
        with self.refusing_defaults(new):
            convert_column(
                self.connection,
                table,
                source,
                filled,
                converter(self.generator.field_types, old, new),
                losses,
                old_type.text_form(old.options).to_text,
                maker,
                in_database(self.generator.field_types, old, new, source, self.generator.dialect.name),
            )
        lists.refuse_missing_rows(new, table, filled, losses)
        if losses.count and on_error == "fail":
            losses.refuse()
        if new.required:
            if maker is not None:
                self.fill(before, sa.column(filled.name, filled.type), new)
            self.refuse_nulls(table, self.converted_column(new), new)
        return losses.count > 0
