"""Changes of definitions on SQLite."""

import sqlalchemy as sa

from dynmodel_pyramid.definitions.store import TrashedField
from dynmodel_pyramid.tables.difference import Difference
from dynmodel_pyramid.tables.evolution import Evolution, quoted


class SQLiteEvolution(Evolution):
    """ALTER TABLE where SQLite can; else the table is built anew and filled from the old one."""

    def apply(self, before, after, change, trashed, dropped) -> None:
        light = self.light(before)
        for field in change.added:
            self.refuse_rows_without_value(light, field)
        rebuild = bool(
            change.retyped
            or change.required
            or change.defaults
            or any(field.required or field.default is not None for field in change.dropped)
            # SQLite forbids a default on an added column that is not a constant (ALTER TABLE ADD COLUMN).
            or any(field.required and field.default is None for field in change.added)
            or any(field.default_expression is not None for field in change.added)
        )
        if rebuild:
            for _, new in change.required:
                if new.required:
                    self.refuse_nulls(light, before.by_id[new.id].column, new)
            self.rebuild(before, after, change, trashed, dropped)
            self.create_indexes(before, after, all_of_them=True)
            return
        name = quoted(before.physical_name)
        if change.table_renamed:
            # Through another name: SQLite takes names that differ by case only for the same table.
            self.operations.rename_table(name, quoted(f"_rename_{after.id}"))
            name = quoted(after.physical_name)
            self.operations.rename_table(quoted(f"_rename_{after.id}"), name)
        for trashed_field in dropped:
            self._rename(name, trashed_field.field.column, trashed_field.column)
        for old, new in change.renamed:
            self._rename(name, old.column, f"_rename_{new.id}")
        for _, new in change.renamed:
            self._rename(name, f"_rename_{new.id}", new.column)
        for field in change.added:
            column = self.generator.column(field)
            if column is not None:
                column.key = column.name
                self.operations.add_column(name, column)
        self.create_indexes(before, after, all_of_them=False)

    def is_same_table(self, name: str, other: str) -> bool:
        # SQLite ignores the case of ASCII letters, and of no others.
        return name.encode().lower() == other.encode().lower()

    def _rename(self, table: str, old: str, new: str) -> None:
        prepare = self.connection.dialect.identifier_preparer.quote_identifier
        self.connection.exec_driver_sql(f"ALTER TABLE {prepare(table)} RENAME COLUMN {prepare(old)} TO {prepare(new)}")

    def rebuild(self, before, after, change: Difference, trashed: list[TrashedField], dropped: list) -> None:
        """The procedure of SQLite's page ALTER TABLE, "Making Other Kinds Of Table Schema Changes".

        Foreign keys are off in this transaction; the caller checks them before it commits.
        """
        prepare = self.connection.dialect.identifier_preparer.quote_identifier
        run = self.connection.exec_driver_sql
        old_table = prepare(before.physical_name)
        declared = {row[1].casefold(): row[2] for row in run(f"PRAGMA table_info({old_table})")}
        sources = {name: name for name in ("id", "_version", "_created", "_updated")}
        retyped = {new.id for old, new in change.retyped}
        for field in after.fields:
            old = before.by_id.get(field.id)
            if old is None and field.default_expression is not None:
                sources[field.column] = self.converted_column(field)
            elif old is not None:
                sources[field.column] = self.converted_column(field) if field.id in retyped else old.column
        sources |= {field.column: field.column for field in trashed}
        sources |= {field.column: field.field.column for field in dropped}
        further = [
            sa.Column(quoted(field.column), _Declared(declared[sources[field.column].casefold()]))
            for field in (*trashed, *dropped)
        ]
        temporary = f"_rebuild_{after.id}"
        table = self.generator.table(after, name=temporary, further=further)
        self.connection.execute(sa.schema.CreateTable(table))
        into = ", ".join(prepare(name) for name in sources)
        # Table-qualified: SQLite takes a missing double-quoted name for a string.
        taken = ", ".join(f"{old_table}.{prepare(name)}" for name in sources.values())
        run(f"INSERT INTO {prepare(temporary)} ({into}) SELECT {taken} FROM {old_table}")
        last = run("SELECT seq FROM sqlite_sequence WHERE name = ?", (before.physical_name,)).scalar()
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
