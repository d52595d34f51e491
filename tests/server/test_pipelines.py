"""Requests that are sent behind one another, cut into parts anywhere, are answered as each is by itself."""

import socket
import time
from itertools import accumulate, pairwise

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from .conftest import PATIENCE

LIKE_A_REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
BODIES = (b"", b"a", b"\r\n\r\n", b"0\r\n\r\n", LIKE_A_REQUEST, b"b" * 8191 + b"\r", b"c" * 70_000 + LIKE_A_REQUEST)
#: Whether it has a body, or chunks of which size; the number of its body; whether it waits for leave to send it.
REQUESTS = st.tuples(st.sampled_from((None, 0, 7, 1000, 70_000)), st.integers(0, len(BODIES) - 1), st.booleans())


def parts_of(size: int | None, number: int, waits: bool) -> tuple[list[bytes], bytes]:
    """A request's head and body, and its answer."""
    body = BODIES[number]
    if size is None:
        return [LIKE_A_REQUEST], b"fine"
    more = ["Expect: 100-continue"] if waits else []
    if not size:
        return [head(f"Content-Length: {len(body)}", *more), body], body or b"fine"
    size = max(size, len(body) // 100)
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    sent = b"".join(b"%x;a=b\r\n%s\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])
    return [head("Transfer-Encoding: chunked", *more), sent], body or b"fine"


def head(*headers: str) -> bytes:
    return "\r\n".join(["POST / HTTP/1.1", "Host: test", *headers, "", ""]).encode()


def test_pipelines_are_answered_as_single_requests(serve):
    running = serve()

    @settings(max_examples=150, phases=[Phase.generate])  # an example that fails may have waited in vain
    @given(st.lists(REQUESTS, min_size=2, max_size=6), st.lists(st.floats(0, 1), max_size=8), st.booleans())
    def ask(requests, cuts, cuts_between):
        parts, answers = zip(*(parts_of(*request) for request in requests), strict=True)
        sent = [part for request in parts for part in request]
        data = b"".join(sent)
        places = {0, len(data), *(round(cut * len(data)) for cut in cuts)}
        if cuts_between:
            places.update(accumulate(map(len, sent)))
        with running.connect() as client:
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for start, end in pairwise(sorted(places)):
                client.send(data[start:end])
            for wanted in answers:
                status, _, body = client.answer()
                while status == 100:
                    status, _, body = client.answer()
                assert (status, body) == (200, wanted)
            client.socket.shutdown(socket.SHUT_WR)
            assert client.at_end()

    ask()


@pytest.mark.parametrize("count", [150, 340])
def test_many_pages_that_the_server_answers_itself_may_be_asked_for_at_once(serve, count):
    running = serve()
    with running.connect() as client:
        client.send("GET /live HTTP/1.1\r\n\r\n" * count)
        assert [client.answer()[0] for _ in range(count)] == [200] * count


@pytest.mark.parametrize("is_late", [False, True])
def test_many_pages_behind_one_that_is_waited_for(serve, application, is_late):
    """Another client waits for the same page, and the server goes on."""
    do_ready = application.do_ready
    application.do_ready = lambda *arguments: (application.go.wait(PATIENCE), do_ready(*arguments))[1]
    running = serve(**({"page_timeout": "1"} if is_late else {}))
    with running.connect() as client, running.connect() as other:
        client.send("GET /ready HTTP/1.1\r\n\r\n" + "GET /live HTTP/1.1\r\n\r\n" * 300)
        other.send("GET /ready HTTP/1.1\r\n\r\n")
        time.sleep(0.1)
        if not is_late:
            application.go.set()
        assert other.answer()[0] == client.answer()[0] == (503 if is_late else 200)
        assert [client.answer()[0] for _ in range(300)] == [200] * 300
        assert running.thread.is_alive()
