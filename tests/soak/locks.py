"""Locks are waited for a bounded time, and never stop those who don't need them.

python -m tests.soak.locks --database postgresql

Four parts: a long read and a long write beside a definition change; sixteen writers on two processes; two clients that
change one definition at once under If-Match; thirty definition changes of ten tables at once.
"""

import argparse
import http.client
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.testing.databases import DATABASES
from tests.soak.fleet import Answer, Client, Figures, Fleet, finish, percentile, running_fleet

#: dynmodel.lock_timeout of all parts but the last.
LOCK_TIMEOUT = 2.0
#: By how many seconds an answer may come later than the lock's time is over: noise of a loaded machine, and, on
#: SQLite, the lock of the process that is waited for before the lock of the file.
TOLERANCE = 3.0


def with_lock_timeout(settings: dict[str, str]) -> dict[str, str]:
    return {**settings, "dynmodel.lock_timeout": str(LOCK_TIMEOUT)}


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run ``work(number)`` in that many threads that start together; -> the results, exceptions among them."""
    barrier, results = threading.Barrier(count), [None] * count

    def one(number: int) -> None:
        try:
            barrier.wait(60)
            results[number] = work(number)
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=one, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    return results


def wanted(answer: Answer, *statuses: int) -> Answer:
    if answer.status not in statuses:
        raise AssertionError(f"answered {answer.status}: {answer.body[:500]!r}")
    return answer


class Readers:
    """Clients that read one row without pause, and how long each answer took."""

    def __init__(self, ports: list[int], path: str, figures: Figures, count: int = 3):
        self.seconds: list[float] = []
        self._figures, self._path, self._ports = figures, path, ports
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._loop, args=(number,), daemon=True) for number in range(count)]

    def _loop(self, number: int) -> None:
        client = Client(self._ports)
        while not self._over.is_set():
            try:
                answer = client(number % len(client), "GET", self._path)
            except (OSError, http.client.HTTPException) as error:
                self._figures.violate("reader_without_answer", repr(error))
                return
            self.seconds.append(answer.seconds)
            if answer.status != 200:
                self._figures.violate("reader_refused", f"{answer.status} {answer.body[:300]!r}")
        client.close()

    def __enter__(self) -> "Readers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *ignored) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)


# A long read and a long write


class SlowStream:
    """A list of all rows whose client stops reading in the middle."""

    def __init__(self, port: int, path: str):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._connection.request("GET", path)
        self._response = self._connection.getresponse()
        self.version = int(self._response.headers["Definition-Version"])
        self._begin = self._response.read(100_000)

    def rest(self) -> list[dict] | None:
        """All rows; None if the server has broken the answer off."""
        try:
            return json.loads(self._begin + self._response.read())
        except (http.client.IncompleteRead, ConnectionError):
            return None
        finally:
            self._connection.close()


def fill(client: Client, rows: int, size: int) -> None:
    """A table so large that the server can't buffer the whole list."""
    wanted(client(0, "POST", "/table/", {"model_name": "Large", "fields": {"a": "string", "b": "text"}}), 201)
    chunk = 500
    for start in range(0, rows, chunk):
        documents = [
            {"a": f"a{number}", "b": f"{number:06}".ljust(size, "x")} for number in range(start, start + chunk)
        ]
        wanted(client(0, "POST", "/table/1/rows/", documents, Prefer="return=minimal"), 201)


@contextmanager
def long_write(fleet: Fleet) -> Iterator[None]:
    """Somebody's transaction, by plain SQL, that has written row 1 and does not end."""
    engine = fleet.connect()
    if fleet.schema is None:
        sa.event.listen(engine, "connect", lambda dbapi, record: setattr(dbapi, "isolation_level", None))
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        table = '"Large"'
    else:
        table = f'"{fleet.schema}"."Large"'
    with engine.connect() as connection:
        connection.exec_driver_sql(f'UPDATE {table} SET "_version" = "_version" WHERE id = 1')
        try:
            yield
        finally:
            connection.rollback()


def one_request(fleet: Fleet, *arguments) -> Answer:
    client = Client(fleet.ports)
    try:
        return client(*arguments)
    finally:
        client.close()


def refused_in_time(figures: Figures, answer: Answer, what: str) -> None:
    if isinstance(answer, Exception):
        raise answer
    if not answer.is_busy:
        figures.violate("not_busy", f"{what}: {answer.status} {answer.body[:300]!r}")
    if answer.seconds > LOCK_TIMEOUT + TOLERANCE:
        figures.violate("waited_too_long", f"{what}: {answer.seconds:.2f} s")


def eventually(client: Client, method: str, path: str, document: Any) -> Answer:
    """Repeat what is answered 503 with Retry-After, as the answer says, for a while."""
    deadline = time.monotonic() + 20
    while True:
        answer = client(0, method, path, document)
        if not answer.is_busy or time.monotonic() > deadline:
            return answer
        time.sleep(0.2)


def with_field(client: Client, name: str) -> dict:
    document = client(0, "GET", "/table/1/").json
    return {**document, "fields": {**document["fields"], name: {"type": "integer"}}}


def long_transactions(fleet: Fleet, figures: Figures, *, rows: int = 3000, size: int = 12_000) -> str:
    """Parts (a): -> what was measured."""
    client, path = Client(fleet.ports), "/table/1/rows/2/"
    fill(client, rows, size)
    parts = []
    # A long read. The change passes: on SQLite the reader keeps its own view of everything, on PostgreSQL the list is
    # broken off, unless the server has all of it by then.
    stream = SlowStream(fleet.ports[0], "/table/1/rows/")
    document = with_field(client, "c")
    with Readers(fleet.ports, path, figures) as readers:
        answer = client(len(client) - 1, "PUT", "/table/1/", document)
    if answer.status != 200:
        figures.violate("refused", f"PUT beside a long read: {answer.status} {answer.body[:300]!r}")
    if answer.seconds > LOCK_TIMEOUT + TOLERANCE:
        figures.violate("waited_too_long", f"PUT beside a long read: {answer.seconds:.2f} s")
    parts.append(f"PUT beside a long read {answer.status} after {answer.seconds:.2f} s, {latency(readers)}")
    found = stream.rest()
    if found is None:
        if fleet.schema is None:
            figures.violate("stream_broken", "it was in nobody's way")
        found = []
    elif stream.version != 1 or [row["id"] for row in found] != list(range(1, rows + 1)):
        figures.violate("stream_broken", f"version {stream.version}, {len(found)} rows")
    if any(list(row) != ["id", "a", "b"] or row["b"][:6] != row["a"][1:].zfill(6) for row in found):
        figures.violate("stream_broken", "rows of another version")
    # A long write.
    document = with_field(client, "d")
    with long_write(fleet), Readers(fleet.ports, path, figures) as readers:
        requests = (
            (len(client) - 1, "PUT", "/table/1/", document),
            (0, "PATCH", "/table/1/rows/1/", {"a": "b"}),
            (0, "PATCH", "/table/1/rows/3/", {"a": "b"}),
        )
        answer, row, other = at_once(3, lambda number: one_request(fleet, *requests[number]))
        refused_in_time(figures, answer, "PUT beside a long write")
        refused_in_time(figures, row, "PATCH of the row that is locked")
        if fleet.schema is not None and other.status != 200:
            figures.violate("refused", f"PATCH of another row: {other.status} {other.body[:300]!r}")
        elif fleet.schema is None:
            refused_in_time(figures, other, "PATCH beside the only writer")
    parts.append(
        f"beside a long write PUT {answer.status} after {answer.seconds:.2f} s, PATCH of its row {row.status} after "
        f"{row.seconds:.2f} s, of another {other.status} after {other.seconds:.2f} s, {latency(readers)}"
    )
    document.pop("version")
    after = wanted(eventually(client, "PUT", "/table/1/", document), 200)
    if list(after.json["fields"]) != ["a", "b", "c", "d"]:
        figures.violate("wrong_definition", list(after.json["fields"]))
    client.close()
    return "; ".join(parts)


def latency(readers: Readers) -> str:
    worst = max(readers.seconds, default=0)
    return f"readers meanwhile p99 {percentile(readers.seconds, 0.99) * 1000:.0f} ms, worst {worst * 1000:.0f} ms"


# Many writers


def many_writers(fleet: Fleet, figures: Figures, *, writers: int = 16, rows: int = 50) -> str:
    """Part (b): every row is there exactly once."""
    client = Client(fleet.ports)
    table = wanted(client(0, "POST", "/table/", {"model_name": "Written", "fields": {"a": "string"}}), 201).json["id"]
    statuses: Counter = Counter()
    seconds: list[float] = []

    def write(number: int) -> list[int]:
        own, ids = Client(fleet.ports), []
        for count in range(rows):
            answer = own((number + count) % len(own), "POST", f"/table/{table}/rows/", {"a": f"{number}-{count}"})
            statuses[answer.status] += 1
            seconds.append(answer.seconds)
            if answer.status != 201:
                figures.violate("write_refused", f"{answer.status} {answer.body[:300]!r}")
            else:
                ids.append(answer.json["id"])
        own.close()
        return ids

    results = at_once(writers, write)
    for result in results:
        if not isinstance(result, list):
            figures.violate("writer_failed", repr(result))
    given = [row_id for result in results if isinstance(result, list) for row_id in result]
    found = client(0, "GET", f"/table/{table}/rows/").json
    names = Counter(row["a"] for row in found)
    expected = {f"{number}-{count}" for number in range(writers) for count in range(rows)}
    if set(names) != expected or any(count > 1 for count in names.values()):
        figures.violate("rows_differ", f"{len(found)} rows of {len(names)} values, want {len(expected)}")
    if sorted(given) != [row["id"] for row in found]:
        figures.violate("ids_differ", f"{len(given)} ids were answered for {len(found)} rows")
    client.close()
    return (
        f"{writers} writers on {len(fleet.ports)} processes: {sum(statuses.values())} rows, statuses "
        f"{dict(statuses)}, p99 {percentile(seconds, 0.99) * 1000:.0f} ms, worst {max(seconds) * 1000:.0f} ms"
    )


# Definition changes at once


def compare_and_set(fleet: Fleet, figures: Figures, *, rounds: int = 20, clients: int = 2) -> str:
    """Part (c): of several changes under one If-Match one wins."""
    client = Client(fleet.ports)
    table = wanted(client(0, "POST", "/table/", {"model_name": "Contested", "fields": {"a": "string"}}), 201).json["id"]
    path = f"/table/{table}/"
    for number in range(rounds):
        version = number + 1

        def change(who: int, version: int = version) -> tuple[int, str]:
            own = Client(fleet.ports)
            label = f"{who} made {version + 1}"
            server = who % len(own)
            answer = own(server, "PATCH", path, {"label": label}, If_Match=f'"{version}"')
            own.close()
            return answer.status, label

        results = at_once(clients, change)
        winners = [result[1] for result in results if isinstance(result, tuple) and result[0] == 200]
        others = [result for result in results if not (isinstance(result, tuple) and result[0] == 200)]
        if len(winners) != 1 or any(not isinstance(result, tuple) or result[0] != 412 for result in others):
            figures.violate("not_one_winner", results)
            break
        document = client(number % len(client), "GET", path).json
        if (document["version"], document["label"]) != (version + 1, winners[0]):
            figures.violate("winner_lost", f"{document['version']} {document['label']}, want {winners[0]}")
    client.close()
    return f"{rounds} rounds of {clients} changes under one If-Match"


def many_changes(fleet: Fleet, figures: Figures, *, tables: int = 10, changes: int = 30) -> str:
    """Part (d): changes of several tables at once all succeed, or are told that the database is busy."""
    client = Client(fleet.ports)
    ids = []
    for number in range(tables):
        document = {"model_name": f"Parallel{number}", "fields": {"a": "string"}}
        ids.append(wanted(client(0, "POST", "/table/", document), 201).json["id"])
        rows = [{"a": f"row {count}"} for count in range(50)]
        wanted(client(0, "POST", f"/table/{ids[-1]}/rows/", rows), 201)

    def change(number: int) -> Answer:
        own = Client(fleet.ports)
        patch = {"fields": {f"f{number}": {"type": "integer", "required": True, "default": number}}}
        answer = own(number % len(own), "PATCH", f"/table/{ids[number % tables]}/", patch)
        own.close()
        return answer

    results = at_once(changes, change)
    statuses: Counter = Counter()
    made: dict[int, set[str]] = {table: {"a"} for table in ids}
    for number, answer in enumerate(results):
        if isinstance(answer, Answer) and answer.status == 200:
            made[ids[number % tables]].add(f"f{number}")
        elif not (isinstance(answer, Answer) and answer.is_busy):
            figures.violate("change_failed", answer if not isinstance(answer, Answer) else answer.body[:500])
        statuses[answer.status if isinstance(answer, Answer) else repr(answer)] += 1
    for table, names in made.items():
        document = client(0, "GET", f"/table/{table}/").json
        if set(document["fields"]) != names or document["version"] != len(names):
            figures.violate("wrong_definition", f"table {table}: {document['version']} {set(document['fields'])}")
        for row in client(len(client) - 1, "GET", f"/table/{table}/rows/").json:
            if set(row) != {"id", *names} or any(row[name] != int(name[1:]) for name in names - {"a"}):
                figures.violate("wrong_row", row)
    client.close()
    seconds = [answer.seconds for answer in results if isinstance(answer, Answer)]
    return (
        f"{changes} changes of {tables} tables at once: {dict(statuses)}, worst {max(seconds, default=0) * 1000:.0f} ms"
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=50, help="of changes under If-Match")
    parser.add_argument("--rows", type=int, default=50, help="of each of the sixteen writers")
    given = parser.parse_args(arguments)
    figures, parts = Figures(), []
    started = time.monotonic()
    with running_fleet(given.database, given.processes, adapt=with_lock_timeout) as fleet:
        parts.append(long_transactions(fleet, figures))
    with running_fleet(given.database, given.processes) as fleet:
        parts.append(many_writers(fleet, figures, rows=given.rows))
        parts.append(compare_and_set(fleet, figures, rounds=given.rounds))
        parts.append(many_changes(fleet, figures))
        for line in fleet.logged(" ERROR ")[:5]:
            print(f"  log: {line}", file=sys.stderr)
    return finish(f"{given.database}, {time.monotonic() - started:.0f} s: " + "; ".join(parts), figures)


if __name__ == "__main__":
    sys.exit(main())
