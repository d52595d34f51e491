"""A request as WSGI has it and as curl sends it, and the answer."""

import gzip
import io
import shlex
import time
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote_to_bytes


@dataclass(frozen=True)
class Request:
    """``target`` is percent-encoded; header values are Latin-1."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def environ(self) -> dict[str, Any]:
        path, _, query = self.target.partition("?")
        made: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "6543",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost:6543",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body or b""),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if self.body is not None:
            made["CONTENT_LENGTH"] = str(len(self.body))
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            made[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
        return made

    def curl(self) -> str:
        """The command that sends it; a body stands in a here-string of printf."""
        words = ["curl", "-i", "-X", self.method]
        for name, value in self.headers.items():
            words += ["-H", f"{name}: {value}" if value else f"{name};"]
        if self.body is not None:
            words += ["--data-binary", "@-"]
        made = shlex.join([*words, f"http://localhost:6543{self.target}"])
        if self.body is None:
            return made
        shown = "".join(
            chr(byte) if 32 <= byte < 127 and byte not in b"\\%'" else f"\\{byte:03o}" for byte in self.body
        )
        return f"printf '{shown}' | {made}" if len(shown) <= 20_000 else f"# a body of {len(self.body)} bytes\n{made}"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    seconds: float

    @property
    def content(self) -> bytes:
        """The body without its coding, which a request may ask for."""
        return gzip.decompress(self.body) if self.get("Content-Encoding") == "gzip" else self.body

    def get(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


def send(app, request: Request) -> Answer:
    """What the application answers."""
    told: list[Any] = []

    def start_response(status, headers, exc_info=None):
        told[:] = [status, headers]
        return lambda data: None

    begun = time.perf_counter()
    parts = app(request.environ(), start_response)
    try:
        body = b"".join(parts)
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    return Answer(int(told[0].split()[0]), told[1], body, time.perf_counter() - begun)


def packed(request: Request) -> Request:
    """The request with its body compressed."""
    return replace(
        request, body=gzip.compress(request.body or b""), headers={**request.headers, "Content-Encoding": "gzip"}
    )


def smaller(request: Request, fails) -> Request:
    """The least request of those that are made of this one by leaving parts out, of which ``fails`` is still true."""
    shrunk = True
    while shrunk:
        shrunk = False
        for candidate in _parts_left_out(request):
            if fails(candidate):
                request, shrunk = candidate, True
                break
    return request


def _parts_left_out(request: Request):
    for name in request.headers:
        yield replace(request, headers={key: value for key, value in request.headers.items() if key != name})
    path, mark, query = request.target.partition("?")
    if mark:
        parameters = query.split("&")
        for number in range(len(parameters)):
            rest = "&".join(parameters[:number] + parameters[number + 1 :])
            yield replace(request, target=f"{path}?{rest}" if rest else path)
    if request.body:
        yield replace(request, body=None)
        length = len(request.body)
        size = length // 2
        while size >= 1 and length <= 20_000:
            for start in range(0, length, size):
                yield replace(request, body=request.body[:start] + request.body[start + size :])
            size = size // 2 if size > 8 else 0
