"""Compaction: a table gives way to a copy of itself without the columns that were dropped, while it is used.

PostgreSQL counts dropped columns for ever, and allows 1,600 in all (decision 37). A compaction is done in steps, each a
transaction of its own, by whoever asks for the next one: a command, or clients that repeat a request. What is done is
noted in the database alone, so steps may be asked of any process, and a process that dies leaves the table whole.

===============  ==================================================================  ============================
phase            what a step does                                                     who waits for it
===============  ==================================================================  ============================
``none``         makes an empty copy, and triggers that note ids of changed rows     writers, while it is locked
``copying``      copies some rows, in order of id                                    nobody
``following``    makes rows of the copy as they are now, for what was noted          nobody
``indexing``     builds one index of the copy                                        nobody
``catching_up``  the same for all that was noted, in one moment; compares sums       nobody
``swapping``     the last rows, then the copy takes the table's place: a version     all, while it is locked
``proving``      proves one foreign key, which the same rows obeyed before           nobody
===============  ==================================================================  ============================

A change of the definition, or of the table or its triggers by SQL, makes the copy worthless; then it is made anew.
"""

import datetime
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.principal import TRUSTED, Principal
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes.ddl.postgresql_compaction import TableCopy
from dynmodel_pyramid.changes.executor import Begun, Executor
from dynmodel_pyramid.changes.planner import Definitions, lock_exclusively, plan_locked
from dynmodel_pyramid.changes.table_change import TableChange
from dynmodel_pyramid.changes.validate import finish
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.reading_fields import Resolve
from dynmodel_pyramid.definitions.store import now
from dynmodel_pyramid.errors import Busy, Conflict, NotFound

#: Rows of the first part that is copied, and seconds that a part should take: a change of the definition waits so long.
FIRST_PART, PART_SECONDS = 2_000, 0.1
#: Lines of the log that one step follows, where it may follow them in parts.
LINES = 20_000
#: So few lines may wait when the table is locked for the swap: some milliseconds.
FEW_LINES = 500
#: How often the copy is made anew because the table has changed.
MOST_BEGINNINGS = 20

#: What the phases are called, in order.
PHASES = ("none", "copying", "following", "indexing", "catching_up", "swapping", "proving", "done")
#: (lock, what is done while it is held), for plans.
LOCKS = (
    ("SHARE ROW EXCLUSIVE", "triggers that note changed rows are made: rows can be read, not written, for a moment"),
    ("ACCESS SHARE", "rows are copied and indexes built: rows can be read and written"),
    ("ACCESS EXCLUSIVE", "the copy takes the table's place: rows can be neither read nor written, for a moment"),
    ("SHARE UPDATE EXCLUSIVE", "foreign keys are proven: rows can be read and written"),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the compaction of a table is.

    :param phase: one of :data:`PHASES`: that of the next step
    :param dropped: columns that were dropped for good, and still count
    :param rows: of the table, as the database estimates
    :param copied: rows that are in the copy
    :param size: bytes of the table with its indexes; the copy needs as much besides
    :param obstacles: what can't be taken over, so that the table can't be compacted
    :param is_busy: whether somebody else is at a step
    """

    phase: str
    dropped: int
    rows: int
    copied: int
    size: int
    begun_at: str | None = None
    beginnings: int = 0
    obstacles: tuple[str, ...] = ()
    is_busy: bool = False

    @property
    def is_done(self) -> bool:
        return self.phase == "done"


class Compaction:
    """Compacts the tables of a catalogue.

    :param principal: for whom
    """

    def __init__(self, catalogue: Catalogue, *, principal: Principal = TRUSTED) -> None:
        self.catalogue = catalogue
        # Each step is a transaction: none of them can be one with the answer of a request.
        self.executor = Executor(catalogue, replace(principal, once=None))
        self.database = catalogue.database
        self.store = catalogue.store
        self._part = FIRST_PART

    def progress(self, table_id: int) -> Progress:
        """How far it is; ``none``, with figures, where none was begun; ``done`` where there is nothing to compact.

        :raises NotFound: there is no such table
        """
        if not self.database.dialect.counts_dropped_columns:
            return Progress("done", 0, 0, 0, 0)
        with self.database.reading() as connection:
            definition = self._definition(connection, table_id)
            copy = self._copy(connection, definition)
            state = copy.state()
            names = copy.unproven() if state is None else []
            dropped, (rows, size, _) = self._dropped(connection, definition), copy.figures()
            obstacles = tuple(copy.obstacles())
        if state is None:
            phase = "proving" if names else "none" if dropped else "done"
            return Progress(phase, dropped, rows, 0, size, None, 0, obstacles)
        noted = state.get("phase", "none"), state.get("copied", 0), state.get("begun_at"), state.get("beginnings", 0)
        return Progress(noted[0], dropped, rows, noted[1], size, noted[2], noted[3], obstacles)

    def run(self, table_id: int, seconds: float, author: str | None = None) -> Progress:
        """Do steps for some seconds, at least one; a step that has begun is ended.

        :raises NotFound: there is no such table
        :raises Conflict: the table can't be compacted
        :raises Busy: a lock was not free in time; what is done stays
        """
        end = time.monotonic() + seconds
        while True:
            progress = self.progress(table_id)
            if progress.is_done:
                return progress
            if not self._step(table_id, progress, author):
                return replace(progress, is_busy=True)
            if time.monotonic() > end:
                return self.progress(table_id)

    def cancel(self, table_id: int) -> bool:
        """Give a compaction up, also of a table that is gone; -> whether there was one. The table stays as it is."""
        if not self.database.dialect.counts_dropped_columns:
            return False

        def run(connection: sa.Connection, deadline: float) -> bool:
            _, definition = self.store.by_id(connection, table_id)
            name = None if definition is None else definition.physical_name
            copy = self.executor.editor(connection).table_copy(table_id, name)
            copy.claim(waits=True)
            if copy.state() is None and not copy.is_noted():
                return False
            if definition is not None:
                self.store.lock_definition(connection, table_id)
                lock_exclusively(self.catalogue, connection, {table_id: definition}, deadline)
            copy.drop()
            self.executor.principal.prove(connection)
            return True

        return self.executor.transaction(run)

    def left(self) -> list[int]:
        """The ids of tables whose compaction runs or was left."""
        with self.database.reading() as connection:
            return sorted(self.database.dialect.compactions(connection))

    # Steps

    def _step(self, table_id: int, progress: Progress, author: str | None) -> bool:
        """Do the next step; -> whether nobody else is at one."""
        phase = progress.phase
        if phase == "none":
            if progress.obstacles:
                raise _refusal(progress.obstacles)
            return self._begin(table_id)
        if phase == "swapping":
            return self._swap(table_id, author)
        if phase == "proving":
            return self._prove(table_id)
        step: Callable[[TableCopy, dict[str, Any]], None] = getattr(self, f"_{phase}")

        def run(connection: sa.Connection, deadline: float) -> bool | None:
            copy = self._copy(connection, definition)
            if is_one_moment:
                copy.hold()
            if not copy.claim():
                return False
            if phase in ("copying", "following"):
                copy.hold()
            state = copy.state()
            if state is None or state.get("phase") != phase:
                return True  # somebody else did this step in between
            if not self._is_as_noted(connection, copy, state, table_id):
                return None
            step(copy, state)
            copy.note({**state, "at": _now()})
            self.executor.principal.prove(connection)
            return True

        with self.database.reading() as connection:
            definition = self._definition(connection, table_id)
        is_one_moment = phase == "catching_up"
        try:
            done = self.executor.transaction(run, one_moment=is_one_moment)
        except sa.exc.DBAPIError as error:
            if self.database.failure(error).kind != "statement":
                raise
            return True  # the table was renamed or dropped, or the copy was
        return self._begin(table_id) if done is None else done

    def _begin(self, table_id: int) -> bool:
        finish(self.executor, table_id)

        def run(connection: sa.Connection, deadline: float) -> bool:
            copy = self._copy(connection, self._definition(connection, table_id))
            if not copy.claim():
                return False
            locked, _ = plan_locked(self.catalogue, connection, [table_id], _no_changes, deadline)
            copy = self._copy(connection, locked[table_id])
            state = copy.state() or {}
            if state and self._is_as_noted(connection, copy, state, table_id):
                return True  # somebody else did this step in between
            if obstacles := copy.obstacles():
                raise _refusal(obstacles)
            if not copy.can_note():
                raise Conflict(
                    "the database is without PL/pgSQL, in which the triggers of a compaction are written",
                    code="cannot_compact",
                    hint="CREATE EXTENSION plpgsql, or GRANT USAGE ON LANGUAGE plpgsql TO the service's role",
                )
            beginnings = state.get("beginnings", 0) + 1
            if beginnings > MOST_BEGINNINGS:
                raise Busy(f"the table has changed {beginnings} times since its compaction was begun")
            copy.create()
            noted = {"version": locked[table_id].version, "shape": copy.shape(), "beginnings": beginnings}
            noted |= {"begun_at": state.get("begun_at", _now()), "at": _now()}
            copy.note({**noted, "phase": "copying", "last": 0, "most": copy.greatest_id(), "copied": 0})
            self.executor.principal.prove(connection)
            return True

        return self.executor.transaction(run)

    def _is_as_noted(self, connection: sa.Connection, copy: TableCopy, state: dict[str, Any], table_id: int) -> bool:
        definition = self._definition(connection, table_id)
        is_same = definition.version == state.get("version") and copy.shape() == state.get("shape")
        return bool(is_same and copy.notes_writes())

    def _copying(self, copy: TableCopy, state: dict[str, Any]) -> None:
        # Greater ids were given after the triggers were there, so the log has them.
        begun = time.monotonic()
        count, last = copy.add_rows(state["last"], state["most"], self._part)
        if count < self._part:
            state["phase"] = "following"
        state["copied"] += count
        state["last"] = state["last"] if last is None else last
        took = max(time.monotonic() - begun, 0.001)
        self._part = int(min(max(self._part * PART_SECONDS / took, self._part / 4, 100), self._part * 4, 200_000))

    def _following(self, copy: TableCopy, state: dict[str, Any]) -> None:
        if not state.get("keyed"):
            state["keyed"] = copy.add_index()
        elif copy.follow(LINES) < LINES:
            # The copy must be of one moment before the next index, which may be unique.
            state["phase"], state["next"] = "catching_up", "indexing"

    def _indexing(self, copy: TableCopy, state: dict[str, Any]) -> None:
        if not copy.add_index():
            copy.analyze()
            state["phase"], state["next"] = "catching_up", "swapping"

    def _catching_up(self, copy: TableCopy, state: dict[str, Any]) -> None:
        """In one moment."""
        lines = copy.follow()
        if lines <= FEW_LINES or state["next"] == "indexing":
            if copy.differs():
                raise Conflict(
                    "the copy differs from the table, which another program may have written without triggers",
                    code="cannot_compact",
                    hint="cancel the compaction, and begin it again",
                )
            state["phase"] = state["next"]

    def _swap(self, table_id: int, author: str | None) -> bool:
        def run(connection: sa.Connection, deadline: float) -> bool | None:
            dialect = self.database.dialect
            copy = self._copy(connection, self._definition(connection, table_id))
            if not copy.claim():
                return False
            locked = self._lock_definitions(connection, table_id)
            before = locked[table_id]
            copy = self._copy(connection, before)
            state = copy.state()
            if state is None or state["phase"] != "swapping":
                return True  # somebody else did this step in between
            copy.push_vacuum_aside()
            lock_exclusively(self.catalogue, connection, locked, deadline)
            # Tables that keep lists, and those of others that refer to this one, are locked by the statements.
            dialect.bound_lock_waits(connection, self.database.settings.lock_attempt)
            if not self._is_as_noted(connection, copy, state, table_id):
                return None
            if obstacles := copy.obstacles():  # made since the beginning
                raise _refusal(obstacles)
            if copy.waiting(10 * FEW_LINES) == 10 * FEW_LINES:
                copy.note({**state, "phase": "catching_up", "at": _now()})
                return True
            copy.follow()
            copy.swap()
            after = replace(before, version=before.version + 1)
            self.store.update(connection, after)
            dialect.bound_lock_waits(connection, self.database.settings.lock_timeout)
            self.executor.complete(connection, Begun([], [(before, after)], locked), author)
            return True

        done = self.executor.transaction(run)
        return self._begin(table_id) if done is None else done

    def _lock_definitions(self, connection: sa.Connection, table_id: int) -> Definitions:
        """Of the table and of those that refer to it, in order of id, as changes of definitions do."""
        wanted = {table_id, *(each.table_id for each in self._definition(connection, table_id).referrers)}
        locked = {}
        for number in sorted(wanted):
            definition = self.store.lock_definition(connection, number)
            if definition is not None:
                locked[number] = definition
        if table_id not in locked:
            raise NotFound("there is no such table")
        if not {each.table_id for each in locked[table_id].referrers} <= set(locked):
            raise Busy("a link to the table was made just now")
        return locked

    def _prove(self, table_id: int) -> bool:
        def run(connection: sa.Connection, deadline: float) -> bool:
            copy = self._copy(connection, self._definition(connection, table_id))
            if not copy.claim():
                return False
            for place, name in copy.unproven()[:1]:
                copy.prove(place, name)
            self.executor.principal.prove(connection)
            return True

        return self.executor.transaction(run)

    # What is there

    def _definition(self, connection: sa.Connection, table_id: int) -> TableDefinition:
        _, definition = self.store.by_id(connection, table_id)
        if definition is None:
            raise NotFound("there is no such table")
        return definition

    def _copy(self, connection: sa.Connection, definition: TableDefinition) -> TableCopy:
        return self.executor.editor(connection).table_copy(definition.id, definition.physical_name)

    def _dropped(self, connection: sa.Connection, definition: TableDefinition) -> int:
        dialect = self.database.dialect
        there = len(dialect.column_names(connection, definition.physical_name))
        return dialect.counted_columns(connection, definition.physical_name) - there


def _no_changes(connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
    return []


def _refusal(obstacles: list[str] | tuple[str, ...]) -> Conflict:
    named = ", ".join(obstacles)
    return Conflict(
        f"things of the database depend on the table that a copy can't take over: {named}",
        code="cannot_compact",
        hint="drop them, compact the table, and make them again",
    )


def _now() -> str:
    return now().astimezone(datetime.UTC).isoformat(timespec="seconds")
