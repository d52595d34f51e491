"""The deadline of the statements of one SQLite connection, for the Python functions that they call.

SQLite calls a progress handler between its own instructions, and the call of a function is one instruction however long
it takes. So each function looks at the clock itself, and raises an error that the driver turns into a database error.
"""

import math
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

#: The driver's message after any error that a function raises.
MESSAGES = frozenset({"user-defined function raised exception", "user-defined aggregate's 'step' method raised error"})
_thread = threading.local()


class Overdue(Exception):
    """The time of the statement is over."""


class Deadline:
    """``at`` is a time of :func:`time.monotonic`; infinite where the statements have no bound."""

    __slots__ = ("at",)

    def __init__(self):
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
        :param seconds: how long the next piece of computation may take
        :raises Overdue: it would end after the deadline
        """
        if monotonic() + seconds > self.at:
            # The driver drops the exception (sqlite3, "Connection.create_function").
            _thread.overdue = True
            raise Overdue

    def bounded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, wrapped: it is not called after the deadline."""
        at_check = self.check

        def call(*values: Any) -> Any:
            if monotonic() > self.at:
                at_check()
            return function(*values)

        return call


#: For calls without a bound.
UNBOUND = Deadline()


def was_overdue() -> bool:
    """Whether a function has failed because of the deadline since this thread last set one."""
    return getattr(_thread, "overdue", False)
