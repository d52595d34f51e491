"""Users: names, passwords, roles and claims (``_dynmodel_user``)."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access import changes
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.store import aware, now
from dynmodel_pyramid.errors import Conflict
from dynmodel_pyramid.fields.schema import UNSTORABLE

#: The values that grants depend on: a change of one renews the access stamp.
PROVEN = frozenset({"name", "email", "roles", "claims", "disabled"})


@dataclass(frozen=True, slots=True)
class User:
    """
    :param password: its hash; None: no password signs in
    """

    id: int
    version: int
    name: str
    email: str | None
    roles: tuple[str, ...]
    claims: Mapping[str, Any]
    password: str | None = field(repr=False)
    disabled: bool
    created_at: datetime.datetime
    password_changed_at: datetime.datetime | None

    @property
    def identity_id(self) -> str:
        return f"user:{self.id}"


class Users:
    """The users of one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.tables = database.system.access
        self.table = self.tables.user

    def by_id(self, connection: sa.Connection, number: int, *, lock: bool = False) -> User | None:
        """:param lock: keep others from changing him until the transaction ends"""
        query = sa.select(self.table).where(self.table.c.id == number)
        return self._one(connection, query.with_for_update() if lock else query)

    def by_name(self, connection: sa.Connection, name: str) -> User | None:
        if UNSTORABLE.search(name):
            return None
        return self._one(connection, sa.select(self.table).where(self.table.c.name_key == name_key(name)))

    def page(self, connection: sa.Connection, limit: int, offset: int = 0) -> list[User]:
        query = sa.select(self.table).order_by(self.table.c.id).limit(limit).offset(offset)
        return [_user(row) for row in connection.execute(query)]

    def create(
        self,
        connection: sa.Connection,
        *,
        name: str,
        email: str | None = None,
        roles: tuple[str, ...] = (),
        claims: Mapping[str, Any] = {},
        password: str | None = None,
        disabled: bool = False,
    ) -> User:
        """
        :param password: its hash
        :raises Conflict: the name is taken
        """
        self._refuse_taken(connection, name, None)
        moment = now()
        values = {
            "version": 1,
            "name": name,
            "name_key": name_key(name),
            "email": email,
            "roles": list(roles),
            "claims": dict(claims),
            "password": password,
            "disabled": disabled,
            "created_at": moment,
            "password_changed_at": None if password is None else moment,
        }
        number = connection.execute(sa.insert(self.table).values(values).returning(self.table.c.id)).scalar_one()
        del values["name_key"]
        return User(**{**values, "id": number, "roles": roles})

    def change(self, connection: sa.Connection, user: User, values: Mapping[str, Any], author: str | None) -> User:
        """Give a user other values (of :data:`PROVEN`), and renew the access stamp.

        :raises Conflict: the name is taken
        """
        different = {name: value for name, value in values.items() if getattr(user, name) != value}
        if not different:
            return user
        if "name" in different:
            self._refuse_taken(connection, different["name"], user.id)
        changes.hold(connection, self.database)
        stored = {**different, "version": user.version + 1}
        if "name" in different:
            stored["name_key"] = name_key(different["name"])
        if "roles" in different:
            stored["roles"] = list(different["roles"])
        connection.execute(sa.update(self.table).where(self.table.c.id == user.id).values(stored))
        if different.get("disabled"):
            self.end_sessions(connection, user.id)
        changes.record(connection, self.database, user.identity_id, author)
        return User(**{**_values(user), **different, "version": user.version + 1})

    def set_password(self, connection: sa.Connection, user: User, password: str | None) -> None:
        """Store a hash, and end all sessions."""
        changes.hold(connection, self.database)
        values = {"password": password, "password_changed_at": now(), "version": self.table.c.version + 1}
        connection.execute(sa.update(self.table).where(self.table.c.id == user.id).values(values))
        self.end_sessions(connection, user.id)

    def rehash(self, connection: sa.Connection, user: User, password: str) -> None:
        """Store another hash of the same password."""
        same = (self.table.c.id == user.id) & (self.table.c.password == user.password)
        connection.execute(sa.update(self.table).where(same).values(password=password))

    def delete(self, connection: sa.Connection, user: User, author: str | None) -> None:
        """Delete a user with his tokens, sessions and logins."""
        changes.hold(connection, self.database)
        for table in (self.tables.token, self.tables.login):
            connection.execute(sa.delete(table).where(table.c.user_id == user.id))
        self.end_sessions(connection, user.id)
        connection.execute(sa.delete(self.table).where(self.table.c.id == user.id))
        changes.record(connection, self.database, user.identity_id, author)

    def end_sessions(self, connection: sa.Connection, number: int) -> None:
        """End all sessions of a user."""
        session = self.tables.session
        connection.execute(sa.delete(session).where(session.c.user_id == number))

    def exist(self, connection: sa.Connection) -> bool:
        """Whether there is a user."""
        return connection.scalar(sa.select(self.table.c.id).limit(1)) is not None

    def _one(self, connection: sa.Connection, query: sa.Select[*tuple[Any, ...]]) -> User | None:
        row = connection.execute(query).one_or_none()
        return None if row is None else _user(row)

    def _refuse_taken(self, connection: sa.Connection, name: str, number: int | None) -> None:
        other = connection.scalar(sa.select(self.table.c.id).where(self.table.c.name_key == name_key(name)))
        if other is not None and other != number:
            raise Conflict(
                f"there is another user {name!r}; upper and lower case count the same",
                code="name_taken",
                hint="choose another name",
            )


def _values(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in User.__slots__}


def _user(row: sa.Row[*tuple[Any, ...]]) -> User:
    return User(
        row.id,
        row.version,
        row.name,
        row.email,
        tuple(row.roles),
        row.claims,
        row.password,
        row.disabled,
        aware(row.created_at),
        None if row.password_changed_at is None else aware(row.password_changed_at),
    )
