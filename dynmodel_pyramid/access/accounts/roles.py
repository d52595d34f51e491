"""Which roles exist: those that are defined, and the built-in ones."""

from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.identity import BUILT_IN_ROLES
from dynmodel_pyramid.database.access_tables import AccessTables
from dynmodel_pyramid.definitions.problems import Problems

#: Roles of one user or token.
MOST = 100


def existing_roles(connection: sa.Connection, tables: AccessTables) -> frozenset[str]:
    return BUILT_IN_ROLES.union(connection.scalars(sa.select(tables.role.c.name)))


def read_roles(value: Any, pointer: str, existing: frozenset[str] | None, problems: Problems) -> tuple[str, ...]:
    """The roles in a document, sorted, each once.

    :param existing: None if the client may not know which roles exist
    """
    if type(value) is not list or any(type(name) is not str for name in value):
        problems.add(pointer, "wrong_type", "want an array of names of roles")
        return ()
    if len(value) > MOST:
        problems.add(pointer, "too_many_items", f"want at most {MOST} roles")
        return ()
    for number, name in enumerate(value):
        if existing is not None and name not in existing:
            problems.add(f"{pointer}/{number}", "unknown_role", f"there is no role {name[:100]!r}")
    return tuple(sorted(set(value)))
