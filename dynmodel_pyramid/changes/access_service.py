"""Changes of roles and grants: one transaction each, in which no definition and no other role changes."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access import changes as access_changes
from dynmodel_pyramid.access.differences import differences
from dynmodel_pyramid.access.document_writing import role_document, roles_document
from dynmodel_pyramid.access.grants import Access, Role
from dynmodel_pyramid.access.principal import TRUSTED, Principal
from dynmodel_pyramid.access.store import load
from dynmodel_pyramid.access.tables import Tables
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes.access_change import Audit, MakeRoles, no_audit, write_roles
from dynmodel_pyramid.changes.executor import Executor
from dynmodel_pyramid.changes.timing import timed_change

#: Checks the current roles before anything is done (If-Match); raises to refuse.
Precondition = Callable[[Access], None]


def no_precondition(access: Access) -> None:
    """The precondition of a caller without one."""


@dataclass(frozen=True, slots=True)
class AccessOutcome:
    """The roles after a call, as values and as a document, and whether it changed anything."""

    access: Access
    document: dict[str, Any]
    changed: bool


class AccessService:
    """The roles of one catalogue."""

    def __init__(self, catalogue: Catalogue, *, principal: Principal = TRUSTED) -> None:
        self.catalogue = catalogue
        self._principal = principal
        self.database = catalogue.database

    def current(self, name: str | None = None) -> AccessOutcome:
        """All roles, or the one of that name: its document is empty if there is none."""
        with self.database.reading() as connection:
            _, access = load(connection, self.database)
            tables = Tables(self.catalogue, connection)
            return AccessOutcome(access, _document(access.roles, name, tables), False)

    def change(
        self,
        make_roles: MakeRoles,
        *,
        name: str | None = None,
        precondition: Precondition = no_precondition,
        author: str | None = None,
        audit: Audit = no_audit,
    ) -> AccessOutcome:
        """Give the service other roles.

        :param name: the role whose document is wanted afterwards; None for all
        :raises Invalid: the document's faults
        :raises Busy: the lock was not free in time
        """

        def run(connection: sa.Connection, deadline: float) -> AccessOutcome:
            access_changes.hold(connection, self.database, deadline - time.monotonic())
            self.catalogue.store.lock_state(connection)
            _, before = load(connection, self.database)
            self._principal.prove(connection)
            precondition(before)
            tables = Tables(self.catalogue, connection)
            roles = make_roles(before, tables)
            state, access = write_roles(connection, self.catalogue, before, roles, author=author, audit=audit)
            return AccessOutcome(access, _document(access.roles, name, tables), state is not None)

        with timed_change(is_of_access=True):
            return Executor(self.catalogue, self._principal).transaction(run)

    def plan(self, make_roles: MakeRoles, *, precondition: Precondition = no_precondition) -> list[dict[str, Any]]:
        """What :meth:`change` would open and close."""
        with self.database.reading() as connection:
            _, before = load(connection, self.database)
            precondition(before)
            tables = Tables(self.catalogue, connection)
            return differences(before.roles, make_roles(before, tables), tables, tables)


def _document(roles: Mapping[str, Role], name: str | None, tables: Tables) -> dict[str, Any]:
    if name is None:
        return roles_document(roles, tables)
    return role_document(roles[name], tables) if name in roles else {}
