"""The order of SQLite's writers: each waits for its turn before BEGIN IMMEDIATE, in the order in which they came.

SQLite's own lock decides who writes; but whoever finds it held sleeps and tries again, so that some writers wait for
seconds while others pass them (its busy handler, ``sqlite3_busy_timeout``). A turn costs 3 us, wakes the next writer at
once, and promises nothing: a writer that gets none in time asks SQLite.

Threads of a process queue in memory. Processes queue at two lock files beside the database, because a lock of ``flock``
that is given up goes to whoever asks first, and the process that has just had it asks at once:

* ``-writer``: whoever holds it has the turn;
* ``-next``: whoever holds it is the only one who waits for ``-writer``. The others wait behind, in the kernel's queue.

The kernel gives up the locks of a process that ends, however it ends. ``flock`` knows no timeout: a thread of its own
waits in it, and hands the turn to the first of the process's queue.
"""

import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterable

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

#: Seconds without lock files after a turn was held by a process that did not write: it may have been stopped.
DISTRUST = 10.0
#: Seconds for which the writers of a process come before those of others that wait, once the process has the turn: to
#: hand it over wakes two threads, as long as a short write takes.
SPELL = 0.002
#: Seconds after which an idle thread ends: less than a process waits for threads before it forks workers
#: (``scripts.template``), as it may have had to wait for others when it made the system tables.
IDLE = 1.0


class Turn:
    """A writer's place in the queue."""

    __slots__ = ("_come", "_order")

    def __init__(self, order: "WriterOrder") -> None:
        self._order = order
        self._come = threading.Lock()
        self._come.acquire()

    def wait(self, seconds: float) -> bool:
        """Wait for the turn; -> whether it has come. A place is kept until :meth:`leave`."""
        return self._come.acquire(timeout=max(seconds, 0.0))

    def come(self) -> None:
        self._come.release()

    def leave(self) -> None:
        """End the turn, or give up the place."""
        self._order.left(self)


class LockFiles:
    """The lock files of a database.

    :raises OSError: they can't be made, or the file system has no locks; all methods raise it
    """

    def __init__(self, database: str) -> None:
        # Like SQLite's own files: whoever may read the database may wait for his turn. The files stay empty.
        mode = os.stat(database).st_mode & 0o666
        flags = os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._next = os.open(f"{database}-next", flags, mode)
        try:
            self._writer = os.open(f"{database}-writer", flags, mode)
        except BaseException:
            os.close(self._next)
            raise
        #: Closes the files, once.
        self.close = weakref.finalize(self, _close, (self._next, self._writer))
        self.close.atexit = False

    def take(self) -> bool:
        """Take the turn, if nobody has it or waits for it."""
        if not _try(self._next):
            return False
        try:
            return _try(self._writer)
        finally:
            fcntl.flock(self._next, fcntl.LOCK_UN)

    def wait(self) -> None:
        """Take the turn when it comes."""
        fcntl.flock(self._next, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._writer, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._next, fcntl.LOCK_UN)

    def is_wanted(self) -> bool:
        """Whether another process waits for the turn that this one has."""
        if not _try(self._next):
            return True
        fcntl.flock(self._next, fcntl.LOCK_UN)
        return False

    def give_up(self) -> None:
        fcntl.flock(self._writer, fcntl.LOCK_UN)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _close(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


class WriterOrder:
    """The order of the writers of one engine, and of all processes that write its file."""

    def __init__(self) -> None:
        _ORDERS.add(self)
        self._begin()

    def _begin(self) -> None:
        self._mutex = threading.Lock()
        self._queue: deque[Turn] = deque()
        #: The turn that has come and not ended.
        self._present: Turn | None = None
        self._path: str | None = None
        self._files: LockFiles | None = None
        #: Whether this process has the files' turn, and whether its thread waits for it.
        self._has_files = self._is_waiting = False
        self._since = 0.0
        self._wanted = threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self._without_files_until = 0.0

    def forked(self) -> None:
        """Begin anew in a child: the parent's locks, thread and writers are not its own."""
        files = self._files
        self._begin()
        if files is not None:
            files.close()

    def queue(self, database: str) -> Turn:
        """The place of a new writer, whose turn may have come already.

        :param database: the path of the database file
        """
        turn = Turn(self)
        with self._mutex:
            if self._path is None:
                self._path = database
                self._open(database)
            self._queue.append(turn)
            self._go_on()
        return turn

    def left(self, turn: Turn) -> None:
        with self._mutex:
            is_present = turn is self._present
            if is_present:
                self._present = None
            elif turn in self._queue:
                self._queue.remove(turn)
            self._go_on(has_written=is_present)

    def distrust(self) -> None:
        """Note that a writer found the database free while it waited: for some time processes do not queue here."""
        with self._mutex:
            self._without_files_until = time.monotonic() + DISTRUST
            self._go_on()

    def _open(self, database: str) -> None:
        if fcntl is not None:
            try:
                self._files = LockFiles(database)
            except OSError as error:
                self._do_without(error)

    def _do_without(self, error: OSError) -> None:
        log.warning(
            "no locks on files beside %s (%s): writers in several processes are served in no order", self._path, error
        )
        self._files, self._has_files = None, False

    def _go_on(self, *, has_written: bool = False) -> None:
        """Let the next turn come, or be waited for.

        :param has_written: whether a turn has just ended, so that other processes come before a further one
        """
        if self._present is not None:
            return
        try:
            if self._files is not None and not self._is_next(self._files, has_written):
                return
        except OSError as error:
            self._do_without(error)
        if self._queue:
            self._present = self._queue.popleft()
            self._present.come()

    def _is_next(self, files: LockFiles, has_written: bool) -> bool:
        """Whether this process has the turn, if its queue needs it."""
        is_long = has_written and time.monotonic() - self._since > SPELL
        if self._has_files and (not self._queue or (is_long and files.is_wanted())):
            files.give_up()
            self._has_files = False
        if self._has_files or not self._queue or time.monotonic() < self._without_files_until:
            return True
        if not self._is_waiting:
            self._has_files, self._since = files.take(), time.monotonic()
            if not self._has_files:
                self._wait()
        return self._has_files

    def _wait(self) -> None:
        self._is_waiting = True
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="dynmodel-writers-turn", daemon=True)
            self._thread.start()
        self._wanted.release()

    def _run(self) -> None:
        """The thread. It ends when it has had nothing to wait for, for some time."""
        while True:
            if not self._wanted.acquire(timeout=IDLE):
                with self._mutex:
                    if not self._is_waiting:
                        self._thread = None
                        return
                continue
            files, failure = self._files, None
            try:
                if files is not None:
                    files.wait()
            except OSError as error:
                failure = error
            with self._mutex:
                self._is_waiting = False
                if failure is not None:
                    self._do_without(failure)
                self._has_files, self._since = self._files is not None, time.monotonic()
                self._go_on()


#: All orders of the process, for a fork.
_ORDERS: "weakref.WeakSet[WriterOrder]" = weakref.WeakSet()


def _forked(orders: Iterable[WriterOrder]) -> None:
    for order in list(orders):
        order.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _forked(_ORDERS))
