"""A tiny WSGI application for test_serve.py, which runs it in worker processes (``use = call:serve_app:factory``)."""

import ctypes
import json
import logging
import os
import re
import signal
import sys
import threading
import time
import warnings
from pathlib import Path
from urllib.parse import parse_qs

from dynmodel_pyramid.telemetry import measuring


def factory(
    global_conf, label="", state="", fail="", hang="", loading="0", hold="", threads="", connects="", **settings
):
    """
    :param label: every answer begins with it
    :param state: a directory: ``/slow`` leaves a file there when it begins and when it ends; without ``seconds`` it
        waits for a file ``go``. A file ``crash`` lets the process die while loading, ``crash-soon`` soon after it
    :param fail: raise this instead of loading
    :param hang: leave a file ``hanging`` and never get ready
    :param loading: seconds
    :param threads: start one, and never end it
    :param connects: read something from the PostgreSQL of this URL
    :param hold: never get ready, and hold the interpreter's lock (``HOLDING``)
    """
    if fail:
        raise RuntimeError(fail)
    state = Path(state)
    if (state / "crash").exists():
        os._exit(7)
    time.sleep(float(loading))
    if threads:
        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
    if connects:
        read_something(connects)
    if hold:
        HOLDING[hold]()
    if hang:
        (state / "hanging").touch()
        time.sleep(3600)
    if (state / "crash-soon").exists():
        threading.Timer(0.2, os._exit, (8,)).start()

    found = surroundings()

    def application(environ, start_response):
        path = environ["PATH_INFO"]
        query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        body = environ["wsgi.input"].read()
        seconds = float(query.get("seconds", 0))
        if path == "/slow":
            (state / f"begun-{query['name']}").touch()
            time.sleep(seconds)
            while not seconds and not (state / "go").exists():
                time.sleep(0.02)
            (state / f"ended-{query['name']}").touch()
        if path == "/hold":
            (state / f"begun-{query['name']}").touch()
            HOLDING[query["how"]]()
        if path == "/stream":
            start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "8")])
            return stream(state, query["name"], seconds)
        if path == "/inheritable":
            body = f"inheritable: {[fd for fd in open_files() if fd > 2 and os.get_inheritable(fd)]}".encode()
        if path == "/surroundings":
            body = json.dumps(found).encode()
        if path == "/processes":
            body = f"processes: {os.environ['DYNMODEL_PROCESSES']}".encode()
        answer = f"{label} {os.getpid()} {query.get('name', '')}".encode() + body
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
        return [answer]

    return application


#: What keeps the interpreter's lock for as long as it likes.
HOLDING = {
    "library": lambda: ctypes.PyDLL(None).sleep(3600),
    "pattern": lambda: re.match("(a+)+b", "a" * 60),
}


def open_files():
    for fd in range(256):
        try:
            os.fstat(fd)
        except OSError:
            continue
        yield fd


def surroundings():
    """What the process that loads the application has of the one that started it."""
    root = logging.getLogger()
    handlers = {number: signal.getsignal(number) for number in range(1, 32)}
    return {
        "arguments": [Path(sys.argv[0]).name, *(text.partition("=")[0] for text in sys.argv[1:])],
        "path": sys.path,
        "group": os.getpgid(0) == os.getpid(),
        "session": os.getsid(0),
        "input": os.readlink("/proc/self/fd/0"),
        "files": sorted(os.readlink(f"/proc/self/fd/{fd}").partition(":")[0] for fd in open_files()),
        "log": [root.level, [handler.formatter._fmt for handler in root.handlers]],
        "signals": {number: getattr(handler, "__qualname__", str(handler)) for number, handler in handlers.items()},
        "wakeup": signal.set_wakeup_fd(-1),
        "counts": measuring.active,
        "threads": sorted(thread.name.partition("-")[0] for thread in threading.enumerate()),
        "warnings": [[action, getattr(kind, "__name__", "")] for action, _, kind, *_ in warnings.filters],
        "environment": sorted(os.environ),
    }


def stream(state, name, seconds):
    """Two chunks; the header is sent before the first."""
    yield b"one "
    (state / f"begun-{name}").touch()
    time.sleep(seconds)
    yield b"two\n"


def read_something(url):
    """With a thread that watches the connection for an hour, unless it is closed."""
    from dynmodel_pyramid.database import Database, postgresql_silence
    from dynmodel_pyramid.settings import Settings

    postgresql_silence.INTERVAL = 3600
    KEPT.append(Database(Settings({"sqlalchemy.url": url})))
    with KEPT[0].reading() as connection:
        connection.exec_driver_sql("SELECT 1")
    assert "dynmodel-silence" in [thread.name for thread in threading.enumerate()]


KEPT = []
