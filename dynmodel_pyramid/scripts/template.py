"""The template of ``dynmodel-serve``'s workers: it loads the application once, and forks a worker whenever it is asked.

Workers share the memory of what is loaded, and start in milliseconds. Only a process of one thread can be forked
safely, so an application that starts threads while it loads is not preloaded: the parent is told. Connections to the
database must not be shared either: ours close before a fork (``database``).
"""

import contextlib
import logging
import os
import signal
import socket
import sys
import threading
import time

from dynmodel_pyramid.scripts import worker
from dynmodel_pyramid.scripts.child import end_with_parent
from dynmodel_pyramid.scripts.pulse import Pulse
from dynmodel_pyramid.server.serving import settle

PATIENCE = 2.0  # seconds for threads that end by themselves
EXIT_THREADS = 3


def main(argv: list[str] | None = None) -> int:
    arguments = worker.parse(argv, "A process that forks workers of dynmodel-serve, which starts it; not for people.")
    control, *sockets = worker.own_sockets(arguments)
    if not end_with_parent() or _is_hung_up(control):
        return 1
    line = worker.Parent(control)
    pulse = Pulse(line.beat, arguments.worker_timeout)
    with worker.failures_told(line):
        with pulse.without_loop():
            loaded = worker.load(arguments)
    pulse.stop()
    # Not only before the fork, so that the threads which watch them end. Imported here, because the parent imports this
    # module, and needs no SQLAlchemy.
    from dynmodel_pyramid.database import close_unused

    close_unused()
    if not _is_alone():
        line.tell("threads")
        worker.leave(EXIT_THREADS)
    settle()
    line.tell("loaded")
    while True:
        try:
            request, fds, _, _ = socket.recv_fds(control, 1, 1)
        except OSError:
            request, fds = b"", []
        if not request:  # the parent needs it no more
            os._exit(0)
        if _fork(fds[0]):
            control.close()
            own = socket.socket(fileno=fds[0])
            told = worker.Parent(own)
            told.tell(f"pid {os.getpid()}")
            return worker.serve(told, Pulse(told.beat, arguments.worker_timeout), arguments, loaded, sockets)
        os.close(fds[0])


def forget_parent(descriptors: set[int]) -> None:
    """Make a copy of the parent what a new interpreter is that the parent starts: of its process group, its files and
    its log.

    :param descriptors: those that it was given; others but the standard ones are closed
    """
    os.setpgid(0, 0)  # so Ctrl-C in a terminal reaches the parent only
    # The parent may have been started with some of them ignored (nohup); a new interpreter of it has not.
    for told in (signal.SIGTERM, signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGCHLD):
        signal.signal(told, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    for number in map(int, os.listdir("/proc/self/fd")):
        if number > 2 and number not in descriptors:
            with contextlib.suppress(OSError):  # that of the listing itself
                os.close(number)
    for handler in logging.root.handlers[:]:
        logging.root.removeHandler(handler)
    logging.root.setLevel(logging.WARNING)


def _is_hung_up(control: socket.socket) -> bool:
    """Whether the parent has died already: the kernel, which tells of its death, tells of a later one only."""
    try:
        return not control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _is_alone() -> bool:
    """Whether this process has one thread, those that know nothing of Python included."""
    deadline = time.monotonic() + PATIENCE
    while _threads() > 1:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()


def _fork(control: int) -> bool:
    """Fork a worker, whose parent will be the parent of this process; -> whether this is the worker."""
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return False
    try:
        if os.fork():
            os._exit(0)
        os.setpgid(0, 0)  # so Ctrl-C in a terminal reaches the parent only
    except BaseException:
        os._exit(1)  # the line ends with it, so the parent knows
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    return True


if __name__ == "__main__":
    sys.exit(main())
