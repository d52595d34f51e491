"""Rows that come in any number: judged and written a part at a time, in one transaction."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.definitions.problems import Problems
from dynmodel_pyramid.errors import Invalid
from dynmodel_pyramid.rows.entries import Columns, Faults, read_new
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.rows.upserts import Upsert, Upserted

#: Rows that are in memory at a time.
PART = 1000


@dataclass(frozen=True, slots=True)
class Document:
    """One document, and the faults that were found before, with pointers within it."""

    document: Any
    faults: Faults = field(default_factory=Faults)


@dataclass(frozen=True, slots=True)
class Merging:
    """How rows that are there are treated: see :class:`Upsert`."""

    on_conflict: Sequence[str] | None
    ignore: bool


class Import:
    """Writes documents as they come.

    The transaction begins with the first part that is good. When a fault is found, nothing more is written, but all
    that is left is judged, so that every fault is told.

    :param merging: None adds rows only
    """

    def __init__(self, rows: Rows, columns: Columns, merging: Merging | None = None):
        self.rows = rows
        self.columns = columns
        self.merging = merging
        self.count = 0
        self.inserted = 0
        self._problems = Problems()
        self._begun: sa.Connection | None = None
        #: The rows that were written over, so that two documents that are the same row are found in different parts.
        self._seen: set[int] = set()

    def run(
        self,
        documents: Iterable[Document],
        begin: Callable[[], sa.Connection],
        written: Callable[[sa.Connection, list[int]], None],
    ) -> None:
        """
        :param begin: begins the transaction
        :param written: told the ids of each part
        :raises Invalid: with every fault, and their total
        """
        source, first = iter(documents), 0
        while part := list(islice(source, PART)):
            write = self._read(part, first)
            first += len(part)
            if write is not None:
                self._begun = self._begun or begin()
                done = write(self._begun)
                self.count += len(done.ids)
                self.inserted += len(done.inserted)
                written(self._begun, done.ids)
        self._problems.raise_if_any()
        if self._begun is None:
            begin()

    def _read(self, part: list[Document], first: int) -> Callable[[sa.Connection], Upserted] | None:
        """What writes a part; None if it has faults, or one before it had."""
        if not any(each.faults for each in part):
            try:
                made = self._judge([each.document for each in part], first)
            except Invalid as error:
                self._note(error)
                return None
            return None if self._problems.total else made
        for number, each in enumerate(part, first):
            each.faults.tell(self._problems, f"/{number}")
            if not each.faults:
                try:
                    self._judge([each.document], number)
                except Invalid as error:
                    self._note(error)
        return None

    def _note(self, error: Invalid) -> None:
        for problem in error.problems:
            self._problems.add(problem.pointer, problem.code, problem.detail)
        self._problems.total += error.total - len(error.problems)

    def _judge(self, documents: list[Any], first: int) -> Callable[[sa.Connection], Upserted]:
        if self.merging is None:
            new = read_new(self.rows, documents, self.columns, pointers=True, first=first)

            def insert(connection: sa.Connection) -> Upserted:
                ids = self.rows.insert(connection, new)
                return Upserted(ids, frozenset(ids))

            return insert
        how = self.merging
        return Upsert(
            self.rows, documents, how.on_conflict, ignore=how.ignore, columns=self.columns, first=first, seen=self._seen
        ).run
