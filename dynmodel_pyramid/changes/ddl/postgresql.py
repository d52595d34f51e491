"""Changes of definitions on PostgreSQL."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.check_constraints import check_name
from dynmodel_pyramid.catalogue.list_tables import ON_DELETE_SQL
from dynmodel_pyramid.catalogue.table_builder import foreign_key_name
from dynmodel_pyramid.changes.comparison import Difference, Key, Pair, field_key
from dynmodel_pyramid.changes.ddl import not_valid
from dynmodel_pyramid.changes.ddl.columns import Width, quoted
from dynmodel_pyramid.changes.ddl.runner import literal_sql
from dynmodel_pyramid.changes.ddl.schema_editor import Evolution
from dynmodel_pyramid.changes.values.column_values import Carried
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.store import TrashedField
from dynmodel_pyramid.errors import PluginMissing

_LOCK = "ACCESS EXCLUSIVE"


class PostgreSQLEvolution(Evolution):
    """ALTER TABLE for each step. Only conversions write rows, and each writes them once."""

    def create_table(self, table) -> None:
        self.ddl.run(sa.schema.CreateSequence(table.c.id.default))
        self.ddl.run(sa.schema.CreateTable(table))

    def apply(self, table, change, carried, converted, rekeyed, going, trashed) -> None:
        self.name = quoted(change.before.physical_name)
        leaving = [(field, None) for field in change.dropped]
        arriving = [(None, field) for field in change.arriving]
        self._drop_keys(change.before, [*leaving, *converted, *rekeyed])
        effects = {number: self.effect(values) for number, values in carried.items()}
        self._drop_checks(change.before, [*leaving, *converted], effects)
        self._make(table, carried, effects)
        for old, new in (*leaving, *converted):
            with self._serving(field_key(old, new)):
                if old.id in going:
                    self._to_trash(old, going[old.id])
                elif self.has_column(old) and (self.is_list(new) or effects.get(old.id, "new") == "new"):
                    self.operations.drop_column(self.name, quoted(old.column), schema=self.schema)
        self._rename(change, carried, effects)
        for old, new in (*arriving, *converted):
            with self._serving(field_key(old, new)):
                self._settle_column(new, carried, effects)
        self._set_rules(change)
        if change.table_renamed:
            with self._serving(("table", 0)):
                self.operations.rename_table(self.name, quoted(change.after.physical_name), schema=self.schema)
            self.name = quoted(change.after.physical_name)
        self.create_indexes(change.before, change.after, all_of_them=False)
        self._add_checks(change.after, [*arriving, *converted], effects)
        self._add_keys(change.after, [*arriving, *converted, *rekeyed])
        not_valid.demand_values(self, change.after)
        not_valid.complete(self, change.after, set(change.before.pending) - set(change.after.pending))

    def effect(self, values: Carried) -> str:
        """How the column gets its values.

        ==========  ================================================================================================
        ``none``    it has them, or gets them by its own default when it is added
        ``fill``    nulls are replaced, and what a revert brings back
        ``retype``  ALTER COLUMN ... TYPE ... USING: what was there can be told from what comes
        ``new``     another column takes the place of the old one, which may have to be kept
        ==========  ================================================================================================
        """
        old, new = values.before, values.after
        if values.is_same or self.is_list(new) or (old is None and values.by_sql):
            return "none"
        if not isinstance(values.source, sa.Column) or values.keeps_old:
            return "new"
        if (old.type, old.options) == (new.type, new.options):
            return "fill"
        return "retype" if values.by_sql else "new"

    # The parts

    def _serving(self, *keys: Key, cost: str = "metadata", lock: str = _LOCK):
        return self.ddl.serving(*keys, cost=cost, lock=lock)

    def _alter(self, column: str, **what) -> None:
        self.operations.alter_column(self.name, quoted(column), schema=self.schema, **what)

    def _make(self, table: sa.Table, carried: Mapping[int, Carried], effects: Mapping[int, str]) -> None:
        """Write the values that change, before any column that they are made from is renamed or converted."""
        new = [values for number, values in carried.items() if effects[number] == "new"]
        keys = tuple(field_key(values.before, values.after) for values in new)
        changes = {}
        for values in new:
            name, kind = quoted(f"_new_{values.after.id}"), self.generator.column(values.after).type
            with self._serving(field_key(values.before, values.after)):
                self.operations.add_column(self.name, sa.Column(name, kind), schema=self.schema)
            column = sa.Column(name, kind)
            table.append_column(column)
            changes[column] = values.expression
        if changes:
            with self._serving(*keys, cost="rewrite"):
                self.ddl.run(sa.update(table).values(changes))
        for number, values in carried.items():
            if effects[number] == "fill":
                with self._serving(("required", number), field_key(values.before, values.after), cost="rewrite"):
                    source, concerned = values.source, values.source.is_(None)
                    if values.aside is not None:
                        concerned = sa.or_(concerned, values.aside.has_row())
                    self.ddl.run(sa.update(table).where(concerned).values({source: values.expression}))
            elif effects[number] == "retype":
                with self._serving(field_key(values.before, values.after), cost="rewrite"):
                    self._retype(values)

    def _retype(self, values: Carried) -> None:
        dialect = self.connection.dialect
        quote = dialect.identifier_preparer.quote_identifier
        column, kind = quote(values.source.name), self.generator.column(values.after).type.compile(dialect)
        using = literal_sql(values.expression, dialect)
        table = f"{quote(self.schema)}.{quote(self.name)}"
        alter = f"ALTER COLUMN {column}"
        self.ddl.run(f"ALTER TABLE {table} {alter} DROP DEFAULT, {alter} TYPE {kind} USING {using}")

    def _keep_computed(self, field: FieldDefinition) -> None:
        """What the database computed into a column becomes plain values: such a column has no default to drop."""
        try:
            column = self.generator.column(field)
        except PluginMissing:
            return
        if column is not None and column.computed is not None:
            quote = self.connection.dialect.identifier_preparer.quote_identifier
            table = f"{quote(self.schema)}.{quote(self.name)}"
            self.ddl.run(f"ALTER TABLE {table} ALTER COLUMN {quote(field.column)} DROP EXPRESSION")

    def _to_trash(self, field: FieldDefinition, kept: TrashedField) -> None:
        """Free of NOT NULL and default, so that it holds no later row up."""
        self._keep_computed(field)
        self._alter(field.column, nullable=True, server_default=None)
        self._alter(field.column, new_column_name=quoted(kept.column))

    def _rename(self, change: Difference, carried: Mapping[int, Carried], effects: Mapping[int, str]) -> None:
        """Give columns their names: by way of names that are nobody's, so that names can be swapped."""
        moves = []
        for field in change.after.fields:
            values = carried.get(field.id)
            old = change.before.by_id.get(field.id)
            if values is None or not self.has_column(field) or self.is_list(field):
                continue
            if effects[field.id] == "new":
                moves.append((field_key(values.before, field), f"_new_{field.id}", field.column))
            elif values.source is not None and values.source.name != field.column:
                key = ("name", field.id) if old is not None else ("field", field.id)
                moves.append((key, values.source.name, f"_rename_{field.id}"))
                moves.append((key, f"_rename_{field.id}", field.column))
        # Columns leave their names before others take them.
        for key, current, name in sorted(moves, key=lambda move: not move[2].startswith("_rename_")):
            with self._serving(key):
                self._alter(current, new_column_name=quoted(name))

    def _settle_column(
        self, field: FieldDefinition, carried: Mapping[int, Carried], effects: Mapping[int, str]
    ) -> None:
        """Add a new column, or give a converted or restored one its default and NOT NULL."""
        column = self.generator.column(field)
        if column is None:
            return
        values = carried[field.id]
        if values.before is None and effects[field.id] == "none":
            column.key = column.name
            self.operations.add_column(self.name, column, schema=self.schema)
            return
        nullable = not field.required or self._is_put_off(field)
        self._alter(field.column, server_default=self._default(field), nullable=nullable)

    def _set_rules(self, change: Difference) -> None:
        settled = {new.id for _, new in change.changed("type", "options")}
        for _, new in change.changed("default"):
            if new.id not in settled and self.has_column(new):
                with self._serving(("default", new.id)):
                    self._alter(new.column, server_default=self._default(new))
        for _, new in change.changed("required"):
            if new.id not in settled and self.has_column(new) and not self._is_put_off(new):
                with self._serving(("required", new.id), cost="scan" if new.required else "metadata"):
                    self._alter(new.column, nullable=not new.required)

    def _drop_keys(self, definition: TableDefinition, pairs: Iterable[Pair]) -> None:
        for old, new in pairs:
            if self.has_foreign_key(old):
                with self._serving(field_key(old, new)):
                    key = quoted(foreign_key_name(definition, old))
                    self.operations.drop_constraint(
                        key, self.name, type_="foreignkey", schema=self.schema, if_exists=True
                    )

    def _add_keys(self, definition: TableDefinition, pairs: Iterable[Pair]) -> None:
        for old, new in pairs:
            if self.has_foreign_key(new):
                cost = self._cost(foreign_key_name(definition, new))
                with self._serving(field_key(old, new), cost=cost, lock="SHARE ROW EXCLUSIVE"):
                    self._add_key(definition, new)

    def _add_key(self, definition: TableDefinition, field: FieldDefinition) -> None:
        reference = self.generator.reference(field)
        name = foreign_key_name(definition, field)
        self.operations.create_foreign_key(
            quoted(name),
            quoted(definition.physical_name),
            quoted(self.far(definition)(reference.table)),
            [quoted(field.column)],
            ["id"],
            ondelete=ON_DELETE_SQL[reference.on_delete],
            deferrable=True,
            source_schema=self.schema,
            referent_schema=self.schema,
            **(not_valid.NOT_VALID if name in self.put_off else {}),
        )

    def _drop_checks(self, definition: TableDefinition, pairs: Iterable[Pair], effects: Mapping[int, str]) -> None:
        """By what the database has: the type of a field that goes may be gone."""
        pairs = list(pairs)
        if not pairs:
            return
        inspector = sa.inspect(self.connection)
        there = [each["name"] for each in inspector.get_check_constraints(self.name, schema=self.schema)]
        for old, new in pairs:
            kept = {check_name(definition, old, option) for option in self._kept_rules(old, new, effects)}
            for name in there:
                if name.startswith(check_name(definition, old, "")) and name not in kept:
                    with self._serving(field_key(old, new)):
                        self.operations.drop_constraint(quoted(name), self.name, type_="check", schema=self.schema)

    def _kept_rules(
        self, old: FieldDefinition | None, new: FieldDefinition | None, effects: Mapping[int, str]
    ) -> set[str]:
        """The options whose checks stay: those of a column that stays, if they say the same as before."""
        if old is None or new is None or effects.get(new.id) != "none":
            return set()
        return {option for option, _ in set(self.rules(old).items()) & set(self.rules(new).items())}

    def _add_checks(self, definition: TableDefinition, pairs: Iterable[Pair], effects: Mapping[int, str]) -> None:
        table = None
        for old, new in pairs:
            kept = self._kept_rules(old, new, effects)
            rules = [option for option in self.rules(new) if option not in kept]
            if not rules:
                continue
            if table is None:
                table = self.generator.table(definition)
                made = self.generator.checks(definition, table)
            for name in (check_name(definition, new, option) for option in rules):
                made[name].dialect_options["postgresql"]["not_valid"] = name in self.put_off
                with self._serving(field_key(old, new), cost=self._cost(name)):
                    self.ddl.run(sa.schema.AddConstraint(made[name]))

    def _is_put_off(self, field: FieldDefinition) -> bool:
        return any(name.endswith(f"_{field.id}_required") for name in self.put_off)

    def _cost(self, constraint: str) -> str:
        return "metadata" if constraint in self.put_off else "scan"

    def lift_foreign_keys(self, definition) -> None:
        self.name = quoted(definition.physical_name)
        self._drop_keys(definition, [(field, None) for field in definition.fields])

    def restore_foreign_keys(self, definition) -> None:
        self.name = quoted(definition.physical_name)
        self._add_keys(definition, [(None, field) for field in definition.fields])

    def leave_behind(self, before, after) -> None:
        self.drop_indexes(before, after)
        super().leave_behind(before, after)

    def leave_column(self, definition, field, kept) -> None:
        self.name = quoted(definition.physical_name)
        self._to_trash(field, kept)

    def drop_sequence(self, definition) -> None:
        name = quoted(f"_seq_{definition.id}")
        self.ddl.run(sa.schema.DropSequence(sa.Sequence(name, schema=self.schema), if_exists=True))

    def width_after(self, change, carried, converted, trashed) -> Width:
        """Attribute numbers only grow: what a change adds comes on top of all that ever was."""
        width = super().width_after(change, carried, converted, trashed)
        name = change.before.physical_name
        there = self.generator.dialect.counted_columns(self.connection, name)
        added = [values for values in carried.values() if self._adds_column(values)]
        return replace(width, dropped=max(0, there + len(added) - width.in_use - width.in_trash))

    def _adds_column(self, values: Carried) -> bool:
        effect = self.effect(values)
        is_new = effect == "none" and values.before is None and self.has_column(values.after)
        return effect == "new" or is_new

    def _default(self, field: FieldDefinition):
        column = self.generator.column(field)
        return column.server_default.arg if column.server_default is not None else None
