"""Answers that depend on the identity: no shared cache keeps them, and a private one keeps one for each identity.

All answers but public ones get ``Cache-Control: private`` and ``Vary: Authorization, Cookie, apikey`` (RFC
9110, 12.5.5; RFC 9111, 5.2.2.7): errors, streams, 304 and answers to HEAD too.

Answers to a session's cookie get ``no-store`` in place of ``private``. A browser keeps pages to go back to, and shows
them after the session has ended: it does not look at ``Vary`` then, nor at how old they are (RFC 9111, 6).

All answers say ``nosniff``: a browser takes none for a script or a page that is not called one. The page has the
origin of the rows, and its policy allows scripts of its own origin.
"""

from functools import lru_cache

from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.web.http.tree import ROUTE, Handler
from dynmodel_pyramid.web.identity.credentials import is_by_cookie
from dynmodel_pyramid.web.identity.rates import add_headers

VARY = ("Authorization", "Cookie", "apikey")
_MARKS = ("vary", "cache-control")
#: Addresses whose answers are the same for everybody, and the first segments of others: the pages'.
PUBLIC = frozenset({("live",), ("ready",), ("metrics",)})
PAGE, DOCS = "ui", "docs"
#: In a request's environment: its address is a thing of several tenants, which only a token tells apart. A cache that
#: asks again by a tag would take one's answer for another's, so none keeps it.
BY_CLAIM = "dynmodel.by_claim"


def is_public(request: Request) -> bool:
    """Whether the answer is the same for everybody, so that no credential is looked at."""
    traverse = (request.matchdict or {}).get("traverse")
    return traverse in PUBLIC or (traverse or ("",))[0] in (PAGE, DOCS)


def mark(answer: Response, *, by_cookie: bool = False) -> None:
    """Add the two headers; what the answer says already stays, unless it is ``public``, or a cookie was sent."""
    headers = answer.headerlist
    said = [header for header in headers if header[0].lower() in _MARKS]
    if not said:
        headers += _marks("", "", by_cookie)
        return
    vary = [value for name, value in said if name.lower() == "vary"]
    control = [value for name, value in said if name.lower() == "cache-control"]
    others = [header for header in headers if header not in said]
    answer.headerlist = [*others, *_marks(",".join(vary), ",".join(control), by_cookie)]


@lru_cache(256)
def _marks(said_vary: str, said_control: str, by_cookie: bool) -> tuple[tuple[str, str], tuple[str, str]]:
    """The two headers, from their values in the answer."""
    vary, control = _words(said_vary), _words(said_control)
    if "*" not in vary:
        known = {word.lower() for word in vary}
        vary += [word for word in VARY if word.lower() not in known]
    said = {word.partition("=")[0].lower() for word in control}
    if by_cookie:
        control = ["no-store"]
    elif not said & {"private", "no-store"} or "public" in said:
        shared = ("public", "s-maxage", "private")
        control = ["private", *(word for word in control if word.partition("=")[0].lower() not in shared)]
    return ("Cache-Control", ", ".join(control)), ("Vary", ", ".join(vary))


def _words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


def caching_tween_factory(handler: Handler, registry: Registry) -> Handler:
    """Outside of all tweens but that of CORS, so that it sees every answer below the service's route."""

    def caching_tween(request: Request) -> Response:
        answer = handler(request)
        route = getattr(request, "matched_route", None)
        if route is None or route.name != ROUTE:
            return answer
        add_headers(answer, request)
        headers = answer.headerlist
        if "X-Content-Type-Options" not in [name for name, _ in headers]:
            headers.append(("X-Content-Type-Options", "nosniff"))
        if not is_public(request):
            mark(answer, by_cookie=BY_CLAIM in request.environ or is_by_cookie(request))
        return answer

    return caching_tween
