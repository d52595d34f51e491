"""A secret -> the identity that it proves, through a cache.

An entry of the cache is valid for one access stamp, because roles and claims are the user's. The row of the credential
itself is read again by the proof of each answer, so an entry of a revoked token costs at most one attempt.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from dynmodel_pyramid.access.accounts.identities import of_session, of_token
from dynmodel_pyramid.access.accounts.secrets import digest, is_session, is_token
from dynmodel_pyramid.access.accounts.sessions import Sessions
from dynmodel_pyramid.access.accounts.usage import Usage
from dynmodel_pyramid.access.identity import Credential, Identity
from dynmodel_pyramid.database import Database

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
        key = kind, digest(secret)
        with self._lock:
            if stamp != self._stamp:
                self._known.clear()
                self._stamp = stamp
            entry = self._known.get(key)
            if entry is not None:
                self._known.move_to_end(key)
        if entry is None or _has_expired(entry.identity):
            # Looked at only here: what is known was one.
            if not (is_token if kind == "token" else is_session)(secret):
                return None
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
        tables = self.database.system.access
        with self.database.reading() as connection:
            if kind == "token":
                used = of_token(connection, tables, tables.token.c.digest == wanted)
            else:
                used = of_session(connection, tables, self._sessions, tables.session.c.digest == wanted)
        return None if used is None or _has_expired(used[0]) else _Entry(*used)


def _has_expired(identity: Identity) -> bool:
    credential = identity.credential
    return credential is not None and credential.expires is not None and credential.expires <= time.time()
