"""The headers and the cookie in which secrets come. No secret is read from an address, which logs keep."""

import base64
import binascii
from typing import Any, Literal, NamedTuple

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.web.http.tree import path

COOKIE = "dynmodel_session"
#: Characters of a credential; the server bounds all headers as well.
LONGEST = 16_384
#: Cookies of one name that are looked at.
MOST_COOKIES = 4

Kind = Literal["bearer", "basic", "apikey", "cookie", "unknown"]


class Sent(NamedTuple):
    """A credential as it was sent.

    :param kind: ``unknown`` is an ``Authorization`` that can't be read
    :param secret: empty for ``cookie``: see :func:`sent_cookies`
    """

    kind: Kind
    secret: str = ""


def face_of(request: Request) -> str | None:
    """The first segment of the address."""
    segments = (request.matchdict or {}).get("traverse") or (None,)
    first: str | None = segments[0]
    return first


def sent_credential(request: Request) -> Sent | None:
    """The one credential that counts: ``Authorization``, else ``apikey`` below ``/rest/``, else the cookie."""
    header = request.environ.get("HTTP_AUTHORIZATION")
    if header is not None:
        return _authorization(header)
    key = request.environ.get("HTTP_APIKEY")
    if key is not None and face_of(request) == "rest":
        return Sent("apikey", key.strip()[:LONGEST])
    return Sent("cookie") if sent_cookies(request) else None


def is_by_cookie(request: Request) -> bool:
    """Whether it is the cookie that counts."""
    environ = request.environ
    if "HTTP_COOKIE" not in environ or "HTTP_AUTHORIZATION" in environ:
        return False
    return sent_credential(request) == Sent("cookie")


def sent_cookies(request: Request, name: str = COOKIE) -> list[str]:
    """The cookies of the name, in their order. There are several if another service of the host has one of a shorter
    path, or a site of a neighbouring host has set one. WebOb would know the last one only, and stumble over quotes and
    bytes in cookies of others. Quotes around a value are none of it (RFC 6265, 4.1.1).
    """
    header = request.environ.get("HTTP_COOKIE")
    if not header:
        return []
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    return [value.strip('"') for found, _, value in pairs if found == name][:MOST_COOKIES]


def _authorization(header: str) -> Sent:
    """RFC 6750, section 2.1; RFC 7617, section 2."""
    scheme, _, rest = header.strip().partition(" ")
    rest = rest.strip()
    if not rest or len(rest) > LONGEST:
        return Sent("unknown")
    if scheme.lower() == "bearer":
        return Sent("bearer", rest)
    if scheme.lower() == "basic":
        try:
            _, colon, password = base64.b64decode(rest, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return Sent("unknown")
        return Sent("basic", password) if colon else Sent("unknown")
    return Sent("unknown")


def set_cookie(request: Request, answer: Response, secret: str, seconds: float) -> None:
    """Let the browser keep a session: out of reach of scripts, and sent to this service only."""
    answer.set_cookie(COOKIE, secret, max_age=int(seconds), **_attributes(request))


def clear_cookie(request: Request, answer: Response) -> None:
    answer.set_cookie(COOKIE, "", max_age=0, **_attributes(request))


def _attributes(request: Request) -> dict[str, Any]:
    return {
        # Without the last slash, so that the mount's own address has it as well (RFC 6265, 5.1.4).
        "path": path(request).rstrip("/") or "/",
        "httponly": True,
        "samesite": "Lax",
        "secure": request.scheme == "https" or request.registry.dynmodel_settings.public_url.startswith("https:"),
    }
