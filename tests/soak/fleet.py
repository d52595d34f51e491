"""Several server processes on one database, a client that keeps its connections, and the figures of a run."""

import http.client
import json
import math
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

import dynmodel_pyramid
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.tenants.administration import administration
from dynmodel_pyramid.testing.databases import database_settings
from tests.server_process import Server

#: The revision check of ``catalogue/attempt.py`` made a cache with a time to live: what the project must not be.
_CHECK = "    def judge(self, connection: sa.Connection, found: Sequence[Any]) -> None:\n"
_TIME_TO_LIVE = """\
        import time

        moment = time.monotonic()
        if moment < getattr(self.catalogue, "looked_at", 0.0) + 0.05:
            return
        self.catalogue.looked_at = moment
"""


class FleetServer(Server):
    """A server process that may run another copy of the package."""

    package_folder: Path | None = None

    def start(self, *, wait: bool = True) -> None:
        folder = self.package_folder or Path(dynmodel_pyramid.__file__).parents[1]
        # "python -m" looks for packages in the working directory before anywhere else.
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.python, "-m", "pyramid.scripts.pserve", str(self.ini)],
                stdout=log,
                stderr=log,
                cwd=folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(folder)},
            )
        if wait:
            self.wait()


#: For each module of the package: texts, and what stands there instead.
Without = Mapping[str, Sequence[tuple[str, str]]]
WITHOUT_CHECK: Without = {"catalogue/attempt.py": ((_CHECK, _CHECK + _TIME_TO_LIVE),)}


def changed_package(folder: Path, without: Without) -> Path:
    """A folder with a copy of the package that lacks a safeguard."""
    copy = folder / "changed"
    source = Path(dynmodel_pyramid.__file__).parent
    shutil.copytree(source, copy / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, changes in without.items():
        module = copy / source.name / name
        text = module.read_text(encoding="utf-8")
        for before, after in changes:
            if text.count(before) != 1:
                raise RuntimeError(f"{name} has changed: the safeguard to switch off was not found")
            text = text.replace(before, after)
        module.write_text(text, encoding="utf-8")
    return copy


class Fleet:
    """Server processes with the same settings."""

    def __init__(self, settings: dict[str, str], folder: Path, processes: int, *, package_folder: Path | None = None):
        self.settings = settings
        self.servers = [FleetServer(settings, folder) for _ in range(processes)]
        for server in self.servers:
            server.package_folder = package_folder

    @property
    def ports(self) -> list[int]:
        return [server.port for server in self.servers]

    def start(self) -> None:
        """All at once, as a supervisor would: on an empty database, too."""
        for server in self.servers:
            server.start(wait=False)
        for server in self.servers:
            server.wait(120)

    def stop(self) -> None:
        for server in self.servers:
            server.stop()

    def logged(self, word: str) -> list[str]:
        """The lines of all logs that hold a word."""
        lines = []
        for server in self.servers:
            if server.log.exists():
                lines += [line for line in server.log.read_text(errors="replace").splitlines() if word in line]
        return lines

    def told_of(self, answer: "Answer") -> str:
        """A request, the whole answer, and what the logs say of it."""
        found = re.search(rb'"request_id": *"([^"]+)"', answer.body)
        lines = self.logged(found[1].decode()) if found else []
        return "\n    ".join([f"{answer.request}: {answer.status} {answer.body.decode(errors='replace')}", *lines])

    def failures(self, count: int = 5) -> list[str]:
        """The first lines of all logs that tell an error, each with the last lines of its traceback."""
        found = []
        for server in self.servers:
            text = server.log.read_text(errors="replace") if server.log.exists() else ""
            for entry in re.split(r"\n(?=\d{4}-\d\d-\d\d )", text):
                if " ERROR " in entry.partition("\n")[0]:
                    first, *rest = entry.strip().splitlines()
                    found.append("\n    ".join([first, *rest[-8:]]))
        return found[:count]

    def connect(self) -> sa.Engine:
        """The database itself, beside the servers. Nothing is pooled."""
        engine = sa.create_engine(self.settings["sqlalchemy.url"], poolclass=sa.NullPool)
        return engine

    @property
    def schema(self) -> str | None:
        return self.settings.get("dynmodel.schema")


@contextmanager
def running_fleet(
    database: str,
    processes: int,
    *,
    without: Without | None = None,
    adapt: Callable[[dict[str, str]], dict[str, str]] = dict,
) -> Iterator[Fleet]:
    """Processes on an empty database of their own, with the settings that ``adapt`` makes of the least ones.

    :param without: the safeguards that they lack
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        package = None if without is None else changed_package(folder, without)
        with database_settings(database, folder) as own:
            fleet = Fleet(adapt(own), folder, processes, package_folder=package)
            try:
                fleet.start()
                yield fleet
            finally:
                fleet.stop()


@dataclass(slots=True)
class Answer:
    """One answer; times are of ``time.monotonic``."""

    request: str
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    started: float
    seconds: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def version(self) -> int | None:
        text = self.headers["Definition-Version"]
        return None if text is None else int(text)

    @property
    def row_version(self) -> int:
        """Of the entity tag of a row, ``"definition-row"``."""
        return int(self.headers["ETag"].strip('"').partition("-")[2])

    @property
    def is_busy(self) -> bool:
        """A 503 as the contract has it."""
        return self.status == 503 and bool(self.headers["Retry-After"]) and self.json["code"] == "busy"


class Door(NamedTuple):
    """The way to a tenant: a port, and what stands before the path."""

    port: int
    prefix: str


class InTenant:
    """The fleet of a service with tenants by path, as one of them sees it."""

    def __init__(self, fleet: Fleet, name: str) -> None:
        self.settings = {**fleet.settings, "dynmodel.tenant": name}
        self.ports = [Door(port, f"/{name}") for port in fleet.ports]
        self.connect = fleet.connect
        places = Settings({key: value for key, value in fleet.settings.items() if key.startswith("dynmodel.")})
        self.schema = f"{places.tenant_schemas}{name}" if "postgresql" in fleet.settings["sqlalchemy.url"] else None


@contextmanager
def with_tenants(settings: dict[str, str], names: Sequence[str]) -> Iterator[dict[str, str]]:
    """Settings of a service with these tenants, which are dropped at the end; files may be gone before."""
    made = {key: value for key, value in settings.items() if key != "dynmodel.schema"}
    made |= {"dynmodel.tenants": "path", "dynmodel.tenant_schemas": f"s{secrets.token_hex(4)}_"}
    with administration(Settings(made)) as tenants:
        for name in names:
            tenants.create(name)
    try:
        yield made
    finally:
        if "postgresql" in made["sqlalchemy.url"]:
            with administration(Settings(made)) as tenants:
                for name in names:
                    tenants.drop(name)


class Manner:
    """How clients send requests, for runs on a cluster (``tests/cluster``)."""

    def before(self, method: str, headers: dict[str, str]) -> None:
        """Add headers."""

    def after(self, answer: Answer) -> None:
        """Look at an answer."""

    def repeats(self, answer: Answer | None) -> bool:
        """Whether to send it again, because of this answer or because none came."""
        return False


class WrongAnswer(Exception):
    """The answer to another request."""


class Client:
    """One thread's connections, one to each port. Each request bears an id, which its answer must have, too."""

    #: Of all clients of the run.
    manner = Manner()

    def __init__(self, ports: Sequence[int | Door], timeout: float = 60):
        doors = [port if isinstance(port, Door) else Door(port, "") for port in ports]
        self._prefix = doors[0].prefix
        self._connections = [http.client.HTTPConnection("127.0.0.1", door.port, timeout=timeout) for door in doors]

    def __len__(self) -> int:
        return len(self._connections)

    def __call__(self, server: int, method: str, path: str, document: Any = None, **headers: str) -> Answer:
        """
        :raises OSError, http.client.HTTPException: no whole answer came
        :raises WrongAnswer:
        """
        connection = self._connections[server]
        body = None
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if document is not None:
            body = json.dumps(document)
            sent.setdefault("Content-Type", "application/json")
        self.manner.before(method, sent)
        while True:
            try:
                answer = self._send(connection, method, self._prefix + path, body, sent)
            except (OSError, http.client.HTTPException):
                if self.manner.repeats(None):
                    continue
                raise
            self.manner.after(answer)
            if not self.manner.repeats(answer):
                return answer

    @staticmethod
    def _send(
        connection: http.client.HTTPConnection, method: str, path: str, body: str | None, sent: dict[str, str]
    ) -> Answer:
        request_id = secrets.token_hex(8)
        started = time.monotonic()
        try:
            connection.request(method, path, body, {**sent, "X-Request-Id": request_id})
            response = connection.getresponse()
            content = response.read()
            # The server itself answers some without looking at it: 408, 429, 503.
            if response.headers.get("X-Request-Id", request_id) != request_id:
                raise WrongAnswer(f"{method} {path} {body or ''}: {response.status} {content[:300]!r}")
        except BaseException:
            connection.close()
            raise
        took = time.monotonic() - started
        return Answer(f"{method} {path} {body or ''}", response.status, response.headers, content, started, took)

    def close(self) -> None:
        for connection in self._connections:
            connection.close()


def percentile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * part) - 1)] if ordered else 0.0


@dataclass
class Figures:
    """What a run has seen. ``violations`` maps a kind to its count; ``samples`` holds the first few of each."""

    violations: dict[str, int] = field(default_factory=dict)
    samples: list[str] = field(default_factory=list)

    def violate(self, kind: str, detail: object) -> None:
        count = self.violations[kind] = self.violations.get(kind, 0) + 1
        if count <= 5:
            self.samples.append(f"{kind}: {detail}")

    @property
    def total(self) -> int:
        return sum(self.violations.values())


def finish(line: str, figures: Figures) -> int:
    """Print the summary and what went wrong; -> the exit code."""
    for sample in figures.samples:
        print(f"  {sample}"[:1500], file=sys.stderr)
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(figures.violations.items()))
    print(f"{line}; violations {figures.total}" + (f" ({kinds})" if kinds else ""), flush=True)
    return 1 if figures.total else 0
