"""A worker process of ``dynmodel-serve``: the server on sockets that the parent bound, and the line to the parent.

:func:`main` is a process that loads the application itself; ``template`` forks processes that begin with :func:`serve`.
"""

import argparse
import logging
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from wsgiref.types import WSGIApplication

from dynmodel_pyramid.scripts.pulse import Pulse
from dynmodel_pyramid.scripts.serve_file import IniFile
from dynmodel_pyramid.server.serving import Server, settle
from dynmodel_pyramid.server.settings import Limits
from dynmodel_pyramid.settings import PROCESSES

EXIT_MARGIN = 1.0  # seconds beyond the graceful timeout that the interpreter has for its own end


class Parent:
    """The line to the parent process: messages go to the parent; its end tells this process to stop.

    The parent closes its end to stop all workers, and the kernel closes it when the parent dies, however it dies.
    """

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.server: Server | None = None
        self._watches = False

    def begin_watch(self) -> None:
        if not self._watches:
            self._watches = True
            threading.Thread(target=self.watch, name="watch-parent", daemon=True).start()

    def tell(self, message: str) -> None:
        try:
            self.control.sendall(message.encode() + b"\n")
        except OSError:
            pass  # the parent is dead; watch() deals with that

    def beat(self) -> None:
        try:
            self.control.send(b"alive\n", socket.MSG_DONTWAIT)
        except OSError:
            pass  # the parent is dead, or it is stopped and the line is full: the loop must not wait for it

    def watch(self) -> None:
        """Wait for the end of the line (in a thread of its own), then stop; end the process if that takes too long."""
        try:
            self.control.recv(1)
        except OSError:
            pass
        if self.server is None:  # still loading: nothing to finish
            os._exit(1)
        self.server.stop(last_orders=True)
        time.sleep(self.server.graceful_timeout + EXIT_MARGIN)
        os._exit(1)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a process has read from the INI file: the application, and ``[server:main]``."""

    application: WSGIApplication
    limits: Limits


def parse(argv: list[str] | None, description: str) -> argparse.Namespace:
    """The command line of a worker or a template (``serve.command``)."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--socket", type=int, action="append", required=True)
    parser.add_argument("--graceful-timeout", type=float, required=True)
    parser.add_argument("--worker-timeout", type=float, required=True)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("config_uri")
    parser.add_argument("variables", nargs="*")
    arguments = parser.parse_args(argv)
    # For limits of which each process has its part.
    os.environ[PROCESSES] = str(arguments.processes)
    return arguments


def own_sockets(arguments: argparse.Namespace) -> list[socket.socket]:
    """The line to the parent, and the listening sockets."""
    sockets = [socket.socket(fileno=number) for number in (arguments.control, *arguments.socket)]
    for sock in sockets:
        # Processes that the application starts must not keep the port open, nor hide the parent's death.
        sock.set_inheritable(False)
    return sockets


def load(arguments: argparse.Namespace) -> Loaded:
    ini = IniFile(arguments.config_uri, arguments.variables)
    limits = ini.plan().limits
    return Loaded(ini.load_application(), limits)


@contextmanager
def failures_told(parent: Parent) -> Iterator[None]:
    """A context whose failure is told to the parent, and ends the process."""
    try:
        yield
    except BaseException as error:  # an application that calls sys.exit() has failed to load, too
        traceback.print_exc()
        parent.tell(f"failed {type(error).__name__}: {' '.join(str(error).split())[:2000]}")
        leave(1)


def leave(code: int) -> None:
    """End at once: threads of the application would keep an ordinary exit waiting."""
    logging.shutdown()
    os._exit(code)


def main(argv: list[str] | None = None) -> int:
    arguments = parse(argv, "A worker of dynmodel-serve, which starts it; not for people.")
    control, *sockets = own_sockets(arguments)
    parent = Parent(control)
    pulse = Pulse(parent.beat, arguments.worker_timeout)
    parent.begin_watch()
    with failures_told(parent), pulse.without_loop():
        loaded = load(arguments)
    return serve(parent, pulse, arguments, loaded, sockets)


def serve(
    parent: Parent, pulse: Pulse, arguments: argparse.Namespace, loaded: Loaded, sockets: list[socket.socket]
) -> int:
    """Serve until told to stop; -> the exit status."""
    parent.begin_watch()
    with failures_told(parent):
        server = Server(loaded.application, sockets, loaded.limits, arguments.graceful_timeout, multiprocess=True)
    parent.server = server
    signal.signal(signal.SIGTERM, lambda *_: server.stop())
    signal.signal(signal.SIGINT, lambda *_: server.stop())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def on_stopping() -> None:
        pulse.finish(arguments.graceful_timeout)
        parent.tell("stopping")

    settle()
    parent.tell("ready")
    cut = server.run(on_stopping, on_look=pulse.beat)
    if cut:
        parent.tell(f"cut {cut}")
        leave(0)  # threads still run the application's code
    return 0


if __name__ == "__main__":
    sys.exit(main())
