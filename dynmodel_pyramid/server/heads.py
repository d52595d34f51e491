"""Heads of requests and answers as waitress reads and writes them, with less work where they repeat."""

import re
from typing import Any

from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.task import rename_headers
from waitress.utilities import build_http_date

from dynmodel_pyramid.server.chunks import Chunks

#: The longest block of headers that is remembered, and how many names of headers are.
LONGEST = 4096
NAMES = 1000
#: First lines of which nothing must be decoded or split further: waitress finds the same parts in them.
_PLAIN = re.compile(rb"([A-Z]+) ((/[!-\"$&->@-~]*)(?:\?([!-\"$-~]*))?) HTTP/1\.1")
#: Headers by which a proxy shows. waitress takes some of them out before the application sees the request.
_PROXY_HEADERS = frozenset(
    ("FORWARDED", "VIA", "X_FORWARDED_FOR", "X_FORWARDED_HOST", "X_FORWARDED_PROTO", "X_REAL_IP")
)


class Memory:
    """The last block of headers on a connection. Clients send the same headers with each of their requests.

    ``end`` is what follows the first line, if the block neither closes the connection nor has ``100-continue``; else
    nothing.
    """

    block = end = b""
    headers: dict[str, str]
    #: The same as WSGI has them, and whether they show a proxy.
    environ: dict[str, str]
    proxied = False

    def parser(self, adj: Adjustments) -> "Parser":
        return Parser(adj, self)

    def keep(self, block: bytes, parser: "Parser") -> None:
        """Remember the block of a request without a body."""
        self.block, self.headers = block, dict(parser.headers)
        self.environ = in_environ(self.headers)
        self.proxied = shows_proxy(self.headers)
        is_plain = parser.version == "1.1" and not parser.connection_close and not parser.expect_continue
        self.end = b"\r\n" + block if is_plain else b""


def in_environ(headers: dict[str, str]) -> dict[str, str]:
    """Headers as WSGI's environment has them."""
    return {rename_headers.get(name) or "HTTP_" + name: value for name, value in headers.items()}


def shows_proxy(headers: dict[str, str]) -> bool:
    return not _PROXY_HEADERS.isdisjoint(headers)


class Parser(HTTPRequestParser):
    """waitress's parser. It takes headers from the request before where they are the same, byte by byte.

    All else is read and checked as always: the first line, the limits, what the headers say about the body. Only a
    request that comes in one piece, has a plain first line, and the headers of the one before without anything to do
    with a body is read here: in 4 us, where waitress takes 20.
    """

    body_rcv: Any
    #: The headers in WSGI's environment, and whether they show a proxy; None: not known yet.
    environ: dict[str, str] | None = None
    proxied = False

    def __init__(self, adj: Adjustments, memory: Memory) -> None:
        super().__init__(adj)
        self._memory = memory

    def received(self, data: bytes) -> int:
        memory = self._memory
        end = memory.end
        if end and data.endswith(end) and not self.header_plus and self.body_rcv is None and not self.completed:
            size = len(data)
            plain = _PLAIN.fullmatch(data, 0, size - len(end))
            if plain is not None and size < self.adj.max_request_header_size:
                self._take(memory, size, plain)
                return size
        taken: int = super().received(data)
        return taken

    def _take(self, memory: Memory, size: int, plain: re.Match[bytes]) -> None:
        """Be as waitress's parser is after such a request."""
        command, uri, path, query = plain.groups(b"")
        self.headers, self.environ, self.proxied = memory.headers.copy(), memory.environ, memory.proxied
        self.first_line = plain[0]
        self.request_uri, self.command, self.version = uri.decode(), command.decode(), "1.1"
        self.path, self.query = path.decode(), query.decode()
        self.proxy_scheme = self.proxy_netloc = self.fragment = ""
        self.url_scheme = self.adj.url_scheme
        self.header_bytes_received, self.content_length = size, 0
        self.expect_continue = False
        self.completed = self.headers_finished = True

    def parse_header(self, header_plus: bytes) -> None:
        """
        :raises ParsingError: the head is no head, or has a number or an address that Python can't read
        """
        try:
            self._parse_header(header_plus)
        except ValueError:
            raise ParsingError("Invalid request target or Content-Length") from None
        if isinstance(self.body_rcv, ChunkedReceiver):
            self.body_rcv = Chunks(self.body_rcv.buf)

    def _parse_header(self, header_plus: bytes) -> None:
        memory = self._memory
        first, _, block = header_plus.partition(b"\r\n")
        if block and block == memory.block and b"\r" not in first and b"\n" not in first:
            self.headers.update(memory.headers)
            super().parse_header(first + b"\r\n")
            self.environ, self.proxied = memory.environ, memory.proxied
            return
        super().parse_header(header_plus)
        # waitress takes Transfer-Encoding out; a body seldom has the length of the one before it.
        if len(block) <= LONGEST and self.body_rcv is None and b"ransfer-" not in block.lower():
            memory.keep(block, self)


_names: dict[str, str] = {}


def spelt(name: str) -> str:
    """A header's name as waitress writes it."""
    known = _names.get(name)
    if known is None:
        if len(_names) >= NAMES:
            _names.clear()
        known = _names[name] = "-".join([part.capitalize() for part in name.split("-")])
    return known


class _Date:
    """The header ``Date``, made once a second."""

    second = 0
    text = ""


def http_date(now: float) -> str:
    second = int(now)
    if second != _Date.second:
        _Date.text, _Date.second = build_http_date(now), second
    return _Date.text
