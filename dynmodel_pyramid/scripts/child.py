"""The child processes of ``dynmodel-serve`` as their parent sees them: the process and the line to it.

The line is a socket pair. On it a worker says, a line each, ``alive`` (about once a second), ``ready``,
``failed <cause>``, ``stopping`` (it accepts no more connections) and ``cut <number of requests>``. Its end tells the
worker that all stop (``worker.Parent``).

A :class:`Template` has loaded the application, and forks workers at its parent's request (``template``). A worker that
was forked says ``pid <number>`` first. The parent adopts it: the process between it and the template ends at once, and
the parent is the subreaper of its descendants (prctl(2), PR_SET_CHILD_SUBREAPER). So a template may die at any time.
"""

import contextlib
import gc
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dynmodel_pyramid.server.settings import Limits

LONGEST_START = 30.0  # seconds that the interpreter has to start, before it can say anything
KILL_MARGIN = 3.0  # seconds beyond the graceful timeout; more than the worker's own margin
UNBORN_MARGIN = 1.0  # seconds
FIRST_GENERATION = 1
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of one reading of the INI file; ``limits`` is ``[server:main]``.

    :param keeps_template: whether the template stays when it has forked all workers
    """

    processes: int
    graceful_timeout: float
    worker_timeout: float
    limits: Limits
    preload: bool
    keeps_template: bool

    @property
    def listen(self) -> Mapping[str, str]:
        """The addresses to listen on; a reload cannot change them."""
        return self.limits.listen


#: (plan, control, sockets), both file descriptors -> the command line of a process
Command = Callable[[Plan, int, list[int]], list[str]]
#: (control, sockets), both file descriptors -> the exit status of a process
Run = Callable[[int, list[int]], int]


class Process:
    """A child process; ``heard`` is the time of its last message, ``pid`` is None until a forked worker has told it.

    :param control: our end of the line
    """

    def __init__(self, plan: Plan, generation: int, control: socket.socket) -> None:
        self.generation = generation
        self.worker_timeout = plan.worker_timeout
        self.control = control
        self.control.setblocking(False)
        self.started = time.monotonic()
        self.heard = self.started + LONGEST_START
        self.silent = False  # killed for its silence
        self.cause = ""
        self.pid: int | None = None
        self.code: int | None = None  # exit status, or the negative number of a signal, once it has ended

    def read(self) -> bytes | None:
        """The new messages; None when there are none, empty at the end of the line."""
        try:
            said = self.control.recv(65536)
            self.heard = time.monotonic() if said else self.heard
            return said
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def how_it_ended(self) -> str:
        if self.code is None:  # a worker that was never forked
            return self.cause or "its template died"
        code = self.code
        how = f"exit status {code}" if code >= 0 else f"signal {-code}, {signal.strsignal(-code)}"
        return f"{how}; {self.cause}" if self.cause else how

    @property
    def is_watched(self) -> bool:
        """Whether it has to say that it is alive."""
        return bool(self.worker_timeout) and not self.silent

    @property
    def silent_at(self) -> float:
        """When the process counts as one that no longer answers."""
        return self.heard + self.worker_timeout if self.is_watched else float("inf")

    def signal(self, number: int) -> None:
        # Its number can't be another process's meanwhile: only the parent waits for it, and then notes the code.
        if self.pid is not None and self.code is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """At once, if it is known which process it is."""
        self.signal(signal.SIGKILL)


def spawn(command: Command, plan: Plan, sockets: list[socket.socket], theirs: socket.socket) -> int:
    """Start a process of a new interpreter that inherits the sockets and its end of the line; -> its number.

    :raises OSError: no process can be started
    """
    fds = [sock.fileno() for sock in sockets]
    process = subprocess.Popen(
        command(plan, theirs.fileno(), fds),
        stdin=subprocess.DEVNULL,
        pass_fds=[theirs.fileno(), *fds],
        process_group=0,  # so Ctrl-C in a terminal reaches the parent only
    )
    process.returncode = 0  # ended() waits for it, and Popen has nothing more to do
    return process.pid


@contextlib.contextmanager
def line() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Our end and theirs; theirs is closed at the end, ours after an error, too."""
    ours, theirs = socket.socketpair()
    try:
        yield ours, theirs
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()


class Template(Process):
    """A process that loads the application once, and forks workers."""

    def __init__(self, plan: Plan, generation: int, control: socket.socket) -> None:
        super().__init__(plan, generation, control)
        self.plan = plan
        self.loaded = False
        self.has_threads = False  # so it can't fork

    @classmethod
    def spawned(cls, command: Command, plan: Plan, sockets: list[socket.socket], generation: int) -> "Template":
        """A new interpreter.

        :raises OSError: no process can be started
        """
        with line() as (ours, theirs):
            template = cls(plan, generation, ours)
            template.pid = spawn(command, plan, sockets, theirs)
        return template

    @classmethod
    def copied(cls, run: Run, plan: Plan, sockets: list[socket.socket]) -> "Template | None":
        """The template of the first generation: a copy of this process, which must have one thread.

        In the copy this raises SystemExit when ``run`` returns.

        :return: None if no process can be started
        """
        with line() as (ours, theirs):
            template = cls(plan, FIRST_GENERATION, ours)
            # A garbage collection writes into all objects that it looks through, so that their pages are no longer
            # shared: 1.6 MB of this process.
            gc.collect()
            gc.freeze()
            try:
                template.pid = os.fork()
            except OSError:
                ours.close()
                return None
            if not template.pid:
                ours.close()
                raise SystemExit(run(theirs.detach(), [sock.detach() for sock in sockets]))
        return template

    @property
    def is_watched(self) -> bool:
        return super().is_watched and not self.loaded

    def fork(self, theirs: socket.socket) -> None:
        """Ask for a worker; it may be forked later, when the application is loaded.

        :raises OSError: the template is gone
        """
        socket.send_fds(self.control, [b"f"], [theirs.fileno()])

    def end(self) -> None:
        """Let it end, and wait for that: afterwards it has no copy of the listening sockets any more."""
        if self.pid is not None and self.code is None:
            self.kill()
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Child(Process):
    """A worker. ``deadline`` is set once it is known to be stopping: it is the time at which to kill it."""

    def __init__(self, plan: Plan, generation: int, control: socket.socket) -> None:
        super().__init__(plan, generation, control)
        self.graceful_timeout = plan.graceful_timeout
        self.ready = False
        self.deadline: float | None = None
        self.template: Template | None = None
        self.hung_up = float("inf")  # when the line ended

    @classmethod
    def spawned(cls, command: Command, plan: Plan, sockets: list[socket.socket], generation: int) -> "Child":
        """A new interpreter that loads the application itself.

        :param command: ``(plan, control, sockets)``, both file descriptors -> the command line
        :param sockets: the listening sockets that it inherits
        :raises OSError: no process can be started
        """
        with line() as (ours, theirs):
            child = cls(plan, generation, ours)
            child.pid = spawn(command, plan, sockets, theirs)
        return child

    @classmethod
    def forked(cls, template: Template, plan: Plan) -> "Child":
        """:raises OSError: the template is gone"""
        with line() as (ours, theirs):
            child = cls(plan, template.generation, ours)
            child.template = template
            template.fork(theirs)
        return child

    @property
    def is_watched(self) -> bool:
        # While it stops it has its own deadline; until it is forked its template is watched.
        return super().is_watched and self.deadline is None and self.pid is not None

    @property
    def unborn_at(self) -> float:
        """When a worker whose line has ended counts as one that was never forked: the end of its template, which says
        why, shows a little later than that of the line.
        """
        if self.pid is not None:
            return float("inf")
        has_ended = self.template is not None and self.template.code is not None
        return self.hung_up if has_ended else self.hung_up + UNBORN_MARGIN

    def expect_end(self) -> None:
        if self.deadline is None:
            self.deadline = time.monotonic() + self.graceful_timeout + KILL_MARGIN

    def stop(self) -> None:
        """Tell the worker to stop while others go on accepting. A worker that still loads ends at once."""
        self.expect_end()
        if self.pid is None:
            self._hang_up()
        else:
            self.signal(signal.SIGTERM)

    def last_orders(self) -> None:
        """Tell the worker to stop, and that nobody will accept after it."""
        self.expect_end()
        self._hang_up()

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError):  # it may be gone already
            self.control.shutdown(socket.SHUT_WR)


def adopt_descendants() -> bool:
    """Become the parent of workers whose parent has ended; -> whether the system can do that (Linux)."""
    return _prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent() -> bool:
    """Let the kernel end this process when its parent does, however that happens (Linux)."""
    return _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> bool:
    try:
        import ctypes

        return ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0
    except (ImportError, AttributeError, OSError):  # another system
        return False


def ended() -> Iterator[tuple[int, int]]:
    """Number and exit code of every process that has ended, adopted ones included."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, os.waitstatus_to_exitcode(status)
