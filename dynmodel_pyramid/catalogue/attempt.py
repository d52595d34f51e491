"""One attempt to run a request: a pinned snapshot, at most one transaction, and the proof that both agree.

The coherence protocol (docs/architecture.md): everything in an answer was read or written under definitions that were
current while the transaction held its locks.

* SQLite: a transaction sees one moment, so the state is read first in it.
* PostgreSQL: the catalogue is not versioned as rows are, so the state is read last: the data statement holds the
  table's lock by then, and a definition change needs that lock.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import UNKNOWN, Catalogue, Snapshot
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.database import STAMP, State
from dynmodel_pyramid.database.cursors import fetched_row, forget_fetch
from dynmodel_pyramid.database.replicas import Reading, ReplicaBehind
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.store import Change
from dynmodel_pyramid.errors import DynmodelError


class Stale(DynmodelError):
    """A definition that this attempt used has changed: roll back and run again."""

    code = "stale"
    #: What has changed, for the metrics: ``definition`` or ``access``.
    cause = "definition"


class Attempt:
    """See the module. ``attempt`` counts from 0; later attempts lock before they read.

    Locks are waited for until the deadline (of ``time.monotonic``), by default ``dynmodel.lock_timeout`` from now.
    """

    def __init__(self, catalogue: Catalogue, number: int = 0, deadline: float | None = None) -> None:
        self.catalogue = catalogue
        self.database = catalogue.database
        self._snapshot: Snapshot | None = None
        self.number = number
        self._deadline = time.monotonic() + self.database.settings.lock_timeout if deadline is None else deadline
        self._used: dict[int | str, Model | None] = {}
        #: Tables that only the attempt's own transaction sees.
        self._own: dict[int | str, Model] = {}
        self._connection: sa.Connection | None = None
        self._confirmed = False
        #: The reads of a replica, if the attempt's connection is one's.
        self.reading: Reading | None = None

    # Definitions

    @property
    def snapshot(self) -> Snapshot:
        """The definitions that this attempt sees; pinned when they are first read."""
        if self._snapshot is None:
            self._snapshot = self.catalogue.snapshot
        return self._snapshot

    def model(self, key: int | str) -> Model | None:
        """The table of that number or model name; None if there is none."""
        if isinstance(key, str):
            key = name_key(key)
        if key in self._own:
            return self._own[key]
        while True:
            model = self.snapshot.by_id(key) if isinstance(key, int) else self.snapshot.by_name(key)
            if model is UNKNOWN:
                model = self.catalogue.load(self.snapshot, key)
            if model is not UNKNOWN:
                if key not in self._used:
                    self._confirmed = False  # the earlier proof did not include this table
                self._used[key] = model
                return model
            with self.database.reading() as connection:
                self._catch_up(connection)

    def definitions(self, limit: int | None = None, offset: int = 0) -> tuple[State, list[TableDefinition]]:
        """Live definitions in order of id, with their state: read by one statement, so they need no proof."""
        with self.database.reading() as connection:
            state, definitions = self.catalogue.store.all(connection, limit, offset)
        return state, [self.catalogue.upgraded(definition) for definition in definitions]

    # The transaction

    def open(self, connection: sa.Connection, *, writes: bool = False) -> sa.Connection:
        """Use a connection whose transaction has begun as this attempt's; the caller ends the transaction."""
        self._connection = connection
        if self.database.dialect.confirms_first:
            self._compare(connection)
            self._confirmed = True
        elif self.number:
            self.lock(connection, writes=writes)
        elif writes:
            # Rows are locked before they are written. A definition change that comes between waits for their locks,
            # and they wait for it.
            self.database.dialect.prove_along(connection, self)
            self._lock_tables(connection, writes=True)
        else:
            self.database.dialect.prove_along(connection, self)
        return connection

    def open_replica(self, connection: sa.Connection, reading: Reading) -> sa.Connection:
        """Use a connection of a replica, which only reads. It proves nothing but the snapshot that is pinned: if the
        replica has another state, whichever is the older, the attempt is to run on the primary. So no process forgets
        what it knows because a replica lags.
        """
        self._connection, self.reading = connection, reading
        self.database.dialect.prove_along(connection, self)
        return connection

    def leave(self) -> None:
        """Give up the transaction before anything was read in it; a refusal is confirmed in a separate transaction."""
        self._connection = None

    def lock(self, connection: sa.Connection, *, writes: bool = False) -> None:
        """Hold off definition changes of the tables used so far, then confirm: all that follows is coherent."""
        self._lock_tables(connection, writes=writes)
        self._compare(connection)
        forget_fetch(connection)
        self._confirmed = True

    def _lock_tables(self, connection: sa.Connection, *, writes: bool) -> None:
        models = sorted((model for model in self._used.values() if model), key=lambda model: model.definition.id)
        tables = list(dict.fromkeys(model.table for model in models))
        self.database.dialect.lock_tables(connection, tables, writes=writes, wait=self._deadline - time.monotonic())

    def adopt(self, models: Iterable[Model]) -> None:
        """Use tables that the attempt's own transaction has made or changed, but not yet logged: nobody else sees them
        before its commit.

        Confirm the attempt before the change is logged, because the state that the transaction sees is its own then,
        and settle it afterwards.
        """
        for model in models:
            self._own[model.definition.id] = self._own[name_key(model.definition.model_name)] = model

    def confirm(self) -> None:
        """Prove that the answer is coherent; call it before every answer, with all writes flushed.

        An attempt that asked for no table needs no proof.

        :raises Stale: run the attempt again
        """
        if not self._confirmed and self._used:
            self._prove()

    def _prove(self) -> None:
        # A list that was read to its end has closed its connection. Equal stamps now mean that nothing has changed
        # since.
        if self._connection is not None and not self._connection.closed:
            self._compare(self._connection)
        elif self.reading is not None:
            raise ReplicaBehind("another server's state proves nothing of this one's rows")
        else:
            with self.database.reading() as connection:
                self._compare(connection)
        self._confirmed = True

    def held(self, precondition: Callable[[TableDefinition], None]) -> Callable[[TableDefinition], None]:
        """A precondition for a definition change of the table that this attempt looked up by its name.

        Call it under the table's lock: if the name now belongs to another table, the attempt is stale, before the wrong
        table is changed.
        """
        names = {key for key, model in self._used.items() if model is not None and isinstance(key, str)}

        def check(definition: TableDefinition) -> None:
            if not names <= {name_key(definition.model_name)}:
                self.catalogue.hurry()
                raise Stale("the name has become another table's while the request ran")
            precondition(definition)

        return check

    def settle(self) -> None:
        """Note that the answer needs no proof, or no further one: it was made inside a definition change, under its
        locks.
        """
        self._confirmed = True

    @property
    def deadline(self) -> float:
        """Until when locks are waited for (of ``time.monotonic``)."""
        return self._deadline

    def is_stale(self) -> bool:
        """Whether a definition change explains a failed transaction; the primary knows."""
        self._connection, self.reading, self._confirmed = None, None, False
        try:
            with self.database.reading() as connection:
                self._compare(connection)
        except Stale:
            return True
        return False

    def _compare(self, connection: sa.Connection) -> None:
        self.judge(connection, fetched_row(connection, *self.proof))

    @property
    def proof(self) -> tuple[str, Sequence[Any]]:
        """The driver's statement that proves the attempt, with its parameters; it gives one row, for :meth:`judge`."""
        return self.database.proof(None)

    def prove_by(self, connection: sa.Connection, found: Sequence[Any]) -> None:
        """Take the row of :attr:`proof` for the proof of all that was read so far.

        The statement that read the data must have held its tables' locks before it read this row: see the module.
        :raises Stale: run the attempt again
        """
        self.judge(connection, found)
        self._confirmed = True

    def disprove(self) -> None:
        """Take back :meth:`prove_by`, because more is read."""
        self._confirmed = False

    def judge(self, connection: sa.Connection, found: Sequence[Any]) -> None:
        """
        :param found: the row of :attr:`proof` in the connection's transaction
        :raises Stale: run the attempt again
        """
        if found[STAMP] != self.snapshot.state.stamp:
            if self.reading is not None:
                raise ReplicaBehind("the replica has other definitions")
            self._catch_up(connection)

    def _catch_up(self, connection: sa.Connection) -> None:
        """Move to the state that the transaction sees, unless a definition used so far has changed."""
        snapshot, changes = self.catalogue.advance(connection, self.snapshot)
        if self._touched(changes):
            raise Stale("the definition changed while the request ran")
        self._snapshot = snapshot

    def _touched(self, changes: Iterable[Change] | None) -> bool:
        if changes is None:
            return bool(self._used)
        used_ids = {key for key in self._used if isinstance(key, int)}
        used_ids |= {model.definition.id for model in self._used.values() if model}
        for change in changes:
            if change.table_id in used_ids or any(name in self._used for name in change.names if name):
                return True
        return False
