"""The tables that a change touches, and their locks. The tables are known only when the new definitions are known.

Writers of rows are blocked first. Readers go on while values are made and checked. They are blocked only while
statements run (:class:`ReadersHeldOff`), for a short time.
"""

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes.table_change import TableChange, touched_tables
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.reading_fields import Resolve
from dynmodel_pyramid.errors import NotFound
from dynmodel_pyramid.telemetry.measuring import waiting

log = logging.getLogger(__name__)

#: Definitions by the ids of their tables.
Definitions = dict[int, TableDefinition]
#: Makes the wanted changes from the current definitions of the locked tables.
MakeChanges = Callable[[sa.Connection, Definitions, Resolve], list[TableChange]]


def plan_locked(
    catalogue: Catalogue, connection: sa.Connection, wanted: Iterable[int], make_changes: MakeChanges, deadline: float
) -> tuple[Definitions, list[TableChange]]:
    """The current definitions of some tables and of all tables that their change touches, and the wanted changes.

    The tables are locked in order of id, so that two changes never wait for one another: if the documents touch further
    tables, all locks are released and taken again. Only then are documents read again.

    :raises NotFound: one of the tables does not exist
    """
    asked, wanted = set(wanted), set(wanted)
    while True:
        for attempt in _attempts(catalogue, connection, deadline):
            with attempt:
                locked = _lock(catalogue, connection, wanted, deadline)
                if not asked <= set(locked):
                    raise NotFound("there is no such table")
                changes = make_changes(connection, locked, _resolver(catalogue, connection, locked))
                further = touched_tables(changes, catalogue.field_types)
                if not further <= set(locked):
                    wanted |= further
                    raise _Further
        if further <= set(locked):
            return locked, changes


def lock_exclusively(catalogue: Catalogue, connection: sa.Connection, locked: Definitions, deadline: float) -> None:
    """Block the readers of the locked tables, too.

    Between attempts, transactions that queue behind the lock proceed. Long answers that wait for their clients may go
    on for ``dynmodel.stream_grace`` seconds, all others for half of the time. Then they are ended, because new ones
    could delay the change for ever.
    """
    dialect = catalogue.database.dialect
    names = [definition.physical_name for definition in locked.values()]
    begun = time.monotonic()
    half = (deadline - begun) / 2
    grace = min(catalogue.database.settings.stream_grace, half)
    for attempt in _attempts(catalogue, connection, deadline):
        waited = time.monotonic() - begun
        if waited > grace:
            ended = dialect.end_streams(connection, names, every=waited > half)
            if ended:
                log.warning("a change of %s ended %d long answers, which it waited for", ", ".join(names), ended)
        with attempt, waiting("change"):
            for table_id in sorted(locked):
                _bound(catalogue, connection, deadline)
                dialect.lock_exclusively(connection, locked[table_id].physical_name)


class ReadersHeldOff:
    """Blocks the readers of the locked tables when it is first called.

    :param patience: seconds that it may wait: the rest after waiting for writers
    """

    def __init__(self, catalogue: Catalogue, connection: sa.Connection, locked: Definitions, patience: float) -> None:
        self._catalogue, self._connection = catalogue, connection
        self._left, self._patience = locked, patience

    def __call__(self) -> None:
        if self._left:
            deadline = time.monotonic() + max(self._patience, self._catalogue.database.settings.lock_attempt)
            lock_exclusively(self._catalogue, self._connection, self._left, deadline)
            self._left = {}


def plan_unlocked(
    catalogue: Catalogue, connection: sa.Connection, wanted: Iterable[int], make_changes: MakeChanges
) -> tuple[Definitions, list[TableChange]]:
    """As :func:`plan_locked`, without locks."""
    wanted = set(wanted)
    while True:
        current = {}
        for table_id in sorted(wanted):
            _, definition = catalogue.store.by_id(connection, table_id)
            if definition is None:
                raise NotFound("there is no such table")
            current[table_id] = catalogue.upgraded(definition)
        changes = make_changes(connection, current, _resolver(catalogue, connection, current))
        further = touched_tables(changes, catalogue.field_types)
        if further <= set(current):
            return current, changes
        wanted |= further


class _Further(Exception):
    """The change touches tables that are not locked yet: start again."""


def _attempts(catalogue: Catalogue, connection: sa.Connection, deadline: float) -> Iterator[Any]:
    """Attempts, each in a savepoint, until one passes: after a lock timeout the next attempt waits again."""
    done = False
    while not done:

        @contextmanager
        def attempt() -> Iterator[None]:
            nonlocal done
            savepoint = connection.begin_nested()
            try:
                yield
            except _Further:
                savepoint.rollback()
                done = True
            except sa.exc.DBAPIError as error:
                savepoint.rollback()
                if catalogue.database.failure(error).kind != "busy" or time.monotonic() > deadline:
                    raise
                time.sleep(random.uniform(0.5, 1.5) * catalogue.database.settings.lock_attempt)
            else:
                savepoint.commit()
                done = True

        yield attempt()


def _bound(catalogue: Catalogue, connection: sa.Connection, deadline: float) -> None:
    attempt = catalogue.database.settings.lock_attempt
    catalogue.database.dialect.bound_lock_waits(connection, min(attempt, deadline - time.monotonic()))


def _lock(catalogue: Catalogue, connection: sa.Connection, wanted: Iterable[int], deadline: float) -> Definitions:
    locked = {}
    with waiting("change"):
        for table_id in sorted(wanted):
            _bound(catalogue, connection, deadline)
            definition = catalogue.store.lock_definition(connection, table_id)
            if definition is not None:
                catalogue.database.dialect.hold_off_writers(connection, definition.physical_name)
                locked[table_id] = catalogue.upgraded(definition)
    return locked


def _resolver(catalogue: Catalogue, connection: sa.Connection, locked: Definitions) -> Resolve:
    names = {name_key(definition.model_name): definition.id for definition in locked.values()}

    def resolve(key: int | str) -> int | None:
        if key in locked:
            return key
        if type(key) is str and name_key(key) in names:
            return names[name_key(key)]
        store = catalogue.store
        _, definition = store.by_id(connection, key) if isinstance(key, int) else store.by_name(connection, key)
        return None if definition is None else definition.id

    return resolve
