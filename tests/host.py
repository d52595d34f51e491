"""Somebody else's application, which mounts the service under ``/data``: root, routes, views, errors, policy, tween."""

from pyramid.authorization import Allow, Everyone
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound
from pyramid.request import Response


class HostRoot(dict):
    __acl__ = [(Allow, Everyone, "view")]


class HostError(Exception):
    pass


class HostPolicy:
    """Everybody is somebody; ``X-User: nobody`` may nothing where a permission is asked for."""

    def identity(self, request):
        return request.headers.get("X-User", "somebody")

    authenticated_userid = identity

    def permits(self, request, context, permission):
        return self.identity(request) != "nobody"

    def remember(self, request, userid, **options):
        return []

    forget = remember


def host_tween_factory(handler, registry):
    def host_tween(request):
        answer = handler(request)
        answer.headers["X-Host"] = "here"
        return answer

    return host_tween


def fail(request):
    raise HostError("host's own")


def page(text, status=200):
    return lambda *arguments: Response(text, status=status)


def host_config(settings, *, prefix: str | None = "/data", transactions: bool = True, **further) -> Configurator:
    config = Configurator(
        settings={**settings, **further}, root_factory=lambda request: HostRoot(a=HostRoot(), data=HostRoot())
    )
    config.set_security_policy(HostPolicy())
    if transactions:
        config.include("pyramid_tm")
    config.include("dynmodel_pyramid", route_prefix=prefix)
    config.add_tween("tests.host.host_tween_factory")
    config.add_route("about", "/about")
    config.add_route("database", "/database")
    config.add_view(page("about"), route_name="about")
    config.add_view(page("the host's database page"), route_name="database")
    config.add_view(fail, route_name="about", request_param="fail")
    config.add_view(page("secret"), name="secret", permission="view")
    config.add_view(page("host root"), context=HostRoot)
    config.add_exception_view(page("host error", 500), context=HostError)
    config.add_exception_view(page("host failure", 500), context=Exception)
    config.add_notfound_view(page("host 404", 404))
    config.add_forbidden_view(page("host 403", 403))
    return config


def gone(request):
    raise HTTPNotFound()


def forbidden(request):
    raise HTTPForbidden()


def only_own_paths(request) -> bool:
    """A ``tm.activate_hook``: the host has no use for transactions on its own pages."""
    return request.path_info.startswith("/data")


def nowhere(request) -> bool:
    return False
