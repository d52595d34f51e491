"""Changes of definitions on SQLite."""

from dataclasses import replace

import sqlalchemy as sa

from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.store import TrashedField
from dynmodel_pyramid.errors import Conflict
from dynmodel_pyramid.tables.difference import Difference
from dynmodel_pyramid.tables.evolution import Evolution
from dynmodel_pyramid.tables.evolution_steps import quoted
from dynmodel_pyramid.tables.generation import foreign_key_name
from dynmodel_pyramid.tables.link_tables import ON_DELETE_SQL


class SQLiteEvolution(Evolution):
    """ALTER TABLE where SQLite can; else the table is built anew and filled from the old one."""

    def apply(self, before, after, change, trashed, dropped, rekeyed) -> None:
        name = quoted(after.physical_name)
        if change.table_renamed:
            # Through another name: SQLite takes names that differ by case only for the same table. What refers to the
            # table follows.
            self.operations.rename_table(quoted(before.physical_name), quoted(f"_rename_{after.id}"))
            self.operations.rename_table(quoted(f"_rename_{after.id}"), name)
            before = replace(before, physical_name=after.physical_name)
        light = self.light(before)
        for field in change.added:
            self.refuse_rows_without_value(light, field)
        if self._must_rebuild(change, rekeyed):
            for _, new in change.required:
                if new.required:
                    self.refuse_nulls(light, before.by_id[new.id].column, new)
            self.rebuild(before, after, change, trashed, dropped)
            self.check_foreign_keys(after)
            self.create_indexes(before, after, all_of_them=True)
            return
        for trashed_field in dropped:
            self._rename(name, trashed_field.field.column, trashed_field.column)
        for old, new in change.renamed:
            self._rename(name, old.column, f"_rename_{new.id}")
        for _, new in change.renamed:
            self._rename(name, f"_rename_{new.id}", new.column)
        for field in change.added:
            self._add(name, after, field)
        self.create_indexes(before, after, all_of_them=False)

    def _must_rebuild(self, change: Difference, rekeyed) -> bool:
        """Whether SQLite's ALTER TABLE can't do it."""
        return bool(
            change.retyped
            or change.required
            or change.defaults
            or any(self.has_foreign_key(field) for _, field in rekeyed)
            or any(
                field.required or field.default is not None or self.has_foreign_key(field) for field in change.dropped
            )
            # SQLite forbids a default on an added column that is not a constant (ALTER TABLE ADD COLUMN).
            or any(field.required and field.default is None for field in change.added)
            or any(field.default_expression is not None for field in change.added)
        )

    def _add(self, name: str, definition: TableDefinition, field: FieldDefinition) -> None:
        column = self.generator.column(field)
        if column is None:
            return
        column.key = column.name
        if not self.has_foreign_key(field):
            self.operations.add_column(name, column)
            return
        # Alembic has no ADD COLUMN with REFERENCES.
        quote = self.connection.dialect.identifier_preparer.quote_identifier
        reference = self.generator.reference(field)
        self.connection.exec_driver_sql(
            f"ALTER TABLE {quote(name)} ADD COLUMN {quote(field.column)} "
            f"{column.type.compile(self.connection.dialect)} "
            f"CONSTRAINT {quote(foreign_key_name(definition, field))} "
            f"REFERENCES {quote(self.far(definition)(reference.table))} (id) "
            f"ON DELETE {ON_DELETE_SQL[reference.on_delete]} DEFERRABLE"
        )

    def lift_foreign_keys(self, definition) -> None:
        """By a rebuild whose columns are as they are declared: the types of some may be gone."""
        if not any(self.has_foreign_key(field) for field in definition.fields):
            return
        trashed = self.store.trashed_fields(self.connection, definition.id)
        columns = [field.column for field in definition.fields if self.has_column(field)]
        bare = replace(definition, fields=(), indexes=())
        sources = {name: name for name in (*columns, *(field.column for field in trashed))}
        self._copy(bare, definition.physical_name, sources)

    def check_foreign_keys(self, definition: TableDefinition) -> None:
        """They are off while a definition changes; a table that was filled anew is looked through."""
        quote = self.connection.dialect.identifier_preparer.quote_identifier
        found = self.connection.exec_driver_sql(f"PRAGMA foreign_key_check({quote(definition.physical_name)})").first()
        if found is not None:
            raise Conflict("rows would refer to rows that are not there", code="foreign_key")

    def is_same_table(self, name: str, other: str) -> bool:
        # SQLite ignores the case of ASCII letters, and of no others.
        return name.encode().lower() == other.encode().lower()

    def _rename(self, table: str, old: str, new: str) -> None:
        prepare = self.connection.dialect.identifier_preparer.quote_identifier
        self.connection.exec_driver_sql(f"ALTER TABLE {prepare(table)} RENAME COLUMN {prepare(old)} TO {prepare(new)}")

    def rebuild(self, before, after, change: Difference, trashed: list[TrashedField], dropped: list) -> None:
        retyped = {new.id for old, new in change.retyped}
        sources = {}
        for field in after.fields:
            old = before.by_id.get(field.id)
            if old is None and field.default_expression is not None:
                sources[field.column] = self.converted_column(field)
            elif old is not None and self.has_column(field):
                converted = field.id in retyped
                sources[field.column] = self.converted_column(field) if converted else old.column
        sources |= {field.column: field.column for field in trashed}
        sources |= {field.column: field.field.column for field in dropped}
        self._copy(after, before.physical_name, sources)

    def _copy(self, after: TableDefinition, old_name: str, sources: dict[str, str]) -> None:
        """The procedure of SQLite's page ALTER TABLE, "Making Other Kinds Of Table Schema Changes".

        Foreign keys are off in this transaction; the caller checks them before it commits. Columns that are not the
        definition's are declared as they were, nullable.

        :param sources: new column -> old column, the system's left out
        """
        prepare = self.connection.dialect.identifier_preparer.quote_identifier
        run = self.connection.exec_driver_sql
        old_table = prepare(old_name)
        declared = {row[1].casefold(): row[2] for row in run(f"PRAGMA table_info({old_table})")}
        own = {field.column for field in after.fields}
        further = [
            sa.Column(quoted(column), _Declared(declared[source.casefold()]))
            for column, source in sources.items()
            if column not in own
        ]
        temporary = f"_rebuild_{after.id}"
        table = self.generator.table(after, name=temporary, further=further, far=self.far(after))
        self.connection.execute(sa.schema.CreateTable(table))
        sources = {name: name for name in ("id", "_version", "_created", "_updated")} | sources
        into = ", ".join(prepare(name) for name in sources)
        # Table-qualified: SQLite takes a missing double-quoted name for a string.
        taken = ", ".join(f"{old_table}.{prepare(name)}" for name in sources.values())
        run(f"INSERT INTO {prepare(temporary)} ({into}) SELECT {taken} FROM {old_table}")
        last = run("SELECT seq FROM sqlite_sequence WHERE name = ?", (old_name,)).scalar()
        run(f"DROP TABLE {old_table}")
        run(f"ALTER TABLE {prepare(temporary)} RENAME TO {prepare(after.physical_name)}")
        if last is not None:
            # Ids of deleted rows are not given again.
            run("DELETE FROM sqlite_sequence WHERE name = ?", (after.physical_name,))
            run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (after.physical_name, last))


class _Declared(sa.types.UserDefinedType):
    """A column type as SQLite's schema declares it, for columns whose field type may be gone."""

    cache_ok = True

    def __init__(self, declared: str):
        self.declared = declared

    def get_col_spec(self, **options):
        return self.declared
