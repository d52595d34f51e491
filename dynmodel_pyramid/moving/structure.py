"""The tables of the target, and their rules, which are made after the rows."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.list_tables import ON_DELETE_SQL, lines, referred_to
from dynmodel_pyramid.changes.ddl.schema_editor import SchemaEditor
from dynmodel_pyramid.changes.executor import Executor
from dynmodel_pyramid.database.identifiers import quote_identifier
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.errors import ConfigurationProblem, Conflict
from dynmodel_pyramid.moving.deployment import Deployment, Kept, Side


class Structure:
    """Makes tables in the transactions of the target's connection.

    A database that can't add a foreign key to a table has it from the beginning. On all others it comes after the rows:
    checking each row would take longer, and their order would matter.
    """

    def __init__(self, side: Side, connection: sa.Connection, deployment: Deployment) -> None:
        self.side = side
        self.connection = connection
        self.deployment = deployment
        self.schema = side.dialect.schema
        self._adds_keys = connection.dialect.supports_alter

    def editor(self) -> SchemaEditor:
        return Executor(self.side.catalogue).editor(self.connection)

    def refuse_unfit(self, kept: Kept) -> None:
        """
        :raises ConfigurationProblem: the target can't have such a table
        """
        dialect, definition = self.side.dialect, kept.definition
        width = len(self.side.own(kept).columns)
        if width > dialect.max_columns:
            raise ConfigurationProblem(
                f"{kept.label} has {width} columns with its trash; the target allows {dialect.max_columns}",
                hint="purge its trash, or make a table of its own for some of the fields",
            )
        if definition.pending:
            raise ConfigurationProblem(
                f"{kept.label} has rules that are still to be proven for its rows",
                hint="change the table's label, which proves them first",
            )
        if not dialect.nulls_not_distinct and any(not index.nulls_distinct for index in definition.indexes):
            raise ConfigurationProblem(
                f"{kept.label} has a unique rule with nulls_distinct: false, which the target does not know",
                hint="take the option out of the rule",
            )

    def create(self, kept: Kept) -> None:
        """Make a table with its checks, without indexes."""
        inline = not self._adds_keys and not kept.is_dropped
        table = self.side.own(kept, self.deployment.far if inline else None)
        if not inline:
            self.side.generator.conditions.checks(kept.definition, table)
        self.editor().create_table(table)
        for name, field in self.side.lists(kept):
            keys = self._list_keys(kept, name, field) if not self._adds_keys else []
            self._run(sa.schema.CreateTable(lines(name, sa.MetaData(schema=self.schema), *keys)))

    def drop(self, table_id: int, names: Sequence[str]) -> None:
        """Drop a table that an earlier run made."""
        metadata = sa.MetaData(schema=self.schema)
        for name in names:
            table = sa.Table(quoted_name(name, quote=True), metadata)
            self._run(sa.schema.DropTable(table, if_exists=True))
        if self.side.dialect.has_sequences:
            sequence = sa.Sequence(quoted_name(f"_seq_{table_id}", quote=True), schema=self.schema)
            self._run(sa.schema.DropSequence(sequence, if_exists=True))

    def drop_indexes(self, kept: Kept) -> None:
        """Drop the indexes of a table whose rows are written anew: values may pass through states that they refuse."""
        self.editor().drop_indexes(kept.definition, ())

    def drop_foreign_keys(self, tables: Iterable[Kept]) -> None:
        """Drop all that an earlier run added."""
        if not self._adds_keys:
            return
        names = {name for kept in tables for name in (kept.definition.physical_name, *kept.list_names)}
        found = sa.inspect(self.connection).get_multi_foreign_keys(schema=self.schema)
        for (_, table), keys in found.items():
            if table in names:
                for key in keys:
                    constraint = quote_identifier(str(key["name"]))
                    self._sql(f"ALTER TABLE {quote_identifier(table, self.schema)} DROP CONSTRAINT {constraint}")

    def create_indexes(self, kept: Kept) -> None:
        """
        :raises ConfigurationProblem: rows do not allow one
        """
        definition, editor = kept.definition, self.editor()
        there = self._indexes(definition.physical_name)
        try:
            editor.create_indexes(definition, there)
        except Conflict as error:
            raise ConfigurationProblem(f"{kept.label}: {error.detail}", hint=error.hint or MEND) from error
        for name, field in self.side.lists(kept):
            if kept.is_dropped or name in {trashed.name for trashed in kept.trashed}:
                continue
            index = f"_ix_{definition.id}_{field.id}"
            if index not in self._indexes(name):
                table = lines(name, sa.MetaData(schema=self.schema))
                self._run(
                    sa.schema.CreateIndex(sa.Index(quoted_name(index, quote=True), table.c.value, table.c.row_id))
                )

    def create_foreign_keys(self, kept: Kept) -> None:
        """Add the foreign keys, after it was made sure that they hold.

        :raises ConfigurationProblem: a row refers to one that is not there
        """
        definition = kept.definition
        for field in definition.fields if not kept.is_dropped else ():
            reference = self.side.generator.reference(field)
            if reference is not None and not reference.many:
                self._refuse_dangling(kept, definition.physical_name, "id", field.column, reference.table, field)
        for name, field in self.side.lists(kept):
            keys = self._list_keys(kept, name, field)
            reference = self.side.generator.reference(field)
            if len(keys) > 1 and reference is not None:
                self._refuse_dangling(kept, name, "row_id", "value", reference.table, field)
            if keys:
                self._refuse_dangling(kept, name, "row_id", "row_id", definition.id, field)
            if self._adds_keys:
                lines(name, sa.MetaData(schema=self.schema), *keys)
                for key in keys:
                    self._run(sa.schema.AddConstraint(key))
        if self._adds_keys and not kept.is_dropped:
            self.editor().restore_foreign_keys(definition, definition)

    def _list_keys(self, kept: Kept, name: str, field: FieldDefinition) -> list[sa.ForeignKeyConstraint]:
        """What the tables of lists refer to: rows and values; in the trash rows; of a dropped table nothing."""
        is_trashed = name in {trashed.name for trashed in kept.trashed}
        own = referred_to(kept.definition.physical_name, self.schema)
        keys = [sa.ForeignKeyConstraint(["row_id"], [own], ondelete="CASCADE", deferrable=True)]
        if is_trashed:
            return keys
        if kept.is_dropped:
            return []
        reference = self.side.generator.reference(field)
        assert reference is not None
        far = referred_to(self.deployment.far(reference.table), self.schema)
        on_delete = ON_DELETE_SQL[reference.on_delete]
        return [*keys, sa.ForeignKeyConstraint(["value"], [far], ondelete=on_delete, deferrable=True)]

    def _refuse_dangling(
        self, kept: Kept, name: str, row: str, column: str, far_id: int, field: FieldDefinition
    ) -> None:
        columns = [sa.column(quoted_name(each, quote=True), sa.BigInteger) for each in dict.fromkeys((row, column))]
        near = sa.table(quoted_name(name, quote=True), *columns, schema=self.schema)
        far = referred_to(self.deployment.far(far_id), self.schema).table.alias("_far")
        row_id, value = near.c[row], near.c[column]
        missing = near.outerjoin(far, far.c.id == value)
        query = sa.select(row_id, value).select_from(missing).where(value.is_not(None), far.c.id.is_(None)).limit(1)
        found = self.connection.execute(query, execution_options={"compiled_cache": None}).first()
        if found is not None:
            raise ConfigurationProblem(
                f"{kept.label}: {field.name} of the row {found[0]} refers to the row {found[1]}, which is not there",
                hint=MEND,
            )

    def _indexes(self, name: str) -> set[str]:
        return {thing.name for thing in self.side.dialect.things(self.connection, name) if thing.kind == "index"}

    def _run(self, statement: Any) -> None:
        self.connection.execute(statement, execution_options={"compiled_cache": None})

    def _sql(self, statement: str) -> None:
        self.connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


#: Said of rows that the target refuses.
MEND = "correct it in the source, and run the same command again: it goes on where it stopped"
