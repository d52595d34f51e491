"""Whether requests mostly wait: for a distant database, for a disk, for another service.

The thread that leads looks at the clocks around some of the requests that it runs. A request *waited* if the process
computed for less than half of its time, whichever thread did so: then others could have run meanwhile. ``ENOUGH`` of
them more than of others, one after the other, and requests are started beside one another for a while. Then the leader
runs some by itself again, to see whether that still holds: only there the clocks tell the truth, because threads that
run beside one another wait for one another, too.

Requests are counted, not their times: on a busy machine a few stand still for long, as none of them wanted. Nor does it
count when they waited for their turn to write SQLite's file: beside one another they would only wait longer. Where that
counted, two processes that added rows without waiting for the disk added 1,000 to 1,250 a second instead of 1,500 to
1,700.
"""

import time

from dynmodel_pyramid.telemetry.measuring import waits

#: One request of so many is looked at, while requests compute. A look takes 10 us.
EVERY = 16
#: Requests that waited, less those that did not, from which on requests are started beside one another.
ENOUGH = 6
#: Seconds for which that lasts until it is proven anew.
LASTS = 1.0
#: Seconds up to which a wait is shorter than what another thread costs.
SHORT = 0.0005


class Pace:
    """Whoever calls its methods holds the lock of the threads.

    :param learns: false where only one request may run at a time
    """

    def __init__(self, *, learns: bool) -> None:
        self._learns = learns
        self._score = self._number = 0
        self._until = 0.0  # requests are started beside one another; 0: they are not

    def waits(self) -> bool:
        """Whether requests mostly wait."""
        if not self._until:
            return False
        if time.monotonic() < self._until:
            return True
        self._until = 0.0
        return False

    def begin(self) -> tuple[float, float, float] | None:
        """Call it before a request of the leader's, and :meth:`end` after it with the result, unless that is None."""
        self._number += 1
        if self._learns and (self._score or not self._number % EVERY):
            return time.monotonic(), time.process_time(), waits.for_turns
        return None

    def end(self, began: tuple[float, float, float]) -> None:
        """Call it in the same thread."""
        took, computed = time.monotonic() - began[0], time.process_time() - began[1]
        took -= waits.for_turns - began[2]
        if took - computed <= max(computed, SHORT):
            self._score = max(0, self._score - 1)
            return
        self._score += 1
        if self._score >= ENOUGH:
            self._score = ENOUGH - 1
            self._until = time.monotonic() + LASTS
