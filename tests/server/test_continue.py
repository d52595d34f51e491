"""``100 Continue`` is sent by the thread that polls, when the answer before is sent."""

import socket
import struct
import threading
import time

import pytest

from dynmodel_pyramid.server import pace
from dynmodel_pyramid.server.channel import Channel

from .conftest import PATIENCE, until

RESET = struct.pack("ii", 1, 0)
EXPECTS = "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"


def get(path: str) -> str:
    return f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"


@pytest.fixture(autouse=True)
def unlearnt(monkeypatch):
    monkeypatch.setattr(pace, "ENOUGH", 1 << 60)


def run_relieved(application, client, path: str) -> None:
    """Send a request and the head of another; the first runs in a thread that does not lead any more."""
    client.send(get(path) + EXPECTS)
    until(lambda: path in application.begun, "the request")
    time.sleep(0.05)


def test_it_does_not_overtake_an_answer_that_is_held(serve, application):
    waits, goes_on = threading.Event(), threading.Event()

    def step():
        waits.set()
        assert goes_on.wait(PATIENCE)

    def do_write(environ, start_response):
        environ["dynmodel.answer"].hold("disk", step)
        return application.do_(environ, start_response)

    application.do_write = do_write
    running = serve()
    with running.connect() as client:
        client.send(get("/write") + EXPECTS)
        assert waits.wait(PATIENCE)
        time.sleep(0.05)
        goes_on.set()
        assert client.answer()[2] == b"fine"
        assert client.answer()[0] == 100
        assert client.send("abc").answer()[2] == b"abc"


def test_a_body_that_has_come_meanwhile_needs_none(serve, application):
    running = serve()
    with running.connect() as client:
        run_relieved(application, client, "/hold")
        client.send("abc")
        application.go.set()
        assert client.answer()[2] == b"held"
        status, _, body = client.answer()
        if status == 100:
            status, _, body = client.answer()
        assert (status, body) == (200, b"abc")


def test_only_the_thread_that_polls_closes_connections(serve, application, monkeypatch):
    led, close = [], Channel.handle_close

    def handle_close(channel):
        led.append(channel.server.task_dispatcher.leads())
        close(channel)

    monkeypatch.setattr(Channel, "handle_close", handle_close)
    running = serve(threads=4)
    for _ in range(5):
        application.go.clear()
        application.begun.clear()
        with running.connect() as client:
            run_relieved(application, client, "/hold")
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        application.go.set()
        until(lambda: not running.server._channels(), "the end of the connection")
    assert led and all(led)


def test_two_threads_do_not_send_the_rest_of_an_answer(serve, application, monkeypatch):
    body = b"".join(b"%07d\n" % number for number in range(1_000_000))

    def do_long(environ, start_response):
        time.sleep(0.05)
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    send_continue, send = Channel.send_continue, Channel.send
    waits, sends = threading.Event(), threading.Event()

    def then_wait(channel):
        if not waits.is_set():
            waits.set()
            sends.wait(1)
        send_continue(channel)

    def slowly(channel, data, **options):
        if waits.is_set() and not sends.is_set() and channel.server.task_dispatcher.leads():
            sends.set()
            time.sleep(0.1)
        return send(channel, data, **options)

    application.do_long = do_long
    monkeypatch.setattr(Channel, "send_continue", then_wait)
    monkeypatch.setattr(Channel, "send", slowly)
    running = serve(threads=4)
    with running.connect(receive=4096) as client:
        client.send(get("/long") + EXPECTS)
        assert waits.wait(PATIENCE)
        time.sleep(0.1)
        assert client.answer()[2] == body
        assert client.answer()[0] == 100
        assert client.send("abc").answer()[2] == b"abc"
