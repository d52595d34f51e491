"""Changes of definitions on PostgreSQL."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.check_constraints import check_name
from dynmodel_pyramid.catalogue.list_tables import ON_DELETE_SQL
from dynmodel_pyramid.catalogue.table_builder import foreign_key_name
from dynmodel_pyramid.changes.ddl import not_valid
from dynmodel_pyramid.changes.ddl.columns import TableEdit, Width, quoted
from dynmodel_pyramid.changes.ddl.postgresql_compaction import TableCopy
from dynmodel_pyramid.changes.ddl.runner import literal_sql
from dynmodel_pyramid.changes.ddl.schema_editor import SchemaEditor
from dynmodel_pyramid.changes.values.column_values import ColumnValues
from dynmodel_pyramid.database.identifiers import quote_identifier
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.compare import Key, field_key
from dynmodel_pyramid.definitions.store import TrashedField
from dynmodel_pyramid.errors import PluginMissing

#: PostgreSQL's manual, 13.3.1, "Table-Level Locks".
_LOCK = "ACCESS EXCLUSIVE"

#: A field before and after, of which one may not be.
_Going = tuple[FieldDefinition, FieldDefinition | None]
_Coming = tuple[FieldDefinition | None, FieldDefinition]


class PostgreSQLSchemaEditor(SchemaEditor):
    """ALTER TABLE for each operation. Only conversions write rows, and each writes them once."""

    usual_lock = _LOCK
    locks = (
        ("SHARE ROW EXCLUSIVE", "values are made and judged: rows can be read, not written"),
        (_LOCK, "statements run, till the commit: rows can be neither read nor written"),
    )
    online_locks = (
        ("ACCESS SHARE", "values are judged: rows can be read and written"),
        (_LOCK, "rules are put in force for what is written, the first version: no row is looked at"),
        ("SHARE UPDATE EXCLUSIVE", "rules are proven for all rows: rows can be read and written"),
        (_LOCK, "what is proven is noted, the second version: no row is looked at"),
    )

    def create_table(self, table: sa.Table) -> None:
        numbers = table.c.id.default
        assert isinstance(numbers, sa.Sequence)
        self.runner.run(sa.schema.CreateSequence(numbers))
        self.runner.run(sa.schema.CreateTable(table))

    def apply(self, edit: TableEdit, going: Mapping[int, TrashedField]) -> None:
        comparison, before, after = edit.comparison, edit.before, edit.after
        name, converted = before.physical_name, edit.converted
        leaving: list[_Going] = [(field, None) for field in comparison.dropped]
        arriving: list[_Coming] = [(None, field) for field in comparison.arriving]
        self._drop_keys(before, [*leaving, *converted, *edit.rekeyed])
        effects = {number: self.effect(values) for number, values in edit.values.items()}
        self._drop_checks(before, [*leaving, *converted], effects)
        self._make_values(edit, effects)
        for old, new in (*leaving, *converted):
            with self._serving(field_key(old, new)):
                if old.id in going:
                    self._to_trash(name, old, going[old.id])
                elif new is None or not self.has_column(old):
                    continue
                elif self.is_list(new) or effects.get(old.id, "new") == "new":
                    self.operations.drop_column(quoted(name), quoted(old.column), schema=self.schema)
        self._rename_columns(edit, effects)
        for was, field in (*arriving, *converted):
            with self._serving(field_key(was, field)):
                self._settle_column(edit, field, effects)
        self._set_rules(edit)
        if comparison.table_renamed:
            with self._serving(("table", 0)):
                self.rename_table(name, after.physical_name)
        self.create_indexes(after, self.kept_indexes(before, after, edit.rewritten))
        self._add_checks(edit, [*arriving, *converted], effects)
        self._add_keys(after, [*arriving, *converted, *edit.rekeyed], edit.put_off)
        if edit.put_off:
            not_valid.demand_values(self, after, edit.put_off)
        proven = set(before.pending) - set(after.pending)
        if proven:
            not_valid.complete(self, after, proven)

    def effect(self, values: ColumnValues) -> str:
        """The way in which the column gets its values.

        ==========  ================================================================================================
        ``none``    it has them, or gets them by its own default when it is added
        ``fill``    nulls are replaced, and what a revert brings back
        ``retype``  ALTER COLUMN ... TYPE ... USING: old values can be recovered
        ``new``     another column takes the place of the old one, which may have to be kept
        ==========  ================================================================================================
        """
        old, new = values.before, values.after
        if values.is_same or self.is_list(new) or (old is None and values.by_sql):
            return "none"
        if old is None or not isinstance(values.source, sa.Column) or values.keeps_old:
            return "new"
        if (old.type, old.options) == (new.type, new.options):
            return "fill"
        return "retype" if values.by_sql else "new"

    # The parts

    def _serving(self, *keys: Key, cost: str = "metadata", lock: str = _LOCK) -> AbstractContextManager[None]:
        return self.runner.serving(*keys, cost=cost, lock=lock)

    def _alter(self, table: str, column: str, **what: Any) -> None:
        self.operations.alter_column(quoted(table), quoted(column), schema=self.schema, **what)

    def _make_values(self, edit: TableEdit, effects: Mapping[int, str]) -> None:
        """Write the values that change, before any column that they are made from is renamed or converted."""
        table, name = edit.table, quoted(edit.before.physical_name)
        new = [values for number, values in edit.values.items() if effects[number] == "new"]
        keys = tuple(field_key(values.before, values.after) for values in new)
        assignments = {}
        for values in new:
            column_name, kind = quoted(f"_new_{values.after.id}"), self.column(values.after).type
            with self._serving(field_key(values.before, values.after)):
                self.operations.add_column(name, sa.Column(column_name, kind), schema=self.schema)
            column = sa.Column(column_name, kind)
            table.append_column(column)
            assignments[column] = values.expression
        if assignments:
            with self._serving(*keys, cost="rewrite"):
                self.runner.run(sa.update(table).values(assignments))
        for number, values in edit.values.items():
            if effects[number] == "fill":
                with self._serving(("required", number), field_key(values.before, values.after), cost="rewrite"):
                    source = values.old_values
                    concerned: sa.ColumnElement[bool] = source.is_(None)
                    if values.side_table is not None:
                        concerned = sa.or_(concerned, values.side_table.has_row())
                    self.runner.run(sa.update(table).where(concerned).values({source: values.expression}))
            elif effects[number] == "retype":
                with self._serving(field_key(values.before, values.after), cost="rewrite"):
                    self._retype(edit.before.physical_name, values)

    def _retype(self, table: str, values: ColumnValues) -> None:
        dialect = self.connection.dialect
        column = quote_identifier(values.old_values.name)
        kind = self.column(values.after).type.compile(dialect)
        # Writers have been held off since the values were judged.
        # USING may have no subquery. Citus runs the statement on shards, whose tables have other names.
        made = values.expression if values.sure is None else values.sure
        using = literal_sql(made, dialect, of_one_table=True)
        alter = f"ALTER COLUMN {column}"
        self.runner.run(f"ALTER TABLE {self.table_sql(table)} {alter} DROP DEFAULT, {alter} TYPE {kind} USING {using}")

    def _keep_computed(self, table: str, field: FieldDefinition) -> None:
        """Turn computed values of a column into plain values. Such a column has no default to drop."""
        try:
            column = self.generator.column(field)
        except PluginMissing:
            return
        if column is not None and column.computed is not None:
            quoted_column = quote_identifier(field.column)
            self.runner.run(f"ALTER TABLE {self.table_sql(table)} ALTER COLUMN {quoted_column} DROP EXPRESSION")

    def _to_trash(self, table: str, field: FieldDefinition, trashed: TrashedField) -> None:
        """Drop NOT NULL and default, so that the column does not refuse later rows."""
        self._keep_computed(table, field)
        self._alter(table, field.column, nullable=True, server_default=None)
        self._alter(table, field.column, new_column_name=quoted(trashed.column))

    def _rename_columns(self, edit: TableEdit, effects: Mapping[int, str]) -> None:
        """Rename columns, by way of unused names, so that names can be swapped."""
        moves = []
        for field in edit.after.fields:
            values = edit.values.get(field.id)
            if values is None or not self.has_column(field) or self.is_list(field):
                continue
            if effects[field.id] == "new":
                moves.append((field_key(values.before, field), f"_new_{field.id}", field.column))
            elif values.source is not None and values.source.name != field.column:
                key = ("name" if field.id in edit.before.by_id else "field", field.id)
                moves.append((key, values.source.name, f"_rename_{field.id}"))
                moves.append((key, f"_rename_{field.id}", field.column))
        # Columns give up their names before others take them.
        for key, current, name in sorted(moves, key=lambda move: not move[2].startswith("_rename_")):
            with self._serving(key):
                self._alter(edit.before.physical_name, current, new_column_name=quoted(name))

    def _settle_column(self, edit: TableEdit, field: FieldDefinition, effects: Mapping[int, str]) -> None:
        """Add a new column, or give a converted or restored one its default and NOT NULL."""
        column, table = self.generator.column(field), edit.before.physical_name
        if column is None:
            return
        if edit.values[field.id].before is None and effects[field.id] == "none":
            column.key = column.name
            self.operations.add_column(quoted(table), column, schema=self.schema)
            return
        nullable = not field.required or _is_put_off(edit, field)
        self._alter(table, field.column, server_default=self._default(field), nullable=nullable)

    def _set_rules(self, edit: TableEdit) -> None:
        comparison, table = edit.comparison, edit.before.physical_name
        settled = {new.id for _, new in comparison.changed("type", "options")}
        for _, new in comparison.changed("default"):
            if new.id not in settled and self.has_column(new):
                with self._serving(("default", new.id)):
                    self._alter(table, new.column, server_default=self._default(new))
        for _, new in comparison.changed("required"):
            if new.id not in settled and self.has_column(new) and not _is_put_off(edit, new):
                with self._serving(("required", new.id), cost="scan" if new.required else "metadata"):
                    self._alter(table, new.column, nullable=not new.required)

    def _drop_keys(self, definition: TableDefinition, pairs: Iterable[_Going]) -> None:
        table = quoted(definition.physical_name)
        for old, new in pairs:
            if self.has_foreign_key(old):
                with self._serving(field_key(old, new)):
                    key = quoted(foreign_key_name(definition, old))
                    self.operations.drop_constraint(key, table, type_="foreignkey", schema=self.schema, if_exists=True)

    def _add_keys(
        self, definition: TableDefinition, pairs: Iterable[_Coming], put_off: Collection[str] = frozenset()
    ) -> None:
        for old, new in pairs:
            if self.has_foreign_key(new):
                is_put_off = foreign_key_name(definition, new) in put_off
                with self._serving(field_key(old, new), cost=_cost(is_put_off), lock="SHARE ROW EXCLUSIVE"):
                    self._add_key(definition, new, is_put_off)

    def _add_key(self, definition: TableDefinition, field: FieldDefinition, is_put_off: bool) -> None:
        reference = self.reference(field)
        self.operations.create_foreign_key(
            quoted(foreign_key_name(definition, field)),
            quoted(definition.physical_name),
            quoted(self.far(definition)(reference.table)),
            [quoted(field.column)],
            ["id"],
            ondelete=ON_DELETE_SQL[reference.on_delete],
            deferrable=True,
            source_schema=self.schema,
            referent_schema=self.schema,
            **(not_valid.NOT_VALID if is_put_off else {}),
        )

    def _drop_checks(self, definition: TableDefinition, pairs: Iterable[_Going], effects: Mapping[int, str]) -> None:
        """Found in the database, because the type of a dropped field may be missing."""
        pairs, table = list(pairs), quoted(definition.physical_name)
        if not pairs:
            return
        inspector = sa.inspect(self.connection)
        checks = inspector.get_check_constraints(table, schema=self.schema)
        there = [check["name"] for check in checks if check["name"] is not None]
        for old, new in pairs:
            kept_names = {check_name(definition, old, option) for option in self._kept_rules(old, new, effects)}
            for name in there:
                if name.startswith(check_name(definition, old, "")) and name not in kept_names:
                    with self._serving(field_key(old, new)):
                        self.operations.drop_constraint(quoted(name), table, type_="check", schema=self.schema)

    def _kept_rules(
        self, old: FieldDefinition | None, new: FieldDefinition | None, effects: Mapping[int, str]
    ) -> set[str]:
        """The options whose checks stay: those of a column that stays, if the check is the same as before."""
        if old is None or new is None or effects.get(new.id) != "none":
            return set()
        return {option for option, _ in set(self.rules(old).items()) & set(self.rules(new).items())}

    def _add_checks(self, edit: TableEdit, pairs: Iterable[_Coming], effects: Mapping[int, str]) -> None:
        wanted = []
        for old, new in pairs:
            kept_rules = self._kept_rules(old, new, effects)
            names = [check_name(edit.after, new, option) for option in self.rules(new) if option not in kept_rules]
            wanted += [(field_key(old, new), name) for name in names]
        if not wanted:
            return
        checks = self.generator.conditions.checks(edit.after, self.generator.table(edit.after))
        for key, name in wanted:
            is_put_off = name in edit.put_off
            checks[name].dialect_options["postgresql"]["not_valid"] = is_put_off
            with self._serving(key, cost=_cost(is_put_off)):
                self.runner.run(sa.schema.AddConstraint(checks[name]))

    def lift_foreign_keys(self, definition: TableDefinition) -> None:
        self._drop_keys(definition, [(field, None) for field in definition.fields])

    def restore_foreign_keys(self, definition: TableDefinition, before: TableDefinition) -> None:
        self._add_keys(definition, [(None, field) for field in definition.fields])

    def leave_behind(self, before: TableDefinition, after: TableDefinition) -> None:
        self.drop_indexes(before, self.kept_indexes(before, after))
        super().leave_behind(before, after)

    def leave_column(self, definition: TableDefinition, field: FieldDefinition, trashed: TrashedField) -> None:
        self._to_trash(definition.physical_name, field, trashed)

    def table_copy(self, table_id: int, name: str | None) -> TableCopy:
        return TableCopy(self.connection, str(self.schema), table_id, name)

    def drop(self, definition: TableDefinition) -> str:
        # A compaction that runs is given up; what it made stays until it is cancelled, or goes on after a restoration.
        copy = self.table_copy(definition.id, definition.physical_name)
        if copy.is_noted():
            self.context.hold_off_readers()
            if self.runner.is_real:
                copy.drop_triggers()
        return super().drop(definition)

    def drop_sequence(self, definition: TableDefinition) -> None:
        if self.runner.is_real:
            # The copy of a compaction has the sequence in the default of its ids.
            self.table_copy(definition.id, None).drop()
        name = quoted(f"_seq_{definition.id}")
        self.runner.run(sa.schema.DropSequence(sa.Sequence(name, schema=self.schema), if_exists=True))

    def width_after(self, edit: TableEdit) -> Width:
        """Attribute numbers only grow: new columns come on top of all columns that ever existed."""
        width = super().width_after(edit)
        there = self.generator.dialect.counted_columns(self.connection, edit.before.physical_name)
        added = [values for values in edit.values.values() if self._adds_column(values)]
        return replace(width, dropped=max(0, there + len(added) - width.in_use - width.in_trash))

    def _adds_column(self, values: ColumnValues) -> bool:
        effect = self.effect(values)
        is_new = effect == "none" and values.before is None and self.has_column(values.after)
        return effect == "new" or is_new

    def _default(self, field: FieldDefinition) -> Any:
        default = self.column(field).server_default
        return default.arg if isinstance(default, sa.DefaultClause) else None


def _is_put_off(edit: TableEdit, field: FieldDefinition) -> bool:
    """Whether a field becomes required by a check that is proven later."""
    return any(name.endswith(f"_{field.id}_required") for name in edit.put_off)


def _cost(is_put_off: bool) -> str:
    return "metadata" if is_put_off else "scan"
