"""The part of a table that a caller may read and write. Every call of the row service takes one."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Scope:
    """Names of fields, None for all; and a condition on rows, None for all.

    A row outside the condition does not exist for the caller. A field that is not readable is left out of answers; a
    field that is not writable is refused by name.
    """

    readable: frozenset[str] | None = None
    writable: frozenset[str] | None = None
    condition: Callable[[sa.FromClause], sa.ColumnElement[bool]] | None = None

    def may_read(self, name: str) -> bool:
        return self.readable is None or name in self.readable

    def may_write(self, name: str) -> bool:
        return self.writable is None or name in self.writable


#: All fields of all rows.
EVERYTHING = Scope()
