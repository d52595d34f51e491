"""A field that is restored from old values of another one inherits the mentions of its origin in lists of fields.

Else ``["*", "-salary"]`` would show the old salaries under their new name.
"""

from collections.abc import Mapping
from dataclasses import replace

from dynmodel_pyramid.access.grants import ACTIONS, Fields, Grant, Role, TableGrants


def inheriting(roles: Mapping[str, Role], table_id: int, origin: int, field_id: int) -> dict[str, Role]:
    """The roles, with a new field wherever they list its origin."""
    return {
        name: role
        if table_id not in role.tables
        else replace(role, tables={**role.tables, table_id: _table(role.tables[table_id], origin, field_id)})
        for name, role in roles.items()
    }


def _table(grants: TableGrants, origin: int, field_id: int) -> TableGrants:
    return TableGrants(
        **{action: tuple(_grant(grant, origin, field_id) for grant in grants.of(action)) for action in ACTIONS}
    )


def _grant(grant: Grant, origin: int, field_id: int) -> Grant:
    fields: Fields = grant.fields
    named = fields.named | {field_id} if origin in fields.named else fields.named
    without = fields.without | {field_id} if origin in fields.without else fields.without
    return replace(grant, fields=replace(fields, named=named, without=without))
