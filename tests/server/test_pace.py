"""Requests that mostly wait are started beside one another; others are not."""

import contextlib
import threading
import time

import pytest

from dynmodel_pyramid.server import dispatch, pace
from dynmodel_pyramid.server.dispatch import Threads
from dynmodel_pyramid.server.pace import ENOUGH, EVERY, LASTS, SHORT, Pace
from dynmodel_pyramid.telemetry.measuring import waits

from .conftest import PATIENCE, until


class Clocks:
    """A request looks at the clocks when it ends, and whenever it asks how late it is."""

    now = computed = 1000.0

    def monotonic(self) -> float:
        return self.now

    def process_time(self) -> float:
        return self.computed

    def request(self, judge: Pace, computes: float, waits: float = 0.0) -> bool:
        """One of the leader's; whether it was looked at."""
        began = judge.begin()
        self.computed += computes
        self.now += computes + waits
        if began is not None:
            judge.end(began)
        return began is not None


@pytest.fixture
def clocks(monkeypatch) -> Clocks:
    clocks = Clocks()
    monkeypatch.setattr(pace, "time", clocks)
    return clocks


def test_requests_that_wait_are_found_out_and_looked_at_again(clocks):
    judge = Pace(learns=True)
    looks = 0
    while not judge.waits():
        looks += clocks.request(judge, 0.0005, 0.005)
    assert looks == ENOUGH
    clocks.now += LASTS
    assert not judge.waits()
    assert clocks.request(judge, 0.0005, 0.005) and judge.waits()  # one look is enough
    clocks.now += LASTS
    assert not judge.waits()
    assert all(clocks.request(judge, 0.0005) for _ in range(ENOUGH - 1))
    assert [clocks.request(judge, 0.0005) for _ in range(EVERY)].count(True) == 1
    assert not judge.waits()


@pytest.mark.parametrize("computes, waits", [(0.005, 0.004), (0.0001, SHORT * 0.9), (0.0003, 0.0)])
def test_requests_that_compute_or_hardly_wait(clocks, computes, waits):
    judge = Pace(learns=True)
    looks = [clocks.request(judge, computes, waits) for _ in range(EVERY * 20)].count(True)
    assert looks == 20 and not judge.waits()


def test_waits_for_the_turn_to_write_mean_nothing(clocks):
    judge = Pace(learns=True)
    for _ in range(EVERY * ENOUGH * 2):
        began = judge.begin()
        clocks.computed += 0.0005
        clocks.now += 0.0055
        waits.for_turns += 0.005
        if began is not None:
            judge.end(began)
    assert not judge.waits()


def test_some_requests_that_stand_still_mean_nothing(clocks):
    """A busy machine lets a few of them wait for long."""
    judge = Pace(learns=True)
    for number in range(2000):
        clocks.request(judge, 0.0003, 0.01 if number % 3 == 0 else 0.0)
        assert not judge.waits()


@pytest.fixture
def unrelieved(monkeypatch):
    """Nobody takes the leadership away from a thread that runs a request."""
    with monkeypatch.context() as patch:
        patch.setattr(Threads, "_relieve", lambda self, turn: None)
        yield patch


def learn(running, application) -> None:
    application.do_doze = lambda *arguments: (time.sleep(0.003), application.do_(*arguments))[1]
    judge = running.server.dispatcher._pace
    with running.connect() as client:
        while not judge._until:
            assert client.ask("/doze")[2] == b"fine"


def test_requests_that_wait_run_at_once(serve, application, monkeypatch, unrelieved):
    monkeypatch.setattr(pace, "LASTS", 1000.0)
    meeting = threading.Barrier(4)
    application.do_meet = lambda *arguments: (meeting.wait(PATIENCE), application.do_(*arguments))[1]
    running = serve(threads=4)
    learn(running, application)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect()) for _ in range(8)]
        for _ in range(5):
            for client in clients:
                client.request("/meet")
            assert [client.answer()[2] for client in clients] == [b"fine"] * 8
        # All places are taken: somebody is left to poll, and more do not run.
        for client in clients[:6]:
            client.request("/hold")
        until(lambda: len(running.server.dispatcher.queue) == 2, "two that wait")
        assert application.begun.count("/hold") == 4
        assert running.get("/live")[0] == 200
        application.go.set()
        assert [client.answer()[2] for client in clients[:6]] == [b"held"] * 6


def test_requests_that_compute_again_are_the_leaders_again(serve, application, monkeypatch):
    monkeypatch.setattr(pace, "LASTS", 0.01)
    running = serve(threads=4)
    learn(running, application)
    judge = running.server.dispatcher._pace
    with running.connect() as client:
        until(lambda: client.ask("/")[0] == 200 and not judge._until and not judge._score, "requests that compute")
    monkeypatch.setattr(pace, "EVERY", 1 << 60)
    monkeypatch.setattr(dispatch, "LOOK", 1.0)
    threads = set()
    application.do_who = lambda *arguments: (threads.add(threading.get_ident()), application.do_(*arguments))[1]
    assert [running.get("/who")[2] for _ in range(10)] == [b"fine"] * 10
    assert threads == {running.server.dispatcher._leader}


def test_one_thread_learns_nothing(clocks):
    judge = Pace(learns=False)
    assert not any(clocks.request(judge, 0.0005, 0.005) for _ in range(EVERY * 20)) and not judge.waits()


def test_who_leads_next_runs_at_once_what_was_left(serve, application, monkeypatch, unrelieved):
    """They came together, and the first one takes long: the others need no event that ends a poll."""
    monkeypatch.setattr("dynmodel_pyramid.server.serving.INTERVAL", 2 * PATIENCE)
    running = serve(threads=2)
    running.server.adj.asyncore_loop_timeout = 2 * PATIENCE
    release = threading.Event()

    def do_held(environ, start_response):
        assert release.wait(PATIENCE)
        application.ended.append("/held")
        return application.do_(environ, start_response)

    application.do_held = do_held
    with running.connect() as long, running.connect() as short, running.connect() as holding:
        assert [client.ask("/")[2] for client in (long, short)] == [b"fine"] * 2
        holding.request("/hold")
        until(lambda: application.begun.count("/hold"), "the leader to be held")
        long.request("/held")
        short.request("/")
        unrelieved.undo()
        monkeypatch.setattr(dispatch, "LOOK", 0.005)
        application.go.set()
        assert holding.answer()[2] == b"held"
        assert short.answer()[2] == b"fine"
        assert application.begun[-2:] == ["/held", "/"] and not application.ended
        release.set()
        assert long.answer()[2] == b"fine"
