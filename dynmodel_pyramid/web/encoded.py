"""Answers in gzip, zstd or brotli where ``Accept-Encoding`` asks for it (RFC 9110, 12.5.3 and 8.4).

Long lists are encoded part by part, and each part is flushed, so that rows come as they are read. An answer in a coding
has a tag of its own, the tag and the coding (RFC 9110, 8.8.3.3): ``"3-5--gzip"``; conditional requests know both
(:mod:`~.http.conditions`).

Not encoded are small answers, files that are packed already, and answers whose length could tell a secret (BREACH,
breachattack.com): those with tokens and sessions, and those to a session's cookie that another site makes a browser
send.
"""

from collections.abc import Iterator
from typing import Any

from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.errors import ExtraMissing
from dynmodel_pyramid.exchange.codings import encoder
from dynmodel_pyramid.web.http.answers import add_vary
from dynmodel_pyramid.web.http.conditions import CODINGS, tag_in
from dynmodel_pyramid.web.http.once import SECRET
from dynmodel_pyramid.web.http.tree import ROUTE, Handler
from dynmodel_pyramid.web.identity.credentials import sent_credential

#: Bytes below which an answer is not encoded: it would fit in one packet anyway.
SMALL = 1024
#: Parts of long lists are flushed, so higher levels cost more and save nothing: tests/bench/codings.py.
#: The best coding first.
_LEVELS = {"zstd": 1, "br": 1, "gzip": 4}
_SAME_SITE = ("same-origin", "none")


def available() -> tuple[str, ...]:
    """The codings of this deployment, the best first."""
    found = []
    for name, level in _LEVELS.items():
        try:
            encoder(name, level)
        except ExtraMissing:
            continue
        found.append(name)
    return tuple(found)


def chosen(header: str, offers: tuple[str, ...]) -> str | None:
    """The coding that ``Accept-Encoding`` prefers; None: none."""
    qualities: dict[str, float] = {}
    for element in header.lower().split(",")[:50]:
        name, _, parameter = (part.strip() for part in element.partition(";"))
        weight = parameter.replace(" ", "").partition("q=")[2] if parameter else "1"
        try:
            quality = float(weight)
        except ValueError:
            quality = 0.0
        name = "gzip" if name == "x-gzip" else name
        if name and 0 <= quality <= 1:
            qualities[name] = max(quality, qualities.get(name, 0.0))
    # A * stands for the others; gzip is what every client knows.
    if "*" in qualities and "gzip" not in qualities:
        qualities["gzip"] = qualities["*"]
    best = max(offers, key=lambda name: qualities.get(name, 0.0), default=None)
    quality = qualities.get(best, 0.0) if best is not None else 0.0
    return best if quality and quality >= qualities.get("identity", 0.0) else None


class Encoded:
    """An answer's parts in a coding; closed with them."""

    def __init__(self, parts: Any, coding: str) -> None:
        self._parts, self._source = parts, iter(parts)
        self._encoder = encoder(coding, _LEVELS[coding])
        self._bytes = self._made()

    def _made(self) -> Iterator[bytes]:
        for part in self._source:
            yield self._encoder.encode(part) + self._encoder.flush()
        yield self._encoder.finish()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._bytes)

    def close(self) -> None:
        if hasattr(self._parts, "close"):
            self._parts.close()


def encoding_tween_factory(handler: Handler, registry: Registry) -> Handler:
    """Around the tweens that look at answers, so that they see what is encoded later."""
    offers = available()

    def encoding_tween(request: Request) -> Response:
        answer = handler(request)
        route = getattr(request, "matched_route", None)
        if route is None or route.name != ROUTE:
            return answer
        if answer.status.startswith("304"):
            _repeat_tag(request, answer)
            if not _may_tell_secrets(request):
                # The answer with a body may have it (RFC 9110, 15.4.5).
                add_vary(answer, "Accept-Encoding")
        elif _may_be_encoded(request, answer):
            add_vary(answer, "Accept-Encoding")
            coding = chosen(request.environ.get("HTTP_ACCEPT_ENCODING", ""), offers)
            if coding is not None and request.method != "HEAD":
                _encode(request, answer, coding)
        return answer

    return encoding_tween if registry.dynmodel_settings.compress else handler


def _may_be_encoded(request: Request, answer: Response) -> bool:
    for name, value in answer.headerlist:
        if name == "Content-Length" and int(value) < SMALL:
            return False
    headers = {name.lower(): value for name, value in answer.headerlist}
    if "content-encoding" in headers or "no-transform" in headers.get("cache-control", ""):
        return False
    media_type = headers.get("content-type", "").partition(";")[0].strip()
    return _is_text(request, media_type) and not _may_tell_secrets(request)


def _is_text(request: Request, media_type: str) -> bool:
    if media_type.startswith("text/") or media_type.endswith(("+json", "/json", "+xml")):
        return True
    formats = request.registry.dynmodel_formats
    return any(known.format.media_type == media_type and known.format.is_text for known in formats)


def _may_tell_secrets(request: Request) -> bool:
    traverse = (request.matchdict or {}).get("traverse") or ("",)
    if traverse[0] in SECRET:
        return True
    sent = sent_credential(request)
    if sent is None or sent.kind != "cookie":
        return False
    return request.headers.get("Sec-Fetch-Site", "") not in _SAME_SITE


def _encode(request: Request, answer: Response, coding: str) -> None:
    if answer.content_length is not None and isinstance(answer.app_iter, list):
        whole = encoder(coding, _LEVELS[coding])
        answer.body = whole.encode(answer.body) + whole.finish()
    else:
        answer.app_iter = Encoded(answer.app_iter, coding)
        answer.content_length = None
    answer.headers["Content-Encoding"] = coding
    tag = answer.headers.get("ETag")
    if tag is not None and request.method == "GET":
        answer.headers["ETag"] = tag_in(coding, tag)


def _repeat_tag(request: Request, answer: Response) -> None:
    """An answer without a body has the tag of the answer that the client holds."""
    tag, held = answer.headers.get("ETag"), request.headers.get("If-None-Match", "")
    if tag is None or tag in held:
        return
    for coding in CODINGS:
        if tag_in(coding, tag) in held:
            answer.headers["ETag"] = tag_in(coding, tag)
