"""A load generator: several connections, kept, each with one request at a time; from one thread.

Requests are bytes made beforehand, so that the generator takes little of the processor time that the server, on the
same machine, needs (about 25 us a request; http.client takes 150).
"""

import json
import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


def request_bytes(method: str, path: str, document: object = None, **headers: str) -> bytes:
    """One HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Accept: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    body = b"" if document is None else json.dumps(document).encode()
    if document is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Load:
    """What was measured, in seconds; several can be added up."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0

    def __iadd__(self, other: "Load") -> "Load":
        self.latencies += other.latencies
        self.seconds += other.seconds
        self.cpu += other.cpu
        return self

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds

    @property
    def cpu_each(self) -> float:
        """Microseconds of the server's processor time a request."""
        return self.cpu / len(self.latencies) * 1e6

    def quantile(self, share: float) -> float:
        """Milliseconds within which that share of the requests were answered."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3


class Connection:
    """One kept connection."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent = 0.0
        self._parts: list[bytes] = []
        self._missing = -1
        self._tail: bytes | None = None  # the last bytes of an answer in chunks

    def send(self, request: bytes) -> None:
        self.sent = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Read what is there; -> whether the answer is complete.

        :raises RuntimeError: it is no success
        """
        part = self.socket.recv(1 << 18)
        if not part:
            raise RuntimeError("the server has closed the connection")
        if self._tail is not None:
            self._tail = (self._tail + part)[-5:]
            return self._chunks_ended()
        if self._missing < 0:
            part = b"".join([*self._parts, part])
            head, end, body = part.partition(b"\r\n\r\n")
            if not end:
                self._parts = [part]
                return False
            if head[9:10] != b"2":
                raise RuntimeError(f"answered {head[:40]!r}: {body[:500]!r}")
            if b"\r\ntransfer-encoding: chunked" in head.lower():
                self._parts, self._tail = [], body[-5:]
                return self._chunks_ended()
            length = head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
            self._parts, self._missing = [], int(length or 0) - len(body)
        else:
            self._missing -= len(part)
        if self._missing > 0:
            return False
        self._missing = -1
        return True

    def _chunks_ended(self) -> bool:
        """The last chunk is empty, and no data of ours end in the same way (RFC 9112, section 7.1)."""
        if self._tail != b"0\r\n\r\n":
            return False
        self._tail = None
        return True

    def exchange(self, request: bytes) -> float:
        """Send a request and wait for the answer; -> seconds."""
        self.send(request)
        while not self.receive():
            pass
        return time.perf_counter() - self.sent

    def close(self) -> None:
        self.socket.close()


def run(port: int, requests: Iterable[bytes], connections: int, seconds: float) -> Load:
    """Send requests for so many seconds on so many connections."""
    source: Iterator[bytes] = iter(requests)
    load, pool = Load(), [Connection(port) for _ in range(connections)]
    try:
        with selectors.DefaultSelector() as selector:
            for connection in pool:
                selector.register(connection.socket, selectors.EVENT_READ, connection)
            began = time.perf_counter()
            for connection in pool:
                connection.send(next(source))
            busy, until = connections, began + seconds
            while busy:
                for key, _ in selector.select():
                    connection = key.data
                    if not connection.receive():
                        continue
                    now = time.perf_counter()
                    load.latencies.append(now - connection.sent)
                    if now < until:
                        connection.send(next(source))
                    else:
                        busy -= 1
            load.seconds = time.perf_counter() - began
    finally:
        for connection in pool:
            connection.close()
    return load
