"""Steps of a change that concern lists of references, whose lines stand in tables of their own.

In a conversion such values are JSON arrays (:mod:`~dynmodel_pyramid.changes.values.staging`).
"""

from collections.abc import Mapping

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.list_tables import lines, lines_of
from dynmodel_pyramid.changes.comparison import Difference, Pair, field_key
from dynmodel_pyramid.changes.ddl.columns import Steps
from dynmodel_pyramid.changes.values.column_values import Carried, batches
from dynmodel_pyramid.definitions import TableDefinition


class ListSteps:
    """See the module; an object lives for one change of one table, which still has its name from before."""

    def __init__(self, steps: Steps, change: Difference):
        self.steps = steps
        self.ddl = steps.ddl
        self.before = change.before
        self.change = change
        self.list_tables = steps.list_tables(change.before)

    def leave(self, carried: Mapping[int, Carried], converted: tuple[Pair, ...]) -> None:
        """Move the lists that go to the trash; what was converted without a loss is dropped."""
        for old, new in converted:
            made = carried.get(new.id)
            if self.steps.is_list(old) and made is not None and not made.keeps_old:
                with self.ddl.serving(field_key(old, new)):
                    self.ddl.run(sa.schema.DropTable(lines_of(self.before.id, old.id, self.steps.schema)))
            elif self.steps.is_list(old):
                self._set_aside(old, field_key(old, new))
        for old in self.change.dropped:
            if self.steps.is_list(old):
                self._set_aside(old, field_key(old, None))

    def _set_aside(self, old, key) -> None:
        with self.ddl.serving(key, cost="rewrite"):
            trashed = self.steps.trash(self.change.after, old, is_list=True)
            self.list_tables.set_aside(self.before.id, old.id, trashed.column, own=self.before.physical_name)

    def arrive(self, carried: Mapping[int, Carried], converted: tuple[Pair, ...], table: sa.FromClause) -> None:
        """Make the tables of new lists, and fill those that were converted or come back."""
        for new in (*self.change.arriving, *(new for _, new in converted)):
            if not self.steps.is_list(new):
                continue
            made = carried[new.id]
            with self.ddl.serving(field_key(made.before, new), cost="metadata" if made.before is None else "rewrite"):
                kept = self.list_tables.create(self.before, new, self.steps.generator.reference(new))
                if self.ddl.is_real and made.before is not None:
                    self._fill(kept, made, table)

    def _fill(self, kept: sa.Table, made: Carried, table: sa.FromClause) -> None:
        connection, expression = self.steps.connection, made.expression
        for rows in batches(connection, table, expression.is_not(None), expression):
            self.list_tables.fill(kept, [{"id": row_id, "value": value} for row_id, value in rows])

    def forget(self, name: str) -> None:
        """Drop lines in the trash that have come back."""
        self.ddl.run(sa.schema.DropTable(lines(name, sa.MetaData(schema=self.steps.schema))))

    def rekey(self, after: TableDefinition, rekeyed: tuple[Pair, ...]) -> None:
        list_tables = self.steps.list_tables(after)
        for old, new in rekeyed:
            if self.steps.is_list(new):
                with self.ddl.serving(field_key(old, new), cost="rewrite"):
                    list_tables.remake(after, new, self.steps.generator.reference(new))
