"""``serve`` runs the server in a thread of this process, on real sockets, with a small application of its own."""

import socket
import threading
import time
from collections.abc import Callable

import pytest

from dynmodel_pyramid.server.serving import Server
from dynmodel_pyramid.server.settings import parse

PATIENCE = 30.0  # seconds until a test gives up waiting; nothing takes that long
PART = b"0123456789abcdef" * 4096


class Running:
    """A server with its application, which is also the test's view of what runs."""

    def __init__(self, application, settings: dict[str, str]):
        sock = socket.create_server(("127.0.0.1", 0))
        self.port = sock.getsockname()[1]
        limits = parse({"threads": "2", "ident": "", **settings})
        self.server = Server(application, [sock], limits, graceful_timeout=0.5, multiprocess=False)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()

    def stop(self) -> None:
        self.server.stop()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        assert self.server.ledger.slots == 0
        for listener in self.server.listeners:
            listener.close()

    def connect(self, address: str = "127.0.0.1", receive: int | None = None) -> "Client":
        return Client(self.port, address, receive)

    def get(self, path: str, address: str = "127.0.0.1", **headers: str) -> tuple[int, dict[str, str], bytes]:
        with self.connect(address) as client:
            return client.ask(path, **headers)


class Client:
    """One connection.

    :param receive: the size of its buffer in the kernel
    """

    def __init__(self, port: int, address: str, receive: int | None):
        self.socket = socket.socket()
        if receive is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        self.socket.settimeout(PATIENCE)
        self.socket.bind((address, 0))
        self.socket.connect(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")

    def send(self, text: str | bytes) -> "Client":
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())
        return self

    def request(self, path: str, method: str = "GET", version: str = "1.1", **headers: str) -> "Client":
        lines = [f"{method} {path} HTTP/{version}", "Host: test"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return self.send("\r\n".join([*lines, "", ""]))

    def ask(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        return self.request(path, **headers).answer()

    def head(self) -> tuple[int, dict[str, str]]:
        status = self.file.readline()
        if not status:
            raise ConnectionResetError("closed before the status line")
        headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(": ")
            headers[name.lower()] = value
        return int(status.split()[1]), headers

    def answer(self, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        status, headers = self.head()
        if method == "HEAD" or status in (100, 204, 304):
            return status, headers, b""
        if "content-length" in headers:
            body = self.file.read(int(headers["content-length"]))
            assert len(body) == int(headers["content-length"])
        elif headers.get("transfer-encoding") == "chunked":
            body = b"".join(self.chunks())
        else:
            body = self.file.read()
        return status, headers, body

    def chunks(self):
        while size := int(self.file.readline(), 16):
            yield self.file.read(size)
            assert self.file.readline() == b"\r\n"
        assert self.file.readline() == b"\r\n"

    def at_end(self) -> bool:
        """Whether the server closes the connection in order, without sending more."""
        return self.file.read(1) == b""

    def is_reset(self) -> bool:
        """Read all that comes; whether it ends by a reset."""
        try:
            while self.file.read(65536):
                pass
        except ConnectionResetError:
            return True
        return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class Application:
    """Answers ``/long?n`` with n parts, ``/hold`` when the test lets it; knows what has begun and ended."""

    def __init__(self):
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.environs: list[dict] = []
        self.go = threading.Event()

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        self.environs.append(environ)
        self.begun.append(path)
        return getattr(self, "do" + path.replace("/", "_"))(environ, start_response)

    def do_(self, environ, start_response):
        body = environ["wsgi.input"].read() or b"fine"
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    def do_ready(self, environ, start_response):
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b'{"status":"ready"}']

    def do_hold(self, environ, start_response):
        assert self.go.wait(PATIENCE)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"held"]

    def do_long(self, environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Parts(self, environ["PATH_INFO"], int(environ["QUERY_STRING"]))

    def do_fails(self, environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return self.failing()

    def failing(self):
        yield PART
        raise OSError("the database is gone")

    def do_first(self, environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return self.slowly()

    def slowly(self):
        yield b"first"
        assert self.go.wait(PATIENCE)
        yield b"second"

    def do_empty(self, environ, start_response):
        start_response(environ["QUERY_STRING"].replace("+", " "), [])
        return []


class Parts:
    def __init__(self, application: Application, path: str, count: int):
        self.application, self.path = application, path
        self.parts = iter([PART] * count)

    def __iter__(self):
        return self.parts

    def close(self) -> None:
        self.application.ended.append(self.path)


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def serve(application) -> Callable[..., Running]:
    running = []

    def start(**settings) -> Running:
        running.append(Running(application, {name: str(value) for name, value in settings.items()}))
        return running[-1]

    yield start
    application.go.set()
    for each in running:
        each.stop()


def until(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "waited in vain for " + what
        time.sleep(0.01)
