"""What is no body and no head is bounded, and refused with an answer."""

import pytest

from dynmodel_pyramid.server.chunks import LONGEST_LINE, LONGEST_TRAILER

CHUNKED = b"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        b"GET http://[::1/ HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: " + b"1" * 5000 + b"\r\n\r\n",
    ],
)
def test_a_head_that_python_can_not_read_is_refused(serve, request_, caplog):
    with serve().connect() as client:
        client.send(request_)
        assert client.answer()[0] == 400
    assert not caplog.records


@pytest.mark.parametrize(
    ("before", "endless", "longest"),
    [
        (b"", b"1", LONGEST_LINE),
        (b"", b"1;" + b"a" * 1000, LONGEST_LINE),
        (b"1\r\na\r\n", b"0" * 1000, LONGEST_LINE),
        (b"0\r\n", b"A: " + b"b" * 1000 + b"\r\n", LONGEST_TRAILER),
    ],
)
def test_lines_of_chunks_and_trailers_have_bounds(serve, before, endless, longest):
    with serve().connect() as client:
        client.send(CHUNKED + before + endless * (2 * longest // len(endless)))
        assert client.answer()[0] == 400


def test_trailers_are_taken(serve):
    with serve().connect() as client:
        client.send(CHUNKED + b"1\r\na\r\n0\r\n" + b"A: b\r\n" * (LONGEST_TRAILER // 7) + b"\r\n")
        assert client.answer()[0] == 200
