"""Servers whose processes begin quickly: the modules are imported once, and each process is a copy (fork).

``python -m tests.soak.nursery A.ini B.ini`` reads commands from standard input: ``start 0``, ``kill 1`` (SIGKILL) and
``lives 0``; it answers each by a line, ``yes`` if that process lives. A request with the header ``X-Die`` kills its
process after the commit, before the answer.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pyramid.scripts.pserve import main as serve

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import database_settings
from tests.server_process import Server


def dying(app):
    """The application, killed by requests that ask for it when their answer is made."""

    def application(environ, start_response):
        answer = app(environ, start_response)
        if "HTTP_X_DIE" in environ:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    return application


def run(files: list[str]) -> None:
    # Imports the modules that are imported on use.
    with TemporaryDirectory() as name, database_settings("sqlite", Path(name)) as settings:
        dynmodel_pyramid.main({}, **settings).registry.dynmodel_catalogue.database.close()
    make = dynmodel_pyramid.main
    dynmodel_pyramid.main = lambda *args, **settings: dying(make(*args, **settings))
    children: dict[int, int] = {}
    for line in sys.stdin:
        word, _, place = line.partition(" ")
        number = int(place)
        if word == "kill" and number in children:
            os.kill(children[number], signal.SIGKILL)
            os.waitpid(children.pop(number), 0)
        elif number in children and os.waitpid(children[number], os.WNOHANG)[0]:
            del children[number]
        if word == "start":
            child = os.fork()
            if not child:
                sys.stdin.close()
                serve(["pserve", files[number]])
                os._exit(0)
            children[number] = child
        print("yes" if number in children else "no", flush=True)
    for child in children.values():
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


class NurseryServer(Server):
    """One of the servers, killed and started again."""

    def __init__(self, settings: dict[str, str], folder: Path, nursery: list[subprocess.Popen], number: int) -> None:
        super().__init__(settings, folder)
        self._nursery, self._number = nursery, number

    def _tell(self, word: str) -> str:
        (nursery,) = self._nursery
        nursery.stdin.write(f"{word} {self._number}\n")
        nursery.stdin.flush()
        return nursery.stdout.readline()

    def start(self, *, wait: bool = True) -> None:
        (self.process,) = self._nursery
        self._tell("start")
        if wait:
            self.wait()

    def kill(self) -> None:
        self._tell("kill")

    def lives(self) -> bool:
        return self._tell("lives") == "yes\n"


@contextmanager
def nursery_servers(settings: dict[str, str], folder: Path, count: int) -> Iterator[list[NurseryServer]]:
    """Servers on one database, which are not started yet."""
    nursery: list[subprocess.Popen] = []
    servers = [NurseryServer(settings, folder, nursery, number) for number in range(count)]
    command = [sys.executable, "-m", "tests.soak.nursery", *(str(server.ini) for server in servers)]
    pipe = subprocess.PIPE
    with servers[0].log.open("ab") as log:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, env=servers[0].environment, text=True)
    with process:
        nursery.append(process)
        yield servers
        process.stdin.close()


if __name__ == "__main__":
    run(sys.argv[1:])
