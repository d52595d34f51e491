"""Rows that the database refuses: which ones, and by which rule of the table.

The database tells one rule and no row. So the rows are compared by queries with the stored ones, and with one another;
for what these don't explain, the rows are tried in ever smaller parts.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.constraint_violations import (
    KINDS,
    violated_fields,
    violation_text,
)
from dynmodel_pyramid.catalogue.long_entries import HINT, long_indexed_fields, too_long_text
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.database import Failure
from dynmodel_pyramid.database.cursors import savepoint
from dynmodel_pyramid.definitions.problems import Problems, escape
from dynmodel_pyramid.errors import Faulty, Invalid, Problem
from dynmodel_pyramid.queries.errors import clip
from dynmodel_pyramid.rows.targets import Target, find_rows, uniquenesses_of

#: Kinds of failures that break no rule of the table -> code and detail.
_BEYOND = {
    "value": ("out_of_range", "a value, or the row as a whole, is beyond what the database can store"),
    "too_long": ("too_long", too_long_text([])),
}
#: The kinds of failures that are the fault of rows.
OF_ROWS = (*KINDS, *_BEYOND)


class Table(Protocol):
    """The row service of a table."""

    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def model(self) -> Model: ...
    @property
    def options(self) -> dict[str, Any]: ...
    def exists(self, name: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that is to be written.

    :param values: the values that are written, by field, and the id if the client gives it
    :param sent: the fields that the client sent; None if he may know all values
    :param row_id: the id of the row, if it exists already
    """

    pointer: str
    values: Mapping[str, Any]
    sent: Collection[str] | None = None
    row_id: int | None = None

    def __contains__(self, name: str) -> bool:
        return name in self.values and (self.sent is None or name in self.sent)


def described(
    rows: Table,
    kind: str,
    names: Sequence[str],
    candidate: Candidate,
    other: str = "another row",
) -> Problem:
    """A broken rule. Only fields that exist for the caller are named, and values that he has sent.

    :param kind: one of :data:`~dynmodel_pyramid.catalogue.constraint_violations.KINDS`
    :param names: the fields of the rule
    :param other: the row that has the same values
    """
    definition = rows.model.definition
    names = names if all(name == "id" or rows.exists(name) for name in names) else []
    own = [name for name in names if name in candidate]
    hidden = any(name != "id" and definition.by_name[name].write_only for name in names)
    values = "" if hidden or len(own) < len(names) else ", ".join(_text(candidate.values[name]) for name in names)
    below = f"/{escape(names[0])}" if len(names) == 1 else f"/{escape(own[0])}" if len(own) == 1 else ""
    detail = violation_text(kind, names, definition, other=other, values=values)
    return Problem(f"{candidate.pointer}{below}", f"{kind}_violation", detail, fields=tuple(names))


def _text(value: Any) -> str:
    return "null" if value is None else repr(clip(value)) if isinstance(value, str) else clip(str(value))


def told(rows: Table, failure: Failure, candidate: Candidate) -> Problem:
    """What the database says of one row.

    :param failure: of one of :data:`OF_ROWS`
    """
    if failure.kind == "too_long":
        names = violated_fields(failure, rows.model.definition) or long_indexed_fields(rows.model)
        return Problem(candidate.pointer, "too_long", too_long_text([name for name in names if rows.exists(name)]))
    if failure.kind in _BEYOND:
        return Problem(candidate.pointer, *_BEYOND[failure.kind])
    return described(rows, failure.kind, violated_fields(failure, rows.model.definition), candidate)


def clashes(connection: sa.Connection, rows: Table, candidates: Sequence[Candidate]) -> dict[int, Problem]:
    """The rows, by their places, that have the same unique values as stored rows, or as earlier ones among them."""
    found: dict[int, Problem] = {}
    targets = uniquenesses_of(rows.model)
    for target in targets:
        wanted = [
            (number, candidate.values)
            for number, candidate in enumerate(candidates)
            if number not in found and _is_known(target, candidate.values)
        ]
        for number, row_id in find_rows(connection, rows.model.table, target, wanted, rows.options).items():
            if row_id != candidates[number].row_id:
                found[number] = described(rows, "unique", target.names, candidates[number])
    taken: dict[tuple[Target, Any], str] = {}
    for number, candidate in enumerate(candidates):
        if number in found:
            continue
        keys = list(_keys(targets, candidate.values))
        twice = next((key for key in keys if key in taken), None)
        if twice is not None:
            other = f"the row {taken[twice]} of this request"
            found[number] = described(rows, "unique", twice[0].names, candidate, other)
        else:
            taken.update(dict.fromkeys(keys, candidate.pointer))
    return dict(sorted(found.items()))


def _is_known(target: Target, values: Mapping[str, Any]) -> bool:
    if any(name not in values for name in target.names):
        return False
    return not target.nulls_distinct or target.has_values(values)


def _keys(targets: Iterable[Target], values: Mapping[str, Any]) -> Iterator[tuple[Target, Any]]:
    for target in targets:
        if _is_known(target, values):
            key = target, target.folded(tuple(values[name] for name in target.names))
            try:
                hash(key)
            except TypeError:  # a query has compared it with the stored ones
                continue
            yield key


#: Writes the rows at these places.
Writer = Callable[[Sequence[int]], object]


def sift(
    connection: sa.Connection,
    places: Sequence[int],
    write: Writer,
    explain: Callable[[Sequence[int], Exception], Mapping[int, object]],
    refused: type[Exception] | tuple[type[Exception], ...],
    is_enough: Callable[[], bool] = lambda: False,
) -> None:
    """Write the rows that can be written, and leave out the others.

    :param explain: called with places and the error of writing these rows together; returns the places of rows that are
        to be left out, at least one if there is only one place
    :param refused: the errors that are the fault of rows
    :param is_enough: whether to give up, because enough rows are left out
    """
    waiting = [places]
    while waiting and not is_enough():
        some = waiting.pop()
        try:
            with connection.begin_nested():
                write(some)
        except refused as error:
            bad = explain(some, error)
            if bad:
                rest = [place for place in some if place not in bad]
                waiting += [rest] if rest else []
            else:
                half = len(some) // 2
                waiting += [some[half:], some[:half]]


@contextmanager
def telling(rows: Table, candidate: Callable[[], Candidate]) -> Iterator[None]:
    """A context in which one row is written.

    :raises Violation: the database refuses it. After that the transaction can only be ended.
    """
    try:
        yield
    except sa.exc.DBAPIError as error:
        failure = rows.catalogue.database.failure(error)
        if failure.kind not in KINDS:
            raise
        problems = Problems()
        problems.put(told(rows, failure, candidate()))
        raise problems.error() from error


def write_all(
    connection: sa.Connection,
    rows: Table,
    candidates: Callable[[], Sequence[Candidate]],
    count: int,
    write: Writer,
    undo: Callable[[], object] | None = None,
) -> None:
    """Write rows, all or none.

    :param candidates: makes the rows, of which there are ``count``
    :param undo: takes back what was written before a row was refused; None: a savepoint does
    :raises Violation: the database refuses some. After that the transaction of a single row can only be ended.
    :raises Invalid: of several rows some have values beyond what the database can store
    """
    if count == 1:
        with telling(rows, lambda: candidates()[0]):
            write((0,))
        return
    try:
        with savepoint(connection) if undo is None else nullcontext():
            write(range(count))
    except sa.exc.DBAPIError as error:
        failure = rows.catalogue.database.failure(error)
        if failure.kind not in OF_ROWS:
            raise
        if undo is not None:
            undo()
        raise _refusal(connection, rows, candidates(), write, failure) from error


def _refusal(
    connection: sa.Connection, rows: Table, candidates: Sequence[Candidate], write: Writer, failure: Failure
) -> Faulty:
    found = clashes(connection, rows, candidates) if failure.kind == "unique" else {}

    def explain(places: Sequence[int], error: Exception) -> Mapping[int, object]:
        assert isinstance(error, sa.exc.DBAPIError)
        bad = explained(connection, rows, candidates, places, error)
        found.update(bad)
        return bad

    if not found:
        with connection.begin_nested() as trial:
            # A thousand bad rows would be two thousand trials, with their locks held: no more are looked for than told.
            sift(
                connection,
                range(len(candidates)),
                write,
                explain,
                sa.exc.DBAPIError,
                lambda: len(found) >= Invalid.MAX_PROBLEMS,
            )
            trial.rollback()
    problems = Problems()
    for _, problem in sorted(found.items()):
        problems.put(problem)
    if not problems.total:
        # The rows that were in the way are gone by now.
        problems.put(told(rows, failure, Candidate("", {})))
    error = problems.error()
    error.hint = HINT if failure.kind == "too_long" else error.hint
    error.every = list(found.values()) or error.problems
    return error


def explained(
    connection: sa.Connection,
    rows: Table,
    candidates: Sequence[Candidate],
    places: Sequence[int],
    error: sa.exc.DBAPIError,
) -> dict[int, Problem]:
    """The rows at some places that explain why these could not be written; none if they have to be tried one by one.

    :raises sqlalchemy.exc.DBAPIError: the error is not the fault of rows
    """
    failure = rows.catalogue.database.failure(error)
    if failure.kind not in OF_ROWS:
        raise error
    if len(places) == 1:
        return {places[0]: told(rows, failure, candidates[places[0]])}
    if failure.kind != "unique":
        return {}
    found = clashes(connection, rows, [candidates[place] for place in places])
    return {places[number]: problem for number, problem in found.items()}
