"""A field's present and future values, made before the table is changed.

Values that SQL can make are an expression over the table (:class:`SourceTable`). Values that only Python can make are
in a table that lives for the transaction (:class:`SideTable`), row by row, and override the expression. So a plan makes
and checks all values as the change itself does, and changes nothing.
"""

from collections import abc
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.list_tables import lines, lines_of, list_of
from dynmodel_pyramid.catalogue.table_builder import Generator
from dynmodel_pyramid.changes.values.violations import Samples
from dynmodel_pyramid.database import Dialect
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.store import LIST_PREFIX, TrashedField
from dynmodel_pyramid.errors import PluginMissing
from dynmodel_pyramid.fields.types.json import JsonDocument
from dynmodel_pyramid.fields.types.temporal import UTCDateTime
from dynmodel_pyramid.rows.prepared import PreparedInsert

#: How many rows are read, and values are written, at once.
BATCH = 1000
UNCACHED = {"compiled_cache": None}


class SideTable:
    """A table of values by row, which the transaction makes and drops."""

    def __init__(
        self,
        connection: sa.Connection,
        dialect: Dialect,
        table: sa.FromClause,
        field_id: int,
        kind: sa.types.TypeEngine[Any],
    ) -> None:
        self.connection = connection
        self.source = table
        self.table = dialect.side_table(
            f"_aside_{field_id}",
            sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("value", kind),
        )
        connection.execute(sa.schema.CreateTable(self.table), execution_options=UNCACHED)
        self._insert = PreparedInsert(self.table, connection.dialect)

    def put(self, values: list[tuple[int, Any]]) -> None:
        """Add rows; None is a value."""
        if values:
            rows = [{"id": row_id, "value": value} for row_id, value in values]
            if self._insert.refused:
                self.connection.execute(sa.insert(self.table), rows, execution_options=UNCACHED)
            else:
                self._insert(self.connection, rows)

    def replace(self, values: list[tuple[int, Any]]) -> None:
        ids = [row_id for row_id, _ in values]
        self.connection.execute(sa.delete(self.table).where(self.table.c.id.in_(ids)), execution_options=UNCACHED)
        self.put(values)

    def has_row(self) -> sa.ColumnElement[bool]:
        mine = self.table.alias()
        return sa.exists().where(mine.c.id == self.source.c.id).correlate(self.source)

    def over(self, expression: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """The expression, overridden by this table's values."""
        mine = self.table.alias()
        own = sa.select(mine.c.value).where(mine.c.id == self.source.c.id).correlate(self.source).scalar_subquery()
        return sa.case((self.has_row(), own), else_=expression)

    def drop(self) -> None:
        self.connection.execute(sa.schema.DropTable(self.table), execution_options=UNCACHED)


@dataclass(frozen=True, slots=True)
class ColumnValues:
    """The values of a field after a change, as an ``expression`` over the present table.

    :param before: the field that the values are made from, ``source`` has its values; None for a new field
    :param total: how many values are not null
    :param changed: values with another text form afterwards; ``lost``: values that can't be converted;
        ``repaired``: those that became a near value, by a word of ``on_error``
    :param filled: how many nulls take the default
    :param returned: how many values come back that earlier conversions had replaced
    :param spent: fields in the trash that are no longer needed
    :param is_same: whether ``source`` has the same values, in a column of the same type
    :param scanned: whether a rule or a conversion needs a look at all rows
    :param side_table: the table of values that override the expression, if there is one
    :param sure: the expression without looking at what it is made from, where all values are known to be made by it;
        only for as long as nobody writes
    """

    after: FieldDefinition
    expression: sa.ColumnElement[Any]
    before: FieldDefinition | None = None
    source: sa.ColumnElement[Any] | None = None
    total: int = 0
    changed: Samples = Samples()
    lost: Samples = Samples()
    repaired: Samples = Samples()
    filled: int = 0
    returned: int = 0
    spent: tuple[TrashedField, ...] = ()
    is_same: bool = False
    scanned: bool = False
    side_table: SideTable | None = None
    sure: sa.ColumnElement[Any] | None = None

    @property
    def old(self) -> FieldDefinition:
        """``before``, of values that are made of others."""
        assert self.before is not None
        return self.before

    @property
    def old_values(self) -> sa.ColumnElement[Any]:
        """``source``, of values that are made of others."""
        assert self.source is not None
        return self.source

    @property
    def by_sql(self) -> bool:
        """Whether the expression needs the row's own columns only."""
        return self.side_table is None

    @property
    def keeps_old(self) -> bool:
        """Whether old values cannot be recovered from the new ones, so that they are kept."""
        return bool(self.changed.count or self.lost.count or self.repaired.count)

    def overridden_by(self, side_table: SideTable) -> "ColumnValues":
        """The values, overridden by those in the table."""
        expression = side_table.over(self.expression) if self.side_table is None else self.expression
        return replace(self, expression=expression, side_table=side_table, is_same=False, sure=None)

    def made_from(self, base: sa.ColumnElement[Any]) -> "ColumnValues":
        """The values with this expression; a side table still overrides it."""
        return replace(self, expression=base if self.side_table is None else self.side_table.over(base))


#: (id, ...) of some rows.
Rows = Sequence[sa.Row[*tuple[Any, ...]]]


class SourceTable:
    """A table before a change, as the source of the expressions for its future values.

    Fields are found by their names, columns in the trash by the columns' names.

    :param trashed: the needed columns in the trash; columns of missing types can be renamed and dropped
    """

    def __init__(self, generator: Generator, definition: TableDefinition, trashed: Iterable[TrashedField] = ()) -> None:
        self.generator = generator
        self.definition = definition
        self.table = sa.Table(
            quoted_name(definition.physical_name, quote=True),
            sa.MetaData(schema=generator.dialect.schema),
            sa.Column("id", sa.BigInteger, primary_key=True),
            # Types without a column show the values of these columns.
            sa.Column("_version", sa.BigInteger),
            sa.Column("_created", UTCDateTime()),
            sa.Column("_updated", UTCDateTime()),
        )
        columns = [(field.column, field.name, field) for field in definition.fields]
        columns += {entry.column: (entry.column, entry.column, entry.field) for entry in trashed}.values()
        for column, key, field in columns:
            kind = None if column.startswith(LIST_PREFIX) else self._column_type(field)
            if kind is not None:
                self.table.append_column(sa.Column(quoted_name(column, quote=True), kind, key=key))

    def is_list(self, field: FieldDefinition) -> bool:
        reference = self.generator.reference(field)
        return reference is not None and reference.many

    def kind(self, field: FieldDefinition) -> sa.types.TypeEngine[Any] | None:
        """The column type of the values; None for computed ones. Lists are JSON arrays here."""
        return JsonDocument() if self.is_list(field) else self._column_type(field)

    def stored_as(self, field: FieldDefinition) -> sa.types.TypeEngine[Any]:
        """:meth:`kind`, of a field whose values are stored."""
        kind = self.kind(field)
        assert kind is not None
        return kind

    def _column_type(self, field: FieldDefinition) -> sa.types.TypeEngine[Any] | None:
        try:
            column = self.generator.column(field)
        except PluginMissing:
            return sa.types.NullType()
        return None if column is None else column.type

    def values(self, field: FieldDefinition, kept_as: str | None = None) -> sa.ColumnElement[Any]:
        """The present values of a field, in a column, in lines of lists, or computed.

        :param kept_as: the column, or table of lines, in the trash
        """
        if self.is_list(field):
            schema = self.generator.dialect.schema
            list_table = lines_of(self.definition.id, field.id, schema)
            if kept_as is not None:
                list_table = lines(kept_as, sa.MetaData(schema=schema))
            return sa.cast(list_of(self.table, list_table, self.generator.dialect.name), JsonDocument())
        key = kept_as or field.name
        if key in self.table.c:
            return self.table.c[key]
        computed = self.generator.field_types[field.type].read_expression(self.table, field.options)
        return sa.type_coerce(computed, computed.type)  # never a column, which may be one of the system's


def streamed(
    connection: sa.Connection, table: sa.FromClause, condition: sa.ColumnElement[bool], *columns: sa.ColumnElement[Any]
) -> abc.Generator[Rows, None, None]:
    """As :func:`batches`, but by one query, which sees no later writes, because its condition is costly."""
    query = sa.select(table.c.id, *columns).where(condition).order_by(table.c.id)
    result = connection.execute(query, execution_options={**UNCACHED, "yield_per": BATCH})
    try:
        yield from result.partitions()
    finally:
        result.close()


def batches(
    connection: sa.Connection, table: sa.FromClause, condition: sa.ColumnElement[bool], *columns: sa.ColumnElement[Any]
) -> Iterator[Rows]:
    """(id, ...) of the rows that fulfil the condition, in order of id, in batches."""
    last = None
    while True:
        query = sa.select(table.c.id, *columns).where(condition).order_by(table.c.id).limit(BATCH)
        if last is not None:
            query = query.where(table.c.id > last)
        rows = connection.execute(query, execution_options=UNCACHED).all()
        if not rows:
            return
        yield rows
        last = rows[-1][0]
