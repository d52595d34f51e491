"""Rows of tokens, sessions and users -> identities.

A disabled user is nobody, whatever he comes with. Whether a credential has expired is for the caller to see.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.accounts.sessions import Sessions
from dynmodel_pyramid.access.accounts.tokens import narrowing_of
from dynmodel_pyramid.access.identity import AUTHENTICATED, EVERYONE, Credential, Identity
from dynmodel_pyramid.database.access_tables import AccessTables
from dynmodel_pyramid.definitions.store import aware

#: An identity, and when its credential was last used (``time.time``).
Used = tuple[Identity, float]


def of_token(connection: sa.Connection, tables: AccessTables, condition: sa.ColumnElement[bool]) -> Used | None:
    """Of the token that the condition finds. A user's token has those of its roles that the user has now."""
    token, user = tables.token, tables.user
    own = (token.c[name].label(f"token_{name}") for name in ("id", "name", "user_id", "roles"))
    columns = (*own, token.c.narrowing, token.c.expires_at, token.c.last_used_at)
    query = sa.select(*columns, user).outerjoin(user, token.c.user_id == user.c.id).where(condition)
    row = connection.execute(query).one_or_none()
    if row is None or (row.token_user_id is not None and (row.id is None or row.disabled)):
        return None
    expires = None if row.expires_at is None else aware(row.expires_at).timestamp()
    credential = Credential("token", row.token_id, expires)
    used = 0.0 if row.last_used_at is None else aware(row.last_used_at).timestamp()
    narrowing, roles = narrowing_of(row.narrowing), _roles(row.token_roles)
    if row.token_user_id is None:
        id = f"token:{row.token_id}"
        return Identity("token", id, row.token_name, roles=roles, narrowing=narrowing, credential=credential), used
    roles &= _roles(row.roles)
    return Identity("token", f"user:{row.id}", row.name, row.email, roles, row.claims, narrowing, credential), used


def of_session(
    connection: sa.Connection, tables: AccessTables, sessions: Sessions, condition: sa.ColumnElement[bool]
) -> Used | None:
    """Of the session that the condition finds."""
    session, user = tables.session, tables.user
    columns = (session.c.id.label("session_id"), session.c.seen_at, session.c.expires_at)
    query = sa.select(*columns, user).join(user, session.c.user_id == user.c.id).where(condition)
    row = connection.execute(query).one_or_none()
    if row is None or row.disabled:
        return None
    expires = sessions.end_of(row.seen_at, row.expires_at).timestamp()
    return _of_user(row, Credential("session", row.session_id, expires)), aware(row.seen_at).timestamp()


def of_user(connection: sa.Connection, tables: AccessTables, number: int) -> Identity | None:
    """Of a user, without a credential; None also if he is disabled."""
    row = connection.execute(sa.select(tables.user).where(tables.user.c.id == number)).one_or_none()
    return None if row is None or row.disabled else _of_user(row, None)


def _of_user(row: Any, credential: Credential | None) -> Identity:
    return Identity("user", f"user:{row.id}", row.name, row.email, _roles(row.roles), row.claims, credential=credential)


def _roles(named: Iterable[str]) -> frozenset[str]:
    return frozenset({EVERYONE, AUTHENTICATED, *named})
