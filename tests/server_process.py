"""A real server process: ``pserve`` (or another) with an INI file of its own, on a free port of 127.0.0.1."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

INI = """\
[app:main]
use = egg:dynmodel_pyramid
{settings}

[server:main]
use = egg:dynmodel_pyramid#server
listen = 127.0.0.1:{port}
threads = {threads}

[loggers]
keys = root, alembic
[handlers]
keys = console
[formatters]
keys = generic
[logger_root]
level = WARNING
handlers = console
[logger_alembic]
level = WARNING
handlers =
qualname = alembic
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = generic
[formatter_generic]
format = %(asctime)s %(levelname)s [%(name)s] %(message)s
"""
_numbers = itertools.count(1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_ini(folder: Path, settings: dict[str, str], *, port: int, threads: int = 4) -> Path:
    lines = "\n".join(f"{name} = {value}".replace("%", "%%") for name, value in settings.items())
    path = folder / f"server-{next(_numbers)}.ini"
    path.write_text(INI.format(settings=lines, port=port, threads=threads), encoding="utf-8")
    return path


class Server:
    """Start it, speak to ``url`` (without a last slash), stop or kill it, start it again."""

    def __init__(
        self,
        settings: dict[str, str],
        folder: Path,
        *,
        threads: int = 4,
        python: str = sys.executable,
        module: str = "pyramid.scripts.pserve",
        environment: dict[str, str] = {},
    ):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ini = write_ini(folder, settings, port=self.port, threads=threads)
        self.log = self.ini.with_suffix(".log")
        self.python = python
        self.module = module
        self.environment = {**os.environ, "PYTHONUNBUFFERED": "1", **environment}
        # Else each server would compile all modules anew: half of its start.
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self.process: subprocess.Popen | None = None

    def start(self, *, wait: bool = True) -> None:
        command = [self.python, "-m", self.module, str(self.ini)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self.environment)
        if wait:
            self.wait()

    def wait(self, seconds: float = 30) -> None:
        """Till it answers.

        :raises RuntimeError: with its log, when it ends or doesn't answer
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if requests.get(f"{self.url}/live", timeout=5).ok:
                    return
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(0.02)
        raise RuntimeError(f"the server doesn't answer:\n{self.log.read_text()}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
