"""The unsent part of an answer: a little in memory, the rest in temporary files.

A spool has the methods that waitress calls on an output buffer (``waitress.buffers``), so it can replace one.
"""

import os
import tempfile
from collections import deque
from collections.abc import Callable

#: Bytes of one temporary file. Its space on the disk is freed when all of it is sent.
SEGMENT = 16 * 1024 * 1024


class Spool:
    """Bytes, first in, first out. Whoever calls it holds the lock of the connection.

    :param memory: how many bytes stay in memory
    :param account: called with the number of bytes on the disk that are used (positive) or freed (negative)
    """

    def __init__(self, memory: int, account: Callable[[int], None]):
        self._memory = memory
        self._account = account
        self._head = bytearray()  # comes before the bytes in the files
        self._files: deque[_Segment] = deque()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, data: bytes | memoryview) -> None:
        """
        :raises OSError: the file can't be written
        """
        if not self._files and len(self._head) + len(data) <= self._memory:
            self._head += data
        else:
            if not self._files or self._files[-1].size >= SEGMENT:
                self._files.append(_Segment())
            self._account(len(data))
            self._files[-1].append(data)
        self._length += len(data)

    def get(self, size: int) -> bytes:
        """The next bytes, at most ``size``; they stay in the spool."""
        if self._head:
            return bytes(self._head[:size])
        return self._files[0].get(size) if self._files else b""

    def skip(self, size: int, allow_prune: bool = False) -> None:
        """Remove that many bytes, at most as many as :meth:`get` gave."""
        if self._head:
            del self._head[:size]
        elif self._files:
            segment = self._files[0]
            segment.at += size
            if segment.at == segment.size:
                self._close(self._files.popleft())
        self._length -= size

    def close(self) -> None:
        while self._files:
            self._close(self._files.popleft())
        self._head.clear()
        self._length = 0

    def _close(self, segment: "_Segment") -> None:
        segment.file.close()
        self._account(-segment.size)


class _Segment:
    """One temporary file; ``at`` is how far it is sent."""

    __slots__ = ("at", "file", "size")

    def __init__(self):
        self.file = tempfile.TemporaryFile(buffering=0)
        self.at = self.size = 0

    def append(self, data: bytes | memoryview) -> None:
        rest = memoryview(data)
        # Counted before it is written: if a full disk leaves it half written, all of it is given back.
        end, self.size = self.size, self.size + len(rest)
        while rest:
            written = os.pwrite(self.file.fileno(), rest, end)
            end, rest = end + written, rest[written:]

    def get(self, size: int) -> bytes:
        return os.pread(self.file.fileno(), min(size, self.size - self.at), self.at)
