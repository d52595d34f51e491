"""Clients of a service that is hurt, what they were answered, and what must be there in the end.

A writer with keys repeats each request until its outcome is known. One without notes what it was told: a row whose
write was acknowledged must be there once, one whose write was refused must not be there, and of an unknown outcome it
may be there once. Another one changes the definition in the same way, and readers read.
"""

import http.client
import json
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

TABLE = {"model_name": "W", "fields": {"op": {"type": "string", "index": True}, "n": "integer"}}
#: Answers that tell that nothing was done, or can't tell; a client may repeat the request.
PASSING = ("503", "409 request_in_progress", "none")
#: Seconds between two requests of a client.
PAUSE = 0.01


@dataclass(slots=True)
class Told:
    """One answer, or none."""

    started: float
    ended: float
    word: str

    @property
    def is_good(self) -> bool:
        return self.word[0] == "2"


@dataclass
class Ledger:
    """What clients were told."""

    told: list[Told] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    #: The label of the table: the last that was acknowledged, and those that may have come after it.
    label: str | None = None
    labels_since: set[str] = field(default_factory=set)
    changes: int = 0
    unknown_changes: int = 0
    samples: dict[str, str] = field(default_factory=dict)

    def words(self) -> Counter[str]:
        return Counter(each.word for each in self.told)


class Client(threading.Thread):
    """One client with a connection of its own."""

    def __init__(self, port: int, ledger: Ledger, over: threading.Event, deadline: float) -> None:
        super().__init__(daemon=True)
        self.ledger, self.over, self.deadline = ledger, over, deadline
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=deadline)

    def run(self) -> None:
        while not self.over.is_set():
            self.work()
            time.sleep(PAUSE)
        self.close()

    def close(self) -> None:
        self._connection.close()

    def work(self) -> None:
        raise NotImplementedError

    def ask(self, method: str, path: str, document: Any = None, **headers: str) -> tuple[str, bytes]:
        """-> a word such as ``201``, ``503 busy``, ``none ConnectionResetError``, ``unsent``, ``hangs``; the body."""
        body = None if document is None else json.dumps(document)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        started, content = time.monotonic(), b""
        try:
            self._connection.request(method, path, body, sent)
            response = self._connection.getresponse()
            content = response.read()
            word = str(response.status)
            if response.status >= 400:
                try:
                    word += f" {json.loads(content)['code']}"
                except ValueError:
                    word += " " + content[:40].decode(errors="replace")
        except ConnectionRefusedError:
            word = "unsent"
            time.sleep(0.05)
        except TimeoutError:
            word = "hangs"
        except (OSError, http.client.HTTPException) as error:
            word = f"none {type(error).__name__}"
        if word[0] not in "2345":
            self._connection.close()
        self.ledger.told.append(Told(started, time.monotonic(), word))
        if word[0] in "45":
            self.ledger.samples.setdefault(word, content.decode(errors="replace")[:600])
            time.sleep(0.03)
        return word, content

    @staticmethod
    def is_unknown(word: str) -> bool:
        return word[0] in "nh" or "outcome_unknown" in word or word.startswith("500")


class Writer(Client):
    """Makes rows."""

    name = ""
    has_keys = False
    count = 0

    def work(self) -> None:
        self.count += 1
        op = f"{self.name}-{self.count}"
        headers = {"Idempotency_Key": f'"{uuid.uuid4()}"'} if self.has_keys else {}
        may_be_there = False
        while True:
            word, _ = self.ask("POST", "/table/W/rows/", {"op": op, "n": self.count}, **headers)
            if word[0] == "2":
                self.ledger.acknowledged.add(op)
                return
            may_be_there = may_be_there or self.is_unknown(word) or "request_in_progress" in word
            passes = word == "unsent" or word.startswith(PASSING)
            if not self.has_keys or not passes or self.over.is_set():
                (self.ledger.unknown if may_be_there else self.ledger.refused).add(op)
                return


class Reader(Client):
    """Reads one row, then a page, in turns."""

    count = 0

    def work(self) -> None:
        self.count += 1
        self.ask("GET", f"/table/W/rows/{self.count % 5 + 1}/" if self.count % 2 else "/table/W/rows/?limit=20")


class Definer(Client):
    """Gives the table another label, some times a second."""

    count = 0

    def work(self) -> None:
        self.count += 1
        label = f"label {self.count}"
        word, _ = self.ask("PATCH", "/table/W/", {"label": label})
        if word[0] == "2":
            self.ledger.label, self.ledger.labels_since = label, set()
            self.ledger.changes += 1
        elif self.is_unknown(word):
            self.ledger.labels_since.add(label)
            self.ledger.unknown_changes += 1
        time.sleep(0.1)


class Traffic:
    """All clients of a run."""

    def __init__(self, port: int, deadline: float) -> None:
        self.port, self.ledger = port, Ledger()
        self._over = threading.Event()
        how = port, self.ledger, self._over, deadline
        self._clients: list[Client] = [Reader(*how), Reader(*how), Definer(*how)]
        for number, has_keys in enumerate((True, True, False)):
            writer = Writer(*how)
            writer.name, writer.has_keys = f"{'key' if has_keys else 'plain'}{number}", has_keys
            self._clients.append(writer)

    def prepare(self) -> None:
        once = Client(self.port, Ledger(), self._over, 30)
        for path, document in (("/table/", TABLE), ("/table/W/rows/", [{"op": "first", "n": 0}] * 5)):
            word, content = once.ask("POST", path, document)
            assert word[0] == "2", content
        once.close()

    def start(self) -> None:
        for client in self._clients:
            client.start()

    def stop(self) -> None:
        self._over.set()
        for client in self._clients:
            client.join(120)

    def judge(self) -> dict[str, list[str]]:
        """What is wrong with what is there, by its kind."""
        once, after, found = Client(self.port, Ledger(), self._over, 60), 0, Counter[str]()
        while True:
            word, content = once.ask("GET", f"/table/W/rows/?limit=1000&id=gt.{after}&order=id")
            assert word == "200", content
            rows = json.loads(content)
            if not rows:
                break
            after = rows[-1]["id"]
            found.update(row["op"] for row in rows if row["op"] != "first")
        ledger = self.ledger
        word, content = once.ask("GET", "/table/W/")
        once.close()
        table = json.loads(content)
        wrong = {
            "lost": [op for op in ledger.acknowledged if not found[op]],
            "doubled": [op for op, count in found.items() if count > 1],
            "refused and there": [op for op in ledger.refused if found[op]],
        }
        made = table["version"] - 1
        if not ledger.changes <= made <= ledger.changes + ledger.unknown_changes:
            wrong["lost"].append(f"{made} changes of {ledger.changes}, {ledger.unknown_changes} unknown")
        if ledger.label is not None and table.get("label") not in {ledger.label, *ledger.labels_since}:
            wrong["lost"].append(f"label {table.get('label')!r} after {ledger.label!r}")
        return {kind: which for kind, which in wrong.items() if which}
