"""Processes leave connections to those that have fewer."""

import os

import pytest

from dynmodel_pyramid.server import balance
from dynmodel_pyramid.server.balance import DISTRUST, FULL, LOOK, PATIENCE, SILENT, VARIABLE, Balance

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="wants Linux")
NOW = 1000.0


@pytest.fixture
def shared(monkeypatch):
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.setattr(balance.time, "monotonic", lambda: NOW)
    number = balance.share()
    yield
    os.close(number)


def told(*counts: int) -> list[Balance]:
    made = []
    for count in counts:
        made.append(Balance())
        made[-1].tell(count, NOW)
    return made


def test_who_has_most_leaves_a_connection_to_the_others(shared):
    least, most = told(3, 5)
    assert not least.leaves(NOW)
    assert most.leaves(NOW)
    assert 0 < most.pause(NOW) <= LOOK and most.pause(NOW + LOOK) == 0
    least.accepted(6, NOW)
    assert least.leaves(NOW) and not most.leaves(NOW)


def test_among_many_connections_a_few_more_do_not_matter(shared):
    _, more, most = told(80, 90, 91)
    assert not more.leaves(NOW)
    assert most.leaves(NOW)


def test_who_waits_in_vain_accepts_for_a_while(shared):
    _, most = told(3, 5)
    moment = NOW
    while most.leaves(moment):
        moment += LOOK
    assert PATIENCE < moment - NOW < 2 * PATIENCE
    assert not most.leaves(moment + DISTRUST / 2)
    assert most.leaves(moment + DISTRUST)


def test_connections_that_others_accept_are_not_waited_for_in_vain(shared):
    least, most = told(0, 200)
    for number in range(100):
        moment = NOW + number * LOOK
        assert most.leaves(moment), number
        least.accepted(number, moment)


def test_who_accepts_none_is_not_waited_for(shared):
    full, most = told(3, 5)
    full.tell(FULL, NOW)
    assert not most.leaves(NOW)


def test_who_has_gone_is_not_waited_for_and_makes_place(shared):
    gone, most = told(3, 5)
    gone.tell(3, NOW - SILENT - 1)
    assert not most.leaves(NOW)
    (successor,) = told(0)
    assert successor._own == gone._own
    assert most.leaves(NOW)


def test_a_process_alone_accepts_all(monkeypatch):
    for value in (None, "/proc/0/fd/0"):
        monkeypatch.setenv(VARIABLE, value) if value else monkeypatch.delenv(VARIABLE, raising=False)
        alone = Balance()
        alone.accepted(1000, NOW)
        assert not alone.leaves(NOW) and not alone.pause(NOW)
