"""A worker process of ``dynmodel-serve`` as its parent sees it: the process and the line to it.

The line is a socket pair. On it the worker says, a line each, ``alive`` (about once a second), ``ready``,
``failed <cause>``, ``stopping`` (it accepts no more connections) and ``cut <number of requests>``. Its end tells the
worker that all stop (``worker.Parent``).
"""

import contextlib
import signal
import socket
import subprocess
import time

LONGEST_START = 30.0  # seconds that the interpreter has to start, before it can say anything
KILL_MARGIN = 3.0  # seconds beyond the graceful timeout; more than the worker's own margin


class Child:
    """A worker, started by the constructor.

    ``deadline`` is set once the worker is known to be stopping: it is the time at which to kill it. ``heard`` is the
    time of its last message.

    :param command: ``(plan, control, sockets)``, both file descriptors -> the command line
    :param sockets: the listening sockets that it inherits
    :raises OSError: no process can be started
    """

    def __init__(self, command, plan, sockets: list[socket.socket], generation: int):
        self.generation = generation
        self.graceful_timeout = plan.graceful_timeout
        self.worker_timeout = plan.worker_timeout
        self.started = time.monotonic()
        self.heard = self.started + LONGEST_START
        self.silent = False  # killed for its silence
        self.ready = False
        self.cause = ""
        self.deadline: float | None = None
        self.control, theirs = socket.socketpair()
        self.control.setblocking(False)
        fds = [sock.fileno() for sock in sockets]
        try:
            self.process = subprocess.Popen(
                command(plan, theirs.fileno(), fds),
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno(), *fds],
                process_group=0,  # so Ctrl-C in a terminal reaches the parent only
            )
        except OSError:
            self.control.close()
            raise
        finally:
            theirs.close()
        self.pid = self.process.pid

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
        code = self.process.returncode
        how = f"exit status {code}" if code >= 0 else f"signal {-code}, {signal.strsignal(-code)}"
        return f"{how}; {self.cause}" if self.cause else how

    @property
    def silent_at(self) -> float:
        """When the worker counts as one that no longer answers; never while it stops, which has its own deadline."""
        watched = self.worker_timeout and self.deadline is None and not self.silent
        return self.heard + self.worker_timeout if watched else float("inf")

    def expect_end(self) -> None:
        if self.deadline is None:
            self.deadline = time.monotonic() + self.graceful_timeout + KILL_MARGIN

    def stop(self) -> None:
        """Tell the worker to stop while others go on accepting. A worker that still loads ends at once."""
        self.expect_end()
        self.process.terminate()

    def last_orders(self) -> None:
        """Tell the worker to stop, and that nobody will accept after it."""
        self.expect_end()
        with contextlib.suppress(OSError):  # it may be gone already
            self.control.shutdown(socket.SHUT_WR)
