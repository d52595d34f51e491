"""The wanted change of roles and grants, and how it is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access import changes as access_changes
from dynmodel_pyramid.access.grants import Access, Role
from dynmodel_pyramid.access.store import changed_roles, load, save
from dynmodel_pyramid.access.tables import Tables
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.database import State

#: The roles before, and the tables -> the wanted roles.
MakeRoles = Callable[[Access, Tables], Mapping[str, Role]]
#: Writes the audit of a change, inside its transaction; its detail is JSON.
Audit = Callable[[sa.Connection, dict[str, Any]], None]


def no_audit(connection: sa.Connection, detail: dict[str, Any]) -> None:
    """The audit of a caller without one."""


@dataclass(frozen=True, slots=True)
class AccessChange:
    """A change of roles in the transaction of a change of definitions.

    :param make_roles: gets the roles before, and the tables as they are afterwards
    :param replaced: the names of roles that it reads anew, so that they can't name what the change of definitions takes
        away; None for all
    """

    make_roles: MakeRoles
    replaced: frozenset[str] | None
    author: str | None = None
    audit: Audit = no_audit

    def apply(self, connection: sa.Connection, catalogue: Catalogue) -> tuple[State | None, Access]:
        """-> the state afterwards, None if nothing differs; and the roles. The caller holds access and the state."""
        _, before = load(connection, catalogue.database)
        roles = self.make_roles(before, Tables(catalogue, connection))
        return write_roles(connection, catalogue, before, roles, author=self.author, audit=self.audit)


def write_roles(
    connection: sa.Connection,
    catalogue: Catalogue,
    before: Access,
    roles: Mapping[str, Role],
    *,
    author: str | None,
    audit: Audit,
) -> tuple[State | None, Access]:
    """Store the roles and record the change, if any differs. The caller holds access and the state's row."""
    if not save(connection, catalogue.database, before, roles):
        return None, before
    state = access_changes.record(connection, catalogue.database, access_changes.GRANTS, author)
    audit(connection, {"revision": state.access, "roles": changed_roles(before.roles, roles)[:100]})
    return state, Access(roles, state.access, state.access_stamp)
