"""Statements that a session of PostgreSQL keeps prepared: parsed once, and planned once where no parameter matters.

To find a row is short work for the server, but its statement is a long text: one row of 28 strings takes 190 us and
prepared 92, one of every type 630 and 250.

The server plans a statement anew when its tables have changed, under the locks that it takes to run it, so a prepared
statement sees the tables that its text would see. But it refuses one whose columns have other types than before
("cached plan must not change result type"): then the text is sent again.
"""

import itertools
from typing import Any

#: A session prepares a statement when it runs it so many times.
USES = 3
#: Statements that a session keeps, and that it counts. When there are more it begins anew: most deployments have fewer,
#: and to prepare one costs what its text would have cost.
MOST, COUNTED = 50, 500
#: The key under which a pooled connection keeps them.
_KEY = "prepared"

#: A method of the driver's ``PGconn``, and its arguments.
Call = tuple[str, tuple[Any, ...]]
#: A text, and the types of its parameters; None: the server infers them.
_Key = tuple[bytes, tuple[int, ...] | None]


class PreparedStatements:
    """Those of one session."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._uses: dict[_Key, int] = {}
        self._names: dict[_Key, bytes] = {}
        #: Those that the present exchange prepares.
        self._new: dict[_Key, bytes] = {}
        self._is_emptied = True

    @classmethod
    def of(cls, info: dict[Any, Any]) -> "PreparedStatements":
        """
        :param info: of the pooled connection; it is emptied when its session ends
        """
        known: PreparedStatements | None = info.get(_KEY)
        return info.setdefault(_KEY, cls()) if known is None else known

    def begin(self) -> list[Call]:
        """What is sent first in an exchange."""
        return [] if self._is_emptied else [("send_query_params", (b"DEALLOCATE ALL", None))]

    def call(self, text: bytes, values: Any, types: tuple[int, ...] | None, formats: Any) -> Call:
        """What is sent for a statement."""
        key = text, types
        name = self._names.get(key)
        if name is not None:
            return "send_query_prepared", (name, values, formats)
        self._uses[key] = uses = self._uses.get(key, 0) + 1
        if uses >= USES and key not in self._new:
            self._new[key] = b"_dynmodel_%d" % next(self._numbers)
        elif len(self._uses) > COUNTED:
            self._uses.clear()
        return "send_query_params", (text, values, types, formats)

    def end(self) -> list[Call]:
        """What is sent behind all statements: it prepares them for the next time, and not if one has failed."""
        return [("send_prepare", (name, text, types)) for (text, types), name in self._new.items()]

    def dropped(self) -> None:
        """A statement was refused, so that none behind it was run or prepared; those that are prepared can be run."""
        self._new.clear()

    def succeeded(self) -> None:
        self._is_emptied = True
        if self._new:
            self._names |= self._new
            self._new.clear()
            if len(self._names) > MOST:
                self.failed()

    def failed(self) -> None:
        """Begin anew: nobody knows which of the statements can be run."""
        for kept in (self._uses, self._names, self._new):
            kept.clear()
        self._is_emptied = False
