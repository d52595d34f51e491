"""Definition changes as transactions: locks, versions, DDL, system rows and the log, all or nothing.

:meth:`Executor.execute` makes changes; :meth:`Executor.plan` runs the same code and changes nothing.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn, TypeVar

import sqlalchemy as sa

from dynmodel_pyramid.access.changes import hold
from dynmodel_pyramid.access.grants import Access
from dynmodel_pyramid.access.principal import TRUSTED, Principal
from dynmodel_pyramid.access.store import load
from dynmodel_pyramid.access.tables import Tables
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.watching import DefinitionPair
from dynmodel_pyramid.changes.access_change import AccessChange
from dynmodel_pyramid.changes.apply import TablePlan, apply_changes, naming_table, plan_change
from dynmodel_pyramid.changes.ddl.postgresql import PostgreSQLSchemaEditor
from dynmodel_pyramid.changes.ddl.runner import EditorContext
from dynmodel_pyramid.changes.ddl.schema_editor import SchemaEditor
from dynmodel_pyramid.changes.ddl.sqlite import SQLiteSchemaEditor
from dynmodel_pyramid.changes.grants_in_use import Changed, refuse_in_use
from dynmodel_pyramid.changes.loosening import Loosening
from dynmodel_pyramid.changes.planner import Definitions, MakeChanges, ReadersHeldOff, plan_locked, plan_unlocked
from dynmodel_pyramid.changes.table_change import TableChange, in_order, settled
from dynmodel_pyramid.changes.timing import timed_change
from dynmodel_pyramid.changes.validate import Unfinished, finish, may_be_online
from dynmodel_pyramid.database import Failure, State
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.reading_fields import Resolve
from dynmodel_pyramid.definitions.store import Change, changes_of
from dynmodel_pyramid.errors import Busy, Conflict, DynmodelError, OutcomeUnknown, Unavailable

SCHEMA_EDITORS: dict[str, type[SchemaEditor]] = {"sqlite": SQLiteSchemaEditor, "postgresql": PostgreSQLSchemaEditor}

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Executed:
    """The result of a transaction: the changes with their versions, and the state and the roles after them.

    :param before: the definitions, before the changes, of the tables that were locked
    """

    changes: list[TableChange]
    state: State
    access: Access
    before: Definitions

    def definition(self, table_id: int) -> TableDefinition | None:
        """The new definition of a table; None if it was not changed."""
        return next((change.after for change in self.changes if change.id == table_id), None)

    def made(self, table_id: int) -> TableDefinition:
        """:meth:`definition`, of a table that was changed, and not dropped."""
        definition = self.definition(table_id)
        assert definition is not None
        return definition


@dataclass(slots=True)
class Begun:
    """A change whose statements have run, before it is proven and logged.

    :param further: the definitions of far tables, before and after
    :ivar logged: the changes as they are logged; ``roles``: those that were looked at
    """

    changes: list[TableChange]
    further: list[tuple[TableDefinition, TableDefinition]]
    locked: Definitions
    access: AccessChange | None = None
    logged: list[TableChange] = field(default_factory=list)
    roles: Access | None = None

    @property
    def changed(self) -> Changed:
        return _changed(self.changes, self.further)

    @property
    def replaced(self) -> frozenset[str] | None:
        """The roles that a change of access replaces; None: all."""
        return frozenset() if self.access is None else self.access.replaced


#: Writes rows in the transaction of a change, when its statements have run.
Between = Callable[[sa.Connection, Begun], None]


def nothing_between(connection: sa.Connection, begun: Begun) -> None:
    """For changes that write no rows of their own."""


class Executor:
    """The definition changes of one catalogue.

    :param principal: for whom they are made
    """

    def __init__(self, catalogue: Catalogue, principal: Principal = TRUSTED) -> None:
        self.catalogue = catalogue
        self.principal = principal
        self.database = catalogue.database
        self.store = catalogue.store
        self.settings = catalogue.database.settings
        #: The change that the present transaction has recorded: the states before and after it, and its lines.
        self._step: tuple[State, State, list[Change]] | None = None

    def execute(
        self,
        wanted: Iterable[int],
        make_changes: MakeChanges,
        *,
        author: str | None = None,
        access: AccessChange | None = None,
        between: Between = nothing_between,
    ) -> Executed:
        """Make the changes of ``make_changes``, with all their tables locked.

        :param wanted: the tables that ``make_changes`` needs to see
        :param access: a change of roles that belongs to it
        :param between: called between the two halves, to write rows
        :raises Conflict: roles name what the changes take away
        """

        def run(connection: sa.Connection, deadline: float) -> Executed:
            begun = self.begin(connection, deadline, wanted, make_changes, access)
            between(connection, begun)
            return self.complete(connection, begun, author)

        with timed_change(is_of_access=access is not None) as timing:
            executed = self._execute(run)
            timing.made(executed.changes)
            return executed

    def _execute(self, run: Callable[[sa.Connection, float], Executed]) -> Executed:
        while True:
            try:
                return self.transaction(run)
            except Unfinished as unfinished:
                # A change of its own, whatever becomes of this one.
                finish(Executor(self.catalogue, replace(self.principal, once=None)), unfinished.table_id)

    def begin(
        self,
        connection: sa.Connection,
        deadline: float,
        wanted: Iterable[int],
        make_changes: MakeChanges,
        access: AccessChange | None = None,
    ) -> Begun:
        """The first half of :meth:`execute`, in the caller's transaction: everything but the proof and the log.

        The caller may write rows of the changed tables before :meth:`complete`.
        """
        started = time.monotonic()
        make = make_changes if access is None else self._holding_access(make_changes)
        locked, changes = plan_locked(self.catalogue, connection, wanted, make, deadline)
        early = [change.id for change in changes if change.is_too_early]
        if early:
            raise Unfinished(early[0])
        changes = [change.without_pending() for change in changes]
        changes, further = settled(changes, locked, self.catalogue.field_types)
        if not changes and not further:
            return Begun([], [], locked, access)
        self._refuse_taken(connection, changes)
        self._announce(connection, changes)
        begun = Begun(changes, further, locked, access)
        begun.roles = refuse_in_use(self.catalogue, connection, begun.changed, begun.replaced)
        patience = self.settings.lock_timeout - (time.monotonic() - started)
        hold_off_readers = ReadersHeldOff(self.catalogue, connection, locked, patience)
        begun.logged = apply_changes(self.editor(connection, hold_off_readers=hold_off_readers), self.store, changes)
        hold_off_readers()
        for _, after in further:
            self.store.update(connection, after)
        self.database.dialect.bound_lock_waits(connection, self.settings.lock_timeout)
        return begun

    def complete(self, connection: sa.Connection, begun: Begun, author: str | None = None) -> Executed:
        """The second half: what was begun is proven and logged. The caller commits, and nothing is written between."""
        access = begun.access
        if not begun.changes and not begun.further:
            if access is not None:
                self.store.lock_state(connection)
                access.apply(connection, self.catalogue)
            return Executed([], *load(connection, self.database), begun.locked)
        lines = [*((change.live_before, change.after) for change in begun.logged), *begun.further]
        self.principal.prove(connection)
        last = self.store.lock_state(connection)
        state = self.store.record(connection, lines, author)
        roles = begun.roles
        if roles is None or state.access_stamp != roles.stamp:
            roles = refuse_in_use(self.catalogue, connection, begun.changed, begun.replaced)
        if access is not None:
            renewed, roles = access.apply(connection, self.catalogue)
            state = renewed or state
        self._step = last, state, changes_of(state, lines)
        if self.catalogue.watcher is not None:
            self.catalogue.watcher.after_definitions(connection, _pairs(begun.logged))
        return Executed(begun.logged, state, roles, begun.locked)

    def _holding_access(self, make_changes: MakeChanges) -> MakeChanges:
        """In the order of writes of rows: first the tables, then access, then the row of the state. If access is not
        free at once, the tables are released.
        """

        def make(connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
            hold(connection, self.database, self.settings.lock_attempt)
            return make_changes(connection, locked, resolve)

        return make

    def plan(
        self, wanted: Iterable[int], make_changes: MakeChanges, access: AccessChange | None = None
    ) -> list[TablePlan]:
        """The plan of :meth:`execute`; it blocks nobody, and changes nothing."""
        with self.database.rehearsing() as connection:
            current, changes = plan_unlocked(self.catalogue, connection, wanted, make_changes)
            return self.plan_changes(connection, current, changes, access)

    def plan_changes(
        self,
        connection: sa.Connection,
        current: Definitions,
        changes: list[TableChange],
        access: AccessChange | None = None,
    ) -> list[TablePlan]:
        """The plan of these changes, in the caller's transaction; nothing is changed.

        :param current: the live definitions of all tables that the changes touch
        :param access: see :meth:`execute`; its roles are made, so that their faults are found
        """
        # Pending rules would first be proven, in a version of their own.
        left = {change.id for change in changes if change.live_before is not None and change.live_before.pending}
        wanted = [
            replace(change, before=replace(change.old, pending=())) if change.id in left else change
            for change in changes
        ]
        wanted, further = settled([change.without_pending() for change in wanted], current, self.catalogue.field_types)
        self._refuse_taken(connection, wanted)
        self._announce(connection, wanted, is_plan=True)
        changed = _changed(wanted, further)
        roles = refuse_in_use(self.catalogue, connection, changed, frozenset() if access is None else access.replaced)
        if access is not None:
            access.make_roles(
                roles, Tables(self.catalogue, connection, {number: pair[1] for number, pair in changed.items()})
            )
        new_tables = {change.id: change.new.physical_name for change in wanted if change.before is None}
        free_names = frozenset(change.before.physical_name for change in wanted if change.before is not None)
        loosening = Loosening(names_tables=any(change.pointer for change in wanted))
        plans = []
        for change in in_order(wanted):
            is_online = change.on_error.is_fail and may_be_online(self.database.dialect, connection, changes)
            editor = self.editor(
                connection, is_plan=True, new_tables=new_tables, free_names=free_names, may_put_off=is_online
            )
            with naming_table(change.model_name, change.pointer):
                versions = 2 if change.id in left else 1
                plan, loosening = plan_change(editor, change, versions, loosening)
            plans.append(plan)
        return plans

    def editor(self, connection: sa.Connection, **facts: Any) -> SchemaEditor:
        """The schema editor of a transaction; ``facts`` are members of :class:`EditorContext`."""
        facts["upgraded"] = self.catalogue.upgraded
        context = EditorContext(connection, self.catalogue.generator, self.store, **facts)
        return SCHEMA_EDITORS[self.database.dialect.name](context)

    def _announce(self, connection: sa.Connection, changes: list[TableChange], *, is_plan: bool = False) -> None:
        if self.catalogue.watcher is not None and changes:
            self.catalogue.watcher.before_definitions(connection, _pairs(changes), is_plan=is_plan)

    def _refuse_taken(self, connection: sa.Connection, changes: list[TableChange]) -> None:
        self._refuse_too_many(connection, changes)
        own = {change.id for change in changes}
        for change in changes:
            after, before = change.after, change.live_before
            if after is None or (before is not None and before.model_name == after.model_name):
                continue
            if self.store.name_is_taken(connection, after.model_name, own):
                with naming_table(change.model_name, change.pointer):
                    raise Conflict(
                        f"there is a table called {after.model_name} already (upper and lower case count the same)",
                        code="name_taken",
                        hint="choose another model_name",
                    )

    def _refuse_too_many(self, connection: sa.Connection, changes: list[TableChange]) -> None:
        """Without a lock: some that are made at the same moment may be beyond the limit."""
        more = sum((change.after is not None) - (change.live_before is not None) for change in changes)
        most = self.settings.max_tables
        if more > 0 and self.store.count(connection) + more > most:
            raise Conflict(
                f"there are at most {most} tables (dynmodel.max_tables)",
                code="too_many_tables",
                hint="drop tables that nobody needs",
            )

    def transaction(self, run: Callable[[sa.Connection, float], Result], *, one_moment: bool = False) -> Result:
        """Run a function in a transaction; after a deadlock, or if a lock was not free in time, again until the
        deadline.

        :param one_moment: all statements see the moment of the first one that reads
        """
        deadline = time.monotonic() + self.settings.lock_timeout
        while True:
            outcome = None
            try:
                with self._changing(one_moment) as connection:
                    outcome = run(connection, deadline)
            except sa.exc.DBAPIError as error:
                self.wait_after(error, deadline, has_run=outcome is not None)
            else:
                return outcome

    def wait_after(self, error: sa.exc.DBAPIError, deadline: float, *, has_run: bool = False) -> None:
        """Wait before the next attempt, after an error for which there is one; else raise the client's error.

        :param has_run: the error came at the commit
        """
        if self.database.failure(error).kind != "busy":
            self.refuse(error, has_run=has_run)
        if time.monotonic() > deadline:
            raise Busy("the table is in use: its lock was waited for in vain") from error
        time.sleep(random.uniform(0.5, 1.5) * self.settings.lock_attempt)

    @contextmanager
    def _changing(self, one_moment: bool) -> Iterator[sa.Connection]:
        self._step, once = None, self.principal.once
        if once is not None:
            once.prepare()
        with ExitStack() as transaction:
            connection = transaction.enter_context(self.database.changing(one_moment=one_moment))
            if once is None:
                yield connection
            else:
                once.claim(connection)
                yield connection
                once.hold(transaction.pop_all(), connection, self._note_commit)
        if once is None:
            self._note_commit(connection)

    def _note_commit(self, connection: sa.Connection) -> None:
        if self._step is None or not self.catalogue.follow(*self._step):
            self.catalogue.hurry()
        self.catalogue.committed(connection)

    def refuse(self, error: sa.exc.DBAPIError, *, has_run: bool = False) -> NoReturn:
        """Raise the client's error for an error of the database, or the error itself.

        :param has_run: the error came at the commit
        """
        failure = self.database.failure(error)
        if failure.kind == "away" and has_run:
            raise OutcomeUnknown() from error
        raise self.refusal(failure) or error from error

    def refusal(self, failure: Failure) -> DynmodelError | None:
        """The client's error for a failure of the database; None: it is a fault of this package."""
        if failure.kind == "name_taken" or failure.names(self.store.name_rule):
            return Conflict("the name was taken just now", code="name_taken")
        if failure.kind == "unique":
            return Conflict("rows have equal values, so the field can't be unique", code="lossy_change")
        if failure.kind == "check":
            return Conflict("rows break a rule of the new definition", code="lossy_change")
        if failure.kind in ("value", "too_large", "too_long"):
            return Conflict("the database refuses values of the rows", code="lossy_change")
        if failure.kind in ("away", "full"):
            return Unavailable("the database can't be reached, or has no room left")
        return None


def _pairs(changes: Iterable[TableChange]) -> list[DefinitionPair]:
    return [(change.live_before, change.after) for change in changes]


def _changed(changes: Iterable[TableChange], further: Iterable[tuple[TableDefinition, TableDefinition]]) -> Changed:
    """The definitions before and after, by the ids of tables."""
    pairs = {after.id: (before, after) for before, after in further}
    return pairs | {change.id: (change.live_before, change.after) for change in changes}
