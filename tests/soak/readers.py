"""The clients of a coherence run: they read and write one table without pause, and judge every answer."""

import http.client
import random
from typing import Any

from tests.soak.fleet import Answer, Client
from tests.soak.redefining import Document, Version
from tests.soak.story import Event, Run

ROWS = "/table/1/rows/"
#: Rows to begin with: more than one chunk of a stream (1000), so that a list without limit is one.
FIRST_ROWS = 1200


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

    def check_conflict(self, version: Version, answer: Answer) -> None:
        """No two values of a field that is unique are ever made up equal."""
        self.run.figures.violate("unjust_refusal", f"version {version.number}: {answer.body[:300]!r}")

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
        elif answer.status == 409:
            self.check_conflict(version, answer)
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
        elif answer.status == 409:
            self.check_conflict(version, answer)
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
