"""Changes of definitions on SQLite."""

import logging
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.check_constraints import check_name
from dynmodel_pyramid.catalogue.list_tables import ON_DELETE_SQL
from dynmodel_pyramid.catalogue.table_builder import SYSTEM_COLUMNS, foreign_key_name
from dynmodel_pyramid.changes.ddl.columns import TableEdit, quoted
from dynmodel_pyramid.changes.ddl.sqlite_declaration import (
    Declaration,
    DeclarationRefused,
    Replacement,
    column_compiler,
)
from dynmodel_pyramid.changes.ddl.sqlite_rebuild import RebuildingEditor
from dynmodel_pyramid.changes.ddl.sqlite_renames import column_renames, table_renames
from dynmodel_pyramid.changes.values.column_values import ColumnValues
from dynmodel_pyramid.database import sqlite_search
from dynmodel_pyramid.database.identifiers import quote_identifier
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.compare import Comparison, Key, Pair, field_key
from dynmodel_pyramid.definitions.store import TrashedField
from dynmodel_pyramid.errors import Conflict, PluginMissing

log = logging.getLogger(__name__)

#: SQLite's "File Locking And Concurrency", 3: one writer; in WAL mode readers go on.
_LOCK = "RESERVED"


@dataclass(frozen=True, slots=True)
class _Work:
    """The operations of a change, by what they need.

    :param rewritten: other values in the rows
    :param redeclared: another declaration of the table
    :param altered: that as well, or ALTER TABLE, which reads all rows or leaves the checks of dropped columns
    """

    rewritten: tuple[Key, ...]
    redeclared: tuple[Key, ...]
    altered: tuple[Key, ...]

    @property
    def declared(self) -> tuple[Key, ...]:
        return self.redeclared + self.altered


class SQLiteSchemaEditor(RebuildingEditor):
    """ALTER TABLE if SQLite can do it; else a new table is built and filled from the old one."""

    usual_lock = _LOCK
    locks = ((_LOCK, "the whole change: rows of all tables can be read, not written"),)

    def apply(self, edit: TableEdit, going: Mapping[int, TrashedField]) -> None:
        work = self._work(edit, going)
        replacement = None if work.rewritten or not work.declared else self._replacement(edit, going)
        if replacement is not None and self._replace(edit, going, work, replacement):
            is_rebuilt, may_dangle = False, self._may_dangle(edit)
            if self.runner.is_real:
                self.check_rules(edit.before.physical_name, [values.after for values in self._returning(edit)])
        elif reasons := (*work.rewritten, *work.redeclared):
            is_rebuilt, may_dangle = True, True
            with self.runner.serving(*reasons, *self._rebuilt_along(edit.comparison), cost="rewrite", lock=_LOCK):
                self.rebuild(edit, going)
        else:
            is_rebuilt, may_dangle = False, False
            self._rename_columns(edit, going)
            self._add_columns(edit)
        if edit.comparison.table_renamed:
            with self.runner.serving(("table", 0), lock=_LOCK):
                self._rename_table(edit.before, edit.after)
        if may_dangle and self.runner.is_real:
            self.check_foreign_keys(edit.after)
        self.create_indexes(
            edit.after, () if is_rebuilt else self.kept_indexes(edit.before, edit.after, edit.rewritten)
        )

    def _work(self, edit: TableEdit, going: Mapping[int, TrashedField]) -> _Work:
        comparison = edit.comparison
        rewritten, redeclared, altered = [], [], []
        for old, new in edit.converted:
            if self.has_column(old) or self.has_column(new):
                values = edit.values.get(new.id)
                same = values is not None and values.is_same and old.id not in going
                if not same or self.column_type(old)[1] != self.column_type(new)[1]:
                    rewritten.append(field_key(old, new))
                elif self.rules(old) != self.rules(new):
                    redeclared.append(field_key(old, new))
        for aspect in ("required", "default"):
            for _, new in comparison.changed(aspect):
                if self.has_column(new):  # a required field may be filled with its default
                    (rewritten if new.id in edit.rewritten else redeclared).append((aspect, new.id))
        redeclared += [field_key(old, new) for old, new in edit.rekeyed if self.has_foreign_key(new)]
        for field in comparison.dropped:
            if field.id in going and self._is_ruled(field):
                redeclared.append(("field", field.id))
            elif field.id in going and self.rules(field):
                altered.append(("field", field.id))
        for field in comparison.arriving:
            values = edit.values.get(field.id)
            if values is None or not self.has_column(field) or self.is_list(field):
                continue
            if values.before is None:
                # SQLite forbids a default on an added column that is not a constant (ALTER TABLE ADD COLUMN).
                is_constant = not (field.required and field.default is None)
                keys = rewritten if not values.by_sql else altered if is_constant else redeclared
                keys.append(("field", field.id))
            elif not values.is_same:
                rewritten.append(("field", field.id))
            elif self._is_ruled(field) or self.rules(field) or self.rules(values.before):
                # The column in the trash may still have its checks, or may have lost them.
                redeclared.append(("field", field.id))
        return _Work(tuple(rewritten), tuple(redeclared), tuple(altered))

    def _is_ruled(self, field: FieldDefinition) -> bool:
        """Whether its column has rules that ALTER TABLE can neither set nor lift, besides checks."""
        return field.required or field.default is not None or self.has_foreign_key(field)

    def _replacement(self, edit: TableEdit, going: Mapping[int, TrashedField]) -> Replacement | None:
        """The new declaration; None if it can't be replaced, as with another default of a column that rows lack."""
        declaration = Declaration.of(self.connection, edit.before.physical_name)
        back = {values.old_values.name: values.after.column for values in self._returning(edit)}
        names = {field.column: going[field.id].column for field in edit.comparison.dropped if field.id in going}
        names |= back | {old.column: new.column for old, new in self._renamed(edit)}
        trashed = [kept.column for kept in (*edit.trashed, *going.values()) if kept.column not in back]
        after = replace(edit.after, physical_name=edit.before.physical_name)
        types = {names.get(column.name, column.name): column.type for column in declaration.columns}
        further = [self.kept_column(name, types[name]) for name in trashed if name in types]
        try:
            table = self.generator.table(after, further=further, far=self.far(after))
        except PluginMissing:
            return None
        return declaration.replacement(self.connection, table, names)

    def _replace(
        self, edit: TableEdit, going: Mapping[int, TrashedField], work: _Work, replacement: Replacement
    ) -> bool:
        """Rename columns, and replace the declaration; -> whether SQLite took it. If not, nothing is changed."""
        cost = "scan" if self._is_scanned(edit) else "metadata"
        with self.runner.serving(*work.declared, cost=cost, lock=_LOCK):
            return self._stored(replacement, lambda: self._rename_columns(edit, going))

    def _is_scanned(self, edit: TableEdit) -> bool:
        """Whether all rows are looked at, for a rule that they may break."""
        tightened = [new for _, new in edit.comparison.changed("required") if new.required]
        returning = any(values.after.required or self.rules(values.after) for values in self._returning(edit))
        scanned = returning or any(values.scanned for values in edit.values.values())
        return bool(tightened) or scanned or self._may_dangle(edit)

    def _may_dangle(self, edit: TableEdit) -> bool:
        """Whether values become links, or links to another table."""
        made = [new for _, new in edit.converted]
        made += [new for old, new in edit.rekeyed if self.reference(old).table != self.reference(new).table]
        made += [
            new
            for new in edit.comparison.arriving
            if new.id in edit.values and (new.default is not None or edit.values[new.id].before is not None)
        ]
        return any(self.has_foreign_key(field) for field in made)

    def _stored(self, replacement: Replacement, first: Callable[[], None] = lambda: None) -> bool:
        """Do something, and store a declaration; -> whether SQLite took it. If not, nothing is changed."""
        try:
            with self.connection.begin_nested() if self.runner.is_real else nullcontext():
                first()
                replacement.store(self.connection, self.runner)
        except (DeclarationRefused, sa.exc.DBAPIError) as error:
            if isinstance(error, sa.exc.DBAPIError) and self.generator.dialect.failure(error).kind != "other":
                raise
            log.warning("the declaration of %s is not replaced, but made in another way: %s", replacement.name, error)
            return False
        return True

    def _renamed(self, edit: TableEdit) -> list[Pair]:
        return [
            (old, new)
            for old, new in edit.comparison.changed("name")
            if old.column != new.column and self.has_column(new) and not self.is_list(new)
        ]

    def _returning(self, edit: TableEdit) -> list[ColumnValues]:
        """The values of restored fields that stay in their column."""
        arriving = [edit.values[field.id] for field in edit.comparison.arriving if field.id in edit.values]
        return [
            values
            for values in arriving
            if values.before is not None and values.is_same and not self.is_list(values.after)
        ]

    def _rebuilt_along(self, comparison: Comparison) -> list[Key]:
        """The operations that a rebuild does anyway."""
        fields = [field for field in (*comparison.dropped, *comparison.arriving) if self.has_column(field)]
        keys = [("field", field.id) for field in fields if not self.is_list(field)]
        return keys + [("name", new.id) for _, new in comparison.changed("name") if self.has_column(new)]

    def _rename_columns(self, edit: TableEdit, going: Mapping[int, TrashedField]) -> None:
        name, comparison = edit.before.physical_name, edit.comparison
        pairs: list[tuple[Key, str, str]] = []
        for field in comparison.dropped:
            if field.id in going:
                pairs.append((("field", field.id), field.column, going[field.id].column))
        for number in (0, 1):  # by way of unused names, so that names can be swapped
            for old, new in self._renamed(edit):
                names = (old.column, f"_rename_{new.id}", new.column)
                pairs.append((("name", new.id), names[number], names[number + 1]))
        for values in self._returning(edit):
            pairs.append((("field", values.after.id), values.old_values.name, values.after.column))
        if self.runner.is_real:
            self.run_renames(column_renames(name, [pair[1:] for pair in pairs]), name)
            return
        for key, earlier, later in pairs:
            with self.runner.serving(key, lock=_LOCK):
                self._rename_column(name, earlier, later)

    def _add_columns(self, edit: TableEdit) -> None:
        """Add columns by ALTER TABLE, for which SQLite reads all rows if the table has checks."""
        arriving = [edit.values[field.id] for field in edit.comparison.arriving if field.id in edit.values]
        arriving = [values for values in arriving if values.before is None and not self.is_list(values.after)]
        if not arriving:
            return
        table = self.generator.table(edit.after, far=self.far(edit.after))
        for values in arriving:
            with self.runner.serving(("field", values.after.id), cost="scan", lock=_LOCK):
                self._add(edit.before.physical_name, edit.after, values.after, table)

    def _add(self, name: str, definition: TableDefinition, field: FieldDefinition, table: sa.Table) -> None:
        """ADD COLUMN with the constraints of the column, which Alembic's leaves out.

        :param table: the table of the whole definition
        """
        compiler = column_compiler(self.connection.dialect)
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
        self.run_renames(column_renames(table, [(old, new)]), table)

    def _rename_table(self, before: TableDefinition, after: TableDefinition) -> None:
        # By way of another name: for SQLite, names that differ only in case are the same table. References to the table
        # follow.
        names = before.physical_name, f"_rename_{after.id}", after.physical_name
        self.run_renames(table_renames(*names), before.physical_name, after.physical_name)

    def lift_foreign_keys(self, definition: TableDefinition) -> None:
        """With the columns as they are declared, because the types of some may be missing: without their checks."""
        if not any(self.has_foreign_key(field) for field in definition.fields):
            return
        name, bare = definition.physical_name, replace(definition, fields=(), indexes=())
        declaration = Declaration.of(self.connection, name)
        own = {"id", *SYSTEM_COLUMNS}
        further = [
            self.kept_column(column.name, column.type, column.default)
            for column in declaration.columns
            if column.name not in own
        ]
        if not self._redeclare(declaration, self.generator.table(bare, further=further, far=self.far(bare))):
            self.copy(sa.table(quoted(name)), bare, {}, [str(column.name) for column in further])

    def restore_foreign_keys(self, definition: TableDefinition, before: TableDefinition) -> None:
        # Where there were foreign keys, the table lost its checks with them.
        if any(self.has_foreign_key(field) for field in before.fields):
            trashed = [field.column for field in self.store.trashed_fields(self.connection, definition.id)]
            declaration = Declaration.of(self.connection, definition.physical_name)
            further = [
                self.kept_column(column.name, column.type) for column in declaration.columns if column.name in trashed
            ]
            table = self.generator.table(definition, further=further, far=self.far(definition))
            if self._redeclare(declaration, table):
                self.check_rules(definition.physical_name, definition.fields)
                self.check_foreign_keys(definition)
                kept = self.kept_indexes(before, definition) & self._present_indexes(definition)
                self.drop_indexes(replace(before, physical_name=definition.physical_name), kept)
                self.create_indexes(definition, kept)
            else:
                self.remake(definition, trashed)

    def _present_indexes(self, definition: TableDefinition) -> set[str]:
        """The names of a table's indexes, and of indexes of words that its triggers keep."""
        query = sa.text("SELECT name FROM sqlite_master WHERE tbl_name = :name AND type IN ('index', 'trigger')")
        names = self.connection.scalars(query, {"name": definition.physical_name})
        return {name.removesuffix("_insert") for name in names}

    def _redeclare(self, declaration: Declaration, table: sa.Table) -> bool:
        """Replace a declaration, if that is possible; -> whether it was."""
        replacement = declaration.replacement(self.connection, table)
        if replacement is None:
            return False
        return self._stored(replacement)

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
        self.remake(definition, [field.column for field in trashed if field.column != column])

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
