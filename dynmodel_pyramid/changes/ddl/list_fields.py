"""The parts of a change for lists of references, whose lines are in tables of their own.

In a conversion such values are JSON arrays (:mod:`~dynmodel_pyramid.changes.values.staging`).
"""

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.list_tables import lines_of
from dynmodel_pyramid.changes.ddl.columns import SchemaTools, TableEdit
from dynmodel_pyramid.changes.values.column_values import ColumnValues, batches
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.compare import Key, field_key


class ListFields:
    """The lists in the change of one table, which still has its old name."""

    def __init__(self, tools: SchemaTools, edit: TableEdit) -> None:
        self.tools = tools
        self.runner = tools.runner
        self.edit = edit
        self.list_tables = tools.list_tables(edit.before)

    def arrive(self) -> None:
        """Make the tables of new lists, and fill converted and restored ones."""
        for new in (*self.edit.comparison.arriving, *(new for _, new in self.edit.converted)):
            if not self.tools.is_list(new):
                continue
            values = self.edit.values[new.id]
            cost = "metadata" if values.before is None else "rewrite"
            with self.runner.serving(field_key(values.before, new), cost=cost):
                table = self.list_tables.create(self.edit.before, new, self.tools.reference(new))
                if self.runner.is_real and values.before is not None:
                    self._fill(table, values)

    def _fill(self, table: sa.Table, values: ColumnValues) -> None:
        expression = values.expression
        for rows in batches(self.tools.connection, self.edit.table, expression.is_not(None), expression):
            self.list_tables.fill(table, [{"id": row_id, "value": value} for row_id, value in rows])

    def leave(self) -> None:
        """Move the lists that go to the trash; a list that was converted without a loss is dropped."""
        for old, new in self.edit.converted:
            values = self.edit.values.get(new.id)
            if self.tools.is_list(old) and values is not None and not values.keeps_old:
                with self.runner.serving(field_key(old, new)):
                    self.runner.run(sa.schema.DropTable(lines_of(self.edit.before.id, old.id, self.tools.schema)))
            elif self.tools.is_list(old):
                self._move_to_trash(old, field_key(old, new))
        for old in self.edit.comparison.dropped:
            if self.tools.is_list(old):
                self._move_to_trash(old, field_key(old, None))

    def _move_to_trash(self, field: FieldDefinition, key: Key) -> None:
        before = self.edit.before
        with self.runner.serving(key, cost="rewrite"):
            trashed = self.tools.trash(self.edit.after, field, is_list=True)
            self.list_tables.set_aside(before.id, field.id, trashed.column, own=before.physical_name)

    def rekey(self) -> None:
        """Change the foreign keys of lists whose options have changed, but not their values."""
        after = self.edit.after
        list_tables = self.tools.list_tables(after)
        for old, new in self.edit.rekeyed:
            if self.tools.is_list(new):
                with self.runner.serving(field_key(old, new), cost="rewrite"):
                    list_tables.remake(after, new, self.tools.reference(new))
