"""The threads that run requests, and which request is next.

:class:`Threads` is the object to exchange for another way to run requests. The server calls ``add_task(channel)`` for
each request, in the polling thread, ``poke()`` about once a second, and ``shutdown()`` at the end. A channel has
``service()`` and ``cancel()``.
"""

from waitress.task import ThreadedTaskDispatcher

from dynmodel_pyramid.server.ledger import Spender


class Threads(ThreadedTaskDispatcher):
    """waitress's dispatcher with another order, and without a line in the log for each request that waits.

    Next is the request of the client with the fewest requests that run or whose answers are not wholly sent; among
    equals, the one that came first. The last free thread is not for clients who leave answers in temporary files: so
    readers that are slow keep nobody waiting, however much they ask for.
    """

    def __init__(self, count: int):
        super().__init__()
        self.queue = _Queue(self)
        self.set_thread_count(count)

    def add_task(self, task) -> None:
        with self.lock:
            self.queue.turns.append(_Turn(self, task))
            self.queue_cv.notify()

    def poke(self) -> None:
        """Look again whether a request that had to wait may run: its client may have read its answers."""
        with self.lock:
            if self.queue:
                self.queue_cv.notify()

    def has_two_free(self) -> bool:
        """Whether another thread is free besides the one that asks; asked with the lock held."""
        count = len(self.threads) - self.stop_count
        return count <= 1 or self.active_count < count


class _Turn:
    """A request that waits for a thread, or runs."""

    def __init__(self, dispatcher: Threads, channel):
        self.channel = channel
        self.client: Spender = channel.client
        self._dispatcher = dispatcher

    def service(self) -> None:
        try:
            self.channel.service()
        finally:
            with self._dispatcher.lock:
                self.client.running -= 1

    def cancel(self) -> None:
        self.channel.cancel()


class _Queue:
    """What waitress's dispatcher calls of its queue; always with its lock held."""

    def __init__(self, dispatcher: Threads):
        self.turns: list[_Turn] = []
        self._dispatcher = dispatcher

    def __len__(self) -> int:
        return len(self.turns)

    def __bool__(self) -> bool:
        """Whether a thread that is free now has something to do."""
        return bool(self.turns) and bool(self._eligible())

    def popleft(self) -> _Turn:
        turn = min(self._eligible() or self.turns, key=lambda turn: turn.client.load())
        self.turns.remove(turn)
        turn.client.running += 1
        return turn

    def _eligible(self) -> list[_Turn]:
        if self._dispatcher.has_two_free():
            return self.turns
        return [turn for turn in self.turns if not turn.client.spooled]
