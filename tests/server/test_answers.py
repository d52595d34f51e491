"""Answers and the clients that do not read them, on real sockets."""

import socket
import threading

import pytest

from .conftest import PART, until

SMALL = 4096  # a client's buffer: nearly all of an answer stays with the server


def body_of(client) -> bytes:
    status, _, body = client.answer()
    assert status == 200
    return body


def test_readers_that_stop_hold_no_thread(serve, application):
    running = serve(threads=2, connections_per_address=100)
    readers = [running.connect(receive=SMALL).request("/long?200") for _ in range(12)]
    until(lambda: len(application.ended) == 12, "every answer to be made, though nobody reads")
    assert running.get("/")[2] == b"fine"
    assert running.server.ledger.spooled > 12 * 200 * len(PART) // 2
    assert body_of(readers[5]) == PART * 200
    for reader in readers:
        reader.close()
    until(lambda: running.server.ledger.spooled == 0, "the disk to be freed")


def test_the_first_part_is_sent_while_others_are_made(serve, application):
    running = serve()
    with running.connect() as client:
        client.request("/first").head()
        chunks = client.chunks()
        assert next(chunks) == b"first"
        application.go.set()
        assert next(chunks) == b"second"


def test_beyond_the_bound_an_answer_waits_in_a_slot_and_the_next_is_aborted(serve, application, caplog):
    running = serve(threads=2, outbuf_high_watermark=1_000_000)
    with running.connect("127.0.0.2", SMALL) as patient, running.connect(receive=SMALL) as unlucky:
        patient.request("/long?300")
        until(lambda: application.environs and application.environs[0]["dynmodel.answer"].waiting, "a waiting answer")
        unlucky.request("/long?300")
        until(lambda: len(application.ended) == 1, "the second answer to be aborted")
        assert unlucky.is_reset()
        assert running.get("/")[2] == b"fine"
        assert body_of(patient) == PART * 300
        assert running.server.ledger.slots == 0
    lines = [record.getMessage() for record in caplog.records]
    assert [line for line in lines if "no slot is free" in line] == [
        "answer to 127.0.0.1 aborted: it is beyond the bounds of temporary files, "
        "and no slot is free in which it could wait"
    ]
    assert "Traceback" not in caplog.text


def test_one_thread_has_no_slot(serve, application):
    running = serve(threads=1, outbuf_high_watermark=1_000_000)
    with running.connect(receive=SMALL) as client:
        client.request("/long?300")
        until(lambda: application.ended, "the answer to be aborted")
        assert client.is_reset()
    assert running.get("/")[2] == b"fine"


def test_all_answers_together_are_bounded(serve, application):
    running = serve(threads=4, spool_total=4_000_000, outbuf_overflow=100_000, answer_slots=1)
    readers = [running.connect(receive=SMALL).request("/long?300") for _ in range(6)]
    until(lambda: len(application.ended) == 5, "all but one to be aborted")
    assert running.server.ledger.spooled < 4_000_000
    assert sum(environ["dynmodel.answer"].waiting for environ in application.environs) == 1
    # A short answer needs no space on the disk, and one whose client reads takes none for long.
    assert running.get("/")[2] == b"fine"
    for reader in readers:
        reader.close()
    until(lambda: len(application.ended) == 6 and running.server.ledger.spooled == 0, "the disk to be freed")
    assert running.get("/long?300")[2] == PART * 300


def test_an_application_may_abort_an_answer_that_waits(serve, application):
    running = serve(outbuf_high_watermark=1_000_000)
    with running.connect(receive=SMALL) as client:
        client.request("/long?300")
        until(lambda: application.environs and application.environs[0]["dynmodel.answer"].waiting, "a waiting answer")
        answer = application.environs[0]["dynmodel.answer"]
        answer.abort("somebody changes the table")
        until(lambda: application.ended, "the application to be told")
        assert answer.gone and not answer.waiting
        assert client.is_reset()


def test_a_waiting_answer_gives_way_when_its_application_says_so(serve, application):
    running = serve(outbuf_high_watermark=1_000_000)
    asked = threading.Event()
    plain = application.do_long

    def do_long(environ, start_response):
        environ["dynmodel.answer"].gives_way = lambda: asked.is_set() or asked.set()
        return plain(environ, start_response)

    application.do_long = do_long
    with running.connect(receive=SMALL) as client:
        client.request("/long?300")
        assert asked.wait(30)
        until(lambda: application.ended, "the second question to be answered yes")
        assert client.is_reset()


def test_an_abort_after_the_end_does_nothing(serve, application):
    running = serve()
    with running.connect() as client:
        assert client.ask("/")[0] == 200
        until(lambda: not running.server.dispatcher.queue, "the end")
        assert client.ask("/")[0] == 200
        application.environs[0]["dynmodel.answer"].abort("too late")
        assert client.ask("/")[0] == 200


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_an_answer_that_breaks_off_is_an_error_to_the_client(serve, version):
    running = serve()
    with running.connect() as client:
        client.request("/fails", version=version)
        assert client.is_reset()


def test_a_request_is_not_begun_before_the_answer_before_it_is_sent(serve, application):
    running = serve()
    with running.connect(receive=SMALL) as client:
        client.request("/long?200").request("/hold").request("/")
        until(lambda: application.ended == ["/long"], "the first answer")
        assert running.get("/")[2] == b"fine"
        assert "/hold" not in application.begun
        assert body_of(client) == PART * 200
        until(lambda: "/hold" in application.begun, "the second request")
        application.go.set()
        assert [body_of(client), body_of(client)] == [b"held", b"fine"]


def test_bodies(serve):
    running = serve()
    with running.connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        client.send("2\r\nde\r\n0\r\n\r\n")
        assert body_of(client) == b"abcde"
        client.request("/", method="POST", Expect="100-continue", Content_Length="3")
        assert client.head()[0] == 100
        client.send("xyz")
        assert body_of(client) == b"xyz"


@pytest.mark.parametrize("length", [{}, {"Content_Length": "0"}])
def test_a_request_without_a_body_needs_no_leave_to_go_on(serve, length):
    """A client must not ask for it then (RFC 9110, section 10.1.1), and is not left without an answer."""
    running = serve()
    with running.connect() as client:
        for _ in range(2):
            client.request("/", method="POST", Expect="100-continue", **length)
            assert client.answer()[::2] == (200, b"fine")


def test_a_body_that_is_too_long_is_refused_before_it_is_sent(serve):
    running = serve(max_request_body_size=10)
    with running.connect() as client:
        client.request("/", method="POST", Expect="100-continue", Content_Length="10")
        assert client.answer()[0] == 413
        assert client.at_end()


def test_a_client_that_ends_its_half_is_answered(serve, application):
    running = serve()
    with running.connect() as client:
        client.request("/hold")
        client.socket.shutdown(socket.SHUT_WR)
        until(lambda: application.begun, "the request")
        application.go.set()
        assert body_of(client) == b"held"
        assert client.at_end()


def test_http_1_0(serve):
    running = serve()
    with running.connect() as client:
        assert client.ask("/", version="1.0", Connection="keep-alive")[1]["connection"] == "Keep-Alive"
        status, headers, body = client.ask("/long?3", version="1.0")
        assert (status, headers["connection"], body) == (200, "close", PART * 3)


def test_answers_that_tell_their_end_keep_the_connection(serve, application):
    running = serve()
    with running.connect() as client:
        for path in ("/empty?204+No+Content", "/empty?304+Not+Modified", "/long?3"):
            status, headers, _ = client.ask(path)
            assert "connection" not in headers, (status, headers)
        # A HEAD whose length is not known is closed, as waitress ends it with a chunk.
        assert client.request("/").answer()[2] == b"fine"
        assert client.ask("/empty?204+No+Content", Connection="close")[1]["connection"] == "close"
        assert client.at_end()


def test_a_head_without_a_length_closes(serve):
    running = serve()
    with running.connect() as client:
        client.request("/long?3", method="HEAD")
        assert client.answer("HEAD")[1]["connection"] == "close"
