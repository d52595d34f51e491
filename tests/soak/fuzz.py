"""Random requests to every resource: no failure of ours, and each answer is what the contract says.

python -m tests.soak.fuzz --database sqlite --requests 50000 --seed 1

It runs in process, with warnings as errors. Each violation is printed once for its kind, with the number of its request
under the seed, the least request that still shows it (as curl), and the traceback where the log has one. It exits with
1 if there is any.
"""

import argparse
import json
import logging
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.soak.fuzzing.checks import violations
from tests.soak.fuzzing.documents import sound_tables
from tests.soak.fuzzing.requests import Requests, World
from tests.soak.fuzzing.wire import Answer, Request, send, smaller

#: Tables that there may be at a time; more are dropped and purged.
MOST_TABLES = 10
LEAST_TABLES = 5
#: Rows and versions of a table above which it is dropped: what takes long is not tried here.
MOST_VERSIONS = 60
#: Of two such requests, one is seldom answered within it on a busy machine; the slowest are printed.
SLOW = 2.0
SETTINGS = {"dynmodel.lock_timeout": "5", "dynmodel.statement_timeout": "20"}
JSON = {"Content-Type": "application/json"}


class LastError(logging.Handler):
    """Keeps the traceback of the last error that was logged."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.text = ""

    def emit(self, record):
        self.text = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else record.getMessage()

    def taken(self) -> str:
        text, self.text = self.text, ""
        return text


class Fuzzer:
    """Sends requests to an application, and judges its answers.

    ``found`` has each kind of violation with its first case.
    """

    def __init__(self, app, seed: int, *, shrink: bool = True):
        self.app, self.seed, self.shrink = app, seed, shrink
        self.world = World()
        self.requests = Requests(self.world, seed)
        self.statuses: Counter = Counter()
        self.found: dict[str, str] = {}
        self.slowest: list[tuple[float, str]] = []
        self.log = LastError()
        logging.getLogger("dynmodel_pyramid").addHandler(self.log)

    def close(self) -> None:
        logging.getLogger("dynmodel_pyramid").removeHandler(self.log)

    def run(self, count: int) -> None:
        for known in self.document("/field-type/"):
            self.world.operators[known["name"]] = [each["name"] for each in known["operators"]]
        self.tidy()
        for number in range(count):
            self.one(number)
            if number % 500 == 499:
                self.tidy()
            if number % 5000 == 4999:
                print(f"{number + 1} requests, {len(self.found)} kinds of violations", file=sys.stderr, flush=True)
        self.tidy()
        self.judge_all()

    def one(self, number: int) -> None:
        request = self.requests.number(number)
        answer = self.judged(request, number)
        if answer is None:
            return
        for part in (answer.get("Link") or "").split(","):
            for word in ("_after=", "_before="):
                if word in part:
                    self.world.cursors = [*self.world.cursors[-9:], part.partition(word)[2].split("&")[0].split(">")[0]]
        changes = request.method not in ("GET", "HEAD", "OPTIONS") and "/row" not in request.path
        if changes and answer.status < 300 and not request.path.startswith("/rest"):
            self.read_tables()
            self.judge_change(request, answer, number)

    # Judging

    def send(self, request: Request) -> Answer:
        try:
            return send(self.app, request)
        except Exception:
            self.log.text = traceback.format_exc()
            return Answer(599, [], b"", 0.0)

    def told(self, request: Request) -> tuple[Answer, list[str], str]:
        self.log.taken()
        answer = self.send(request)
        told = list(violations(request, answer))
        return answer, told, self.log.taken()

    def judged(self, request: Request, number: int) -> Answer | None:
        answer, told, log = self.told(request)
        self.statuses[answer.status] += 1
        if answer.seconds > SLOW:
            self.slowest.append((answer.seconds, f"{number}: {request.curl()[:3000]}"))
        for each in told:
            self.note(each, request, number, answer, log)
        return None if told else answer

    def note(self, told: str, request: Request, number: int, answer: Answer, log: str) -> None:
        key = f"{told} {_place(log)}".strip()
        if key in self.found:
            return
        self.found[key] = ""
        least = request
        if self.shrink:

            def fails(candidate: Request) -> bool:
                _, again, logged = self.told(candidate)
                return any(f"{each} {_place(logged)}".strip() == key for each in again)

            tables = {json.dumps(each, sort_keys=True) for each in self.world.tables}
            if fails(request):
                least = smaller(request, fails)
            self.read_tables()
            del tables
        table = next((each for each in self.world.tables if f"/{each['id']}/" in f"{least.path}/"
                      or each["model_name"] in least.path), None)  # fmt: skip
        lines = [f"--- {key}", f"seed {self.seed}, request {number}: {request.method} {request.target[:300]}"]
        lines += [least.curl(), f"-> {answer.status} {answer.content[:500]!r}"]
        if table is not None:
            lines.append(f"table: {json.dumps(_short(table))[:3000]}")
        if log:
            lines.append(log[-3500:])
        self.found[key] = "\n".join(lines)
        print(self.found[key], file=sys.stderr, flush=True)

    def judge_change(self, request: Request, answer: Answer, number: int) -> None:
        """A table that was changed is read, and is what was told; putting that back changes nothing."""
        for table in self.world.tables:
            path = f"/table/{table['id']}/"
            if not f"{request.path}/".startswith((path, f"/table/{table['model_name']}/")) or number % 3:
                continue
            again = self.judged(Request("PUT", path, JSON, json.dumps(table).encode()), number)
            if again is not None and (again.status != 200 or json.loads(again.body) != table):
                self.note("PUT of what GET answered changes something", request, number, again, "")
            listed = self.judged(Request("GET", f"{path}rows/?limit=3"), number)
            if listed is not None and listed.status != 200:
                self.note("rows can't be read", request, number, listed, "")

    def judge_all(self) -> None:
        """At the end all tables are well."""
        for table in self.world.tables:
            path = f"/table/{table['id']}/"
            for target in (f"{path}health/", f"{path}rows/", f"{path}history/?limit=3", f"{path}trash/"):
                answer = self.judged(Request("GET", target), -1)
                if answer is not None and answer.status != 200:
                    self.note(f"{target} is {answer.status} at the end", Request("GET", target), -1, answer, "")

    # The service's tables

    def document(self, target: str) -> Any:
        answer = self.send(Request("GET", target))
        if answer.status != 200:
            raise AssertionError(f"GET {target}: {answer.status} {answer.body[:300]!r} {self.log.text}")
        return json.loads(answer.body)

    def read_tables(self) -> None:
        self.world.tables = self.document("/table/")

    def tidy(self) -> None:
        """Keep the service small: few tables, few versions, little in the trash."""
        self.read_tables()
        tables = self.world.tables
        for table in tables:
            if len(tables) > MOST_TABLES or table["version"] > MOST_VERSIONS:
                self.send(Request("DELETE", f"/table/{table['id']}/"))
            self.send(Request("DELETE", f"/table/{table['id']}/rows/?id=gt.200"))
        for kept in self.document("/trash/")[:-3]:
            self.send(Request("DELETE", f"/trash/{kept['number']}/"))
        self.read_tables()
        for document in sound_tables(self.world.tables) if len(self.world.tables) < LEAST_TABLES else ():
            self.send(Request("POST", "/table/", JSON, json.dumps(document).encode()))
        self.read_tables()
        for table in self.world.tables:
            rows = [dict.fromkeys(table["fields"]), *({} for _ in range(3))]
            for row in rows:
                self.send(Request("POST", f"/table/{table['id']}/rows/", JSON, json.dumps(row).encode()))


def _place(log: str) -> str:
    """The last place of ours in a traceback."""
    lines = [line.strip() for line in log.splitlines()]
    ours = [line for line in lines if line.startswith('File "') and "dynmodel_pyramid/" in line]
    last = lines[-1][:80] if lines and ours else ""
    return (ours[-1].rpartition("dynmodel_pyramid/")[2] if ours else "") + (f" {last.split(':')[0]}" if last else "")


def _short(table: dict[str, Any]) -> dict[str, Any]:
    """A definition without what is as it is by default."""
    fields = {
        name: {option: value for option, value in each.items() if value not in (None, False, [])}
        for name, each in table["fields"].items()
    }
    return {**table, "fields": fields}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fast", action="store_true", help="leave failing requests as they are")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, database_settings(chosen.database, Path(folder)) as settings:
        app = dynmodel_pyramid.main({}, **settings, **SETTINGS)
        begun = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fuzzer = Fuzzer(app, chosen.seed, shrink=not chosen.fast)
            fuzzer.run(chosen.requests)
        fuzzer.close()
        app.registry.dynmodel_catalogue.database.close()
    for seconds, told in sorted(fuzzer.slowest, reverse=True)[:5]:
        print(f"slow: {seconds:.1f} s, request {told}", file=sys.stderr)
    statuses = " ".join(f"{status}:{count}" for status, count in sorted(fuzzer.statuses.items()))
    print(
        f"{chosen.database}: {sum(fuzzer.statuses.values())} answers in {time.perf_counter() - begun:.0f} s "
        f"({statuses}), {len(fuzzer.found)} kinds of violations"
    )
    return 1 if fuzzer.found else 0


if __name__ == "__main__":
    sys.exit(main())
