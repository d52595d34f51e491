"""One thread polls and runs short requests; long ones go on in it, and another polls."""

import contextlib
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from dynmodel_pyramid.server import dispatch, pace
from dynmodel_pyramid.server.channel import Channel
from dynmodel_pyramid.server.serving import Server

from .conftest import PART, PATIENCE, until


@pytest.fixture
def unwatched(monkeypatch):
    """Nobody relieves the leader: it has to step down by itself."""
    monkeypatch.setattr(dispatch, "LOOK", 1.0)


@pytest.fixture(autouse=True)
def unlearnt(monkeypatch):
    """That some requests wait long changes nothing for the next ones (``test_pace``)."""
    monkeypatch.setattr(pace, "ENOUGH", 1 << 60)


@pytest.fixture(autouse=True)
def one_leader(monkeypatch):
    """Two threads never poll at a time."""
    inside, together = [], []
    turn = Server._turn

    def guarded(self):
        inside.append(threading.get_ident())
        together.extend(inside[:-1])
        try:
            return turn(self)
        finally:
            inside.pop()

    monkeypatch.setattr(Server, "_turn", guarded)
    yield
    assert together == []


def who(application) -> list[int]:
    """The threads that run the requests for ``/who``, as they come."""
    threads: list[int] = []

    def do_who(environ, start_response):
        threads.append(threading.get_ident())
        return application.do_(environ, start_response)

    application.do_who = do_who
    return threads


def test_the_thread_that_polls_runs_short_requests(serve, application, unwatched):
    threads = who(application)
    running = serve(threads=4)
    dispatcher = running.server.dispatcher
    # A thread that just starts may take a request.
    until(lambda: len(dispatcher._idle._waiters) == len(dispatcher.threads) - 1 == 7, "threads that wait")
    assert running.get("/")[2] == b"fine"
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect()) for _ in range(8)]
        for _ in range(5):
            for client in clients:
                client.request("/who")
            assert [client.answer()[2] for client in clients] == [b"fine"] * 8
    assert len(threads) == 40
    assert set(threads) == {dispatcher._leader}


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_requests_that_do_not_end_stop_nobody_while_a_thread_is_free(serve, application, threads, monkeypatch):
    running = serve(threads=threads)
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(running.connect()).request("/hold") for _ in range(threads - 1)]
        until(lambda: len(application.begun) == threads - 1, "requests that hold threads")
        assert [running.get("/")[2] for _ in range(20)] == [b"fine"] * 20
        held.append(stack.enter_context(running.connect()).request("/hold"))
        until(lambda: application.begun.count("/hold") == threads, "all threads to be held")
        waiting = stack.enter_context(running.connect()).request("/")
        until(lambda: len(running.server.dispatcher.queue) == 1, "a request that waits")
        assert running.get("/live")[0] == running.get("/ready")[0] == 200
        application.go.set()
        assert [client.answer()[2] for client in [*held, waiting]] == [b"held"] * threads + [b"fine"]
        # And back to one thread, which runs all.
        until(lambda: not running.server.dispatcher.is_busy, "the end of all requests")
        monkeypatch.setattr(dispatch, "LOOK", 1.0)
        run_by = who(application)
        assert [running.get("/who")[2] for _ in range(10)] == [b"fine"] * 10
        assert len(set(run_by)) == 1


def test_a_thread_that_is_free_again_takes_what_waits(serve, application):
    running = serve(threads=1)
    with running.connect() as holding, running.connect() as waiting, running.connect() as upload:
        holding.request("/hold")
        until(lambda: application.begun, "the thread to be held")
        waiting.request("/")
        upload.request("/", method="POST", Content_Length=str(len(PART) * 2)).send(PART * 2)
        until(lambda: len(running.server.dispatcher.queue) == 2, "two that wait")
        application.go.set()
        assert waiting.answer()[2] == b"fine"
        assert upload.answer()[2] == PART * 2


def test_a_request_with_a_long_body_is_not_the_leaders(serve, application, unwatched):
    threads = who(application)
    running = serve(threads=2)
    with running.connect() as client:
        client.request("/who", method="POST", Content_Length=str(2 * len(PART))).send(PART * 2)
        assert client.answer()[2] == PART * 2
        assert client.ask("/who")[2] == b"fine"
    assert threads[0] != threads[1] == running.server.dispatcher._leader


def test_an_answer_in_parts_lets_others_lead(serve, application, unwatched):
    def slowly():
        yield b"first"
        yield b"second"
        assert application.go.wait(30)
        yield b"third"

    application.do_slowly = lambda environ, start_response: (start_response("200 OK", []), slowly())[1]
    running = serve(threads=2)
    with running.connect() as client:
        client.request("/slowly").head()
        chunks = client.chunks()
        assert [next(chunks), next(chunks)] == [b"first", b"second"]
        assert running.get("/")[2] == b"fine"
        application.go.set()
        assert list(chunks) == [b"third"]


def test_an_application_says_that_a_request_takes_long(serve, application, unwatched):
    def do_export(environ, start_response):
        environ["dynmodel.answer"].takes_long()
        return application.do_hold(environ, start_response)

    application.do_export = do_export
    running = serve(threads=2)
    with running.connect() as client:
        client.request("/export")
        until(lambda: application.begun, "the request")
        assert running.get("/")[2] == b"fine"
        application.go.set()
        assert client.answer()[2] == b"held"
        application.environs[0]["dynmodel.answer"].takes_long()  # and does nothing where another thread calls it


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_leaders_that_are_relieved_just_when_they_end(serve, application, threads, monkeypatch):
    """Requests take about as long as the watch waits, so that many end in the moment of its look."""
    monkeypatch.setattr(dispatch, "LOOK", 0.001)
    at_once, most = Counter(), []

    def do_doze(environ, start_response):
        at_once["now"] += 1
        most.append(at_once["now"])
        time.sleep(random.choice((0.0, 0.001, 0.0015, 0.002, 0.004)))
        at_once["now"] -= 1
        return application.do_(environ, start_response)

    application.do_doze = do_doze
    running = serve(threads=threads)

    def ask_often(number: int) -> list[bytes]:
        with running.connect() as client:
            for _ in range(30):
                client.request("/doze", method="POST", Content_Length="4").send(f"{number:4}")
                if number % 4 == 0:  # and one behind it
                    client.request("/doze", method="POST", Content_Length="4").send(f"{number:4}")
                    assert client.answer()[2] == b"%4d" % number
                assert client.answer()[2] == b"%4d" % number
        return number

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(ask_often, range(12))) == list(range(12))
    assert max(most) <= threads
    assert len(most) == 12 * 30 + 3 * 30
    until(lambda: not running.server.dispatcher.is_busy, "the end of all requests")


@pytest.mark.parametrize("error", [RuntimeError, SystemExit, KeyboardInterrupt, MemoryError])
def test_an_error_of_the_application_ends_its_connection_at_most(serve, application, error, caplog):
    def do_raise(environ, start_response):
        raise error("no")

    application.do_raise = do_raise
    running = serve(threads=1)
    running.server.adj.asyncore_loop_timeout = 2 * PATIENCE  # it is closed at once, not when the poll ends by itself
    for _ in range(5):
        with running.connect() as client, contextlib.suppress(ConnectionError):
            assert client.ask("/raise")[0] == 500
        assert running.get("/")[2] == b"fine"
    assert "no" in caplog.text


def test_an_error_of_the_loop_itself_ends_the_server(application, serve, monkeypatch):
    """The process is to be replaced, as when its main thread fails."""
    running = serve()
    raised = []
    run = running.server.dispatcher.lead

    assert running.get("/")[2] == b"fine"
    until(lambda: not running.server._channels(), "the end of the connection")
    monkeypatch.setattr(running.server, "_close", lambda: 1 / 0)
    monkeypatch.setattr(threading, "excepthook", lambda arguments: raised.append(arguments.exc_type))
    until(lambda: not running.thread.is_alive(), "the end of the server")
    assert raised == [ZeroDivisionError] and run
    monkeypatch.undo()
    running.server.dispatcher.shutdown(5)


def test_head_and_body_are_sent_at_once(serve, application, monkeypatch):
    sent = []
    send = Channel.send
    monkeypatch.setattr(Channel, "send", lambda self, data, do_close=True: sent.append(len(data)) or send(self, data))
    running = serve()
    with running.connect() as client:
        assert client.ask("/")[2] == b"fine"
        assert len(sent) == 1
        assert client.ask("/empty?204+No+Content")[0] == 204
        assert len(sent) == 2
        assert client.ask("/long?1")[2] == PART
        assert len(sent) == 4  # and the last chunk
