"""Create, change and drop tables: each call is one transaction, one version, and all or nothing.

Definitions are judged inside the transaction, under its locks, so two changes of one table never mix: the later one
sees what the earlier one made.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database import Failure, State
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.reading import read_table
from dynmodel_pyramid.definitions.reading_fields import Resolve
from dynmodel_pyramid.errors import Busy, Conflict, DynmodelError, OutcomeUnknown, Unavailable
from dynmodel_pyramid.tables.catalogue import Catalogue
from dynmodel_pyramid.tables.conversion import check_on_error
from dynmodel_pyramid.tables.evolution import Evolution
from dynmodel_pyramid.tables.evolution_postgresql import PostgreSQLEvolution
from dynmodel_pyramid.tables.evolution_sqlite import SQLiteEvolution
from dynmodel_pyramid.tables.judging import Definitions, judged
from dynmodel_pyramid.tables.references import (
    referrers,
    refuse_if_referred_to,
    touched,
    with_own_id,
    with_referrers,
)

EVOLUTIONS: dict[str, type[Evolution]] = {"sqlite": SQLiteEvolution, "postgresql": PostgreSQLEvolution}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A definition as it stands after a call, the state, and whether the call changed anything."""

    definition: TableDefinition
    state: State
    changed: bool


#: Judges the current definition before anything is done (If-Match); raises to refuse.
Precondition = Callable[[TableDefinition], None]


def no_precondition(definition: TableDefinition) -> None:
    """The precondition of a caller who has none."""


class DefinitionService:
    """The definition changes of one catalogue."""

    def __init__(self, catalogue: Catalogue):
        self.catalogue = catalogue
        self.database = catalogue.database
        self.store = catalogue.store
        self.dialect = catalogue.database.dialect
        self.settings = catalogue.database.settings

    def create(self, document: Any, author: str | None = None) -> Outcome:
        """Define a new table.

        :raises Invalid: the document's faults
        :raises Conflict: the name is taken
        """

        def judge(locked: Definitions, resolve: Resolve) -> TableDefinition:
            return self._read(document, None, resolve)

        def run(connection: sa.Connection, deadline: float) -> Outcome:
            locked, wanted = judged(self.catalogue, connection, None, judge, deadline)
            self._refuse_taken(connection, wanted)
            definition = self.store.insert(connection, replace(wanted, version=1))
            definition = self._referring_to_itself(with_own_id(definition, self.catalogue.field_types))
            self.store.update(connection, definition)
            self._evolution(connection).create(definition)
            far = self._far_changes(locked, None, definition)
            return Outcome(definition, self._record(connection, None, definition, far, author, deadline), True)

        return self._transaction(run)

    def change(
        self,
        table_id: int,
        make_document: Callable[[TableDefinition], Any],
        *,
        precondition: Precondition = no_precondition,
        on_error: str = "fail",
        author: str | None = None,
    ) -> Outcome:
        """Give a table the definition of the document that ``make_document`` makes of the current definition.

        :param on_error: what becomes of values that can't be carried over (``conversion.ON_ERROR``)
        :raises NotFound: there is no such table
        :raises Invalid: the document's faults
        :raises PreconditionFailed: the precondition or the document's ``version`` doesn't hold
        :raises Conflict: the rows don't allow the change
        :raises Busy: the locks were waited for in vain
        """
        check_on_error(on_error)

        def judge(locked: Definitions, resolve: Resolve) -> TableDefinition:
            before = locked[table_id]
            precondition(before)
            return self._referring_to_itself(self._read(make_document(before), before, resolve))

        def run(connection: sa.Connection, deadline: float) -> Outcome:
            locked, after = judged(self.catalogue, connection, table_id, judge, deadline)
            before = locked[table_id]
            if after.same_content(before):
                return Outcome(before, self.database.state(connection), False)
            after = replace(after, version=before.version + 1)
            self._refuse_taken(connection, after)
            self._evolution(connection).change(before, after, on_error)
            self.store.update(connection, after)
            far = self._far_changes(locked, before, after)
            return Outcome(after, self._record(connection, before, after, far, author, deadline), True)

        return self._transaction(run)

    def drop(
        self, table_id: int, *, precondition: Precondition = no_precondition, author: str | None = None
    ) -> Outcome:
        """Move a table, with its rows, to the trash.

        :raises Conflict: fields of other tables link to it
        """

        def judge(locked: Definitions, resolve: Resolve) -> None:
            precondition(locked[table_id])
            refuse_if_referred_to(locked[table_id])

        def run(connection: sa.Connection, deadline: float) -> Outcome:
            locked, _ = judged(self.catalogue, connection, table_id, judge, deadline)
            before = locked[table_id]
            name = self._evolution(connection).drop(before)
            after = replace(before, version=before.version + 1, physical_name=name)
            self.store.drop(connection, after)
            line = replace(after, model_name=before.model_name)
            far = self._far_changes(locked, before, None)
            return Outcome(after, self._record(connection, line, None, far, author, deadline), True)

        return self._transaction(run)

    # The parts

    def _read(self, document: Any, before: TableDefinition | None, resolve: Resolve) -> TableDefinition:
        prefix = self.settings.table_prefix
        wanted = read_table(document, before, self.catalogue.field_types, table_prefix=prefix, resolve=resolve)
        if not self.dialect.nulls_not_distinct and any(not index.nulls_distinct for index in wanted.indexes):
            raise Conflict(
                "this database can't treat nulls as equal in a unique rule (nulls_distinct: false)",
                code="unsupported_by_database",
            )
        return wanted

    def _evolution(self, connection: sa.Connection) -> Evolution:
        return EVOLUTIONS[self.dialect.name](connection, self.catalogue.generator, self.store)

    def _refuse_taken(self, connection: sa.Connection, wanted: TableDefinition) -> None:
        if self.store.name_is_taken(connection, wanted.model_name, wanted.id):
            raise Conflict(
                f"there is a table called {wanted.model_name} already (upper and lower case count the same)",
                code="name_taken",
                hint="choose another model_name",
            )

    def _referring_to_itself(self, definition: TableDefinition) -> TableDefinition:
        own = referrers(definition, self.catalogue.field_types).get(definition.id, ())
        return with_referrers(definition, definition.id, own)

    def _far_changes(
        self, locked: Definitions, before: TableDefinition | None, after: TableDefinition | None
    ) -> list[tuple[TableDefinition, TableDefinition]]:
        """(before, after) of each other table that a change concerns, as it is referred to otherwise than before.

        :raises Invalid: the name of a reverse side is taken
        """
        table_id = (after or before).id
        changes = []
        for far_id, made in touched(before, after, self.catalogue.field_types).items():
            far = locked[far_id]
            changes.append((far, replace(with_referrers(far, table_id, made), version=far.version + 1)))
        return changes

    def _record(
        self, connection: sa.Connection, before, after, far: list, author: str | None, deadline: float
    ) -> State:
        for _, changed in far:
            self.store.update(connection, changed)
        self.dialect.bound_lock_waits(connection, deadline - time.monotonic())
        return self.store.record(connection, [(before, after), *far], author)

    def _transaction(self, run: Callable[[sa.Connection, float], Outcome]) -> Outcome:
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
        if failure.kind == "value":
            return Conflict(
                "the database refuses values of the rows, such as too long ones in an index", code="lossy_change"
            )
        if failure.kind in ("away", "full"):
            return Unavailable("the database can't be reached, or has no room left")
        return None
