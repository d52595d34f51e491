"""Answers that are held back until something is done: nothing of them is sent before, and nobody else waits for it."""

import contextlib
import json
import socket
import struct
import threading
import time

import pytest
from waitress.channel import HTTPChannel

from dynmodel_pyramid.server import dispatch, held, pace
from dynmodel_pyramid.server.channel import Channel
from dynmodel_pyramid.server.task import JOINED
from tests.soak import echoes

from .conftest import PATIENCE, until

RESET = struct.pack("ii", 1, 0)


@pytest.fixture(autouse=True)
def unlearnt(monkeypatch):
    monkeypatch.setattr(pace, "ENOUGH", 1 << 60)


class Disk:
    """What answers wait for: all of them for the same, unless their query names another key."""

    def __init__(self, application):
        self.waits, self.goes_on = threading.Event(), threading.Event()
        self.goes_on.set()
        self.steps: list[str] = []
        self.ended = 0
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
        refuses = key in self.refuses
        self.ended += 1
        if refuses:
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


@pytest.mark.parametrize("first", [10, JOINED + 1])
@pytest.mark.parametrize("refuses", [False, True])
def test_an_answer_too_long_to_be_kept_waits_by_itself(serve, application, disk, refuses, first):
    body = b"x" * (JOINED + 1)

    def do_much(environ, start_response):
        environ["dynmodel.answer"].hold("disk", lambda: disk.step("disk", "disk"))
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [part for part in (body[:first], body[first:]) if part]

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
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.close()
        disk.goes_on.set()
        until(lambda: not running.server._channels(), "the end of the connection")
        assert running.get("/")[2] == b"fine"
    until(lambda: "ERROR" in [record.levelname for record in caplog.records], "the error")
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


def test_short_answers_are_sent_together_while_others_wait(serve, application, monkeypatch):
    monkeypatch.setattr(dispatch, "LOOK", 1.0)
    monkeypatch.setattr(dispatch, "SPELL", 10.0)
    monkeypatch.setattr(dispatch, "TOGETHER", 10.0)
    sent, send = [], held.send
    monkeypatch.setattr(held, "send", lambda channels: (sent.append(len(channels)), send(channels)))
    running = serve()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect()) for _ in range(6)]
        assert [client.ask("/")[2] for client in clients] == [b"fine"] * 6
        gather(running, application, clients, ["/"] * 6)
        assert [client.answer()[2] for client in clients] == [b"fine"] * 6
        assert sent[-1] == 6
        sent.clear()
        monkeypatch.setattr(dispatch, "TOGETHER", 0.0)
        gather(running, application, clients, ["/"] * 6)
        assert [client.answer()[2] for client in clients] == [b"fine"] * 6
        assert set(sent) == {1}


def test_an_answer_of_more_parts_is_not_held(serve, application, disk, monkeypatch):
    """Such as of events, the next of which may take minutes; also the answer to a write."""

    def do_parts(environ, start_response):
        if environ["QUERY_STRING"]:
            environ["dynmodel.answer"].hold("disk", lambda: disk.step("disk", "disk"))
        return application.do_first(environ, start_response)

    application.do_parts = do_parts
    running = serve(threads=4)
    for query in "", "?held":
        with running.connect() as client, running.connect() as other:
            gather(running, application, [client, other], [f"/parts{query}", "/"])
            assert client.head()[0] == 200
            assert client.file.read(len(b"5\r\nfirst\r\n")) == b"5\r\nfirst\r\n"
            assert other.answer()[2] == b"fine"
            application.go.set()
            assert b"".join(client.chunks()) == b"second"
            application.go.clear()
    assert disk.steps == ["disk"]


def test_a_disk_that_stands_still_stops_no_reader(serve, application, disk):
    running = serve(threads=2)
    disk.goes_on.clear()
    with contextlib.ExitStack() as stack:
        writers = [stack.enter_context(running.connect()) for _ in range(12)]
        for number, writer in enumerate(writers):
            writer.request(f"/write?disk={number}")
            time.sleep(3 * dispatch.LOOK)  # so that the leader waits for each by itself
            assert running.get("/")[2] == b"fine"
        assert running.get("/live")[0] == 200
        disk.goes_on.set()
        assert [writer.answer()[2] for writer in writers] == [b"fine"] * 12
    assert disk.steps[-1] == "11" and len(disk.steps) < 12


def test_no_more_answers_wait_for_the_disk_than_may(serve, application, disk, monkeypatch):
    monkeypatch.setattr(dispatch, "HELD", 3)
    running = serve(threads=2)
    disk.goes_on.clear()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect()) for _ in range(8)]
        clients[0].request("/write?disk")
        assert disk.waits.wait(PATIENCE)
        for client in clients[1:]:
            client.request("/write?disk")
            time.sleep(3 * dispatch.LOOK)
        until(lambda: len(running.server.dispatcher.queue) == 4, "requests that wait")
        assert application.begun.count("/write") == 4
        assert running.get("/live")[0] == 200
        disk.goes_on.set()
        assert [client.answer()[2] for client in clients] == [b"fine"] * 8


@pytest.mark.parametrize("closes", [{}, {"Connection": "close"}])
def test_the_thread_that_polls_leaves_a_connection_alone_whose_answer_is_being_sent(
    serve, application, disk, monkeypatch, closes
):
    """Another thread sends it, in parts."""
    send = Channel.send

    def slowly(channel, data, **options):
        sent = send(channel, data, **options)
        time.sleep(0.05)
        return sent

    def do_parts(environ, start_response):
        environ["dynmodel.answer"].hold("disk", lambda: disk.step("disk", "disk"))
        start_response("200 OK", [("Content-Length", "9")])(b"first")
        return [b"more"]

    monkeypatch.setattr(Channel, "send", slowly)
    monkeypatch.setattr(Channel, "hold_no_longer", lambda channel: None)
    application.do_parts = do_parts
    running = serve(threads=4)
    for _ in range(5):
        disk.goes_on.clear()
        disk.waits.clear()
        with running.connect() as client:
            client.request("/parts", **closes)
            if not closes:
                client.request("/")
            assert disk.waits.wait(PATIENCE)
            assert running.get("/")[2] == b"fine"  # so that another thread leads
            disk.goes_on.set()
            assert client.answer()[2] == b"firstmore"
            assert client.at_end() if closes else client.answer()[2] == b"fine"


def test_a_thread_that_was_relieved_leaves_the_next_answer_of_its_connection_alone(
    serve, application, disk, monkeypatch
):
    """It has sent its own, so the client goes on. If it took the next answer for its own, that would be sent twice, and
    the client take it for the answer to what it asks then.
    """
    serve_turn, send = dispatch.Threads._serve, Channel.send
    relieved, goes_on = threading.Event(), threading.Event()

    def then_wait(threads, turn):
        is_held = serve_turn(threads, turn)
        if application.begun == ["/hold"]:
            relieved.set()
            assert goes_on.wait(PATIENCE)
        return is_held

    def slowly(channel, data, **options):
        sent = send(channel, data, **options)
        time.sleep(0.1)
        return sent

    monkeypatch.setattr(dispatch.Threads, "_serve", then_wait)
    monkeypatch.setattr(Channel, "send", slowly)
    running = serve(threads=4)
    disk.goes_on.clear()
    with running.connect() as client:
        client.request("/hold")
        until(lambda: "/hold" in application.begun, "the request")
        time.sleep(3 * dispatch.LOOK)  # so that another thread leads
        application.go.set()
        assert client.answer()[2] == b"held" and relieved.wait(PATIENCE)
        client.request("/write?disk")
        assert disk.waits.wait(PATIENCE)
        goes_on.set()
        time.sleep(0.1)
        disk.goes_on.set()
        assert client.answer()[2] == b"fine"
        assert client.ask("/hold")[2] == b"held"
    assert disk.steps == ["disk"]


@pytest.mark.parametrize("closes", [False, True])
def test_a_connection_is_not_closed_while_an_answer_begins_to_be_held(serve, application, disk, monkeypatch, closes):
    """The thread that polls looks at a connection whose request ends in that moment."""
    name = "writable" if closes else "readable"
    look = getattr(HTTPChannel, name)
    is_armed, looks = threading.Event(), threading.Event()

    def slowly(channel):
        if is_armed.is_set() and channel.begun:
            is_armed.clear()
            looks.set()
            until(lambda: channel.waits_for is not None and not channel.requests, "the held answer")
        return look(channel)

    def do_late(environ, start_response):
        assert application.go.wait(PATIENCE)
        return disk.write(environ, start_response)

    application.do_late = do_late
    monkeypatch.setattr(HTTPChannel, name, slowly)
    running = serve(threads=4)
    disk.goes_on.clear()
    with running.connect() as client:
        client.request("/late?disk", **({"Connection": "close"} if closes else {}))
        until(lambda: "/late" in application.begun, "the request")
        time.sleep(0.05)  # so that another thread leads
        if not closes:
            client.socket.shutdown(socket.SHUT_WR)
        is_armed.set()
        running.server.listeners[0].pull_trigger()
        assert looks.wait(PATIENCE)
        application.go.set()
        assert disk.waits.wait(PATIENCE)
        time.sleep(0.1)
        disk.goes_on.set()
        assert client.answer()[2] == b"fine"


def test_half_a_connection_gets_its_answer(serve, application, disk):
    running = serve()
    disk.goes_on.clear()
    with running.connect() as client:
        client.request("/write?disk")
        assert disk.waits.wait(PATIENCE)
        client.socket.shutdown(socket.SHUT_WR)
        assert running.get("/")[2] == b"fine"
        disk.goes_on.set()
        assert client.answer()[2] == b"fine"
        assert client.at_end()


def test_every_answer_is_sent_once_and_to_its_own_request():
    """The full run, of minutes, is a command of its own: ``python -m tests.soak.echoes``."""
    figures, asked = echoes.run(5, clients=4, seed=1)
    assert figures.samples == []
    assert asked > 100
