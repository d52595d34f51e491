"""A table as it is before a change, for the expressions that its future values are made of."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.table_builder import Generator
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.store import LIST_PREFIX, TrashedField
from dynmodel_pyramid.errors import PluginMissing
from dynmodel_pyramid.fields.types.temporal import UTCDateTime


def working_table(generator: Generator, before: TableDefinition, trashed: Iterable[TrashedField]) -> sa.Table:
    """With its columns in the trash; those of types that are gone can be renamed and dropped.

    Fields are found by their names, what is in the trash by the names of its columns.
    """
    table = sa.Table(
        quoted_name(before.physical_name, quote=True),
        sa.MetaData(schema=generator.dialect.schema),
        sa.Column("id", sa.BigInteger, primary_key=True),
        # Types that have no column of their own show what these have.
        sa.Column("_version", sa.BigInteger),
        sa.Column("_created", UTCDateTime()),
        sa.Column("_updated", UTCDateTime()),
    )
    kept = [(field.column, field.name, field) for field in before.fields]
    kept += {each.column: (each.column, each.column, each.field) for each in trashed}.values()
    for column, key, field in kept:
        try:
            made = generator.column(field)
            kind = None if made is None else made.type
        except PluginMissing:
            kind = sa.types.NullType()
        if kind is not None and not column.startswith(LIST_PREFIX):
            table.append_column(sa.Column(quoted_name(column, quote=True), kind, key=key))
    return table
