"""Imports that keep the good rows: bad ones are left out, and told (:mod:`~.refused`).

Rows are judged as by :class:`~.imports.Import`, which reads them one by one where a part of them has faults. What only
the database knows is found when they are written: each part under a savepoint, and without its bad rows again. So the
good rows are written as if the others had not been sent. Of several rows with the same unique value the first one is
good.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.definitions.problems import VIOLATED, Problems, escape
from dynmodel_pyramid.errors import Conflict, Faulty, Forbidden, Problem
from dynmodel_pyramid.rows.entries import Columns, Entry
from dynmodel_pyramid.rows.imports import Import, Judged, Kept, Merging, Transaction, Written
from dynmodel_pyramid.rows.parts import Batch, Item, Part, Run, one_by_one, parts_of, plain_documents, size_of
from dynmodel_pyramid.rows.refused import RawTexts, Refused, Sink
from dynmodel_pyramid.rows.service import NewRows, Rows
from dynmodel_pyramid.rows.upserts import Upsert
from dynmodel_pyramid.rows.violations import OF_ROWS, Candidate, sift, told
from dynmodel_pyramid.rows.written_rows import WrittenRows

#: The most times that all rows are written anew because some link to rows of the same import that were left out.
ROUNDS = 20
_FAULTS = (Faulty, Forbidden, Conflict, sa.exc.DBAPIError)


class LenientImport(Import):
    """
    :param refused: called with each row that is left out, in no certain order
    :param raws: the texts of the records
    """

    def __init__(
        self,
        rows: Rows,
        columns: Columns,
        merging: Merging | None = None,
        *,
        refused: Sink,
        raws: RawTexts | None = None,
        position: Callable[[], int] = lambda: 0,
    ) -> None:
        super().__init__(rows, columns, merging, position=position)
        self.refused_count = 0
        self._sink, self._raws = refused, raws
        #: How many documents there were.
        self._total = 0
        #: Which rows are left out, by their numbers; only where rows may link to one another.
        self._gone = bytearray()

    def run(self, documents: Iterable[Item], transaction: Transaction, written: Written | None = None) -> None:
        """
        :raises Invalid: all rows are bad, or too many link to bad ones
        :raises Violation: all rows are bad
        :raises Forbidden: the caller may add no row, whatever it is
        """
        self._refuse_strangers()
        parts = parts_of(documents, self._position)
        first, second = next(parts, ()), next(parts, None)
        if second is None:
            good = self._good(first)
            self._refuse_none_left()
            connection = transaction.begin()
            ids = self._write_good(connection, good, self._merger())
            self._refuse_none_left()
            self.last_id = ids[-1] if ids else None
            if written is not None:
                written(connection, ids)
            return
        stage = transaction.stage()
        noted = WrittenRows(stage, self.rows.catalogue.database.dialect)
        with Kept() as kept:
            begun = [first, second]
            while (part := begun.pop(0) if begun else next(parts, None)) is not None:
                transaction.check()
                kept.add(self._good(part))
            self._refuse_none_left()
            connection = transaction.begin()
            self._write_rounds(connection, kept, noted)
            self._refuse_none_left()
        self._show_later(transaction, connection, noted, written)

    def rehearse(self, documents: Iterable[Item], take: Callable[[Judged], None]) -> None:
        """Judge documents without a transaction, and write nothing: faults that only the database knows are not found.

        :param take: called with the good rows, part by part
        """
        self._refuse_strangers()
        for part in parts_of(documents, self._position):
            take(self._good(part))

    def _refuse_strangers(self) -> None:
        if self.merging is not None:
            self._upsert([])
            return
        permits = self.rows.permits("create")
        if permits is not None:
            permits.refuse_none()

    def _refuse_none_left(self) -> None:
        if self._total and self.refused_count == self._total:
            self._problems.raise_if_any()

    def _refuse(self, number: int, problems: Sequence[Problem]) -> None:
        self.refused_count += 1
        for problem in problems:
            self._problems.put(problem)
        if self._gone:
            self._gone[number] = True
        line, raw = (None, None) if self._raws is None else self._raws.get(number)
        self._sink(Refused(number, line, problems, raw))

    # Judging

    def _good(self, part: Part) -> Judged:
        """The good rows of a part."""
        first = self._total
        self._total += size_of(part)
        if isinstance(part, Batch):
            try:
                new = self._judged_columns(part, first)
            except Forbidden:
                new = None  # some of them are bad
            if new is not None:
                return new
            part = list(part.documents())
        plain = plain_documents(part)
        if plain is not None:
            try:
                return self._judge(plain, first)
            except (Faulty, Forbidden):
                pass  # some of them are bad
        judged: list[Judged] = []
        for number, document in enumerate(one_by_one([part] if isinstance(part, Run) else part), first):
            if document.faults:
                problems = Problems()
                document.faults.tell(problems, f"/{number}")
                self._refuse(number, problems.found)
                continue
            try:
                judged.append(self._judge([document.document], number))
            except Faulty as error:
                self._refuse(number, error.problems)
            except Forbidden as error:
                self._refuse(number, [Problem(f"/{number}", error.code, error.detail)])
        return [] if self.merging is None and not judged else _joined(judged)

    # Writing

    def _merger(self, noted: WrittenRows | None = None) -> Upsert | None:
        return None if self.merging is None else self._upsert([], seen=noted)

    def _write_good(
        self,
        connection: sa.Connection,
        part: Judged,
        merger: Upsert | None,
        *,
        above: int = 0,
        own_links: bool = True,
    ) -> list[int]:
        """Write the rows of a part that the database takes; -> their ids. For the others see :meth:`Rows.insert`."""
        ids: list[int] = []
        numbers = _numbers(part)
        places = [place for place, number in enumerate(numbers) if not (self._gone and self._gone[number])]

        def write(places: Sequence[int]) -> None:
            some = _some(part, places)
            ids.extend(self._write_part(connection, some, merger, above=above, own_links=own_links))

        def explain(places: Sequence[int], error: Exception) -> Mapping[int, object]:
            place_of = {numbers[place]: place for place in places}
            bad = self._faults(error, list(place_of))
            for number, problems in bad.items():
                self._refuse(number, problems)
            return {place_of[number]: None for number in bad}

        if places:
            sift(connection, places, write, explain, _FAULTS)
        return ids

    def _faults(self, error: Exception, numbers: Sequence[int]) -> dict[int, list[Problem]]:
        """The bad rows among these, with their faults; none if they have to be tried one by one.

        :raises Exception: the error is not the fault of rows
        """
        found: dict[int, list[Problem]] = {}
        known = {str(number): number for number in numbers}
        for problem in error.every if isinstance(error, Faulty | Forbidden) else ():
            number = known.get(problem.pointer[1:].partition("/")[0])
            if number is not None:
                found.setdefault(number, []).append(problem)
        if found:
            return found
        if isinstance(error, Faulty):
            problem = error.problems[0]
        elif isinstance(error, sa.exc.DBAPIError):
            problem = self._told(error)
        else:
            assert isinstance(error, Conflict | Forbidden)
            if isinstance(error, Conflict) and not error.code.endswith(VIOLATED):
                raise error
            problem = Problem("", error.code, error.detail)
        number = numbers[0]
        return {number: [replace(problem, pointer=f"/{number}{problem.pointer}")]} if len(numbers) == 1 else {}

    def _told(self, error: sa.exc.DBAPIError) -> Problem:
        failure = self.rows.catalogue.database.failure(error)
        if failure.kind not in OF_ROWS:
            raise error
        return told(self.rows, failure, Candidate("", {}))

    def _write_rounds(self, connection: sa.Connection, parts: Kept, noted: WrittenRows) -> None:
        later = self.rows.links.refer_to_itself
        merger = self._merger(noted)
        if later:
            self._gone = bytearray(self._total)
        deferred = self.rows.catalogue.database.dialect.foreign_keys_deferred
        for _ in range(ROUNDS):
            self.count = self.inserted = 0
            # Rows of one request may refer to one another, in any order, so links are checked when all rows are there.
            with deferred(connection) if later else nullcontext():
                with connection.begin_nested() as savepoint:
                    for part in parts:
                        noted.add(
                            self._write_good(connection, part, merger, above=parts.greatest_id, own_links=not later)
                        )
                    if not later or not self._refuse_own(connection, parts):
                        return
                    savepoint.rollback()
            noted.forget()
        self._problems.raise_if_any()

    def _refuse_own(self, connection: sa.Connection, parts: Iterable[Judged]) -> bool:
        """Leave out rows whose links to the same table name no row; -> whether there are any."""
        before, dead = self.refused_count, set[int]()
        for part in parts:
            numbers = _numbers(part)
            places = [place for place, number in enumerate(numbers) if not self._gone[number]]
            while places:
                some = _some(part, places)
                bad = self._unlinked(connection, some, dead)
                ids = dict(zip(_numbers(some), _ids(some), strict=True))
                for number, problems in bad.items():
                    self._refuse(number, problems)
                    row_id = ids[number]
                    if row_id is not None:
                        dead.add(row_id)
                if not bad:
                    break
                places = [place for place in places if not self._gone[numbers[place]]]
        return self.refused_count > before

    def _unlinked(self, connection: sa.Connection, part: Judged, dead: set[int]) -> dict[int, list[Problem]]:
        """The rows of a part that link to no row, or to one of those that are left out now."""
        rows, numbers = self.rows, _numbers(part)
        values = part.values if isinstance(part, NewRows) else [entry.assigned for entry in part]
        pointers = [f"/{number}" for number in numbers]
        try:
            rows.resolve(connection, values, pointers)
            rows.links.refuse_missing_rows(connection, rows.scopes, values, pointers, own=True)
        except Faulty as error:
            return self._faults(error, numbers)
        found: dict[int, list[Problem]] = {}
        for number, row in zip(numbers, values, strict=True):
            for name, row_id in _linked(rows, row):
                if row_id in dead:
                    detail = f"the row {row_id}, which is linked to, is refused"
                    found.setdefault(number, []).append(Problem(f"/{number}/{escape(name)}", "unknown_row", detail))
        return found


def _linked(rows: Rows, row: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The ids to which a row links in its own table, each with the field's name."""
    for field, reference in rows.links.fields:
        value = row.get(field.name)
        if reference.table == rows.links.table_id and value is not None:
            for row_id in value if reference.many else (value,):
                yield field.name, row_id


def _numbers(part: Judged) -> list[int]:
    return list(part.numbers) if isinstance(part, NewRows) else [entry.number for entry in part]


def _ids(part: Judged) -> list[int | None]:
    return part.ids if isinstance(part, NewRows) else [entry.row["id"] for entry in part]


def _some(part: Judged, places: Sequence[int]) -> Judged:
    """Copies of the rows at these places: a write may change its rows, and may be undone."""
    if isinstance(part, NewRows):
        return part.some(places)
    return [
        replace(
            entry,
            document=dict(entry.document),
            values=dict(entry.values),
            row=dict(entry.row),
            assigned=dict(entry.assigned),
        )
        for entry in (part[place] for place in places)
    ]


def _joined(parts: Sequence[Judged]) -> Judged:
    entries: list[Entry] = []
    new: list[NewRows] = []
    for part in parts:
        if isinstance(part, NewRows):
            new.append(part)
        else:
            entries += part
    return NewRows.joined(new) if new else entries
