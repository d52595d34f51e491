"""The second half of a change whose rules are in force before they are proven (:mod:`~.online` has the first).

If the process dies in between, the next change of the table finishes it first.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Protocol

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes.ddl import not_valid
from dynmodel_pyramid.changes.ddl.columns import SchemaTools
from dynmodel_pyramid.changes.planner import Definitions, MakeChanges
from dynmodel_pyramid.changes.table_change import TableChange
from dynmodel_pyramid.database import Database, Dialect
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.reading_fields import Resolve
from dynmodel_pyramid.definitions.store import DefinitionStore
from dynmodel_pyramid.definitions.versions import latest_proven
from dynmodel_pyramid.settings import Settings

#: The kinds of failures for rows that break a rule (``database.Failure``).
_BROKEN = ("check", "foreign_key", "value")


class Transactions(Protocol):
    """Runs changes: :class:`~.executor.Executor`, which calls this module when a change is unfinished."""

    catalogue: Catalogue
    database: Database
    store: DefinitionStore
    settings: Settings

    def execute(self, wanted: Iterable[int], make_changes: MakeChanges, *, author: str | None = None) -> Any: ...

    def transaction(self, run: Callable[[sa.Connection, float], Any]) -> Any: ...

    def editor(self, connection: sa.Connection, **facts: Any) -> SchemaTools: ...


class Unfinished(Exception):
    """An earlier change of the table must be finished first."""

    def __init__(self, table_id: int) -> None:
        super().__init__(table_id)
        self.table_id = table_id


class _Broken(Exception):
    """There are rows that break a rule."""


def may_be_online(dialect: Dialect, connection: sa.Connection, changes: Iterable[TableChange]) -> bool:
    """Whether it is a change of a single large table: changes of several tables are all made at once or not at all."""
    changes = list(changes)
    if len(changes) != 1 or changes[0].after is None:
        return False
    before = changes[0].live_before
    return before is not None and dialect.proves_later(connection, before.physical_name)


def finish(transactions: Transactions, table_id: int, author: str | None = None) -> None:
    """Prove the pending rules, and record that in a new version.

    If rows break them, the new version has the earlier rules.

    :raises Busy: a lock was not free in time; the rules stay pending
    :raises Conflict: rows that were written meanwhile don't allow the earlier rules
    """
    names, holds = _proven(transactions, table_id)
    if not names:
        return

    def make_changes(connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
        current = locked[table_id]
        if not current.pending:
            return []
        if set(current.pending) != set(names):
            raise Unfinished(table_id)
        after = replace(current, pending=()) if holds else _with_earlier_rules(transactions, connection, current)
        return [TableChange(current, after, is_online=True)]

    transactions.execute([table_id], make_changes, author=author)


def _proven(transactions: Transactions, table_id: int) -> tuple[tuple[str, ...], bool]:
    """The constraints that were pending, and whether all rows obey them.

    The lock (SHARE UPDATE EXCLUSIVE) blocks neither readers nor writers, nor does waiting for it; so it is waited for
    without a break. An automatic vacuum holds the same lock, and gives way only to a waiter of a second.
    """
    names: tuple[str, ...] = ()

    def run(connection: sa.Connection, deadline: float) -> None:
        nonlocal names
        _, definition = transactions.store.by_id(connection, table_id)
        if definition is None or not definition.pending:
            names = ()
            return
        names = definition.pending
        transactions.database.dialect.bound_lock_waits(connection, transactions.settings.lock_timeout)
        try:
            not_valid.validate(transactions.editor(connection), definition, names)
        except sa.exc.DBAPIError as error:
            if transactions.database.failure(error).kind in _BROKEN:
                raise _Broken from error
            raise

    try:
        transactions.transaction(run)
    except _Broken:
        return names, False
    return names, True


def _with_earlier_rules(
    transactions: Transactions, connection: sa.Connection, current: TableDefinition
) -> TableDefinition:
    """The definition before the rules, with the present referrers."""
    earlier = latest_proven(connection, transactions.store.system, current.id)
    assert earlier is not None  # rules are put off by changes alone
    return replace(
        transactions.catalogue.upgraded(earlier),
        next_id=current.next_id,
        referrers=current.referrers,
        physical_name=current.physical_name,
    )
