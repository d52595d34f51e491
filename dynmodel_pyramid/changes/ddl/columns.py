"""The base of schema editors on both databases: fields and their columns, checks, indexes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.list_tables import referred_to
from dynmodel_pyramid.catalogue.table_builder import field_indexes
from dynmodel_pyramid.catalogue.word_indexes import SEARCH
from dynmodel_pyramid.changes.ddl.lists import ListTables
from dynmodel_pyramid.changes.ddl.runner import EditorContext, Recorder, Runner
from dynmodel_pyramid.changes.values.column_values import ColumnValues
from dynmodel_pyramid.changes.values.conversion import Lost
from dynmodel_pyramid.changes.values.far_keys import FarKey, FarKeys
from dynmodel_pyramid.changes.values.staging import Quarantine
from dynmodel_pyramid.changes.values.violations import Collecting, Refusing
from dynmodel_pyramid.database.identifiers import quote_identifier
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.compare import Comparison, Pair
from dynmodel_pyramid.definitions.store import LIST_PREFIX, TrashedField
from dynmodel_pyramid.definitions.trashed import TrashStore
from dynmodel_pyramid.errors import Conflict, PluginMissing
from dynmodel_pyramid.fields import Reference
from dynmodel_pyramid.fields.sql.patterns import Case


def quoted(name: str) -> quoted_name:
    return quoted_name(name, quote=True)


@dataclass(frozen=True, slots=True)
class Width:
    """Numbers of a table's columns: in use (the system's included), in the trash, and purged ones that still count, as
    on PostgreSQL.
    """

    in_use: int
    in_trash: int = 0
    dropped: int = 0

    @property
    def counted(self) -> int:
        return self.in_use + self.in_trash + self.dropped


@dataclass(frozen=True, slots=True)
class TableEdit:
    """One change of one table, as its statements need it.

    :param table: the current table; ``values`` are expressions over it, by the ids of fields with stored values
    :param converted: the fields whose values may change
    :param rekeyed: fields that get other foreign keys
    :param put_off: the names of the constraints that are proven later
    :param trashed: the fields that are in the trash already
    """

    comparison: Comparison
    table: sa.Table
    values: Mapping[int, ColumnValues]
    converted: tuple[Pair, ...]
    rekeyed: tuple[Pair, ...]
    trashed: Sequence[TrashedField]
    put_off: frozenset[str]

    @property
    def before(self) -> TableDefinition:
        return self.comparison.before

    @property
    def after(self) -> TableDefinition:
        return self.comparison.after

    @property
    def rewritten(self) -> frozenset[int]:
        """The ids of the fields whose values are made again, maybe in another column: their indexes do not stay."""
        return frozenset(number for number, values in self.values.items() if not values.is_same)

    @property
    def leaving(self) -> list[FieldDefinition]:
        """The fields, in their old form, whose old values are kept in the trash."""
        replaced = [old for old, new in self.converted if new.id not in self.values or self.values[new.id].keeps_old]
        return [*self.comparison.dropped, *replaced]


class SchemaTools:
    """The base class of schema editors; an object lives for one transaction."""

    def __init__(self, context: EditorContext) -> None:
        self.context = context
        self.connection = context.connection
        self.generator = context.generator
        self.store = context.store
        self.schema = context.generator.dialect.schema
        self.runner: Runner | Recorder = Recorder(self.connection) if context.is_plan else Runner(self.connection)
        self.violations: Refusing | Collecting = Collecting() if context.is_plan else Refusing()
        self.operations = self.runner.operations
        #: How many fields a plan would move to the trash.
        self._planned = 0

    def table_sql(self, name: str) -> str:
        return quote_identifier(name, self.schema)

    # Fields

    def far(self, definition: TableDefinition) -> Callable[[int], str]:
        """The physical name of a table that a definition refers to, by its id."""

        def name(table_id: int) -> str:
            if table_id == definition.id:
                return definition.physical_name
            return self.context.new_tables.get(table_id) or self.store.physical_name(self.connection, table_id)

        return name

    def far_rows(self, definition: TableDefinition) -> Callable[[int], sa.FromClause]:
        """The rows of a table that a definition refers to, by its id; a table that a plan would make has none."""
        name = self.far(definition)

        def rows(table_id: int) -> sa.FromClause:
            if table_id in self.context.new_tables:
                return sa.select(sa.cast(sa.null(), sa.BigInteger).label("id")).where(sa.false()).subquery("_far")
            return referred_to(name(table_id), self.schema).table.alias("_far")

        return rows

    def far_keys(self, definition: TableDefinition) -> FarKeys:
        """Gives the keys by which links of a definition are converted."""
        physical_name = self.far(definition)

        @cache
        def of_field(table_id: int, name: str) -> FarKey | None:
            if table_id in self.context.new_tables:
                return None  # a plan would make it: it has no rows
            far: TableDefinition | None = definition
            if table_id != definition.id:
                _, far = self.store.by_id(self.connection, table_id)
            field = None if far is None else self.context.upgraded(far).by_name.get(name)
            if field is None:
                raise Conflict(
                    f"the field {name!r} is gone by which links are converted", hint="set the link's key to another one"
                )
            column = sa.Column[Any](quoted(field.column), self.column(field).type, key="key")
            table = sa.Table(
                quoted(physical_name(table_id)), sa.MetaData(schema=self.schema), sa.Column("id", sa.BigInteger), column
            )
            case = Case(field.folding, self.schema) if field.unique_ignore_case else None
            return FarKey(self.connection, table.alias("_key"), field, self.generator.field_types[field.type], case)

        def far_key(field: FieldDefinition) -> FarKey | None:
            reference = self.generator.reference(field)
            return None if reference is None or reference.key is None else of_field(reference.table, reference.key)

        return far_key

    def list_tables(self, definition: TableDefinition) -> ListTables:
        return ListTables(self.runner, self.schema, self.far(definition))

    def lists(self, definition: TableDefinition) -> list[tuple[FieldDefinition, Reference]]:
        """The fields whose values are lists of references."""
        references = [(field, self.generator.reference(field)) for field in definition.fields]
        return [(field, reference) for field, reference in references if reference is not None and reference.many]

    def reference(self, field: FieldDefinition) -> Reference:
        """What the values of a field refer to that refers to rows."""
        reference = self.generator.reference(field)
        assert reference is not None
        return reference

    def column(self, field: FieldDefinition) -> sa.Column[Any]:
        """The column of a field that has one."""
        column = self.generator.column(field)
        assert column is not None
        return column

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
        """The declared type of a field's column; when it changes, the column must be made again."""
        try:
            column = self.generator.column(field)
        except PluginMissing:
            return field.type, None
        return field.type, None if column is None else column.type.compile(self.connection.dialect)

    def rules(self, field: FieldDefinition) -> dict[str, str]:
        """The database's checks of a field, as SQL; none if its values are elsewhere, or its type is missing."""
        if self.is_list(field):
            return {}
        try:
            return self.generator.conditions.rules(field, self.connection.dialect)
        except PluginMissing:
            return {}

    def trash(self, table: TableDefinition, field: FieldDefinition, *, is_list: bool = False) -> TrashedField:
        """Record a field whose values go to the trash; -> it names their column or table there."""
        if self.runner.is_real:
            return self.store.trash_field(self.connection, table, field, is_list=is_list)
        self._planned += 1
        number = self.store.last_trashed(self.connection) + self._planned
        return TrashedField(0, table.id, f"{LIST_PREFIX if is_list else '_trash_'}{number}", field)

    def quarantine(self, after: TableDefinition) -> Quarantine | None:
        """A function that puts lost values into the quarantine; a plan has none."""
        if not self.runner.is_real:
            return None

        def keep(old: FieldDefinition, new: FieldDefinition, lost: list[Lost]) -> None:
            store = TrashStore(self.store.system)
            values = [(row_id, text, reason) for row_id, _, text, reason in lost]
            store.quarantine(self.connection, after, new.id, old.type, values, self.context.moment)

        return keep

    # Checks

    def is_system_value(self, field: FieldDefinition) -> bool:
        """Whether the field has system values."""
        types = self.generator.field_types
        return field.type in types and types[field.type].fill is not None

    def is_same_table(self, name: str, other: str) -> bool:
        """Whether both names mean the same table to the database."""
        return name == other

    def refuse_taken(self, definition: TableDefinition) -> None:
        name = definition.physical_name
        if name not in self.context.free_names and sa.inspect(self.connection).has_table(name, schema=self.schema):
            raise Conflict(
                f"the database has a table named {name} that isn't managed here",
                code="name_taken",
                hint="choose another model_name, or set dynmodel.table_prefix",
            )

    def refuse_too_wide(self, definition: TableDefinition, width: Width) -> None:
        limit = self.generator.dialect.max_columns
        if width.counted <= limit:
            return
        detail = f"the table would have {width.counted} columns, {width.in_trash} of them in the trash"
        hint = "make a table of its own for some of the fields, or purge the trash"
        if self.generator.dialect.counts_dropped_columns:
            detail += f" and {width.dropped} that were dropped for good, which the database goes on counting"
            hint = "make a table of its own for some of the fields"
            if width.dropped:
                hint = (
                    f"run dynmodel-compact CONFIG.ini {definition.model_name}, or POST /table/{definition.id}/compact/"
                )
        raise Conflict(f"{detail}; the database allows {limit}", code="too_many_fields", hint=hint)

    def refuse_too_many_names(self, definition: TableDefinition) -> None:
        """Refuse too many aliases for one SELECT: a result may have as many columns as a table."""
        limit = self.generator.dialect.max_columns
        wanted = sum(1 + len(field.aliases) for field in definition.fields) + 4
        if wanted > limit:
            raise Conflict(
                f"a row would have {wanted} values, aliases included; the database allows {limit}",
                code="too_many_fields",
                hint="remove aliases that nobody uses any more",
            )

    # Indexes

    def index_names(self, definition: TableDefinition) -> dict[str, tuple[Any, ...]]:
        """Name -> description of the index, for all indexes of a definition; the ids of its fields come first."""
        described: dict[str, tuple[Any, ...]] = {}
        for field in definition.fields:
            for unique, folds_case in field_indexes(field, self.generator.reference(field)):
                name = f"_{'ux' if unique else 'ix'}_{definition.id}_{field.id}"
                described[name] = ((field.id,), folds_case, self.column_type(field), field.folding)
            if field.index == SEARCH:
                words = ((field.id,), SEARCH, self.column_type(field), field.options.get("ignore_accents"))
                for begin in self.generator.dialect.word_indexes:
                    described[f"{begin}{definition.id}_{field.id}"] = words
        for index in definition.indexes:
            ids = tuple(number for number, _ in index.fields)
            types = tuple(self.column_type(definition.by_id[number]) for number in ids)
            name = f"_{'ux' if index.unique else 'ix'}_{definition.id}_{index.id}"
            described[name] = (ids, index.fields, index.nulls_distinct, types)
        return described

    def kept_indexes(
        self, before: TableDefinition, after: TableDefinition, rewritten: Collection[int] = frozenset()
    ) -> set[str]:
        """Indexes that stay: they have the same description, and their fields' values and columns stay.

        :param rewritten: the ids of the other fields (:attr:`TableEdit.rewritten`)
        """
        later, rewritten = self.index_names(after), set(rewritten)
        return {
            name
            for name, described in self.index_names(before).items()
            if later.get(name) == described and rewritten.isdisjoint(described[0])
        }

    def drop_indexes(self, definition: TableDefinition, kept_names: Collection[str]) -> None:
        for name in self.index_names(definition):
            if name not in kept_names:
                with self.runner.serving(*_index_keys(name, definition)):
                    self.drop_index(name, definition)

    def drop_index(self, name: str, definition: TableDefinition) -> None:
        # A missing index does not prevent a change: the change makes it again.
        self.operations.drop_index(
            quoted(name), table_name=quoted(definition.physical_name), schema=self.schema, if_exists=True
        )

    def create_index(self, index: sa.Index) -> None:
        self.runner.run(sa.schema.CreateIndex(index))

    def create_indexes(self, definition: TableDefinition, kept_names: Collection[str] = ()) -> None:
        """Create a table's indexes, except those that stay; refuse an index that rows do not allow."""
        if set(kept_names) == set(self.index_names(definition)):
            return
        table = self.generator.table(definition)
        for name, index in self.generator.indexes(definition, table).items():
            if name not in kept_names:
                with self.runner.serving(*_index_keys(name, definition), cost="scan", lock="SHARE"):
                    self._create_index(table, index, definition)

    def _create_index(self, table: sa.Table, index: sa.Index, after: TableDefinition) -> None:
        if not self.runner.is_real:
            self.create_index(index)
            return
        try:
            with self.connection.begin_nested():
                self.create_index(index)
        except sa.exc.DBAPIError as error:
            # Creating an index finds equal and too long values; only a failed creation needs a query for details.
            if self.generator.dialect.failure(error).kind in ("unique", "too_long"):
                self.explain_refusal(table, index, after)
            raise

    def explain_refusal(self, table: sa.Table, index: sa.Index, after: TableDefinition) -> None:
        raise NotImplementedError


def _index_keys(name: str, definition: TableDefinition) -> tuple[Any, ...]:
    """The keys of the operations that an index belongs to; its name ends in an id."""
    number = int(name.rpartition("_")[2])
    kind = "unique" if name.startswith("_ux_") else "index"
    if number in definition.by_id:
        return tuple((aspect, number) for aspect in (kind, "type", "options", "required", "field"))
    (index,) = (index for index in definition.indexes if index.id == number)
    others = [(aspect, field) for field, _ in index.fields for aspect in ("type", "options", "required", "field")]
    return (("several", number), *others)
