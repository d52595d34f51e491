"""The roles that are in force, kept by the access stamp: one for each process and database."""

import threading
from collections import OrderedDict

import sqlalchemy as sa

from dynmodel_pyramid.access.grants import Access
from dynmodel_pyramid.access.store import load
from dynmodel_pyramid.database import Database, State


class CurrentAccess:
    """All roles by access stamp; threads share it."""

    #: How many states are kept: a transaction on SQLite may see an earlier moment than another one.
    KEPT = 3

    def __init__(self, database: Database) -> None:
        self.database = database
        self._kept: OrderedDict[str, Access] = OrderedDict()
        self._newest: Access | None = None
        self._lock = threading.Lock()

    def of(self, state: State | str, connection: sa.Connection) -> Access:
        """The roles at a state, or at an access stamp.

        If the connection's transaction sees another state by now, they are the roles of that one: compare
        ``Access.stamp``. Then the attempt is stale.
        """
        stamp = state if isinstance(state, str) else state.access_stamp
        with self._lock:
            known = self._kept.get(stamp)
            if known is not None:
                self._kept.move_to_end(stamp)
                return known
        _, access = load(connection, self.database)
        with self._lock:
            self._kept[access.stamp] = access
            while len(self._kept) > self.KEPT:
                self._kept.popitem(last=False)
        return access

    def newest(self) -> Access:
        """The newest roles that this process knows; an attempt proves that they are in force."""
        with self._lock:
            known = self._newest
        if known is not None:
            return known
        with self.database.reading() as connection:
            return self.refresh(connection)

    def refresh(self, connection: sa.Connection) -> Access:
        """The roles as this transaction sees them, which are the newest ones from now on."""
        access = self.of(self.database.state(connection), connection)
        with self._lock:
            self._newest = access
        return access
