"""Changes of definitions on PostgreSQL."""

from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.tables.evolution import Evolution
from dynmodel_pyramid.tables.evolution_lists import exposed_column
from dynmodel_pyramid.tables.evolution_steps import quoted
from dynmodel_pyramid.tables.generation import foreign_key_name
from dynmodel_pyramid.tables.link_tables import ON_DELETE_SQL


class PostgreSQLEvolution(Evolution):
    """ALTER TABLE for each step; all but conversions change the catalogue only."""

    def apply(self, before, after, change, trashed, dropped, rekeyed) -> None:
        operations, schema = self.operations, self.schema
        name = quoted(before.physical_name)
        if change.table_renamed:
            operations.rename_table(name, quoted(after.physical_name), schema=schema)
            name = quoted(after.physical_name)

        def alter(column: str, **what) -> None:
            operations.alter_column(name, quoted(column), schema=schema, **what)

        self._drop_keys(name, before, [*change.dropped, *(old for old, _ in (*change.retyped, *rekeyed))])
        light = self.light(after)
        gone = {trashed_field.field.id for trashed_field in dropped}
        for trashed_field in dropped:
            field = trashed_field.field
            alter(field.column, nullable=True, server_default=None)
            alter(field.column, new_column_name=quoted(trashed_field.column))
        for old, _ in change.retyped:
            if not self.has_column(old):
                operations.drop_column(name, quoted(exposed_column(old)), schema=schema, if_exists=True)
            elif old.id not in gone:
                operations.drop_column(name, quoted(old.column), schema=schema)
        # By way of a name that is nobody's, so that names can be swapped.
        for old, new in change.renamed:
            alter(old.column, new_column_name=quoted(f"_rename_{new.id}"))
        for _, new in change.renamed:
            alter(f"_rename_{new.id}", new_column_name=quoted(new.column))
        for _, new in change.retyped:
            if not self.has_column(new):
                operations.drop_column(name, quoted(self.converted_column(new)), schema=schema, if_exists=True)
                continue
            alter(self.converted_column(new), new_column_name=quoted(new.column))
            alter(new.column, server_default=self._default(new), nullable=not new.required)
        for field in change.added:
            column = self.generator.column(field)
            if column is not None and field.default_expression is not None:
                alter(self.converted_column(field), new_column_name=quoted(field.column))
                alter(field.column, nullable=not field.required)
            elif column is not None:
                self.refuse_rows_without_value(light, field)
                column.key = column.name
                operations.add_column(name, column, schema=schema)
        for _, new in change.defaults:
            alter(new.column, server_default=self._default(new))
        for _, new in change.required:
            if new.required:
                self.refuse_nulls(light, new.column, new)
            alter(new.column, nullable=not new.required)
        self.create_indexes(before, after, all_of_them=False)
        self._add_keys(name, after, [*change.added, *(new for _, new in (*change.retyped, *rekeyed))])

    def _drop_keys(self, name, definition, fields) -> None:
        for field in fields:
            if self.has_foreign_key(field):
                key = quoted(foreign_key_name(definition, field))
                self.operations.drop_constraint(key, name, type_="foreignkey", schema=self.schema)

    def _add_keys(self, name, definition, fields) -> None:
        for field in fields:
            if self.has_foreign_key(field):
                reference = self.generator.reference(field)
                self.operations.create_foreign_key(
                    quoted(foreign_key_name(definition, field)),
                    name,
                    quoted(self.far(definition)(reference.table)),
                    [quoted(field.column)],
                    ["id"],
                    ondelete=ON_DELETE_SQL[reference.on_delete],
                    deferrable=True,
                    source_schema=self.schema,
                    referent_schema=self.schema,
                )

    def lift_foreign_keys(self, definition) -> None:
        self._drop_keys(quoted(definition.physical_name), definition, definition.fields)

    def _default(self, field: FieldDefinition):
        column = self.generator.column(field)
        return column.server_default.arg if column.server_default is not None else None
