"""A table made of a file: its definition and its rows, in one transaction.

Everything is found and judged before the transaction begins, so that on SQLite other writers wait only while the table
is made and the rows are moved.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.principal import TRUSTED, Principal
from dynmodel_pyramid.access.scopes import Scopes
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes.executor import Begun
from dynmodel_pyramid.changes.service import DefinitionService, Outcome
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange.binding import documents_of
from dynmodel_pyramid.exchange.contents import Contents, Note
from dynmodel_pyramid.exchange.inference.tables import Corrections, Guessing, Proposal, arranged, propose
from dynmodel_pyramid.exchange.rehearsing import SHOWN, Rehearsed, beginning, first_of, rehearse
from dynmodel_pyramid.rows.entries import Columns
from dynmodel_pyramid.rows.imports import Import, Transaction
from dynmodel_pyramid.rows.lenient import LenientImport
from dynmodel_pyramid.rows.permitted import row_service
from dynmodel_pyramid.rows.refused import RawTexts, Sink
from dynmodel_pyramid.rows.service import Rows

#: Gives the contents of the file, from its beginning; the reader notes the texts of its records, if it is asked to.
Open = Callable[[Note | None], Contents]
#: The id of a table that is not made yet; no table has it.
_NOT_MADE = 0


@dataclass(frozen=True, slots=True)
class Made:
    """
    :param count: how many rows were written
    :param refused: how many others were left out
    """

    outcome: Outcome
    count: int
    refused: int = 0


class FileTable:
    """A table for a file that can be read twice.

    :param open: reads it from the beginning
    :param scopes: what the caller may do; it must be allowed to add rows to any table
    :param principal: for whom it is made
    :param check: called for each part of the file; raises where the work is to end
    :param is_part: only the first part of the file is there, for a plan; its last record may be cut off
    :raises Malformed: nothing in the file is a column
    """

    def __init__(
        self,
        catalogue: Catalogue,
        scopes: Scopes,
        open: Open,
        name: str,
        guessing: Guessing,
        corrections: Corrections,
        *,
        principal: Principal = TRUSTED,
        author: str | None = None,
        check: Callable[[], None] = lambda: None,
        is_part: bool = False,
    ) -> None:
        self._check = check
        self._catalogue, self._scopes = catalogue, scopes
        self._open: Open = (lambda note: beginning(open(note))) if is_part else open
        self._corrections, self._author = corrections, author
        self._service = DefinitionService(catalogue, principal=principal)
        self.proposal: Proposal = propose(self._open(None), guessing, corrections, check)
        if not self.proposal.fields:
            raise Malformed("the file has no columns with values", hint="a table needs at least one field")
        #: The definition, as a client would post it.
        self.document: dict[str, Any] = {"model_name": name, "fields": self.proposal.fields}

    def plan(self) -> TableDefinition:
        """The definition that :meth:`make` would make.

        :raises Invalid: faults of names and types that the client gives
        :raises Conflict: the name is taken
        :raises Forbidden: the caller may not add rows
        """
        planned = self._service.plan_new(self.document)
        self._refuse_links(planned)
        self._rows(planned)
        return planned

    def rehearse(self, planned: TableDefinition) -> Rehearsed:
        """What the rows would become.

        Values have the types that were found for them: they are judged as a whole only where the client says types.
        """
        rows = self._rows(replace(planned, id=_NOT_MADE))
        with RawTexts() as texts:
            contents = arranged(self._open(texts.add), self.proposal, self._corrections)
            if not any(type(said) is str or type(said) is dict for said in self._corrections.fields.values()):
                contents = first_of(contents, SHOWN)
            return rehearse(contents, rows, Columns(rows), texts, self._check)

    def make(self, position: Callable[[], int] = lambda: 0, refused: Sink | None = None) -> Made:
        """Make the table and write the rows: all or nothing.

        :param position: see :class:`~dynmodel_pyramid.rows.imports.Import`
        :param refused: called with each bad row, and the good ones are written; None: bad rows are faults of all
        :raises Invalid: also faults of rows
        """
        planned = self.plan()
        rows = self._rows(replace(planned, id=_NOT_MADE))
        with RawTexts() as texts:
            contents = arranged(self._open(texts.add if refused else None), self.proposal, self._corrections)
            if refused is None:
                return self._write(contents, Import(rows, Columns(rows), position=position))
            lenient = LenientImport(rows, Columns(rows), refused=refused, raws=texts, position=position)
            return replace(self._write(contents, lenient), refused=lenient.refused_count)

    def _write(self, contents: Contents, importer: Import) -> Made:
        rows, columns = importer.rows, importer.columns
        once = self._service.executor.principal.once
        with ExitStack() as stack:
            transaction = stack.enter_context(self._transaction(rows))
            importer.run(documents_of(contents, rows, columns), transaction)
            outcome = transaction.complete(self._author)
            if once is None:
                transaction.commit()
            else:
                stack.push(lambda kind, *ignored: transaction.commit() if kind is None else None)
                once.hold(stack.pop_all(), transaction.connection, lambda connection: self._catalogue.hurry())
        self._catalogue.hurry()
        return Made(outcome, importer.count)

    def _rows(self, definition: TableDefinition) -> Rows:
        rows = row_service(self._catalogue, self._catalogue.model(definition), self._scopes, author=self._author)
        permits = rows.permits("create")
        if permits is not None:
            permits.refuse_none()
        return rows

    def _refuse_links(self, definition: TableDefinition) -> None:
        generator = self._catalogue.generator
        for field in definition.fields:
            if generator.reference(field) is not None:
                raise Malformed(
                    f"fields: {field.name!r} is a link, which a table made of a file can't have",
                    code="invalid_parameter",
                    hint="make the table by POST /table/, then send the file to its rows/",
                    parameter="fields",
                )

    @contextmanager
    def _transaction(self, rows: Rows) -> Iterator["_Making"]:
        transaction = _Making(self._service, self.document, rows, self._check)
        try:
            yield transaction
        finally:
            transaction.close()


class _Making(Transaction):
    """The transaction that makes the table, once all rows are judged, and then writes them.

    :param rows: of the table as it is planned; from :meth:`begin` on of the table that is there
    """

    def __init__(self, service: DefinitionService, document: Any, rows: Rows, check: Callable[[], None]) -> None:
        self._service, self._rows, self._check = service, rows, check
        self._make_changes = service.creating(document, service.store.reserve)
        self._database = service.catalogue.database
        self._staged: sa.Connection | None = None
        self._connection: sa.Connection | None = None
        self._begun: Begun | None = None

    def stage(self) -> sa.Connection:
        self._staged = self._database.staging()
        return self._staged

    def check(self) -> None:
        self._check()

    def begin(self) -> sa.Connection:
        if (once := self._service.executor.principal.once) is not None:
            once.prepare()
        connection = self._staged
        if connection is None:
            connection = self._connection = self._database.writer.connect()
        else:
            self._database.writes_from_now_on(connection)
        begun = self._begun = self._begin_when_free(connection)
        definition = begun.logged[0].new
        rows = self._rows
        rows.model = self._service.catalogue.model(definition)
        rows.scope = rows.scopes.scope(rows.model)
        return connection

    def _begin_when_free(self, connection: sa.Connection) -> Begun:
        executor = self._service.executor
        deadline = time.monotonic() + self._database.settings.lock_timeout
        while True:
            transaction = None
            try:
                transaction = connection.begin()
                self._database.dialect.bound_statements(connection, self._database.settings.change_timeout)
                if executor.principal.once is not None:
                    executor.principal.once.claim(connection)
                return executor.begin(connection, deadline, (), self._make_changes)
            except sa.exc.DBAPIError as error:
                if transaction is not None:
                    transaction.rollback()
                executor.wait_after(error, deadline)

    def complete(self, author: str | None) -> Outcome:
        """Prove and log the new table."""
        executor = self._service.executor
        assert self._begun is not None  # begin() was called
        try:
            done = executor.complete(self.connection, self._begun, author)
        except sa.exc.DBAPIError as error:
            executor.refuse(error)
        return Outcome(done.changes[0].new, done.state, True)

    def commit(self) -> None:
        transaction = self.connection.get_transaction()
        assert transaction is not None
        try:
            transaction.commit()
        except sa.exc.DBAPIError as error:
            self._service.executor.refuse(error, has_run=True)
        self._service.catalogue.committed(self.connection)

    @property
    def connection(self) -> sa.Connection:
        connection = self._staged or self._connection
        assert connection is not None  # begin() was called
        return connection

    def close(self) -> None:
        """Roll back what was not completed."""
        if self._staged is not None:
            self._database.unstage(self._staged)
        if self._connection is not None:
            self._connection.close()
