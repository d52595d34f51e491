"""What the changes of definitions are made of, on both databases: fields and their columns, checks, indexes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.check_constraints import rules_of
from dynmodel_pyramid.catalogue.list_tables import referred_to
from dynmodel_pyramid.catalogue.table_builder import Generator, field_indexes
from dynmodel_pyramid.changes.ddl.lists import ListTables
from dynmodel_pyramid.changes.ddl.runner import Executed, Recorded
from dynmodel_pyramid.changes.loosening import Loosening
from dynmodel_pyramid.changes.values.column_values import UNCACHED
from dynmodel_pyramid.changes.values.violations import Collecting, Refusing
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.store import LIST_PREFIX, DefinitionStore, TrashedField, now
from dynmodel_pyramid.errors import Conflict, PluginMissing
from dynmodel_pyramid.fields import Reference


def quoted(name: str) -> quoted_name:
    return quoted_name(name, quote=True)


@dataclass(frozen=True, slots=True)
class Width:
    """Columns of a table: those in use (the system's among them), those in the trash, and those that are dropped for
    good and yet count, as they do on PostgreSQL.
    """

    in_use: int
    in_trash: int = 0
    dropped: int = 0

    @property
    def counted(self) -> int:
        return self.in_use + self.in_trash + self.dropped


class Steps:
    """The tools of one change.

    :param rehearsed: only note the statements and the findings: a plan
    """

    def __init__(
        self, connection: sa.Connection, generator: Generator, store: DefinitionStore, *, rehearsed: bool = False
    ):
        self.connection = connection
        self.generator = generator
        self.store = store
        self.schema = generator.dialect.schema
        self.ddl: Executed | Recorded = Recorded(connection) if rehearsed else Executed(connection)
        self.findings: Refusing | Collecting = Collecting() if rehearsed else Refusing()
        #: What one word of ``on_error`` has loosened so far in this transaction.
        self.loosening = Loosening()
        self.operations = self.ddl.operations
        #: What ``default_expression`` takes for now, in all rows and fields.
        self.moment = now()
        #: Physical names of tables that are not stored yet, by id; a plan stores none.
        self.names: dict[int, str] = {}
        #: Names of tables that a plan takes for free: the change would have moved what has them.
        self.free_names: set[str] = set()
        #: Whether rules may be put off to be proven later; found by a plan.
        self.may_put_off = False
        #: The names of the constraints that are.
        self.put_off: frozenset[str] = frozenset()
        #: The ids of the fields whose values the change makes anew, maybe in another column: no index of them stays.
        self.made_anew: frozenset[int] = frozenset()
        #: Called before the first DDL: holds off readers.
        self.before_ddl: Callable[[], None] = lambda: None

    # Fields

    def far(self, definition: TableDefinition) -> Callable[[int], str]:
        """The physical name of a table that a definition refers to, by its id."""

        def name(table_id: int) -> str:
            if table_id == definition.id:
                return definition.physical_name
            return self.names.get(table_id) or self.store.physical_name(self.connection, table_id)

        return name

    def far_rows(self, definition: TableDefinition) -> Callable[[int], sa.FromClause]:
        """The rows of a table that a definition refers to, by its id; one that a plan would make has none."""
        name = self.far(definition)

        def rows(table_id: int) -> sa.FromClause:
            if table_id in self.names:
                return sa.select(sa.cast(sa.null(), sa.BigInteger).label("id")).where(sa.false()).subquery("_far")
            return referred_to(name(table_id), self.schema).table.alias("_far")

        return rows

    def list_tables(self, definition: TableDefinition) -> ListTables:
        return ListTables(self.ddl, self.schema, self.far(definition))

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

    def rules(self, field: FieldDefinition) -> dict[str, str]:
        """The database's checks of a field, as SQL; none where its values stand elsewhere, or its type is gone."""
        if self.is_list(field):
            return {}
        try:
            return rules_of(field, self.generator.field_types, self.generator.context, self.connection.dialect)
        except PluginMissing:
            return {}

    def trash(self, table: TableDefinition, field: FieldDefinition, *, is_list: bool = False) -> TrashedField:
        """Note a field whose values go to the trash, and where they are kept there."""
        if self.ddl.is_real:
            return self.store.trash_field(self.connection, table, field, is_list=is_list)
        return TrashedField(0, table.id, f"{LIST_PREFIX if is_list else '_trash_'}{field.id}", field)

    def keep_aside(
        self, after: TableDefinition
    ) -> Callable[[FieldDefinition, FieldDefinition, list[tuple[int, Any, str, str]]], None] | None:
        """What puts (id of the row, value, its text, reason) of values into the quarantine; a plan keeps nothing.

        :param after: the definition that has no room for the values
        """
        if not self.ddl.is_real:
            return None

        def keep(old: FieldDefinition, new: FieldDefinition, lost: list[tuple[int, Any, str, str]]) -> None:
            rows = [
                {
                    "table_id": after.id,
                    "field_id": new.id,
                    "row_id": row_id,
                    "version": after.version,
                    "type": old.type,
                    "value": text,
                    "reason": reason,
                    "kept_at": self.moment,
                }
                for row_id, _, text, reason in lost
            ]
            self.connection.execute(sa.insert(self.store.system.quarantine), rows, execution_options=UNCACHED)

        return keep

    # Checks

    def is_system_value(self, field: FieldDefinition) -> bool:
        """Whether the system gives the values of the field."""
        types = self.generator.field_types
        return field.type in types and types[field.type].fill is not None

    def is_same_table(self, name: str, other: str) -> bool:
        """Whether the database takes the two names for the same table."""
        return name == other

    def refuse_taken(self, definition: TableDefinition) -> None:
        name = definition.physical_name
        if name not in self.free_names and sa.inspect(self.connection).has_table(name, schema=self.schema):
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
            hint = "make a table of its own for some of the fields, or copy the rows into a new table"
        raise Conflict(f"{detail}; the database allows {limit}", code="too_many_fields", hint=hint)

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

    # Indexes

    def index_names(self, definition: TableDefinition) -> dict[str, tuple]:
        """Name -> what the index is, of all indexes that a definition has; first the ids of its fields."""
        described = {}
        for field in definition.fields:
            for unique, folds_case in field_indexes(field, self.generator.reference(field)):
                name = f"_{'ux' if unique else 'ix'}_{definition.id}_{field.id}"
                described[name] = ((field.id,), folds_case, self.column_type(field))
        for index in definition.indexes:
            ids = tuple(number for number, _ in index.fields)
            types = tuple(self.column_type(definition.by_id[number]) for number in ids)
            name = f"_{'ux' if index.unique else 'ix'}_{definition.id}_{index.id}"
            described[name] = (ids, index.fields, index.nulls_distinct, types)
        return described

    def kept_indexes(self, before: TableDefinition, after: TableDefinition) -> set[str]:
        """Indexes that stay: they say the same, of fields whose values and columns stay."""
        later = self.index_names(after)
        return {
            name
            for name, described in self.index_names(before).items()
            if later.get(name) == described and self.made_anew.isdisjoint(described[0])
        }

    def drop_indexes(self, before: TableDefinition, after: TableDefinition) -> None:
        kept = self.kept_indexes(before, after)
        for name in self.index_names(before):
            if name not in kept:
                with self.ddl.serving(*_index_keys(name, before)):
                    # One that is missing stops no change: by a change it comes back.
                    self.operations.drop_index(
                        quoted(name), table_name=quoted(before.physical_name), schema=self.schema, if_exists=True
                    )

    def create_indexes(self, before: TableDefinition, after: TableDefinition, *, all_of_them: bool) -> None:
        """Create the indexes that are new, or all; what rows do not allow is refused."""
        existing = set() if all_of_them else self.kept_indexes(before, after)
        if existing == set(self.index_names(after)):
            return
        table = self.generator.table(after)
        for name, index in self.generator.indexes(after, table).items():
            if name not in existing:
                with self.ddl.serving(*_index_keys(name, after), cost="scan", lock="SHARE"):
                    self._create_index(table, index, after)

    def _create_index(self, table: sa.Table, index: sa.Index, after: TableDefinition) -> None:
        if not self.ddl.is_real:
            self.ddl.run(sa.schema.CreateIndex(index))
            return
        try:
            with self.connection.begin_nested():
                self.ddl.run(sa.schema.CreateIndex(index))
        except sa.exc.DBAPIError as error:
            # The creation itself looks for equal and for too long values; only a refused one needs to be explained.
            if self.generator.dialect.failure(error).kind in ("unique", "too_long"):
                self.explain_refusal(table, index, after)
            raise

    def explain_refusal(self, table: sa.Table, index: sa.Index, after: TableDefinition) -> None:
        raise NotImplementedError


def _index_keys(name: str, definition: TableDefinition) -> tuple:
    """The steps that an index belongs to, whose names end in an id."""
    number = int(name.rpartition("_")[2])
    kind = "unique" if name.startswith("_ux_") else "index"
    if number in definition.by_id:
        return tuple((aspect, number) for aspect in (kind, "type", "options", "required", "field"))
    (index,) = (index for index in definition.indexes if index.id == number)
    others = [(aspect, field) for field, _ in index.fields for aspect in ("type", "options", "required", "field")]
    return (("several", number), *others)
