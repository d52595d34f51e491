"""No cache shows one identity's answers to another."""

import pytest
from pyramid.response import Response

from dynmodel_pyramid.web.identity.caching import caching_tween_factory, mark
from tests.web.identity.requests_of import request_of

EVERY = "Authorization, Cookie, apikey"


def marked(*headers, **how):
    answer = Response(headerlist=[("Content-Type", "text/plain"), *headers])
    mark(answer, **how)
    mark(answer, **how)  # twice changes nothing
    assert [name for name, _ in answer.headerlist].count("Vary") == 1
    assert answer.headers["Content-Type"] == "text/plain"
    return answer.headers["Cache-Control"], answer.headers["Vary"]


@pytest.mark.parametrize(
    ("headers", "control", "vary"),
    (
        ((), "private", EVERY),
        ([("Vary", "Accept")], "private", f"Accept, {EVERY}"),
        ([("Vary", "Accept"), ("vary", "Origin, cookie")], "private", "Accept, Origin, cookie, Authorization, apikey"),
        ([("Vary", "*")], "private", "*"),
        ([("Cache-Control", "no-store")], "no-store", EVERY),
        ([("Cache-Control", "max-age=60")], "private, max-age=60", EVERY),
        ([("Cache-Control", "public, private")], "private", EVERY),
        ([("Cache-Control", "private, no-cache")], "private, no-cache", EVERY),
        ([("cache-control", "public, max-age=60, s-maxage=9")], "private, max-age=60", EVERY),
    ),
)
def test_headers_are_merged(headers, control, vary):
    assert marked(*headers) == (control, vary)


@pytest.mark.parametrize("control", (None, "no-store", "private, max-age=60", "public"))
def test_a_browser_keeps_nothing_that_a_cookie_was_sent_for(control):
    headers = [] if control is None else [("Cache-Control", control)]
    assert marked(*headers, by_cookie=True) == ("no-store", EVERY)


class Route:
    def __init__(self, name):
        self.name = name


@pytest.mark.parametrize(
    ("route", "path", "is_marked"),
    (
        ("dynmodel", ("table",), True),
        ("dynmodel", (), True),
        ("dynmodel", ("live",), False),
        ("dynmodel", ("ready",), False),
        ("dynmodel", ("live", "x"), True),
        ("host", ("table",), False),
        (None, (), False),
    ),
)
@pytest.mark.parametrize("status", (200, 304, 404, 401))
def test_every_answer_but_public_ones_is_marked(route, path, is_marked, status):
    request = request_of()
    request.matched_route = None if route is None else Route(route)
    request.matchdict = {"traverse": path}
    answer = caching_tween_factory(lambda _: Response(status=status), None)(request)
    assert ("Cache-Control" in answer.headers, "Vary" in answer.headers) == (is_marked, is_marked)
    assert answer.headers.get("X-Content-Type-Options") == ("nosniff" if route == "dynmodel" else None)


def test_streams_are_not_read():
    answer = Response(app_iter=iter(()))
    mark(answer)
    assert answer.headers["Cache-Control"] == "private"


@pytest.mark.parametrize(
    ("headers", "control"),
    (
        ({"cookie": "a=b; dynmodel_session=x"}, "no-store"),
        ({"cookie": "a=b"}, "private"),
        ({"cookie": "dynmodel_session=x", "authorization": "Bearer dyn_x"}, "private"),
    ),
    ids=str,
)
@pytest.mark.parametrize("status", (200, 304, 401))
def test_the_credential_that_counts_decides(headers, control, status):
    request = request_of(**headers)
    request.matched_route, request.matchdict = Route("dynmodel"), {"traverse": ("table",)}
    answer = caching_tween_factory(lambda _: Response(status=status), None)(request)
    assert answer.headers["Cache-Control"] == control
