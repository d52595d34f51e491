"""The runs of ``python -m tests.cluster``, each on a cluster of its own."""

import contextlib
import itertools
import os
import signal
import tempfile
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from dynmodel_pyramid.database.replicas import Position
from dynmodel_pyramid.testing.databases import OPEN
from tests.cluster.bed import Bed, Node
from tests.soak.coherence import run_coherence, run_in_tenants, with_large_tables
from tests.soak.fleet import Answer, Client, Fleet, InTenant, Manner, with_tenants
from tests.soak.story import Run

MERGE = "application/merge-patch+json"
#: What a client may repeat: nothing was done, or its key finds what was.
PASSING = frozenset({"database_unavailable", "database_read_only", "outcome_unknown", "busy", "request_in_progress"})


class WithToken(Manner):
    """All clients together are one: each sends the newest token that any of them got, so all reads are to be as new as
    on the primary alone.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest = Position(0, 0)
        self.answers: Counter[str] = Counter()

    def before(self, method: str, headers: dict[str, str]) -> None:
        if self._newest.length:
            headers["Consistency-Token"] = self._newest.token

    def after(self, answer: Answer) -> None:
        token = Position.read(answer.headers["Consistency-Token"] or "")
        with self._lock:
            self.answers["replica" if answer.headers["Data-Age"] else "primary"] += 1
            if token is not None and (token.timeline, token.length) > (self._newest.timeline, self._newest.length):
                self._newest = token


class Persistent(Manner):
    """Writes have a key and are sent again until their outcome is known, as a client does across a failover."""

    def __init__(self, seconds: float = 60) -> None:
        self._until = time.monotonic() + seconds
        self.answers: Counter[str] = Counter()

    def before(self, method: str, headers: dict[str, str]) -> None:
        if method not in ("GET", "HEAD"):
            headers["Idempotency-Key"] = f'"{uuid.uuid4()}"'

    def repeats(self, answer: Answer | None) -> bool:
        if answer is not None and answer.status not in (503, 409):
            return False
        code = "none" if answer is None else answer.json["code"]
        if answer is not None and code not in PASSING:
            return False
        self.answers[code] += 1
        if time.monotonic() > self._until:
            return False
        time.sleep(0.1)
        return True


@contextmanager
def mannered(manner: Manner) -> Iterator[None]:
    Client.manner = manner
    try:
        yield
    finally:
        Client.manner = Manner()


@contextmanager
def served(url: str, processes: int, **settings: str) -> Iterator[Fleet]:
    """Server processes on a database of the bed, in a schema of their own."""
    own = {"sqlalchemy.url": url, "dynmodel.schema": f"run_{uuid.uuid4().hex[:8]}", **OPEN, **settings}
    with fleet_of(with_large_tables(own), processes) as fleet:
        yield fleet


@contextmanager
def fleet_of(settings: dict[str, str], processes: int) -> Iterator[Fleet]:
    with tempfile.TemporaryDirectory() as folder:
        fleet = Fleet(settings, Path(folder), processes)
        try:
            fleet.start()
            yield fleet
        finally:
            fleet.stop()


def replicas_setting(*urls: str) -> dict[str, str]:
    return {"dynmodel.replica_urls": " ".join(urls)}


def soak(bed: Bed, fleet: Fleet, redefinitions: int, clients: int) -> Run:
    # The statistics of a table are the primary's to make.
    fleet.settings = {**fleet.settings, "sqlalchemy.url": bed.primary.url}
    return run_coherence(fleet, redefinitions=redefinitions, clients=clients, pause=0.02, seconds=300)


def pooled_soak(bed: Bed, processes: int, redefinitions: int, clients: int) -> Run:
    """Through PgBouncer, before a database whose default isolation would hide changes."""
    bed.primary.do("ALTER DATABASE postgres SET default_transaction_isolation = 'repeatable read'")
    url = bed.start_pooler()
    with served(url, processes) as fleet:
        return soak(bed, fleet, redefinitions, clients)


def replicated_soak(bed: Bed, processes: int, redefinitions: int, clients: int, lag: float) -> tuple[Run, WithToken]:
    """On a primary with two replicas, one of which lags."""
    nodes = [bed.add_replica(), bed.add_replica(lag=lag)]
    with (
        served(bed.primary.url, processes, **replicas_setting(*[node.url for node in nodes])) as fleet,
        mannered(WithToken()),
    ):
        run = soak(bed, fleet, redefinitions, clients)
        assert isinstance(Client.manner, WithToken)
        return run, Client.manner


def pooled_replicas_soak(
    bed: Bed, processes: int, redefinitions: int, clients: int, lag: float
) -> tuple[Run, WithToken]:
    """The primary and a replica that lags, both through PgBouncer, with hostile defaults."""
    bed.primary.do("ALTER DATABASE postgres SET default_transaction_isolation = 'repeatable read'")
    urls = [bed.start_pooler(), *[bed.start_pooler(bed.add_replica(lag=seconds)) for seconds in (0, lag)]]
    with served(urls[0], processes, **replicas_setting(*urls[1:])) as fleet, mannered(WithToken()):
        run = soak(bed, fleet, redefinitions, clients)
        assert isinstance(Client.manner, WithToken)
        return run, Client.manner


def failover_soak(bed: Bed, processes: int, redefinitions: int, clients: int, after: float) -> tuple[Run, Persistent]:
    """The primary is killed in the midst, and its replica takes over."""
    replica = bed.add_replica(synchronous=True)
    with served(bed.url_of_all(), processes) as fleet, mannered(Persistent()):
        fail_over = threading.Timer(after, _fail_over, (bed, replica))
        fail_over.start()
        run = soak(bed, fleet, redefinitions, clients)
        fail_over.join()
        assert isinstance(Client.manner, Persistent)
        return run, Client.manner


def _fail_over(bed: Bed, replica: Node) -> None:
    bed.primary.kill()
    replica.promote()
    # The new primary has no replica to wait for.
    replica.do("ALTER SYSTEM SET synchronous_standby_names = ''")
    replica.reload()


class OwnWrites:
    """Read-your-writes: a write by one process, and reads by another: at once with the token of that write, and with
    that of an earlier write, which the replica should have by now.

    :param later: seconds after which a token is used again
    """

    def __init__(self, fleet: Fleet | InTenant, threads: int, later: float) -> None:
        self.fleet, self.threads, self._later = fleet, threads, later
        #: By the kind of read: where it was answered, and whether it missed the write.
        self.reads: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def run(self, writes: int, *, with_token: bool) -> None:
        client = Client(self.fleet.ports)
        client(0, "POST", "/table/", {"model_name": "Own", "fields": {"n": "integer"}})
        client(0, "POST", "/table/Own/rows/", [{"n": 0} for _ in range(self.threads)])
        client.close()
        each = writes // self.threads
        threads = [threading.Thread(target=self._work, args=(n, each, with_token)) for n in range(self.threads)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    @property
    def missed(self) -> int:
        return sum(count for (_, what), count in self.reads.items() if what == "missed")

    def told(self) -> str:
        return ", ".join(f"{where} {what} {count}" for (where, what), count in sorted(self.reads.items()))

    def _work(self, number: int, writes: int, with_token: bool) -> None:
        client, path = Client(self.fleet.ports), f"/table/Own/rows/{number + 1}/"
        tokens: deque[tuple[float, int, str]] = deque()
        for wanted in range(1, writes + 1):
            answer = client(wanted % len(client), "PATCH", path, {"n": wanted}, Content_Type=MERGE)
            assert answer.status == 200, answer.body
            token = answer.headers["Consistency-Token"]
            self._read(client, path, wanted, token if with_token else None, "at once")
            tokens.append((time.monotonic(), wanted, token))
            if with_token and tokens[0][0] < time.monotonic() - self._later:
                _, earlier, token = tokens.popleft()
                self._read(client, path, earlier, token, "later")
        client.close()

    def _read(self, client: Client, path: str, wanted: int, token: str | None, when: str) -> None:
        sent = {} if token is None else {"Consistency_Token": token}
        found = client((wanted + 1) % len(client), "GET", path, **sent)
        assert found.status == 200, found.body
        place = "replica" if found.headers["Data-Age"] else "primary"
        with self._lock:
            self.reads[f"{when}, {place}", "missed" if found.json["n"] < wanted else "seen"] += 1


def tenants_soak(
    bed: Bed, processes: int, redefinitions: int, clients: int, lag: float
) -> Iterator[tuple[str, Run | OwnWrites]]:
    """Two tenants of one service on a primary with two replicas: both are redefined and read at the same time, with
    the newest token of either; then each reads its own writes.
    """
    nodes, names = [bed.add_replica(), bed.add_replica(lag=lag)], ("acme", "beta")
    own = with_large_tables({"sqlalchemy.url": bed.primary.url, **OPEN, **replicas_setting(*[n.url for n in nodes])})
    with with_tenants(own, names) as settings, fleet_of(settings, processes) as fleet:
        with mannered(WithToken()):
            soaked = {"redefinitions": redefinitions, "clients": clients, "pause": 0.02, "seconds": 300}
            yield from run_in_tenants(fleet, names, **soaked).items()
        reading = {name: OwnWrites(InTenant(fleet, name), 2, later=2 * lag + 0.2) for name in names}
        with ThreadPoolExecutor(len(names)) as threads:
            list(threads.map(lambda run: run.run(20 * redefinitions, with_token=True), reading.values()))
        yield from reading.items()


def own_writes(bed: Bed, writes: int, lag: float) -> Iterator[str]:
    node = bed.add_replica(lag=lag)
    with served(bed.primary.url, 2, **replicas_setting(node.url)) as fleet:
        for with_token in (False, True):
            run = OwnWrites(fleet, 4, later=2 * lag + 0.2)
            run.run(writes if with_token else min(writes, 400), with_token=with_token)
            yield f"{'with' if with_token else 'without'} the token: {run.told()}"
            if with_token and run.missed:
                raise SystemExit(1)


class Traffic:
    """Clients that do one thing without pause, each by a connection of its own."""

    def __init__(self, fleet: Fleet, clients: int, one: Callable[[Client, int], Answer]) -> None:
        self.answers: Counter[object] = Counter()
        self._over = threading.Event()
        self._lock = threading.Lock()

        def work(number: int) -> None:
            client = Client(fleet.ports)
            while not self._over.is_set():
                answer = one(client, number)
                with self._lock:
                    self.answers[answer.status] += 1
                    self.answers["replica" if answer.headers["Data-Age"] else "primary"] += 1
            client.close()

        self._threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]

    def run(self, seconds: float) -> float:
        """-> requests a second."""
        started = time.monotonic()
        for thread in self._threads:
            thread.start()
        time.sleep(seconds)
        self._over.set()
        for thread in self._threads:
            thread.join()
        good = sum(count for status, count in self.answers.items() if status == 200)
        return good / (time.monotonic() - started)


def throughput(bed: Bed, seconds: float, rows: int, share: float | None) -> Iterator[str]:
    """Reads a second of one primary, and with one and two replicas.

    :param share: of a core for each server of PostgreSQL, so that one machine stands for several
    """
    nodes = [bed.add_replica(), bed.add_replica()]
    settings = {"dynmodel.schema": "traffic"}
    with served(bed.primary.url, 1, **settings) as fleet:
        client = Client(fleet.ports)
        client(0, "POST", "/table/", {"model_name": "T", "fields": {"n": "integer", "text": "string"}})
        for first in range(0, rows, 10_000):
            documents = [{"n": n % 97, "text": f"row {n}"} for n in range(first, min(rows, first + 10_000))]
            answer = client(0, "POST", "/table/T/rows/", documents, Prefer="return=minimal")
            assert answer.status in (201, 204), answer.body
        client.close()
    paths = {
        "one row by its id": "/table/T/rows/{}/",
        "a sum over all rows": "/table/T/rows/?select=n,count()&limit=5&n=lt.{}",
    }
    limits = [Quota(node, share) for node in bed.nodes] if share else []
    try:
        for what, path in paths.items():
            for used in ([], nodes[:1], nodes):
                further = replicas_setting(*[node.url for node in used]) if used else {}
                with served(bed.primary.url, 2, **settings, **further) as fleet:
                    numbers = itertools.count(1)
                    ask = Traffic(
                        fleet, 16, lambda client, _, p=path, n=numbers: client(0, "GET", p.format(next(n) % 90 + 1))
                    )
                    warm = Client(fleet.ports)
                    until = time.monotonic() + 3
                    while used and time.monotonic() < until and not warm(0, "GET", path.format(1)).headers["Data-Age"]:
                        time.sleep(0.1)
                    warm.close()
                    before = [cpu_of(node) for node in bed.nodes]
                    rate = ask.run(seconds)
                    spent = [cpu_of(node) - was for node, was in zip(bed.nodes, before, strict=True)]
                    total = sum(count for status, count in ask.answers.items() if isinstance(status, int))
                    figures = ", ".join(
                        f"{node.name} {1000 * s / total:.2f}" for node, s in zip(bed.nodes, spent, strict=True)
                    )
                    yield (
                        f"{what}, {len(used)} replicas: {rate:.0f} requests/s; from the primary "
                        f"{ask.answers['primary']}, from replicas {ask.answers['replica']}; ms of CPU each: {figures}"
                    )
    finally:
        for quota in limits:
            quota.close()


def cpu_of(node: Node) -> float:
    """Seconds of CPU that a server and its processes have used, those that have ended included."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0
    for pid in node.processes():
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
            total += sum(int(fields[place]) for place in ((11, 12, 13, 14) if pid == node.pid else (11, 12)))
    return total / ticks


class Quota:
    """Lets a server run for a share of one core only, by stopping it for the rest of each 50 ms."""

    PERIOD = 0.05

    def __init__(self, node: Node, share: float) -> None:
        self._node, self._share = node, share
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.is_set():
            before, started = cpu_of(self._node), time.monotonic()
            time.sleep(self.PERIOD)
            used = cpu_of(self._node) - before
            rest = used / self._share - (time.monotonic() - started)
            if rest > 0.002:
                self._node.signal_all(signal.SIGSTOP)
                self._over.wait(rest)
                self._node.signal_all(signal.SIGCONT)

    def close(self) -> None:
        self._over.set()
        self._thread.join()


def failover(bed: Bed, seconds: float, clients: int) -> Iterator[str]:
    """Writes without pause; the primary is killed, the replica takes over; the acknowledged writes are counted."""
    replica = bed.add_replica(synchronous=True)
    with served(bed.url_of_all(), 2) as fleet:
        client = Client(fleet.ports)
        client(0, "POST", "/table/", {"model_name": "W", "fields": {"n": "integer"}})
        numbers, lock = itertools.count(1), threading.Lock()
        acknowledged: dict[int, float] = {}
        unknown: set[int] = set()
        answers: Counter[str] = Counter()
        gaps: list[float] = []
        over = threading.Event()

        def work(number: int) -> None:
            own, last = Client(fleet.ports), time.monotonic()
            while not over.is_set():
                n = next(numbers)
                try:
                    answer = own(number % 2, "POST", "/table/W/rows/", {"n": n})
                except Exception as error:
                    answers[f"no answer: {type(error).__name__}"] += 1
                    unknown.add(n)
                    continue
                word = str(answer.status) if answer.status < 400 else f"{answer.status} {answer.json['code']}"
                with lock:
                    answers[word] += 1
                    if answer.status == 201:
                        now = time.monotonic()
                        gaps.append(now - last)
                        acknowledged[n] = last = now
                    elif answer.json["code"] == "outcome_unknown":
                        unknown.add(n)
                if answer.status == 503:
                    time.sleep(0.05)
            own.close()

        threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        time.sleep(seconds / 2)
        killed_at = time.monotonic()
        _fail_over(bed, replica)
        promoted = time.monotonic() - killed_at
        time.sleep(seconds / 2)
        over.set()
        for thread in threads:
            thread.join()
        stored: set[int] = set()
        for after in range(0, next(numbers), 1000):
            page = client(0, "GET", f"/table/W/rows/?limit=1000&offset={after}&order=id").json
            stored |= {row["n"] for row in page}
        client.close()
        lost = acknowledged.keys() - stored
        yield f"killed and promoted in {promoted:.2f} s; longest gap of a client {max(gaps):.2f} s"
        extra = stored - acknowledged.keys()
        yield (
            f"{len(acknowledged)} writes acknowledged, {len(lost)} lost; {len(unknown)} of unknown outcome, of which "
            f"{len(extra & unknown)} are there; answers {dict(answers)}"
        )
        if lost or extra - unknown or any(word.startswith("500") for word in answers):
            raise SystemExit(f"lost {lost}, unasked {extra - unknown}")
