"""DDL of the tables that keep lists of references (``catalogue/list_tables.py``)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.list_tables import ON_DELETE_SQL, line_values, lines, lines_of, referred_to
from dynmodel_pyramid.changes.ddl.runner import Recorder, Runner
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.model import link_table
from dynmodel_pyramid.fields import Reference


class ListTables:
    """The lists of one database, in the caller's transaction.

    :param runner: runs or notes the statements
    :param far: the physical name of a table by its id
    """

    def __init__(self, runner: Runner | Recorder, schema: str | None, far: Callable[[int], str]) -> None:
        self._run = runner.run
        self.schema = schema
        self.far = far

    def create(self, definition: TableDefinition, field: FieldDefinition, reference: Reference) -> sa.Table:
        name = link_table(definition.id, field.id)
        own = referred_to(definition.physical_name, self.schema)
        far = referred_to(self.far(reference.table), self.schema)
        keys = (
            sa.ForeignKeyConstraint(["row_id"], [own], ondelete="CASCADE", deferrable=True),
            sa.ForeignKeyConstraint(["value"], [far], ondelete=ON_DELETE_SQL[reference.on_delete], deferrable=True),
        )
        table = lines(name, sa.MetaData(schema=self.schema), *keys)
        self._run(sa.schema.CreateTable(table))
        # Named by ids as indexes are; two lists never have the same ids.
        index = sa.Index(quoted_name(f"_ix_{definition.id}_{field.id}", quote=True), table.c.value, table.c.row_id)
        self._run(sa.schema.CreateIndex(index))
        return table

    def remake(self, definition: TableDefinition, field: FieldDefinition, reference: Reference) -> None:
        """Give a list the foreign keys of its present definition."""
        old_table = self.set_aside(definition.id, field.id, f"_rebuild{link_table(definition.id, field.id)}")
        table = self.create(definition, field, reference)
        self._copy(old_table, table)
        self._run(sa.schema.DropTable(old_table))

    def set_aside(self, table_id: int, field_id: int, name: str, *, own: str | None = None) -> sa.Table:
        """Move a list's lines to a table of that name that has no foreign keys.

        :param own: the table of the rows. Lines are still deleted with their row, because another row may get the same
            id
        """
        before = lines_of(table_id, field_id, self.schema)
        keys: tuple[sa.ForeignKeyConstraint, ...] = ()
        if own is not None:
            row = referred_to(own, self.schema)
            keys = (sa.ForeignKeyConstraint(["row_id"], [row], ondelete="CASCADE", deferrable=True),)
        after = lines(name, sa.MetaData(schema=self.schema), *keys)
        self._run(sa.schema.CreateTable(after))
        self._copy(before, after)
        self._run(sa.schema.DropTable(before))
        return after

    def without_keys(self, table_id: int, field_id: int) -> None:
        """Drop the foreign keys of a list whose table goes to the trash; it keeps its name."""
        old_table = self.set_aside(table_id, field_id, f"_rebuild{link_table(table_id, field_id)}")
        after = lines_of(table_id, field_id, self.schema)
        self._run(sa.schema.CreateTable(after))
        self._copy(old_table, after)
        self._run(sa.schema.DropTable(old_table))

    def _copy(self, before: sa.Table, after: sa.Table) -> None:
        self._run(sa.insert(after).from_select(list(after.c.keys()), sa.select(*before.c)))

    def fill(self, table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> None:
        parameters = [line for row in rows for line in line_values(row["id"], row["value"])]
        if parameters:
            self._run(sa.insert(table), parameters)
