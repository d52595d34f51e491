"""What stands in the way of a change: rows that it does not allow, with samples."""

from dataclasses import dataclass, field
from typing import Any

from dynmodel_pyramid.errors import Conflict

#: How many rows of each kind are told.
SAMPLES = 10
#: As much of a value is told.
LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """Rows that a change can't be made with; ``aspect`` and ``number`` name the step (``definitions.operations``).

    ``fields`` are the ids of the fields concerned: a rule may stay as it is while their values change.
    """

    aspect: str
    number: int
    detail: str
    hint: str
    count: int
    samples: list[dict[str, Any]]
    further: dict[str, Any] = field(default_factory=dict)
    fields: tuple[int, ...] = ()
    code: str = "lossy_change"

    def conflict(self) -> Conflict:
        return Conflict(
            self.detail, code=self.code, hint=self.hint, count=self.count, samples=self.samples, **self.further
        )


class Refusing:
    """Refuses a change at its first finding."""

    #: Whether uniqueness is judged by a query; else the index's own creation shows it, which is needed anyway.
    judges_uniqueness = False

    def add(self, finding: Finding) -> None:
        raise finding.conflict()


class Collecting:
    """Collects what a change would be refused for."""

    judges_uniqueness = True

    def __init__(self):
        self.findings: list[Finding] = []

    def add(self, finding: Finding) -> None:
        self.findings.append(finding)


@dataclass(slots=True)
class Samples:
    """How many rows of a kind there are, and the first few.

    :param hidden: whether the values may not be told
    """

    hidden: bool = False
    count: int = 0
    told: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row_id: int, **values: Any) -> None:
        self.count += 1
        self.tell(row_id, **values)

    def tell(self, row_id: int, **values: Any) -> None:
        """A sample of rows that are counted elsewhere."""
        if len(self.told) < SAMPLES:
            shown = {name: text[:LONGEST_VALUE] if type(text) is str else text for name, text in values.items()}
            self.told.append({"id": row_id, **({} if self.hidden else shown)})
