"""Requests and the answers that are wanted, read from a specification that is written with hspec-wai (Haskell).

Not a parser of Haskell: it knows literals, lists, pairs, a few functions of the specification's helper, and names that
were bound to such values. What it can't read is told, not guessed.

hspec-wai: https://hackage.haskell.org/package/hspec-wai (``shouldRespondWith``, ``ResponseMatcher``)
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

#: method -> how many arguments its function takes
FUNCTIONS = {"get": 1, "delete": 1, "options": 1, "post": 2, "put": 2, "patch": 2, "request": 4}
METHODS = {f"method{each.capitalize()}": each.upper() for each in ("get", "post", "patch", "put", "delete", "head")}
METHODS["methodOptions"] = "OPTIONS"
HEADERS = {
    "hAccept": "Accept",
    "hAuthorization": "Authorization",
    "hContentLength": "Content-Length",
    "hContentType": "Content-Type",
    "hLocation": "Location",
    "hOrigin": "Origin",
    "hRange": "Range",
}
_JSON = "application/json; charset=utf-8"
_OBJECT = "application/vnd.pgrst.object+json"
CONTENT_TYPES = {
    "matchContentTypeJson": _JSON,
    "matchContentTypeSingular": f"{_OBJECT}; charset=utf-8",
    "matchCTArrayStrip": "application/vnd.pgrst.array+json;nulls=stripped; charset=utf-8",
    "matchCTSingularStrip": f"{_OBJECT};nulls=stripped; charset=utf-8",
}
_TOKENS = re.compile(
    r"""(?P<comment>--[^\n]*|\{-.*?-\})
    |\[(?P<quoter>json|str)\|(?P<quoted>.*?)\|\]
    |"(?P<string>(?:[^"\\]|\\.)*)"
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<name>[A-Za-z_][\w']*(?:\.[A-Za-z_][\w']*)*)
    |`(?P<infix>[\w.]+)`
    |(?P<bracket>[\[\](){},;])
    |(?P<operator>[-<>:=$.+|&^/*~?!@\#\\]+)
    |(?P<character>'(?:\\.|[^'])')""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}


class Unread(Exception):
    """A part of the specification that this module doesn't understand."""


@dataclass
class Token:
    kind: str
    value: str
    line: int
    column: int


@dataclass
class Quoted:
    """``[json|...|]``: a text of JSON."""

    text: str

    def value(self) -> Any:
        text = re.sub(r"([{,]\s*)([A-Za-z_]\w*)(\s*:)", r'\1"\2"\3', self.text)
        for candidate in (self.text, text):
            try:
                return json.loads(candidate)
            except ValueError:
                continue
        raise Unread("a JSON document that is made by a computation")


@dataclass
class Pair:
    """A request, and what must come.

    ``headers``: pairs as they are sent; ``body``: a text, None for none. ``wanted_body``: a :class:`Quoted` (compared
    as JSON), a text, or None if any will do; ``wanted_headers``: ``(kind, name, value)`` with the kinds ``is``,
    ``has`` and ``absent``.
    """

    file: str
    line: int
    place: str
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: str | None
    status: int
    wanted_body: Any
    wanted_headers: list[tuple[str, str, str]]


@dataclass
class Reading:
    pairs: list[Pair] = field(default_factory=list)
    unread: list[tuple[str, int, str]] = field(default_factory=list)


def tokens(text: str) -> list[Token]:
    found = []
    line, start, position = 1, 0, 0
    for match in _TOKENS.finditer(text):
        line += text.count("\n", position, match.start())
        start = text.rfind("\n", 0, match.start()) + 1
        position = match.start()
        kind = match.lastgroup or ""
        if kind == "comment":
            continue
        value = match.group(kind)
        if kind == "quoted":
            kind = match.group("quoter")
        elif kind == "string":
            value = _string(value)
        found.append(Token(kind, value, line, match.start() - start))
    return found


def _string(raw: str) -> str:
    raw = re.sub(r"\\\s+\\|\\&", "", raw)
    return re.sub(r"\\(\d+|.)", lambda match: _escaped(match.group(1)), raw)


def _escaped(code: str) -> str:
    return chr(int(code)) if code.isdigit() and code != "0" else _ESCAPES.get(code, code)


class Parser:
    """Expressions: atoms, applications, and the operators that the specification uses for values."""

    def __init__(self, found: list[Token]):
        self.tokens, self.at = found, 0
        self.names: dict[str, Any] = {}

    def peek(self, value: str | None = None) -> Token | None:
        if self.at >= len(self.tokens):
            return None
        token = self.tokens[self.at]
        return token if value is None or (token.value == value and token.kind in ("bracket", "operator")) else None

    def take(self) -> Token:
        token = self.peek()
        if token is None:
            raise Unread("the end")
        self.at += 1
        return token

    def expect(self, value: str) -> None:
        if self.take().value != value:
            raise Unread(f"no {value}")

    def atom(self) -> Any:
        token = self.take()
        if token.kind == "string":
            return token.value
        if token.kind == "json":
            return Quoted(token.value)
        if token.kind == "str":
            return token.value
        if token.kind == "number":
            return float(token.value) if "." in token.value else int(token.value)
        if token.kind == "name":
            return self.named(token)
        if token.value == "[":
            return self.items("]")
        if token.value == "(":
            found = self.items(")")
            return found[0] if len(found) == 1 else tuple(found)
        raise Unread(token.value)

    def items(self, end: str) -> list[Any]:
        found: list[Any] = []
        while not self.peek(end):
            found.append(self.expression())
            if not self.peek(end):
                self.expect(",")
        self.take()
        return found

    def named(self, token: Token) -> Any:
        name = token.value
        if name in self.names:
            return self.names[name]
        if name in HEADERS:
            return HEADERS[name]
        if name in METHODS:
            return METHODS[name]
        if name in CONTENT_TYPES:
            return ("is", "Content-Type", CONTENT_TYPES[name])
        if name == "mempty":
            return ""
        if name in _CALLS:
            return _Call(name)
        raise Unread(f"the name {name}")

    def expression(self) -> Any:
        left = self.application()
        while True:
            if self.peek("<:>"):
                self.take()
                left = ("is", left, self.application())
            elif self.peek("<>") or self.peek("++"):
                self.take()
                left = _joined(left, self.expression())
            elif self.peek(":") and not isinstance(left, str):
                self.take()
                left = [left, *_listed(self.expression())]
            else:
                return left

    def application(self) -> Any:
        found = self.atom()
        while isinstance(found, _Call) and found.open():
            if self.peek("$"):
                self.take()
                found.arguments.append(self.application())
            else:
                found.arguments.append(self.atom())
        return found.result() if isinstance(found, _Call) else found


def _joined(left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    return [*_listed(left), *_listed(right)]


def _listed(value: Any) -> list[Any]:
    if value == "":
        return []
    if not isinstance(value, list):
        raise Unread("not a list")
    return value


@dataclass
class _Call:
    name: str
    arguments: list[Any] = field(default_factory=list)

    def open(self) -> bool:
        return len(self.arguments) < _CALLS[self.name][0]

    def result(self) -> Any:
        return _CALLS[self.name][1](*self.arguments)


def _range(value: str) -> list[tuple[str, str]]:
    return [("Range-Unit", "items"), ("Range", value)]


_CALLS: dict[str, tuple[int, Any]] = {
    "acceptHdrs": (1, lambda media: [("Accept", media)]),
    "ByteRangeFromTo": (2, lambda first, last: f"{first}-{last}"),
    "ByteRangeFrom": (1, lambda first: f"{first}-"),
    "rangeHdrs": (1, _range),
    "rangeHdrsWithCount": (1, lambda value: [("Prefer", "count=exact"), *_range(value)]),
    "planHdr": (0, lambda: ("Accept", "application/vnd.pgrst.plan+json")),
    "matchHeaderAbsent": (1, lambda name: ("absent", name, "")),
    "matchHeaderValuePresent": (2, lambda name, value: ("has", name, value)),
    "matchServerTimingHasTiming": (1, lambda name: ("has", "Server-Timing", name)),
    "encodeUtf8": (1, lambda text: text),
    "authHeaderJWT": (1, lambda token: ("Authorization", f"Bearer {token}")),
}


def read(text: str, file: str) -> Reading:
    """All requests of a file whose answers are said by ``shouldRespondWith``."""
    parser, reading = Parser(tokens(text)), Reading()
    places: list[tuple[int, str]] = []
    while (token := parser.peek()) is not None:
        begun = parser.at
        parser.at += 1
        if token.kind != "name":
            continue
        if token.value in ("describe", "context", "it"):
            following = parser.peek()
            if following is not None and following.kind == "string":
                places = [each for each in places if each[0] < token.column]
                places.append((token.column, following.value))
        elif token.value in FUNCTIONS:
            try:
                made = _pair(parser, token, file, " / ".join(name for _, name in places))
            except Unread as unread:
                if _judged(parser.tokens, begun):
                    reading.unread.append((file, token.line, str(unread)))
                parser.at = begun + 1
            else:
                if made is not None:
                    reading.pairs.append(made)
        elif parser.peek("="):
            _bind(parser, token)
    return reading


def _bind(parser: Parser, name: Token) -> None:
    """``name = value``: remembered if it can be read."""
    at = parser.at
    parser.take()
    try:
        parser.names[name.value] = parser.expression()
    except Unread:
        parser.names.pop(name.value, None)
    parser.at = at


def _judged(found: list[Token], begun: int) -> bool:
    """Whether ``shouldRespondWith`` comes before the next request."""
    for token in found[begun + 1 :]:
        if token.kind == "infix":
            return token.value == "shouldRespondWith"
        if token.kind == "name" and token.value in (*FUNCTIONS, "it", "liftIO"):
            return False
    return False


def _pair(parser: Parser, token: Token, file: str, place: str) -> Pair | None:
    arguments = [parser.atom() for _ in range(FUNCTIONS[token.value])]
    infix = parser.peek()
    if infix is None or infix.kind != "infix" or infix.value != "shouldRespondWith":
        return None
    parser.take()
    wanted = parser.atom()
    status, headers = 200, []
    if isinstance(wanted, int):
        status, wanted = wanted, None
    if parser.peek("{"):
        status, headers = _record(parser, status)
    if token.value == "request":
        method, target, sent, body = arguments
    else:
        method, target, sent, body = token.value.upper(), arguments[0], [], (arguments[1:] or [None])[0]
    body = json.dumps(body.value(), ensure_ascii=False) if isinstance(body, Quoted) else body
    if not (isinstance(method, str) and isinstance(target, str)):
        raise Unread("a method or target that is computed")
    return Pair(file, token.line, place, method, target, _listed(sent), body or None, status, wanted, headers)


def _record(parser: Parser, status: int) -> tuple[int, list[tuple[str, str, str]]]:
    """``{ matchStatus = 201, matchHeaders = [...] }``."""
    headers: list[tuple[str, str, str]] = []
    parser.take()
    while not parser.peek("}"):
        name = parser.take().value
        parser.expect("=")
        value = parser.expression()
        if name == "matchStatus":
            status = value
        elif name == "matchHeaders":
            headers = _listed(value)
        else:
            raise Unread(name)
        if parser.peek(","):
            parser.take()
    parser.take()
    return status, headers
