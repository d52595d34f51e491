"""Violations of a change: rows that it does not allow, with samples."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dynmodel_pyramid.errors import Conflict

#: The most rows of each kind that are shown.
SAMPLES = 10
#: The most characters of a value that are shown.
LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Violation:
    """Rows that do not allow a change; ``aspect`` and ``number`` are the key of the operation
    (:mod:`dynmodel_pyramid.definitions.operations`).

    ``fields`` are the ids of its fields: a rule may stay the same while their values change.
    """

    aspect: str
    number: int
    detail: str
    hint: str
    count: int
    samples: Sequence[dict[str, Any]]
    further: dict[str, Any] = field(default_factory=dict)
    fields: tuple[int, ...] = ()
    code: str = "lossy_change"

    def conflict(self) -> Conflict:
        return Conflict(
            self.detail, code=self.code, hint=self.hint, count=self.count, samples=list(self.samples), **self.further
        )


class Refusing:
    """Refuses a change at its first violation."""

    #: Whether a query checks uniqueness; else creating the index does, which is needed anyway.
    judges_uniqueness = False

    def add(self, violation: Violation | None) -> None:
        """:param violation: None if the rows allow the change"""
        if violation is not None:
            raise violation.conflict()


class Collecting:
    """Collects the violations of a change."""

    judges_uniqueness = True

    def __init__(self) -> None:
        self.violations: list[Violation] = []

    def add(self, violation: Violation | None) -> None:
        """See :meth:`Refusing.add`."""
        if violation is not None:
            self.violations.append(violation)


@dataclass(frozen=True, slots=True)
class Samples:
    """How many rows of a kind there are, and the first few of them: objects with ``id`` and some values.

    :param hidden: whether the values must not be shown
    """

    hidden: bool = False
    count: int = 0
    rows: tuple[dict[str, Any], ...] = ()

    def plus(self, rows: Iterable[dict[str, Any]]) -> "Samples":
        """The samples with further rows."""
        rows = list(rows)
        return replace(self.showing(rows), count=self.count + len(rows))

    def showing(self, rows: Sequence[dict[str, Any]]) -> "Samples":
        """The samples with more rows, which are counted already."""
        room = SAMPLES - len(self.rows)
        return replace(self, rows=(*self.rows, *map(self._shown, rows[:room]))) if room > 0 and rows else self

    def _shown(self, row: dict[str, Any]) -> dict[str, Any]:
        if self.hidden:
            return {"id": row["id"]}
        return {name: text[:LONGEST_VALUE] if type(text) is str else text for name, text in row.items()}
