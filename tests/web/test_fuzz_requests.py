"""The short form of ``tests.soak.fuzz``: random requests to every resource, and the fuzzer finds what is wrong."""

import json

import pytest

from tests.soak.fuzz import Fuzzer
from tests.soak.fuzzing.checks import violations
from tests.soak.fuzzing.requests import Requests, World
from tests.soak.fuzzing.wire import Answer, Request, smaller

REQUESTS = 400


def test_no_request_makes_the_service_fail(app):
    fuzzer = Fuzzer(app.app, seed=20)
    try:
        fuzzer.run(REQUESTS)
    finally:
        fuzzer.close()
    assert fuzzer.found == {}
    assert sum(fuzzer.statuses.values()) >= REQUESTS
    assert {200, 201, 400, 404, 422} <= set(fuzzer.statuses), "requests of all kinds are sent"


def test_a_seed_names_its_requests():
    world = World()
    one, other = ([Requests(world, 5).number(number) for number in range(200)] for _ in range(2))
    assert one == other
    assert len({request.curl() for request in one}) > 150


PROBLEM = {
    "type": "about:blank",
    "title": "Bad Request",
    "status": 400,
    "detail": "no",
    "code": "malformed",
    "hint": None,
    "request_id": "x",
}
JSON = ("Content-Type", "application/problem+json")


@pytest.mark.parametrize(
    ("status", "headers", "document", "told"),
    [
        (500, [JSON], PROBLEM, "answered 500"),
        (503, [JSON], PROBLEM, "answered 503"),
        (400, [JSON], {**PROBLEM, "code": "nowhere"}, "the code nowhere is not documented"),
        (400, [JSON], {**PROBLEM, "detail": "SELECT 1"}, "SELECT  in the answer"),
        (400, [JSON], {"detail": "x"}, "an error that is no problem document"),
        (400, [JSON], [], "an error that is no JSON object"),
        (405, [JSON], {**PROBLEM, "status": 405}, "405 without Allow"),
        (204, [], {}, "a body where there is none"),
        (200, [("ETag", "1"), ("Content-Type", "application/json")], {}, "ETag 1"),
        (200, [("Content-Length", "7"), ("Content-Type", "application/json")], {}, "Content-Length 7, and 2 bytes"),
        (200, [], {}, "a body without Content-Type"),
        (400, [JSON], PROBLEM, None),
        (503, [JSON, ("Retry-After", "1")], {**PROBLEM, "status": 503, "code": "busy"}, None),
    ],
)
def test_what_an_answer_must_be(status, headers, document, told):
    answer = Answer(status, headers, json.dumps(document).encode(), 0.0)
    found = list(violations(Request("GET", "/table/1/"), answer))
    assert (told in found) if told else (found == [])


def test_a_failing_request_is_made_smaller():
    request = Request(
        "POST", "/table/1/rows/?a=eq.1&b=eq.2&c=eq.3", {"Accept": "x", "Prefer": "y"}, b'{"good": 1, "bad": 2}'
    )
    least = smaller(request, lambda each: "b=eq.2" in each.target and b"bad" in (each.body or b""))
    assert least == Request("POST", "/table/1/rows/?b=eq.2", {}, least.body)
    assert len(least.body) < 12 and b"bad" in least.body
    assert "curl -i -X POST" in least.curl()
