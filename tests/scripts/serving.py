"""A real ``dynmodel-serve`` and real connections to it, for test_serve.py."""

import http.client
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
PATIENCE = 30.0  # seconds until a test gives up waiting; nothing takes that long

INI = """
[server:main]
use = {use}
{listen}
threads = {threads}
{server}

[app:main]
use = call:serve_app:factory
state = %(here)s
label = {label}
{app}

[dynmodel-serve]
processes = {processes}
graceful_timeout = {graceful_timeout}
worker_timeout = {worker_timeout}
{own}
"""
DEFAULTS = {
    "use": "egg:dynmodel_pyramid#server",
    "listen": "listen = %(address)s:0",
    "threads": 2,
    "server": "",
    "app": "",
    "processes": 2,
    "graceful_timeout": 10,
    "worker_timeout": 30,
    "own": "",
}
#: For ``own``: workers are forked from a template.
PRELOAD = "preload = true"
PROGRAM = (sys.executable, "-m", "dynmodel_pyramid.scripts.serve")
#: Started with these signals ignored, as nohup does with one of them.
IGNORING = ("sh", "-c", 'trap "" TERM INT HUP TTIN TTOU; exec "$@"', "sh", *PROGRAM)


def ini_text(label: str, **values) -> str:
    return INI.format(label=label, **{**DEFAULTS, **values})


class Serve:
    """A running ``dynmodel-serve``; its messages are collected in ``lines``."""

    def __init__(
        self,
        directory: Path,
        label: str = "one",
        options: tuple[str, ...] = (),
        program: tuple[str, ...] = PROGRAM,
        **ini,
    ):
        self.directory = directory
        self.ini = directory / "serve.ini"
        self.lines: list[str] = []
        self.ended = threading.Event()  # parent and all workers are gone: nobody holds stderr any more
        self.write_ini(label, **ini)
        path = [str(HERE), str(HERE.parent.parent), os.environ.get("PYTHONPATH", "")]
        self.process = subprocess.Popen(
            [*program, *options, str(self.ini), "address=127.0.0.1"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))},
            cwd=directory,
            stdin=subprocess.PIPE,  # which its children do not get
            stderr=subprocess.PIPE,
            text=True,
        )
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def write_ini(self, label: str, **values) -> None:
        self.ini.write_text(ini_text(label, **values))

    def _read(self) -> None:
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))
        self.ended.set()

    def find(self, pattern: str) -> list[re.Match]:
        return [match for line in list(self.lines) if (match := re.search(pattern, line))]

    def wait_for(self, pattern: str, count: int = 1) -> re.Match:
        """The ``count``-th message that matches."""
        gone = self.ended.is_set
        until(lambda: len(self.find(pattern)) >= count or gone(), lambda: f"{pattern!r} in\n" + "\n".join(self.lines))
        assert len(self.find(pattern)) >= count, f"ended without {pattern!r}:\n" + "\n".join(self.lines)
        return self.find(pattern)[count - 1]

    def wait_for_workers(self, count: int = 2) -> set[int]:
        self.wait_for(r"worker \d+ ready", count)
        return {int(match[1]) for match in self.find(r"worker (\d+) ready")[-count:]}

    @property
    def port(self) -> int:
        return int(self.wait_for(r"serving on http://127\.0\.0\.1:(\d+)")[1])

    def send(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def reload(self, count: int) -> None:
        """Send SIGHUP; returns when all workers of before are gone, for the ``count``-th time."""
        self.send(signal.SIGHUP)
        self.wait_for("reloaded: ", count)
        until(lambda: len(self.find(r"stopping worker")) == len(self.find(r"worker \d+ stopped")), "old workers gone")

    def wait(self) -> int:
        """The exit status, when also all workers are gone."""
        status = self.process.wait(PATIENCE)
        assert self.ended.wait(PATIENCE), "a worker outlives the parent"
        return status

    def kill(self) -> None:
        """Let nothing survive the test, whatever it did."""
        for match in self.find(r"worker (\d+) started"):
            if not self.find(rf"worker {match[1]} (stopped|died|could)"):
                try:
                    os.kill(int(match[1]), signal.SIGKILL)
                except ProcessLookupError:
                    pass
        self.process.kill()
        self.process.wait()
        self.reader.join(PATIENCE)
        self.process.stderr.close()
        self.process.stdin.close()

    # Clients

    def get(self, path: str = "/") -> str:
        """One request on a connection of its own; the answer's body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def answering(self, requests: int = 40) -> set[int]:
        """The processes that answer so many requests."""
        return {int(self.get().split()[1]) for _ in range(requests)}

    def connect(self, *requests: str, version: str = "1.1", headers: str = "") -> "Connection":
        connection = Connection(("127.0.0.1", self.port))
        for path in requests:
            connection.send(f"GET {path} HTTP/{version}\r\nHost: test\r\n{headers}\r\n")
        return connection

    def begun(self, name: str) -> None:
        """Wait until the request ``/slow?name=...`` runs."""
        until((self.directory / f"begun-{name}").exists, f"request {name} has begun")

    def stop_and_wait_until_draining(self, probe: "Connection", number: int = signal.SIGTERM) -> None:
        """Signal the parent; ``probe``, a kept connection, shows when its worker has taken notice."""
        self.send(number)

        def announces_the_end() -> bool:
            probe.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            return probe.answer()[0].get("connection") == "close"

        until(announces_the_end, "the worker to drain")

    def has_begun(self, name: str) -> bool:
        return (self.directory / f"begun-{name}").exists()


class Connection:
    """One TCP (or Unix) connection."""

    def __init__(self, address, family=socket.AF_INET):
        self.socket = socket.socket(family)
        self.socket.settimeout(PATIENCE)
        try:
            self.socket.connect(address)
        except OSError:
            self.socket.close()
            raise
        self.file = self.socket.makefile("rb")

    def send(self, text: str) -> None:
        self.socket.sendall(text.encode())

    def answer(self) -> tuple[dict[str, str], str]:
        """Headers and body of the next answer, which must be 200."""
        status = self.file.readline()
        assert status.split()[1:2] == [b"200"], status
        headers = http.client.parse_headers(self.file)
        body = self.file.read(int(headers["Content-Length"]))
        assert len(body) == int(headers["Content-Length"])
        return {name.lower(): value.lower() for name, value in headers.items()}, body.decode()

    def at_end(self) -> bool:
        """Wait for the server to close the connection; False when it sends something instead."""
        return self.file.read(1) == b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()


class Client(threading.Thread):
    """Sends requests all the time. None is sent twice, but for what RFC 9112, section 9.3.1 allows.

    That is an idempotent request on a connection that served one before, and that the server closed before the first
    byte of the answer; ``resent`` counts these. ``failures`` tells what else went wrong.
    """

    def __init__(self, port: int, number: int, keep_alive: bool, method: str):
        super().__init__()
        self.port, self.number, self.keep_alive, self.method = port, number, keep_alive, method
        self.random = random.Random(number)
        self.answered = self.resent = 0
        self.closed = 0  # answers that announced the end of a kept connection
        self.failures: list[str] = []
        self.labels: list[str] = []
        self.stopped = threading.Event()
        self.connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        while not self.stopped.is_set():
            name = f"{self.number}-{self.answered}"
            try:
                self.request(name)
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.failures.append(f"{self.method} {name} keep_alive={self.keep_alive}: {error!r}")
                self.hang_up()
            self.stopped.wait(self.random.uniform(0, 0.03))
        self.hang_up()

    def request(self, name: str) -> None:
        used = self.connection is not None
        try:
            response = self.exchange(name)
        except ConnectionError:  # from http.client, before the status line
            self.hang_up()
            if not used or self.method != "GET":
                raise
            self.resent += 1
            response = self.exchange(name)
        label, _, rest = response.read().decode().partition(" ")
        assert response.status == 200 and rest.split(" ")[1] == name + ("body" if self.method == "POST" else "")
        self.answered += 1
        if self.labels[-1:] != [label]:
            self.labels.append(label)
        if response.will_close or not self.keep_alive:
            self.closed += self.keep_alive
            self.hang_up()

    def exchange(self, name: str) -> http.client.HTTPResponse:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {} if self.keep_alive else {"Connection": "close"}
        self.connection.request(self.method, f"/?name={name}", b"body" if self.method == "POST" else None, headers)
        return self.connection.getresponse()

    def hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def until(holds, what) -> None:
    """Wait until ``holds()``; ``what`` (or what it returns) tells what was waited for."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "waited in vain for " + (what if isinstance(what, str) else what())
        time.sleep(0.01)
