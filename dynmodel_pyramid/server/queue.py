"""The requests that wait to be run: which is next, and how many may run at a time."""

import itertools
from collections import deque

from dynmodel_pyramid.server.channel import Channel
from dynmodel_pyramid.server.ledger import Client


class Turn:
    """A request that waits for a thread, or runs.

    :param is_long: the thread that leads must not run it
    """

    __slots__ = ("channel", "client", "is_long", "number")
    _numbers = itertools.count()

    def __init__(self, channel: Channel, is_long: bool) -> None:
        self.channel = channel
        self.client: Client = channel.client
        self.is_long = is_long
        self.number = next(self._numbers)


class Queue:
    """Whoever calls its methods holds the lock of the threads.

    The next request is that of the client with the fewest requests under way: those that run, and those whose answers
    are not fully sent. Among equals, the oldest comes first.

    :param most: how many requests may run
    :param most_slow: how many more, of slow clients
    """

    def __init__(self, most: int, most_slow: int) -> None:
        self._most = most
        self._most_slow = most_slow
        self._short: dict[Client, deque[Turn]] = {}
        self._long: dict[Client, deque[Turn]] = {}
        self._length = 0
        self.running: set[Turn] = set()

    def __len__(self) -> int:
        return self._length

    @property
    def is_busy(self) -> bool:
        """Whether a request waits or runs; any thread may ask."""
        return bool(self._length or self.running)

    def add(self, turn: Turn) -> None:
        (self._long if turn.is_long else self._short).setdefault(turn.client, deque()).append(turn)
        self._length += 1

    def take(self, *, short: bool, long: bool) -> Turn | None:
        """The next request, which runs from now on; None where none may run now.

        :param short: one that the leader may run is wanted: it is not known to be long, and not of a slow client
        :param long: any other is wanted
        """
        turn = self._next(short, long)
        if turn is not None:
            waiting = self._long if turn.is_long else self._short
            turns = waiting[turn.client]
            turns.popleft()
            if not turns:
                del waiting[turn.client]
            self._length -= 1
            self.running.add(turn)
            turn.client.running += 1
        return turn

    def has_long(self) -> bool:
        """Whether a request that the leader may not run may run now."""
        return self._next(short=False, long=True) is not None

    def ended(self, turn: Turn) -> None:
        self.running.remove(turn)
        turn.client.running -= 1

    def clear(self) -> list[Turn]:
        """Forget the requests that wait."""
        turns = [turn for waiting in (self._short, self._long) for turns in waiting.values() for turn in turns]
        self._short.clear()
        self._long.clear()
        self._length = 0
        return turns

    def _next(self, short: bool, long: bool) -> Turn | None:
        # One thread is always left to lead: there is one more than requests may run.
        if not self._length or len(self.running) >= self._most + self._most_slow:
            return None
        slow = sum(turn.client.spooled > 0 for turn in self.running)
        room, room_for_slow = len(self.running) - slow < self._most, slow < self._most_slow
        found: list[Turn] = []
        for client, turns in self._short.items():
            if room_for_slow and long if client.spooled > 0 else room and short:
                found.append(turns[0])
        if long:
            for client, turns in self._long.items():
                if room_for_slow if client.spooled > 0 else room:
                    found.append(turns[0])
        if len(found) > 1:
            return min(found, key=lambda turn: (turn.client.load(), turn.number))
        return found[0] if found else None
