"""What the changes of definitions are made of, on both databases: fields and their columns, checks, fills, indexes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import colander
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.store import DefinitionStore, now
from dynmodel_pyramid.errors import Conflict, PluginMissing
from dynmodel_pyramid.fields import Reference
from dynmodel_pyramid.tables.conversion import (
    SAMPLES,
    fill_column,
)
from dynmodel_pyramid.tables.difference import Difference
from dynmodel_pyramid.tables.generation import Generator, field_indexes
from dynmodel_pyramid.tables.link_tables import LinkTables

_UNCACHED = {"compiled_cache": None}


def quoted(name: str) -> quoted_name:
    return quoted_name(name, quote=True)


class Steps:
    """The tools of one change; see the module."""

    def __init__(self, connection: sa.Connection, generator: Generator, store: DefinitionStore):
        self.connection = connection
        self.generator = generator
        self.store = store
        self.schema = generator.dialect.schema
        self.operations = Operations(MigrationContext.configure(connection))
        #: What ``default_expression`` takes for now, in all rows and fields.
        self.moment = now()

    # Fields

    def far(self, definition: TableDefinition) -> Callable[[int], str]:
        """The physical name of a table that a definition refers to, by its id."""

        def name(table_id: int) -> str:
            if table_id == definition.id:
                return definition.physical_name
            return self.store.physical_name(self.connection, table_id)

        return name

    def link_tables(self, definition: TableDefinition) -> LinkTables:
        return LinkTables(self.connection, self.schema, self.far(definition))

    def lists(self, definition: TableDefinition) -> list[tuple[FieldDefinition, Reference]]:
        """The fields whose values are lists of references."""
        found = [(field, self.generator.reference(field)) for field in definition.fields]
        return [(field, reference) for field, reference in found if reference is not None and reference.many]

    def is_list(self, field: FieldDefinition) -> bool:
        reference = self.generator.reference(field)
        return reference is not None and reference.many

    def has_foreign_key(self, field: FieldDefinition) -> bool:
        reference = self.generator.reference(field)
        return reference is not None and not reference.many

    def has_column(self, field: FieldDefinition) -> bool:
        try:
            return self.generator.column(field) is not None
        except PluginMissing:
            return True

    def column_type(self, field: FieldDefinition) -> tuple[str, str | None]:
        """What a field's column is declared as, which is why it must be made anew when that changes."""
        try:
            column = self.generator.column(field)
        except PluginMissing:
            return field.type, None
        return field.type, None if column is None else column.type.compile(self.connection.dialect)

    # Checks

    def is_same_table(self, name: str, other: str) -> bool:
        """Whether the database takes the two names for the same table."""
        return name == other

    def refuse_taken(self, definition: TableDefinition) -> None:
        name = definition.physical_name
        if sa.inspect(self.connection).has_table(name, schema=self.schema):
            raise Conflict(
                f"the database has a table named {name} that isn't managed here",
                code="name_taken",
                hint="choose another model_name, or set dynmodel.table_prefix",
            )

    def refuse_too_wide(self, definition: TableDefinition, further: int) -> None:
        limit = self.generator.dialect.max_columns
        wanted = len(definition.fields) + further + 4
        if wanted > limit:
            raise Conflict(
                f"the table would have {wanted} columns, {further} of them in the trash; the database allows {limit}",
                code="too_many_fields",
                hint="make a table of its own for some of the fields",
            )

    def refuse_too_many_names(self, definition: TableDefinition) -> None:
        """Refuse aliases beyond what one SELECT may give: a result has no more columns than a table may have."""
        limit = self.generator.dialect.max_columns
        wanted = sum(1 + len(field.aliases) for field in definition.fields) + 4
        if wanted > limit:
            raise Conflict(
                f"a row would have {wanted} values, aliases included; the database allows {limit}",
                code="too_many_fields",
                hint="remove aliases that nobody uses any more",
            )

    def fill_required(self, before: TableDefinition, change: Difference, on_error: str) -> None:
        """With ``on_error=default`` a field that becomes required takes its default where it is null."""
        if on_error != "default":
            return
        for old, new in change.required:
            if new.required and new.default_expression is not None:
                self.fill(before, sa.column(quoted(old.column), self.generator.column(old).type), new)
                continue
            value = self.generator.default_value(new)
            if new.required and value is not None:
                column = sa.column(quoted(old.column), self.generator.column(old).type)
                table = self.light(before, column)
                statement = sa.update(table).where(column.is_(None)).values({column: value})
                self.connection.execute(statement, execution_options=_UNCACHED)

    def fill_added(self, before: TableDefinition, change: Difference) -> None:
        """Give the rows that are there what ``default_expression`` of new fields makes, each row its own."""
        for field in change.added:
            column = self.generator.column(field)
            if column is not None and field.default_expression is not None:
                target = sa.Column(quoted(self.converted_column(field)), column.type)
                self.operations.add_column(quoted(before.physical_name), target, schema=self.schema)
                self.fill(before, sa.column(target.name, column.type), field)

    def fill(self, before: TableDefinition, column: sa.ColumnClause, field: FieldDefinition) -> None:
        """Give a column the field's default where it is null."""
        maker = self.generator.default_maker(field, self.moment)
        with self.refusing_defaults(field):
            fill_column(self.connection, self.light(before, column), column, maker)

    @contextmanager
    def refusing_defaults(self, field: FieldDefinition) -> Iterator[None]:
        """Refuse the change where the field takes some values of its expression only, as a pattern takes some UUIDs."""
        try:
            yield
        except colander.Invalid as error:
            raise Conflict(
                f"the field {field.name!r} refuses what its default_expression made: "
                + "; ".join(error.asdict().values()),
                code="lossy_change",
                field=field.name,
            ) from error

    def refuse_nulls(self, table: sa.TableClause, column: str, field: FieldDefinition) -> None:
        """Refuse NOT NULL on a column that has nulls."""
        target = sa.column(quoted(column), _selectable=table)
        query = sa.select(table.c.id).where(target.is_(None))
        count = self.connection.scalar(
            sa.select(sa.func.count()).select_from(query.subquery()), execution_options=_UNCACHED
        )
        if count:
            rows = self.connection.scalars(query.order_by(table.c.id).limit(SAMPLES), execution_options=_UNCACHED).all()
            raise Conflict(
                f"{count} rows have no value in the field {field.name!r}, so it can't be required",
                code="lossy_change",
                hint="fill the values first, or give the field a default and say on_error=default",
                field=field.name,
                count=count,
                samples=[{"id": row_id} for row_id in rows],
            )

    def refuse_rows_without_value(self, table: sa.TableClause, field: FieldDefinition) -> None:
        """Refuse a new field that is required and has no default where there are rows."""
        if not field.required or field.default is not None or field.default_expression is not None:
            return
        if self.connection.scalar(sa.select(table.c.id).limit(1), execution_options=_UNCACHED) is not None:
            raise Conflict(
                f"the table has rows, and the new field {field.name!r} is required without a default",
                code="lossy_change",
                hint="give the field a default, or make it required after filling it",
                field=field.name,
            )

    def create_indexes(self, before: TableDefinition, after: TableDefinition, *, all_of_them: bool) -> None:
        """Create the indexes that are new, or all; a uniqueness that rows violate is refused."""
        table = self.generator.table(after)
        existing = set() if all_of_them else set(self.kept_indexes(before, after))
        for name, index in self.generator.indexes(after, table).items():
            if name in existing:
                continue
            if index.unique:
                self.refuse_duplicates(table, index, after)
            self.connection.execute(sa.schema.CreateIndex(index))

    def refuse_duplicates(self, table: sa.Table, index: sa.Index, after: TableDefinition) -> None:
        columns = list(index.columns)
        count = sa.func.count()
        query = sa.select(count, sa.func.min(table.c.id)).group_by(*index.expressions).having(count > 1)
        if index.dialect_options.get("postgresql", {}).get("nulls_not_distinct") is not True:
            query = query.where(*[column.is_not(None) for column in columns])
        rows = self.connection.execute(query.limit(SAMPLES), execution_options=_UNCACHED).all()
        if rows:
            names = [column.key for column in columns]
            raise Conflict(
                f"rows have equal values in {', '.join(names)}, so it can't be unique",
                code="lossy_change",
                hint="mend the rows first; each sample is the first of its equals",
                fields=names,
                samples=[{"id": first, "rows": number} for number, first in rows],
            )

    def index_names(self, definition: TableDefinition) -> dict[str, tuple]:
        """Name -> what the index is, of all indexes that a definition has."""
        described = {}
        for field in definition.fields:
            for unique, folds_case in field_indexes(field, self.generator.reference(field)):
                described[f"_{'ux' if unique else 'ix'}_{definition.id}_{field.id}"] = (
                    self.column_type(field),
                    folds_case,
                )
        for index in definition.indexes:
            types = tuple(self.column_type(definition.by_id[number]) for number, _ in index.fields)
            name = f"_{'ux' if index.unique else 'ix'}_{definition.id}_{index.id}"
            described[name] = (index.fields, index.nulls_distinct, types)
        return described

    def kept_indexes(self, before: TableDefinition, after: TableDefinition) -> list[str]:
        later = self.index_names(after)
        return [name for name, described in self.index_names(before).items() if later.get(name) == described]

    def drop_indexes(self, before: TableDefinition, after: TableDefinition) -> None:
        kept = self.kept_indexes(before, after)
        for name in self.index_names(before):
            if name not in kept:
                self.operations.drop_index(quoted(name), table_name=quoted(before.physical_name), schema=self.schema)

    # Columns

    @staticmethod
    def converted_column(field: FieldDefinition) -> str:
        return f"_new_{field.id}"

    def light(self, definition: TableDefinition, *columns: sa.ColumnClause) -> sa.TableClause:
        """The table with its id alone, and further columns."""
        return sa.table(quoted(definition.physical_name), sa.column("id"), *columns, schema=self.schema)

    def temporary_column(self, definition: TableDefinition, name: str, kind: sa.types.TypeEngine) -> sa.ColumnClause:
        """Add a column, nullable and without default, that :meth:`apply` renames or drops."""
        self.operations.add_column(quoted(definition.physical_name), sa.Column(quoted(name), kind), schema=self.schema)
        return sa.column(quoted(name), kind)
