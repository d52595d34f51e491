"""Rows in one document with the rows that they link to, and with those that link to them (decision 23).

An object in a link, in a list of links or in a reverse side is a row of its own. It is one of these:

* with an ``id`` it is that existing row;
* with all fields of a unique rule it is the row that has these values, or a new one;
* else it is a new row.

Further members are assigned to an existing row. Linked rows are written first, then the row, then those that link to
it. Each write passes the row service, under the caller's scopes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.column_expressions import reverse_sides
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions.problems import Problems, escape, faults_at
from dynmodel_pyramid.errors import Conflict, Invalid, Problem, TooLarge
from dynmodel_pyramid.rows.entries import Columns, read_entries, read_new
from dynmodel_pyramid.rows.keys import UNREAD, KeyReader, RowKeys, missing_text
from dynmodel_pyramid.rows.permitted import row_service
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.rows.targets import BY_ID, Target, find_rows
from dynmodel_pyramid.rows.upserts import Upsert

#: The value of the preference, and of the member of an operation, that asks for it.
WRITE = "write"
#: Writes the row at the top from its document, with ids in the place of nested rows; -> its id.
WriteTop = Callable[[sa.Connection, Any], int]


@dataclass(slots=True)
class Row:
    """One row of the document.

    :param document: without its reverse sides
    :param links: the rows in its links, by the names that were sent; of a list with the ids that stand among them
    :param sides: the rows in its reverse sides, with the name of their link
    :param target: the uniqueness by which it is known; None of a new row, and of the one at the top
    """

    rows: Rows
    pointer: str
    document: dict[str, Any]
    links: dict[str, Any] = field(default_factory=dict)
    sides: list[tuple[str, "list[Row]"]] = field(default_factory=list)
    target: Target | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is new, and has no rows in it."""
        return self.target is None and not self.links and not self.sides

    @property
    def checked(self) -> dict[str, Any]:
        """The document with something in the place of nested rows that no validator looks at."""
        stand_ins = {
            name: RowKeys(tuple(UNREAD if type(item) is Row else item for item in value))
            if type(value) is list
            else UNREAD
            for name, value in self.links.items()
        }
        return self.document | stand_ins


class NestedRows:
    """The rows of documents; made before the transaction begins, so that all tables are known to the attempt.

    :param pointers: whether the pointers of problems begin with the document's number
    :param new: whether the rows at the top are new, and so can be judged now
    :param deepest: how many levels of rows there may be below the top; ``most``: how many rows in all
    :param writing: called with the table of each row before it is written
    :raises Invalid: with every fault that can be found before the rows are known
    :raises TooLarge: there are more rows
    """

    def __init__(
        self,
        rows: Rows,
        documents: Sequence[Any],
        *,
        pointers: bool,
        new: bool = True,
        most: int,
        writing: Callable[[Model], None] = lambda model: None,
    ) -> None:
        self._top, self._most, self._writing, self._is_new = rows, most, writing, new
        self._deepest: int = rows.catalogue.database.settings.max_nested_depth
        self._services: dict[int, Rows] = {rows.model.definition.id: rows}
        self._key_readers: dict[int, KeyReader] = {}
        #: The tables with rows that may exist.
        self._merged: set[int] = set()
        #: The ids of rows that objects with a key alone have named.
        self._known: dict[tuple[int, tuple[str, ...], Any], int] = {}
        self.count = 0
        problems = Problems()
        self._rows: list[Row | Any] = []
        for number, document in enumerate(documents):
            pointer = f"/{number}" if pointers else ""
            self._rows.append(self._read(rows, document, pointer, 0, problems))
            if new:
                self._judge_new(rows, self._rows[-1], pointer, problems)
        problems.raise_if_any()

    # Reading

    def _read(
        self,
        rows: Rows,
        document: Any,
        pointer: str,
        depth: int,
        problems: Problems,
        above: str = "",
        *,
        may_exist: bool = True,
    ) -> Any:
        """
        :param above: the link of the row whose value is the row above
        :param may_exist: whether the row above may have been there before, so that rows may link to it already
        """
        self.count += 1
        if self.count > self._most:
            raise TooLarge(
                f"there are more than {self._most} rows, nested ones included (dynmodel.max_batch_rows)",
                hint="send them in several requests",
            )
        if type(document) is not dict:
            return document  # what writes it names the fault
        row = Row(rows, pointer, dict(document))
        if depth:
            row.target = self._target_of(row, above, may_exist=may_exist)
        links = {field.name: (field, reference) for field, reference in rows.links.fields}
        sides = reverse_sides(rows.model)
        for name, value in document.items():
            present = rows.former_names.get(name, name)
            place = f"{pointer}/{escape(name)}"
            if not _has_objects(value) or not rows.exists(present) or (present not in links and present not in sides):
                continue
            if depth == self._deepest:
                detail = f"rows are nested at most {self._deepest} deep (dynmodel.max_nested_depth)"
                problems.add(place, "too_deep", detail)
            elif present in links:
                _, reference = links[present]
                far = rows.models(reference.table)
                if far is not None and (type(value) is dict) != reference.many:
                    row.links[name] = self._linked(self._service(far), value, place, depth + 1, problems)
            elif type(value) is list and not sides[present].many:
                near = rows.models(sides[present].table_id)
                if near is not None:
                    del row.document[name]
                    is_new = row.target is None if depth else self._is_new
                    link = near.definition.by_id[sides[present].field_id].name
                    side = self._side(self._service(near), link, value, place, depth + 1, problems, is_new=is_new)
                    row.sides.append((link, side))
        if depth:
            if row.target is not None:
                self._merged.add(rows.model.definition.id)
            self._judge_below(row, above, problems)
        return row

    def _linked(self, rows: Rows, value: Any, pointer: str, depth: int, problems: Problems) -> Any:
        if type(value) is dict:
            return self._read(rows, value, pointer, depth, problems)
        return [
            self._read(rows, item, f"{pointer}/{number}", depth, problems) if type(item) is dict else item
            for number, item in enumerate(value)
        ]

    def _side(
        self, rows: Rows, link: str, value: list[Any], pointer: str, depth: int, problems: Problems, *, is_new: bool
    ) -> list[Row]:
        below: list[Row] = []
        for number, item in enumerate(value):
            place = f"{pointer}/{number}"
            if type(item) is not dict:
                problems.add(place, "wrong_type", "want an object: a row that links to this one")
                continue
            sent = next((name for name in item if rows.former_names.get(name, name) == link), None)
            if sent is not None:
                problems.add(f"{place}/{escape(sent)}", "read_only", "the row above is its value: leave it out")
                continue
            below.append(self._read(rows, item, place, depth, problems, link, may_exist=not is_new))
        return below

    def _service(self, model: Model) -> Rows:
        """The rows of a table, for the same caller."""
        rows = self._services.get(model.definition.id)
        if rows is None:
            top = self._top
            rows = row_service(top.catalogue, model, top.scopes, author=top.author)
            rows.use_linked()
            self._services[model.definition.id] = rows
        return rows

    def _keys(self, rows: Rows) -> KeyReader:
        table_id = rows.model.definition.id
        if table_id not in self._key_readers:
            self._key_readers[table_id] = KeyReader(rows.scopes, rows.model)
        return self._key_readers[table_id]

    def _target_of(self, row: Row, above: str, *, may_exist: bool) -> Target | None:
        """The uniqueness by which a nested row is known."""
        names = row.rows.former_names
        given = {names.get(name, name) for name, value in row.document.items() if value is not None}
        if "id" in given:
            return BY_ID
        if may_exist:
            given.add(above)
        targets = (target for target in self._keys(row.rows).targets if target is not BY_ID)
        return next((target for target in targets if given.issuperset(target.names)), None)

    # Judging, as far as it can be done before the transaction

    def _judge_new(self, rows: Rows, row: Any, pointer: str, problems: Problems) -> None:
        document = row.checked if type(row) is Row else row
        with _noting(problems, pointer):
            # Which grant allows the row is decided when its values are known.
            Rows.read(rows, [document], pointers=False)

    def _judge_below(self, row: Row, above: str, problems: Problems) -> None:
        document = row.checked | ({above: UNREAD} if above else {})
        if row.target is None:
            self._judge_new(row.rows, Row(row.rows, row.pointer, document), row.pointer, problems)
            return
        with _noting(problems, row.pointer):
            names = row.target.names
            read_entries(row.rows, [document], Columns(row.rows), pointers=False, known_by=names)

    @property
    def tables(self) -> dict[int, bool]:
        """The tables that are written; whether existing rows of each may be written, which come in no order."""
        return {table_id: table_id in self._merged for table_id in self._services}

    # Writing

    def order(self, connection: sa.Connection) -> None:
        """Wait for other writers of rows that may exist, before any row is locked."""
        self._top.catalogue.database.dialect.order_writers(connection, self.tables)

    def write(self, connection: sa.Connection, write_top: WriteTop) -> list[int]:
        """Write all rows; -> the ids of those at the top.

        :raises Invalid: with the faults of one row
        """
        return [self._write_row(connection, row, write_top) for row in self._rows]

    def _write_row(self, connection: sa.Connection, row: Any, write: WriteTop) -> int:
        if type(row) is not Row:
            return write(connection, row)
        document = dict(row.document)
        for name, value in row.links.items():
            if type(value) is list:
                document[name] = [self._write_below(connection, item) for item in value]
            else:
                document[name] = self._write_below(connection, value)
        self._writing(row.rows.model)
        row_id = write(connection, document)
        for link, rows in row.sides:
            for is_plain, run in groupby(rows, attrgetter("is_plain")):
                if is_plain:
                    self._insert_all(connection, list(run), {link: row_id})
                else:
                    for below in run:
                        self._write_below(connection, below, {link: row_id})
        return row_id

    def _insert_all(self, connection: sa.Connection, rows: Sequence[Row], above: Mapping[str, int]) -> None:
        """Add new rows, which stand one after the other in an array, at once."""
        service = rows[0].rows
        self._writing(service.model)
        pointer, _, first = rows[0].pointer.rpartition("/")
        with faults_at(pointer):
            documents = [{**row.document, **above} for row in rows]
            new = read_new(service, documents, Columns(service), pointers=True, first=int(first))
            service.insert(connection, new)

    def _write_below(self, connection: sa.Connection, row: Any, above: Mapping[str, int] = {}) -> Any:
        if type(row) is not Row:
            return row  # an id in a list

        def write(connection: sa.Connection, document: Any) -> int:
            with faults_at(row.pointer):
                document = {**document, **above}
                if row.target is None:
                    return inserting(row.rows)(connection, document)
                if row.target == BY_ID:
                    return self._assign(connection, row.rows, document)
                return self._merge(connection, row.rows, row.target, document)

        return self._write_row(connection, row, write)

    @staticmethod
    def _assign(connection: sa.Connection, rows: Rows, document: dict[str, Any]) -> int:
        row_id: int = document["id"]
        values = {name: value for name, value in document.items() if name != "id"}
        # A row that is only linked to is looked up with the link.
        if values and rows.assign(connection, row_id, values) is None:
            raise Invalid([Problem("/id", "unknown_row", missing_text(f"id {row_id}"))])
        return row_id

    def _merge(self, connection: sa.Connection, rows: Rows, target: Target, document: dict[str, Any]) -> int:
        """Write a row that is known by a unique rule."""
        names = rows.former_names
        key = {name: value for name, value in document.items() if names.get(name, name) in target.names}
        problems = Problems()
        read = self._keys(rows).read(key, "", problems)
        problems.raise_if_any()
        assert read is not None  # or there are problems
        #: What is left to be assigned.
        others = {name: value for name, value in document.items() if name not in key}
        known = rows.model.definition.id, target.names, target.folded(read.values)
        if not others and known in self._known:
            return self._known[known]
        source, values = rows.scope.view.source(), rows.scope.values
        found = find_rows(connection, source, target, [(0, read.row)], {"compiled_cache": None}, values)
        row_id = found.get(0)
        if row_id is None:
            upsert = Upsert(rows, [document], target.names, ignore=True, pointers=False)
            is_new = upsert.run(connection).inserted
            row_id = upsert.entries[0].written_id
            if not is_new and not rows.versions(connection, [row_id]):
                raise Conflict("another row has the same values", code="unique_violation")
            others = {} if is_new else others
        if others:
            rows.assign(connection, row_id, others)
        self._known[known] = row_id
        return row_id


def inserting(rows: Rows, columns: Columns | None = None) -> WriteTop:
    """What adds a row."""

    def write(connection: sa.Connection, document: Any) -> int:
        return rows.insert(connection, read_new(rows, [document], columns or Columns(rows), pointers=False))[0]

    return write


def _has_objects(value: Any) -> bool:
    return type(value) is dict or (type(value) is list and any(type(item) is dict for item in value))


@contextmanager
def _noting(problems: Problems, pointer: str) -> Iterator[None]:
    """Note the faults of a document that stands at this place."""
    try:
        yield
    except Invalid as error:
        problems.include(error.below(pointer))
