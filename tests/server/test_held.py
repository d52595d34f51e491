"""Answers that are held back until something is done: nothing of them is sent before, and nobody else waits for it."""

import contextlib
import json
import socket
import threading

import pytest

from dynmodel_pyramid.server import dispatch, pace
from dynmodel_pyramid.server.task import JOINED

from .conftest import PATIENCE, until


@pytest.fixture(autouse=True)
def unlearnt(monkeypatch):
    monkeypatch.setattr(pace, "ENOUGH", 1 << 60)


class Disk:
    """What answers wait for: all of them for the same, unless their query names another key."""

    def __init__(self, application):
        self.waits, self.goes_on = threading.Event(), threading.Event()
        self.goes_on.set()
        self.steps: list[str] = []
        self.refuses: set[str] = set()
        self._application = application
        application.do_write = self.write

    def write(self, environ, start_response):
        key, _, name = environ["QUERY_STRING"].partition("=")
        environ["dynmodel.answer"].hold(key, lambda: self.step(key, name or key))
        return self._application.do_(environ, start_response)

    def step(self, key: str, name: str) -> None:
        self.steps.append(name)
        self.waits.set()
        assert self.goes_on.wait(PATIENCE)
        if key in self.refuses:
            raise OSError("disk I/O error")


@pytest.fixture
def disk(application):
    disk = Disk(application)
    yield disk
    disk.goes_on.set()


def gets_nothing(client) -> bool:
    client.socket.settimeout(0.1)
    with contextlib.suppress(TimeoutError):
        return not client.socket.recv(1, socket.MSG_PEEK)
    client.socket.settimeout(PATIENCE)
    return True


def gather(running, application, clients, paths) -> None:
    """Let the leader find some requests at once, in this order."""
    goes_on = threading.Event()
    application.do_gather = lambda *arguments: (goes_on.wait(PATIENCE), application.do_(*arguments))[1]
    with running.connect() as first:
        first.request("/gather")
        until(lambda: "/gather" in application.begun, "the first request")
        for client, path in zip(clients, paths, strict=True):
            client.request(path)
        goes_on.set()
        assert first.answer()[2] == b"fine"


def test_nothing_is_sent_before_the_step_is_done_and_others_are_served_meanwhile(serve, disk):
    running = serve()
    disk.goes_on.clear()
    with running.connect() as client:
        client.request("/write?disk")
        assert disk.waits.wait(PATIENCE)
        assert gets_nothing(client)
        assert running.get("/")[2] == b"fine"
        assert gets_nothing(client)
        disk.goes_on.set()
        assert client.answer()[2] == b"fine"
        assert client.ask("/write?disk")[2] == b"fine"
    assert disk.steps == ["disk", "disk"]


def test_one_step_stands_for_all_that_wait_for_it(serve, application, disk, monkeypatch):
    monkeypatch.setattr(dispatch, "LOOK", 1.0)
    monkeypatch.setattr(dispatch, "SPELL", 10.0)
    running = serve()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect()) for _ in range(8)]
        gather(running, application, clients, [f"/write?{'ab'[number % 2]}={number}" for number in range(8)])
        assert [client.answer()[2] for client in clients] == [b"fine"] * 8
    assert sorted(disk.steps) == ["6", "7"]


def test_a_step_that_fails_is_told_to_those_who_wait_for_it_only(serve, application, disk, monkeypatch):
    monkeypatch.setattr(dispatch, "LOOK", 1.0)
    monkeypatch.setattr(dispatch, "SPELL", 10.0)
    running = serve()
    disk.refuses.add("bad")
    with running.connect() as one, running.connect() as two, running.connect() as good:
        gather(running, application, [one, good, two], ["/write?bad=1", "/write?good", "/write?bad=2"])
        for client in one, two:
            status, headers, body = client.answer()
            assert status == 503 and headers["content-type"] == "application/problem+json"
            assert json.loads(body)["code"] == "outcome_unknown"
            assert client.at_end()
        assert good.answer()[2] == b"fine"
        assert good.ask("/")[2] == b"fine"


@pytest.mark.parametrize("refuses", [False, True])
def test_an_answer_too_long_to_be_kept_waits_by_itself(serve, application, disk, refuses):
    body = b"x" * (JOINED + 1)

    def do_much(environ, start_response):
        environ["dynmodel.answer"].hold("disk", lambda: disk.step("disk", "disk"))
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body[:10], body[10:]]

    application.do_much = do_much
    if refuses:
        disk.refuses.add("disk")
    running = serve()
    with running.connect() as client:
        client.request("/much")
        if refuses:
            assert client.is_reset()
        else:
            assert client.answer()[2] == body
    assert disk.steps == ["disk"]
    assert running.get("/")[2] == b"fine"


def test_a_client_that_goes_away_meanwhile_stops_nobody(serve, application, disk, caplog):
    running = serve()
    for refuses in False, True:
        disk.waits.clear()
        disk.goes_on.clear()
        if refuses:
            disk.refuses.add("disk")
        client = running.connect()
        client.request("/write?disk")
        assert disk.waits.wait(PATIENCE)
        client.close()
        until(lambda: not running.server._channels(), "the end of the connection")
        disk.goes_on.set()
        assert running.get("/")[2] == b"fine"
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "answers are withdrawn, as what they promise could not be done: disk I/O error"
    ]


def test_a_request_that_takes_long_keeps_no_answer_waiting(serve, application, disk, monkeypatch):
    monkeypatch.setattr(dispatch, "LOOK", 0.2)
    running = serve()
    with running.connect() as writer, running.connect() as waiter:
        gather(running, application, [writer, waiter], ["/write?disk", "/hold"])
        assert writer.answer()[2] == b"fine"
        assert not application.go.is_set() and application.begun[-1] == "/hold"
        application.go.set()
        assert waiter.answer()[2] == b"held"


def test_the_next_request_of_a_connection_waits(serve, application, disk):
    running = serve()
    disk.goes_on.clear()
    with running.connect() as client:
        client.send(b"GET /write?disk HTTP/1.1\r\nHost: test\r\n\r\nGET / HTTP/1.1\r\nHost: test\r\n\r\n")
        assert disk.waits.wait(PATIENCE)
        client.request("/")
        assert gets_nothing(client) and application.begun == ["/write"]
        disk.goes_on.set()
        assert [client.answer()[2] for _ in range(3)] == [b"fine"] * 3


@pytest.mark.parametrize("closes", [{}, {"Connection": "close"}])
def test_a_server_that_stops_sends_what_is_held(serve, disk, closes):
    running = serve()
    disk.goes_on.clear()
    with running.connect() as client:
        client.request("/write?disk", **closes)
        assert disk.waits.wait(PATIENCE)
        running.server.stop()
        until(lambda: running.server._deadline is not None, "the stop")
        assert gets_nothing(client)
        disk.goes_on.set()
        assert client.answer()[2] == b"fine"
        assert client.at_end()


def test_who_waits_for_two_things_gets_both(serve, application, disk):
    def do_both(environ, start_response):
        for key in "one", "two":
            environ["dynmodel.answer"].hold(key, lambda key=key: disk.step(key, key))
        return application.do_(environ, start_response)

    application.do_both = do_both
    running = serve()
    assert running.get("/both")[2] == b"fine"
    assert disk.steps == ["one", "two"]
