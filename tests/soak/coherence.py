"""No request reads or writes through a stale definition: clients on several processes beside constant redefinition.

python -m tests.soak.coherence --database postgresql --processes 4 --redefinitions 300
python -m tests.soak.coherence --database sqlite --processes 2 --redefinitions 100 --without-check

Clients read and write one table without pause, each request through a random process, while a further one redefines it.
Every answer is checked against the definition of the version that it bears, with the model of ``redefining``; after
the run the story of every row is told again from the accepted writes and redefinitions, and compared with all that
was read of it. ``--without-check`` switches the revision check of the servers off: then violations must be found, and
the command exits with 1.
"""

import argparse
import http.client
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from dynmodel_pyramid.testing.databases import DATABASES
from tests.soak.fleet import Answer, Client, Figures, Fleet, finish, percentile, running_fleet
from tests.soak.redefining import Document, Redefiner, Redefinition, Values, Version, first_document

ROWS = "/table/1/rows/"
#: Rows to begin with: more than one chunk of a stream (1000), so that a list without limit is one.
FIRST_ROWS = 1200


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


class Reader:
    """One client: sends requests without pause and judges the answers."""

    def __init__(self, run: Run, ports: list[int], seed: int):
        self.run = run
        self.client = Client(ports)
        self.chance = random.Random(seed)
        self.row_tag: dict[int, str] = {}

    OPERATIONS = (
        ("page", 24),
        ("one", 20),
        ("add", 12),
        ("add_many", 3),
        ("assign", 18),
        ("replace", 4),
        ("remove", 9),
        ("stream", 2),
        ("definition", 5),
    )

    def loop(self) -> None:
        names, weights = zip(*self.OPERATIONS, strict=True)
        while not self.run.over.is_set():
            operation = self.chance.choices(names, weights)[0]
            try:
                getattr(self, operation)()
            except (OSError, http.client.HTTPException) as error:
                self.run.figures.violate("no_answer", f"{operation}: {error!r}")
            except Exception as error:  # what a stale server answers may break any check
                self.run.figures.violate("unintelligible", f"{operation}: {error!r}")
        self.client.close()

    def send(self, kind: str, method: str, path: str, document: Any = None, **headers: str) -> tuple[Answer, int]:
        """-> the answer and the version that was acknowledged when the request started."""
        floor = self.run.acknowledged
        answer = self.client(self.chance.randrange(len(self.client)), method, path, document, **headers)
        run = self.run
        run.seconds.setdefault(kind, []).append(answer.seconds)
        run.statuses[answer.status] += 1
        where = f"{method} {path} at {floor}: {answer.status} {answer.body[:300]!r}"
        if answer.status >= 500:
            if answer.is_busy:
                run.tally["busy"] += 1
            else:
                run.figures.violate(f"answered_{answer.status}", where)
        elif answer.version is None:
            run.figures.violate("no_version", where)
        else:
            run.seen.add(answer.version)
            if answer.version < floor:
                run.figures.violate("stale_read", f"{where} says version {answer.version}")
        return answer, floor

    def judge(self, check, answer: Answer, *arguments) -> None:
        """Check now, or when the answer's version is recorded."""
        if answer.status >= 500 or answer.version is None:
            return
        version = self.run.versions.get(answer.version)
        if version is None:
            self.run.later.append((check, answer, *arguments))
        else:
            check(version, answer, *arguments)

    # What is sent

    def _page(self) -> str:
        offset = self.chance.randrange(0, 1500)
        return f"{ROWS}?limit=20&offset={offset}" if self.chance.random() < 0.7 else f"{ROWS}?limit=20&order=id.desc"

    def _known(self) -> int:
        return self.chance.choice(self.run.ids)

    def _latest(self) -> Version:
        """The newest version that is known, or, to be refused, sometimes an older one."""
        number = self.run.acknowledged
        if self.chance.random() < 0.15:
            number = max(1, number - self.chance.randrange(1, 4))
        return self.run.versions[number]

    def _row(self, version: Version, names=None) -> Document:
        """A row that is good under the rules of a version, or one that was or will be good."""
        good = self.chance.random() < 0.7
        return version.row(lambda: self.chance.choice("rsc"), names=names, good=good)

    def page(self) -> None:
        answer, _ = self.send("read", "GET", self._page())
        self.judge(self.check_rows, answer)

    def stream(self) -> None:
        answer, _ = self.send("stream", "GET", ROWS)
        self.judge(self.check_rows, answer)

    def one(self) -> None:
        row_id = self._known()
        tag = self.row_tag.get(row_id) if self.chance.random() < 0.5 else None
        headers = {"If_None_Match": tag} if tag else {}
        answer, _ = self.send("read", "GET", f"{ROWS}{row_id}/", **headers)
        if answer.status == 304 and answer.headers["ETag"] != tag:
            self.run.figures.violate("bad_304", f"asked {tag}, answered {answer.headers['ETag']}")
        if answer.status == 200:
            self.row_tag[row_id] = answer.headers["ETag"]
        self.judge(self.check_one, answer, row_id)

    def definition(self) -> None:
        tag = f'"{self.run.acknowledged}"' if self.chance.random() < 0.5 else None
        headers = {"If_None_Match": tag} if tag else {}
        answer, _ = self.send("read", "GET", "/table/1/", **headers)
        if answer.status == 304 and answer.headers["ETag"] != tag:
            self.run.figures.violate("bad_304", f"asked {tag}, answered {answer.headers['ETag']}")
        self.judge(self.check_definition, answer)

    def add(self) -> None:
        document = self._row(self._latest())
        if self.chance.random() < 0.2:
            document.pop(self.chance.choice(list(document)))
        answer, _ = self.send("write", "POST", ROWS, document)
        if answer.status == 201:
            self.run.ids.append(answer.json["id"])
        self.judge(self.check_added, answer, [document], False)

    def add_many(self) -> None:
        version = self._latest()
        documents = [self._row(version) for _ in range(self.chance.randrange(1, 5))]
        answer, _ = self.send("write", "POST", ROWS, documents)
        if answer.status == 201:
            self.run.ids.extend(row["id"] for row in answer.json)
        self.judge(self.check_added, answer, documents, True)

    def assign(self) -> None:
        version, row_id = self._latest(), self._known()
        names = self.chance.sample(list(version.fields), self.chance.randrange(1, 3))
        document = self._row(version, names)
        answer, _ = self.send("write", "PATCH", f"{ROWS}{row_id}/", document)
        self.judge(self.check_written, answer, row_id, document, "assign")

    def replace(self) -> None:
        row_id, document = self._known(), self._row(self._latest())
        answer, _ = self.send("write", "PUT", f"{ROWS}{row_id}/", document)
        self.judge(self.check_written, answer, row_id, document, "replace")

    def remove(self) -> None:
        if len(self.run.ids) < FIRST_ROWS:
            return
        row_id = self._known()
        self.run.deleting.add(row_id)
        answer, _ = self.send("write", "DELETE", f"{ROWS}{row_id}/")
        if answer.status == 204:
            try:
                self.run.ids.remove(row_id)
            except ValueError:
                self.run.figures.violate("deleted_twice", row_id)
            # A deleted row has no version; it is the last of its line.
            self.run.record(row_id, Event(answer.version, 1 << 60, "delete", {}))
        elif answer.status != 404 and not answer.is_busy:
            self.run.figures.violate("unexpected_status", f"DELETE {answer.status} {answer.body[:300]!r}")

    # How answers are judged

    def check_rows(self, version: Version, answer: Answer) -> None:
        if answer.status != 200:
            self.run.figures.violate("unexpected_status", f"{answer.status} {answer.body[:300]!r}")
            return
        for row in answer.json:
            self.check_row(version, row)

    def check_row(self, version: Version, row: Any) -> None:
        fault = version.misread(row)
        if fault:
            self.run.figures.violate("wrong_read", f"under version {version.number}: {fault}")

    def check_one(self, version: Version, answer: Answer, row_id: int) -> None:
        if answer.status == 404:
            self.check_missing(row_id)
        elif answer.status == 200:
            row = answer.json
            self.check_row(version, row)
            self.run.record(row_id, Event(version.number, answer.row_version, "read", version.by_id(row)))
        elif answer.status != 304:
            self.run.figures.violate("unexpected_status", f"{answer.status} {answer.body[:300]!r}")

    def check_missing(self, row_id: int) -> None:
        if row_id not in self.run.deleting:
            self.run.figures.violate("row_not_found", row_id)

    def check_definition(self, version: Version, answer: Answer) -> None:
        if answer.status == 200 and answer.json != version.document:
            self.run.figures.violate("wrong_definition", f"version {version.number}: {answer.body[:300]!r}")

    def check_refusal(self, version: Version, answer: Answer, faults: set[str]) -> None:
        """A 422 must name exactly the members that this version's rules refuse."""
        named = {error["pointer"].lstrip("/") for error in answer.json["errors"]}
        if named != faults:
            self.run.figures.violate("unjust_refusal", f"version {version.number}: {named}, want {faults}")

    def check_accepted(self, version: Version, faults: set[str], documents: Any) -> None:
        if faults:
            self.run.figures.violate("stale_write", f"version {version.number} refuses {faults} of {documents}")

    def check_added(self, version: Version, answer: Answer, documents: list[Document], is_array: bool) -> None:
        faults = set()
        for number, document in enumerate(documents):
            prefix = f"{number}/" if is_array else ""
            faults |= {prefix + name for name in version.faults(document, whole=True)}
        if answer.status == 422:
            self.check_refusal(version, answer, faults)
        elif answer.status == 201:
            self.check_accepted(version, faults, documents)
            rows = answer.json if is_array else [answer.json]
            for document, row in zip(documents, rows, strict=True):
                self.check_row(version, row)
                values = version.given(document, whole=True)
                self.run.record(row["id"], Event(version.number, 1, "insert", values))
                self.run.record(row["id"], Event(version.number, 1, "read", version.by_id(row)))
        else:
            self.run.figures.violate("unexpected_status", f"{answer.status} {answer.body[:300]!r}")

    def check_written(self, version: Version, answer: Answer, row_id: int, document: Document, kind: str) -> None:
        whole = kind == "replace"
        faults = version.faults(document, whole=whole)
        if answer.status == 422:
            self.check_refusal(version, answer, faults)
        elif answer.status == 404:
            self.check_missing(row_id)
        elif answer.status == 200:
            self.check_accepted(version, faults, document)
            row = answer.json
            self.check_row(version, row)
            values = version.given(document, whole=whole)
            self.run.record(row_id, Event(version.number, answer.row_version, kind, values))
            self.run.record(row_id, Event(version.number, answer.row_version, "read", version.by_id(row)))
        else:
            self.run.figures.violate("unexpected_status", f"{answer.status} {answer.body[:300]!r}")


def redefine(run: Run, ports: list[int], redefinitions: int, deadline: float, pause: float, seed: int) -> None:
    """The ninth client."""
    client, chance = Client(ports), random.Random(seed)
    redefiner = Redefiner(chance)
    try:
        while len(run.redefinitions) < redefinitions and time.monotonic() < deadline:
            made = redefiner.next(run.versions[run.acknowledged].document, chance.choice((1, 1, 1, 2)))
            answer = client(chance.randrange(len(client)), "PUT", f"/table/1/?on_error={made.on_error}", made.body)
            run.seconds.setdefault("redefinition", []).append(answer.seconds)
            run.statuses[answer.status] += 1
            if answer.is_busy:
                run.tally["busy"] += 1
                continue
            if answer.status != 200:
                run.figures.violate("redefinition_refused", f"{made.kinds} {answer.status} {answer.body[:500]!r}")
                if answer.status >= 500:
                    return
                continue
            document = answer.json
            fault = made.differences(document)
            if fault:
                run.figures.violate("wrong_definition", f"{made.kinds}: {fault}")
                return
            # From now on the server's own document is what counts: it has all options.
            made.after = document
            run.redefinitions[document["version"]] = made
            run.versions[document["version"]] = Version(document)
            run.acknowledged = document["version"]
            run.tally.update(made.kinds)
            time.sleep(chance.uniform(0, 2 * pause))
    except Exception as error:
        run.figures.violate("redefiner_failed", repr(error))
    finally:
        run.over.set()
        client.close()


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
    version = events[0].version
    row_version = compared = 0
    for event in events:
        for number in range(version + 1, event.version + 1):
            for step in steps.get(number, ()):
                step(values)
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


def start_table(run: Run, client: Client) -> None:
    answer = client(0, "POST", "/table/", first_document("First"))
    if answer.status != 201:
        raise RuntimeError(f"the table could not be created: {answer.body!r}")
    run.versions[1] = version = Version(answer.json)
    documents = [version.row(lambda: "r") for _ in range(FIRST_ROWS)]
    answer = client(0, "POST", ROWS, documents)
    if answer.status != 201:
        raise RuntimeError(f"rows could not be added: {answer.body[:500]!r}")
    for document, row in zip(documents, answer.json, strict=True):
        run.ids.append(row["id"])
        run.record(row["id"], Event(1, 1, "insert", version.given(document, whole=True)))


def run_coherence(
    fleet: Fleet,
    *,
    redefinitions: int,
    clients: int = 8,
    seconds: float = 600,
    pause: float = 0.03,
    seed: int = 1,
) -> Run:
    """The whole run on running servers; ``run.figures`` holds the violations."""
    run = Run()
    client = Client(fleet.ports)
    start_table(run, client)
    readers = [Reader(run, fleet.ports, seed * 1000 + number) for number in range(clients)]
    threads = [threading.Thread(target=reader.loop, daemon=True) for reader in readers]
    deadline = time.monotonic() + seconds
    threads.append(
        threading.Thread(target=redefine, args=(run, fleet.ports, redefinitions, deadline, pause, seed), daemon=True)
    )
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(1, deadline + 120 - time.monotonic()))
        if thread.is_alive():
            run.figures.violate("hangs", "a client's thread did not end")
    # A new connection: the server closes those that are idle for long.
    client.close()
    client = Client(fleet.ports)
    settle(run, readers, client)
    client.close()
    return run


def settle(run: Run, readers: list[Reader], client: Client) -> None:
    """After the run: the checks that had to wait, all stored rows, and the story of each."""
    for check, answer, *arguments in run.later:
        version = run.versions.get(answer.version)
        if version is None:
            run.figures.violate("unknown_version", answer.version)
            continue
        try:
            check(version, answer, *arguments)
        except Exception as error:
            run.figures.violate("unintelligible", repr(error))
    last = run.versions[run.acknowledged]
    rows: list[Document] = []
    for server in range(len(client)):
        answer = client(server, "GET", ROWS)
        if answer.version != last.number:
            run.figures.violate("stale_read", f"after the run: {answer.version}, want {last.number}")
            continue
        rows = answer.json
        found = {row["id"] for row in rows}
        if found != set(run.ids) or len(found) != len(rows):
            run.figures.violate("rows_differ", f"{len(rows)} rows, want {len(run.ids)}; {found ^ set(run.ids)}")
        for row in rows:
            readers[0].check_row(last, row)
    for row in rows:
        made = [event.row_version for event in run.rows.get(row["id"], ()) if event.kind != "read"]
        if made:
            run.record(row["id"], Event(last.number, max(made), "read", last.by_id(row)))
    run.tally["compared"] = tell_again(run)


def summary(run: Run, database: str, processes: int, took: float) -> str:
    def times(*kinds: str) -> str:
        values = [value for kind in kinds for value in run.seconds.get(kind, ())]
        return f"p99 {percentile(values, 0.99) * 1000:.0f} ms, worst {max(values, default=0) * 1000:.0f} ms"

    good = sum(count for status, count in run.statuses.items() if status < 400)
    return (
        f"{database}, {processes} processes, {took:.0f} s: {run.requests} requests ({good} good, "
        f"{run.statuses[422]} 422, {run.statuses[404]} 404), {len(run.redefinitions)} redefinitions, "
        f"{len(run.seen)} versions seen, {run.tally['compared']} reads compared with the rows' stories, "
        f"busy {run.busy} ({100 * run.busy / max(1, run.requests):.3f} %); reads {times('read')}; "
        f"streams {times('stream')}; writes {times('write')}; redefinitions {times('redefinition')}"
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--redefinitions", type=int, default=300)
    parser.add_argument("--pause", type=float, default=0.03, help="mean seconds between redefinitions")
    parser.add_argument("--seconds", type=float, default=600, help="end after that many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without-check", action="store_true", help="switch the revision check off: must fail")
    given = parser.parse_args(arguments)
    started = time.monotonic()
    with running_fleet(given.database, given.processes, without_check=given.without_check) as fleet:
        run = run_coherence(
            fleet,
            redefinitions=given.redefinitions,
            clients=given.clients,
            seconds=given.seconds,
            pause=given.pause,
            seed=given.seed,
        )
        if run.busy > 0.001 * run.requests:
            run.figures.violate("too_often_busy", f"{run.busy} of {run.requests}")
        for line in fleet.logged(" ERROR ")[:5]:
            print(f"  log: {line}", file=sys.stderr)
    print("kinds of redefinition:", dict(run.tally), file=sys.stderr)
    line = summary(run, given.database, given.processes, time.monotonic() - started)
    return finish(("WITHOUT CHECK " if given.without_check else "") + line, run.figures)


if __name__ == "__main__":
    sys.exit(main())
