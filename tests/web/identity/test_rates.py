"""Requests a second by identity."""

import pytest
from pyramid.response import Response

from dynmodel_pyramid.access.identity import ANONYMOUS, Identity
from dynmodel_pyramid.errors import ConfigurationProblem, TooManyRequests
from dynmodel_pyramid.settings import PROCESSES
from dynmodel_pyramid.web.identity.rates import Rates, add_headers, limit, network, processes, rates
from tests.web.identity.requests_of import request_of, settings_of


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_bucket_is_emptied_and_refilled(clock):
    buckets = Rates(2, 3, clock)
    for left in (2, 1, 0):
        headers = dict(buckets.take("user:1", "192.0.2.1"))
        assert headers["RateLimit-Policy"] == '"requests";q=3;w=2'
        assert headers["RateLimit"].startswith(f'"requests";r={left};t=')
    with pytest.raises(TooManyRequests) as raised:
        buckets.take("user:1", "192.0.2.1")
    assert raised.value.retry_after == 1
    assert dict(raised.value.headers)["RateLimit"] == '"requests";r=0;t=2'
    clock.now += 0.4
    with pytest.raises(TooManyRequests):
        buckets.take("user:1", "192.0.2.1")
    clock.now += 0.1
    buckets.take("user:1", "192.0.2.1")
    clock.now += 1000
    for _ in range(3):
        buckets.take("user:1", "192.0.2.1")
    with pytest.raises(TooManyRequests):
        buckets.take("user:1", "192.0.2.1")


def test_retry_after_is_long_enough(clock):
    buckets = Rates(0.1, 1, clock)
    buckets.take("user:1", None)
    with pytest.raises(TooManyRequests) as raised:
        buckets.take("user:1", None)
    clock.now += raised.value.retry_after
    buckets.take("user:1", None)


def test_each_has_a_bucket_of_its_own(clock):
    buckets = Rates(1, 1, clock)
    buckets.take("user:1", "192.0.2.1")
    buckets.take("user:2", "192.0.2.1")
    buckets.take(None, "192.0.2.1")
    buckets.take(None, "192.0.2.2")
    with pytest.raises(TooManyRequests):
        buckets.take(None, "192.0.2.1")


def test_many_addresses_make_no_bucket_of_an_identity_full(clock):
    buckets = Rates(1, 1, clock, most=100)
    buckets.take("user:1", None)
    for number in range(1000):
        buckets.take(None, f"10.0.{number // 250}.{number % 250}")
    assert len(buckets._addresses) == 100
    with pytest.raises(TooManyRequests):
        buckets.take("user:1", None)


def test_addresses_of_one_client():
    assert network("2001:db8::1") == network("2001:db8::ffff") != network("2001:db8:0:1::1")
    assert network("::ffff:192.0.2.1") == network("192.0.2.1")
    assert network(None) == network("unix") == ""


def test_off_unless_set():
    assert Rates(0, 0).take("user:1", None) == ()
    assert rates(settings_of()).rate == 0


def test_each_process_has_its_part(monkeypatch):
    monkeypatch.setenv(PROCESSES, "4")
    found = rates(settings_of(requests_per_second="100"))
    assert (found.rate, found.burst) == (25, 250)
    found = rates(settings_of(requests_per_second="100", requests_burst="8"))
    assert (found.rate, found.burst) == (25, 2)
    assert rates(settings_of(requests_per_second="1", requests_burst="1")).burst == 1
    monkeypatch.setenv(PROCESSES, "x")
    with pytest.raises(ConfigurationProblem, match=PROCESSES):
        processes()


def test_a_request_pays_once_and_its_answer_tells(clock):
    buckets = Rates(1, 2, clock)
    user = Identity("user", "user:1")
    for left in (1, 0):
        request = request_of()
        for _ in range(3):  # attempts
            limit(request, buckets, user)
        answer = Response()
        add_headers(answer, request)
        assert answer.headers["RateLimit"].startswith(f'"requests";r={left};')
    request = request_of()
    with pytest.raises(TooManyRequests):
        limit(request, buckets, user)
    answer = Response(status=429)
    add_headers(answer, request)
    assert answer.headers["RateLimit-Policy"] == '"requests";q=2;w=2'
    limit(request_of(), buckets, ANONYMOUS)
    limit(request_of(), buckets, None)
    with pytest.raises(TooManyRequests):
        limit(request_of(), buckets, ANONYMOUS)
