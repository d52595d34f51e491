"""Cross-origin requests (the Fetch standard, "CORS protocol"); off unless ``dynmodel.cors_origins`` names origins.

Credentials are never allowed (``Access-Control-Allow-Credentials``): a page of another origin sends a token of its own.
"""

from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.web.http.answers import empty_answer
from dynmodel_pyramid.web.http.tree import ROUTE, Handler

#: Those of PostgREST ("CORS"), then the others of this service.
EXPOSED = (
    "Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, Transfer-Encoding, "
    "Range-Unit, Preference-Applied, Content-Disposition, Content-Guessed, ETag, Link, Definition-Version, "
    "Definitions-Revision, X-Request-Id, Deprecation, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed, "
    "Consistency-Token, Data-Age"
)
METHODS = "GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD"
#: What pages of named origins may send, besides what their preflight asks for. One answer then serves a browser for all
#: requests to an address, whatever they send.
ALLOWED = (
    *("Authorization", "Accept", "Accept-Language", "Content-Language", "Content-Type", "Prefer", "Range"),
    *("Range-Unit", "Accept-Profile", "Content-Profile", "If-Match", "If-None-Match", "apikey", "x-client-info"),
    "Idempotency-Key",
    "Consistency-Token",
)
MAX_AGE = "86400"


def cors_tween_factory(handler: Handler, registry: Registry) -> Handler:
    origins = registry.dynmodel_settings.cors_origins

    def cors_tween(request: Request) -> Response:
        origin = request.headers.get("Origin")
        answer = handler(request)
        route = getattr(request, "matched_route", None)
        if route is None or route.name != ROUTE:
            return answer
        if "*" not in origins:
            answer.vary = (*(answer.vary or ()), "Origin")
        if origin is None or ("*" not in origins and origin not in origins):
            return answer
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            answer = empty_answer(204)
            answer.headers["Access-Control-Allow-Methods"] = METHODS
            allowed = _allowed(request.headers.get("Access-Control-Request-Headers", ""), named=origin in origins)
            if allowed:
                answer.headers["Access-Control-Allow-Headers"] = ", ".join(allowed)
            answer.headers["Access-Control-Max-Age"] = MAX_AGE
            answer.vary = ("Origin", "Access-Control-Request-Headers")
        answer.headers["Access-Control-Allow-Origin"] = "*" if "*" in origins else origin
        answer.headers["Access-Control-Expose-Headers"] = EXPOSED
        return answer

    return cors_tween if origins else handler


def _allowed(wanted: str, *, named: bool) -> list[str]:
    """The headers that a page may send.

    :param wanted: those that the preflight asks for
    :param named: the page's origin is named in the settings
    """
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    known = {name.lower() for name in names}
    return names + [name for name in ALLOWED if named and name.lower() not in known]
