"""Which tables a change touches, and their locks: the tables are known only when the new definitions are.

Writers of rows are held off first. Readers go on while values are made and judged. They are held off only while
statements run (:class:`ReadersHeldOff`), which is soon over.
"""

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes.table_change import TableChange, touched_tables
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.reading_fields import Resolve
from dynmodel_pyramid.errors import NotFound

log = logging.getLogger(__name__)

#: Definitions by the ids of their tables.
Definitions = dict[int, TableDefinition]
#: Makes the changes that are wanted from the current definitions of the locked tables.
MakeChanges = Callable[[sa.Connection, Definitions, Resolve], list[TableChange]]


def plan_locked(
    catalogue: Catalogue, connection: sa.Connection, wanted: Iterable[int], make_changes: MakeChanges, deadline: float
) -> tuple[Definitions, list[TableChange]]:
    """The current definitions of some tables and of all that their change touches, and the changes that are wanted.

    The tables are locked in order of id, so that two changes never wait for one another: when documents turn out to
    touch further tables, all locks are given up, and all are taken anew. Only then are documents read again.

    :raises NotFound: one of the tables is not there
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
    """Hold off the readers of the locked tables, too.

    Between attempts those who queue behind the lock get their turn. Long answers that wait for their clients are waited
    for ``dynmodel.stream_grace`` seconds, all others for half of the time: then they are ended, or ever new ones could
    keep the change from being made.
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
        with attempt:
            for table_id in sorted(locked):
                _bound(catalogue, connection, deadline)
                dialect.lock_exclusively(connection, locked[table_id].physical_name)


class ReadersHeldOff:
    """Holds off the readers of the locked tables when it is first called.

    :param patience: seconds that it waits, which waiting for writers has left over
    """

    def __init__(self, catalogue: Catalogue, connection: sa.Connection, locked: Definitions, patience: float):
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


def _attempts(catalogue: Catalogue, connection: sa.Connection, deadline: float) -> Iterator:
    """Blocks, each in a savepoint, until one of them passes: a lock that is waited for too long is waited for again."""
    done = False
    while not done:

        @contextmanager
        def attempt():
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
        lookup = catalogue.store.by_id if type(key) is int else catalogue.store.by_name
        _, definition = lookup(connection, key)
        return None if definition is None else definition.id

    return resolve
