"""Hostile clients beside good ones: who sends or reads slowly holds nothing that others need.

python -m tests.soak.hostile --database postgresql --server dynmodel-serve

From each of 127.0.0.2 to 127.0.0.9 come 25 clients that send a header a byte a second, 25 that send a body so, and 25
that stop reading a long answer; whoever is cut off comes again. Beside them 20 good requests a second come from
127.0.0.1 (pages, rows, writes), ``/live`` once a second, and every few seconds a definition change of the tables that
are read.
"""

import argparse
import asyncio
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.server_process import free_port
from tests.soak.meter import MB, drop_tables, own_memory

SERVERS = {"pserve": "pyramid.scripts.pserve", "dynmodel-serve": "dynmodel_pyramid.scripts.serve"}
INI = """\
[app:main]
use = egg:dynmodel_pyramid
{settings}

[server:main]
use = {use}
listen = 127.0.0.1:{port}
threads = 4
connection_limit = {limit}
outbuf_high_watermark = {watermark}

[dynmodel-serve]
processes = 2
graceful_timeout = 2

[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = generic
[logger_root]
level = WARNING
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = generic
[formatter_generic]
format = %(asctime)s %(levelname)s [%(name)s] %(message)s
"""
#: Seconds in which a good request is to be answered, and the share that must be.
IN_TIME, GOAL = 1.0, 0.99
#: The longest that anything is waited for.
PATIENCE = 30.0
#: Seconds between two definition changes.
CHANGES = 5.0
#: The list of all rows is longer than what the server keeps of an answer, that of a fifth of them is not. The rows are
#: few and long: what a list costs the database and the encoder is not what is measured here.
BYTES_A_ROW = 2000


@contextmanager
def served(
    database: str, server: str, use: str, rows: int, limit: int, folder: Path
) -> Iterator[tuple[subprocess.Popen, int]]:
    """A server process on an empty database of its own, and its port."""
    with database_settings(database, folder) as settings:
        lines = "\n".join(f"{name} = {value}".replace("%", "%%") for name, value in settings.items())
        port = free_port()
        ini = folder / "hostile.ini"
        ini.write_text(INI.format(settings=lines, use=use, port=port, limit=limit, watermark=rows * BYTES_A_ROW // 2))
        with (folder / "server.log").open("wb") as log:
            process = subprocess.Popen([sys.executable, "-m", SERVERS[server], str(ini)], stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 60
            while not answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((folder / "server.log").read_text())
                time.sleep(0.05)
            yield process, port
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
                process.kill()
                process.wait()
            if "dynmodel.schema" in settings:
                drop_tables(settings["sqlalchemy.url"], settings["dynmodel.schema"])


def answers(port: int) -> bool:
    with suppress(OSError, http.client.HTTPException):
        return send(port, "GET", "/live")[0] == 200
    return False


def send(port: int, method: str, path: str, document=None) -> tuple[int, bytes]:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        body = None if document is None else json.dumps(document)
        connection.request(method, path, body, {"Content-Type": "application/json", "Connection": "close"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def fill(port: int, rows: int) -> None:
    for name in ("Long", "Good"):
        made = send(port, "POST", "/table/", {"model_name": name, "fields": {"n": "integer", "t": "text"}})
        assert made[0] == 201, made
    for start in range(0, rows, 1000):
        documents = [{"n": n, "t": "x" * (BYTES_A_ROW - 40)} for n in range(start, min(start + 1000, rows))]
        assert send(port, "POST", "/table/Long/rows/", documents)[0] == 201
    assert send(port, "POST", "/table/Good/rows/", [{"n": n, "t": f"row {n}"} for n in range(1000)])[0] == 201


# The hostile ones, in a process of their own


class Attack:
    """Clients that hold what they can till the time is over."""

    def __init__(self, port: int, seconds: float, clients: int, addresses: int, rows: int):
        self.port, self.clients, self.rows = port, clients, rows
        self.addresses = [f"127.0.0.{number}" for number in range(2, 2 + addresses)]
        self.until = time.monotonic() + seconds
        self.counts: Counter = Counter()

    async def run(self) -> None:
        kinds = (self.slow_header, self.slow_body, self.no_reader)
        await asyncio.gather(
            *(
                self.repeat(kind, address, number)
                for number in range(self.clients)
                for address in self.addresses
                for kind in kinds
            )
        )

    @property
    def left(self) -> float:
        return max(0.0, self.until - time.monotonic())

    async def repeat(self, kind, address: str, number: int) -> None:
        while self.left:
            sock = socket.socket()
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            try:
                sock.bind((address, 0))
                await asyncio.wait_for(asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port)), 10)
                self.counts[f"{kind.__name__}_connected"] += 1
                await kind(sock, number)
            except (OSError, TimeoutError):
                self.counts[f"{kind.__name__}_cut"] += 1
            finally:
                sock.close()
            await asyncio.sleep(min(0.5, self.left))

    async def drip(self, sock, head: bytes, drop: bytes) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(sock, head)
        while self.left:
            await asyncio.sleep(min(1.0, self.left))
            with suppress(BlockingIOError):
                if not sock.recv(4096):
                    raise ConnectionError
            await loop.sock_sendall(sock, drop)

    async def slow_header(self, sock, number: int) -> None:
        await self.drip(sock, b"GET /table/Good/rows/?limit=1 HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"x")

    async def slow_body(self, sock, number: int) -> None:
        head = b"POST /table/Good/rows/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        await self.drip(sock, head + b"Content-Length: 1000000\r\n\r\n[", b" ")

    async def no_reader(self, sock, number: int) -> None:
        loop = asyncio.get_running_loop()
        path = b"/table/Long/rows/" + (b"" if number % 2 else b"?limit=%d" % (self.rows // 5))
        await loop.sock_sendall(sock, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        await loop.sock_recv(sock, 1024)
        while self.left:
            await asyncio.sleep(min(1.0, self.left))
            # Whether the server has cut it shows without reading on.
            if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or state_of(sock) != ESTABLISHED:
                raise ConnectionError


ESTABLISHED = 1


def state_of(sock: socket.socket) -> int:
    """The first byte of TCP_INFO (Linux)."""
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


# The good ones


@dataclass
class Good:
    """Requests of well-behaved clients, begun at fixed times whatever became of those before."""

    port: int
    rate: float
    seconds: list[float] = field(default_factory=list)
    live: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    refused: Counter = field(default_factory=Counter)
    reasons: Counter = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, seconds: float) -> None:
        begun = time.monotonic()
        with ThreadPoolExecutor(200) as pool:
            plan = [(number / self.rate, self.request, number) for number in range(int(seconds * self.rate))]
            plan += [(float(number), self.ask_live, number) for number in range(int(seconds))]
            changes = max(1, int(seconds / CHANGES))
            plan += [((number + 0.5) * seconds / changes, self.change, number) for number in range(changes)]
            for moment, act, number in sorted(plan, key=lambda each: each[0]):
                time.sleep(max(0.0, begun + moment - time.monotonic()))
                pool.submit(act, number, time.monotonic())

    def request(self, number: int, begun: float) -> None:
        kind = number % 10
        if kind < 5:
            self.ask(begun, self.seconds, "good", "GET", f"/table/Good/rows/?limit=20&offset={number % 900}")
        elif kind < 8:
            self.ask(begun, self.seconds, "good", "GET", f"/table/Good/rows/{1 + number % 900}/")
        elif kind < 9:
            self.ask(begun, self.seconds, "good", "POST", "/table/Good/rows/", {"n": number, "t": "new"})
        else:
            path = f"/table/Good/rows/{1 + number % 900}/"
            self.ask(begun, self.seconds, "good", "PATCH", path, {"n": number})

    def ask_live(self, number: int, begun: float) -> None:
        self.ask(begun, self.live, "live", "GET", "/live")

    def change(self, number: int, begun: float) -> None:
        table = ("Long", "Good")[number % 2]
        document = {"fields": {f"f{number}": "string"}} if number % 4 < 2 else {"fields": {f"f{number - 2}": None}}
        self.ask(begun, self.changes, "change", "PATCH", f"/table/{table}/", document)

    def ask(self, begun: float, times: list[float], kind: str, method: str, path: str, document=None) -> None:
        try:
            status, body = send(self.port, method, path, document)
            reason = f"{kind} {status} {body[:150]!r}" if status >= 400 else None
        except (OSError, http.client.HTTPException) as error:
            reason = f"{kind} {error!r}"
        with self.lock:
            if reason is None:
                times.append(time.monotonic() - begun)
            else:
                self.refused[kind] += 1
                self.reasons[reason] += 1


class Meter(threading.Thread):
    """The most memory and temporary files that a server's processes have at a time."""

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self.process, self.over = psutil.Process(pid), threading.Event()
        self.memory = self.files = 0

    def run(self) -> None:
        while not self.over.wait(1.0):
            memory = files = 0
            with suppress(psutil.Error):
                for process in (self.process, *self.process.children(recursive=True)):
                    with suppress(psutil.Error, OSError):
                        memory += own_memory(process)
                        files += deleted_files(process.pid)
            self.memory, self.files = max(self.memory, memory), max(self.files, files)


def deleted_files(pid: int) -> int:
    """Bytes in open files that have no name any more, as temporary files have none."""
    size = 0
    for entry in os.scandir(f"/proc/{pid}/fd"):
        with suppress(OSError):
            if os.readlink(entry.path).endswith("(deleted)"):
                size += os.stat(entry.path).st_size
    return size


def share(seconds: list[float], refused: int, bound: float) -> float:
    """Of those that were asked, how many were answered within the bound."""
    every = len(seconds) + refused
    return sum(each <= bound for each in seconds) / every if every else 1.0


def run(
    database: str,
    server: str,
    *,
    use: str = "egg:dynmodel_pyramid#server",
    seconds: float = 120.0,
    clients: int = 25,
    addresses: int = 8,
    rate: float = 20.0,
    rows: int = 10_000,
    limit: int = 1000,
    log: str | None = None,
) -> dict:
    """Figures of one run; ``reasons`` tells what refusals of good requests said."""
    with tempfile.TemporaryDirectory() as name:
        with served(database, server, use, rows, limit, Path(name)) as (process, port):
            fill(port, rows)
            idle = sum(own_memory(each) for each in family(process.pid))
            meter, good = Meter(process.pid), Good(port, rate)
            arguments = [str(each) for each in (port, seconds, clients, addresses, rows)]
            attack = subprocess.Popen(
                [sys.executable, "-m", "tests.soak.hostile", "--attack", *arguments], stdout=subprocess.PIPE, text=True
            )
            meter.start()
            try:
                good.run(seconds)
                counts = json.loads(attack.communicate(timeout=seconds + PATIENCE)[0])
            finally:
                attack.kill()
                attack.wait()
                meter.over.set()
                meter.join()
        lines = (Path(name) / "server.log").read_text(errors="replace")
        if log is not None:
            Path(log).write_text(lines)
    return {
        "database": database,
        "server": server if "waitress" not in use else f"{server} with waitress",
        "good": len(good.seconds) + good.refused["good"],
        "in_time": round(share(good.seconds, good.refused["good"], IN_TIME), 4),
        "answered": round(share(good.seconds, good.refused["good"], PATIENCE), 4),
        "worst": round(max(good.seconds, default=0.0), 2),
        "live": round(share(good.live, good.refused["live"], IN_TIME), 4),
        "live_worst": round(max(good.live, default=0.0), 2),
        "changes": len(good.changes),
        "changes_refused": good.refused["change"],
        "change_worst": round(max(good.changes, default=0.0), 2),
        "memory_idle_mb": idle // MB,
        "memory_mb": meter.memory // MB,
        "files_mb": meter.files // MB,
        "hostile": counts,
        "tracebacks": lines.count("Traceback"),
        "reasons": dict(good.reasons.most_common(5)) | errors_of(lines),
    }


def errors_of(log: str) -> dict[str, int]:
    """The last lines of the tracebacks in a log."""
    return dict(Counter(re.findall(r"^[\w.]+(?:Error|Exception|Ended|Disconnected)\b.{0,150}", log, re.MULTILINE)))


def family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *ignored: sys.exit(1))  # so that the servers are ended, too
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--server", choices=SERVERS, default="pserve")
    parser.add_argument(
        "--use", default="egg:dynmodel_pyramid#server", help="of [server:main]; egg:waitress#main shows what it is for"
    )
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--clients", type=int, default=25, help="of each kind from each address")
    parser.add_argument("--addresses", type=int, default=8)
    parser.add_argument("--rate", type=float, default=20.0, help="good requests a second")
    parser.add_argument("--rows", type=int, default=10_000, help="of 2 KB, of the list that nobody reads to its end")
    parser.add_argument("--limit", type=int, default=1000, help="connections that a process takes (connection_limit)")
    parser.add_argument("--log", help="a file that gets the server's log")
    parser.add_argument("--attack", nargs=5, help=argparse.SUPPRESS)
    given = vars(parser.parse_args())
    attack = given.pop("attack")
    if attack is not None:
        port, seconds, clients, addresses, rows = (float(each) for each in attack)
        hostile = Attack(int(port), seconds, int(clients), int(addresses), int(rows))
        asyncio.run(hostile.run())
        print(json.dumps(dict(sorted(hostile.counts.items()))))
        return 0
    figures = run(given.pop("database"), given.pop("server"), **given)
    reasons = figures.pop("reasons")
    print(json.dumps(figures))
    for reason, count in reasons.items():
        print(f"{count} x {reason}", file=sys.stderr)
    met = figures["in_time"] >= GOAL and figures["live"] == 1.0 and not figures["changes_refused"]
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
