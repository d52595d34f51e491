"""Properties of requests come from one class for all, whoever makes the requests."""

from pyramid.config import Configurator
from pyramid.request import Request, apply_request_extensions
from pyramid.response import Response

from dynmodel_pyramid.web.http.request_classes import share_request_classes


class OwnRequest(Request):
    pass


def seen(request):
    names = (type(request).__name__, str(request.twice), request.greet("Ann"), str(request.twice is request.twice))
    return Response(" ".join(names))


def outer(request):
    inner = Request.blank("/inner")
    inner.set_property(lambda request: "its own", "special")
    return Response(request.invoke_subrequest(inner).body + b" " + inner.special.encode())


def application(factory=None):
    config = Configurator(request_factory=factory)
    config.add_request_method(lambda request: [request.path, request.path], "twice", reify=True)
    config.add_request_method(lambda request, name: f"hello-{name}", "greet")
    for name, view in (("inner", seen), ("outer", outer)):
        config.add_route(name, f"/{name}")
        config.add_view(view, route_name=name)
    config.commit()
    share_request_classes(config.registry)
    config.add_request_method(lambda request: "later", "added", property=True)
    return config.make_wsgi_app()


def test_requests_share_a_class():
    app = application()
    kinds = set()
    for _ in range(3):
        request = Request.blank("/inner")
        request.registry = app.registry
        apply_request_extensions(request)
        assert (request.added, request.twice) == ("later", ["/inner", "/inner"])
        kinds.add(type(request).__mro__[1])  # "added" came too late, and has a class for each request as before
    assert len(kinds) == 1
    assert Request.blank("/inner").get_response(app).text == "Request ['/inner', '/inner'] hello-Ann True"


def test_factories_and_subrequests():
    for factory, name in ((OwnRequest, "OwnRequest"), (lambda environ: OwnRequest(environ), "OwnRequest")):
        app = application(factory)
        assert Request.blank("/inner").get_response(app).text == f"{name} ['/inner', '/inner'] hello-Ann True"
        assert Request.blank("/outer").get_response(app).text == "Request ['/inner', '/inner'] hello-Ann True its own"
