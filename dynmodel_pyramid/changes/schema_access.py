"""The member ``access`` of a document of the whole schema: the document of roles and grants."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dynmodel_pyramid.access.differences import differences
from dynmodel_pyramid.access.document_reading import read_roles
from dynmodel_pyramid.access.document_writing import roles_document
from dynmodel_pyramid.access.grants import Access, Role
from dynmodel_pyramid.access.store import changed_roles
from dynmodel_pyramid.access.tables import Tables
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes.access_change import AccessChange, Audit, no_audit
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.patching import merge

#: Refuses a document whose roles differ, and any patch of roles, for a caller who may not change them.
Allow = Callable[[], None]


def allow_all() -> None:
    """The permission of a caller who may change roles."""


def access_of(
    document: Any, *, patch: bool, allow: Allow, author: str | None = None, audit: Audit = no_audit
) -> AccessChange | None:
    """The change of roles in a document; None: it leaves them alone."""
    if type(document) is not dict or "access" not in document:
        return None
    member = document["access"]
    if patch:
        # A patch of a part that changes nothing would tell what the part is.
        allow()

    def make_roles(before: Access, tables: Tables) -> Mapping[str, Role]:
        wanted = merge(roles_document(before.roles, tables), member) if patch else member
        roles: dict[str, Role] = read_roles(wanted, before.roles, tables, "/access")
        if patch:
            # Roles that the patch does not name stay as they are, and are looked at for what they name.
            roles |= {name: role for name, role in before.roles.items() if name not in patched}
        if changed_roles(before.roles, roles):
            allow()
        return roles

    named = member.get("roles") if type(member) is dict else None
    patched = frozenset(named) if type(named) is dict else frozenset()
    return AccessChange(make_roles, patched if patch else None, author, audit)


class AccessPlan:
    """Notes, while a plan is made, what a change of roles opens and closes."""

    def __init__(self, change: AccessChange, tables_before: Callable[[], Tables]) -> None:
        self.found: list[dict[str, Any]] = []
        self._change, self._tables_before = change, tables_before

    def change(self) -> AccessChange:
        def make_roles(before: Access, tables: Tables) -> Mapping[str, Role]:
            roles = self._change.make_roles(before, tables)
            self.found = differences(before.roles, roles, self._tables_before(), tables)
            return roles

        return AccessChange(make_roles, self._change.replaced)


def written(access: Access, definitions: Iterable[TableDefinition], catalogue: Catalogue) -> dict[str, Any] | None:
    """The document of the roles; None if there are none."""
    if not access.roles:
        return None
    return roles_document(access.roles, in_memory(definitions, catalogue))


def canonical(member: Any, definitions: Iterable[TableDefinition], catalogue: Catalogue) -> dict[str, Any]:
    """A document of roles in the form that :func:`written` has.

    :raises Invalid: the document's faults
    """
    tables = in_memory(definitions, catalogue)
    return roles_document(read_roles(member, {}, tables, "/access"), tables)


def in_memory(definitions: Iterable[TableDefinition], catalogue: Catalogue) -> Tables:
    """These tables, and no others."""
    return Tables(catalogue, None, {definition.id: definition for definition in definitions})
