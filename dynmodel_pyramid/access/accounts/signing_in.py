"""A name and a password -> a session.

Each step is a short transaction of its own, so that no transaction is open while a password is hashed. The answer is
the same, and one hash is computed, whether there is such a user or not, with a password or without, disabled or not.
"""

import secrets
from collections.abc import Callable
from dataclasses import replace

import sqlalchemy as sa

from dynmodel_pyramid.access.accounts.audit import Audit, Origin
from dynmodel_pyramid.access.accounts.failures import TIDIES, Failures, network
from dynmodel_pyramid.access.accounts.passwords import Passwords
from dynmodel_pyramid.access.accounts.sessions import Sessions
from dynmodel_pyramid.access.accounts.users import User, Users
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.errors import Unauthenticated

#: Looks a user up.
FindUser = Callable[[sa.Connection], User | None]


class SigningIn:
    """The sign-ins of one database."""

    def __init__(
        self,
        database: Database,
        users: Users,
        sessions: Sessions,
        failures: Failures,
        passwords: Passwords,
        audit: Audit,
    ) -> None:
        self._database = database
        self._users = users
        self._sessions = sessions
        self._failures = failures
        self._passwords = passwords
        self._audit = audit

    def sign_in(self, name: str, password: str, origin: Origin) -> tuple[User, str]:
        """Begin a session; -> its user, and its secret.

        :raises TooManyRequests: too many sign-ins failed, or too many passwords are being checked
        :raises Unauthenticated: the name or the password is wrong, or the user is disabled
        """
        user = self.check(name, password, origin, lambda connection: self._users.by_name(connection, name))
        rehashed = self._rehashed(user, password)
        with self._database.writer.begin() as connection:
            current = self._users.by_id(connection, user.id, lock=True)
            if current is None or current.disabled or current.password != user.password:
                raise _wrong()
            if rehashed is not None:
                self._users.rehash(connection, user, rehashed)
            secret = self._sessions.begin(connection, user.id, origin.address)
            self._audit.note(connection, "signed_in", replace(origin, identity=user.identity_id))
        self._tidy()
        return user, secret

    def check(self, name: str, password: str, origin: Origin, find: FindUser) -> User:
        """The user, whose password it is; the limits of failed sign-ins hold.

        :raises TooManyRequests: as :meth:`sign_in`
        :raises Unauthenticated: as :meth:`sign_in`
        """
        with self._database.reading() as connection:
            self._failures.refuse(connection, name, origin.address)
            user = find(connection)
        stored = None if user is None or user.disabled else user.password
        # Whoever has no turn is refused before the attempt counts: nothing was learnt about the password.
        with self._passwords.turn(network(origin.address)) as verify:
            with self._database.writer.begin() as connection:
                wait = self._failures.count(connection, name, origin.address)
            if wait is not None:
                self._failures.refuse_until(wait)
            is_right = verify(stored, password)
        if not is_right or user is None:
            with self._database.writer.begin() as connection:
                self._audit.refused(connection, origin)
            raise _wrong()
        with self._database.writer.begin() as connection:
            self._failures.take_back(connection, name, origin.address)
        return user

    def _rehashed(self, user: User, password: str) -> str | None:
        if user.password is None or not self._passwords.is_outdated(user.password):
            return None
        return self._passwords.hash(password)

    def _tidy(self) -> None:
        """Now and then delete what is old."""
        if secrets.randbelow(TIDIES) == 0:
            for part in (self._failures, self._audit):
                with self._database.writer.begin() as connection:
                    part.tidy(connection)


def _wrong() -> Unauthenticated:
    return Unauthenticated(
        "the name or the password is wrong", code="invalid_credential", hint="an administrator can set a new password"
    )
