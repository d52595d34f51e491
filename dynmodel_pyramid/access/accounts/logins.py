"""Users by their account at an OpenID provider (``_dynmodel_login``).

An account is known by issuer and subject. E-mail addresses and names are not looked at: a provider may let people
choose them, or give them to somebody else later (OpenID Connect Core, 5.7).
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.accounts.accounts import Accounts
from dynmodel_pyramid.access.accounts.audit import Origin
from dynmodel_pyramid.access.accounts.user_documents import MOST_EMAIL, MOST_NAME
from dynmodel_pyramid.access.accounts.users import User
from dynmodel_pyramid.access.oidc import SignInFailed
from dynmodel_pyramid.definitions.store import now

#: Attempts to make a user while others take his name, or sign in with the same account.
ATTEMPTS = 3


class Logins:
    """The accounts at one issuer, and their users."""

    def __init__(self, accounts: Accounts, issuer: str) -> None:
        self._accounts, self._issuer = accounts, issuer
        self._table = accounts.tables.login
        self._settings = accounts.database.settings

    def sign_in(self, claims: Mapping[str, Any], origin: Origin) -> tuple[User, str]:
        """Begin a session in a transaction of its own; -> its user, and its secret.

        :raises SignInFailed: nobody is known by this account, or its user is disabled
        """
        attempt = 1
        while True:
            try:
                with self._accounts.database.writer.begin() as connection:
                    return self._sign_in(connection, claims, origin)
            except SignInFailed:
                with self._accounts.database.writer.begin() as connection:
                    self._accounts.audit.refused(connection, origin)
                raise
            except sa.exc.IntegrityError:
                if attempt == ATTEMPTS:
                    raise
                attempt += 1

    def _sign_in(self, connection: sa.Connection, claims: Mapping[str, Any], origin: Origin) -> tuple[User, str]:
        accounts = self._accounts
        user = self._user(connection, claims["sub"])
        if user is None:
            if not self._settings.oidc_create_users:
                raise SignInFailed("no user is known by this account; an administrator can allow new ones")
            user = self._create(connection, claims, origin)
        if user.disabled:
            raise SignInFailed("the user of this account is disabled")
        secret = accounts.sessions.begin(connection, user.id, origin.address)
        known = replace(origin, identity=user.identity_id)
        accounts.audit.note(connection, "signed_in", known, issuer=self._issuer)
        return user, secret

    def _user(self, connection: sa.Connection, subject: str) -> User | None:
        table = self._table
        same = (table.c.issuer == self._issuer) & (table.c.subject == subject)
        user_id = connection.scalar(sa.select(table.c.user_id).where(same))
        return None if user_id is None else self._accounts.users.by_id(connection, user_id, lock=True)

    def _create(self, connection: sa.Connection, claims: Mapping[str, Any], origin: Origin) -> User:
        users = self._accounts.users
        email = claims.get("email")
        is_good = isinstance(email, str) and claims.get("email_verified") is True and len(email) <= MOST_EMAIL
        name = free_name(
            claims.get(self._settings.oidc_name_claim) or claims.get("name") or email,
            lambda name: users.by_name(connection, name) is not None,
        )
        user = users.create(
            connection,
            name=name,
            email=email if is_good and isinstance(email, str) and email.isprintable() else None,
            roles=tuple(sorted(set(self._settings.oidc_roles))),
        )
        values = {"issuer": self._issuer, "subject": claims["sub"], "user_id": user.id, "created_at": now()}
        connection.execute(sa.insert(self._table).values(values))
        self._accounts.audit.note(connection, "user_created", origin, user=user.identity_id, issuer=self._issuer)
        return user


def free_name(wanted: Any, is_taken: Callable[[str], bool]) -> str:
    """A name that nobody has: the wanted one, or that with a number behind it."""
    text = wanted if isinstance(wanted, str) else ""
    # Room for the number, and for letters that become several when their case is folded.
    name = "".join(letter for letter in text if letter.isprintable())[: MOST_NAME // 4].strip() or "user"
    for found in (name, *(f"{name}-{number}" for number in range(2, 12))):
        if not is_taken(found):
            return found
    return f"{name}-{secrets.token_hex(4)}"
