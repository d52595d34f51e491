"""Cross-origin requests (the Fetch standard, "CORS protocol"); off unless ``dynmodel.cors_origins`` names origins.

Credentials are never allowed (``Access-Control-Allow-Credentials``): a page of another origin sends a token of its own.
"""

from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.web.http.answers import empty_answer
from dynmodel_pyramid.web.http.tree import ROUTE, Handler

EXPOSED = (
    "Content-Range, Location, Preference-Applied, ETag, Link, Definition-Version, Definitions-Revision, X-Request-Id, "
    "Deprecation, Retry-After, RateLimit, RateLimit-Policy"
)
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
MAX_AGE = "600"


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
            wanted = request.headers.get("Access-Control-Request-Headers")
            if wanted:
                answer.headers["Access-Control-Allow-Headers"] = wanted
            answer.headers["Access-Control-Max-Age"] = MAX_AGE
            answer.vary = ("Origin", "Access-Control-Request-Headers")
        answer.headers["Access-Control-Allow-Origin"] = "*" if "*" in origins else origin
        answer.headers["Access-Control-Expose-Headers"] = EXPOSED
        return answer

    return cors_tween if origins else handler
