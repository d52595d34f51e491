"""``dynmodel-serve`` with real processes, sockets and signals."""

import os
import signal
import socket
import time
from collections import Counter
from contextlib import ExitStack

import pytest

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.scripts.serve_file import IniFile, cores

from .serving import PATIENCE, PRELOAD, Client, Connection, Serve, ini_text, until


@pytest.fixture
def serve(tmp_path):
    running = []

    def start(**options) -> Serve:
        running.append(Serve(tmp_path, **options))
        return running[-1]

    yield start
    for each in running:
        each.kill()


# Starting


def test_all_workers_answer(serve):
    running = serve(processes=3)
    workers = running.wait_for_workers(3)
    until(lambda: running.answering() == workers, "every worker to answer")
    assert running.process.pid not in workers
    assert running.get("/processes").endswith("processes: 3")


def test_workers_have_as_many_connections_each(serve):
    running = serve(processes=2)
    workers = running.wait_for_workers(2)
    spreads = []
    # A worker that gets no processor for some milliseconds leaves its share to others: three goes.
    while len(spreads) < 3 and not (spreads and max(spreads[-1].values()) <= 9):
        with ExitStack() as stack:
            clients = [stack.enter_context(running.connect()) for _ in range(16)]
            for client in clients:
                client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            spreads.append(Counter(int(client.answer()[1].split()[1]) for client in clients))
    assert max(spreads[-1].values()) <= 9, spreads
    assert set(spreads[-1]) == workers


def test_the_command_line_goes_before_the_file(serve):
    running = serve(processes=3, options=("--processes", "1"))
    running.wait_for("serving on .* with 1 processes")
    assert len(running.answering()) == 1
    assert running.get("/processes").endswith("processes: 1")
    # Processes that the application starts must not hold the port, nor the line to the parent.
    assert running.get("/inheritable").endswith("inheritable: []")


def test_an_unknown_key_is_refused_by_name(serve):
    running = serve(own="proceses = 3")
    assert running.wait() == 1
    assert running.find(r"serve\.ini: \[dynmodel-serve\] has an unknown key proceses; did you mean processes\?")
    assert not running.find("Traceback|started")


@pytest.mark.parametrize(
    ("ini", "message"),
    [
        ({"processes": 0}, r"\[dynmodel-serve\] processes = 0: want a whole number, at least 1"),
        ({"graceful_timeout": "soon"}, r"\[dynmodel-serve\] graceful_timeout = soon: want a number of seconds"),
        ({"worker_timeout": "2"}, r"worker_timeout = 2: want 0, or at least 3 seconds"),
        ({"own": "workers = 3"}, r"unknown key workers; known are processes, graceful_timeout"),
        ({"server": "thread = 3"}, r"\[server:main\] has an unknown key thread; did you mean threads\?"),
        ({"server": "channel_timeout = soon"}, r"\[server:main\] channel_timeout = soon: invalid literal"),
        ({"server": "answer_slots = 2"}, r"answer_slots = 2: want fewer than threads, which is 2"),
        ({"server": "port = %(nowhere)s"}, r"nowhere"),
        ({"use": "egg:gunicorn#main"}, r"\[server:main\] has use = egg:gunicorn#main; this command wants"),
    ],
)
def test_a_bad_setting_is_refused(tmp_path, ini, message):
    file = tmp_path / "serve.ini"
    file.write_text(ini_text("one", **ini))
    with pytest.raises(ConfigurationProblem, match=message) as caught:
        IniFile(str(file), ["address=127.0.0.1"]).plan()
    assert caught.value.detail.startswith(str(file))


def test_what_is_not_set_has_a_default(tmp_path):
    file = tmp_path / "serve.ini"
    file.write_text("[server:main]\nuse = egg:waitress#main\n")
    plan = IniFile(str(file), []).plan()
    assert (plan.processes, plan.graceful_timeout, plan.worker_timeout, plan.listen) == (cores(), 30.0, 30.0, {})
    assert cores() == len(os.sched_getaffinity(0))


@pytest.mark.parametrize("variable", ["address", "-"])
def test_a_variable_without_a_value_is_refused(variable):
    with pytest.raises(ConfigurationProblem, match=f"{variable}: want name=value"):
        IniFile("serve.ini", [variable])


def test_a_taken_port_is_named(serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = serve(listen=f"listen = 127.0.0.1:{port}")
        assert running.wait() == 1
    assert running.find(rf"can't listen on \('127.0.0.1', {port}\): Address already in use")


def test_an_application_that_can_not_be_loaded_ends_the_start_with_its_cause(serve):
    running = serve(app="fail = there is no such database", processes=3)
    assert running.wait() == 1
    running.wait_for(r"could not load the application \(exit status 1; RuntimeError: there is no such database\)")
    assert len(running.find("worker .* started")) == 1  # one is enough to see that


# Watching


def test_a_killed_worker_is_replaced(serve):
    running = serve()
    workers = running.wait_for_workers()
    victim = min(workers)
    os.kill(victim, signal.SIGKILL)
    running.wait_for(rf"worker {victim} died \(signal 9, Killed\); starting another in 0.0 s")
    new = running.wait_for_workers(3) - {victim}
    until(lambda: running.answering() == new, "the survivor and the new worker to answer")


def test_workers_that_die_at_once_are_replaced_ever_more_slowly(serve, tmp_path):
    running = serve()
    workers = running.wait_for_workers()
    (tmp_path / "crash").touch()
    os.kill(min(workers), signal.SIGKILL)
    running.wait_for(r"died \(exit status 7\); starting another in 1.0 s")
    assert running.answering() == {max(workers)}
    delays = [match[1] for match in running.find(r"starting another in (.*) s")]
    assert delays == ["0.0", "0.5", "1.0"]
    (tmp_path / "crash").unlink()
    running.wait_for(r"worker \d+ ready", 3)
    assert len(running.find("worker .* started")) == 5


def test_workers_that_die_after_they_were_ready_are_replaced_ever_more_slowly(serve, tmp_path):
    running = serve(processes=1)
    worker = running.wait_for_workers(1).pop()
    (tmp_path / "crash-soon").touch()
    os.kill(worker, signal.SIGKILL)
    running.wait_for(r"died \(exit status 8\); starting another in 0.5 s")


def test_a_worker_that_another_stops_finishes_its_requests_and_is_replaced_meanwhile(serve):
    running = serve(processes=1)
    worker = running.wait_for_workers(1).pop()
    with running.connect("/slow?name=a") as connection:
        running.begun("a")
        os.kill(worker, signal.SIGTERM)
        running.wait_for(r"worker \d+ ready", 2)
        assert int(running.get().split()[1]) != worker
        (running.directory / "go").touch()
        assert f" {worker} " in connection.answer()[1]
    running.wait_for(rf"worker {worker} stopped \(exit status 0\)")


def test_the_number_of_workers_can_be_changed_by_signals(serve):
    running = serve(processes=1)
    running.wait_for_workers(1)
    running.send(signal.SIGTTIN)
    workers = running.wait_for_workers(2)
    until(lambda: running.answering() == workers, "both to answer")
    running.send(signal.SIGTTOU)
    running.wait_for(r"worker \d+ stopped")
    assert len(running.answering()) == 1


@pytest.mark.parametrize("own", ["", PRELOAD])
def test_when_the_parent_is_killed_the_workers_finish_and_end(serve, own):
    running = serve(processes=1, graceful_timeout=3600, own=own)
    running.wait_for_workers(1)
    port = running.port
    with running.connect("/slow?name=a&seconds=1") as busy, running.connect("/") as idle:
        idle.answer()
        running.begun("a")
        running.send(signal.SIGKILL)
        assert "one" in busy.answer()[1]
        assert idle.at_end()
    assert running.ended.wait(PATIENCE), "a worker outlives the parent"
    with pytest.raises(ConnectionRefusedError):
        Connection(("127.0.0.1", port))


# Workers that no longer answer


@pytest.mark.parametrize("how", ["library", "pattern"])
def test_workers_that_no_longer_answer_are_replaced(serve, how):
    running = serve(worker_timeout=3)
    first = running.wait_for_workers()
    # Each takes the interpreter's lock of its worker for good; more of them than there are workers and threads.
    with ExitStack() as stack:
        hung = [stack.enter_context(running.connect(f"/hold?how={how}&name={number}")) for number in range(7)]
        until(lambda: all(map(has_ended, hung)), "all connections of killed workers to be closed")
    silent = {
        int(match[1]) for match in running.find(r"worker (\d+): no answer for 3 s \(worker_timeout\); killing it")
    }
    victim = min(first & silent)
    running.wait_for(rf"worker {victim} died \(signal 9, Killed; no answer for 3 s .*; starting another in 0.0 s")
    running.wait_for(r"worker \d+ ready", 2 + len(silent))
    assert running.answering().isdisjoint(silent)


def has_ended(connection: Connection) -> bool:
    """Whether the server has closed it; it has not answered."""
    try:
        return connection.socket.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_a_worker_is_busy_but_not_silent_while_all_its_threads_work_or_it_loads(serve, tmp_path):
    running = serve(processes=1, worker_timeout=3)
    worker = running.wait_for_workers(1).pop()
    with running.connect("/slow?name=a&seconds=5") as one, running.connect("/slow?name=b&seconds=5") as two:
        running.begun("a")
        running.begun("b")
        running.write_ini("two", processes=1, worker_timeout=3, app="loading = 5")
        running.reload(1)
        assert {one.answer()[1].split()[1], two.answer()[1].split()[1]} == {str(worker)}
    assert running.get().startswith("two ")
    assert not running.find("no answer|died")


def test_a_worker_that_hangs_while_it_loads_is_killed(serve):
    running = serve(processes=1, worker_timeout=3, app="hold = library")
    assert running.wait() == 1
    running.wait_for(r"could not load the application \(signal 9, Killed; no answer for 3 s \(worker_timeout\)\)")


def test_no_worker_is_killed_for_the_time_in_which_all_stood_still(serve):
    running = serve(processes=1, worker_timeout=3)
    worker = running.wait_for_workers(1).pop()
    os.kill(worker, signal.SIGSTOP)
    running.send(signal.SIGSTOP)
    with running.connect("/slow?name=a&seconds=5"):
        begun = time.monotonic()
        until(lambda: time.monotonic() - begun > 4.5, "the timeout to pass")
        running.send(signal.SIGCONT)
        os.kill(worker, signal.SIGCONT)
        running.begun("a")
    assert running.answering(5) == {worker}


def test_no_worker_outlives_a_parent_that_is_killed(serve):
    running = serve(worker_timeout=3, graceful_timeout=3600)
    running.wait_for_workers()
    running.send(signal.SIGSTOP)  # it kills none of them
    with running.connect("/hold?how=library&name=a"):
        running.begun("a")
        with running.connect("/hold?how=pattern&name=b"):  # the other worker takes it
            running.begun("b")
            running.send(signal.SIGKILL)
            assert running.ended.wait(PATIENCE), "a worker outlives the parent"


def test_workers_are_not_watched_where_the_setting_says_so(serve):
    running = serve(processes=1, worker_timeout=0)
    worker = running.wait_for_workers(1).pop()
    with open(f"/proc/{worker}/timers") as timers:
        assert timers.read() == ""


# Reloading


@pytest.mark.parametrize("own", ["", PRELOAD])
def test_rolling_restarts_lose_no_request(serve, record_property, own):
    running = serve(label="r0", own=own)
    workers = running.wait_for_workers()
    clients = [
        Client(running.port, number, keep_alive=number % 2 == 0, method="GET" if number % 4 < 2 else "POST")
        for number in range(16)
    ]
    for client in clients:
        client.start()
    rounds = 3
    try:
        for number in range(1, rounds + 1):
            running.write_ini(f"r{number}", own=own)
            running.reload(number)
            # Two answers each: the first may belong to a request that an old worker took.
            before = [client.answered for client in clients]
            pairs = list(zip(clients, before, strict=True))
            until(
                lambda pairs=pairs: all(client.answered >= n + 2 or client.failures for client, n in pairs),
                "every client to be answered after the restart",
            )
    finally:
        for client in clients:
            client.stopped.set()
        for client in clients:
            client.join()
    counts = {
        "answered": sum(client.answered for client in clients),
        "resent": sum(client.resent for client in clients),
        "closed": sum(client.closed for client in clients),
        "failures": sum(len(client.failures) for client in clients),
    }
    record_property("requests", counts)
    print(counts)
    assert [failure for client in clients for failure in client.failures] == []
    assert counts["answered"] > 200
    assert counts["closed"] >= rounds  # kept connections were ended politely
    for client in clients:
        assert client.labels[-1] == f"r{rounds}"
    assert len(running.find("worker .* died")) == 0
    assert workers.isdisjoint(running.answering())
    assert len(running.find(r"worker \d+ ready")) == 2 * (rounds + 1)
    serving, fewest = 0, []
    for match in running.find(r"worker \d+ ready|stopping worker"):
        serving += 1 if match[0].endswith("ready") else -1
        fewest.append(serving)
    assert min(fewest[1:]) == 2  # an old worker goes only when a new one is ready


@pytest.mark.parametrize(
    ("change", "message", "starts"),
    [
        ({"own": "proceses = 3"}, r"can't reload, the old workers go on: .*unknown key proceses", 0),
        ({"app": "fail = broken"}, r"could not load .*RuntimeError: broken\); the old workers go on", 1),
    ],
)
def test_a_reload_that_fails_leaves_all_as_it_was(serve, change, message, starts):
    running = serve()
    workers = running.wait_for_workers()
    running.write_ini("two", processes=1, **change)
    running.send(signal.SIGHUP)
    running.wait_for(message)
    until(lambda: running.answering() == workers, "the old workers to answer")
    # One that dies now has its place filled; the other is not touched, though the file has another number.
    running.write_ini("three", processes=1)
    victim = min(workers)
    os.kill(victim, signal.SIGKILL)
    new = running.wait_for_workers(3) - {victim}
    until(lambda: running.answering() == new, "the survivor and the new worker to answer")
    assert not running.find("stopping worker")
    assert len(running.find("worker .* started")) == 3 + starts
    running.reload(1)
    assert running.get().startswith("three ")


def test_a_reload_changes_the_number_of_workers(serve):
    running = serve(processes=1)
    running.wait_for_workers(1)
    running.write_ini("two", processes=3)
    running.reload(1)
    assert running.wait_for("reloaded: (.*)")[1] == "3 new workers"
    running.write_ini("three", processes=1)
    running.reload(2)
    assert len(running.answering()) == 1


def test_a_reload_that_hangs_is_overtaken_by_the_next(serve, tmp_path):
    running = serve(processes=1)
    workers = running.wait_for_workers(1)
    running.write_ini("two", processes=1, app="hang = yes")
    running.send(signal.SIGHUP)
    hanging = running.wait_for(r"worker (\d+) started", 2)[1]
    until((tmp_path / "hanging").exists, "the new worker to have read the file")
    assert running.answering(5) == workers
    running.write_ini("three", processes=1, listen="listen = 127.0.0.1:1")
    running.reload(1)
    running.wait_for(rf"worker {hanging} stopped \(signal 15")
    running.wait_for(r"WARNING .*where to listen has changed")
    assert running.get().startswith("three ")
    assert not running.find("died")


# Stopping


@pytest.mark.parametrize("own", ["", PRELOAD])
def test_a_stop_while_the_application_loads(serve, tmp_path, own):
    running = serve(processes=1, app="hang = yes", own=own)
    until((tmp_path / "hanging").exists, "the application to load")
    running.send(signal.SIGTERM)
    assert running.wait() == 0


@pytest.mark.parametrize("own", ["", PRELOAD])
def test_a_stop_under_load_refuses_connections_but_loses_none(serve, own):
    running = serve(own=own)
    running.wait_for_workers()
    clients = [Client(running.port, number, keep_alive=number % 2 == 0, method="POST") for number in range(16)]
    for client in clients:
        client.start()
    until(lambda: sum(client.answered for client in clients) > 300, "the load")
    running.send(signal.SIGTERM)
    assert running.wait() == 0
    for client in clients:
        client.stopped.set()
        client.join()
    failures = [failure for client in clients for failure in client.failures]
    assert [failure for failure in failures if "ConnectionRefusedError" not in failure] == []


def test_a_stop_waits_for_a_request_whose_client_has_gone(serve, tmp_path):
    # With a lookahead waitress notices that, and forgets the connection while the request runs on.
    running = serve(processes=1, server="channel_request_lookahead = 1")
    running.wait_for_workers(1)
    with running.connect("/slow?name=a&seconds=1"):
        running.begun("a")
    running.send(signal.SIGTERM)
    assert running.wait() == 0
    assert (tmp_path / "ended-a").exists()


def test_a_stop_finishes_what_has_begun(serve):
    running = serve()
    running.wait_for_workers()
    port = running.port
    slow = [running.connect(f"/slow?name={name}&seconds=1.5") for name in "abcd"]
    until(lambda: sum(map(running.has_begun, "abcd")) >= 2, "two of the slow requests")
    running.send(signal.SIGTERM)
    for connection in slow:
        with connection:
            assert connection.answer()[1].startswith("one ")
            assert connection.at_end()
    assert running.wait() == 0
    assert not running.find("cut off|does not end")
    with pytest.raises(ConnectionRefusedError):
        Connection(("127.0.0.1", port))


def test_a_stop_answers_requests_that_wait_for_a_thread_or_to_be_accepted(serve):
    # The limit counts the listening socket and waitress's trigger: two connections at a time, one thread for them.
    running = serve(processes=1, threads=1, server="connection_limit = 4")
    running.wait_for_workers(1)
    connections = [running.connect(f"/slow?name={number}&seconds=0.4") for number in range(5)]
    until(lambda: any(running.has_begun(str(number)) for number in range(5)), "one of the requests")
    running.send(signal.SIGTERM)
    for connection in connections:
        with connection:
            assert connection.answer()[1].startswith("one ")
    assert running.wait() == 0


def test_a_stop_answers_requests_that_come_late_on_accepted_connections(serve):
    running = serve(processes=1)
    running.wait_for_workers(1)
    with (
        running.connect() as fresh,
        running.connect("/") as kept,
        running.connect("/slow?name=a&seconds=2") as busy,
        running.connect() as probe,
    ):
        kept.answer()
        half = running.connect()
        half.send("GET /?name=half HTTP/1.1\r\nHo")
        running.begun("a")
        running.stop_and_wait_until_draining(probe)
        for connection, name in [(fresh, "fresh"), (kept, "kept")]:
            connection.send(f"GET /?name={name} HTTP/1.1\r\nHost: test\r\n\r\n")
            headers, body = connection.answer()
            assert headers["connection"] == "close" and body.endswith(name)
        busy.answer()  # later than an idle connection is closed
        with half:
            half.send("st: test\r\n\r\n")
            assert half.answer()[1].endswith("half")
    assert running.wait() == 0


def test_a_stop_answers_all_of_a_pipeline_and_announces_the_end_with_the_last(serve, tmp_path):
    running = serve(processes=1)
    running.wait_for_workers(1)
    with running.connect() as probe, running.connect("/slow?name=a", "/?name=b") as connection:
        running.begun("a")
        running.stop_and_wait_until_draining(probe)
        connection.send("GET /?name=c HTTP/1.1\r\nHost: test\r\n\r\n")
        (tmp_path / "go").touch()
        answers = [connection.answer() for _ in range(3)]
        assert [body[-1] for _, body in answers] == ["a", "b", "c"]
        assert ["connection" in headers for headers, _ in answers] == [False, False, True]
        assert connection.at_end()
    assert running.wait() == 0


def test_a_stop_ends_kept_connections_of_http_1_0(serve, tmp_path):
    running = serve(processes=1)
    running.wait_for_workers(1)
    headers = "Connection: keep-alive\r\n"
    with running.connect() as probe, running.connect("/slow?name=a", version="1.0", headers=headers) as connection:
        running.begun("a")
        running.stop_and_wait_until_draining(probe, signal.SIGINT)
        (tmp_path / "go").touch()
        assert connection.answer()[0]["connection"] == "close"
        assert connection.at_end()
    assert running.wait() == 0


def test_a_stop_ends_idle_connections_and_does_not_wait_for_the_timeout(serve):
    running = serve(processes=1, graceful_timeout=3600)
    running.wait_for_workers(1)
    # The second's answer has announced no end; a stray line break is not a request.
    with running.connect("/") as idle, running.connect("/stream?name=a&seconds=0.5") as streaming:
        idle.answer()
        idle.send("\r\n")
        running.begun("a")
        running.send(signal.SIGTERM)
        assert streaming.answer()[1] == "one two\n"
        assert streaming.at_end() and idle.at_end()
        assert running.wait() == 0


def test_the_graceful_timeout_bounds_a_stop(serve):
    running = serve(processes=1, graceful_timeout=0.5)
    running.wait_for_workers(1)
    with running.connect("/slow?name=a&seconds=600") as connection:
        running.begun("a")
        running.send(signal.SIGTERM)
        assert connection.at_end()
    assert running.wait() == 0
    assert running.find(r"worker \d+ cut off 1 requests after 0.5 s")


def test_a_worker_that_can_not_end_is_killed(serve):
    running = serve(processes=1, graceful_timeout=0.1)
    worker = running.wait_for_workers(1).pop()
    os.kill(worker, signal.SIGSTOP)
    running.send(signal.SIGTERM)
    assert running.wait() == 0
    assert running.find(f"worker {worker} does not end; killing it")


def test_a_second_signal_ends_at_once(serve):
    running = serve(processes=1, graceful_timeout=3600)
    running.wait_for_workers(1)
    with running.connect("/slow?name=a&seconds=600"):
        running.begun("a")
        running.send(signal.SIGTERM)
        running.wait_for("stopping on Terminated")
        running.send(signal.SIGTERM)
        assert running.wait() == 1


def test_a_unix_socket_is_served_and_removed(serve, tmp_path):
    path = tmp_path / "serve.socket"
    running = serve(processes=1, listen=f"unix_socket = {path}\nunix_socket_perms = 600")
    running.wait_for(f"serving on unix:{path} with 1 processes")
    assert path.stat().st_mode & 0o777 == 0o600
    with Connection(str(path), socket.AF_UNIX) as connection:
        connection.send("GET /?name=unix HTTP/1.1\r\nHost: test\r\n\r\n")
        assert connection.answer()[1].endswith("unix")
        running.send(signal.SIGTERM)
        assert running.wait() == 0
    assert not path.exists()
