"""The catalogue: immutable snapshots of all definitions, and the bounded cache of classes.

A snapshot belongs to one state of the database (:class:`dynmodel_pyramid.database.State`) and is filled as tables are
asked for. When the state has changed, a new snapshot takes over the unchanged models. Nothing expires by time.
"""

import logging
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import replace
from enum import Enum
from typing import Any, Final, Protocol

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.table_builder import Generator, Model
from dynmodel_pyramid.catalogue.watching import RowWrites, WantedWrites, Watcher
from dynmodel_pyramid.database import Database, State
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.model import FieldDefinition
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.store import Change, DefinitionStore
from dynmodel_pyramid.errors import PluginMissing
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.fields.contract import options_version
from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.telemetry import families, measuring
from dynmodel_pyramid.telemetry.measuring import add, wrote

log = logging.getLogger(__name__)


class Unknown(Enum):
    """The type of :data:`UNKNOWN`."""

    UNKNOWN = "unknown"


#: The result of a lookup that the snapshot can't answer from memory.
UNKNOWN: Final = Unknown.UNKNOWN
#: Where the writes of a block of code are noted (:meth:`Catalogue.noting`).
_NOTES: "ContextVar[list[RowWrites] | None]" = ContextVar("row writes", default=None)
#: The cost of a table besides its fields, in columns: id and the system columns.
_OVERHEAD = 4
#: The most changed tables that are not loaded yet whose last versions have something to hand on, about 20 KB each; and
#: those among them, the last ones, that hand on a SQLAlchemy table, about 250 KB each.
_FORMER, _FORMER_TABLES = 64, 8


class ORM(Protocol):
    """Makes classes and sessions for scripts and shells."""

    def models(self, catalogue: "Catalogue") -> Mapping[str, type]: ...

    def session(self, catalogue: "Catalogue", *, writes: bool, author: str | None) -> AbstractContextManager[Any]: ...


class Snapshot:
    """All definitions at one state. A lookup gives the same answer for ever, or :data:`UNKNOWN`."""

    def __init__(self, state: State, capacity: int) -> None:
        self.state = state
        self.capacity = capacity
        self._models: OrderedDict[int, Model | None] = OrderedDict()
        self._names: dict[str, int | None] = {}
        self._columns = 0
        #: What the last versions of changed tables handed on, until the tables are loaded again.
        self._handed_on: dict[int, dict[Any, Any]] = {}
        self._lock = threading.Lock()

    def by_id(self, table_id: int) -> Model | None | Unknown:
        """The model, None if there is no such table, or :data:`UNKNOWN`."""
        # Under the lock, because a lookup reorders the cache, which other threads count and copy.
        with self._lock:
            try:
                model = self._models[table_id]
                self._models.move_to_end(table_id)
                return model
            except KeyError:
                return UNKNOWN

    def by_name(self, key: str) -> Model | None | Unknown:
        try:
            table_id = self._names[key]
        except KeyError:
            return UNKNOWN
        return None if table_id is None else self.by_id(table_id)

    def add(self, model: Model) -> Model:
        """Keep a model; an existing one wins."""
        with self._lock:
            known = self._models.get(model.definition.id)
            if known is not None:
                return known
            self._models[model.definition.id] = model
            self._names[name_key(model.definition.model_name)] = model.definition.id
            self._columns += len(model.definition.fields) + _OVERHEAD
            self._handed_on.pop(model.definition.id, None)
            while self._columns > self.capacity and len(self._models) > 1:
                self._forget(next(iter(self._models)))
                add(families.TABLE_EVICTIONS)
            return model

    @property
    def size(self) -> tuple[int, int]:
        """How many tables and columns are kept."""
        return len(self._models), self._columns

    def handed_on(self, table_id: int) -> dict[Any, Any] | None:
        """What the version before has handed on."""
        return self._handed_on.get(table_id)

    def add_absent(self, key: int | str) -> None:
        """Note that there is no such table (a number, or the key of a name). Bounded as the models are."""
        with self._lock:
            if isinstance(key, str):
                if len(self._names) < self.capacity:
                    self._names.setdefault(key, None)
            elif len(self._models) < self.capacity:
                self._models.setdefault(key, None)

    def _forget(self, table_id: int) -> None:
        model = self._models.pop(table_id)
        if model is not None:
            self._columns -= len(model.definition.fields) + _OVERHEAD
            self._names.pop(name_key(model.definition.model_name), None)

    def _hand_on(self, table_id: int) -> None:
        model = self._models[table_id]
        # Each part tells for itself which version it is of.
        if model is not None and (handed_on := {**model.former, **model.handed_on}):
            self._handed_on.pop(table_id, None)
            self._handed_on[table_id] = handed_on
            if len(self._handed_on) > _FORMER:
                del self._handed_on[next(iter(self._handed_on))]
            for former in list(self._handed_on.values())[:-_FORMER_TABLES]:
                former.pop(sa.Table, None)

    @property
    def columns(self) -> int:
        """The columns of all models in memory."""
        return self._columns

    def following(self, state: State, changes: Iterable[Change]) -> "Snapshot":
        """The snapshot of a later state: this one without the changed tables."""
        after = Snapshot(state, self.capacity)
        with self._lock:
            after._models = self._models.copy()
            after._names = self._names.copy()
            after._columns = self._columns
            after._handed_on = self._handed_on.copy()
        for change in changes:
            if change.table_id in after._models:
                after._hand_on(change.table_id)
                after._forget(change.table_id)
            for name in change.names:
                if name is not None:
                    after._names.pop(name, None)
        return after


class Catalogue:
    """All tables of one database. Several catalogues may live in one process; nothing here is global."""

    def __init__(self, database: Database, field_types: FieldTypes, orm: ORM | None = None) -> None:
        """:param orm: makes classes and sessions for scripts (the package ``orm``, which lies above this one)"""
        self.database = database
        self.field_types = field_types
        self.store = DefinitionStore(database)
        self.generator = Generator(field_types, database.dialect, database.settings.max_reverse)
        self._given_orm = orm
        self._reporters: list[Callable[[sa.Connection, RowWrites], None]] = []
        #: Is told of writes and changes; None unless an application has subscribers.
        self.watcher: Watcher | None = None
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        _CATALOGUES.add(self)

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot in this process; the coherence protocol decides whether it is current."""
        snapshot = self._snapshot
        if snapshot is None:
            with self.database.reading() as connection:
                snapshot = Snapshot(self.database.state(connection), self.database.settings.class_cache_columns)
                self._publish(snapshot)
        return snapshot

    @property
    def columns(self) -> int:
        """The columns of all tables that are in memory."""
        snapshot = self._snapshot
        return 0 if snapshot is None else snapshot.columns

    def advance(self, connection: sa.Connection, known: Snapshot) -> tuple[Snapshot, list[Change] | None]:
        """The snapshot of the state that this transaction sees, and what changed since ``known``.

        The changes are None when the log does not have them (a restored backup): then everything may have changed.
        """
        state, changes = self.store.changes_since(connection, known.state)
        if state.stamp == known.state.stamp:
            return known, []
        newest = self._snapshot
        if newest is not None and newest.state.stamp == state.stamp:
            return newest, changes
        if changes is None:
            after = Snapshot(state, known.capacity)
        else:
            after = known.following(state, changes)
        self._publish(after)
        return after, changes

    def follow(self, before: State, after: State, changes: Iterable[Change]) -> bool:
        """Take over a change that this process has just committed, without asking the database; -> whether it could:
        the newest snapshot was that of the state before.

        :param before: the state that the change's transaction saw under the lock of its row
        """
        newest = self._snapshot
        if newest is None or newest.state.stamp != before.stamp:
            return False
        self._publish(newest.following(after, changes))
        return True

    @property
    def cached(self) -> tuple[int, int]:
        """How many tables the newest snapshot has in memory, and how many columns they have."""
        return (0, 0) if self._snapshot is None else self._snapshot.size

    def hurry(self) -> None:
        """Catch up now, so that the next request need not run twice. Correctness does not depend on it."""
        try:
            with self.database.reading() as connection:
                self.advance(connection, self.snapshot)
        except sa.exc.DBAPIError:
            pass

    def _publish(self, snapshot: Snapshot) -> None:
        # A slow thread may replace a newer state by an older one; then the next request advances again.
        self._snapshot = snapshot

    def load(self, snapshot: Snapshot, key: int | str) -> Model | None | Unknown:
        """Look a table up in the database, in a short transaction of its own, and note it in the snapshot.

        :data:`UNKNOWN`: the database's state is no longer the snapshot's, and nothing was noted.
        """
        with self.database.reading() as connection:
            if isinstance(key, int):
                state, definition = self.store.by_id(connection, key)
            else:
                state, definition = self.store.by_name(connection, key)
        add(families.TABLE_LOADS)
        if state.stamp != snapshot.state.stamp:
            return UNKNOWN
        if definition is not None:
            return snapshot.add(self.model(definition, snapshot.handed_on(definition.id)))
        snapshot.add_absent(key)
        return None

    def model(self, definition: TableDefinition, former: dict[Any, Any] | None = None) -> Model:
        """A model of a stored definition; options of an older version of their type are upgraded.

        :param former: what the version before has handed on
        """
        return Model(self.upgraded(definition), self.generator, former)

    def upgraded(self, definition: TableDefinition) -> TableDefinition:
        fields = tuple(self._upgraded_field(field) for field in definition.fields)
        if all(new is old for new, old in zip(fields, definition.fields, strict=True)):
            return definition
        return replace(definition, fields=fields)

    def _upgraded_field(self, field: FieldDefinition) -> FieldDefinition:
        try:
            field_type = self.field_types[field.type]
        except PluginMissing:
            return field
        newest = options_version(field_type)
        if field.options_version >= newest:
            return field
        try:
            options = dict(field.options)
            for upgrade in field_type.upgrades[field.options_version - 1 :]:
                options = upgrade(options)
            options = read_options(field_type, options)
        except Exception:
            # As with a missing type, the table stays listed and is refused on use (Generator.column).
            log.exception("the field type %s can't bring the options of %s to today's form", field.type, field.name)
            return field
        return replace(field, options=options, options_version=newest)

    @property
    def _orm(self) -> ORM:
        if self._given_orm is None:
            raise RuntimeError("this catalogue was made without classes and sessions")
        return self._given_orm

    @property
    def models(self) -> Mapping[str, type]:
        """The generated classes by model name, for scripts and shells (``orm/classes.py``)."""
        return self._orm.models(self)

    def session(self, *, writes: bool = True, author: str | None = None) -> AbstractContextManager[Any]:
        """An ORM session in a transaction, for scripts (``orm/sessions.py``).

        :param author: who writes, for the fields that say so
        """
        return self._orm.session(self, writes=writes, author=author)

    def on_row_writes(self, reporter: Callable[[sa.Connection, RowWrites], None]) -> None:
        """Report every row write to ``reporter``, inside its transaction; an error there undoes the write."""
        self._reporters.append(reporter)

    @property
    def is_reported(self) -> bool:
        """Whether anybody is told of row writes."""
        return bool(self._reporters) or self.watcher is not None or _NOTES.get() is not None

    @contextmanager
    def noting(self) -> Iterator[list[RowWrites]]:
        """Note the row writes of a block, which runs in one thread, in the list that is given to it."""
        notes: list[RowWrites] = []
        token = _NOTES.set(notes)
        try:
            yield notes
        finally:
            _NOTES.reset(token)

    @property
    def watches_wanted_rows(self) -> bool:
        """Whether somebody is told of rows before they are written, and may fill or refuse them."""
        return self.watcher is not None and self.watcher.watches_wanted_rows

    def announce(self, connection: sa.Connection, wanted: WantedWrites) -> None:
        """Tell of rows before they are written; their values may change.

        :raises Invalid: the write is refused
        """
        if self.watcher is not None:
            self.watcher.before_rows(connection, wanted)

    def report(self, connection: sa.Connection, writes: RowWrites) -> None:
        """The one function that every row write passes."""
        wrote(writes.operation, len(writes.rows))
        notes = _NOTES.get()
        if notes is not None:
            notes.append(writes)
        for reporter in self._reporters:
            reporter(connection, writes)
        if self.watcher is not None:
            self.watcher.after_rows(connection, writes)

    def committed(self, connection: sa.Connection) -> None:
        """Call it after the commit of a transaction that wrote rows or definitions."""
        if self.watcher is not None:
            self.watcher.committed(connection)


#: All of this process, for what is told of their caches.
_CATALOGUES: "weakref.WeakSet[Catalogue]" = weakref.WeakSet()


@measuring.refreshed_by
def _tell_caches() -> None:
    tables = columns = most = 0
    for catalogue in list(_CATALOGUES):
        more_tables, more_columns = catalogue.cached
        tables, columns = tables + more_tables, columns + more_columns
        most += catalogue.database.settings.class_cache_columns
    for unit, count in (("tables", tables), ("columns", columns), ("most_columns", most)):
        measuring.set_gauge(families.CACHED, count, unit)
