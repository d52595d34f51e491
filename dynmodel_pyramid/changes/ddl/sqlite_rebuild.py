"""Tables of SQLite that are built anew and filled from the old ones."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.table_builder import SYSTEM_COLUMNS
from dynmodel_pyramid.changes.ddl.columns import TableEdit, quoted
from dynmodel_pyramid.changes.ddl.schema_editor import SchemaEditor
from dynmodel_pyramid.changes.ddl.sqlite_declaration import creation
from dynmodel_pyramid.changes.ddl.sqlite_renames import rename, table_renames
from dynmodel_pyramid.database.identifiers import quote_identifier
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.store import LIST_PREFIX, TrashedField
from dynmodel_pyramid.errors import Conflict

#: How many conditions one query has: an expression is at most 1,000 deep (SQLITE_MAX_EXPR_DEPTH).
_CONDITIONS = 100


class RebuildingEditor(SchemaEditor):
    """The part of SQLite's schema editor that builds tables."""

    def rename_table(self, before: str, after: str) -> None:
        self.run_renames(table_renames(before, after), before, after)

    def run_renames(self, statements: Sequence[str], table: str, after: str | None = None) -> None:
        """Rename a table, or its columns. Plans name the statements of the same effect."""
        if self.runner.is_real:
            rename(self.connection, statements, table, after)
        else:
            for statement in statements:
                self.runner.run(statement)

    def create_table(self, table: sa.Table) -> None:
        self.runner.run(creation(table, self.connection.dialect))

    def rebuild(self, edit: TableEdit, going: Mapping[int, TrashedField]) -> None:
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
        self.copy(edit.table, after, values, further, moved)

    def copy(
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
        columns = [self.kept_column(column, declared[source.casefold()]) for column, source in sources.items()]
        rebuilt = self.generator.table(after, name=temporary, further=columns, far=self.far(after))
        self.runner.run(creation(rebuilt, self.connection.dialect))
        by_name = {column.name: column for column in rebuilt.columns}
        raw = {column: _column(table, source) for column, source in sources.items()}
        raw |= {column: _column(table, column) for column in ("id", *SYSTEM_COLUMNS)}
        copied = {by_name[column]: expression for column, expression in {**raw, **values}.items()}
        rows = sa.select(*copied.values()).select_from(table)
        self.runner.run(sa.insert(rebuilt).from_select(list(copied), rows, include_defaults=False))
        last = self.connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (name,)).scalar()
        self.runner.run(f"DROP TABLE {quote_identifier(name)}")
        self.rename_table(temporary, name)
        if last is not None and self.runner.is_real:
            # Ids of deleted rows are not used again.
            self.connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            self.connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, last))

    def remake(self, definition: TableDefinition, further: list[str]) -> None:
        """Rebuild a table by its definition; other columns stay only if ``further`` names them."""
        columns = [field for field in definition.fields if self.has_column(field)]
        table = self.generator.table(definition)
        self.copy(table, definition, {field.column: table.c[field.name] for field in columns}, further)
        self.check_foreign_keys(definition)
        self.create_indexes(definition)

    def kept_column(self, name: str, declared: str, default: str | None = None) -> sa.Column[Any]:
        """A column outside the definition, without any rule."""
        return sa.Column(
            quoted(name), _Declared(declared), server_default=None if default is None else sa.text(default)
        )

    def check_foreign_keys(self, definition: TableDefinition) -> None:
        """Foreign keys are off while a definition changes, so rebuilt tables are checked."""
        check = f"PRAGMA foreign_key_check({quote_identifier(definition.physical_name)})"
        if self.connection.exec_driver_sql(check).first() is not None:
            raise Conflict("rows would refer to rows that are not there", code="foreign_key")

    def check_rules(self, table: str, fields: Collection[FieldDefinition]) -> None:
        """Refuse values that break rules of their columns: those had none in the trash, where other programs may have
        written. A rebuild finds them by itself.
        """
        broken = []
        for field in fields:
            if self.has_column(field):
                conditions = self.generator.conditions.of(field).values()
                broken += [f"NOT ({each.sql(field.column, self.connection.dialect)})" for each in conditions]
                broken += [f"{quote_identifier(field.column)} IS NULL"] * field.required
        for begin in range(0, len(broken), _CONDITIONS):
            condition = " OR ".join(broken[begin : begin + _CONDITIONS])
            query = f"SELECT 1 FROM {quote_identifier(table)} WHERE {condition} LIMIT 1"
            if self.connection.exec_driver_sql(query, execution_options={"no_parameters": True}).first() is not None:
                raise Conflict("rows break a rule of the new definition", code="lossy_change")


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
