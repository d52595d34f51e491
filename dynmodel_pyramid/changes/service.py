"""Create, change and drop tables: each call is one transaction, one version of each table, and all or nothing.

Documents are read inside the transaction, under its locks, so two changes of one table never mix: the later one sees
the result of the earlier one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.principal import TRUSTED, Principal
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.references import with_own_id
from dynmodel_pyramid.changes.access_change import AccessChange
from dynmodel_pyramid.changes.apply import TablePlan
from dynmodel_pyramid.changes.executor import Executor
from dynmodel_pyramid.changes.on_error import FAIL, OnError
from dynmodel_pyramid.changes.online import OnlineChanges
from dynmodel_pyramid.changes.planner import Definitions, MakeChanges
from dynmodel_pyramid.changes.table_change import TableChange, with_words
from dynmodel_pyramid.database import State
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.reading import read_table
from dynmodel_pyramid.definitions.reading_fields import Resolve
from dynmodel_pyramid.errors import Conflict
from dynmodel_pyramid.fields import FieldTypes


@dataclass(frozen=True, slots=True)
class Outcome:
    """A definition after a call, the state, and whether the call changed anything."""

    definition: TableDefinition
    state: State
    changed: bool


#: Checks the current definition before anything is done (If-Match); raises to refuse.
Precondition = Callable[[TableDefinition], None]
#: Makes a table's new document from its current definition.
MakeDocument = Callable[[TableDefinition], Any]


def no_precondition(definition: TableDefinition) -> None:
    """The precondition of a caller without one."""


def _with_on_error(make_changes: MakeChanges, on_error: OnError, field_types: FieldTypes) -> MakeChanges:
    """The same changes with ``on_error``."""

    def with_on_error(connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
        return with_words(make_changes(connection, locked, resolve), on_error, field_types)

    return with_on_error


class DefinitionService:
    """The definition changes of one catalogue.

    :param principal: for whom they are made
    """

    def __init__(self, catalogue: Catalogue, *, principal: Principal = TRUSTED) -> None:
        self.catalogue = catalogue
        self.store = catalogue.store
        self.executor = Executor(catalogue, principal)

    def create(self, document: Any, author: str | None = None) -> Outcome:
        """Define a new table.

        :raises Invalid: the document's faults
        :raises Conflict: the name is taken
        """

        make_changes = self.creating(document, self.store.reserve)
        done = self.executor.execute((), make_changes, author=author)
        return Outcome(done.changes[0].new, done.state, True)

    def plan_new(self, document: Any) -> TableDefinition:
        """The definition that :meth:`create` would make, with the next free id."""

        def next_id(connection: sa.Connection, drawn: int | None) -> int:
            return self.store.next_id(connection)

        return self.executor.plan((), self.creating(document, next_id))[0].change.new

    def creating(self, document: Any, draw: Callable[[sa.Connection, int | None], int]) -> MakeChanges:
        """What makes the change that defines a new table.

        :param draw: draws its id; it gets the id that an earlier attempt drew
        """
        table_id: int | None = None

        def make_changes(connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
            nonlocal table_id
            wanted = self.read(document, None, resolve)
            table_id = draw(connection, table_id)
            return [TableChange(None, self.with_id(wanted, table_id))]

        return make_changes

    def change(
        self,
        table_id: int,
        make_document: MakeDocument,
        *,
        precondition: Precondition = no_precondition,
        on_error: str = FAIL,
        author: str | None = None,
    ) -> Outcome:
        """Give a table the definition of a document, which ``make_document`` makes from the current definition.

        :param on_error: what becomes of values that can't be converted (:mod:`~.on_error`)
        :raises NotFound: there is no such table
        :raises Invalid: the document's faults
        :raises PreconditionFailed: the precondition or the document's ``version`` doesn't hold
        :raises Conflict: the rows don't allow the change
        :raises Busy: the locks were not free in time
        """
        make_changes = self._changing(table_id, make_document, precondition)
        return self.execute(table_id, make_changes, on_error=on_error, author=author)

    def plan(
        self,
        table_id: int,
        make_document: MakeDocument,
        *,
        precondition: Precondition = no_precondition,
        on_error: str = FAIL,
    ) -> list[TablePlan]:
        """The plan of :meth:`change`; empty if there is nothing to change."""
        return self.plan_of(table_id, self._changing(table_id, make_document, precondition), on_error=on_error)

    def drop(
        self, table_id: int, *, precondition: Precondition = no_precondition, author: str | None = None
    ) -> Outcome:
        """Move a table, with its rows, to the trash.

        :raises Conflict: fields of other tables link to it
        """

        def make_changes(connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
            precondition(locked[table_id])
            return [TableChange(locked[table_id], None)]

        done = self.executor.execute([table_id], make_changes, author=author)
        return Outcome(done.changes[0].old, done.state, True)

    # Shared with other services of definitions

    def execute(
        self,
        table_id: int,
        make_changes: MakeChanges,
        *,
        on_error: str,
        author: str | None,
        access: AccessChange | None = None,
    ) -> Outcome:
        """Change one table by ``make_changes``, which gets the locked table.

        :param access: a change of roles that belongs to it
        """
        types = self.catalogue.field_types
        how = OnError.read(on_error, types)
        make_changes = _with_on_error(make_changes, how, types)
        done = None
        # Two versions are two transactions, and cannot be one with the answer.
        in_two = self.catalogue.database.dialect.may_prove_later and self.executor.principal.once is None
        if how.is_fail and access is None and in_two:
            done = OnlineChanges(self.executor).execute(table_id, make_changes, author)
        if done is None:
            done = self.executor.execute([table_id], make_changes, author=author, access=access)
        after = done.definition(table_id)
        return Outcome(after or done.before[table_id], done.state, after is not None)

    def plan_of(self, table_id: int, make_changes: MakeChanges, *, on_error: str) -> list[TablePlan]:
        """The plan of :meth:`execute`; empty if there is nothing to change."""
        types = self.catalogue.field_types
        how = OnError.read(on_error, types)
        return self.executor.plan([table_id], _with_on_error(make_changes, how, types))

    def read(self, document: Any, before: TableDefinition | None, resolve: Resolve) -> TableDefinition:
        """A document -> the wanted definition."""
        prefix = self.catalogue.database.settings.table_prefix
        types, near = self.catalogue.field_types, self._near_tables
        wanted = read_table(document, before, types, table_prefix=prefix, resolve=resolve, near_tables=near)
        dialect = self.catalogue.database.dialect
        if not dialect.nulls_not_distinct and any(not index.nulls_distinct for index in wanted.indexes):
            raise Conflict(
                "this database can't treat nulls as equal in a unique rule (nulls_distinct: false)",
                code="unsupported_by_database",
            )
        return wanted

    def _near_tables(self, name: str) -> list[str]:
        with self.catalogue.database.reading() as connection:
            return self.catalogue.store.near_names(connection, name)

    def with_id(self, definition: TableDefinition, table_id: int) -> TableDefinition:
        """A new table with its id, also in its links to itself."""
        return with_own_id(replace(definition, id=table_id), self.catalogue.field_types)

    def _changing(self, table_id: int, make_document: MakeDocument, precondition: Precondition) -> MakeChanges:
        def make_changes(connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
            before = locked[table_id]
            precondition(before)
            return [TableChange(before, self.read(make_document(before), before, resolve))]

        return make_changes
