"""Heads are read and written exactly as waitress does."""

import itertools
from types import SimpleNamespace

import pytest
from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser
from waitress.task import Task, WSGITask

from dynmodel_pyramid.server.heads import LONGEST, Memory
from dynmodel_pyramid.server.task import RequestTask

LINES = [
    "GET / HTTP/1.1",
    "GET /a%20b;c?d=%20#e HTTP/1.1",
    "POST //a/../b HTTP/1.0",
    "get / HTTP/1.1",
    "GET http://host:80/p HTTP/1.1",
    "GET /",
    "GET  / HTTP/1.1",
    "\r\nGET / HTTP/1.1",
    "HEAD * HTTP/1.1",
    "GET / HTTP/2.0",
    "G\nET / HTTP/1.1",
    "GET /a:b;c=d/@@x//y,z?q=%20&r=?/:[1]'\" HTTP/1.1",
    "PUT /? HTTP/1.1",
    "GET /?a#b HTTP/1.1",
    "GET /\xe9 HTTP/1.1",
    "GET /a\tb HTTP/1.1",
    "GET /a HTTP/1.0",
    " GET / HTTP/1.1",
    "GET / HTTP/1.1 ",
    "GET /a%2e HTTP/1.1",
    "GET //a/b HTTP/1.1",
    "GET /?\x7f HTTP/1.1",
]
BLOCKS = [
    "",
    "Host: test\r\nAccept: a\r\naccept: b",
    "Host: test\r\nAuthorization:  Bearer x \t",
    "Host: test\r\nConnection: close",
    "Host: test\r\nConnection: keep-alive",
    "Content-Length: 5",
    "Content-Length: 0",
    "Content-Length: five",
    "Content-Length: 5000000000",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip",
    "transfer-encoding: ",
    "Expect: 100-continue\r\nContent-Length: 5",
    "A_B: 1\r\nA-B: 2",
    " folded: 1",
    "A: 1\r\n folded",
    "A: 1\nB: 2",
    "no colon",
    "A: \xff",
    "A: " + "x" * LONGEST,
    "A: " + "x" * 300_000,
]


def state(parser) -> dict:
    error = parser.error and (type(parser.error).__name__, parser.error.body)
    body = parser.get_body_stream().read() if parser.completed and not parser.error else None
    left_out = ("adj", "body_rcv", "error", "_memory", "environ", "proxied")
    return {**{k: v for k, v in vars(parser).items() if k not in left_out}, "error": error, "body": body}


def read(make, data: bytes, *further: bytes) -> tuple:
    parser = make(Adjustments())
    taken = parser.received(data)
    for part in further:
        taken += parser.received(part)
    if not parser.completed and parser.headers_finished:
        taken += parser.received(data[taken:])
    return taken, state(parser)


def test_requests_that_follow_one_another_are_read_as_by_waitress():
    memory = Memory()
    remembered = 0
    for before, block in itertools.product(BLOCKS, BLOCKS):
        for head in (before, block, block):
            for line in LINES[:3] if head is before else LINES[:11]:
                data = f"{line}\r\n{head}\r\n\r\n5\r\nabcde\r\n0\r\n\r\n".encode("latin-1")
                if head == "":
                    data = data.replace(b"\r\n\r\n\r\n", b"\r\n\r\n")
                remembered += bool(head) and memory.block.startswith(head.encode("latin-1"))
                assert read(memory.parser, data) == read(HTTPRequestParser, data), (before, head, line)
    assert remembered > 1000


def test_requests_in_one_piece_are_read_as_by_waitress():
    """Those that have no body, after one with the same headers, or with others; in one piece, and in two."""
    short = 0
    lines = [*LINES, "GET /" + "a" * 262_200 + " HTTP/1.1"]
    ends = ("", "\r\n", "\r\n\r\n", "\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    for before, block in [*itertools.pairwise(BLOCKS[1:15]), *zip(BLOCKS[1:15], BLOCKS[1:15], strict=True)]:
        first = f"GET / HTTP/1.1\r\n{before}\r\n\r\n".encode()
        for line, end in itertools.product(lines, ends):
            data = f"{line}\r\n{block}{end}".encode("latin-1")
            for parts in ((data,), (data[:9], data[9:])):
                memory = Memory()
                read(memory.parser, first)
                short += bool(memory.end) and data.endswith(memory.end)
                assert read(memory.parser, *parts) == read(HTTPRequestParser, *parts), (before, block, line[:99], end)
    assert short > 100


@pytest.mark.parametrize("first", ["POST / HTTP/1.1\r\nContent-Length: 34\r\n\r\n", "GET /a", "GET / HTTP/1.1\r\nA: "])
def test_what_looks_like_a_request_in_the_midst_of_one_is_none(first):
    whole = b"GET /x HTTP/1.1\r\nHost: test\r\n\r\n"
    memory = Memory()
    read(memory.parser, whole)
    assert whole.endswith(memory.end) and memory.end
    assert read(memory.parser, first.encode(), whole) == read(HTTPRequestParser, first.encode(), whole)


def test_the_environment_is_that_of_waitress():
    address = ("10.0.0.1", 1234)
    for prefix, line, block in itertools.product(("", "/a", "/a%20b;c"), LINES, ("", *BLOCKS)):
        adj = Adjustments(url_prefix=prefix)
        server = SimpleNamespace(adj=adj, effective_port=80, server_name="name", multiprocess=True)
        gone = list[None]().copy
        channel = SimpleNamespace(
            server=server,
            adj=adj,
            addr=address,
            environ=None,
            answer="answer",
            began=1.0,
            check_client_disconnected=gone,
        )
        memory = Memory()
        for _ in range(2):
            parser = memory.parser(adj)
            parser.received(f"{line}\r\n{block}\r\n\r\n".encode("latin-1"))
            if parser.error or not parser.completed or parser.empty:
                continue
            made = RequestTask(channel, parser).get_environment()
            own = {name: made.pop(name) for name in [*made] if name.startswith("dynmodel.")}
            assert own.pop("dynmodel.peer") == "10.0.0.1"
            assert own == {"dynmodel.answer": "answer", "dynmodel.arrived": 1.0, "dynmodel.proxied": False}
            wanted = WSGITask(channel, parser).get_environment()
            assert made.pop("wsgi.input").read() == wanted.pop("wsgi.input").read()
            assert made == wanted | {"wsgi.multiprocess": True}


HEADERS = [
    [],
    [("content-type", "text/plain"), ("CONTENT-LENGTH", "5")],
    [("Set-Cookie", "b"), ("set-cookie", "a"), ("x-REQUEST-id", "1"), ("ETag", '"x"')],
    [("Date", "now"), ("Server", "mine")],
    [("Date", ""), ("Server", "")],
    [("Content-Length", "")],
]


def answer(kind, build, version, status, headers, asked, length, ident, closes) -> tuple:
    adj = SimpleNamespace(ident=ident)
    server = SimpleNamespace(adj=adj, draining=False)
    request = SimpleNamespace(version=version, headers={"CONNECTION": asked} if asked else {}, command="GET")
    task = kind(SimpleNamespace(server=server, adj=adj), request)
    task.status, task.response_headers, task.content_length = status, list(headers), length
    task.start_time, task.close_on_finish = 1_000_000_000.7, closes
    head = build(task)
    return head, task.response_headers and sorted(task.response_headers), task.close_on_finish, task.chunked_response


@pytest.mark.parametrize("version", ["1.0", "1.1", "2.0"])
@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "304 Not Modified", "100 Continue"])
def test_answers_have_the_heads_of_waitress(version, status):
    class Plain(RequestTask):
        set_close_on_finish = Task.set_close_on_finish

    for case in itertools.product(HEADERS, ["", "close", "Keep-Alive"], [None, 0, 5], ["", "waitress"], [False, True]):
        ours = answer(Plain, Plain.build_response_header, version, status, *case)
        assert ours == answer(WSGITask, Task.build_response_header, version, status, *case), case
