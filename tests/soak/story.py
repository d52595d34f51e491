"""What the clients of a run have seen, and the story of each row, which is told again from it."""

import threading
from collections import Counter
from dataclasses import dataclass, field

from tests.soak.fleet import Figures
from tests.soak.redefining import Kept, Redefinition, Values, Version


@dataclass(slots=True)
class Event:
    """Something that an answer told of one row: at a version of the definition, the row at a version of its own."""

    version: int
    row_version: int
    kind: str  # insert, replace, assign, delete, read
    values: Values


@dataclass
class Run:
    """What the threads of a run share."""

    figures: Figures = field(default_factory=Figures)
    versions: dict[int, Version] = field(default_factory=dict)
    redefinitions: dict[int, Redefinition] = field(default_factory=dict)
    #: The newest version whose PUT was answered: a request that starts now must not see an older one.
    acknowledged: int = 1
    over: threading.Event = field(default_factory=threading.Event)
    rows: dict[int, list[Event]] = field(default_factory=dict)
    ids: list[int] = field(default_factory=list)
    deleting: set[int] = field(default_factory=set)
    #: Checks of answers whose version was not recorded yet.
    later: list[tuple] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter = field(default_factory=Counter)
    seen: set[int] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    tally: Counter = field(default_factory=Counter)

    @property
    def requests(self) -> int:
        return sum(self.statuses.values())

    @property
    def busy(self) -> int:
        return self.tally["busy"]

    def record(self, row_id: int, event: Event) -> None:
        with self.lock:
            self.rows.setdefault(row_id, []).append(event)


def tell_again(run: Run) -> int:
    """Tell each row's story from its writes and the redefinitions; compare all that was read. -> reads compared."""
    steps = {number: made.steps() for number, made in run.redefinitions.items()}
    compared = 0
    for row_id, events in run.rows.items():
        try:
            compared += _tell(run.figures, row_id, events, steps)
        except Exception as error:  # a value of another field, which no conversion knows
            run.figures.violate("story_breaks", f"row {row_id}: {error!r}")
    return compared


_ORDER = {"insert": 0, "replace": 0, "assign": 0, "read": 1, "delete": 2}


def _tell(figures: Figures, row_id: int, events: list[Event], steps: dict) -> int:
    events.sort(key=lambda event: (event.version, event.row_version, _ORDER[event.kind]))
    values: Values = {}
    kept: Kept = {}
    version = events[0].version
    row_version = compared = 0
    for event in events:
        for number in range(version + 1, event.version + 1):
            for step in steps.get(number, ()):
                step(values, kept)
        version = event.version
        where = f"row {row_id} at {event.version}-{event.row_version}"
        if event.kind == "delete":
            break
        if event.kind == "read":
            compared += 1
            if event.row_version != row_version:
                figures.violate("unknown_write", f"{where}: the last known write made {row_version}")
            elif event.values != values:
                figures.violate("wrong_value", f"{where}: read {event.values}, want {values}")
            values, row_version = dict(event.values), event.row_version
            continue
        if event.row_version != row_version + 1:
            figures.violate("write_out_of_order", f"{where} after {row_version}")
        row_version = event.row_version
        values = {**values, **event.values}
    return compared
