"""Fills new fields of existing rows with system values."""

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.system_values import Filler
from dynmodel_pyramid.changes.values.column_values import BATCH, UNCACHED
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.store import DefinitionStore, now
from dynmodel_pyramid.fields import FieldTypes


def fill_rows(
    connection: sa.Connection,
    store: DefinitionStore,
    field_types: FieldTypes,
    table: sa.Table,
    definition: TableDefinition,
    fields: tuple[FieldDefinition, ...],
) -> None:
    """Set the system values of new fields in existing rows, in order of id.

    A counter continues after the greatest number of a field, which may have had another type before.
    """
    filler = Filler(connection, store, field_types, definition, None, now())
    for field in fields:
        column = table.c[field.name]
        if isinstance(column.type, sa.Integer):
            greatest = connection.scalar(sa.select(sa.func.max(column)), execution_options=UNCACHED)
            store.count_from(connection, definition.id, field.id, max(greatest or 0, 0))
        query = sa.select(table.c.id).where(column.is_(None)).order_by(table.c.id)
        ids = connection.scalars(query, execution_options=UNCACHED).all()
        change = (
            sa.update(table)
            .where(table.c.id == sa.bindparam("_row_id"))
            .values({column: sa.bindparam("_given", type_=column.type)})
        )
        for start in range(0, len(ids), BATCH):
            part = ids[start : start + BATCH]
            values = [row[field.name] for row in filler.of_new_rows((field,), len(part))]
            rows = [
                {"_row_id": row_id, "_given": value}
                for row_id, value in zip(part, values, strict=True)
                if value is not None
            ]
            if rows:
                connection.execute(change, rows, execution_options=UNCACHED)
