"""One operation of a batch on rows of one table: judged when it is made, then run in the batch's transaction."""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.database.dialect import LARGEST_ID
from dynmodel_pyramid.definitions.problems import Problems, faults_at
from dynmodel_pyramid.errors import Invalid, Malformed, NotFound, Problem, TooLarge
from dynmodel_pyramid.fields.numerals import whole
from dynmodel_pyramid.fields.schema import json_type
from dynmodel_pyramid.queries import Query, read_document
from dynmodel_pyramid.rows.batch.reading import IGNORE, RESOLUTIONS
from dynmodel_pyramid.rows.encoding import json_rows
from dynmodel_pyramid.rows.entries import Columns, read_new
from dynmodel_pyramid.rows.filtered import Filtered
from dynmodel_pyramid.rows.nested import NestedRows, WriteTop, inserting
from dynmodel_pyramid.rows.querying import rules_of
from dynmodel_pyramid.rows.returning import Returning
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.rows.upserts import Upsert

#: (connection, how many rows a filter may find) -> the ids of the rows
_Run = Callable[[sa.Connection, int], Sequence[int]]


class RowOperation:
    """
    :param kind: of :data:`~.reading.KINDS`
    :param document: with values in the place of references
    :param most: how many rows it may have, nested ones included
    :param writing: called with the table of each row, if there may be others than this one's
    :raises Invalid: with every fault of the documents; pointers begin within the operation
    :raises Malformed: the table has no such uniqueness, or a query is malformed
    """

    def __init__(
        self,
        kind: str,
        document: dict[str, Any],
        rows: Rows,
        *,
        most: int,
        writing: Callable[[Model], None] = lambda model: None,
    ) -> None:
        self.kind, self.rows = kind, rows
        self._most, self._writing = most, writing
        self._nested: NestedRows | None = None
        self._document = document
        #: Whether the result is one row, not an array.
        self.is_one = "id" in document or (kind in ("insert", "upsert") and "row" in document)
        self.returning = None if kind == "delete" else Returning(rows, self._query("select"))
        self._run: _Run = getattr(self, f"_judged_{kind}")()

    @property
    def count(self) -> int:
        """How many rows the document has, or names by their ids."""
        if self._nested is not None:
            return self._nested.count
        if "rows" in self._document:
            return len(self._document["rows"])
        return 0 if "where" in self._document else 1

    @property
    def tables(self) -> dict[int, bool]:
        """The tables that are written, and whether rows of each are locked in an order that nobody knows before."""
        own = self.rows.model.definition
        is_unordered = "where" in self._document or self.kind == "upsert" or (self.kind == "delete" and own.referrers)
        further = {} if self._nested is None else self._nested.tables
        return further | {own.id: bool(is_unordered) or further.get(own.id, False)}

    @property
    def row_id(self) -> int | None:
        """The id of an existing row that is written."""
        row_id: int | None = self._document.get("id")
        return row_id

    def run(self, connection: sa.Connection, most: int) -> Sequence[int]:
        """Write; -> the ids of the rows, in the order of the documents.

        :param most: how many rows a filter may find
        :raises NotFound: there is no row with the id
        """
        return self._run(connection, most)

    def _query(self, name: str) -> Query:
        document = self._document
        return read_document({name: document[name]}, rules_of(self.rows.catalogue)) if name in document else Query()

    # What is in the document

    def _documents(self) -> tuple[list[Any], str]:
        """The rows, and their place."""
        if "row" in self._document:
            return [self._document["row"]], "/row"
        documents = self._document["rows"]
        if type(documents) is not list:
            raise Invalid([Problem("/rows", "wrong_type", f"want an array of rows, not {json_type(documents)}")])
        return documents, "/rows"

    def _id(self) -> int:
        row_id = whole(self._document["id"])
        if row_id is None or not 1 <= row_id <= LARGEST_ID:
            raise Invalid([Problem("/id", "wrong_type", "want the id of a row")])
        return row_id

    def _versions(self) -> list[int] | None:
        if self._document.get("version") is None:
            return None
        version = whole(self._document["version"])
        if version is None or not 0 <= version <= LARGEST_ID:
            raise Invalid([Problem("/version", "wrong_type", "want the row's _version")])
        return [version]

    # Judged; -> what runs

    def _with_nested(self, documents: list[Any], pointer: str, write: WriteTop, *, new: bool = False) -> _Run:
        """What writes each row with the rows in it."""
        pointers = pointer == "/rows"
        with faults_at(pointer):
            nested = self._nested = NestedRows(
                self.rows, documents, pointers=pointers, new=new, most=self._most, writing=self._writing
            )

        def run(connection: sa.Connection, most: int) -> Sequence[int]:
            with faults_at(pointer):
                return nested.write(connection, write)

        return run

    def _judged_insert(self) -> _Run:
        documents, pointer = self._documents()
        if "nested" in self._document:
            return self._with_nested(documents, pointer, inserting(self.rows), new=True)
        with faults_at(pointer):
            new = read_new(self.rows, documents, Columns(self.rows), pointers=not self.is_one)

        def run(connection: sa.Connection, most: int) -> Sequence[int]:
            with faults_at(pointer):
                return self.rows.insert(connection, new)

        return run

    def _judged_upsert(self) -> _Run:
        documents, pointer = self._documents()
        names, resolution, problems = self._document.get("on_conflict"), self._document.get("resolution"), Problems()
        if names is not None and not (type(names) is list and all(type(name) is str for name in names)):
            problems.add("/on_conflict", "wrong_type", "want an array of names of fields, or null")
        if resolution is not None and resolution not in RESOLUTIONS:
            problems.add("/resolution", "not_a_choice", f"want {' or '.join(RESOLUTIONS)}")
        problems.raise_if_any()
        ignore = resolution == IGNORE
        if "nested" in self._document:

            def write(connection: sa.Connection, document: Any) -> int:
                upsert = Upsert(self.rows, [document], names, pointers=False)
                upsert.run(connection)
                return upsert.entries[0].written_id

            return self._with_nested(documents, pointer, write)
        with faults_at(pointer):
            upsert = Upsert(self.rows, documents, names, ignore=ignore, pointers=not self.is_one)

        def run(connection: sa.Connection, most: int) -> Sequence[int]:
            with faults_at(pointer):
                upsert.run(connection)
            return [entry.written_id for entry in upsert.entries]

        return run

    def _judged_update(self) -> _Run:
        if "where" in self._document:
            return self._judged_filter(lambda found, connection: found.update(connection, self._document["row"]))
        return self._judged_row(self.rows.assign)

    def _judged_replace(self) -> _Run:
        return self._judged_row(self.rows.replace)

    def _judged_row(self, write: Callable[..., int | None]) -> _Run:
        row_id, versions = self._id(), self._versions()

        def write_row(connection: sa.Connection, document: Any) -> int:
            if write(connection, row_id, document, versions) is None:
                raise _missing(row_id)
            return row_id

        if "nested" in self._document:
            return self._with_nested([self._document["row"]], "/row", write_row)

        def run(connection: sa.Connection, most: int) -> Sequence[int]:
            with faults_at("/row"):
                return [write_row(connection, self._document["row"])]

        return run

    def _judged_delete(self) -> _Run:
        if "where" in self._document:
            return self._judged_filter(lambda found, connection: found.delete(connection))
        row_id, versions = self._id(), self._versions()

        def run(connection: sa.Connection, most: int) -> Sequence[int]:
            if not self.rows.delete(connection, row_id, versions):
                raise _missing(row_id)
            return [row_id]

        return run

    def _judged_filter(self, write: Callable[[Filtered, sa.Connection], list[int]]) -> _Run:
        found = Filtered(self.rows, self._query("where").root)

        def run(connection: sa.Connection, most: int) -> Sequence[int]:
            found.most = most
            try:
                with faults_at("/row"):
                    return write(found, connection)
            except Malformed as error:
                if error.code == "too_many_affected":
                    raise too_many_rows(most) from None
                raise

        return run

    # The result

    def shown(self, connection: sa.Connection, ids: Sequence[int]) -> list[bytes | None]:
        """The rows as JSON objects, as they are now and as ``select`` shows them; None: the caller may not read it."""
        assert self.returning is not None  # a deleted row is not shown
        rows = [row for part in self.returning.parts(connection, ids) for row in part]
        if len(rows) < len(ids):
            alone = [[row for part in self.returning.parts(connection, [row_id]) for row in part] for row_id in ids]
            return [self._text(found[0]) if found else None for found in alone]
        return [self._text(row) for row in rows]

    def _text(self, row: Sequence[Any]) -> bytes:
        assert self.returning is not None
        return json_rows(self.returning.names, [row])[1:-1]


def too_many_rows(most: int) -> TooLarge:
    return TooLarge(
        f"the operations before leave {most} rows to this one, and it concerns more (dynmodel.max_batch_rows)",
        hint="a batch is for few rows: any number of them goes to rows/",
    )


def _missing(row_id: int) -> NotFound:
    return NotFound(f"the table has no row {row_id}")
