"""For whom changes of definitions and of roles are made: the proof of access, and the end of their transactions."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

#: Proves in a transaction, before its commit, that whoever makes the change still may; it raises to refuse.
Prove = Callable[[sa.Connection], None]
#: Is called after a commit with the connection, which may be closed.
Committed = Callable[[sa.Connection], None]


def no_proof(connection: sa.Connection) -> None:
    """The proof of a caller who may do everything, such as the console."""


class Once(Protocol):
    """A request that is carried out at most once, by its key: its answer is stored in the transaction of its write."""

    def prepare(self) -> None:
        """Do what takes time, before the transaction begins."""

    def claim(self, connection: sa.Connection) -> None:
        """Begin it, as the first statement of the transaction; it raises if it was answered before."""

    def hold(self, transaction: ExitStack, connection: sa.Connection, committed: Committed) -> None:
        """Take over a transaction whose statements have run, to commit it when the answer is made.

        :param transaction: commits at its end, and undoes all at an exception
        """

    def keep(self, answer: Any) -> None:
        """Store the answer, as the last statement but the proof."""

    def commit(self) -> None:
        """Commit the transaction of :meth:`hold`, if there is one."""

    def roll_back(self) -> None:
        """Undo it, if it is still open."""


@dataclass(frozen=True, slots=True)
class Principal:
    """
    :param prove: called before each commit, and before the row of the state is locked
    :param once: commits the transaction; None: it is committed at its end
    """

    prove: Prove = no_proof
    once: Once | None = None


#: Whoever may do everything, such as the console.
TRUSTED = Principal()
