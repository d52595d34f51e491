"""The root under a prefix, without its last slash.

Under ``route_prefix="/data"`` the route's pattern is ``/data/*traverse``, which doesn't match ``/data``. Pyramid's own
way is a second route, but views and exception views are registered for one; so the missing slash is added before
routing.
"""

from pyramid.interfaces import IRoutesMapper
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.web.http.tree import ROUTE, Handler


def mount_tween_factory(handler: Handler, registry: Registry) -> Handler:
    mapper = registry.queryUtility(IRoutesMapper)
    route = mapper.get_route(ROUTE)
    if route.pattern == "/*traverse":
        return handler

    def mount_tween(request: Request) -> Response:
        path = request.environ.get("PATH_INFO", "")
        if path and path[-1] != "/" and route.match(path) is None and route.match(path + "/") is not None:
            # A route of the host with this address comes first.
            if mapper(request)["route"] is None:
                request.environ["PATH_INFO"] = path + "/"
        return handler(request)

    return mount_tween
