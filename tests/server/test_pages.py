"""Operators' pages are answered whatever the threads do."""

import contextlib
import json
import threading

from dynmodel_pyramid.telemetry import page

from .conftest import until


def busy(running, application, stack, count) -> None:
    for _ in range(count):
        stack.enter_context(running.connect()).request("/hold")
    until(lambda: application.begun.count("/hold") == running.server.adj.threads, "all threads to be busy")


def test_both_answer_while_all_threads_are_busy(serve, application):
    running = serve(threads=2)
    with contextlib.ExitStack() as stack:
        busy(running, application, stack, 6)
        client = stack.enter_context(running.connect())
        for path, status in (("/live", "live"), ("/ready", "ready")):
            answer, headers, body = client.ask(path)
            assert (answer, json.loads(body)) == (200, {"status": status})
            assert headers["content-type"] == "application/json"
            head, headers, _ = client.request(path, method="HEAD").answer("HEAD")
            assert (head, headers["content-length"]) == (200, str(len(body)))
        assert client.ask("/live", Connection="close")[1]["connection"] == "close"
        application.go.set()


def test_they_are_answered_in_their_order(serve, application):
    running = serve()
    with running.connect() as client:
        client.request("/hold").request("/live").request("/ready").request("/live")
        until(lambda: application.begun, "the first")
        application.go.set()
        assert [client.answer()[2] for _ in range(4)] == [
            b"held",
            b'{"status":"live"}',
            b'{"status":"ready"}',
            b'{"status":"live"}',
        ]


def test_other_methods_and_queries_are_the_applications(serve, application):
    running = serve()
    application.do_live = application.do_
    assert running.get("/live?x=1")[2] == b"fine"
    with running.connect() as client:
        assert client.request("/live", method="POST", Content_Length="3").send("abc").answer()[2] == b"abc"
    assert application.begun == ["/live", "/live"]


def test_one_check_serves_all_who_wait(serve, application):
    asked, go = [], threading.Event()

    def do_ready(environ, start_response):
        asked.append(environ)
        assert go.wait(30)
        start_response("503 Service Unavailable", [("Retry-After", "7"), ("Content-Length", "2")])
        return [b"no"]

    application.do_ready = do_ready
    running = serve()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect()) for _ in range(5)]
        for number, client in enumerate(clients):
            client.request("/ready", Origin=f"http://{number}.example.org")
        until(lambda: len(running.server.pages._waiting) == 5, "all to wait")
        assert running.get("/")[2] == b"fine"
        clients[0].close()
        go.set()
        for client in clients[1:]:
            status, headers, body = client.answer()
            assert (status, headers["retry-after"], body) == (503, "7", b"no")
    assert len(asked) == 1
    assert "HTTP_ORIGIN" not in asked[0] and "dynmodel.answer" not in asked[0]


def test_a_check_that_takes_too_long_is_503(serve, application):
    running = serve(page_timeout=1)
    application.do_ready = application.do_hold
    for _ in range(2):
        status, headers, body = running.get("/ready")
        assert (status, headers["retry-after"], json.loads(body)["code"]) == (503, "1", "not_ready")
    assert application.begun == ["/ready"]
    application.go.set()
    until(lambda: running.get("/ready")[0] == 200, "the next check")


def test_a_check_that_fails_is_500_without_its_reason(serve, application, caplog):
    def do_ready(environ, start_response):
        raise RuntimeError("the secret reason")

    application.do_ready = do_ready
    status, _, body = serve().get("/ready")
    assert (status, json.loads(body)["code"]) == (500, "internal_error")
    assert b"secret" not in body and "the secret reason" in caplog.text


def test_they_stand_below_the_prefix(serve, application):
    running = serve(url_prefix="/data")
    assert running.get("/data/live")[2] == b'{"status":"live"}'
    application.do_live = application.do_
    assert running.get("/live")[2] == b"fine"


def test_they_can_be_moved_and_left_out(serve, application):
    running = serve(live_page="/health/live", ready_page="")
    assert running.get("/health/live")[2] == b'{"status":"live"}'
    application.do_live = application.do_
    assert running.get("/live")[2] == b"fine"
    assert running.get("/ready")[2] == b'{"status":"ready"}'
    assert application.begun == ["/live", "/ready"]


def test_metrics_answer_while_all_threads_are_busy_and_a_stranger_meets_nothing(serve, application, monkeypatch):
    running = serve(threads=2)
    application.do_metrics = application.do_
    assert running.get("/metrics")[2] == b"fine"  # it is off: the address is the application's
    monkeypatch.setattr(page, "installed", page.MetricsPage())
    with contextlib.ExitStack() as stack:
        busy(running, application, stack, 6)
        client = stack.enter_context(running.connect())

        def ask(**headers):
            lines = [f"{name.replace('_', '-')}: {value}" for name, value in {"Host": "localhost", **headers}.items()]
            return client.send("\r\n".join(["GET /metrics HTTP/1.1", *lines, "", ""])).answer()

        until(lambda: b'dynmodel_threads{state="busy"} 2.0' in ask()[2], "the gauges")
        status, headers, text = ask()
        assert (status, headers["content-type"].split(";")[0]) == (200, "text/plain")
        assert b"\ndynmodel_queue_length 4.0\n" in text
        status, headers, text = ask(Accept="application/openmetrics-text; version=1.0.0")
        assert headers["content-type"].startswith("application/openmetrics-text") and text.endswith(b"# EOF\n")
        for stranger in ({"X_Forwarded_For": "192.0.2.1"}, {"Via": "1.1 proxy"}, {"Host": "rebound.example"}):
            assert ask(**stranger)[0] == 404, stranger
        monkeypatch.setattr(page, "installed", page.MetricsPage("0123456789abcdef"))
        for sent in ({}, {"Authorization": "Bearer 0123456789abcdeF"}, {"Authorization": "Basic 0123456789abcdef"}):
            status, headers, _ = ask(**sent)
            assert (status, headers["www-authenticate"]) == (401, "Bearer")
        proxied = {"Authorization": "bearer 0123456789abcdef", "X_Forwarded_For": "192.0.2.1"}
        assert ask(**proxied)[0] == 200
        application.go.set()
