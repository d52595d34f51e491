"""The pulse of a worker process: how others notice that it no longer answers.

The loop that serves connections beats, about once a second. A beat does two things:

* It sends the parent a message. The parent replaces a worker that was silent for ``worker_timeout`` seconds.
* It sets the process's alarm clock again. When the loop stops, the kernel ends the process (SIGALRM), a little later
  than the parent would. This needs neither the parent, which may be dead, nor Python: code in C that never gives up the
  interpreter's lock (a regular expression, a driver) stops every thread and every signal handler of Python.

The clock (ITIMER_REAL) stands still while the machine is suspended. It runs on while the process alone is stopped.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Seconds by which the alarm clock is later than the parent, because the parent's log says more.
ALARM_MARGIN = 5.0
INTERVAL = 0.9  # seconds; the loop looks once a second


class Pulse:
    """
    :param tell: sends the parent a message; it must not block
    :param timeout: seconds without a beat after which the process may be killed; 0: never
    """

    def __init__(self, tell: Callable[[], None], timeout: float) -> None:
        self._tell = tell
        self.timeout = timeout
        self._next = float("-inf")
        if timeout:
            # An ignored signal stays ignored in child processes.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def beat(self) -> None:
        """Called by the loop, at least once a second."""
        now = time.monotonic()
        if self.timeout and now >= self._next:
            self._next = now + INTERVAL
            self._tell()
            signal.setitimer(signal.ITIMER_REAL, self.timeout + ALARM_MARGIN)

    def finish(self, seconds: float) -> None:
        """Beat no more: the process ends within that time."""
        if self.timeout:
            self._next = float("inf")
            signal.setitimer(signal.ITIMER_REAL, seconds + ALARM_MARGIN)

    def stop(self) -> None:
        """Beat no more, and be no longer expected to."""
        self._next = float("inf")
        if self.timeout:
            signal.setitimer(signal.ITIMER_REAL, 0)

    @contextmanager
    def without_loop(self) -> Iterator[None]:
        """A context in which a thread beats: for the time in which the application loads."""
        done = threading.Event()

        def run() -> None:
            self.beat()
            while not done.wait(INTERVAL):
                self.beat()

        thread = threading.Thread(target=run, name="pulse", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
