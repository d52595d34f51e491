"""Changes of definitions on SQLite."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.compiler import DDLCompiler

from dynmodel_pyramid.catalogue.check_constraints import check_name
from dynmodel_pyramid.catalogue.list_tables import ON_DELETE_SQL
from dynmodel_pyramid.catalogue.table_builder import SYSTEM_COLUMNS, foreign_key_name
from dynmodel_pyramid.changes.ddl.columns import TableEdit, quoted
from dynmodel_pyramid.changes.ddl.schema_editor import SchemaEditor
from dynmodel_pyramid.changes.values.column_values import ColumnValues
from dynmodel_pyramid.database import sqlite_search
from dynmodel_pyramid.database.identifiers import quote_identifier
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.compare import Comparison, Key, field_key
from dynmodel_pyramid.definitions.store import LIST_PREFIX, TrashedField
from dynmodel_pyramid.errors import Conflict

#: SQLite's "File Locking And Concurrency", 3: one writer; in WAL mode readers go on.
_LOCK = "RESERVED"


class SQLiteSchemaEditor(SchemaEditor):
    """ALTER TABLE if SQLite can do it; else a new table is built and filled from the old one."""

    usual_lock = _LOCK
    locks = ((_LOCK, "the whole change: rows of all tables can be read, not written"),)

    def apply(self, edit: TableEdit, going: Mapping[int, TrashedField]) -> None:
        reasons = self._reasons_to_rebuild(edit, going)
        if reasons:
            with self.runner.serving(*reasons, *self._rebuilt_along(edit.comparison), cost="rewrite", lock=_LOCK):
                self._rebuild(edit, going)
        else:
            self._alter(edit, going)
        if edit.comparison.table_renamed:
            with self.runner.serving(("table", 0), lock=_LOCK):
                self._rename_table(edit.before, edit.after)
        if reasons and self.runner.is_real:
            self.check_foreign_keys(edit.after)
        self.create_indexes(edit.after, () if reasons else self.kept_indexes(edit.before, edit.after, edit.rewritten))

    def _reasons_to_rebuild(self, edit: TableEdit, going: Mapping[int, TrashedField]) -> list[Key]:
        """The operations that SQLite's ALTER TABLE can't do."""
        comparison = edit.comparison
        keys = [
            field_key(old, new) for old, new in edit.converted if self._is_made_anew(old, new, edit.values.get(new.id))
        ]
        for aspect in ("required", "default"):
            keys += [(aspect, new.id) for _, new in comparison.changed(aspect) if self.has_column(new)]
        keys += [field_key(old, new) for old, new in edit.rekeyed if self.has_foreign_key(new)]
        for field in comparison.dropped:
            if field.id in going and (field.required or field.default is not None or self.has_foreign_key(field)):
                keys.append(("field", field.id))
        for field in comparison.arriving:
            values = edit.values.get(field.id)
            if values is None or not self.has_column(field) or self.is_list(field):
                continue
            if values.before is None:
                # SQLite forbids a default on an added column that is not a constant (ALTER TABLE ADD COLUMN).
                needed = not values.by_sql or (field.required and field.default is None)
            else:
                # The column in the trash may still have its checks, or may have lost them by a rebuild; a new column
                # has the right ones.
                plain = not (field.required or field.default is not None or self.has_foreign_key(field))
                needed = not (values.is_same and plain) or bool(self.rules(field) or self.rules(values.before))
            if needed:
                keys.append(("field", field.id))
        return keys

    def _rebuilt_along(self, comparison: Comparison) -> list[Key]:
        """The operations that a rebuild does anyway."""
        fields = [field for field in (*comparison.dropped, *comparison.arriving) if self.has_column(field)]
        keys = [("field", field.id) for field in fields if not self.is_list(field)]
        return keys + [("name", new.id) for _, new in comparison.changed("name") if self.has_column(new)]

    def _is_made_anew(self, old: FieldDefinition, new: FieldDefinition, values: ColumnValues | None) -> bool:
        if not self.has_column(old) and not self.has_column(new):
            return False
        same = values is not None and values.is_same and self.column_type(old)[1] == self.column_type(new)[1]
        return not same or self.rules(old) != self.rules(new)

    def _alter(self, edit: TableEdit, going: Mapping[int, TrashedField]) -> None:
        name, comparison = quoted(edit.before.physical_name), edit.comparison
        for field in comparison.dropped:
            if field.id in going:
                with self.runner.serving(("field", field.id), lock=_LOCK):
                    self._rename_column(name, field.column, going[field.id].column)
        renamed = [
            (old, new)
            for old, new in comparison.changed("name")
            if old.column != new.column and self.has_column(new) and not self.is_list(new)
        ]
        for number in (0, 1):  # by way of unused names, so that names can be swapped
            for old, new in renamed:
                names = (old.column, f"_rename_{new.id}", new.column)
                with self.runner.serving(("name", new.id), lock=_LOCK):
                    self._rename_column(name, *names[number : number + 2])
        arriving = [field for field in comparison.arriving if field.id in edit.values and not self.is_list(field)]
        if not arriving:
            return
        table = self.generator.table(edit.after, far=self.far(edit.after))
        for field in arriving:
            values = edit.values[field.id]
            with self.runner.serving(("field", field.id), lock=_LOCK):
                if values.before is None:
                    self._add(name, edit.after, field, table)
                else:
                    self._rename_column(name, values.old_values.name, field.column)

    def _add(self, name: str, definition: TableDefinition, field: FieldDefinition, table: sa.Table) -> None:
        """ADD COLUMN with the constraints of the column, which Alembic's leaves out.

        :param table: the table of the whole definition
        """
        compiler = _compiler(self.connection.dialect)
        column = table.c[field.name]
        parts = [compiler.get_column_specification(column)]
        if self.has_foreign_key(field):
            reference = self.reference(field)
            parts.append(
                f"CONSTRAINT {quote_identifier(foreign_key_name(definition, field))} "
                f"REFERENCES {quote_identifier(self.far(definition)(reference.table))} (id) "
                f"ON DELETE {ON_DELETE_SQL[reference.on_delete]} DEFERRABLE"
            )
        wanted = {check_name(definition, field, option) for option in self.rules(field)}
        checks = [constraint for constraint in table.constraints if constraint.name in wanted]
        checks.sort(key=lambda check: str(check.name))
        parts += [compiler.process(check) for check in checks]
        self.runner.run(f"ALTER TABLE {quote_identifier(name)} ADD COLUMN {' '.join(parts)}")

    def _rename_column(self, table: str, old: str, new: str) -> None:
        renamed = f"{quote_identifier(old)} TO {quote_identifier(new)}"
        self.runner.run(f"ALTER TABLE {quote_identifier(table)} RENAME COLUMN {renamed}")

    def _rename_table(self, before: TableDefinition, after: TableDefinition) -> None:
        # By way of another name: for SQLite, names that differ only in case are the same table. References to the table
        # follow.
        self.operations.rename_table(quoted(before.physical_name), quoted(f"_rename_{after.id}"))
        self.operations.rename_table(quoted(f"_rename_{after.id}"), quoted(after.physical_name))

    def lift_foreign_keys(self, definition: TableDefinition) -> None:
        """By a rebuild with the columns as they are declared, because the types of some may be missing."""
        if not any(self.has_foreign_key(field) for field in definition.fields):
            return
        trashed = self.store.trashed_fields(self.connection, definition.id)
        columns = [field.column for field in definition.fields if self.has_column(field)]
        bare = replace(definition, fields=(), indexes=())
        further = [*columns, *(field.column for field in trashed)]
        self._copy(sa.table(quoted(definition.physical_name)), bare, {}, further)

    def restore_foreign_keys(self, definition: TableDefinition, before: TableDefinition) -> None:
        # Where there were foreign keys, the table lost its checks with them.
        if any(self.has_foreign_key(field) for field in before.fields):
            trashed = self.store.trashed_fields(self.connection, definition.id)
            self._remake(definition, [field.column for field in trashed])

    def _remake(self, definition: TableDefinition, further: list[str]) -> None:
        """Rebuild a table by its definition; other columns stay only if ``further`` names them."""
        columns = [field for field in definition.fields if self.has_column(field)]
        table = self.generator.table(definition)
        self._copy(table, definition, {field.column: table.c[field.name] for field in columns}, further)
        self.check_foreign_keys(definition)
        self.create_indexes(definition)

    def leave_column(self, definition: TableDefinition, field: FieldDefinition, trashed: TrashedField) -> None:
        self._rename_column(definition.physical_name, field.column, trashed.column)

    def drop_kept_column(self, definition: TableDefinition, column: str) -> None:
        # Columns that a check of the table names can't be dropped (ALTER TABLE, "ALTER TABLE DROP COLUMN").
        query = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")
        declared = self.connection.scalar(query, {"name": definition.physical_name})
        if len(re.findall(rf"\b{re.escape(column)}\b", declared)) == 1:
            super().drop_kept_column(definition, column)
            return
        trashed = self.store.trashed_fields(self.connection, definition.id)
        self._remake(definition, [field.column for field in trashed if field.column != column])

    def check_foreign_keys(self, definition: TableDefinition) -> None:
        """Foreign keys are off while a definition changes, so rebuilt tables are checked."""
        check = f"PRAGMA foreign_key_check({quote_identifier(definition.physical_name)})"
        if self.connection.exec_driver_sql(check).first() is not None:
            raise Conflict("rows would refer to rows that are not there", code="foreign_key")

    def drop_index(self, name: str, definition: TableDefinition) -> None:
        if not name.startswith(self.generator.dialect.word_indexes):
            super().drop_index(name, definition)
            return
        for statement in sqlite_search.removals(name):
            self.runner.run(statement)

    def create_index(self, index: sa.Index) -> None:
        if not isinstance(index, sqlite_search.WordIndex):
            super().create_index(index)
            return
        if self.connection.exec_driver_sql("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").first() is None:
            raise Conflict(
                "this SQLite has no FTS5, so it can't index words",
                code="unsupported_by_database",
                hint="leave index: search away; searches work without it",
            )
        # A rebuild leaves the index of the old table behind.
        for statement in (*sqlite_search.removals(str(index.name)), *sqlite_search.creations(index)):
            self.runner.run(statement)

    def is_same_table(self, name: str, other: str) -> bool:
        # SQLite ignores the case of ASCII letters only.
        return name.encode().lower() == other.encode().lower()

    def _rebuild(self, edit: TableEdit, going: Mapping[int, TrashedField]) -> None:
        """Rebuild the table, under its old name."""
        after = replace(edit.after, physical_name=edit.before.physical_name)
        values = {
            field.column: edit.values[field.id].expression
            for field in after.fields
            if field.id in edit.values and not self.is_list(field)
        }
        # Values that are restored unchanged leave the trash; others may have values that can't be restored.
        back = {
            column_values.source.name
            for column_values in edit.values.values()
            if column_values.source is not None and column_values.is_same
        }
        further = [trashed.column for trashed in edit.trashed if trashed.column not in back]
        moved = {trashed.column: trashed.field.column for trashed in going.values()}
        self._copy(edit.table, after, values, further, moved)

    def _copy(
        self,
        table: sa.TableClause,
        after: TableDefinition,
        values: Mapping[str, sa.ColumnElement[Any]],
        further: list[str],
        moved: Mapping[str, str] | None = None,
    ) -> None:
        """The procedure of SQLite's page ALTER TABLE, "Making Other Kinds Of Table Schema Changes".

        Foreign keys are off in this transaction; the caller checks them before it commits. The table keeps its name.

        :param values: expressions over the old table by the new one's columns
        :param further: columns outside the definition: declared as before, but nullable
        :param moved: further columns that get a new name, by the new name
        """
        name, temporary = table.name, f"_rebuild_{after.id}"
        known = self.connection.exec_driver_sql(f"PRAGMA table_info({quote_identifier(name)})")
        declared = {row[1].casefold(): row[2] for row in known}
        sources = {column: column for column in further if not column.startswith(LIST_PREFIX)} | dict(moved or {})
        columns = [
            sa.Column(quoted(column), _Declared(declared[source.casefold()])) for column, source in sources.items()
        ]
        rebuilt = self.generator.table(after, name=temporary, further=columns, far=self.far(after))
        self.runner.run(sa.schema.CreateTable(rebuilt))
        by_name = {column.name: column for column in rebuilt.columns}
        raw = {column: _column(table, source) for column, source in sources.items()}
        raw |= {column: _column(table, column) for column in ("id", *SYSTEM_COLUMNS)}
        copied = {by_name[column]: expression for column, expression in {**raw, **values}.items()}
        rows = sa.select(*copied.values()).select_from(table)
        self.runner.run(sa.insert(rebuilt).from_select(list(copied), rows, include_defaults=False))
        last = self.connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (name,)).scalar()
        self.runner.run(f"DROP TABLE {quote_identifier(name)}")
        self.runner.run(f"ALTER TABLE {quote_identifier(temporary)} RENAME TO {quote_identifier(name)}")
        if last is not None and self.runner.is_real:
            # Ids of deleted rows are not used again.
            self.connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            self.connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, last))


def _compiler(dialect: sa.Dialect) -> DDLCompiler:
    # SQLAlchemy itself makes compilers of no statement for the parts of statements.
    return dialect.ddl_compiler(dialect, None)  # type: ignore[arg-type]


def _column(table: sa.FromClause, name: str) -> sa.ColumnElement[Any]:
    """A column by its name in the database; if the table doesn't have it, its type doesn't matter."""
    for column in table.columns:
        if column.name == name:
            return column
    return sa.column(quoted(name), _selectable=table)


class _Declared(sa.types.UserDefinedType[Any]):
    """A column type as SQLite's schema declares it, for columns whose field type may be missing."""

    cache_ok = True

    def __init__(self, declared: str) -> None:
        self.declared = declared

    def get_col_spec(self, **options: Any) -> str:
        return self.declared
