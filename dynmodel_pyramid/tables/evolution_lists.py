"""Steps of a change that concern values without a column of their own: lists of references, and computed ones.

In a conversion such values stand in a temporary column, as the JSON arrays or the values that rows show.
"""

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.fields.json import JsonDocument
from dynmodel_pyramid.tables.conversion import BATCH, Losses
from dynmodel_pyramid.tables.difference import Difference, Pair
from dynmodel_pyramid.tables.link_tables import lines_of, list_of, referred_to

if TYPE_CHECKING:
    from dynmodel_pyramid.tables.evolution_steps import Steps

_UNCACHED = {"compiled_cache": None}


def exposed_column(field: FieldDefinition) -> str:
    """The temporary column with the values of a field that has none."""
    return f"_old_{field.id}"


class ListSteps:
    """See the module; an object lives for one change of one table, which still has its name from before."""

    def __init__(self, evolution: "Steps", before: TableDefinition, after: TableDefinition):
        self.evolution = evolution
        self.connection = evolution.connection
        self.before = before
        self.after = after
        self.link_tables = evolution.link_tables(before)

    def exposed(self, old: FieldDefinition) -> sa.ColumnClause:
        """The column that has the values of a field, made and filled where there is none."""
        evolution, generator = self.evolution, self.evolution.generator
        column = generator.column(old)
        if column is not None:
            return sa.column(quoted_name(old.column, quote=True), column.type)
        table = generator.table(self.before)
        if evolution.is_list(old):
            kept = lines_of(self.before.id, old.id, evolution.schema)
            expression = sa.cast(list_of(table, kept, generator.dialect.name), JsonDocument())
        else:
            expression = generator.field_types[old.type].read_expression(table, old.options)
        made = evolution.temporary_column(self.before, exposed_column(old), expression.type)
        table.append_column(sa.Column(made.name, made.type))
        self.connection.execute(sa.update(table).values({made.name: expression}), execution_options=_UNCACHED)
        return made

    def refuse_missing_rows(
        self, new: FieldDefinition, table: sa.TableClause, filled: sa.ColumnClause, losses: Losses
    ) -> None:
        """Take converted ids of rows that are not there for lost values."""
        reference = self.evolution.generator.reference(new)
        if reference is None:
            return
        far = referred_to(self.evolution.far(self.before)(reference.table), self.evolution.schema)
        for rows in self._filled(table, filled):
            wanted = {row_id: value if reference.many else [value] for row_id, value in rows}
            ids = {each for values in wanted.values() for each in values}
            there = set(self.connection.scalars(sa.select(far).where(far.in_(ids)), execution_options=_UNCACHED))
            lost = {row_id: set(values) - there for row_id, values in wanted.items() if not there.issuperset(values)}
            for row_id, missing in lost.items():
                losses.add(row_id, str(min(missing)), "there is no such row")
            if lost:
                emptied = sa.update(table).where(table.c.id.in_(lost)).values({filled: sa.null()})
                self.connection.execute(emptied, execution_options=_UNCACHED)

    def _filled(self, table: sa.TableClause, filled: sa.ColumnClause):
        last = 0
        while True:
            query = sa.select(table.c.id, filled).where(filled.is_not(None), table.c.id > last)
            rows = self.connection.execute(query.order_by(table.c.id).limit(BATCH), execution_options=_UNCACHED).all()
            if not rows:
                return
            yield rows
            last = rows[-1][0]

    def leave(self, change: Difference, lost: list[FieldDefinition]) -> None:
        """Move the lists that go to the trash; what was converted without a loss is dropped."""
        converted = [old for old, _ in change.retyped if old not in lost]
        for field in (*change.dropped, *lost, *converted):
            if not self.evolution.is_list(field):
                continue
            if field in converted:
                table = lines_of(self.before.id, field.id, self.evolution.schema)
                self.connection.execute(sa.schema.DropTable(table), execution_options=_UNCACHED)
            else:
                trashed = self.evolution.store.trash_field(self.connection, self.after, field, is_list=True)
                self.link_tables.set_aside(self.before.id, field.id, trashed.column)

    def arrive(self, change: Difference) -> None:
        """Make the tables of new lists, and fill those that were converted."""
        for field in (*change.added, *(new for _, new in change.retyped)):
            if not self.evolution.is_list(field):
                continue
            made = self.link_tables.create(self.before, field, self.evolution.generator.reference(field))
            if field not in change.added:
                name = self.evolution.converted_column(field)
                filled = sa.column(quoted_name(name, quote=True), JsonDocument())
                table = self.evolution.light(self.before, filled)
                for rows in self._filled(table, filled):
                    self.link_tables.fill(made, [{"id": row_id, "value": value} for row_id, value in rows])

    def rekey(self, rekeyed: tuple[Pair, ...]) -> None:
        link_tables = self.evolution.link_tables(self.after)
        for _, field in rekeyed:
            if self.evolution.is_list(field):
                link_tables.remake(self.after, field, self.evolution.generator.reference(field))
