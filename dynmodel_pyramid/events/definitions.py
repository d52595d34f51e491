"""Events of changes of definitions: before them, in their transaction, and after its commit."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.watching import DefinitionPair
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.problems import Problems


class DefinitionChange:
    """The change of one table. ``before`` is None for a new table, ``after`` for one that is dropped.

    ``operation`` is ``create``, ``change`` or ``drop``.
    """

    def __init__(self, pair: DefinitionPair) -> None:
        self.before, self.after = pair
        self.operation = "create" if self.before is None else "drop" if self.after is None else "change"

    @property
    def _definition(self) -> TableDefinition:
        definition = self.after or self.before
        assert definition is not None  # one of them is there
        return definition

    @property
    def table(self) -> str:
        """The model's name, after the change."""
        return self._definition.model_name

    @property
    def table_id(self) -> int:
        return self._definition.id

    @property
    def names(self) -> tuple[str, ...]:
        """The model's names before and after it."""
        return tuple(definition.model_name for definition in (self.before, self.after) if definition is not None)


class DefinitionEvent:
    """The changes of one transaction. ``request`` is the request that makes them; None in scripts."""

    def __init__(self, pairs: Sequence[DefinitionPair], request: Any) -> None:
        self.changes = [DefinitionChange(pair) for pair in pairs]
        self.request = request

    def __iter__(self) -> Iterator[DefinitionChange]:
        return iter(self.changes)


class BeforeDefinitionChange(DefinitionEvent):
    """Definitions are about to be changed, under locks of their tables; a subscriber may refuse it.

    A plan gives this event as well (``is_plan``), so that it shows the refusal.
    """

    def __init__(
        self, pairs: Sequence[DefinitionPair], request: Any, connection: sa.Connection, *, is_plan: bool
    ) -> None:
        super().__init__(pairs, request)
        self.connection, self.is_plan = connection, is_plan
        self._problems = Problems()

    def refuse(self, detail: str, pointer: str = "", *, code: str = "refused") -> None:
        """Refuse the change: nothing is changed, and the client gets 422.

        :param detail: why, for the client
        :param pointer: the place in the client's document, such as ``/fields/price``
        """
        self._problems.add(pointer, code, detail)

    def raise_if_refused(self) -> None:
        """:raises Invalid: the change was refused"""
        self._problems.raise_if_any()


class AfterDefinitionChange(DefinitionEvent):
    """Definitions have been changed, in a transaction that is not committed yet. An exception undoes all of it."""

    def __init__(self, pairs: Sequence[DefinitionPair], request: Any, connection: sa.Connection) -> None:
        super().__init__(pairs, request)
        self.connection = connection


class DefinitionChangeCommitted(DefinitionEvent):
    """Definitions have been changed, and the transaction is committed. A subscriber that fails is logged."""
