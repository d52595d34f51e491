"""How far a long command is, on standard error: a bar on a terminal, a line now and then elsewhere."""

import sys
from collections.abc import Callable
from typing import TextIO

from tqdm import tqdm

#: Seconds before the first line, and between two lines, on a terminal and elsewhere.
_ON_TERMINAL, _ELSEWHERE = 0.2, 10.0


class Progress:
    """
    :param what: stands before the numbers: a table's name
    :param size: of everything that is to be done, in any unit; 0: not known, and no time left is told
    :param place: how much of it is done
    :param unit: of the numbers
    """

    def __init__(
        self,
        what: str,
        size: int = 0,
        place: Callable[[], int] = lambda: 0,
        *,
        unit: str = "rows",
        is_quiet: bool = False,
        stream: TextIO | None = None,
    ) -> None:
        self._size, self._place = size, place
        stream = sys.stderr if stream is None else stream
        is_terminal = stream.isatty()
        seconds = _ON_TERMINAL if is_terminal else _ELSEWHERE
        self._bar = _Bar(
            desc=what,
            unit=f" {unit}",
            unit_scale=True,
            file=stream if is_terminal else _Lines(stream),
            ncols=None if is_terminal else 0,
            dynamic_ncols=is_terminal,
            mininterval=seconds,
            miniters=0,
            delay=seconds,
            leave=False,
            disable=is_quiet,
        )

    def __call__(self, rows: int, total: int | None = None) -> None:
        """Tell of so many rows, and of all there are, unless the last line is too young."""
        if total is not None:
            self._bar.total = total
        elif self._size and (done := self._place()):
            self._bar.total = max(rows, rows * self._size // done)
        self._bar.update(rows - self._bar.n)

    def end(self) -> None:
        """Leave a terminal's line free."""
        self._bar.close()


class _Bar(tqdm):
    #: No thread watches it.
    monitor_interval = 0


class _Lines:
    """A stream that is no terminal: each state is a line of its own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        if line := text.strip():
            self._stream.write(line + "\n")

    def flush(self) -> None:
        self._stream.flush()
