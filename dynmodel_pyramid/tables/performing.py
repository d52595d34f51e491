"""Definition changes as transactions: locks, versions, DDL, system rows and the log, all or nothing.

:meth:`Performer.perform` makes changes; :meth:`Performer.rehearse` goes the same way and changes nothing.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import sqlalchemy as sa

from dynmodel_pyramid.database import Failure, State
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.store import DefinitionStore
from dynmodel_pyramid.errors import Busy, Conflict, DynmodelError, OutcomeUnknown, Unavailable
from dynmodel_pyramid.tables.carrying import Carried
from dynmodel_pyramid.tables.catalogue import Catalogue
from dynmodel_pyramid.tables.changes import TableChange, in_order, settled
from dynmodel_pyramid.tables.evolution import Evolution
from dynmodel_pyramid.tables.evolution_postgresql import PostgreSQLEvolution
from dynmodel_pyramid.tables.evolution_sqlite import SQLiteEvolution
from dynmodel_pyramid.tables.finishing import Unfinished, finish, may_be_online
from dynmodel_pyramid.tables.judging import Definitions, Judge, judged, lock_exclusively, read_unlocked

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


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a change of one table would do: ``carried`` are the values by field, ``evolution`` has the statements and
    what stands in the way; ``rows`` is how many the table has; ``versions`` how many there will be more.
    """

    change: TableChange
    evolution: Evolution
    carried: dict[int, Carried]
    rows: int
    versions: int = 1


class Performer:
    """The definition changes of one catalogue."""

    def __init__(self, catalogue: Catalogue):
        self.catalogue = catalogue
        self.database = catalogue.database
        self.store = catalogue.store
        self.settings = catalogue.database.settings

    def perform(
        self, wanted: Iterable[int], judge: Judge, *, on_error: str = "fail", author: str | None = None
    ) -> Performed:
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
            made = carry_out(evolution, self.store, made, on_error)
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

    def rehearse(self, wanted: Iterable[int], judge: Judge, *, on_error: str = "fail") -> list[Rehearsed]:
        """What :meth:`perform` would do; locks nobody out, and changes nothing."""
        with self.database.rehearsing() as connection:
            return self.rehearse_on(connection, wanted, judge, on_error=on_error)

    def rehearse_on(
        self, connection: sa.Connection, wanted: Iterable[int], judge: Judge, *, on_error: str = "fail"
    ) -> list[Rehearsed]:
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
        for change in in_order(made):
            evolution = self.evolution(connection, rehearsed=True)
            evolution.names, evolution.free_names = names, free
            evolution.may_put_off = on_error == "fail" and may_be_online(self.database.dialect, connection, changes)
            with told_of(change.model_name, change.pointer):
                found.append(rehearsed(evolution, change, on_error, versions=2 if change.id in left else 1))
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
        if failure.kind == "value":
            return Conflict(
                "the database refuses values of the rows, such as too long ones in an index", code="lossy_change"
            )
        if failure.kind in ("away", "full"):
            return Unavailable("the database can't be reached, or has no room left")
        return None


def carry_out(
    evolution: Evolution, store: DefinitionStore, changes: list[TableChange], on_error: str
) -> list[TableChange]:
    """Bring tables and system tables to what is wanted; -> the changes as they are logged."""
    vacated = [_vacate(evolution, store, change) if _is_in_the_way(change, changes, evolution) else change
               for change in changes]  # fmt: skip
    new = {change.id for change in changes if change.before is None}
    made, unfinished = [], []
    for change in in_order(vacated):
        with told_of(change.model_name, change.pointer):
            made.append(_carry_out(evolution, store, change, on_error, new, unfinished))
    for first, after in unfinished:
        evolution.change(first, after, on_error)
    return made


def _carry_out(
    evolution: Evolution,
    store: DefinitionStore,
    change: TableChange,
    on_error: str,
    new: set[int],
    unfinished: list[tuple[TableDefinition, TableDefinition]],
) -> TableChange:
    """:param new: tables that are still to be made; ``unfinished`` gets what waits for them, with what it is to be"""
    connection, before, after = evolution.connection, change.before, change.after
    if after is None:
        dropped = replace(before, version=before.version + 1, physical_name=evolution.drop(before))
        store.drop(connection, dropped)
        return replace(change, before=replace(dropped, model_name=before.model_name))
    if change.restored:
        evolution.restore(before, after, on_error)
    elif before is None:
        first = _without_links_to(after, new - {after.id}, evolution)
        new.discard(after.id)
        evolution.create(first)
        if first is not after:
            unfinished.append((first, after))
    else:
        evolution.change(before, after, on_error, change.returning, change.earlier)
    store.update(connection, after)
    return change


@contextmanager
def told_of(name: str, pointer: str) -> Iterator[None]:
    """Of several tables a refusal tells which one it is about; ``pointer`` is empty where there is one only."""
    try:
        yield
    except Conflict as error:
        if pointer:
            error.detail = f"{name}: {error.detail}"
            error.members["pointer"] = pointer
        raise


def rehearsed(evolution: Evolution, change: TableChange, on_error: str, versions: int) -> Rehearsed:
    """:param versions: how many there will be more if no rules are proven later"""
    before, after, carried = change.before, change.after, {}
    if after is None:
        evolution.drop(before)
    elif change.restored:
        evolution.restore(before, after, on_error)
    elif before is None:
        evolution.create(after)
    else:
        carried = evolution.change(before, after, on_error, change.returning, change.earlier)
    rows = 0 if before is None else evolution.count_rows(before)
    return Rehearsed(change, evolution, carried, rows, versions + bool(evolution.put_off))


def _is_in_the_way(change: TableChange, changes: list[TableChange], evolution: Evolution) -> bool:
    """Whether another table takes the name that this one is to leave."""
    if change.live_before is None or change.after is None:
        return False
    mine = change.before
    others = [each.after for each in changes if each.after is not None and each.id != change.id]
    return any(
        name_key(other.model_name) == name_key(mine.model_name)
        or evolution.is_same_table(other.physical_name, mine.physical_name)
        for other in others
    )


def _vacate(evolution: Evolution, store: DefinitionStore, change: TableChange) -> TableChange:
    evolution.before_ddl()
    name = f"_moving_{change.id}"
    evolution.rename_table(change.before.physical_name, name)
    moved = replace(change.before, physical_name=name)
    store.vacate(evolution.connection, moved)
    return replace(change, before=moved)


def _without_links_to(definition: TableDefinition, tables: set[int], evolution: Evolution) -> TableDefinition:
    """A new table without the fields that refer to tables which are not there yet."""
    references = {field.id: evolution.generator.reference(field) for field in definition.fields}
    gone = {number for number, reference in references.items() if reference is not None and reference.table in tables}
    if not gone:
        return definition
    return replace(
        definition,
        fields=tuple(field for field in definition.fields if field.id not in gone),
        indexes=tuple(index for index in definition.indexes if not gone.intersection(dict(index.fields))),
    )
