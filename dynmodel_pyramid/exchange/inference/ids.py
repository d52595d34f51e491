"""Whether the values of a column can be the ids of the rows: whole numbers from 1, each once."""

import re
from array import array
from collections.abc import Iterable
from typing import Any

from dynmodel_pyramid.database.dialect import LARGEST_GIVEN_ID

#: Ids that are remembered, 8 bytes each. Of more of them only those in rising order are taken.
MOST = 4_000_000
#: They are compared in so many groups, so that only one group is a set at a time.
_GROUPS = 64
_ID = re.compile(r"[1-9]\d{0,15}", re.ASCII)


class Ids:
    """What is known of a column that is called ``id``.

    :ivar fault: why the values are no ids; None: they are, as far as they were seen
    """

    def __init__(self) -> None:
        self.fault: str | None = None
        self._last = self._count = 0
        self._rises = True
        self._groups = [array("q") for _ in range(_GROUPS)]

    def look(self, cells: Iterable[Any]) -> None:
        if self.fault is not None:
            return
        for cell in cells:
            number = _number(cell)
            if number is None:
                self._give_up("not all values are whole numbers from 1")
                return
            self._rises = self._rises and number > self._last
            self._last = number
            self._count += 1
            if self._count <= MOST:
                self._groups[number % _GROUPS].append(number)
            elif not self._rises:
                self._give_up(f"more than {MOST} values, out of order")
                return

    def _give_up(self, fault: str) -> None:
        self.fault, self._groups = fault, []

    def finish(self) -> None:
        """Look for equal ids, when all were seen."""
        if self.fault is None and not self._rises and any(len(set(group)) < len(group) for group in self._groups):
            self._give_up("values stand twice")


def _number(cell: Any) -> int | None:
    if type(cell) is str:
        text = cell.strip()
        cell = int(text) if _ID.fullmatch(text) else None
    return cell if type(cell) is int and 1 <= cell <= LARGEST_GIVEN_ID else None
