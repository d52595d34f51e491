"""When the statements of one SQLite connection must end, for the Python functions that they call.

SQLite asks a progress handler between instructions of its own, and a call of a function is one instruction however
long it takes. So each call looks at the clock itself; the driver makes a database error of what it raises.
"""

import math
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

#: What the driver says where a function has raised an error, whichever.
MESSAGES = frozenset({"user-defined function raised exception", "user-defined aggregate's 'step' method raised error"})
_thread = threading.local()


class Overdue(Exception):
    """The time of the statement is over."""


class Deadline:
    """``at`` is a time of :func:`time.monotonic`; infinite where nothing bounds the statements."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = math.inf

    def set(self, seconds: float) -> None:
        self.at = monotonic() + seconds
        _thread.overdue = False

    def lift(self) -> None:
        self.at = math.inf

    @property
    def is_over(self) -> bool:
        return monotonic() > self.at

    def check(self, seconds: float = 0.0) -> None:
        """
        :param seconds: what is about to be done may take so long
        :raises Overdue: it is too late for that
        """
        if monotonic() + seconds > self.at:
            # The driver keeps the exception to itself (sqlite3, "Connection.create_function").
            _thread.overdue = True
            raise Overdue

    def bounded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, which is not called when it is too late."""
        at_check = self.check

        def call(*values: Any) -> Any:
            if monotonic() > self.at:
                at_check()
            return function(*values)

        return call


#: For calls that nothing bounds.
UNBOUND = Deadline()


def was_overdue() -> bool:
    """Whether it was the time that made a function fail, since this thread set a deadline last."""
    return getattr(_thread, "overdue", False)
