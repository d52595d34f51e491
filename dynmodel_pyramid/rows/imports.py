"""Any number of rows: all are validated and staged, outside of any lock, and then written in one transaction.

Only a part of them is in memory at a time. A single part is written directly; if there are more, valid rows are kept in
a temporary table (:mod:`~.staging`) or in a temporary file until all are validated.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.definitions.problems import Problems
from dynmodel_pyramid.errors import Faulty, Invalid
from dynmodel_pyramid.rows.entries import Columns, Entry, read_new
from dynmodel_pyramid.rows.parts import Batch, Item, Part, parts_of, plain_documents, size_of
from dynmodel_pyramid.rows.service import NewRows, Rows
from dynmodel_pyramid.rows.staged_upserts import StagedUpserts
from dynmodel_pyramid.rows.staging import StagedRows
from dynmodel_pyramid.rows.upserts import Upsert
from dynmodel_pyramid.rows.written_rows import WrittenRows

#: Bytes of valid rows up to which they stay in memory.
IN_MEMORY = 1_048_576

#: A validated part of the rows: new rows, or the entries of an upsert.
Judged = NewRows | list[Entry]
#: Called with the ids of written rows, part by part.
Written = Callable[[sa.Connection, Sequence[int]], None]


@dataclass(frozen=True, slots=True)
class Merging:
    """How existing rows are treated: see :class:`Upsert`."""

    on_conflict: Sequence[str] | None
    ignore: bool


class Transaction:
    """The transaction that writes; made for one import."""

    def begin(self) -> sa.Connection:
        """Begin it, on the connection of :meth:`stage` if there is one."""
        raise NotImplementedError

    def stage(self) -> sa.Connection:
        """A connection for a temporary table; the maker of this object closes it."""
        raise NotImplementedError

    def check(self) -> None:
        """Called for each part; raises where the import is to end, with nothing written."""

    def later(self, step: Callable[[], None]) -> None:
        """Run a step that only reads: after the commit, on the connection of :meth:`stage`, with the data as of the
        commit; or now, if the database can't keep that moment or nothing was staged.

        The transaction writes nothing after it.
        """
        step()


class Import:
    """Validates documents as they come, and writes them when all are valid.

    After a fault nothing is written, but the rest is still validated, so that all faults are reported.

    :param merging: None adds rows only
    :param pointers: whether the pointers of problems begin with the document's number
    :param position: gives the bytes of the body that were read so far, which bound a part
    """

    def __init__(
        self,
        rows: Rows,
        columns: Columns,
        merging: Merging | None = None,
        *,
        pointers: bool = True,
        position: Callable[[], int] = lambda: 0,
    ) -> None:
        self.rows = rows
        self.columns = columns
        self.merging = merging
        self.pointers = pointers
        self._position = position
        self.count = 0
        self.inserted = 0
        #: The id of the last row, if the rows are a single part.
        self.last_id: int | None = None
        self._problems = Problems()

    def run(self, documents: Iterable[Item], transaction: Transaction, written: Written | None = None) -> None:
        """
        :param written: called with the ids of the rows, part by part, inside the transaction or by
            :meth:`Transaction.later`
        :raises Invalid: with every fault, and their total
        """
        parts = parts_of(documents, self._position)
        first, second = next(parts, ()), next(parts, None)
        if second is None:
            judged = self._judged(first, 0)
            self._problems.raise_if_any()
            assert judged is not None  # there were no problems
            connection = transaction.begin()
            ids = self._write_part(connection, judged, None if self.merging is None else self._upsert([]))
            self.last_id = ids[-1] if ids else None
            if written is not None:
                written(connection, ids)
        elif self.merging is None and StagedRows.takes(self.rows):
            self._move(StagedRows(self.rows, transaction.stage()), [first, second], parts, transaction, written)
        else:
            self._keep([first, second], parts, transaction, written)

    # Judging

    def _judge_all(
        self,
        begun: list[Part],
        parts: Iterator[Part],
        keep: Callable[[Any], None],
        check: Callable[[], None],
    ) -> None:
        number = 0
        # No reference to a validated part remains.
        while (part := begun.pop(0) if begun else next(parts, None)) is not None:
            check()
            judged = self._judged(part, number)
            number += size_of(part)
            if not self._problems.total:
                keep(judged)
        self._problems.raise_if_any()

    def _judged(self, part: Part, first: int) -> Judged | None:
        """The rows of a part; None if it has faults, which are noted."""
        if isinstance(part, Batch):
            new = self._judged_columns(part, first)
            if new is not None:
                return new
            part = list(part.documents())
        plain = plain_documents(part)
        if plain is not None:
            try:
                return self._judge(plain, first)
            except Invalid as error:
                self._problems.include(error)
                return None
        for number, document in enumerate(part, first):
            if document.faults:
                document.faults.tell(self._problems, f"/{number}" if self.pointers else "")
            else:
                try:
                    self._judge([document.document], number)
                except Invalid as error:
                    self._problems.include(error)
        return None

    def _judged_columns(self, batch: Batch, first: int) -> NewRows | None:
        """New rows of a batch, judged by columns; None if there is a fault, or may be one, or rows are merged."""
        if batch.columns is None or self.merging is not None:
            return None
        columns = self.columns.of_columns(batch.columns, batch.count)
        if columns is None:
            return None
        return self.rows.read_columns(columns, batch.count, pointers=self.pointers, first=first)

    def _judge(self, documents: Sequence[Any], first: int) -> Judged:
        if self.merging is None:
            return read_new(self.rows, documents, self.columns, pointers=self.pointers, first=first)
        return self._upsert(documents, first).entries

    def _upsert(self, documents: Sequence[Any], first: int = 0, seen: WrittenRows | None = None) -> Upsert:
        how = self.merging
        assert how is not None
        return Upsert(
            self.rows,
            documents,
            how.on_conflict,
            ignore=how.ignore,
            columns=self.columns,
            pointers=self.pointers,
            first=first,
            seen=seen,
        )

    # Writing

    def _write_part(
        self,
        connection: sa.Connection,
        part: Judged,
        upsert: Upsert | None,
        *,
        above: int = 0,
        own_links: bool = True,
    ) -> list[int]:
        """
        :param above: and ``own_links``: see :meth:`Rows.insert`
        """
        if isinstance(part, NewRows):
            ids = self.rows.insert(connection, part, above=above, own_links=own_links)
            self.inserted += len(ids)
        else:
            assert upsert is not None  # where rows are merged
            done = upsert.run(connection, part, above=above, own_links=own_links)
            ids = done.ids
            self.inserted += len(done.inserted)
        self.count += len(ids)
        return ids

    def _write(self, connection: sa.Connection, parts: "Kept", noted: WrittenRows) -> None:
        rows = self.rows
        # Rows of one request may refer to one another, in any order, so links are checked when all rows are there.
        later = rows.links.refer_to_itself
        deferred = rows.catalogue.database.dialect.foreign_keys_deferred
        with deferred(connection) if later else nullcontext():
            upsert = None if self.merging is None else self._upsert([], seen=noted)
            for part in parts:
                if self._problems.total and later:
                    # Rows of the parts that are refused are missing.
                    self._note_missing_rows(connection, part, own=False)
                    continue
                try:
                    with connection.begin_nested():
                        ids = self._write_part(connection, part, upsert, above=parts.greatest_id, own_links=not later)
                except Faulty as error:
                    self._problems.include(error)
                else:
                    noted.add(ids)
            self._problems.raise_if_any()
            if later:
                for part in parts:
                    self._note_missing_rows(connection, part, own=True)
                self._problems.raise_if_any()

    def _note_missing_rows(self, connection: sa.Connection, part: Judged, *, own: bool | None) -> None:
        if isinstance(part, NewRows):
            values, pointers = part.values, part.places
        else:
            values, pointers = [entry.assigned for entry in part], [entry.pointer for entry in part]
        try:
            self.rows.resolve(connection, values, pointers)
            self.rows.links.refuse_missing_rows(connection, self.rows.scopes, values, pointers, own=own)
        except Invalid as error:
            self._problems.include(error)

    def _move(
        self,
        staged: StagedRows,
        begun: list[Part],
        parts: Iterator[Part],
        transaction: Transaction,
        written: Written | None,
    ) -> None:
        self._judge_all(begun, parts, staged.add, transaction.check)
        connection = transaction.begin()
        self.count = self.inserted = staged.move()
        self._show_later(transaction, connection, staged, written)

    def _keep(
        self,
        begun: list[Part],
        parts: Iterator[Part],
        transaction: Transaction,
        written: Written | None,
    ) -> None:
        stage = transaction.stage()
        staged, noted = self._staged_upserts(stage), WrittenRows(stage, self.rows.catalogue.database.dialect)
        with Kept() as valid_parts:

            def keep(part: Any) -> None:
                valid_parts.add(part)
                if staged is not None:
                    staged.add_entries(part)

            self._judge_all(begun, parts, keep, transaction.check)
            if staged is not None:
                staged.judge()
            connection = transaction.begin()
            done = None if staged is None else staged.write()
            if done is None:
                self._write(connection, valid_parts, noted)
            else:
                self.count, self.inserted = done
        self._show_later(transaction, connection, noted if done is None or staged is None else staged, written)

    def _staged_upserts(self, stage: sa.Connection) -> StagedUpserts | None:
        if self.merging is None:
            return None
        targets, ignore = self._upsert([]).targets, self.merging.ignore
        takes = StagedUpserts.takes_upserts(self.rows, targets)
        return StagedUpserts(self.rows, stage, targets, ignore=ignore) if takes else None

    @staticmethod
    def _show_later(
        transaction: Transaction, connection: sa.Connection, rows: StagedRows | WrittenRows, written: Written | None
    ) -> None:
        if written is None:
            return

        def show() -> None:
            ids: Sequence[int] = ()
            with closing(rows.ids()) as parts:
                for ids in parts:
                    written(connection, ids)
            if not ids:
                written(connection, ids)

        transaction.later(show)


class Kept:
    """Parts of valid rows, in a temporary file that only this process reads."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)
        #: The greatest id that a client gave to a new row; 0: none.
        self.greatest_id = 0

    def add(self, part: Judged) -> None:
        ids = part.ids if isinstance(part, NewRows) else [entry.row["id"] for entry in part]
        self.greatest_id = max([self.greatest_id, *[row_id for row_id in ids if row_id is not None]])
        pickle.dump(part, self._file, pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[Any]:
        end = self._file.tell()
        self._file.seek(0)
        while self._file.tell() < end:
            yield pickle.load(self._file)

    def __enter__(self) -> "Kept":
        return self

    def __exit__(self, *ignored: object) -> None:
        self._file.close()
