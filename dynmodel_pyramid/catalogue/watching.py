"""What the catalogue's writes and changes are told to: the seam between them and the events of an application.

Nothing watches unless an application has subscribers (:mod:`dynmodel_pyramid.events`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import TableDefinition

#: A table's definition before and after a change: None before it is made, or after it is dropped.
DefinitionPair = tuple[TableDefinition | None, TableDefinition | None]


@dataclass(frozen=True, slots=True)
class RowWrites:
    """Rows of one table that a transaction has written: ids with their new versions."""

    definition: TableDefinition
    operation: str  # insert, update, delete
    rows: tuple[tuple[int, int], ...]

    @property
    def table_id(self) -> int:
        return self.definition.id


@dataclass(frozen=True, slots=True)
class WantedWrites:
    """Rows of one table that are about to be written.

    :param ids: the rows' ids; None for those of rows that get theirs later
    :param values: the values that will be stored for each, in columns' form: all of a new row, the changed ones of
        others. Whoever watches may change them, unless they are ``fixed``
    :param pointers: where each row stands in the request, for faults
    :param author: who writes
    """

    model: Model
    operation: str
    ids: Sequence[int | None]
    values: Sequence[dict[str, Any]]
    pointers: Sequence[str]
    author: str | None = None
    fixed: bool = False


class Watcher(Protocol):
    """Is told of writes of rows and of changes of definitions, in their transactions and after them."""

    @property
    def watches_wanted_rows(self) -> bool:
        """Whether :meth:`before_rows` does anything."""

    def before_rows(self, connection: sa.Connection, wanted: WantedWrites) -> None:
        """:raises Invalid: the write is refused"""

    def after_rows(self, connection: sa.Connection, writes: RowWrites) -> None: ...

    def before_definitions(self, connection: sa.Connection, pairs: Sequence[DefinitionPair], *, is_plan: bool) -> None:
        """:raises Invalid: the change is refused"""

    def after_definitions(self, connection: sa.Connection, pairs: Sequence[DefinitionPair]) -> None: ...

    def committed(self, connection: sa.Connection) -> None:
        """The transaction of this connection has been committed. It may be closed."""
