"""Definition -> SQLAlchemy table and declarative class.

Each table has a MetaData of its own, or its group's (``orm/class_groups.py``), and a cache of compiled statements, so
that old tables are freed with the last reference to them. Never call ``registry.dispose()``: running requests may use
the class.
"""

import copy
import datetime
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.check_constraints import Conditions
from dynmodel_pyramid.catalogue.former_tables import is_made_alike
from dynmodel_pyramid.catalogue.list_tables import ON_DELETE_SQL, referred_to
from dynmodel_pyramid.catalogue.references import reference_of
from dynmodel_pyramid.catalogue.word_indexes import SEARCH, manner_of, word_indexes
from dynmodel_pyramid.database import Dialect
from dynmodel_pyramid.database.expressions import ROW_ID
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.expressions import evaluate
from dynmodel_pyramid.definitions.names import identifiers
from dynmodel_pyramid.errors import PluginMissing
from dynmodel_pyramid.fields import FieldTypes, Reference
from dynmodel_pyramid.fields.contract import options_version, stored_default
from dynmodel_pyramid.fields.sql.patterns import Case, Manner
from dynmodel_pyramid.fields.types.temporal import UTC_DATETIME

#: Columns that every table has besides ``id`` and its fields.
SYSTEM_COLUMNS = ("_version", "_created", "_updated")
#: Key of ``Table.info`` under which a generated table keeps its definition.
DEFINITION = "dynmodel_definition"
#: Names that a declarative class keeps for itself.
RESERVED_ATTRIBUTES = frozenset({"metadata", "registry"})


@dataclass(frozen=True, slots=True)
class GenerationContext:
    """The :class:`dynmodel_pyramid.fields.Context` passed to field types."""

    dialect: str


class Generator:
    """Builds tables and classes for one database with one set of field types."""

    def __init__(self, field_types: FieldTypes, dialect: Dialect, most_reverse: int = 0) -> None:
        """
        :param most_reverse: see :attr:`Model.most_reverse`
        """
        self.field_types = field_types
        self.dialect = dialect
        self.most_reverse = most_reverse
        self.context = GenerationContext(dialect.name)
        #: The database's checks of fields.
        self.conditions = Conditions(field_types, self.context)
        #: Held while a group of classes is built.
        self.grouping = threading.Lock()

    def reference(self, field: FieldDefinition) -> Reference | None:
        """A field's reference; None also if the field's type is not installed."""
        return reference_of(field, self.field_types)

    def column(self, field: FieldDefinition) -> sa.Column[Any] | None:
        """The column of one field, ready to be added to a table; its key is the field's name.

        None for a value that is computed or kept in a table of its own (:mod:`~.list_tables`).

        :raises PluginMissing: the field's type is not installed, or not in the version that stored its options
        """
        column = self.plain_column(field)
        reference = self.reference(field)
        if column is None or (reference is not None and reference.many):
            return None
        column.name = quoted_name(field.column, quote=True)
        column.key = field.name
        column.nullable = not field.required
        value = self.default_value(field)
        if value is not None:
            column.server_default = sa.DefaultClause(sa.literal(value, column.type))
            _python_default(column, value)
        elif field.default_expression is not None:
            column.default = sa.ColumnDefault(self.default_maker(field))
        return column

    def plain_column(self, field: FieldDefinition) -> sa.Column[Any] | None:
        """The column as the field's type makes it."""
        field_type = self.field_types[field.type]
        if field.options_version != options_version(field_type):
            raise PluginMissing(
                f"the options of the field {field.name!r} are of version {field.options_version} of the type "
                f"{field.type!r}; installed is version {options_version(field_type)}, which can't read them",
                hint="install another release of the package that provides the type",
            )
        return field_type.column(field.options, self.context)

    def default_value(self, field: FieldDefinition) -> Any:
        """The default as the column stores it, or None."""
        if field.default is None:
            return None
        return stored_default(self.field_types[field.type], field.options, field.default)

    def default_maker(
        self, field: FieldDefinition, moment: datetime.datetime | None = None
    ) -> Callable[[], Any] | None:
        """A function that makes a row's default, as the column stores it; None if there is no default.

        :param moment: the moment of the change, which all rows share; None for the moment of each call
        """
        expression = field.default_expression
        if expression is not None:
            node = self.field_types[field.type].schema_node(field.options)
            return lambda: evaluate(expression, node, moment)
        value = self.default_value(field)
        return None if value is None else lambda: value

    def table(
        self,
        definition: TableDefinition,
        *,
        name: str | None = None,
        further: Sequence[sa.Column[Any]] = (),
        far: Callable[[int], str] | None = None,
        metadata: sa.MetaData | None = None,
    ) -> sa.Table:
        """The SQLAlchemy table.

        :param name: replaces its own name, with ``further`` columns: for a rebuild
        :param far: physical names of tables by id. With it the table has its foreign keys and checks, for DDL
        :param metadata: the metadata of a group; else the table gets one of its own
        """
        metadata = metadata if metadata is not None else sa.MetaData(schema=self.dialect.schema)
        columns = [column for field in definition.fields if (column := self.column(field)) is not None]
        table = sa.Table(
            quoted_name(name or definition.physical_name, quote=True),
            metadata,
            *self._system_columns(definition, metadata),
            *columns,
            *further,
            sa.PrimaryKeyConstraint("id", name=_name(f"_pk_{definition.id}")),
            *(self.foreign_keys(definition, metadata, far) if far is not None else ()),
            sqlite_autoincrement=True,
            info={DEFINITION: definition},
        )
        if far is not None:
            self.conditions.checks(definition, table)
        return table

    def foreign_keys(
        self, definition: TableDefinition, metadata: sa.MetaData, far: Callable[[int], str]
    ) -> Iterator[sa.ForeignKeyConstraint]:
        """The foreign keys of a table, named by ids as indexes are. The far tables have only their ids."""
        for field in definition.fields:
            reference = self.reference(field)
            if reference is not None and not reference.many:
                yield sa.ForeignKeyConstraint(
                    [field.name],
                    [referred_to(far(reference.table), metadata.schema)],
                    name=_name(foreign_key_name(definition, field)),
                    ondelete=ON_DELETE_SQL[reference.on_delete],
                    deferrable=True,
                )

    def _system_columns(self, definition: TableDefinition, metadata: sa.MetaData) -> list[sa.Column[Any]]:
        key: dict[str, Any] = {}
        if self.dialect.has_sequences:
            sequence = sa.Sequence(
                _name(f"_seq_{definition.id}"), metadata=metadata, schema=self.dialect.schema, data_type=sa.BigInteger()
            )
            key = {"default": sequence, "server_default": sequence.next_value()}
        now = sa.text("CURRENT_TIMESTAMP")
        return [
            sa.Column("id", ROW_ID, primary_key=True, **key),
            sa.Column("_version", sa.BigInteger, nullable=False, server_default="1"),
            sa.Column("_created", UTC_DATETIME, nullable=False, server_default=now),
            sa.Column("_updated", UTC_DATETIME, nullable=False, server_default=now, onupdate=sa.func.now()),
        ]

    def indexes(self, definition: TableDefinition, table: sa.Table) -> dict[str, sa.Index]:
        """All indexes of the table by their names, which are made of ids."""
        indexes: dict[str, sa.Index] = {}

        def add(number: int, unique: bool, columns: list[Any], **options: Any) -> None:
            name = f"_{'ux' if unique else 'ix'}_{definition.id}_{number}"
            indexes[name] = sa.Index(quoted_name(name, quote=True), *columns, unique=unique, **options)

        for field in definition.fields:
            for unique, folds_case in field_indexes(field, self.reference(field)):
                column = table.c[field.name]
                add(field.id, unique, [Case(field.folding, self.dialect.schema).key(column) if folds_case else column])
            if field.index == SEARCH:
                indexes |= word_indexes(self.manner(definition.id, field), table.c[field.name], self.dialect.name)
        for index in definition.indexes:
            columns = []
            for number, descending in index.fields:
                column = table.c[definition.by_id[number].name]
                columns.append(column.desc() if descending else column)
            options = {} if index.nulls_distinct else {"postgresql_nulls_not_distinct": True}
            add(index.id, index.unique, columns, **options)
        return indexes

    def manner(self, table_id: int, field: FieldDefinition) -> Manner:
        """How the texts of a field are compared."""
        return manner_of(table_id, field, self.field_types[field.type], self.dialect.schema)

    def declarative_class(
        self, definition: TableDefinition, name: str, table: sa.Table, base: type, further: Mapping[str, Any]
    ) -> type:
        """A declarative class of that table, with that name; private until the caller publishes it.

        :param base: the base class of its group (:mod:`~orm.class_groups`)
        :param further: attributes besides the columns
        """
        names = attribute_names(definition)
        attributes: dict[str, Any] = {
            "__table__": table,
            "__module__": "dynmodel_pyramid.models",
            "__doc__": definition.description,
            "__definition__": definition,
            "__repr__": _represent,
            # The ORM counts versions as the row service does.
            "__mapper_args__": {"version_id_col": table.c._version},
        }
        attributes |= {names[field.name]: table.c[field.name] for field in definition.fields if field.name in table.c}
        return type(name, (base,), {**attributes, **further})


def foreign_key_name(definition: TableDefinition, field: FieldDefinition) -> str:
    return f"_fk_{definition.id}_{field.id}"


def field_indexes(field: FieldDefinition, reference: Reference | None) -> list[tuple[bool, bool]]:
    """(unique, whether it folds the case of letters) of each index that a field has of its own.

    Links have one, because reverse sides are read as often. A unique index serves reads as well.
    """
    indexed = field.index is True or (reference is not None and not reference.many)
    indexes = [(True, field.unique_ignore_case)] if field.is_unique else []
    return [*indexes, (False, False)] if indexed and (field.unique_ignore_case or not field.unique) else indexes


def _name(name: str) -> quoted_name:
    """A name that is always quoted in SQL. SQLAlchemy caches all other names for ever: 1 KB for each table."""
    return quoted_name(name, quote=True)


def attribute_names(definition: TableDefinition) -> dict[str, str]:
    """Field name -> attribute of the class (:func:`~definitions.names.identifiers`, older fields first)."""
    in_order = sorted(definition.fields, key=lambda field: field.id)
    return identifiers((field.name for field in in_order), {"id", *RESERVED_ATTRIBUTES})


def _python_default(column: sa.Column[Any], value: Any) -> None:
    mutable = isinstance(value, dict | list)
    default: Any = (lambda: copy.deepcopy(value)) if mutable else value
    column.default = sa.ColumnDefault(default)


def _represent(self: Any) -> str:
    return f"<{type(self).__name__} {self.id}>"


class Model:
    """A definition and its table, which is built when it is first used.

    The service needs only the table: a class with its mapper costs ten times the time and four times the memory, and is
    built only for scripts and shells (:mod:`~orm.class_groups`).

    Immutable to its users. ``once`` keeps objects that upper layers make for this version: validators, statements.
    """

    __slots__ = ("definition", "compiled_cache", "field_types", "former", "group", "handed_on", "_generator", "_once")

    #: Compiled statements kept for one version of one table.
    STATEMENTS = 64

    def __init__(self, definition: TableDefinition, generator: Generator, former: dict[Any, Any] | None = None) -> None:
        """
        :param former: what the version before has handed on
        """
        self.definition = definition
        self.former = {} if former is None else former
        #: What is handed on to the next version, each under a key of its own. What upper layers put there must not hold
        #: the table.
        self.handed_on: dict[Any, Any] = {}
        self.field_types = generator.field_types
        self.compiled_cache: sa.util.LRUCache[Any, Any] = sa.util.LRUCache(self.STATEMENTS)
        #: The group of classes (:class:`~orm.class_groups.Group`) that the table last belonged to.
        self.group: Any = None
        self._generator = generator
        self._once: dict[Any, Any] = {}

    @property
    def dialect(self) -> str:
        """The name of the database that it is for."""
        return self._generator.dialect.name

    @property
    def most_reverse(self) -> int:
        """The most ids of a reverse side in a row; 0: any number."""
        return self._generator.most_reverse

    def column(self, field: FieldDefinition) -> sa.Column[Any] | None:
        """See :meth:`Generator.column`."""
        return self._generator.column(field)

    def alone(self, field: FieldDefinition) -> "Model":
        """The table as if this were its only field."""
        return Model(replace(self.definition, fields=(field,)), self._generator)

    def manner(self, field: FieldDefinition) -> Manner:
        """How the texts of a field are compared."""
        return self._generator.manner(self.definition.id, field)

    def case(self, field: FieldDefinition) -> Case:
        """What counts as one text, by the rule ``unique_ignore_case`` of a field."""
        return Case(field.folding, self._generator.dialect.schema)

    @property
    def table(self) -> sa.Table:
        """That of the version before, if it is the same one (:mod:`~.former_tables`).

        :raises PluginMissing: a field's type is not installed
        """
        table: sa.Table = self.once(sa.Table, Model._made_table)
        return table

    def _made_table(self) -> sa.Table:
        # Once, so that a former table that is of no use is not kept.
        former: tuple[TableDefinition, sa.Table] | None = self.former.pop(sa.Table, None)
        if former is not None and is_made_alike(former[0], self.definition, former[1], self.column):
            table = former[1]
        else:
            table = self._generator.table(self.definition)
        self.handed_on[sa.Table] = self.definition, table
        return table

    def once(self, key: Any, make: Callable[["Model"], Any]) -> Any:
        """``make(self)``, made once for this version; threads that call it at once all get the first result."""
        try:
            return self._once[key]
        except KeyError:
            return self._once.setdefault(key, make(self))
