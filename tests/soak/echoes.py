"""Every answer is sent once, whole, and to the request that asked for it: the server alone, with held answers.

python -m tests.soak.echoes --seconds 120 --clients 4 --seed 1

As a request says, the application computes, sleeps, holds its answer for a slow step, or answers in parts, always with
the name that the request bears. Clients keep their connections, send some requests before the answers to others, wait
for leave to send a body, shut down half of a connection, and go away in the midst of an answer. At the end nothing may
be left in the server.

The server's threads hesitate here and there where they go from one step to the next, as on a machine that is busy: what
happens once in many hours there happens in seconds here.
"""

import argparse
import logging
import random
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs

from dynmodel_pyramid.server.channel import Channel
from dynmodel_pyramid.server.dispatch import Threads
from tests.server.conftest import Client, Running
from tests.soak.fleet import Figures, finish

RESET = struct.pack("ii", 1, 0)
#: Where threads hesitate, before and after.
STEPS = (Threads, "_serve"), (Channel, "release"), (Channel, "write_soon"), (Channel, "send")


def hesitating(chance: random.Random, step: Callable[..., Any]) -> Callable[..., Any]:
    def hesitate() -> None:
        if chance.random() < 0.3:
            time.sleep(chance.choice((0.0002, 0.001, 0.003)))

    def slowly(*arguments: Any, **options: Any) -> Any:
        hesitate()
        done = step(*arguments, **options)
        hesitate()
        return done

    return slowly


@contextmanager
def hesitation(seed: int) -> Iterator[None]:
    chance = random.Random(seed)
    with ExitStack() as stack:
        for owner, name in STEPS:
            stack.enter_context(patch.object(owner, name, hesitating(chance, getattr(owner, name))))
        yield


def compute(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


class Disk:
    """What held answers wait for; at times it is slow."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.promised: set[str] = set()
        self.kept: set[str] = set()

    def step(self) -> None:
        promised = set(self.promised)
        time.sleep(self.chance.choice((0.0001,) * 20 + (0.002,) * 4 + (0.02,)))
        self.kept |= promised


class Echo:
    """``/?name=…`` and how to answer: ``compute`` and ``sleep`` in seconds, ``hold``, ``size`` in bytes, ``parts``."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked = {name: value[0] for name, value in parse_qs(environ["QUERY_STRING"]).items()}
        name = asked["name"]
        if environ["REQUEST_METHOD"] == "POST" and environ["wsgi.input"].read() != name.encode():
            raise ValueError("the body of another request")
        compute(float(asked.get("compute", 0)))
        time.sleep(float(asked.get("sleep", 0)))
        if "hold" in asked:
            self.disk.promised.add(name)
            environ["dynmodel.answer"].hold("disk", self.disk.step)
        body = wanted(name, int(asked["size"]))
        if "parts" in asked:
            start_response("200 OK", [])
            return [body[start : start + 1000] for start in range(0, len(body), 1000)]
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]


def wanted(name: str, size: int) -> bytes:
    return (name.encode() + b" ") * max(1, size // (len(name) + 1))


def name_of(query: str) -> str:
    return query.partition("&")[0].removeprefix("name=")


def expecting(query: str) -> str:
    """The head of a request that waits for leave to send its body, the name."""
    length = len(name_of(query))
    return f"POST /?{query} HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"


class Asker:
    """One client."""

    def __init__(self, number: int, running: Running, disk: Disk, figures: Figures, seed: int) -> None:
        self.number, self.running, self.disk, self.figures = number, running, disk, figures
        self.chance = random.Random(seed * 1000 + number)
        self.asked = 0

    def loop(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            try:
                with self.running.connect() as client:
                    while time.monotonic() < deadline and self.ask(client):
                        pass
            except Exception as error:
                self.figures.violate("no_answer", f"client {self.number}: {error!r}")

    def ask(self, client: Client) -> bool:
        """Some requests at once; -> whether the connection is kept."""
        chance = self.chance
        requests = [self.request() for _ in range(chance.choice((1, 1, 1, 1, 2, 4)))]
        last = self.request() if chance.random() < 0.2 else None
        text = "".join(f"GET /?{query} HTTP/1.1\r\nHost: test\r\n\r\n" for _, query in requests)
        client.send(text if last is None else text + expecting(last[1]))
        leaves = chance.random()
        if leaves < 0.01:
            time.sleep(chance.choice((0, 0.005)))
            if chance.random() < 0.5:
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            return False
        # Whose answer takes more than a quarter of a second counts as gone then.
        halves = leaves < 0.02 and "&parts" not in text and last is None
        if halves:
            client.socket.shutdown(socket.SHUT_WR)
        for body, query in [*requests, *([] if last is None else [last])]:
            name = name_of(query)
            if last is not None and query == last[1]:
                if (told := client.answer())[0] != 100:
                    self.figures.violate("no_continue", f"{query}: {told[0]} {told[2][:80]!r}")
                    return False
                client.send(name)
            status, _, answer = client.answer()
            if status != 200 or answer != body:
                self.figures.violate("wrong_answer", f"{query}: {status} {answer[:80]!r}")
                return False
            if "&hold" in query and name not in self.disk.kept:
                self.figures.violate("too_early", query)
        if halves:
            if not client.at_end():
                self.figures.violate("too_much", requests[-1][1])
            return False
        if chance.random() < 0.05:
            time.sleep(chance.choice((0.001, 0.01, 0.03)))
        return True

    def request(self) -> tuple[bytes, str]:
        """What is to be answered, and the query."""
        self.asked += 1
        chance, name = self.chance, f"{self.number}-{self.asked}"
        size = chance.choice((10,) * 20 + (200,) * 10 + (5000,) * 5 + (300_000,))
        query = f"name={name}&size={size}"
        if chance.random() < 0.4:
            query += "&hold=1"
        if chance.random() < 0.1:
            query += "&parts=1"
        if chance.random() < 0.2:
            query += f"&compute={chance.choice((0.0002, 0.0002, 0.002, 0.012))}"
        if chance.random() < 0.1:
            query += f"&sleep={chance.choice((0.001, 0.012, 0.025))}"
        return wanted(name, size), query


def run(seconds: float, clients: int, seed: int) -> tuple[Figures, int]:
    """-> what was found, and how many requests were sent."""
    with hesitation(seed):
        return _run(seconds, clients, seed)


def _run(seconds: float, clients: int, seed: int) -> tuple[Figures, int]:
    figures, disk = Figures(), Disk(seed)
    running = Running(Echo(disk), {"threads": "4"})
    askers = [Asker(number, running, disk, figures, seed) for number in range(clients)]
    deadline = time.monotonic() + seconds
    threads = [threading.Thread(target=asker.loop, args=(deadline,)) for asker in askers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server = running.server
    until = time.monotonic() + 5
    while server._channels() and time.monotonic() < until:
        time.sleep(0.05)
    left = len(server._channels()), len(server.dispatcher.queue), server.ledger.spooled
    if any(left):
        figures.violate("left", f"connections, requests, bytes: {left}")
    running.stop()
    return figures, sum(asker.asked for asker in askers)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    logging.getLogger("dynmodel_pyramid.server").setLevel(logging.ERROR)
    figures, asked = run(chosen.seconds, chosen.clients, chosen.seed)
    return finish(f"{chosen.seconds:.0f} s, {chosen.clients} clients: {asked} requests", figures)


if __name__ == "__main__":
    sys.exit(main())
