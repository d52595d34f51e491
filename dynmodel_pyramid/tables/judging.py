"""The locks of a definition change: which tables they are shows only when the new definition is known."""

import random
import time
from collections.abc import Callable, Iterable

import sqlalchemy as sa

from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.reading_fields import Resolve
from dynmodel_pyramid.errors import NotFound
from dynmodel_pyramid.tables.catalogue import Catalogue
from dynmodel_pyramid.tables.references import touched

#: Definitions by the ids of their tables.
Definitions = dict[int, TableDefinition]
#: Makes the new definition of a table, None for a table that goes, from the current definitions of the locked tables.
Judge = Callable[[Definitions, Resolve], TableDefinition | None]


def judged(
    catalogue: Catalogue, connection: sa.Connection, table_id: int | None, judge: Judge, deadline: float
) -> tuple[Definitions, TableDefinition | None]:
    """The current definitions of a table and of all that its change touches, and what ``judge`` makes of them.

    The tables are locked against readers and writers, in order of id, so that two changes never wait for one another:
    when a document turns out to touch further tables, all locks are given up, and all are taken anew.

    :param table_id: None for a new table
    :raises NotFound: there is no such table
    """
    wanted = set() if table_id is None else {table_id}
    attempt_time = catalogue.database.settings.lock_attempt
    while True:
        savepoint = connection.begin_nested()
        try:
            locked = _lock(catalogue, connection, wanted, deadline)
            if table_id is not None and table_id not in locked:
                raise NotFound("there is no such table")
            after = judge(locked, _resolver(catalogue, connection, locked))
        except sa.exc.DBAPIError as error:
            savepoint.rollback()
            if catalogue.database.failure(error).kind != "busy" or time.monotonic() > deadline:
                raise
            # Between attempts those who queue behind the lock get their turn.
            time.sleep(random.uniform(0.5, 1.5) * attempt_time)
            continue
        before = None if table_id is None else locked[table_id]
        further = set(touched(before, after, catalogue.field_types))
        if further <= set(locked):
            savepoint.commit()
            return locked, after
        savepoint.rollback()
        wanted |= further


def _lock(catalogue: Catalogue, connection: sa.Connection, wanted: Iterable[int], deadline: float) -> Definitions:
    dialect, locked = catalogue.database.dialect, {}
    for table_id in sorted(wanted):
        attempt = catalogue.database.settings.lock_attempt
        dialect.bound_lock_waits(connection, min(attempt, deadline - time.monotonic()))
        definition = catalogue.store.lock_definition(connection, table_id)
        if definition is not None:
            dialect.lock_exclusively(connection, definition.physical_name)
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
