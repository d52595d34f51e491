"""Cross-site request forgery: unsafe requests by cookie or Basic come from the service's own pages only."""

import pytest

from dynmodel_pyramid.errors import Forbidden
from dynmodel_pyramid.web.identity.origins import check, require_own
from tests.web.client import Client
from tests.web.identity.requests_of import request_of, settings_of

PUBLIC = settings_of(public_url="https://data.example.org")
OWN = (
    {"origin": "https://data.example.org"},
    {"sec_fetch_site": "same-origin"},
    # A form of a page with "Referrer-Policy: no-referrer".
    {"origin": "null", "sec_fetch_site": "same-origin"},
)
FOREIGN = (
    {},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "https://evil.example"},
    {"origin": "http://data.example.org"},
    {"origin": "https://data.example.org.evil.example"},
    {"origin": "https://data.example.org:8443"},
    {"origin": "https://sub.data.example.org", "sec_fetch_site": "same-site"},
    {"origin": "https://evil.example", "sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "none"},
    {"sec_fetch_site": "same-origin, cross-site"},
    {"referer": "https://data.example.org/"},
    {"host": "evil.example", "origin": "http://evil.example"},
)


@pytest.mark.parametrize("headers", OWN, ids=str)
def test_own_pages_may_write(headers):
    for carrier in ("cookie", "basic"):
        check(request_of("POST", **headers), PUBLIC, carrier)
    require_own(request_of("POST", **headers), PUBLIC)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_other_pages_may_not(headers):
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for carrier in ("cookie", "basic"):
            with pytest.raises(Forbidden) as raised:
                check(request_of(method, **headers), PUBLIC, carrier)
            assert raised.value.code == "foreign_origin"
            assert "https://data.example.org" in raised.value.detail
        for carrier in ("bearer", "apikey"):
            check(request_of(method, **headers), PUBLIC, carrier)
    for method in ("GET", "HEAD", "OPTIONS"):
        check(request_of(method, **headers), PUBLIC, "cookie")
    with pytest.raises(Forbidden):
        require_own(request_of("POST", **headers), PUBLIC)


def test_without_the_setting_the_host_decides():
    settings = settings_of()
    require_own(request_of("POST", origin="http://localhost:6543"), settings)
    require_own(request_of("POST", origin="http://a.example", host="A.example:80"), settings)
    for headers in ({"origin": "https://localhost:6543"}, {"origin": "http://b.example"}, {"origin": "", "host": None}):
        with pytest.raises(Forbidden):
            require_own(request_of("POST", **headers), settings)


def test_cors_never_allows_credentials(make_app):
    for origins in ("*", "https://one.example"):
        client = Client(make_app(**{"dynmodel.cors_origins": origins}))
        for method, path in (("GET", "/table/"), ("OPTIONS", "/table/"), ("GET", "/nothing"), ("DELETE", "/")):
            answer = client.send(
                method,
                path,
                origin="https://one.example",
                access_control_request_method="PUT",
                access_control_request_headers="authorization,cookie",
                cookie="a=b",
            )
            assert answer.headers["Access-Control-Allow-Origin"] == origins
            assert "Access-Control-Allow-Credentials" not in answer.headers
