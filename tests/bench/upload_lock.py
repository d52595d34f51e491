"""Uploads: how long they keep other writers out, what these see meanwhile, the rate, and the memory; one run.

python -m tests.bench.upload_lock --database sqlite
python -m tests.bench.upload_lock --database postgresql --against ../other-checkout
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import requests
import sqlalchemy as sa

from tests.bench.cost import imported_from
from tests.server_process import Server
from tests.soak.meter import Meter, command, running_server

FIELDS = {
    "code": {"type": "string", "max_length": 20},
    "name": "string",
    "count": "integer",
    "price": "number",
    "amount": {"type": "decimal", "scale": 2},
    "open": "boolean",
    "day": "date",
}
MEDIA_TYPES = {"csv": "text/csv", "json": "application/json", "ndjson": "application/x-ndjson"}
#: Seconds between the requests of the other writer, and between two looks at the lock.
EVERY, LOOK = 0.05, 0.002


def rows() -> Iterator[dict]:
    number = 0
    while True:
        number += 1
        yield {
            "code": f"C{number:07}",
            "name": f"Name of the row with the number {number}",
            "count": number,
            "price": number / 8,
            "amount": f"{number % 10_000}.25",
            "open": number % 3 == 0,
            "day": f"20{number % 90 + 10}-0{number % 9 + 1}-{number % 18 + 10}",
        }


def body(kind: str, size: int) -> tuple[bytes, int]:
    """So many bytes of rows, and how many rows they are."""
    parts, length, source = [], 0, rows()
    while length < size:
        row = next(source)
        if kind == "csv":
            part = ",".join(str(value).lower() if value is row["open"] else str(value) for value in row.values())
        else:
            part = json.dumps(row)
        parts.append(part)
        length += len(part) + 1
    if kind == "csv":
        return ("\n".join([",".join(FIELDS), *parts]) + "\n").encode(), len(parts)
    if kind == "json":
        return ("[" + ",".join(parts) + "]").encode(), len(parts)
    return ("\n".join(parts) + "\n").encode(), len(parts)


class Client:
    """One server, with a table for uploads and one for the other writer."""

    def __init__(self, name: str, server: Server):
        self.name, self.server = name, server
        self.session = requests.Session()
        for model in ("Upload", "Other"):
            document = {"model_name": model, "fields": FIELDS}
            self.session.post(f"{server.url}/table/", json=document).raise_for_status()
        self.meter = Meter(server.process.pid)

    def upload(
        self, data: bytes, kind: str, path: str = "/table/1/rows/", returns: str = "minimal", merges: bool = False
    ) -> float:
        """-> seconds"""
        prefer = f"return={returns}" + ", resolution=merge-duplicates" * merges
        headers = {"Content-Type": MEDIA_TYPES[kind], "Prefer": prefer}
        began = time.perf_counter()
        answer = requests.post(f"{self.server.url}{path}", data=data, headers=headers, timeout=600)
        if answer.status_code not in (200, 201, 204):
            print(f"  {self.name} {path} {kind}: {answer.status_code} {answer.text[:200]}")
        return time.perf_counter() - began

    def latencies(self, during: Callable[[], object]) -> tuple[dict[str, list[float]], int]:
        """What the other writer, and ``/live``, wait for while something runs; and how many were refused."""
        done, found, refused = threading.Event(), {"write": [], "/live": []}, [0]

        def ask(name: str, send: Callable[[requests.Session], requests.Response]) -> None:
            with requests.Session() as session:
                while not done.is_set():
                    began = time.perf_counter()
                    refused[0] += send(session).status_code >= 500
                    found[name].append(time.perf_counter() - began)
                    time.sleep(EVERY)

        url, row = self.server.url, next(rows())
        senders = {
            "write": lambda session: session.post(f"{url}/table/2/rows/", json=row, timeout=600),
            "/live": lambda session: session.get(f"{url}/live", timeout=600),
        }
        threads = [threading.Thread(target=ask, args=sender) for sender in senders.items()]
        for thread in threads:
            thread.start()
        during()
        done.set()
        for thread in threads:
            thread.join()
        return found, refused[0]


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1e3


@dataclass
class Lock:
    """Watches SQLite's writer lock from another process."""

    file: str
    held: float = 0.0
    longest: float = 0.0

    def watch(self, during: Callable[[], object]) -> None:
        done = threading.Event()

        def look() -> None:
            since = None
            with closing(sqlite3.connect(self.file, timeout=0, isolation_level=None)) as connection:
                while not done.is_set():
                    try:
                        connection.execute("BEGIN IMMEDIATE")
                        connection.execute("ROLLBACK")
                        free = True
                    except sqlite3.OperationalError:
                        free = False
                    now = time.perf_counter()
                    if since is not None:
                        self.held += now - since
                    if not free and since is None:
                        first = now
                    since = None if free else now
                    if not free:
                        self.longest = max(self.longest, now - first)
                    time.sleep(LOOK)

        thread = threading.Thread(target=look)
        thread.start()
        during()
        done.set()
        thread.join()


def bare_statement(file: str, source: str, target: str, key: str | None = None) -> float:
    """Seconds of the transaction that does nothing but add the rows of one table to another one.

    :param key: write over the rows that have the same value there
    """
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        columns = [f'"{row[1]}"' for row in connection.execute(f'PRAGMA table_info("{source}")')]
        names, over = ", ".join(columns), ", ".join(f"{name} = excluded.{name}" for name in columns)
        conflict = "" if key is None else f'ON CONFLICT ("{key}") DO UPDATE SET {over}'
        connection.execute(f'CREATE TEMP TABLE staged AS SELECT {names} FROM "{source}" ORDER BY id')
        began = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            f'INSERT INTO "{target}" ({names}) SELECT {names} FROM temp.staged WHERE true ORDER BY rowid {conflict}'
        )
        connection.execute("COMMIT")
        return time.perf_counter() - began


def locks(clients: list[Client], megabytes: float) -> None:
    print(f"\nSQLite's writer lock in an upload of {megabytes:g} MB, and the bare INSERT ... SELECT of the same rows")
    data, count = body("csv", int(megabytes * 1e6))
    for client in clients:
        file = sa.make_url(client.server.settings["sqlalchemy.url"]).database
        document = {"model_name": "Bare", "fields": FIELDS}
        client.session.post(f"{client.server.url}/table/", json=document).raise_for_status()
        bare = 0.0
        for returns in ("minimal", "representation"):
            lock = Lock(file)
            lock.watch(lambda client=client, returns=returns: client.upload(data, "csv", returns=returns))
            bare = bare or bare_statement(file, "Upload", "Bare")
            print(
                f"  {client.name:8} {count:8,} rows, return={returns:14}: held {lock.held:7.3f} s, "
                f"longest {lock.longest:7.3f} s; bare {bare:6.3f} s; ratio {lock.longest / bare:6.2f}"
            )


def upserts(clients: list[Client], megabytes: float) -> None:
    print(f"\nThe same in upserts of {megabytes:g} MB by a unique field, and the bare INSERT ... ON CONFLICT DO UPDATE")
    data, count = body("csv", int(megabytes * 1e6))
    for client in clients:
        file = sa.make_url(client.server.settings["sqlalchemy.url"]).database
        fields = FIELDS | {"code": {"type": "string", "max_length": 20, "unique": True}}
        for name in ("KnownBare", "Known"):
            document = {"model_name": name, "fields": fields}
            made = client.session.post(f"{client.server.url}/table/", json=document)
        path = f"/table/{made.json()['id']}/rows/?on_conflict=code"
        for name in ("new rows", "known rows"):
            for returns in ("minimal", "representation")[name == "new rows" :]:
                lock = Lock(file)
                lock.watch(
                    lambda client=client, path=path, returns=returns: client.upload(data, "csv", path, returns, True)
                )
                bare = bare_statement(file, "Known", "KnownBare", "code")
                print(
                    f"  {client.name:8} {count:8,} {name:10}, return={returns:14}: held {lock.held:7.3f} s, "
                    f"longest {lock.longest:7.3f} s; bare {bare:6.3f} s; ratio {lock.longest / bare:6.2f}"
                )


def others(clients: list[Client], megabytes: float) -> None:
    print(f"\nWhat others wait for, ms: idle, and during an upload of {megabytes:g} MB")
    data, _ = body("csv", int(megabytes * 1e6))
    for client in clients:
        idle, _ = client.latencies(lambda: time.sleep(3))
        busy, refused = client.latencies(lambda client=client: client.upload(data, "csv"))
        for name in idle:
            told = [f"p50 {quantile(each[name], 0.5):7.1f} max {max(each[name]) * 1e3:8.1f}" for each in (idle, busy)]
            ratio = quantile(busy[name], 0.5) / quantile(idle[name], 0.5)
            print(
                f"  {client.name:8} {name:6} idle {told[0]}   upload {told[1]}   p50 x{ratio:5.1f}  refused {refused}"
            )


def rates(clients: list[Client], megabytes: float, rounds: int) -> None:
    print(f"\nThousands of rows a second, and microseconds of the server's processor time a row ({megabytes:g} MB)")
    for kind in MEDIA_TYPES:
        data, count = body(kind, int(megabytes * 1e6))
        for path in ("/table/1/rows/", "/rest/Upload"):
            if path.startswith("/rest") and kind == "ndjson":
                continue
            found: dict[str, list[tuple[float, float]]] = {client.name: [] for client in clients}
            for number in range(rounds):
                for client in clients[:: -1 if number % 2 else 1]:
                    cpu = client.meter.cpu()
                    seconds = client.upload(data, kind, path)
                    found[client.name].append((seconds, client.meter.cpu() - cpu))
            print(f"  {kind:7}{path:16}", end="")
            for name, times in found.items():
                seconds, cpu = map(min, zip(*times, strict=True))
                print(f"{name:>8} {count / seconds / 1e3:6.1f} k/s {cpu / count * 1e6:6.1f} us", end="")
            print()


def memory(clients: list[Client], megabytes: float) -> None:
    print("\nMB of memory above idle at the peak, and seconds (of processor time)")
    empty = {f"{size} MB of [{{}},...]": ("json", b"[" + b"{}," * (size * 333_333) + b"{}]") for size in (1, 12)}
    large = {f"{megabytes:g} MB {kind}": (kind, body(kind, int(megabytes * 1e6))[0]) for kind in ("csv", "json")}
    for name, (kind, data) in (empty | large).items():
        shown = [("/table/1/rows/", "representation"), ("/rest/Upload", "representation")] * (name in large)
        for client in clients:
            for path, returns in [("/table/1/rows/", "minimal"), ("/rest/Upload", "minimal"), *shown]:
                idle, cpu = client.meter.resident(), client.meter.cpu()
                with client.meter.peak() as peak:
                    seconds = client.upload(data, kind, path, returns)
                print(
                    f"  {name:18}{client.name:8} {path:16}{returns:15}{peak[0] - idle:8.0f} MB above {idle:4.0f}"
                    f"{seconds:8.1f} s ({client.meter.cpu() - cpu:6.1f})"
                )


PARTS = ("lock", "others", "rates", "memory")


def main() -> None:
    parser = command("Measure what uploads cost, and what they cost others.")
    parser.add_argument("--megabytes", type=float, default=12)
    parser.add_argument("--large", type=float, default=31, help="MB of the uploads whose memory is measured")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--against", metavar="FOLDER", help="another checkout, measured beside this one")
    options = parser.parse_args()
    wanted = options.only or PARTS
    with ExitStack() as stack:
        clients = [Client("here", stack.enter_context(running_server(options.database, options.threads)))]
        if options.against:
            with imported_from(options.against):
                server = stack.enter_context(running_server(options.database, options.threads))
            clients.append(Client("other", server))
        if "lock" in wanted and options.database == "sqlite":
            locks(clients, options.megabytes)
            upserts(clients, options.megabytes)
        if "others" in wanted:
            others(clients, options.megabytes)
        if "rates" in wanted:
            rates(clients, options.megabytes / 4, options.rounds)
        if "memory" in wanted:
            memory(clients, options.large)


if __name__ == "__main__":
    main()
