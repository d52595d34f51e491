"""``dynmodel-serve`` with workers that are forked from a template, whatever dies; with real processes."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from dynmodel_pyramid.scripts.serve_file import IniFile
from dynmodel_pyramid.testing.databases import database_settings
from tests.plugins import path_with
from tests.server_process import Server

from .serving import IGNORING, PRELOAD, PROGRAM, ini_text, until
from .test_serve import serve  # noqa: F401


@pytest.fixture
def preloading(serve):  # noqa: F811
    return lambda **options: serve(own=PRELOAD, **options)


def template_of(running, count: int = 1) -> int:
    return int(running.wait_for(r"template (\d+) started", count)[1])


def test_workers_are_replaced_without_loading_anything(preloading, tmp_path):
    running = preloading()
    victim = min(running.wait_for_workers())
    (tmp_path / "crash").touch()  # whatever loads the application now dies
    os.kill(victim, signal.SIGKILL)
    running.wait_for(rf"worker {victim} died \(signal 9, Killed\); starting another in 0.0 s")
    new = running.wait_for_workers(3) - {victim}
    until(lambda: running.answering() == new, "the survivor and the new worker to answer")
    assert len(running.find("template .* started")) == 1


@pytest.mark.parametrize("program", [PROGRAM, IGNORING], ids=["plain", "ignoring"])
def test_workers_of_the_first_template_have_nothing_else_of_the_parent_than_later_ones(preloading, program):
    """The first template is a copy of the parent, those of reloads are new interpreters."""
    running = preloading(program=program)
    first = surroundings(running)
    running.write_ini("two", own=PRELOAD)
    running.reload(1)
    assert first == surroundings(running)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_that_were_ignored_at_the_start_do_what_they_do(preloading, tmp_path, number):
    running = preloading(program=IGNORING)
    running.wait_for_workers()
    running.write_ini("two", own=PRELOAD)
    running.reload(1)
    assert running.get().startswith("two ")
    running.send(number)
    assert running.wait() == 0


def surroundings(running):
    return json.loads("{" + running.get("/surroundings").partition("{")[2])


def test_only_the_first_template_is_a_copy_of_the_parent(preloading):
    """The parent has loaded some of our modules: a copy of it would bring their old code to a reload."""
    running = preloading()
    assert command_of(template_of(running)) == command_of(running.process.pid)
    running.write_ini("two", own=PRELOAD)
    running.reload(1)
    assert "dynmodel_pyramid.scripts.template" in command_of(template_of(running, 2))


def test_a_script_of_an_editable_installation_by_an_older_setuptools_starts(tmp_path):
    """It demands its distribution of pkg_resources, which Pyramid imports, and which does not find all."""
    script = "__requires__ = 'absent'\nimport sys\nfrom dynmodel_pyramid.scripts.serve import main\nsys.exit(main())\n"
    (tmp_path / "demanding.py").write_text(script)
    settings = {"sqlalchemy.url": f"sqlite:///{tmp_path}/data.sqlite", "dynmodel.auto_upgrade": "true"}
    server = Server(settings, tmp_path, module="demanding", environment={"PYTHONPATH": path_with(tmp_path)})
    try:
        server.start()
        assert "has loaded the application" in server.log.read_text()
    finally:
        server.stop()


def command_of(pid):
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def test_a_template_that_dies_takes_no_worker_with_it_and_comes_again(preloading):
    running = preloading()
    workers = running.wait_for_workers()
    template = template_of(running)
    os.kill(template, signal.SIGKILL)
    running.wait_for(rf"template {template} died \(signal 9, Killed\)")
    assert running.answering() == workers
    os.kill(min(workers), signal.SIGKILL)
    new = running.wait_for_workers(3) - {min(workers)}
    until(lambda: running.answering() == new, "the survivor and the new worker to answer")
    assert template_of(running, 2) != template


def test_a_template_that_is_to_be_used_once_comes_again_for_a_missing_worker_and_for_a_reload(serve):  # noqa: F811
    running = serve(own="preload = once")
    workers = running.wait_for_workers()
    running.wait_for("template .* ended")
    assert running.answering() == workers
    os.kill(min(workers), signal.SIGKILL)
    new = running.wait_for_workers(3) - {min(workers)}
    running.wait_for("template .* ended", 2)
    until(lambda: running.answering() == new, "the survivor and the new worker to answer")
    running.write_ini("two", own="preload = once")
    running.reload(1)
    running.wait_for("template .* ended", 3)
    assert running.get().startswith("two ") and len(running.find("template .* started")) == 3


def test_a_reload_has_a_template_of_its_own_and_a_failed_one_leaves_the_old(preloading):
    running = preloading()
    workers = running.wait_for_workers()
    running.write_ini("two", own=PRELOAD, app="fail = broken")
    running.send(signal.SIGHUP)
    running.wait_for(r"could not load the application \(template \d+, .*RuntimeError: broken\); the old workers go on")
    victim = min(workers)
    os.kill(victim, signal.SIGKILL)
    new = running.wait_for_workers(3) - {victim}
    until(lambda: running.answering() == new, "the survivor and the new worker to answer")
    assert running.get().startswith("one ")
    running.write_ini("three", own=PRELOAD)
    running.reload(1)
    assert running.get().startswith("three ")
    old = template_of(running)
    with pytest.raises(ProcessLookupError):
        os.kill(old, 0)


def test_an_application_that_can_not_be_loaded_ends_the_start_with_its_cause(preloading):
    running = preloading(app="fail = there is no such database", processes=3)
    assert running.wait() == 1
    running.wait_for(r"could not load .*exit status 1; RuntimeError: there is no such database\)")


def test_a_template_that_hangs_while_it_loads_is_killed(preloading):
    running = preloading(processes=1, worker_timeout=3, app="hold = library")
    assert running.wait() == 1
    running.wait_for(r"could not load .*signal 9, Killed; no answer for 3 s \(worker_timeout\)\)")


def test_an_application_with_threads_is_loaded_by_each_worker(preloading):
    running = preloading(app="threads = yes")
    running.wait_for_workers()
    running.wait_for("WARNING .*starts threads while it loads")
    assert len(running.answering()) == 2 and not running.find("died|could not")
    assert len(running.find("template .* started")) == 1


def test_connections_are_closed_so_that_their_threads_end(preloading, tmp_path):
    with database_settings("postgresql", tmp_path) as settings:
        running = preloading(app=f"connects = {settings['sqlalchemy.url']}")
        running.wait_for_workers()
        assert not running.find("starts threads while it loads")


def test_a_template_whose_parent_has_died_meanwhile_loads_nothing(tmp_path):
    ours, theirs = socket.socketpair()
    ours.close()
    options = (f"--control={theirs.fileno()}", f"--socket={theirs.fileno()}", "--graceful-timeout=1")
    command = [sys.executable, "-m", "dynmodel_pyramid.scripts.template", *options, "--worker-timeout=0"]
    ini = str(tmp_path / "absent.ini")
    told = subprocess.run([*command, ini], pass_fds=[theirs.fileno()], capture_output=True, text=True, timeout=60)
    theirs.close()
    assert told.returncode == 1 and "absent.ini" not in told.stderr


def test_another_number_of_workers_has_another_template(preloading):
    """Limits are divided by the number while the application loads."""
    running = preloading(processes=1)
    running.wait_for_workers(1)
    running.send(signal.SIGTTIN)
    new = running.wait_for_workers(2)
    assert running.answering() == new
    answers = {running.get("/processes").rpartition("processes: ")[2] for _ in range(40)}
    assert answers == {"1", "2"}


def test_a_hanging_reload_is_overtaken(preloading, tmp_path):
    running = preloading(processes=1)
    running.wait_for_workers(1)
    running.write_ini("two", processes=1, own=PRELOAD, app="hang = yes")
    running.send(signal.SIGHUP)
    until((tmp_path / "hanging").exists, "the new template to have read the file")
    running.write_ini("three", processes=1, own=PRELOAD)
    running.reload(1)
    assert running.get().startswith("three ") and not running.find("died")


def test_only_our_own_application_is_preloaded_without_being_asked(tmp_path):
    ini = tmp_path / "serve.ini"
    for use, own, expected in (
        ("egg:dynmodel_pyramid", "", (True, True)),
        ("egg:dynmodel_pyramid", "preload = false", (False, True)),
        ("call:serve_app:factory", "", (False, True)),
        ("call:serve_app:factory", PRELOAD, (True, True)),
        ("call:serve_app:factory", "preload = once", (True, False)),
    ):
        ini.write_text(ini_text("x", own=own).replace("call:serve_app:factory", use))
        plan = IniFile(str(ini), ["address=127.0.0.1"]).plan()
        assert (plan.preload, plan.keeps_template) == expected


def test_workers_of_the_service_share_no_connection(settings, tmp_path):
    """Each has its own from the database's view; rows that both write are all there."""
    server = Server(settings, tmp_path, threads=2, module="dynmodel_pyramid.scripts.serve")
    try:
        server.start()
        with requests.Session() as session:
            session.post(f"{server.url}/table/", json={"model_name": "Book", "fields": {"n": "integer"}})
        ids = set()
        for number in range(40):  # a connection each: both workers
            answer = requests.post(f"{server.url}/table/1/rows/", json={"n": number}, timeout=30)
            ids.add(answer.json()["id"])
        assert len(ids) == 40
        assert len(requests.get(f"{server.url}/table/1/rows/", timeout=30).json()) == 40
        told = server.log.read_text()
        assert told.count(" ready") >= 2 and "has loaded the application" in told and "threads" not in told
    finally:
        server.stop()
