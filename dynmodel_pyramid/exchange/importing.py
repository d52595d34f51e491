"""Rows of a file into a table that is there, for scripts: one transaction, or one for each part of the rows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

from dynmodel_pyramid.access.scopes import console_scopes
from dynmodel_pyramid.catalogue.attempt import Attempt, Stale
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.errors import Busy, NotFound
from dynmodel_pyramid.exchange.binding import documents_of
from dynmodel_pyramid.exchange.contents import Contents, Note
from dynmodel_pyramid.exchange.marks import Mark
from dynmodel_pyramid.rows.entries import Columns
from dynmodel_pyramid.rows.imports import Import, Merging, Transaction
from dynmodel_pyramid.rows.lenient import LenientImport
from dynmodel_pyramid.rows.parts import Item, one_by_one, size_of
from dynmodel_pyramid.rows.permitted import row_service
from dynmodel_pyramid.rows.refused import RawTexts, Sink
from dynmodel_pyramid.rows.service import Rows

_Item = TypeVar("_Item", bound=Item)

#: Gives the contents of a file from its beginning; the reader notes the texts of its records, if it is asked to.
Open = Callable[[Note | None], Contents]
#: What reads the documents of one attempt.
Documents = Callable[[Rows, Columns, Note | None], Iterable[Item]]
#: A step of a transaction before its rows are written.
First = Callable[[sa.Connection], None]
#: How often an import begins again because a definition has changed.
ATTEMPTS = 5
#: After how many rows a watcher is told.
TOLD = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What becomes of the rows.

    :param columns: the fields that are read; None: all
    :param merging: None: rows are only added
    :param refused: makes what is called with each bad row, for each attempt anew; the good rows are written. None: bad
        rows are faults of all
    """

    table: str
    columns: Sequence[str] | None = None
    merging: Merging | None = None
    refused: Callable[[], Sink] | None = None


@dataclass(slots=True)
class Done:
    """How many rows were written, how many of them are new, and how many others were refused."""

    count: int = 0
    inserted: int = 0
    refused: int = 0


def import_file(
    catalogue: Catalogue,
    wanted: Wanted,
    open: Open,
    *,
    watch: Callable[[int], None] = lambda count: None,
    position: Callable[[], int] = lambda: 0,
) -> Done:
    """Write all rows of a file in one transaction.

    :param open: gives the contents from the beginning; called again after a change of the definition
    :param watch: told how many rows were read so far
    :param position: see :class:`~dynmodel_pyramid.rows.imports.Import`
    :raises NotFound: there is no such table
    :raises Invalid: with the faults of the rows
    """

    def run(rows: Rows, columns: Columns, note: Note | None) -> Iterable[Item]:
        return watched(documents_of(open(note), rows, columns), watch)

    return _attempted(catalogue, wanted, run, position)


def import_parts(
    catalogue: Catalogue,
    wanted: Wanted,
    open: Open,
    *,
    size: int,
    mark: Mark,
    skip: int = 0,
    watch: Callable[[int], None] = lambda count: None,
) -> Iterator[Done]:
    """Write the rows of a file in parts, each in a transaction of its own; -> what is done after each of them.

    :param size: how many rows a part has; they are in memory together
    :param mark: moved with each part
    :param skip: how many rows at the beginning are left out, because an earlier run has written them; the mark is there
    :raises Invalid: with the faults of the rows of one part; their numbers count from its first row
    """
    _, rows = _rows(Attempt(catalogue), catalogue, wanted.table)
    documents = watched(one_by_one(documents_of(open(None), rows, Columns(rows, wanted.columns))), watch)
    for _ in islice(documents, skip):
        pass
    done = Done()
    while part := list(islice(documents, size)):
        before = skip + done.count
        moves = partial(mark.move, before=before, after=before + len(part))
        written = _attempted(catalogue, wanted, lambda rows, columns, note: iter(part), first=moves)
        done = Done(done.count + written.count, done.inserted + written.inserted)
        yield done


def mark_of(catalogue: Catalogue, wanted: Wanted, file: object) -> Mark:
    """The mark of the import of a file.

    :param file: tells the file from others
    :raises NotFound: there is no such table
    """
    _, rows = _rows(Attempt(catalogue), catalogue, wanted.table)
    return Mark(catalogue.database, (file, rows.model.definition.id, wanted.columns, wanted.merging))


def watched(documents: Iterable[_Item], watch: Callable[[int], None]) -> Iterator[_Item]:
    count = told = 0
    for document in documents:
        yield document
        count += size_of(document)
        if count - told >= TOLD:
            watch(count)
            told = count
    watch(count)


def _attempted(
    catalogue: Catalogue,
    wanted: Wanted,
    documents: Documents,
    position: Callable[[], int] = lambda: 0,
    first: First = lambda connection: None,
) -> Done:
    for number in range(ATTEMPTS):
        attempt = Attempt(catalogue, number)
        try:
            return _written(attempt, wanted, documents, position, first)
        except Stale:
            continue
        except sa.exc.DBAPIError:
            if not attempt.is_stale():
                raise
    raise Busy(f"the definition of {wanted.table} changed {ATTEMPTS} times while rows were written")


def _rows(attempt: Attempt, catalogue: Catalogue, table: str) -> tuple[Attempt, Rows]:
    model = attempt.model(int(table) if table.isdecimal() else table)
    if model is None:
        raise NotFound(f"there is no table {table!r}", hint="--create makes it")
    return attempt, row_service(catalogue, model, console_scopes(attempt.model))


def _written(
    attempt: Attempt,
    wanted: Wanted,
    documents: Documents,
    position: Callable[[], int],
    first: First,
) -> Done:
    _, rows = _rows(attempt, attempt.catalogue, wanted.table)
    rows.use_linked()
    columns = Columns(rows, wanted.columns)
    transaction = _OwnTransaction(attempt, first)
    with RawTexts() as texts:
        refusing = None if wanted.refused is None else wanted.refused()
        if refusing is None:
            importer = Import(rows, columns, wanted.merging, position=position)
        else:
            importer = LenientImport(rows, columns, wanted.merging, refused=refusing, raws=texts, position=position)
        try:
            importer.run(documents(rows, columns, None if refusing is None else texts.add), transaction)
            transaction.commit()
        finally:
            transaction.close()
    refused = importer.refused_count if isinstance(importer, LenientImport) else 0
    return Done(importer.count, importer.inserted, refused)


class _OwnTransaction(Transaction):
    """The transaction of a script; it is proven before it is committed."""

    def __init__(self, attempt: Attempt, first: First) -> None:
        self._attempt, self._database, self._first = attempt, attempt.database, first
        self._staged: sa.Connection | None = None
        self._connection: sa.Connection | None = None

    def stage(self) -> sa.Connection:
        self._staged = self._database.staging()
        return self._staged

    def begin(self) -> sa.Connection:
        if self._staged is None:
            connection = self._connection = self._database.writer.connect()
        else:
            connection = self._staged
            self._database.writes_from_now_on(connection)
        connection.begin()
        self._attempt.open(connection, writes=True)
        self._first(connection)
        return connection

    def commit(self) -> None:
        self._attempt.confirm()
        connection: Any = self._connection if self._staged is None else self._staged
        connection.get_transaction().commit()
        self._attempt.catalogue.committed(connection)

    def close(self) -> None:
        """Roll back what was not committed."""
        if self._staged is not None:
            self._database.unstage(self._staged)
        if self._connection is not None:
            self._connection.close()
