"""Definition changes as transactions: locks, versions, DDL, system rows and the log, all or nothing.

:meth:`Performer.perform` makes changes; :meth:`Performer.rehearse` goes the same way and changes nothing.
"""

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes.apply import Rehearsed, carry_out, rehearsed, told_of
from dynmodel_pyramid.changes.ddl.postgresql import PostgreSQLEvolution
from dynmodel_pyramid.changes.ddl.schema_editor import Evolution
from dynmodel_pyramid.changes.ddl.sqlite import SQLiteEvolution
from dynmodel_pyramid.changes.loosening import Loosening
from dynmodel_pyramid.changes.planner import Definitions, Judge, judged, lock_exclusively, read_unlocked
from dynmodel_pyramid.changes.table_change import TableChange, in_order, settled
from dynmodel_pyramid.changes.validate import Unfinished, finish, may_be_online
from dynmodel_pyramid.database import Failure, State
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.errors import Busy, Conflict, DynmodelError, OutcomeUnknown, Unavailable

EVOLUTIONS: dict[str, type[Evolution]] = {"sqlite": SQLiteEvolution, "postgresql": PostgreSQLEvolution}

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Performed:
    """What a transaction did: the changes with their versions, the state after them."""

    changes: list[TableChange]
    state: State

    def definition(self, table_id: int) -> TableDefinition | None:
        """What a table became; None if nothing was changed about it."""
        return next((change.after for change in self.changes if change.id == table_id), None)


class Performer:
    """The definition changes of one catalogue."""

    def __init__(self, catalogue: Catalogue):
        self.catalogue = catalogue
        self.database = catalogue.database
        self.store = catalogue.store
        self.settings = catalogue.database.settings

    def perform(self, wanted: Iterable[int], judge: Judge, *, author: str | None = None) -> Performed:
        """Make the changes that ``judge`` wants, when all tables concerned are locked.

        :param wanted: the tables that ``judge`` needs to see
        """

        def run(connection: sa.Connection, deadline: float) -> Performed:
            begun = time.monotonic()
            locked, changes = judged(self.catalogue, connection, wanted, judge, deadline)
            early = [change.id for change in changes if change.is_too_early]
            if early:
                raise Unfinished(early[0])
            changes = [change.without_pending() for change in changes]
            made, further = settled(changes, locked, self.catalogue.field_types)
            if not made and not further:
                return Performed([], self.database.state(connection))
            self._refuse_taken(connection, made)
            patience = self.settings.lock_timeout - (time.monotonic() - begun)
            evolution = self.evolution(connection)
            evolution.before_ddl = self._locking_once(connection, locked, patience)
            made = carry_out(evolution, self.store, made)
            evolution.before_ddl()
            for _, changed in further:
                self.store.update(connection, changed)
            self.database.dialect.bound_lock_waits(connection, self.settings.lock_timeout)
            lines = [*((change.live_before, change.after) for change in made), *further]
            return Performed(made, self.store.record(connection, lines, author))

        while True:
            try:
                return self.transaction(run)
            except Unfinished as unfinished:
                finish(self, unfinished.table_id)

    def rehearse(self, wanted: Iterable[int], judge: Judge) -> list[Rehearsed]:
        """What :meth:`perform` would do; locks nobody out, and changes nothing."""
        with self.database.rehearsing() as connection:
            return self.rehearse_on(connection, wanted, judge)

    def rehearse_on(self, connection: sa.Connection, wanted: Iterable[int], judge: Judge) -> list[Rehearsed]:
        """:meth:`rehearse` in the caller's transaction."""
        found = []
        current, changes = read_unlocked(self.catalogue, connection, wanted, judge)
        # What is pending would be finished before, in a version of its own.
        left = {change.id for change in changes if change.live_before is not None and change.before.pending}
        changes = [replace(change, before=replace(change.before, pending=())) if change.id in left else change
                   for change in changes]  # fmt: skip
        made, _ = settled([change.without_pending() for change in changes], current, self.catalogue.field_types)
        self._refuse_taken(connection, made)
        names = {change.id: change.after.physical_name for change in made if change.before is None}
        free = {change.before.physical_name for change in made if change.before is not None}
        loosening = Loosening(any(change.pointer for change in made))
        for change in in_order(made):
            evolution = self.evolution(connection, rehearsed=True)
            evolution.names, evolution.free_names = names, free
            evolution.loosening = loosening
            evolution.may_put_off = change.on_error.is_fail and may_be_online(
                self.database.dialect, connection, changes
            )
            with told_of(change.model_name, change.pointer):
                found.append(rehearsed(evolution, change, versions=2 if change.id in left else 1))
        return found

    def evolution(self, connection: sa.Connection, *, rehearsed: bool = False) -> Evolution:
        kind = EVOLUTIONS[self.database.dialect.name]
        return kind(connection, self.catalogue.generator, self.store, rehearsed=rehearsed)

    def _locking_once(self, connection: sa.Connection, locked: Definitions, patience: float) -> Callable[[], None]:
        """What holds off readers when it is called first; it waits as long as waiting for writers left over."""
        done = []

        def lock() -> None:
            if not done:
                deadline = time.monotonic() + max(patience, self.settings.lock_attempt)
                lock_exclusively(self.catalogue, connection, locked, deadline)
                done.append(True)

        return lock

    def _refuse_taken(self, connection: sa.Connection, changes: list[TableChange]) -> None:
        own = {change.id for change in changes}
        for change in changes:
            after, before = change.after, change.live_before
            if after is None or (before is not None and before.model_name == after.model_name):
                continue
            if self.store.name_is_taken(connection, after.model_name, own):
                raise Conflict(
                    f"there is a table called {after.model_name} already (upper and lower case count the same)",
                    code="name_taken",
                    hint="choose another model_name",
                )

    def transaction(self, run: Callable[[sa.Connection, float], Result]) -> Result:
        """Run it in a transaction; after a deadlock or a lock waited for in vain again, till the deadline."""
        deadline = time.monotonic() + self.settings.lock_timeout
        while True:
            outcome = None
            try:
                with self.database.changing() as connection:
                    outcome = run(connection, deadline)
            except sa.exc.DBAPIError as error:
                failure = self.database.failure(error)
                if failure.kind == "away" and outcome is not None:
                    raise OutcomeUnknown() from error
                if failure.kind != "busy":
                    raise self._refusal(failure) or error from error
                if time.monotonic() > deadline:
                    raise Busy("the table is in use: its lock was waited for in vain") from error
                time.sleep(random.uniform(0.5, 1.5) * self.settings.lock_attempt)
            else:
                self.catalogue.hurry()
                return outcome

    def _refusal(self, failure: Failure) -> DynmodelError | None:
        """What a failure of the database means to the client; None: it is a fault of ours."""
        if failure.kind == "name_taken" or failure.names(self.store.name_rule):
            return Conflict("the name was taken just now", code="name_taken")
        if failure.kind == "unique":
            return Conflict("rows have equal values, so the field can't be unique", code="lossy_change")
        if failure.kind == "check":
            return Conflict("rows break a rule of the new definition", code="lossy_change")
        if failure.kind in ("value", "too_long"):
            return Conflict("the database refuses values of the rows", code="lossy_change")
        if failure.kind in ("away", "full"):
            return Unavailable("the database can't be reached, or has no room left")
        return None
