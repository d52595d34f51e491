"""Tells an application's subscribers of writes and changes.

Subscribers are called in the order in which they were registered, in the thread that writes.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from zope.interface import implementedBy, providedBy

from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.catalogue.watching import DefinitionPair, RowWrites, WantedWrites
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.events.definitions import (
    AfterDefinitionChange,
    BeforeDefinitionChange,
    DefinitionChangeCommitted,
    DefinitionEvent,
)
from dynmodel_pyramid.events.rows import AfterRowWrite, BeforeRowWrite, RowEvent, RowWriteCommitted
from dynmodel_pyramid.events.tables import Tables

log = logging.getLogger(__name__)

#: How deep subscribers may write rows whose events make subscribers write rows.
DEEPEST = 8
_depth: ContextVar[int] = ContextVar("dynmodel_event_depth", default=0)
Committed = dict[tuple[str, str], RowWriteCommitted]


class Registry(Protocol):
    """The part of a Pyramid registry (``zope.interface.interfaces.IComponents``) that is used here."""

    adapters: Any

    def subscribers(self, objects: Sequence[Any], provided: Any) -> Any: ...


class Subscribers:
    """A watcher (:class:`~dynmodel_pyramid.catalogue.watching.Watcher`) that calls an application's subscribers.

    :param current_request: gives the request that the thread works at, or None
    """

    def __init__(self, registry: Registry, catalogue: Catalogue, current_request: Callable[[], Any]) -> None:
        self._registry, self._catalogue, self._request = registry, catalogue, current_request
        self.watches_wanted_rows = self._has(BeforeRowWrite)
        self._hears_rows = self._has(AfterRowWrite)
        self._hears_commits = self._has(RowWriteCommitted)
        self._hears_changes = self._has(DefinitionChangeCommitted)
        #: What is told after the commit, by connection. A transaction that is rolled back drops its connection.
        self._rows: WeakKeyDictionary[sa.Connection, Committed] = WeakKeyDictionary()
        self._changes: WeakKeyDictionary[sa.Connection, list[DefinitionPair]] = WeakKeyDictionary()
        #: How many rows each event had at each savepoint that is open, by connection. The newest one ends first.
        self._marks: WeakKeyDictionary[sa.Connection, list[dict[tuple[str, str], int]]] = WeakKeyDictionary()
        if self._hears_commits:
            engine = catalogue.database.engine
            sa.event.listen(engine, "savepoint", self._mark)
            sa.event.listen(engine, "release_savepoint", self._release)
            sa.event.listen(engine, "rollback_savepoint", self._forget_undone)

    @property
    def is_heard(self) -> bool:
        """Whether there is any subscriber."""
        return any(map(self._has, (BeforeDefinitionChange, AfterDefinitionChange))) or any(
            (self.watches_wanted_rows, self._hears_rows, self._hears_commits, self._hears_changes)
        )

    def _has(self, event: type) -> bool:
        return bool(self._registry.adapters.subscriptions([implementedBy(event)], None))

    def _tell(self, event: Any) -> None:
        """:raises RuntimeError: subscribers call one another without end"""
        depth = _depth.get()
        if depth == DEEPEST:
            raise RuntimeError(
                f"subscribers write rows for one another, {DEEPEST} deep: {event.table} is written again"
            )
        token = _depth.set(depth + 1)
        try:
            self._registry.subscribers((event,), None)
        finally:
            _depth.reset(token)

    # Rows

    def before_rows(self, connection: sa.Connection, wanted: WantedWrites) -> None:
        if self.watches_wanted_rows and wanted.values:
            tables = Tables(self._catalogue, connection, wanted.author)
            event = BeforeRowWrite(wanted, self._request(), tables)
            self._tell(event)
            event.raise_if_refused()

    def after_rows(self, connection: sa.Connection, writes: RowWrites) -> None:
        if self._hears_rows:
            model = self._model(writes.definition)
            tables = Tables(self._catalogue, connection)
            self._tell(AfterRowWrite(model, writes, self._request(), tables))
        if self._hears_commits:
            self._note(connection, writes)

    def _model(self, definition: TableDefinition) -> Model:
        model = Attempt(self._catalogue).model(definition.id)
        return self._catalogue.model(definition) if model is None else model

    def _note(self, connection: sa.Connection, writes: RowWrites) -> None:
        events = self._rows.setdefault(connection, {})
        key = (writes.definition.model_name, writes.operation)
        if key not in events:
            events[key] = RowWriteCommitted(*key, self._request())
        events[key].add(writes.rows)

    def _mark(self, connection: sa.Connection, name: str | None) -> None:
        sizes = {key: len(event) for key, event in self._rows.get(connection, {}).items()}
        self._marks.setdefault(connection, []).append(sizes)

    def _release(self, connection: sa.Connection, name: str, context: None) -> None:
        self._marks[connection].pop()

    def _forget_undone(self, connection: sa.Connection, name: str, context: None) -> None:
        """Writes that are tried under a savepoint, and undone, are not told."""
        sizes, events = self._marks[connection].pop(), self._rows.get(connection, {})
        for key, event in list(events.items()):
            if key in sizes:
                event.cut(sizes[key])
            else:
                del events[key]

    # Definitions

    def before_definitions(self, connection: sa.Connection, pairs: Sequence[DefinitionPair], *, is_plan: bool) -> None:
        event = BeforeDefinitionChange(pairs, self._request(), connection, is_plan=is_plan)
        self._registry.subscribers((event,), None)
        event.raise_if_refused()

    def after_definitions(self, connection: sa.Connection, pairs: Sequence[DefinitionPair]) -> None:
        self._registry.subscribers((AfterDefinitionChange(pairs, self._request(), connection),), None)
        if self._hears_changes:
            self._changes.setdefault(connection, []).extend(pairs)

    # After the commit

    def committed(self, connection: sa.Connection) -> None:
        self._marks.pop(connection, None)
        pairs = self._changes.pop(connection, [])
        events: list[Any] = [DefinitionChangeCommitted(pairs, self._request())] if pairs else []
        for event in (*events, *self._rows.pop(connection, {}).values()):
            for subscriber in self._registry.adapters.subscriptions([providedBy(event)], None):
                try:
                    subscriber(event)
                except Exception:
                    log.exception("a subscriber failed after the commit: %r", subscriber)


class _Predicate:
    """Of subscribers: one value, or several of which one must hold."""

    name: str

    def __init__(self, wanted: str | Iterable[str], config: Any) -> None:
        self.wanted = (wanted,) if isinstance(wanted, str) else tuple(wanted)

    def text(self) -> str:
        return f"{self.name} = {', '.join(self.wanted)}"

    phash = text


class TablePredicate(_Predicate):
    """``table="Order"``: events of this table, upper and lower case alike."""

    name = "table"

    def __call__(self, event: Any) -> bool:
        keys = set(map(name_key, self.wanted))
        if isinstance(event, RowEvent):
            return name_key(event.table) in keys
        return isinstance(event, DefinitionEvent) and any(
            name_key(name) in keys for change in event.changes for name in change.names
        )


class OperationPredicate(_Predicate):
    """``operation="insert"``: events of this operation."""

    name = "operation"

    def __call__(self, event: Any) -> bool:
        if isinstance(event, RowEvent):
            return event.operation in self.wanted
        return isinstance(event, DefinitionEvent) and any(change.operation in self.wanted for change in event.changes)
