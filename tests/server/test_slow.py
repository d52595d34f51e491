"""Clients beneath the least rates and beyond the longest times are cut."""

import json

from .conftest import PART, until

SMALL = 4096


def test_headers_that_do_not_end_are_answered_408(serve):
    running = serve(header_timeout=1)
    with running.connect() as client:
        client.send("GET / HTTP/1.1\r\nHost: te")
        status, headers, body = client.answer()
        assert (status, headers["content-type"], headers["connection"]) == (408, "application/problem+json", "close")
        assert json.loads(body)["code"] == "request_timeout"
        assert client.at_end()


def test_bytes_that_trickle_do_not_renew_the_time(serve):
    running = serve(header_timeout=1)
    with running.connect() as client:
        client.send("GET / HTTP/1.1\r\n")
        client.socket.settimeout(0.1)
        sent = 0
        while sent < 300:
            client.send("X")
            sent += 1
            try:
                if client.socket.recv(12):
                    break
            except TimeoutError:
                pass
        assert sent < 300, "never cut"


def test_a_connection_without_a_request_is_closed(serve):
    running = serve(header_timeout=1)
    with running.connect() as client:
        assert client.at_end()
    with running.connect() as client:
        client.send("\r\n\r\n")
        assert client.at_end()


def test_a_kept_connection_may_be_idle_for_longer(serve):
    running = serve(header_timeout=1, channel_timeout=3600)
    with running.connect() as kept, running.connect() as unused:
        assert kept.ask("/")[0] == 200
        assert unused.at_end()
        assert kept.ask("/")[0] == 200


def test_an_idle_connection_is_closed_in_the_end(serve):
    running = serve(channel_timeout=1)
    with running.connect() as client:
        assert client.ask("/")[0] == 200
        assert client.at_end()


def test_a_body_that_arrives_too_slowly_is_answered_408(serve, application):
    running = serve(rate_window=1)
    with running.connect() as client:
        client.request("/", method="POST", Content_Length="100000")
        client.send(b"x" * 500)
        status, _, body = client.answer()
        assert status == 408
        assert "1024 bytes a second" in json.loads(body)["detail"]
    assert application.begun == []


def test_a_body_has_a_total_time(serve):
    running = serve(body_timeout=1, body_rate=0)
    with running.connect() as client:
        client.request("/", method="POST", Transfer_Encoding="chunked").send("3\r\nabc\r\n")
        assert client.answer()[0] == 408


def test_a_body_that_the_server_does_not_read_is_not_slow(serve, application):
    """A pipelined request waits for the one before it."""
    running = serve(rate_window=1, header_timeout=1, body_timeout=1)
    with running.connect() as client, running.connect() as witness:
        client.request("/hold").request("/", method="POST", Content_Length="3", Expect="100-continue")
        until(lambda: application.begun, "the first request")
        assert witness.at_end()  # two seconds later, say
        application.go.set()
        assert client.answer()[2] == b"held"
        assert client.head()[0] == 100
        assert client.send("xyz").answer()[2] == b"xyz"


def test_a_reader_that_stops_is_cut(serve, application, caplog):
    running = serve(rate_window=1)
    with running.connect(receive=SMALL) as client:
        client.request("/long?200")
        until(lambda: "is taken at less than" in caplog.text, "the client to be cut")
        until(lambda: running.server.ledger.spooled == 0, "the disk to be freed")
        assert client.is_reset()
    assert len([record for record in caplog.records if "aborted" in record.getMessage()]) == 1


def test_an_answer_has_a_total_time(serve, caplog):
    running = serve(answer_timeout=1, answer_rate=0)
    with running.connect(receive=SMALL) as client:
        client.request("/long?200", version="1.0")
        until(lambda: "for an answer to be taken" in caplog.text, "the client to be cut")
        assert client.is_reset()


def test_a_slow_reader_above_the_rate_is_served(serve):
    """The kernel may wait for more than a second before it sends on to a small window that was full."""
    running = serve(rate_window=2)
    with running.connect(receive=65536) as client, running.connect() as witness:
        client.request("/long?200").head()
        chunks = client.chunks()
        read = [next(chunks)]
        witness.socket.settimeout(0.05)
        while len(read) < 100:
            read.append(next(chunks))
            try:
                witness.socket.recv(1)
            except TimeoutError:
                pass
        assert b"".join([*read, *chunks]) == PART * 200


def test_the_answer_to_a_request_that_is_too_large_arrives(serve):
    """The client is still sending when it is refused; a reset would take the answer away from it."""
    running = serve(max_request_body_size=1000)
    with running.connect() as client:
        client.request("/", method="POST", Content_Length="5000000")
        try:
            client.send(b"x" * 5_000_000)
        except ConnectionError:
            pass
        assert client.answer()[0] == 413
