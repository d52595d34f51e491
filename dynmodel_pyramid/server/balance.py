"""Connections spread evenly over the processes that share a listening socket.

The kernel wakes all of them for a connection, and the one that is quickest would accept it, and the next ones as well:
of 16 connections that came at once, one of two processes had 13 on average. So the processes tell one another, in a
few bytes of shared memory, how many connections they have, and whoever has more than another leaves a new connection
to that one for a while.

The memory belongs to the parent process. Its workers find it by an environment variable; without one, a process serves
alone.
"""

import contextlib
import fcntl
import mmap
import os
import struct
import time

#: Names the memory. Not ``DYNMODEL_``: that is for settings.
VARIABLE = "_DYNMODEL_BALANCE"
#: Seconds for which a connection is left to another process; then that one counts as stuck for ``DISTRUST`` seconds.
PATIENCE, DISTRUST = 0.02, 1.0
#: Seconds between two looks at a connection that is left to another process.
LOOK = 0.001
#: Seconds without a word after which a process counts as gone.
SILENT = 3.0
#: The part of one process: when it spoke last, on the clock of all processes, how many connections it has, and how many
#: it has accepted in all.
_PART = struct.Struct("dqq")
_PARTS = 256
#: The number of connections that a process tells which accepts none.
FULL = 1 << 40


def share() -> int | None:
    """Make the memory, for processes that are started from now on; -> its descriptor, which must stay open."""
    if not hasattr(os, "memfd_create"):
        return None
    number = os.memfd_create("connections")
    os.ftruncate(number, _PART.size * _PARTS)
    os.environ[VARIABLE] = f"/proc/{os.getpid()}/fd/{number}"
    return number


class Balance:
    def __init__(self) -> None:
        self._memory: mmap.mmap | None = None
        self._own = 0
        self._count = self._accepted = self._seen = 0
        self._left_since = self._next_look = self._distrusts_until = 0.0
        with contextlib.suppress(KeyError, OSError):
            number = os.open(os.environ[VARIABLE], os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(number, fcntl.LOCK_EX)
                memory = mmap.mmap(number, _PART.size * _PARTS)
                now = time.monotonic()
                parts = [index for index, (spoke, *_) in enumerate(_PART.iter_unpack(memory)) if now - spoke > SILENT]
                if parts:
                    self._memory, self._own = memory, parts[0]
                    self.tell(0, now)
            finally:
                fcntl.flock(number, fcntl.LOCK_UN)  # the map keeps a copy of the descriptor
                os.close(number)

    def tell(self, count: int, now: float) -> None:
        """Tell the others how many connections this process has; call it at least once a second."""
        self._count = count
        if self._memory is not None:
            _PART.pack_into(self._memory, self._own * _PART.size, now, count, self._accepted)

    def accepted(self, count: int, now: float) -> None:
        self._accepted += 1
        self.tell(count, now)

    def leaves(self, now: float) -> bool:
        """Whether a connection that waits is to be left to another process."""
        if self._memory is None or now < self._distrusts_until:
            return False
        parts = [part for part in _PART.iter_unpack(self._memory) if now - part[0] < SILENT]
        least = min((count for _, count, _ in parts), default=0)
        if self._count <= least + least // 8:
            return False
        accepted = sum(accepted for _, _, accepted in parts)
        if accepted != self._seen or now - self._next_look > PATIENCE:
            self._seen, self._left_since = accepted, now  # another connection than the last one that was left
        elif now - self._left_since > PATIENCE:
            self._distrusts_until = now + DISTRUST
            return False
        self._next_look = now + LOOK
        return True

    def pause(self, now: float) -> float:
        """Seconds until the next look at the listening sockets is due; 0 when it is."""
        return max(0.0, self._next_look - now)
