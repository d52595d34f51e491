"""A secret -> the identity that it proves, through a cache.

An entry of the cache is valid for one access stamp, because roles and claims are the user's. The row of the credential
itself is read again by the proof of each answer, so an entry of a revoked token costs at most one attempt.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from dynmodel_pyramid.access.accounts.secrets import digest, is_session, is_token
from dynmodel_pyramid.access.accounts.sessions import Sessions
from dynmodel_pyramid.access.accounts.tokens import narrowing_of
from dynmodel_pyramid.access.accounts.usage import Usage
from dynmodel_pyramid.access.identity import AUTHENTICATED, EVERYONE, Credential, Identity
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions.store import aware

Kind = Literal["token", "session"]
#: Identities that one process keeps.
MOST = 10_000
#: Seconds after which another use of a token is noted.
RENEWAL = 60.0


@dataclass(slots=True)
class _Entry:
    """
    :param used: the time of the last use that was noted
    """

    identity: Identity
    used: float


class Recogniser:
    """The identities of one database that a process has seen."""

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self.database = database
        self.usage = Usage(database)
        self._sessions = sessions
        self._lock = threading.Lock()
        self._stamp: str | None = None
        self._known: OrderedDict[tuple[Kind, str], _Entry] = OrderedDict()

    def found(self, kind: Kind, secret: str, stamp: str) -> Identity | None:
        """The identity that a secret proves; None: there is none, or it has expired, or its user is disabled.

        It reads in a transaction of its own, if it has to. Call it before the attempt reads anything.

        :param stamp: the access stamp that the attempt proves afterwards
        """
        if not (is_token if kind == "token" else is_session)(secret):
            return None
        key = kind, digest(secret)
        with self._lock:
            if stamp != self._stamp:
                self._known.clear()
                self._stamp = stamp
            entry = self._known.get(key)
            if entry is not None:
                self._known.move_to_end(key)
        if entry is None or _has_expired(entry.identity):
            entry = self._read(key)
            with self._lock:
                self._known.pop(key, None)
                if entry is not None and stamp == self._stamp:
                    self._known[key] = entry
                    if len(self._known) > MOST:
                        self._known.popitem(last=False)
        if entry is None:
            return None
        self._note_use(kind, entry)
        return entry.identity

    def forget(self, credential: Credential) -> None:
        """A credential's row is gone: the next attempt looks for it."""
        with self._lock:
            for key in [key for key, entry in self._known.items() if entry.identity.credential == credential]:
                del self._known[key]

    def _note_use(self, kind: Kind, entry: _Entry) -> None:
        moment = time.time()
        if moment - entry.used >= (RENEWAL if kind == "token" else self._sessions.renewal):
            entry.used = moment
            assert entry.identity.credential is not None
            self.usage.note(entry.identity.credential)

    def _read(self, key: tuple[Kind, str]) -> _Entry | None:
        kind, wanted = key
        with self.database.reading() as connection:
            entry = (self._token if kind == "token" else self._session)(connection, wanted)
        return None if entry is None or _has_expired(entry.identity) else entry

    def _token(self, connection: sa.Connection, wanted: str) -> _Entry | None:
        token, user = self.database.system.access.token, self.database.system.access.user
        of_token = (token.c[name].label(f"token_{name}") for name in ("id", "name", "user_id", "roles"))
        columns = (*of_token, token.c.narrowing, token.c.expires_at, token.c.last_used_at)
        query = sa.select(*columns, user).outerjoin(user, token.c.user_id == user.c.id).where(token.c.digest == wanted)
        row = connection.execute(query).one_or_none()
        if row is None or (row.token_user_id is not None and (row.id is None or row.disabled)):
            return None
        expires = None if row.expires_at is None else aware(row.expires_at).timestamp()
        credential = Credential("token", row.token_id, expires)
        used = 0.0 if row.last_used_at is None else aware(row.last_used_at).timestamp()
        narrowing = narrowing_of(row.narrowing)
        if row.token_user_id is None:
            identity = Identity(
                "token",
                f"token:{row.token_id}",
                row.token_name,
                roles=_roles(row.token_roles),
                narrowing=narrowing,
                credential=credential,
            )
        else:
            roles = _roles(set(row.token_roles) & set(row.roles))
            identity = Identity(
                "token", f"user:{row.id}", row.name, row.email, roles, row.claims, narrowing, credential
            )
        return _Entry(identity, used)

    def _session(self, connection: sa.Connection, wanted: str) -> _Entry | None:
        session, user = self.database.system.access.session, self.database.system.access.user
        columns = (session.c.id.label("session_id"), session.c.seen_at, session.c.expires_at)
        query = sa.select(*columns, user).join(user, session.c.user_id == user.c.id).where(session.c.digest == wanted)
        row = connection.execute(query).one_or_none()
        if row is None or row.disabled:
            return None
        expires = self._sessions.end_of(row.seen_at, row.expires_at).timestamp()
        credential = Credential("session", row.session_id, expires)
        identity = Identity(
            "user", f"user:{row.id}", row.name, row.email, _roles(row.roles), row.claims, credential=credential
        )
        return _Entry(identity, aware(row.seen_at).timestamp())


def _roles(named: Any) -> frozenset[str]:
    return frozenset({EVERYONE, AUTHENTICATED, *named})


def _has_expired(identity: Identity) -> bool:
    credential = identity.credential
    return credential is not None and credential.expires is not None and credential.expires <= time.time()
