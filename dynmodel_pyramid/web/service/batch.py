"""``/batch/``: operations on rows of several tables, in one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
import sqlalchemy as sa
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.catalogue.watching import RowWrites
from dynmodel_pyramid.errors import Invalid
from dynmodel_pyramid.queries import QueryError
from dynmodel_pyramid.rows.batch.operations import RowOperation, too_many_rows
from dynmodel_pyramid.rows.batch.reading import Operation, read_operations
from dynmodel_pyramid.rows.batch.references import replaced
from dynmodel_pyramid.rows.batch.results import Results
from dynmodel_pyramid.rows.permitted import row_service
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.web.http.answers import RowsBody, empty_answer, json_answer
from dynmodel_pyramid.web.http.body import longest_document, read_json
from dynmodel_pyramid.web.http.methods import add_resource_view
from dynmodel_pyramid.web.http.parameters import author_of, no_parameters
from dynmodel_pyramid.web.http.permissions import by_grants
from dynmodel_pyramid.web.http.preferences import RETURNS, PreferenceRules
from dynmodel_pyramid.web.http.transactions import write_connection
from dynmodel_pyramid.web.resources import Batch, table_of
from dynmodel_pyramid.web.rows.face import refuse_preferences

PREFERENCES = PreferenceRules(
    known={"return": RETURNS, "handling": ("strict", "lenient"), "tx": ("commit", "rollback")},
    heeded={"POST": ("return", "handling", "tx")},
    refuse=refuse_preferences,
)
#: Of a row: what every result has.
_Written = dict[str, Any]


def includeme(config: Configurator) -> None:
    add_resource_view(config, Batch, {"POST": run_batch}, by_grants)


def run_batch(context: Batch, request: Request) -> Response:
    no_parameters(request)
    preferences = PREFERENCES.read(request)
    batch = _Batch(context, request, read_json(request), shows_rows=preferences["return"] in (None, "representation"))
    body = batch.run(is_undone=preferences["tx"] == "rollback")
    if preferences["return"] == "headers-only":
        answer = empty_answer(204)
    else:
        answer = json_answer(b"")
        body.answer(answer)
    preferences.tell(answer)
    answer.headers["Definitions-Revision"] = str(context.attempt.snapshot.state.definitions)
    return answer


class _Batch:
    """One batch; made before the transaction begins.

    :param shows_rows: whether the results are whole rows
    """

    def __init__(self, context: Batch, request: Request, document: Any, *, shows_rows: bool) -> None:
        self._context, self._request = context, request
        self._attempt, self._shows_rows = context.attempt, shows_rows
        settings = request.registry.dynmodel_settings
        self._left = settings.max_batch_rows
        self._operations = read_operations(document, settings.max_batch_operations)
        self._results = Results(self._operations, longest_document(request))
        self._services: dict[int, Rows] = {}
        self._author = author_of(request)
        #: The operations without references, by their numbers.
        self._judged: dict[int, RowOperation] = {}

    def run(self, *, is_undone: bool) -> RowsBody:
        """-> the results."""
        self._judge()
        connection = write_connection(self._request)
        if is_undone:
            self._request.tm.doom()
        self._hold(connection)
        body = RowsBody(b"[", b",", b"]")
        for operation in self._operations:
            with self._at(operation):
                body.add(self._run(operation, connection))
        return body

    @contextmanager
    def _at(self, operation: Operation) -> Iterator[None]:
        """Errors tell the operation, and their pointers begin with its number."""
        context = self._context
        context.operation = operation.number
        try:
            yield
        except Invalid as error:
            raise error.below(operation.pointer) from None
        except QueryError as error:
            if error.parameter.startswith("/"):
                error.members["parameter"] = f"{operation.pointer}{error.parameter}"
            raise
        context.operation = context.model = None

    # Before the transaction

    def _judge(self) -> None:
        """Find all tables, and all faults of operations that refer to no results."""
        problems: list[Invalid] = []
        for operation in self._operations:
            try:
                with self._at(operation):
                    rows = self._rows(operation)
                    if not operation.is_marked:
                        self._judged[operation.number] = RowOperation(operation.kind, operation.document, rows)
            except Invalid as error:
                problems.append(error)
        if problems:
            self._context.operation = int(problems[0].problems[0].pointer.split("/")[1])
            raise Invalid(
                [fault for error in problems for fault in error.problems], sum(error.total for error in problems)
            )

    def _rows(self, operation: Operation) -> Rows:
        """The rows of the operation's table."""
        key = operation.table
        assert isinstance(key, int | str)
        model = table_of(self._attempt, key)
        self._context.model = model
        rows = self._services.get(model.definition.id)
        if rows is None:
            rows = row_service(self._attempt.catalogue, model, self._attempt.scopes, author=self._author)
            rows.use_linked()
            self._services[model.definition.id] = rows
        return rows

    # In the transaction

    def _hold(self, connection: sa.Connection) -> None:
        """Lock the rows that the operations name, in one order for all batches, so that two never wait for each
        other's.
        """
        named: dict[int, tuple[Rows, set[int]]] = {}
        for judged in self._judged.values():
            if judged.row_id is not None:
                named.setdefault(judged.rows.model.definition.id, (judged.rows, set()))[1].add(judged.row_id)
        for _, (rows, ids) in sorted(named.items()):
            rows.hold(connection, sorted(ids))

    def _run(self, operation: Operation, connection: sa.Connection) -> bytes:
        """Run one operation; -> its result."""
        rows = self._rows(operation)
        judged = self._judged.pop(operation.number, None)
        if judged is None:
            document = replaced(operation.document, self._results.find)
            judged = RowOperation(operation.kind, document, rows)
        if judged.count > self._left:
            raise too_many_rows(self._left)
        with rows.catalogue.noting() as notes:
            ids = judged.run(connection, self._left)
        self._left -= len(ids)
        written = _written(rows, connection, ids, notes)
        self._results.keep_rows(operation.number, connection, rows, written, is_one=judged.is_one)
        shown = self._shown(judged, connection, ids, written)
        return shown[0] if judged.is_one else b"[" + b",".join(shown) + b"]"

    def _shown(
        self, judged: RowOperation, connection: sa.Connection, ids: Sequence[int], written: Sequence[_Written | None]
    ) -> list[bytes]:
        brief = [orjson.dumps(row) for row in written]
        if not self._shows_rows or judged.returning is None:
            return brief
        return [row or short for row, short in zip(judged.shown(connection, ids), brief, strict=True)]


def _written(
    rows: Rows, connection: sa.Connection, ids: Sequence[int], notes: Sequence[RowWrites]
) -> list[_Written | None]:
    """The id and the version of each row; None of an existing row that was left as it is, and that the caller may not
    read.
    """
    table_id = rows.model.definition.id
    versions = {row_id: version for note in notes if note.table_id == table_id for row_id, version in note.rows}
    left = [row_id for row_id in ids if row_id not in versions]
    if left:
        versions |= rows.versions(connection, left)
    return [{"id": row_id, "_version": versions[row_id]} if row_id in versions else None for row_id in ids]
