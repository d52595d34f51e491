"""How far a long command is, on standard error: one line that changes on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

#: Seconds between two lines, on a terminal and elsewhere.
_ON_TERMINAL, _ELSEWHERE = 0.2, 10.0


class Progress:
    """
    :param what: stands before the numbers: a table's name
    :param size: of everything that is to be done, in any unit; 0: not known
    :param place: how much of it is done
    """

    def __init__(
        self,
        what: str,
        size: int = 0,
        place: Callable[[], int] = lambda: 0,
        *,
        is_quiet: bool = False,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what, self._size, self._place, self._quiet, self._clock = what, size, place, is_quiet, clock
        self._stream = sys.stderr if stream is None else stream
        self._is_terminal = self._stream.isatty()
        self._begun = self._told = clock()
        self._width = 0

    def __call__(self, rows: int) -> None:
        """Tell of so many rows, unless the last line is too young."""
        now = self._clock()
        if self._quiet or now - self._told < (_ON_TERMINAL if self._is_terminal else _ELSEWHERE):
            return
        self._told = now
        self._write(self.line(rows, now - self._begun))

    def line(self, rows: int, seconds: float) -> str:
        parts = [f"{rows:,} rows", f"{rows / seconds:,.0f}/s" if seconds else ""]
        done = min(self._place() / self._size, 1) if self._size else 0
        if done > 0:
            left = seconds / done - seconds
            parts += [f"{done:.0%}", f"{left // 60:.0f}:{left % 60:02.0f} left"]
        return f"{self._what}: {', '.join(part for part in parts if part)}"

    def end(self) -> None:
        """Leave a terminal's line free."""
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()

    def _write(self, line: str) -> None:
        if self._is_terminal:
            self._stream.write("\r" + line.ljust(self._width))
            self._width = max(self._width, len(line))
        else:
            self._stream.write(line + "\n")
        self._stream.flush()
