"""One view for each resource, which serves the methods that the resource has.

Pyramid answers 404 if no view has the method. Here the answer is 405 with ``Allow`` (RFC 9110, 15.5.6), HEAD is served
by the view of GET, and OPTIONS lists the methods.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.web.http.answers import empty_answer
from dynmodel_pyramid.web.http.conditions import best_offer
from dynmodel_pyramid.web.http.errors import MethodNotAllowed, request_id, with_definition_version
from dynmodel_pyramid.web.http.permissions import Permission
from dynmodel_pyramid.web.http.tree import ROUTE, Resource

#: The category of introspectables that tell the methods of each resource class (Pyramid, "Introspection").
INTROSPECTABLES = "dynmodel_pyramid resources"
#: (resource, request) -> answer
View = Callable[[Any, Request], Response]


def later(module: str, name: str) -> Callable[..., Any]:
    """A function of a module below ``dynmodel_pyramid.web``, which is imported at the first call."""
    found: Callable[..., Any] | None = None

    def call(*arguments: Any) -> Any:
        nonlocal found
        if found is None:
            found = getattr(import_module(f"dynmodel_pyramid.web.{module}"), name)
        return found(*arguments)

    return call


def add_resource_view(
    config: Configurator,
    resource: type[Resource],
    views: Mapping[str, View],
    permission: Permission,
    *,
    offers: Callable[[Request], tuple[str, ...]] | None = lambda request: ("application/json",),
    check: Callable[[Any, Request], None] | None = None,
    allow: str | None = None,
    options_status: int = 204,
) -> None:
    """Register the views of a resource class, by method.

    :param permission: who may call them
    :param offers: gives the media types of answers to a request; None: the views read ``Accept``
    :param check: called first, for every method; may raise an error
    :param allow: the value of the header ``Allow``
    :param options_status: the status of the answer to OPTIONS
    """
    allow = allow or ", ".join(sorted({*views, *(("HEAD",) if "GET" in views else ()), "OPTIONS"}))

    def answer(context: Resource, request: Request) -> Response:
        if check is not None:
            check(context, request)
        method = request.method
        chosen = views.get("GET" if method == "HEAD" else method)
        if chosen is not None:
            permission(context, request)
            if offers is not None:
                best_offer(request, offers(request))
            return chosen(context, request)
        if method == "OPTIONS":
            response = empty_answer(options_status)
            response.headers.pop("Content-Type", None)
            response.headers["Allow"] = allow
            return response
        raise MethodNotAllowed(method, allow)

    def view(context: Resource, request: Request) -> Response:
        response = answer(context, request)
        if "Definition-Version" not in [name for name, _ in response.headerlist]:
            with_definition_version(response, request)
        if "HTTP_X_REQUEST_ID" in request.environ:
            response.headers["X-Request-Id"] = request_id(request)
        return response

    config.add_view(view, context=resource, route_name=ROUTE, name="")
    told = config.introspectable(INTROSPECTABLES, resource, resource.__name__, "resource")
    told.update(methods=tuple(views), permission=permission)
    config.action((INTROSPECTABLES, resource), introspectables=(told,))
