"""New tables in a transaction that writes rows, too."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.principal import Principal
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes.executor import Begun
from dynmodel_pyramid.changes.planner import Definitions
from dynmodel_pyramid.changes.service import DefinitionService
from dynmodel_pyramid.changes.table_change import TableChange
from dynmodel_pyramid.database import State
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.problems import Problems
from dynmodel_pyramid.definitions.reading_fields import Resolve
from dynmodel_pyramid.errors import Invalid
from dynmodel_pyramid.telemetry.families import CHANGES
from dynmodel_pyramid.telemetry.measuring import observe


@dataclass(frozen=True, slots=True)
class NewTable:
    """
    :param pointer: the place of its document, for errors
    :param document: makes the document, from the ids of the tables before it
    """

    pointer: str
    document: Callable[[Sequence[int]], Any]


class NewTables:
    """Tables that the caller's transaction makes; each may link to those before it. It writes no other definition.

    :param principal: for whom they are made
    """

    def __init__(self, catalogue: Catalogue, tables: Sequence[NewTable], *, principal: Principal) -> None:
        self.catalogue = catalogue
        self._service = DefinitionService(catalogue, principal=principal)
        self._tables = tables
        self._drawn: dict[int, int] = {}
        self._begun: Begun | None = None

    def make(
        self, connection: sa.Connection, deadline: float
    ) -> tuple[list[TableDefinition], Sequence[TableDefinition]]:
        """Make them, so that rows can be written; -> their definitions, and the new ones of tables to which they link.

        :param deadline: until when locks are waited for (of ``time.monotonic``)
        :raises Invalid: the documents' faults
        :raises Conflict: a name is taken; ``pointer`` tells whose
        """
        self._started = time.monotonic()
        with self._refusing():
            begun = self._begun = self._service.executor.begin(connection, deadline, (), self._changes)
        by_id = {change.id: change.new for change in begun.changes}
        tables = [by_id[self._drawn[number]] for number in range(len(self._tables))]
        return tables, [after for _, after in begun.further]

    def log(self, connection: sa.Connection, author: str | None) -> State:
        """Prove and log the change, which is the last that the transaction writes; -> the new state."""
        assert self._begun is not None  # they are made
        with self._refusing():
            state = self._service.executor.complete(connection, self._begun, author).state
        observe(CHANGES, time.monotonic() - self._started, "create")
        return state

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Failures of the database that are the client's fault."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            failure = self.catalogue.database.failure(error)
            refusal = None if failure.kind in ("busy", "away") else self._service.executor.refusal(failure)
            raise refusal or error from error

    def _changes(self, connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
        changes: list[TableChange] = []
        problems, drawn = Problems(), self._drawn
        for number, table in enumerate(self._tables):
            drawn[number] = self.catalogue.store.reserve(connection, drawn.get(number))
            own = {name_key(change.model_name): change.id for change in changes}
            ids = [drawn[before] for before in range(number)]
            try:
                wanted = self._service.read(table.document(ids), None, partial(_resolved, resolve, own, ids))
            except Invalid as error:
                problems.include(error.below(table.pointer))
            else:
                changes.append(TableChange(None, self._service.with_id(wanted, drawn[number]), pointer=table.pointer))
        problems.raise_if_any()
        return changes


def _resolved(resolve: Resolve, own: Mapping[str, int], ids: Sequence[int], key: int | str) -> int | None:
    """The id of a table: of one before it among the new ones, or of an existing one."""
    if isinstance(key, str):
        return own.get(name_key(key)) or resolve(key)
    return key if key in ids else resolve(key)
