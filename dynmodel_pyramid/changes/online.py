"""Changes of large tables on PostgreSQL that hold off readers and writers for metadata only: two versions each.

1. The change is rehearsed, without locks. What stands in the way refuses it.
2. First version: the rules are in force for what is written; for the rows that there are they are pending.
3. The rules are proven while rows are read and written (:mod:`~.validate`).
4. Second version: nothing is pending. If rows that slipped in between 1 and 2 break a rule, it has the rules of before.
"""

import logging
import time
from dataclasses import replace

import sqlalchemy as sa

from dynmodel_pyramid.changes.apply import Rehearsed
from dynmodel_pyramid.changes.comparison import Difference
from dynmodel_pyramid.changes.ddl.not_valid import candidates
from dynmodel_pyramid.changes.executor import Performed, Performer
from dynmodel_pyramid.changes.planner import Definitions, Judge, read_unlocked
from dynmodel_pyramid.changes.table_change import TableChange, settled
from dynmodel_pyramid.changes.validate import Unfinished, finish, may_be_online
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.reading_fields import Resolve
from dynmodel_pyramid.definitions.versions import next_proven
from dynmodel_pyramid.errors import Busy, Conflict, DynmodelError, OutcomeUnknown, Unavailable

log = logging.getLogger(__name__)


class _Moved(Exception):
    """The definition is not the one that the rehearsal saw."""


class OnlineChanges:
    """See the module."""

    def __init__(self, performer: Performer):
        self.performer = performer
        self.database = performer.database

    def perform(self, table_id: int, judge: Judge, author: str | None) -> Performed | None:
        """Make the change that ``judge`` wants; None if it is one for a single transaction.

        :raises Conflict: rows don't allow it
        """
        deadline = time.monotonic() + self.database.settings.lock_timeout
        while time.monotonic() < deadline:
            try:
                rehearsed = self._rehearsed(table_id, judge)
                if rehearsed is None:
                    return None
                first = self.performer.perform([table_id], self._putting_off(rehearsed, judge), author=author)
            except _Moved:
                continue
            except Unfinished:
                finish(self.performer, table_id)
                continue
            return self._finished(rehearsed, first, author)
        return None

    def _rehearsed(self, table_id: int, judge: Judge) -> Rehearsed | None:
        try:
            with self.database.rehearsing() as connection:
                if not self._is_candidate(connection, table_id, judge):
                    return None
                (rehearsed,) = self.performer.rehearse_on(connection, [table_id], judge)
                # Under the locks of what was read of the rows.
                _, current = self.performer.store.by_id(connection, table_id)
        except sa.exc.DBAPIError:
            # What it ran into, the change runs into under its locks, where it can be told apart from a change before.
            log.info("the rehearsal of a change of table %s failed", table_id, exc_info=True)
            return None
        if current is None or current.version != rehearsed.change.before.version:
            raise _Moved
        findings = rehearsed.evolution.findings.findings
        if findings:
            raise findings[0].conflict()
        return rehearsed if rehearsed.evolution.put_off else None

    def _is_candidate(self, connection: sa.Connection, table_id: int, judge: Judge) -> bool:
        """Judged without a look at the rows, which most changes need not have twice."""
        if not self.database.dialect.may_prove_later:
            return False
        current, changes = read_unlocked(self.performer.catalogue, connection, [table_id], judge)
        if not may_be_online(self.database.dialect, connection, changes):
            return False
        if current[table_id].pending:
            raise Unfinished(table_id)
        made, _ = settled([changes[0].without_pending()], current, self.performer.catalogue.field_types)
        if not made:
            return False
        evolution = self.performer.evolution(connection, rehearsed=True)
        difference = Difference(made[0].before, made[0].after)
        return bool(candidates(evolution, difference, *evolution.converted(difference)))

    def _putting_off(self, rehearsed: Rehearsed, judge: Judge) -> Judge:
        def judged(connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
            changes = judge(connection, locked, resolve)
            if len(changes) != 1 or changes[0].after is None:
                raise _Moved
            change = changes[0]
            if change.before is None or change.before.version != rehearsed.change.before.version:
                raise _Moved
            after = replace(change.after, pending=tuple(sorted(rehearsed.evolution.put_off)))
            return [replace(change, after=after, is_online=True)]

        return judged

    def _finished(self, rehearsed: Rehearsed, first: Performed, author: str | None) -> Performed:
        change = rehearsed.change
        started = first.definition(change.id)
        try:
            finish(self.performer, change.id, author)
        except Busy:
            # The rules are in force; the next change of the table proves them. The answer is the first version.
            log.warning("rules of table %s are in force, but not proven yet: its lock is held by others", change.id)
            return first
        except Unavailable as error:
            raise OutcomeUnknown() from error
        with self.database.reading() as connection:
            after = next_proven(connection, self.performer.store.system, change.id, started.version)
            state = self.database.state(connection)
        if after is None:
            return first
        wanted = replace(started, pending=(), referrers=after.referrers)
        if wanted.same_content(after):
            return Performed([replace(change, before=started, after=after)], state)
        raise self._refusal(change.id, wanted)

    def _refusal(self, table_id: int, wanted: TableDefinition) -> DynmodelError:
        """Which rows slipped in; the definition has gone back, so it can be rehearsed again."""

        def judge(connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
            current = locked[table_id]
            return [TableChange(current, replace(wanted, version=current.version, referrers=current.referrers))]

        try:
            found = [
                finding
                for rehearsed in self.performer.rehearse([table_id], judge)
                for finding in rehearsed.evolution.findings.findings
            ]
        except (sa.exc.DBAPIError, DynmodelError):
            found = []
        if found:
            return found[0].conflict()
        return Conflict(
            "rows that were written during the change broke a rule of the new definition, which was taken back",
            code="lossy_change",
            hint="they are mended already: repeat the request",
            count=0,
            samples=[],
        )
