"""The clients of the access race: each is one user, sends requests without pause, and judges every answer."""

import http.client
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.soak.fleet import Answer, Client, Figures
from tests.soak.granting import SEEDED, TEAMS, TENANTS, Change, Row, Sight

ROWS, REST = "/table/Note/rows/", "/rest/Note"
NDJSON = "application/x-ndjson"
#: What a check says of an answer under what a user may do (None: he is not let in): the fault, or None.
Check = Callable[[Sight | None, Answer], str | None]


@dataclass(frozen=True, slots=True)
class Write:
    """A write that was answered as done. ``number`` is the client's count, which its rows bear."""

    client: int
    number: int
    token: int
    answer: Answer
    check: Check
    what: str


@dataclass(frozen=True, slots=True)
class Witness:
    """The last committed write of each client, read after the change of that place in the list was answered."""

    place: int
    last: Mapping[int, int]


@dataclass
class Race:
    """What the threads of a run share."""

    changes: list[Change]
    seeded: dict[int, Row]
    figures: Figures = field(default_factory=Figures)
    #: The token that each client sends: its number and its secret.
    secrets: dict[int, tuple[int, str]] = field(default_factory=dict)
    witnesses: list[Witness] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    #: (client, number) of writes that were refused, or whose end was not told.
    refused: set[tuple[int, int]] = field(default_factory=set)
    unknown: set[tuple[int, int]] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)
    statuses: Counter = field(default_factory=Counter)
    tally: Counter = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    late: int = 0

    def places(self, started: float, ended: float) -> range:
        """The places of the changes after which access was in force at some moment between."""
        last = len(self.changes) - 1
        while self.changes[last].begun > ended:
            last -= 1
        first = last
        while self.changes[first].answered > started:
            first -= 1
        return range(first, last + 1)

    def fault(self, token: int, answer: Answer, check: Check, places: range | None = None) -> str | None:
        """None if the answer agrees with one state that was in force; otherwise what is wrong under the last."""
        places = places or self.places(answer.started, answer.started + answer.seconds)
        fault: str | None = "no state"
        for place in reversed(places):
            fault = check(self.changes[place].state.sight(token), answer)
            if fault is None:
                self.tally["raced"] += len(places) > 1
                return None
        return f"{fault} (changes {places.start} to {places.stop - 1})"

    def count(self, kind: str, answer: Answer) -> bool:
        """Note an answer; -> whether it tells anything."""
        self.seconds.setdefault(kind, []).append(answer.seconds)
        self.statuses[answer.status] += 1
        if answer.status == 503 and answer.headers["Retry-After"]:
            self.tally["busy"] += 1
            return False
        if answer.status >= 500:
            self.figures.violate(f"answered_{answer.status}", f"{kind}: {answer.body[:300]!r}")
            return False
        return True


def not_there(sight: Sight | None, status: int) -> str | None:
    """The fault of a status for somebody who is not let in, or has no grant on the table; "" if that is right.

    None: the table is there for him.
    """
    wanted = 401 if sight is None else 404 if not sight.sees_table else None
    if wanted is None:
        return None
    return "" if status == wanted else f"{status}, want {wanted}"


def is_there(check: Callable[[Sight, Answer], str | None]) -> Check:
    """A check that needs to care only for people who have a grant on the table."""

    def whole(sight: Sight | None, answer: Answer) -> str | None:
        fault = not_there(sight, answer.status)
        if fault is None:
            assert sight is not None
            return check(sight, answer)
        return fault or None

    return whole


class Granted:
    """One client."""

    OPERATIONS = {
        **{"page": 20, "rest_page": 8, "one": 14, "stream": 4, "probe": 8, "count": 6},
        **{"add": 14, "add_many": 3, "assign": 12, "assign_by_filter": 8, "remove": 4},
    }

    def __init__(self, race: Race, ports: list[int], number: int, clients: int, seed: int):
        self.race, self.number, self.clients = race, number, clients
        self.client = Client(ports)
        self.chance = random.Random(seed)
        self.written = 0
        self.own = {id: row for id, row in race.seeded.items() if id % clients == number % clients}
        #: Own rows that were added in the run; the last one that was written is never deleted.
        self.added: dict[int, Row] = {}
        self.tags: dict[int, tuple[str, Any]] = {}

    def loop(self) -> None:
        names, weights = list(self.OPERATIONS), list(self.OPERATIONS.values())
        while not self.race.over.is_set():
            operation = self.chance.choices(names, weights)[0]
            try:
                getattr(self, operation)()
            except (OSError, http.client.HTTPException) as error:
                self.race.figures.violate("no_answer", f"{operation}: {error!r}")
            except Exception as error:
                self.race.figures.violate("unintelligible", f"{operation}: {error!r}")
        self.client.close()

    def send(self, method: str, path: str, document: Any = None, **headers: str) -> tuple[int, Answer]:
        """-> the token that was sent, and the answer."""
        token, secret = self.race.secrets[self.number]
        place = self.chance.randrange(len(self.client))
        answer = self.client(place, method, path, document, Authorization=f"Bearer {secret}", **headers)
        return token, answer

    # Reads

    def read(self, kind: str, path: str, check: Callable[[Sight, Answer], str | None], **headers: str) -> Answer:
        token, answer = self.send("GET", path, **headers)
        if self.race.count(kind, answer):
            fault = self.race.fault(token, answer, is_there(check))
            if fault is not None:
                what = "wrong_read" if answer.status < 400 else "wrong_refusal"
                self.race.figures.violate(what, f"user {self.number} {path}: {fault} {answer.body[:200]!r}")
        return answer

    def page(self) -> None:
        offset = self.chance.randrange(0, 40)

        def check(sight: Sight, answer: Answer) -> str | None:
            if answer.status != 200:
                return f"{answer.status}, want 200"
            wanted = [id for id, row in self.race.seeded.items() if sight.reads(row)][offset : offset + 20]
            return _rows_fault(sight, answer.json) or _ids_fault(answer.json, wanted)

        self.read("read", f"{ROWS}?id=lte.{SEEDED}&order=id&limit=20&offset={offset}", check)

    def rest_page(self) -> None:
        def check(sight: Sight, answer: Answer) -> str | None:
            if not sight.knows_secret:
                return None if answer.status == 400 else f"{answer.status}: the field is not there"
            if answer.status != 200:
                return f"{answer.status}, want 200"
            wanted = [id for id, row in self.race.seeded.items() if sight.reads(row)]
            return _rows_fault(sight, answer.json) or _ids_fault(answer.json, wanted)

        self.read("read", f"{REST}?select=id,text,secret&id=lte.{SEEDED}&order=id", check)

    def stream(self) -> None:
        def check(sight: Sight, answer: Answer) -> str | None:
            if answer.status != 200:
                return f"{answer.status}, want 200"
            rows = [json.loads(line) for line in answer.body.splitlines()]
            wanted = [id for id, row in self.race.seeded.items() if sight.reads(row)]
            return _rows_fault(sight, rows) or _ids_fault([row for row in rows if row["id"] <= SEEDED], wanted)

        self.read("stream", ROWS, check, Accept=NDJSON)

    def one(self) -> None:
        id = self.chance.choice(list(self.race.seeded))
        row = self.race.seeded[id]
        tag, secret = self.tags.get(id, ("", None)) if self.chance.random() < 0.5 else ("", None)

        def check(sight: Sight, answer: Answer) -> str | None:
            if not sight.reads(row):
                return None if answer.status == 404 else f"{answer.status} for a row that may not be read"
            if answer.status == 304:
                return None if secret == _secret(sight, row) else "304 though the secret is shown otherwise"
            return f"{answer.status}, want 200" if answer.status != 200 else _rows_fault(sight, [answer.json])

        headers = {"If_None_Match": tag} if tag else {}
        answer = self.read("read", f"{ROWS}{id}/", check, **headers)
        if answer.status == 200:
            self.tags[id] = (answer.headers["ETag"], answer.json.get("secret", ""))

    def probe(self) -> None:
        """Ask for a row by its secret."""
        id = self.chance.choice(list(self.race.seeded))
        row = self.race.seeded[id]

        def check(sight: Sight, answer: Answer) -> str | None:
            if not sight.knows_secret:
                return None if answer.status == 400 else f"{answer.status}: the field is not there"
            if answer.status != 200:
                return f"{answer.status}, want 200"
            wanted = [id] if sight.reads_secret(row) else []
            return _rows_fault(sight, answer.json) or _ids_fault(answer.json, wanted)

        self.read("read", f"{self.chance.choice((ROWS, REST))}?secret=eq.{row.secret}", check)

    def count(self) -> None:
        def check(sight: Sight, answer: Answer) -> str | None:
            wanted = sum(sight.reads(row) for row in self.race.seeded.values())
            if answer.status != 200:
                return f"{answer.status}, want 200"
            return None if answer.json == [{"count": wanted}] else f"{answer.json}, want {wanted}"

        self.read("read", f"{REST}?select=count()&id=lte.{SEEDED}", check)

    # Writes

    def write(
        self, method: str, path: str, document: Any, check: Callable[[Sight, Answer], str | None], **headers: str
    ) -> Answer | None:
        """-> the answer, if something was written."""
        race, mark, whole = self.race, (self.number, self.written), is_there(check)
        race.unknown.add(mark)
        token, answer = self.send(method, path, document, **headers)
        if not race.count("write", answer):
            return None
        race.unknown.discard(mark)
        is_done = answer.status < 400 and not (answer.status == 200 and answer.json == [])
        what = f"user {self.number} {method} {path} {document}"[:200]
        fault = race.fault(token, answer, whole)
        if fault is not None:
            kind = "wrong_write" if is_done else "wrong_refusal"
            race.figures.violate(kind, f"{what}: {fault} {answer.body[:200]!r}")
        if is_done and method != "DELETE":
            race.writes.append(Write(*mark, token, answer, whole, what))
        elif not is_done:
            race.refused.add(mark)
        return answer if is_done else None

    def row(self) -> Row:
        chance = self.chance
        owner = self.number if chance.random() < 0.6 else chance.randrange(1, self.clients + 1)
        self.written += 1
        secret = f"n{self.number}-{self.written}"
        return Row(owner, chance.randrange(len(TEAMS)) + 1, chance.choice(TENANTS), secret)

    def add(self) -> None:
        row = self.row()
        path = self.chance.choice((ROWS, REST))
        answer = self.write("POST", path, row.document(self.number, self.written), _created([row]))
        if answer is not None and path == ROWS and answer.body:
            self.added[answer.json["id"]] = row

    def add_many(self) -> None:
        rows = [self.row() for _ in range(20)]
        documents = [row.document(self.number, self.written) for row in rows]
        self.write("POST", self.chance.choice((ROWS, REST)), documents, _created(rows))

    def target(self) -> tuple[int, Row]:
        rows = self.added if self.added and self.chance.random() < 0.4 else self.own
        self.written += 1
        id = self.chance.choice(list(rows))
        return id, rows[id]

    def assign(self) -> None:
        id, row = self.target()

        def check(sight: Sight, answer: Answer) -> str | None:
            return _status_fault(sight, "update", row, answer.status, (200, 204))

        self.write("PATCH", f"{ROWS}{id}/", {"writer": self.number, "n": self.written}, check)

    def assign_by_filter(self) -> None:
        id, row = self.target()

        def check(sight: Sight, answer: Answer) -> str | None:
            if not sight.may("update"):
                return None if answer.status == 403 else f"{answer.status}, want 403"
            wanted = [id] if sight.reads(row) and sight.writes("update", row) else []
            if answer.status != 200:
                return f"{answer.status}, want 200"
            return _rows_fault(sight, answer.json) or _ids_fault(answer.json, wanted)

        body = {"writer": self.number, "n": self.written}
        self.write("PATCH", f"{REST}?id=eq.{id}", body, check, Prefer="return=representation")

    def remove(self) -> None:
        if len(self.added) < 5:
            return
        id, row = next(iter(self.added.items()))
        self.written += 1

        def check(sight: Sight, answer: Answer) -> str | None:
            return _status_fault(sight, "delete", row, answer.status, (204,))

        if self.write("DELETE", f"{ROWS}{id}/", None, check) is not None:
            del self.added[id]


def _secret(sight: Sight, row: Row) -> str | None:
    """What the user sees of a row's secret; "" if the field is not there for him."""
    if sight.reads_secret(row):
        return row.secret
    return None if sight.knows_secret else ""


def _rows_fault(sight: Sight, rows: list[dict[str, Any]]) -> str | None:
    for shown in rows:
        row = Row.of_text(shown["text"])
        if not sight.reads(row):
            return f"shows {shown}"
        if shown.get("secret", "") != _secret(sight, row):
            return f"shows the secret of {shown}, want {_secret(sight, row)!r}"
    return None


def _ids_fault(rows: list[dict[str, Any]], wanted: list[int]) -> str | None:
    found = sorted(row["id"] for row in rows)
    return None if found == wanted else f"shows the rows {found}, want {wanted}"


def _status_fault(sight: Sight, action: str, row: Row, status: int, good: tuple[int, ...]) -> str | None:
    """Of a write of one row that is there."""
    if sight.reads(row) and sight.writes(action, row):
        wanted = good
    else:
        wanted = (403,) if sight.reads(row) else (404,) if sight.may(action) else (403, 404)
    return None if status in wanted else f"{status}, want {wanted}"


def _created(rows: list[Row]) -> Callable[[Sight, Answer], str | None]:
    def check(sight: Sight, answer: Answer) -> str | None:
        if not all(sight.writes("create", row) for row in rows):
            return None if answer.status == 403 else f"{answer.status}, want 403"
        if answer.status != 201:
            return f"{answer.status}, want 201"
        shown = json.loads(answer.body) if answer.body else []
        return _rows_fault(sight, shown if type(shown) is list else [shown])

    return check


def judge_writes(race: Race) -> None:
    """Judge each write again by the moment of its commit.

    A witness that does not show it was read before its commit. So access had to allow it after the change that the
    witness follows.
    """
    for write in race.writes:
        answer = write.answer
        places = race.places(answer.started, answer.started + answer.seconds)
        first = places.start
        for witness in race.witnesses:
            if witness.place in places and witness.last.get(write.client, 0) < write.number:
                first = max(first, witness.place)
        if first == places.start:
            continue
        race.late += 1
        fault = race.fault(write.token, answer, write.check, range(first, places.stop))
        if fault is not None:
            race.figures.violate("late_write", f"{write.what}: {fault}")
