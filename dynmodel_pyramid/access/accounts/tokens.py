"""Tokens (``_dynmodel_token``): each is a secret with roles, for a program or a user."""

import datetime
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access import changes
from dynmodel_pyramid.access.accounts.secrets import digest, new_token
from dynmodel_pyramid.access.identity import Narrowing
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions.store import aware, now


@dataclass(frozen=True, slots=True)
class Token:
    """
    :param user_id: whose it is; None: it belongs to nobody, and is an identity of its own
    """

    id: int
    name: str
    user_id: int | None
    roles: tuple[str, ...]
    narrowing: Narrowing
    created_at: datetime.datetime
    created_by: str | None
    expires_at: datetime.datetime | None
    last_used_at: datetime.datetime | None


class Tokens:
    """The tokens of one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.table = database.system.access.token

    def create(
        self,
        connection: sa.Connection,
        *,
        name: str,
        roles: tuple[str, ...],
        user_id: int | None = None,
        narrowing: Narrowing = Narrowing(),
        expires_at: datetime.datetime | None = None,
        author: str | None = None,
    ) -> tuple[Token, str]:
        """Make a token; -> it, and its secret, which is stored nowhere."""
        secret = new_token()
        values = {
            "digest": digest(secret),
            "name": name,
            "user_id": user_id,
            "roles": list(roles),
            "narrowing": narrowing_document(narrowing),
            "created_at": now(),
            "created_by": author,
            "expires_at": expires_at,
        }
        statement = sa.insert(self.table).values(values).returning(self.table)
        return token_of(connection.execute(statement).one()), secret

    def by_id(self, connection: sa.Connection, number: int) -> Token | None:
        row = connection.execute(sa.select(self.table).where(self.table.c.id == number)).one_or_none()
        return None if row is None else token_of(row)

    def page(
        self, connection: sa.Connection, limit: int, offset: int = 0, *, user_id: int | None = None
    ) -> list[Token]:
        """:param user_id: only this user's"""
        query = sa.select(self.table).order_by(self.table.c.id).limit(limit).offset(offset)
        if user_id is not None:
            query = query.where(self.table.c.user_id == user_id)
        return [token_of(row) for row in connection.execute(query)]

    def count(self, connection: sa.Connection, user_id: int) -> int:
        """How many tokens a user has."""
        query = sa.select(sa.func.count()).select_from(self.table).where(self.table.c.user_id == user_id)
        return connection.scalar(query) or 0

    def revoke(self, connection: sa.Connection, number: int) -> bool:
        """Delete a token; -> whether there was one. No write that it was proven for commits afterwards."""
        changes.hold(connection, self.database)
        return bool(connection.execute(sa.delete(self.table).where(self.table.c.id == number)).rowcount)

    def tidy(self, connection: sa.Connection) -> None:
        """Delete the tokens that expired ``dynmodel.trash_days`` ago."""
        days = self.database.settings.trash_days
        if days:
            old = self.table.c.expires_at < now() - datetime.timedelta(days=days)
            connection.execute(sa.delete(self.table).where(old))

    def exist(self, connection: sa.Connection) -> bool:
        """Whether there is a token."""
        return connection.scalar(sa.select(self.table.c.id).limit(1)) is not None


def narrowing_document(narrowing: Narrowing) -> dict[str, Any]:
    tables = None if narrowing.tables is None else sorted(narrowing.tables)
    return {"tables": tables, "read_only": narrowing.read_only}


def narrowing_of(document: dict[str, Any]) -> Narrowing:
    tables = document["tables"]
    return Narrowing(None if tables is None else frozenset(tables), document["read_only"])


def token_of(row: Any) -> Token:
    return Token(
        row.id,
        row.name,
        row.user_id,
        tuple(row.roles),
        narrowing_of(row.narrowing),
        aware(row.created_at),
        row.created_by,
        None if row.expires_at is None else aware(row.expires_at),
        None if row.last_used_at is None else aware(row.last_used_at),
    )
