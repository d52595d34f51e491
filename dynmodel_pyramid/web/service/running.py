"""Runs a batch: finds its tables, judges its operations, locks, makes new tables, and runs one after the other."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pyramid.request import Request

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.catalogue.watching import RowWrites
from dynmodel_pyramid.changes.new_tables import NewTable, NewTables
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.errors import DynmodelError, Faulty, Invalid
from dynmodel_pyramid.queries import QueryError
from dynmodel_pyramid.queries.sql.views import WholeTable
from dynmodel_pyramid.rows.batch.operations import RowOperation, too_many_rows
from dynmodel_pyramid.rows.batch.reading import CREATE_TABLE, Operation, read_operations
from dynmodel_pyramid.rows.batch.references import replaced
from dynmodel_pyramid.rows.batch.results import Results
from dynmodel_pyramid.rows.permitted import row_service
from dynmodel_pyramid.rows.reads import CHUNK
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.web.http.answers import RowsBody, encode
from dynmodel_pyramid.web.http.body import longest_document
from dynmodel_pyramid.web.http.parameters import author_of
from dynmodel_pyramid.web.http.permissions import writers_of_definitions
from dynmodel_pyramid.web.http.transactions import write_connection
from dynmodel_pyramid.web.http.tree import is_visible
from dynmodel_pyramid.web.resources import Batch, table_of

#: The id and the version of a row; None of an existing row that was left as it is, and that the caller may not read.
_Written = dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Done:
    """An operation that has run.

    :param result: makes its result, in pieces
    :param notes: the rows that it has written
    :param ids: those of its own table that it names, or finds
    """

    attempt: RequestAttempt
    operation: Operation
    model: Model
    result: Callable[[], Iterable[bytes]]
    notes: Sequence[RowWrites] = ()
    ids: Sequence[int] = ()

    def plan(self) -> Iterable[bytes]:
        """What it would do: the numbers of rows by table, as far as the caller may know of them."""
        own = self.model.definition
        counts: Counter[tuple[int, str]] = Counter()
        for note in self.notes:
            counts[note.table_id, note.operation] += self._known(note)
        writes = []
        for (table_id, operation), count in counts.items():
            model = self.attempt.model(table_id)
            if count and model is not None:
                name = model.definition.model_name
                writes.append({"table": table_id, "model_name": name, "operation": operation, "rows": count})
        document: dict[str, Any] = {"operation": self.operation.kind, "model_name": own.model_name}
        if self.operation.kind == CREATE_TABLE:
            document["definition"] = {**table_document(own), "id": None}
        else:
            document["writes"] = writes
        return [encode(document)]

    def _known(self, note: RowWrites) -> int:
        """The number of rows that may be told. Rows that a deletion takes along tell which link to the deleted one, so
        only those of tables that the caller reads whole are counted; new rows are the request's own.
        """
        model = self.attempt.model(note.table_id)
        if model is None or not is_visible(self.attempt, model):
            return 0
        if note.operation == "insert" or isinstance(self.attempt.scopes.view(model), WholeTable):
            return len(note.rows)
        own = set(self.ids) if note.table_id == self.model.definition.id else set[int]()
        return sum(row_id in own for row_id, _ in note.rows)


class Running:
    """One batch; made before the transaction begins.

    :param shows_rows: whether the results are whole rows, not only ids and versions
    """

    def __init__(self, context: Batch, request: Request, document: Any, *, shows_rows: bool) -> None:
        self._context, self._request = context, request
        self._attempt, self._shows_rows = context.attempt, shows_rows
        settings = request.registry.dynmodel_settings
        self._left = settings.max_batch_rows
        try:
            self._operations = read_operations(document, settings.max_batch_operations)
        except Invalid as error:
            context.operation = _operation_of(error.problems[0].pointer)
            raise
        self._results = Results(self._operations, longest_document(request))
        self._services: dict[int, Rows] = {}
        self._author = author_of(request)
        #: The operations without references, by their numbers.
        self._judged: dict[int, RowOperation] = {}
        #: The definitions of new tables, by the numbers of the operations.
        self._made: dict[int, TableDefinition] = {}
        self._new_tables: NewTables | None = None
        self._new = [operation for operation in self._operations if operation.kind == CREATE_TABLE]
        #: The number of the revision of definitions under which the batch ran.
        self.revision = 0

    def run(self, *, is_undone: bool, write: Callable[[Done], Iterable[bytes]]) -> RowsBody:
        """-> what ``write`` makes of each operation that has run, as an array."""
        self._judge()
        connection = write_connection(self._request, self._make_tables)
        if is_undone:
            self._request.tm.doom()
        self._hold(connection)
        body = RowsBody(b"[", b",", b"]")
        for operation in self._operations:
            with self._at(operation):
                body.add_pieces(write(self._run(operation, connection)))
        self.revision = self._attempt.snapshot.state.definitions
        if self._new_tables is not None:
            self._log_tables(connection, self._new_tables, is_undone=is_undone)
        return body

    @contextmanager
    def _at(self, operation: Operation) -> Iterator[None]:
        """Errors tell the operation, and their pointers begin with its number."""
        context = self._context
        context.operation = operation.number
        try:
            yield
        except Faulty as error:
            raise error.below(operation.pointer) from error.__cause__
        except QueryError as error:
            if error.parameter.startswith("/"):
                error.members["parameter"] = f"{operation.pointer}{error.parameter}"
            raise
        context.operation = context.written = None

    # Before the transaction

    def _judge(self) -> None:
        """Find all tables, and all faults of operations that refer to no results."""
        faults: list[Invalid] = []
        for operation in self._operations:
            try:
                with self._at(operation):
                    if operation.kind == CREATE_TABLE:
                        writers_of_definitions(self._context, self._request)
                        continue
                    rows = None if self._maker_of(operation) is not None else self._rows(operation)
                    if rows is not None and not operation.is_marked:
                        self._judged[operation.number] = self._operation(operation, operation.document, rows)
            except Invalid as error:
                faults.append(error)
        if faults:
            self._context.operation = _operation_of(faults[0].problems[0].pointer)
            raise Invalid([fault for error in faults for fault in error.problems], sum(error.total for error in faults))

    def _operation(self, operation: Operation, document: dict[str, Any], rows: Rows) -> RowOperation:
        return RowOperation(operation.kind, document, rows, most=self._left, writing=self._context.writing)

    def _maker_of(self, operation: Operation) -> int | None:
        """The number of the earlier operation that makes the table of this one."""
        if operation.table is None or isinstance(operation.table, int):
            return operation.made_by
        key = name_key(operation.table)
        earlier = (made for made in self._new if made.number < operation.number and made.made_name is not None)
        return next((made.number for made in earlier if name_key(made.made_name or "") == key), None)

    def _rows(self, operation: Operation) -> Rows:
        """The rows of the operation's table, as it is now."""
        maker, key = self._maker_of(operation), operation.table
        if maker is not None:
            key = self._made[maker].id
        assert key is not None  # it refers to a new table, or names one
        model = table_of(self._attempt, key)
        self._context.writing(model)
        rows = self._services.get(model.definition.id)
        if rows is None or rows.model is not model:
            rows = row_service(self._attempt.catalogue, model, self._attempt.scopes, author=self._author)
            rows.use_linked()
            self._services[model.definition.id] = rows
        return rows

    # In the transaction

    def _make_tables(self, connection: sa.Connection) -> None:
        """Make all new tables at once, before the tables of rows are locked: if two batches had both locked a table,
        neither could link to it.
        """
        if not self._new:
            return
        attempt, catalogue = self._attempt, self._attempt.catalogue
        numbers = [operation.number for operation in self._new]

        def new_table(operation: Operation) -> NewTable:
            pointer, definition = f"{operation.pointer}/definition", operation.document["definition"]
            return NewTable(
                pointer,
                lambda ids: replaced(definition, lambda tokens, _: ids[numbers.index(int(tokens[0]))], pointer),
            )

        tables = NewTables(catalogue, [new_table(operation) for operation in self._new], principal=attempt.principal)
        self._context.operation = numbers[0]
        try:
            made, further = tables.make(connection, attempt.deadline)
        except DynmodelError as error:
            pointer = error.problems[0].pointer if isinstance(error, Faulty) else error.members.get("pointer")
            if pointer is not None:
                self._context.operation = _operation_of(pointer)
            raise
        self._context.operation = None
        attempt.adopt(catalogue.model(definition) for definition in (*made, *further))
        self._made = dict(zip(numbers, made, strict=True))
        self._new_tables = tables

    def _log_tables(self, connection: sa.Connection, tables: NewTables, *, is_undone: bool) -> None:
        self._attempt.confirm()
        self.revision = tables.log(connection, self._author).definitions
        self._attempt.settle()
        if not is_undone:
            hurry = self._attempt.catalogue.hurry
            self._request.tm.get().addAfterCommitHook(lambda is_committed: hurry() if is_committed else None)

    def _hold(self, connection: sa.Connection) -> None:
        """Lock the rows that the operations name, in one order for all batches, so that two never wait for each
        other's.
        """
        named: dict[int, tuple[Rows, set[int]]] = {}
        for judged in self._judged.values():
            if judged.row_id is not None:
                named.setdefault(judged.rows.model.definition.id, (judged.rows, set()))[1].add(judged.row_id)
        self._order_writers(connection)
        for _, (rows, ids) in sorted(named.items()):
            rows.hold(connection, sorted(ids))

    def _order_writers(self, connection: sa.Connection) -> None:
        """Batches whose rows are not known before wait for one another; after a deadlock with anybody, all do."""
        tables: dict[int, bool] = {}
        for operation in self._operations:
            judged = self._judged.get(operation.number)
            if judged is not None:
                found = judged.tables
            elif operation.kind == CREATE_TABLE or self._maker_of(operation) is not None:
                continue  # nobody else sees a new table
            else:
                found = {self._rows(operation).model.definition.id: operation.kind != "insert"}
            for table_id, is_alone in found.items():
                tables[table_id] = tables.get(table_id, False) or is_alone or self._attempt.number > 0
        self._attempt.database.dialect.order_writers(connection, tables)

    def _run(self, operation: Operation, connection: sa.Connection) -> Done:
        if operation.kind == CREATE_TABLE:
            return self._done_table(operation)
        rows = self._rows(operation)
        judged = self._judged.pop(operation.number, None)
        if judged is None or judged.rows is not rows:
            document = replaced(operation.document, self._results.find)
            judged = self._operation(operation, document, rows)
        if judged.count > self._left:
            raise too_many_rows(self._left)
        with rows.catalogue.noting() as notes:
            ids = judged.run(connection, self._left)
        self._left -= max(judged.count, len(ids))
        written = _written(rows, connection, ids, notes)
        self._results.keep_rows(operation.number, connection, rows, written, is_one=judged.is_one)

        def result() -> Iterator[bytes]:
            if judged.is_one:
                yield from self._shown(judged, connection, ids, written)
                return
            before = b"["
            for start in range(0, len(ids), CHUNK):
                part = slice(start, start + CHUNK)
                yield before + b",".join(self._shown(judged, connection, ids[part], written[part]))
                before = b","
            yield b"]" if ids else b"[]"

        return Done(self._attempt, operation, rows.model, result, notes, ids)

    def _done_table(self, operation: Operation) -> Done:
        definition = self._made[operation.number]
        document = table_document(definition)
        self._results.keep(operation.number, document)
        shown = document if self._shows_rows else {"id": definition.id, "version": definition.version}
        model = self._attempt.model(definition.id)
        assert model is not None  # it was adopted
        return Done(self._attempt, operation, model, lambda: [encode(shown)])

    def _shown(
        self, judged: RowOperation, connection: sa.Connection, ids: Sequence[int], written: Sequence[_Written]
    ) -> list[bytes]:
        brief = [encode(row) for row in written]
        if not self._shows_rows or judged.returning is None:
            return brief
        return [row or short for row, short in zip(judged.shown(connection, ids), brief, strict=True)]


def _written(
    rows: Rows, connection: sa.Connection, ids: Sequence[int], notes: Sequence[RowWrites]
) -> Sequence[_Written]:
    table_id = rows.model.definition.id
    versions = {row_id: version for note in notes if note.table_id == table_id for row_id, version in note.rows}
    left = [row_id for row_id in ids if row_id not in versions]
    if left:
        versions |= rows.versions(connection, left)
    return [{"id": row_id, "_version": versions[row_id]} if row_id in versions else None for row_id in ids]


def _operation_of(pointer: str) -> int | None:
    """The number of the operation in whose document a pointer is; None: it is the batch itself."""
    return int(pointer.split("/")[1]) if pointer else None
