"""The system table of roles: load and save them.

All functions take a connection inside a transaction; none begins or ends one.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.conditions import Condition, Placeholder
from dynmodel_pyramid.access.grants import ACTIONS, Access, Action, Fields, Grant, Role, TableGrants
from dynmodel_pyramid.database import Database, State
from dynmodel_pyramid.errors import TooLarge

#: The key of ``*`` among a role's tables.
EVERY_TABLE = "*"


def load(connection: sa.Connection, database: Database) -> tuple[State, Access]:
    """The state and all roles: one statement, so that both belong to one moment on every isolation level."""
    state, role = database.system.state.c, database.system.access.role.c
    query = (
        sa.select(state.definitions, state.access, state.stamp, state.access_stamp, role.name, role.document)
        .select_from(database.system.state.outerjoin(database.system.access.role, sa.true()))
        .where(state.id == 1)
        .order_by(role.name)
    )
    rows = connection.execute(query).all()
    now = State(*rows[0][:4])
    roles = {row[4]: role_from_stored(row[4], row[5]) for row in rows if row[4] is not None}
    return now, Access(roles, now.access, now.access_stamp)


def save(connection: sa.Connection, database: Database, before: Access, after: Mapping[str, Role]) -> bool:
    """Store the roles that differ; -> whether any did.

    :raises TooLarge: together they are more than ``dynmodel.max_document_size``
    """
    table = database.system.access.role
    changed = changed_roles(before.roles, after)
    if changed:
        _refuse_too_large(after, database.settings.max_document_size)
        connection.execute(sa.delete(table).where(table.c.name.in_(changed)))
        rows = [{"name": name, "document": role_to_stored(after[name])} for name in changed if name in after]
        if rows:
            connection.execute(sa.insert(table), rows)
    return bool(changed)


def same_grants(before: Iterable[Grant], after: Iterable[Grant]) -> bool:
    one, other = ([_grant_to_stored(grant) for grant in grants] for grants in (before, after))
    return _text(one) == _text(other)


def _refuse_too_large(roles: Mapping[str, Role], most: int) -> None:
    if sum(len(_text(role_to_stored(role))) for role in roles.values()) > most:
        raise TooLarge(
            f"the roles together have more than {most} bytes", hint="raise dynmodel.max_document_size, or grant less"
        )


def changed_roles(before: Mapping[str, Role], after: Mapping[str, Role]) -> list[str]:
    """The names of the roles that differ."""
    old, new = ({name: _text(role_to_stored(role)) for name, role in roles.items()} for roles in (before, after))
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


def _text(document: Any) -> str:
    """Compared as JSON: to Python 1 and true are equal."""
    return json.dumps(document, sort_keys=True)


def role_to_stored(role: Role) -> dict[str, Any]:
    tables = {
        EVERY_TABLE if table_id is None else str(table_id): {
            action: [_grant_to_stored(grant) for grant in grants.of(action)] for action in ACTIONS if grants.of(action)
        }
        for table_id, grants in role.tables.items()
    }
    return {
        "label": role.label,
        "description": role.description,
        "definitions": role.definitions,
        "tables": tables,
    }


def role_from_stored(name: str, document: Mapping[str, Any]) -> Role:
    tables: dict[int | None, TableGrants] = {}
    for key, actions in document["tables"].items():
        grants: dict[Action, tuple[Grant, ...]] = {
            action: tuple(_grant_from_stored(name, number, grant) for number, grant in enumerate(actions[action]))
            for action in ACTIONS
            if action in actions
        }
        tables[None if key == EVERY_TABLE else int(key)] = TableGrants(**grants)
    return Role(name, document["label"], document["description"], tables, document["definitions"])


def _grant_to_stored(grant: Grant) -> dict[str, Any]:
    fields = grant.fields
    return {
        "fields": {
            "every": fields.every,
            "named": sorted(fields.named),
            "without": sorted(fields.without),
            "row_id": fields.row_id,
        },
        "rows": None if grant.rows is None else grant.rows.to_stored(),
        "check": None if grant.check is None else grant.check.to_stored(),
        "preset": [
            [number, {"placeholder": value.name} if isinstance(value, Placeholder) else {"value": value}]
            for number, value in grant.preset
        ],
    }


def _grant_from_stored(role: str, number: int, stored: Mapping[str, Any]) -> Grant:
    fields = stored["fields"]
    rows, check = (None if stored[key] is None else Condition.from_stored(stored[key]) for key in ("rows", "check"))
    preset = tuple(
        (field_id, Placeholder(value["placeholder"]) if "placeholder" in value else value["value"])
        for field_id, value in stored["preset"]
    )
    of = Fields(fields["every"], frozenset(fields["named"]), frozenset(fields["without"]), fields["row_id"])
    return Grant(role, number, of, rows, check, preset)
