"""Changes of large tables on PostgreSQL that block readers and writers only for changes of metadata. They make two
versions.

1. The change is planned, without locks. Violations refuse it.
2. First version: the rules are in force for new writes; for existing rows they are pending.
3. The rules are proven while rows are read and written (:mod:`~.validate`).
4. Second version: nothing is pending. If rows that slipped in between 1 and 2 break a rule, it has the earlier rules.
"""

import logging
import time
from dataclasses import replace

import sqlalchemy as sa

from dynmodel_pyramid.changes.apply import TablePlan
from dynmodel_pyramid.changes.ddl.not_valid import candidates
from dynmodel_pyramid.changes.executor import Executed, Executor
from dynmodel_pyramid.changes.planner import Definitions, MakeChanges, plan_unlocked
from dynmodel_pyramid.changes.table_change import TableChange, settled
from dynmodel_pyramid.changes.validate import Unfinished, finish, may_be_online
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.compare import Comparison
from dynmodel_pyramid.definitions.reading_fields import Resolve
from dynmodel_pyramid.definitions.versions import next_proven
from dynmodel_pyramid.errors import Busy, Conflict, DynmodelError, OutcomeUnknown, Unavailable
from dynmodel_pyramid.telemetry.lines import plain

log = logging.getLogger(__name__)


class _Moved(Exception):
    """The definition has changed since the plan was made."""


class OnlineChanges:
    """Makes such changes; for databases that may prove rules later."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self.database = executor.database

    def execute(self, table_id: int, make_changes: MakeChanges, author: str | None) -> Executed | None:
        """Make the change of ``make_changes``; None if it needs only a single transaction.

        :raises Conflict: rows don't allow it
        """
        deadline = time.monotonic() + self.database.settings.lock_timeout
        while time.monotonic() < deadline:
            try:
                plan = self._plan(table_id, make_changes)
                if plan is None:
                    return None
                first = self.executor.execute([table_id], _putting_off(plan, make_changes), author=author)
            except _Moved:
                continue
            except Unfinished:
                finish(self.executor, table_id)
                continue
            return self._finished(plan, first, author)
        return None

    def _plan(self, table_id: int, make_changes: MakeChanges) -> TablePlan | None:
        store = self.executor.store
        try:
            with self.database.rehearsing() as connection:
                _, current = store.by_id(connection, table_id)
                # For a table that is not large, the document is read only under its locks.
                if current is None or not self.database.dialect.proves_later(connection, current.physical_name):
                    return None
                definitions, changes = plan_unlocked(self.executor.catalogue, connection, [table_id], make_changes)
                if not self._is_candidate(connection, table_id, definitions, changes):
                    return None
                (plan,) = self.executor.plan_changes(connection, definitions, changes)
                # Holds the locks of the tables whose rows were read.
                _, current = store.by_id(connection, table_id)
        except sa.exc.DBAPIError as error:
            # The change will meet the same error under its locks, where no other change can be the cause.
            if self.database.failure(error).kind != "away":  # which its answer's line tells
                log.info("the plan of a change of table %s failed: %s", table_id, plain(str(error.orig).strip()))
            return None
        if current is None or current.version != plan.change.old.version:
            raise _Moved
        if plan.violations:
            raise plan.violations[0].conflict()
        return plan if plan.put_off else None

    def _is_candidate(
        self, connection: sa.Connection, table_id: int, definitions: Definitions, changes: list[TableChange]
    ) -> bool:
        """Decided without reading rows, so that most changes read them only once."""
        if not may_be_online(self.database.dialect, connection, changes):
            return False
        if definitions[table_id].pending:
            raise Unfinished(table_id)
        changed, _ = settled([changes[0].without_pending()], definitions, self.executor.catalogue.field_types)
        if not changed:
            return False
        editor = self.executor.editor(connection, is_plan=True)
        comparison = Comparison(changed[0].old, changed[0].new)
        return bool(candidates(editor, comparison, *editor.converted(comparison)))

    def _finished(self, plan: TablePlan, first: Executed, author: str | None) -> Executed:
        change = plan.change
        started = first.made(change.id)
        try:
            finish(self.executor, change.id, author)
        except Busy:
            # The rules are in force; the next change of the table proves them. The answer is the first version.
            log.warning("rules of table %s are in force, but not proven yet: its lock is held by others", change.id)
            return first
        except Unavailable as error:
            raise OutcomeUnknown() from error
        with self.database.reading() as connection:
            after = next_proven(connection, self.executor.store.system, change.id, started.version)
            state = self.database.state(connection)
        if after is None:
            return first
        wanted = replace(started, pending=(), referrers=after.referrers)
        if wanted.same_content(after):
            return replace(first, changes=[replace(change, before=started, after=after)], state=state)
        raise self._refusal(change.id, wanted)

    def _refusal(self, table_id: int, wanted: TableDefinition) -> DynmodelError:
        """The violations by rows that slipped in. The definition has its earlier rules again, so the change can be
        planned again.
        """

        def make_changes(connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
            current = locked[table_id]
            return [TableChange(current, replace(wanted, version=current.version, referrers=current.referrers))]

        try:
            plans = self.executor.plan([table_id], make_changes)
        except (sa.exc.DBAPIError, DynmodelError):
            plans = []
        for plan in plans:
            if plan.violations:
                return plan.violations[0].conflict()
        return Conflict(
            "rows that were written during the change broke a rule of the new definition, which was taken back",
            code="lossy_change",
            hint="they are mended already: repeat the request",
            count=0,
            samples=[],
        )


def _putting_off(plan: TablePlan, make_changes: MakeChanges) -> MakeChanges:
    """The first version: the change as it was planned, with rules that are still to be proven."""

    def make_first(connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
        changes = make_changes(connection, locked, resolve)
        if len(changes) != 1 or changes[0].after is None:
            raise _Moved
        change = changes[0]
        if change.before is None or change.before.version != plan.change.old.version:
            raise _Moved
        after = replace(change.new, pending=tuple(sorted(plan.put_off)))
        return [replace(change, after=after, is_online=True)]

    return make_first
