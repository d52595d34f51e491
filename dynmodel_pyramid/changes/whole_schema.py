"""All tables as one document: read, and applied in one transaction, all or nothing.

While it is applied, nobody else can complete a change of definitions: the state's row is locked, which every change
writes last. So the compared definitions are still current when the change is made, and only tables that differ are
locked.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.grants import Access
from dynmodel_pyramid.access.principal import TRUSTED, Principal
from dynmodel_pyramid.access.store import load
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes import schema_access
from dynmodel_pyramid.changes.access_change import Audit, no_audit
from dynmodel_pyramid.changes.apply import TablePlan, naming_table
from dynmodel_pyramid.changes.executor import Between, nothing_between
from dynmodel_pyramid.changes.on_error import FAIL, OnError
from dynmodel_pyramid.changes.planner import Definitions
from dynmodel_pyramid.changes.schema_access import AccessPlan, Allow, access_of, allow_all, in_memory
from dynmodel_pyramid.changes.service import DefinitionService
from dynmodel_pyramid.changes.table_change import TableChange, settled, with_words
from dynmodel_pyramid.database import State
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.patching import merge, patched
from dynmodel_pyramid.definitions.problems import Problems
from dynmodel_pyramid.definitions.reading_fields import Resolve
from dynmodel_pyramid.definitions.reading_schema import read_tables
from dynmodel_pyramid.definitions.schema_document import same_document, schema_document
from dynmodel_pyramid.definitions.schema_pairing import Entry, Pairing, pair, without_done_renames
from dynmodel_pyramid.errors import Invalid

#: What becomes of tables that are not in the document. ``patch``: they stay, and those in the document are patched.
DROP, KEEP, PATCH = "drop", "keep", "patch"

#: Checks the current state before anything is done (If-Match); raises to refuse.
Precondition = Callable[[State], None]


def no_precondition(state: State) -> None:
    """The precondition of a caller without one."""


@dataclass(frozen=True, slots=True)
class Applied:
    """The changes, all definitions and roles afterwards, and their state."""

    changes: list[TableChange]
    definitions: list[TableDefinition]
    state: State
    access: Access


@dataclass(frozen=True, slots=True)
class SchemaPlan:
    """The changes of a document, and the state in which the plan was made.

    :param access: what it opens and closes (:func:`~dynmodel_pyramid.access.differences.differences`); None if the
        document leaves roles and grants alone
    """

    changes: list[TablePlan]
    state: State
    access: list[dict[str, Any]] | None = None


class WholeSchema:
    """The schema of one catalogue."""

    def __init__(self, catalogue: Catalogue, *, principal: Principal = TRUSTED) -> None:
        self.catalogue = catalogue
        self.service = DefinitionService(catalogue, principal=principal)

    def document(
        self, definitions: Iterable[TableDefinition], *, full: bool = False, access: Access | None = None
    ) -> dict[str, Any]:
        """:param access: the roles, if they belong in the document"""
        definitions = list(definitions)
        roles = None if access is None else schema_access.written(access, definitions, self.catalogue)
        return schema_document(definitions, self.catalogue.field_types, full=full, access=roles)

    def current(self) -> tuple[State, list[TableDefinition], Access]:
        """All tables and roles, with their state."""
        while True:
            with self.catalogue.database.reading() as connection:
                state, definitions = self._all(connection)
                now, access = load(connection, self.catalogue.database)
            if now == state:
                return state, definitions, access

    def apply(
        self,
        document: Any,
        others: str = DROP,
        *,
        precondition: Precondition = no_precondition,
        on_error: str = FAIL,
        author: str | None = None,
        allow_access: Allow = allow_all,
        audit: Audit = no_audit,
        between: Between = nothing_between,
    ) -> Applied:
        """Change all tables, and the roles if the document has them, to match the document.

        :param others: what becomes of tables that are not in the document
        :param allow_access: refuses a document whose roles differ
        :param between: see :meth:`Executor.execute`
        :raises Invalid: the document's faults
        :raises PreconditionFailed: the precondition doesn't hold
        :raises Conflict: the rows don't allow it
        :raises Busy: the locks were not free in time
        """
        how = OnError.read(on_error, self.catalogue.field_types)
        drawn: dict[str, int] = {}
        after: dict[int, TableDefinition] = {}

        def draw(connection: sa.Connection, names: list[str]) -> list[int]:
            for name in names:
                drawn[name] = self.catalogue.store.reserve(connection, drawn.get(name))
            return [drawn[name] for name in names]

        def make_changes(connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
            database = self.catalogue.database
            database.dialect.bound_lock_waits(connection, database.settings.lock_attempt)
            # Before the row of the state, because a change of access locks them in this order.
            self.catalogue.database.dialect.share_access(connection)
            self.catalogue.store.lock_state(connection)
            state, current = self._all(connection)
            precondition(state)
            after.clear()
            after.update({definition.id: definition for definition in current})
            made = self._changes(document, others, current, partial(draw, connection))
            return with_words(made, how, self.catalogue.field_types, current)

        access = access_of(document, patch=others == PATCH, allow=allow_access, author=author, audit=audit)
        done = self.service.executor.execute((), make_changes, author=author, access=access, between=between)
        for change in done.changes:
            after.pop(change.id, None)
            if change.after is not None:
                after[change.id] = change.after
        return Applied(done.changes, list(after.values()), done.state, done.access)

    def plan(
        self,
        document: Any,
        others: str = DROP,
        *,
        precondition: Precondition = no_precondition,
        on_error: str = FAIL,
        allow_access: Allow = allow_all,
    ) -> SchemaPlan:
        """The plan of :meth:`apply`."""
        how = OnError.read(on_error, self.catalogue.field_types)
        seen: list[State] = []
        before: list[TableDefinition] = []

        def draw(connection: sa.Connection, names: list[str]) -> list[int]:
            first = self.catalogue.store.next_id(connection)
            return list(range(first, first + len(names)))

        def make_changes(connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
            state, current = self._all(connection)
            seen.append(state)
            before[:] = current
            precondition(state)
            made = self._changes(document, others, current, partial(draw, connection))
            return with_words(made, how, self.catalogue.field_types, current)

        access = access_of(document, patch=others == PATCH, allow=allow_access)
        if access is None:
            return SchemaPlan(self.service.executor.plan((), make_changes), seen[-1])
        planned = AccessPlan(access, lambda: in_memory(before, self.catalogue))
        changes = self.service.executor.plan((), make_changes, planned.change())
        return SchemaPlan(changes, seen[-1], planned.found)

    def canonical(self, document: Any) -> dict[str, Any]:
        """A document in the form that :meth:`document` writes, for the tables that it makes in an empty database.

        :raises Invalid: the document's faults
        """
        changes = self._changes(document, DROP, [], lambda names: list(range(1, len(names) + 1)))
        linked, _ = settled(changes, {}, self.catalogue.field_types)
        definitions = [change.new for change in linked]
        canonical = self.document(definitions)
        if "access" in document:
            canonical["access"] = schema_access.canonical(document["access"], definitions, self.catalogue)
        return canonical

    # Document -> changes

    def _all(self, connection: sa.Connection) -> tuple[State, list[TableDefinition]]:
        state, definitions = self.catalogue.store.all(connection)
        return state, [self.catalogue.upgraded(definition) for definition in definitions]

    def _changes(
        self, document: Any, others: str, current: list[TableDefinition], draw: Callable[[list[str]], list[int]]
    ) -> list[TableChange]:
        problems = Problems()
        tables = read_tables(document, self.catalogue.field_types, problems, patch=others == PATCH)
        dropped = [name for name, value in tables.items() if value is None]
        documents = {name: value for name, value in tables.items() if value is not None}
        pairing = pair(documents, current, problems, drops=others == DROP)
        left = pairing.left if others == DROP else self._named(dropped, pairing, problems)
        problems.raise_if_any()
        new = [entry.key for entry in pairing.entries if entry.before is None]
        ids = dict(zip(new, draw(new), strict=True))
        names = {} if others == DROP else {name_key(old.model_name): old.id for old in pairing.left}
        for definition in left:
            names.pop(name_key(definition.model_name), None)
        names |= {
            entry.key: entry.before.id if entry.before is not None else ids[entry.key] for entry in pairing.entries
        }
        changes = [TableChange(definition, None, pointer="/tables") for definition in left]
        untouched = self._untouched(current, names)
        for entry in pairing.entries:
            if entry.before is not None and same_document(entry.value, untouched.get(entry.name)):
                continue
            try:
                with naming_table(entry.name, entry.pointer):
                    after = self._read(entry, names, others)
            except Invalid as error:
                problems.include(error.below(entry.pointer))
                continue
            if entry.before is None:
                after = self.service.with_id(after, ids[entry.key])
            if entry.before is None or not after.same_content(entry.before):
                changes.append(TableChange(entry.before, after, pointer=entry.pointer))
        problems.raise_if_any()
        return changes

    def _named(self, dropped: list[str], pairing: Pairing, problems: Problems) -> list[TableDefinition]:
        """The tables that a patch drops; a missing one is dropped already (RFC 7396, section 2)."""
        keys = {name_key(name) for name in dropped}
        for entry in pairing.entries:
            if entry.key in keys:
                problems.add(entry.pointer, "duplicate_name", "the table is to be dropped as well")
        return [definition for definition in pairing.left if name_key(definition.model_name) in keys]

    def _untouched(self, current: list[TableDefinition], names: dict[str, int]) -> dict[str, Any]:
        """The documents of tables that need not be read if unchanged; none if a name now means another table."""
        if any(names.get(name_key(definition.model_name)) != definition.id for definition in current):
            return {}
        return self.document(current)["tables"]

    def _read(self, entry: Entry, names: dict[str, int], others: str) -> TableDefinition:
        known = set(names.values())

        def resolve(key: int | str) -> int | None:
            return names.get(name_key(key)) if type(key) is str else key if key in known else None

        value = {key: member for key, member in entry.value.items() if key != "renamed_from"}
        if others == PATCH:
            value = merge({}, value) if entry.before is None else patched(entry.before, value)
        value = without_done_renames(value, entry.before)
        return self.service.read({**value, "model_name": entry.name}, entry.before, resolve)
