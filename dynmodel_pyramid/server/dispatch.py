"""The threads that run requests.

This is the object to exchange for another way to run them. The server calls ``add_task(channel)`` for each request, in
the polling thread, ``poke()`` about once a second, and ``shutdown()`` at the end. A task has ``service()`` and
``cancel()``.
"""

from waitress.task import ThreadedTaskDispatcher


class Threads(ThreadedTaskDispatcher):
    """waitress's dispatcher, without a line in the log for each request that waits for a thread."""

    def __init__(self, count: int):
        super().__init__()
        self.set_thread_count(count)

    def add_task(self, task) -> None:
        with self.lock:
            self.queue.append(task)
            self.queue_cv.notify()

    def poke(self) -> None:
        """Look whether a request that had to wait may run."""
