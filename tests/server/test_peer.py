"""What an application learns of the peer, whatever waitress makes of the headers of proxies."""

import pytest
from pyramid.request import Request

from dynmodel_pyramid.errors import Forbidden
from dynmodel_pyramid.web.identity.open_mode import refuse
from tests.web.identity.requests_of import settings_of

OPEN = settings_of(access="open")
TRUSTED = {"trusted_proxy": "127.0.0.1", "trusted_proxy_headers": "x-forwarded-for x-forwarded-host"}


def environ_of(running, application, **headers):
    running.get("/", **headers)
    return application.environs[-1]


def test_a_program_on_this_machine(serve, application):
    environ = environ_of(serve(), application)
    assert (environ["dynmodel.peer"], environ["dynmodel.proxied"]) == ("127.0.0.1", False)


@pytest.mark.parametrize("header", ("X_Forwarded_For", "Forwarded", "Via", "X_Forwarded_Host", "X_Forwarded_Proto"))
@pytest.mark.parametrize("settings", ({}, {"clear_untrusted_proxy_headers": "false"}, TRUSTED), ids=str)
def test_a_proxy_shows(serve, application, settings, header):
    """waitress takes untrusted headers away, and puts a forwarded address in the peer's place."""
    value = "for=127.0.0.1" if header == "Forwarded" else "http" if header == "X_Forwarded_Proto" else "localhost"
    environ = environ_of(serve(**settings), application, **{header: "127.0.0.1" if "For" == header[-3:] else value})
    assert environ["dynmodel.proxied"]
    environ["HTTP_HOST"] = "localhost"
    with pytest.raises(Forbidden):
        refuse(Request(environ), OPEN)


def test_the_peer_is_not_what_a_proxy_says(serve, application):
    environ = environ_of(serve(**TRUSTED), application, X_Forwarded_For="192.0.2.7")
    assert (environ["REMOTE_ADDR"], environ["dynmodel.peer"]) == ("192.0.2.7", "127.0.0.1")


def test_a_request_without_a_host(serve, application):
    """HTTP/1.0 has none; what this machine's programs send has one."""
    with serve().connect() as client:
        client.send("GET / HTTP/1.0\r\n\r\n").answer()
    with pytest.raises(Forbidden):
        refuse(Request(application.environs[-1]), OPEN)
