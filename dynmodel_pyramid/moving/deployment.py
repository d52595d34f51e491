"""What a deployment consists of: the tables of the system and of users, live and in the trash, on either database."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.list_tables import lines
from dynmodel_pyramid.database import Database, State
from dynmodel_pyramid.database.dialect import ONE_MOMENT
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.model import link_table
from dynmodel_pyramid.definitions.store import LIST_PREFIX
from dynmodel_pyramid.errors import ConfigurationProblem, PluginMissing
from dynmodel_pyramid.fields import FieldTypes


@dataclass(frozen=True, slots=True)
class Trashed:
    """A field whose values are in the trash of a table, in a column or a table of that name."""

    name: str
    field: FieldDefinition

    @property
    def is_list(self) -> bool:
        return self.name.startswith(LIST_PREFIX)


@dataclass(frozen=True)
class Kept:
    """A table of users: its definition with today's options, whether it is in the trash, and its own trash.

    :param stored: the definition as the source's system table has it
    """

    definition: TableDefinition
    stored: Mapping[str, Any]
    is_dropped: bool
    trashed: tuple[Trashed, ...]

    @property
    def label(self) -> str:
        """For people."""
        where = "in the trash, " if self.is_dropped else ""
        return f"{self.definition.model_name} ({where}table {self.definition.id})"

    @cached_property
    def shape(self) -> str:
        """Equal texts mean that a table in the target is made as this one needs it."""
        trash = [(kept.name, kept.field.type, kept.field.options) for kept in self.trashed]
        text = json.dumps([self.stored, self.is_dropped, trash], sort_keys=True, default=dict)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    @property
    def list_names(self) -> list[str]:
        """Physical names of all tables that may keep lists of this one."""
        names = [link_table(self.definition.id, field.id) for field in self.definition.fields]
        return names + [kept.name for kept in self.trashed if kept.is_list]


#: Names of fields, as rows and errors call them, with the text of a value.
Texts = Mapping[str, Callable[[Any], str]]


@dataclass(frozen=True)
class Stored:
    """One table of a database, whose rows are moved.

    :param label: for people
    :param texts: the types' own texts of values, by the names of columns
    """

    name: str
    table: sa.Table
    label: str
    texts: Texts = field(default_factory=dict)

    @property
    def keys(self) -> list[sa.Column[Any]]:
        return list(self.table.primary_key.columns)

    @property
    def columns(self) -> list[sa.Column[Any]]:
        return list(self.table.columns)


class Side:
    """One of the two databases.

    :param title: ``the source`` or ``the target``
    """

    def __init__(self, database: Database, field_types: FieldTypes, title: str) -> None:
        self.database = database
        self.title = title
        self.catalogue = Catalogue(database, field_types)
        self.generator = self.catalogue.generator

    @property
    def dialect(self) -> Any:
        return self.database.dialect

    @contextmanager
    def named(self) -> Iterator[None]:
        """Errors of the database name the side.

        :raises ConfigurationProblem: in their place
        """
        try:
            yield
        except sa.exc.DBAPIError as error:
            kind = self.database.failure(error).kind
            raise ConfigurationProblem(f"{self.title}: {str(error.orig).strip()}", hint=_HINTS.get(kind)) from error
        except sa.exc.SQLAlchemyError as error:
            raise ConfigurationProblem(f"{self.title}: {error}") from error

    # Tables

    def system_tables(self) -> list[Stored]:
        """All but the state, which the target gets anew."""
        tables = self.database.system.metadata.sorted_tables
        return [
            Stored(table.name, table, table.name) for table in tables if table.name != self.database.system.state.name
        ]

    def own(self, kept: Kept, far: Callable[[int], str] | None = None) -> sa.Table:
        """The table of rows, with the columns in its trash.

        :param far: as :meth:`Generator.table` takes it
        :raises ConfigurationProblem: a field's type is not installed
        """
        try:
            further = [self._kept_column(trashed) for trashed in kept.trashed if not trashed.is_list]
            present = [column for column in further if column is not None]
            return self.generator.table(kept.definition, further=present, far=far)
        except PluginMissing as error:
            raise ConfigurationProblem(
                f"{kept.label}: {error.detail}",
                hint=f"{error.hint}. If an application adds the type, name its own INI file as the source",
            ) from error

    def _kept_column(self, trashed: Trashed) -> sa.Column[Any] | None:
        column = self.generator.plain_column(trashed.field)
        if column is None:
            return None
        return sa.Column(quoted_name(trashed.name, quote=True), column.type, key=trashed.name)

    def lists(self, kept: Kept) -> list[tuple[str, FieldDefinition]]:
        """The names of the tables that keep lists, and their fields; those in the trash come last."""
        live = [
            (link_table(kept.definition.id, field.id), field)
            for field in kept.definition.fields
            if (reference := self.generator.reference(field)) is not None and reference.many
        ]
        return live + [(trashed.name, trashed.field) for trashed in kept.trashed if trashed.is_list]

    def stored(self, kept: Kept) -> list[Stored]:
        """The tables of a table: its rows, and lists."""
        fields = [*kept.definition.fields, *(trashed.field for trashed in kept.trashed)]
        names = [field.name for field in kept.definition.fields] + [trashed.name for trashed in kept.trashed]
        types = self.generator.field_types
        texts = {
            name: types[field.type].text_form(field.options).to_text
            for name, field in zip(names, fields, strict=True)
            if field.type in types
        }
        own = Stored(kept.definition.physical_name, self.own(kept), kept.label, texts)
        metadata = sa.MetaData(schema=self.dialect.schema)
        return [own] + [
            Stored(name, lines(name, metadata), f"{kept.label}, {field.name}") for name, field in self.lists(kept)
        ]


_HINTS = {
    "away": "run the same command again: it goes on where it stopped",
    "busy": "somebody else works there; run the same command again: it goes on where it stopped",
    "full": "make room, and run the same command again: it goes on where it stopped",
}


@dataclass(frozen=True)
class Deployment:
    """The source at one moment."""

    state: State
    tables: Sequence[Kept]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(kept.definition.physical_name for kept in self.tables)

    def far(self, table_id: int) -> str:
        """The physical name of a table."""
        return self._names[table_id]

    @cached_property
    def _names(self) -> dict[int, str]:
        return {kept.definition.id: kept.definition.physical_name for kept in self.tables}


def read(side: Side, connection: sa.Connection) -> Deployment:
    """The deployment as a transaction sees it."""
    system = side.database.system
    trash: dict[int, list[Trashed]] = {}
    for row in connection.execute(sa.select(system.trash).order_by(system.trash.c.id)):
        bare = TableDefinition(0, "", 0, "", (FieldDefinition.from_stored(row.document),))
        trash.setdefault(row.table_id, []).append(Trashed(row.physical_name, side.catalogue.upgraded(bare).fields[0]))
    table = system.table.c
    query = sa.select(table.id, table.document, table.dropped_at).order_by(table.id)
    kept = [
        Kept(
            side.catalogue.upgraded(TableDefinition.from_stored(row.document)),
            row.document,
            row.dropped_at is not None,
            tuple(trash.get(row.id, ())),
        )
        for row in connection.execute(query)
    ]
    return Deployment(side.database.state(connection), kept)


@contextmanager
def one_moment(side: Side) -> Iterator[tuple[sa.Connection, Deployment]]:
    """A transaction that reads everything as of one moment; definitions do not change meanwhile."""
    database = side.database
    with database.engine.connect().execution_options(**{ONE_MOMENT: True}) as connection:
        while True:
            with database.reading() as looking:
                before = read(side, looking)
            connection.begin()
            tables = [sa.table(quoted_name(name, quote=True), schema=side.dialect.schema) for name in before.names]
            try:
                side.dialect.lock_tables(connection, tables, writes=False, wait=database.settings.lock_timeout)
            except sa.exc.DBAPIError as error:
                if database.failure(error).kind != "statement":
                    raise
            else:
                # Locked first: then the moment is later than any change of what is locked.
                deployment = read(side, connection)
                if deployment.names == before.names and deployment.state.stamp == before.state.stamp:
                    yield connection, deployment
                    return
            connection.rollback()
