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

#: What the database says of rows that break a rule (``database.Failure``).
_BROKEN = ("check", "foreign_key", "value")


class Transactions(Protocol):
    """What runs changes: :class:`~.executor.Executor`, which calls this module when a change is unfinished."""

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
    """Whether it is the change of one table alone, which is large: several are changed all at once or not at all."""
    changes = list(changes)
    if len(changes) != 1 or changes[0].after is None:
        return False
    before = changes[0].live_before
    return before is not None and dialect.proves_later(connection, before.physical_name)


def finish(transactions: Transactions, table_id: int, author: str | None = None) -> None:
    """Prove the rules that are pending, and note it in a new version.

    If rows break them the new version has the earlier rules.

    :raises Busy: a lock was waited for in vain; the rules stay pending
    :raises Conflict: what was written meanwhile doesn't allow the earlier rules
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

    The lock (SHARE UPDATE EXCLUSIVE) keeps out neither readers nor writers, nor do those who wait for it; so it is
    waited for without a break. An automatic vacuum, which holds the same lock, gives way only to who waits a second.
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
    """The definition before the rules came; who links to the table is as it is now."""
    earlier = latest_proven(connection, transactions.store.system, current.id)
    assert earlier is not None  # rules are put off by changes alone
    return replace(
        transactions.catalogue.upgraded(earlier),
        next_id=current.next_id,
        referrers=current.referrers,
        physical_name=current.physical_name,
    )
