"""One attempt at a request of some caller: besides the definitions it proves that the caller still may do what it did.

Access is proven in the statement that proves the definitions: the stamp of all roles and grants, and the row of the
token or session that the request came with. So a revocation is in force for the next answer of every process.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.caller import Caller
from dynmodel_pyramid.access.principal import Once, Principal
from dynmodel_pyramid.access.scopes import Scopes
from dynmodel_pyramid.catalogue.attempt import Attempt, Stale
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.database import ACCESS_STAMP, CREDENTIAL
from dynmodel_pyramid.database.cursors import fetched_row
from dynmodel_pyramid.database.replicas import ReplicaBehind


class AccessChanged(Stale):
    """The roles or grants have changed, or the credential has ended."""

    cause = "access"


class RequestAttempt(Attempt):
    """
    :param forget: lets a later attempt look anew for the caller, who was mistaken because access had changed
    """

    def __init__(
        self,
        catalogue: Catalogue,
        number: int = 0,
        deadline: float | None = None,
        *,
        forget: Callable[[Caller, sa.Connection], None],
    ) -> None:
        super().__init__(catalogue, number, deadline)
        self._forget = forget
        #: Of a request with a key: what its transactions begin and end with.
        self.once: Once | None = None
        self._caller: Caller | None = None
        self._scopes: Scopes | None = None

    @property
    def caller(self) -> Caller:
        assert self._caller is not None  # only resources that are the same for everybody have none
        return self._caller

    @property
    def known_identity(self) -> str | None:
        """The id of the caller's identity, for the log; None if nobody was asked for, or anonymous."""
        if self._caller is None or self._caller.identity.is_anonymous:
            return None
        return self._caller.identity.id

    def came_from(self, caller: Caller) -> None:
        """Say who makes the request."""
        self._caller = caller

    @property
    def principal(self) -> Principal:
        """For whom changes of definitions are made."""
        return Principal(self._prove_access, self.once)

    @property
    def scopes(self) -> Scopes:
        if self._scopes is None:
            self._scopes = Scopes(self.model, self.caller)
        return self._scopes

    @property
    def _is_proven(self) -> bool:
        """Whether the caller needs no proof: nobody is asked for, or whoever it is may do everything."""
        return self._caller is None or self._caller.stamp is None

    def _lock_tables(self, connection: sa.Connection, *, writes: bool) -> None:
        # The tables first, as changes of definitions do. Otherwise a change of access would wait for this write, and
        # the write for a long change of the table.
        super()._lock_tables(connection, writes=writes)
        if writes and not self._is_proven:
            # A change of access waits until this write ends, so none that was proven before it commits after it.
            self.database.dialect.share_access(connection)

    def confirm(self) -> None:
        if not self._used and not self._is_proven and not self._confirmed:
            self._prove()
        else:
            super().confirm()

    def _prove_access(self, connection: sa.Connection) -> None:
        """Prove the caller's access in the transaction of a change of definitions, before its commit.

        :raises Stale: run the attempt again
        """
        if not self._is_proven:
            self.database.dialect.share_access(connection)
            self.prove_caller(connection)

    def prove_caller(self, connection: sa.Connection) -> None:
        """Prove that the caller is who it was, for an answer that needs nothing else.

        :raises Stale: run the attempt again
        """
        self._judge_access(connection, fetched_row(connection, *self.proof))

    @property
    def proof(self) -> tuple[str, Sequence[Any]]:
        return self.database.proof(None if self._is_proven else self.caller.identity.credential)

    def judge(self, connection: sa.Connection, found: Sequence[Any]) -> None:
        self._judge_access(connection, found)
        super().judge(connection, found)

    def _judge_access(self, connection: sa.Connection, found: Sequence[Any]) -> None:
        caller = self._caller
        if caller is None or caller.stamp is None:
            return
        if found[ACCESS_STAMP] != caller.stamp or not found[CREDENTIAL]:
            if self.reading is not None:
                raise ReplicaBehind("the replica has other roles, or not this credential")
            self._forget(caller, connection)
            raise AccessChanged("access has changed while the request ran")
