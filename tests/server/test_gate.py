"""One client address holds a bounded share of connections, and of requests behind a proxy."""

import contextlib
import json
import threading
import time

import pytest

from .conftest import PART, until

LIVE = b'{"status":"live"}'


def places(running) -> int:
    return len(running.server._channels())


@pytest.fixture
def many():
    with contextlib.ExitStack() as stack:

        def connect(running, count, address="127.0.0.1", start="GET / HTTP/1.1\r\nHo"):
            before = places(running)
            clients = [stack.enter_context(running.connect(address)) for _ in range(count)]
            for client in clients:
                client.send(start)
            until(lambda: places(running) == before + count, f"{count} connections")
            return clients

        yield connect


def test_an_address_with_its_share_is_refused_and_others_are_not(serve, many):
    running = serve(connections_per_address=3)
    clients = many(running, 3)
    with running.connect() as refused:
        status, headers, body = refused.ask("/")
        assert (status, headers["retry-after"], headers["connection"]) == (503, "1", "close")
        assert json.loads(body)["code"] == "too_many_connections"
        assert refused.at_end()
    assert running.get("/live")[2] == LIVE
    assert running.get("/ready")[0] == 200
    assert running.get("/", "127.0.0.2")[0] == 200
    assert clients[0].send("st: test\r\n\r\n").answer()[0] == 200


def test_a_load_test_from_one_address_is_not_hindered(serve, many):
    """By the defaults: 64 connections that are kept, and a browser's on the same host."""
    running = serve()
    clients = many(running, 70)
    for rest in ("st: test\r\n\r\n", "GET / HTTP/1.1\r\nHost: test\r\n\r\n"):
        for client in clients:
            client.send(rest)
        assert [client.answer()[0] for client in clients] == [200] * 70


def test_an_idle_connection_makes_place_for_another_of_its_address(serve, many):
    running = serve(connections_per_address=2)
    (half,) = many(running, 1)
    with running.connect() as idle:
        idle.ask("/")
        until(lambda: any(channel.phase_to_end() == "idle" for channel in running.server._channels()), "a look")
        assert running.get("/")[0] == 200
        assert idle.at_end()
    assert half.send("st: test\r\n\r\n").answer()[0] == 200


def test_the_address_that_has_most_makes_place_for_a_newcomer(serve, many):
    running = serve(connection_limit=12, connections_per_address=10)  # two places are waitress's own
    many(running, 9, "127.0.0.2")
    many(running, 1, "127.0.0.3")
    until(lambda: sum(c.watch.phase == "head" for c in running.server._channels()) == 10, "a look")
    assert running.get("/")[0] == 200
    until(lambda: places(running) == 9, "the connection to be closed")
    assert sorted(channel.addr[0] for channel in running.server._channels()) == ["127.0.0.2"] * 8 + ["127.0.0.3"]


def test_a_newcomer_does_not_get_the_events_of_the_one_that_made_place(serve, many):
    """A descriptor that is freed in the middle of a turn of the loop would be the next connection's."""
    running = serve(connection_limit=12, connections_per_address=10)
    crowd = many(running, 10, "127.0.0.2")
    until(lambda: sum(c.watch.phase == "head" for c in running.server._channels()) == 10, "a look")
    held, go = threading.Event(), threading.Event()
    running.server.listeners[0].trigger.pull_trigger(lambda: held.set() or go.wait(30))
    assert held.wait(30)
    for client in crowd:
        client.send("x")
    with contextlib.ExitStack() as stack:
        newcomers = [stack.enter_context(running.connect()) for _ in range(4)]  # who say nothing yet
        go.set()
        until(lambda: places(running) == 10, "the places to be exchanged")
        assert [newcomer.ask("/")[0] for newcomer in newcomers] == [200] * 4


def test_a_flood_does_not_keep_operators_out(serve, many):
    running = serve(connection_limit=12, connections_per_address=10)
    many(running, 10, "127.0.0.2")
    for number in range(30):
        with running.connect("127.0.0.2") as flooding:
            flooding.send("GET / HTTP")
            assert running.get("/live")[2] == LIVE, number
            assert running.get("/live", "127.0.0.2")[2] == LIVE, number


def test_what_is_beyond_the_limit_waits_where_nobody_is_to_make_place(serve, application):
    running = serve(connection_limit=4, threads=1)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect()).request("/hold") for _ in range(5)]
        until(lambda: places(running) == 5, "guests")
        assert running.get("/live")[2] == LIVE
        application.go.set()
        for client in clients:
            assert client.answer()[2] == b"held"
            client.close()


def test_a_guest_that_says_nothing_is_closed(serve, many):
    running = serve(connections_per_address=1)
    many(running, 1)
    with running.connect() as guest:
        assert guest.at_end()


def test_the_clients_of_a_proxy_have_shares_of_its_requests(serve, application):
    running = serve(
        trusted_proxy="127.0.0.1", trusted_proxy_headers="x-forwarded-for", connections_per_address=2, threads=4
    )
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect()) for _ in range(6)]
        for client in clients[:2]:
            client.request("/hold", X_Forwarded_For="10.0.0.1")
        until(lambda: len(application.begun) == 2, "two requests")
        status, headers, body = clients[2].ask("/", X_Forwarded_For="1.2.3.4, 10.0.0.1")
        assert (status, headers["retry-after"], "connection" in headers) == (429, "1", False)
        assert json.loads(body)["code"] == "too_many_requests"
        assert clients[2].ask("/", X_Forwarded_For="10.0.0.2")[0] == 200
        assert clients[3].ask("/")[0] == 200
        assert clients[4].ask("/live", X_Forwarded_For="10.0.0.1")[0] == 200
        application.go.set()
        assert [client.answer()[0] for client in clients[:2]] == [200, 200]
        assert clients[5].ask("/", X_Forwarded_For="10.0.0.1")[0] == 200
    # Somebody else's header says nothing.
    assert running.get("/", "127.0.0.2", X_Forwarded_For="10.0.0.1")[0] == 200
    until(lambda: not running.server.gate._peers and not running.server.gate._forwarded, "everybody to be forgotten")


def test_slow_clients_have_threads_of_their_own(serve, application):
    running = serve(threads=2, connections_per_address=100)
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(running.connect("127.0.0.2", 4096)) for _ in range(3)]
        slow[0].request("/long?60")
        until(lambda: application.ended, "an answer that nobody reads")
        slow[1].request("/hold")
        until(lambda: "/hold" in application.begun, "a second request")
        slow[2].request("/empty?204+No+Content")
        assert running.get("/")[2] == b"fine"
        assert application.begun == ["/long", "/hold", "/"]
        assert slow[0].answer()[2] == PART * 60
        # Now that it has read, it is as others.
        assert slow[2].answer()[0] == 204
        application.go.set()
        assert slow[1].answer()[2] == b"held"


def test_a_long_answer_for_a_slow_client_gives_its_thread_to_others(serve, application):
    running = serve(threads=1)
    application.do_slowly = lambda environ, start_response: (start_response("200 OK", []), slowly())[1]

    def slowly():
        yield from [PART] * 200
        assert application.go.wait(30)
        yield b"end"

    with running.connect(receive=4096) as client:
        client.request("/slowly")
        assert running.get("/", "127.0.0.2")[2] == b"fine"
        application.go.set()
        assert client.answer()[2] == PART * 200 + b"end"


def test_those_who_have_fewest_requests_under_way_come_first(serve, application):
    running = serve(threads=1, outbuf_overflow=50_000_000)  # all in memory, so nobody counts as slow
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect("127.0.0.2", 4096)) for _ in range(4)]
        clients[0].request("/long?200")  # stays unread
        until(lambda: application.ended, "the answer")
        clients[1].request("/hold")
        until(lambda: "/hold" in application.begun, "the thread to be taken")
        for client in clients[2:]:
            client.request("/ready?of=many")
        until(lambda: len(running.server.dispatcher.queue) == 2, "two that wait")
        other = stack.enter_context(running.connect()).request("/")
        until(lambda: len(running.server.dispatcher.queue) == 3, "three that wait")
        application.go.set()
        assert other.answer()[2] == b"fine"
        for client in clients[1:]:
            assert client.answer()[0] == 200
        assert application.begun == ["/long", "/hold", "/", "/ready", "/ready"]


def test_too_many_open_files_are_no_end(serve, caplog, monkeypatch):
    running = serve()
    (listener,) = running.server.listeners
    accept = type(listener).accept
    failed = []

    def fails_for_a_while(self):
        if len(failed) < 3:
            failed.append(time.monotonic())
            raise OSError(24, "Too many open files")
        return accept(self)

    monkeypatch.setattr(type(listener), "accept", fails_for_a_while)
    assert running.get("/")[0] == 200
    assert [record.getMessage() for record in caplog.records] == [
        "can't accept a connection: [Errno 24] Too many open files"
    ]
    assert failed[2] > failed[1] + 0.5  # once a second, not in a tight loop


def test_an_error_with_one_connection_ends_no_other(serve, many, monkeypatch, caplog):
    running = serve()
    (listener,) = running.server.listeners
    (kept,) = many(running, 1)
    monkeypatch.setattr(type(running.server.gate), "arrived", lambda self, channel: 1 / 0)
    with running.connect() as unlucky:
        assert unlucky.at_end()
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.undo()
    assert running.get("/")[0] == 200
    assert kept.send("st: test\r\n\r\n").answer()[0] == 200
