"""Heads of requests and answers as waitress reads and writes them, with less work where they repeat."""

from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser
from waitress.utilities import build_http_date

#: The longest block of headers that is remembered, and how many names of headers are.
LONGEST = 4096
NAMES = 1000


class Memory:
    """The last block of headers on a connection. Clients send the same headers with each of their requests."""

    block = b""
    headers: dict[str, str]

    def parser(self, adj: Adjustments) -> "Parser":
        return Parser(adj, self)


class Parser(HTTPRequestParser):
    """waitress's parser. It takes headers from the request before where they are the same, byte by byte.

    All else is read and checked as always: the first line, the limits, what the headers say about the body.
    """

    def __init__(self, adj: Adjustments, memory: Memory) -> None:
        super().__init__(adj)
        self._memory = memory

    def parse_header(self, header_plus: bytes) -> None:
        memory = self._memory
        first, _, block = header_plus.partition(b"\r\n")
        if block and block == memory.block and b"\r" not in first and b"\n" not in first:
            self.headers.update(memory.headers)
            super().parse_header(first + b"\r\n")
            return
        super().parse_header(header_plus)
        # waitress takes Transfer-Encoding out; a body seldom has the length of the one before it.
        if len(block) <= LONGEST and self.body_rcv is None and b"ransfer-" not in block.lower():
            memory.block, memory.headers = block, dict(self.headers)


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
