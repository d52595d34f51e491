"""Clients that go away while their requests wait or run."""

import socket
import time

import pytest

from .conftest import until


def leave(client):
    client.close()


def shut_down_sending(client):
    client.socket.shutdown(socket.SHUT_WR)


def send_more_and_leave(client):
    client.request("/").close()


@pytest.mark.parametrize("goes", [leave, shut_down_sending, send_more_and_leave])
def test_the_application_learns_that_its_client_has_gone(serve, application, goes):
    running = serve()
    with running.connect() as staying:
        staying.request("/hold")
        until(lambda: len(application.begun) == 1, "the first request")
        leaving = running.connect().request("/hold")
        until(lambda: len(application.begun) == 2, "the second request")
        stays, leaves = application.environs
        goes(leaving)
        begun = time.monotonic()
        until(leaves["waitress.client_disconnected"], "the client to be missed")
        assert time.monotonic() - begun < 1
        assert leaves["dynmodel.answer"].gone
        assert not stays["waitress.client_disconnected"]()
        application.go.set()
        assert staying.answer()[2] == b"held"
        leaving.close()
    assert application.begun == ["/hold", "/hold"]


def test_a_request_whose_client_has_gone_before_it_began_does_not_run(serve, application):
    running = serve(threads=1)
    with running.connect() as first:
        first.request("/hold")
        until(lambda: application.begun, "the first request")
        running.connect().request("/", method="POST", Content_Length="1").send("x").close()
        until(lambda: len(running.server.dispatcher.queue) == 1, "the second one to wait")
        until(lambda: len(running.server._channels()) == 1, "its connection to be closed")
        application.go.set()
        assert first.answer()[2] == b"held"
        assert first.ask("/")[2] == b"fine"
    assert application.begun == ["/hold", "/"]


def test_who_waits_with_half_a_connection_gets_what_is_made_at_once(serve):
    """As of ``printf ... | nc -N``."""
    with serve().connect() as client:
        client.request("/", Connection="close")
        shut_down_sending(client)
        assert client.answer()[2] == b"fine"
