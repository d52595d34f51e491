"""The threads that run requests, and which request is next.

To run requests in another way, replace :class:`Threads`. The server calls ``add_task(channel)`` for each request, in
the polling thread, ``poke()`` about once a second, and ``shutdown()`` at the end. A channel has ``service()`` and
``cancel()``.
"""

from waitress.task import ThreadedTaskDispatcher

from dynmodel_pyramid.server.channel import Channel
from dynmodel_pyramid.server.ledger import Client


class Threads(ThreadedTaskDispatcher):
    """waitress's dispatcher with another order, and without a line in the log for each request that waits.

    The next request is that of the client with the fewest requests under way: those that run, and those whose answers
    are not fully sent. Among equals, the oldest comes first.

    Clients who leave answers in temporary files are *slow*. Once a client is known to be slow, its requests run on
    separate threads only: half as many as ``count``, and besides them. So slow clients keep nobody waiting, however
    much they ask for. A long answer frees its thread as soon as the rest goes to a file.
    """

    def __init__(self, count: int) -> None:
        super().__init__()
        slow = max(1, count // 2)
        self.queue = _Queue(count, slow)
        self.set_thread_count(count + slow)

    def add_task(self, task: Channel) -> None:
        with self.lock:
            self.queue.waiting.append(_Turn(self, task))
            self.queue_cv.notify()

    @property
    def is_busy(self) -> bool:
        """Whether a request waits or runs."""
        with self.lock:
            return bool(self.queue.waiting or self.queue.running)

    def ended(self, turn: "_Turn") -> None:
        with self.lock:
            self.queue.running.remove(turn)
            turn.client.running -= 1

    def poke(self) -> None:
        """Look again whether a waiting request may run now: clients become slow, and cease to be so."""
        with self.lock:
            if self.queue:
                self.queue_cv.notify()


class _Turn:
    """A request that waits for a thread, or runs."""

    def __init__(self, dispatcher: Threads, channel: Channel) -> None:
        self.channel = channel
        self.client: Client = channel.client
        self._dispatcher = dispatcher

    def service(self) -> None:
        try:
            self.channel.service()
        finally:
            self._dispatcher.ended(self)

    def cancel(self) -> None:
        self.channel.cancel()


class _Queue:
    """The methods that waitress's dispatcher calls on its queue, always with its lock held.

    :param most: how many requests may run
    :param most_slow: how many more, of slow clients
    """

    def __init__(self, most: int, most_slow: int) -> None:
        self._most = most
        self.waiting: list[_Turn] = []
        self.running: set[_Turn] = set()
        self._most_slow = most_slow

    def __len__(self) -> int:
        return len(self.waiting)

    def __bool__(self) -> bool:
        """Whether there is a request for a thread that is free now."""
        return bool(self.waiting) and bool(self._eligible())

    def popleft(self) -> _Turn:
        turn = min(self._eligible() or self.waiting, key=lambda turn: turn.client.load())
        self.waiting.remove(turn)
        self.running.add(turn)
        turn.client.running += 1
        return turn

    def _eligible(self) -> list[_Turn]:
        slow = sum(turn.client.spooled > 0 for turn in self.running)
        room = {True: slow < self._most_slow, False: len(self.running) - slow < self._most}
        return [turn for turn in self.waiting if room[turn.client.spooled > 0]]
