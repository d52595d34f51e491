"""Answers to requests with a key, for their repetitions (``_dynmodel_answer``).

The row of a key is written as the first statement of the transaction of the request's write, and gets the answer as the
last one. So it is there exactly if the write is, and a transaction with the same key waits for the first one: on
PostgreSQL at the primary key, on SQLite for the lock of writers.
"""

import datetime
import hashlib
import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NoReturn

import sqlalchemy as sa

from dynmodel_pyramid.access.caller import Caller
from dynmodel_pyramid.access.rights import rights_of
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.definitions.store import aware, now
from dynmodel_pyramid.errors import TooManyRequests

#: Rows that one step of cleaning deletes.
STEP = 500
#: Identities whose counts a process remembers.
_REMEMBERED = 1000
#: Seconds for which a refusal is remembered.
_TOLD = 5.0


@dataclass(frozen=True, slots=True)
class RequestKey:
    """The key of one request. All are SHA-256 in hexadecimal digits.

    :param digest: of the identity and the key
    :param owner: of the identity
    :param rights: of what the identity may do
    """

    digest: str
    owner: str
    rights: str


def request_key(caller: Caller, key: str) -> RequestKey:
    """The key of a request of a caller. An identity has its own keys, whatever credential it comes with."""
    identity = caller.identity
    owner = identity.kind if identity.id is None else f"id {identity.id}"
    return RequestKey(_digest(f"{owner}\0{key}"), _digest(owner), rights_of(caller))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """
    :param fingerprint: of the request that was answered
    :param rights: of its identity at that time
    :param headers: names and values
    """

    fingerprint: str
    rights: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(slots=True)
class _Room:
    """How many more answers, and bytes, of an identity this process takes before it counts again; or a refusal.

    :param refused: the seconds that the client has to wait, and until when (of ``time.monotonic``) that is told
    """

    answers: int
    size: int
    refused: tuple[int, float] | None = None


class KeptAnswers:
    """The answers of one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        settings = database.settings
        self.table = database.system.answer
        self._kept_for = datetime.timedelta(hours=settings.idempotency_hours)
        self._most, self._most_size = settings.max_kept_answers, settings.max_kept_answers_size
        self._rooms: OrderedDict[str, _Room] = OrderedDict()
        self._lock = threading.Lock()
        # Made once: to make a statement takes longer than to run it.
        self._claim = self._claiming()
        self._keep = sa.update(self.table).where(self.table.c.digest == sa.bindparam("key"))
        self._keep = self._keep.values({name: sa.bindparam(name) for name in ("status", "headers", "body", "size")})

    def _claiming(self) -> Any:
        table = self.table
        written = ("fingerprint", "rights", "kept_at", "size")
        statement = expressions_of(self.database.dialect.name).insert(table)
        statement = statement.values({name: sa.bindparam(name) for name in ("digest", "owner", *written)})
        anew = {name: statement.excluded[name] for name in written}
        return statement.on_conflict_do_update(
            index_elements=[table.c.digest],
            set_={**anew, **dict.fromkeys(("status", "headers", "body"), sa.null())},
            # A row that is too old counts as none.
            where=table.c.kept_at <= sa.bindparam("old", type_=table.c.kept_at.type),
        ).returning(table.c.digest)

    @property
    def _old(self) -> datetime.datetime:
        return now() - self._kept_for

    def claim(self, connection: sa.Connection, key: RequestKey, fingerprint: str) -> bool:
        """Begin a request, as the first statement of the transaction of its write; False: it was answered before.

        It waits for a transaction of the same key.

        :param fingerprint: the digest of the whole request
        :raises TooManyRequests: the identity has too many answers kept
        :raises sqlalchemy.exc.DBAPIError: of the kind ``busy``: the other transaction took too long
        """
        self._refuse_too_many(connection, key.owner)
        moment = now()
        values = {"digest": key.digest, "owner": key.owner, "fingerprint": fingerprint, "rights": key.rights, "size": 0}
        values |= {"kept_at": moment, "old": moment - self._kept_for}
        return connection.execute(self._claim, values).first() is not None

    def keep(
        self, connection: sa.Connection, key: RequestKey, status: int, headers: list[tuple[str, str]], body: bytes
    ) -> None:
        """Write the answer of a request that was begun, before the commit."""
        values = {"key": key.digest, "status": status, "headers": headers, "body": body, "size": len(body)}
        connection.execute(self._keep, values)
        with self._lock:
            room = self._rooms.get(key.owner)
            if room is not None:
                room.answers -= 1
                room.size -= len(body)

    def find(self, connection: sa.Connection, key: RequestKey) -> KeptAnswer | None:
        """The answer that is kept under a key."""
        table = self.table.c
        columns = (table.fingerprint, table.rights, table.status, table.headers, table.body)
        query = sa.select(*columns).where(table.digest == key.digest, table.kept_at > self._old)
        row = connection.execute(query).one_or_none()
        if row is None:
            return None
        headers = [(name, value) for name, value in row.headers or ()]
        return KeptAnswer(row.fingerprint, row.rights, row.status, headers, row.body or b"")

    def _refuse_too_many(self, connection: sa.Connection, owner: str) -> None:
        """Counting takes time, so it is done again only when an eighth of what was left is used: several processes
        pass the bounds by little.
        """
        with self._lock:
            room = self._rooms.get(owner)
        if room is not None and room.refused is not None and time.monotonic() < room.refused[1]:
            self._refuse(room.refused[0])
        if room is not None and room.answers > 0 and room.size > 0:
            return
        table = self.table
        kept = table.c.owner == owner, table.c.kept_at > self._old
        query = sa.select(sa.func.count(), sa.func.sum(table.c.size), sa.func.min(table.c.kept_at)).where(*kept)
        count, size, oldest = connection.execute(query).one()
        left, left_size = self._most - count, self._most_size - int(size or 0)
        room = _Room(max(1, left // 8), max(1, left_size // 8))
        if left <= 0 or left_size <= 0:
            free = (aware(oldest) - self._old).total_seconds()
            room.refused = max(1, math.ceil(free)), time.monotonic() + _TOLD
        with self._lock:
            self._rooms[owner] = room
            self._rooms.move_to_end(owner)
            if len(self._rooms) > _REMEMBERED:
                self._rooms.popitem(last=False)
        if room.refused is not None:
            self._refuse(room.refused[0])

    @staticmethod
    def _refuse(seconds: int) -> NoReturn:
        raise TooManyRequests(
            "as many answers are kept for the keys of this identity as may be",
            seconds,
            code="too_many_keys",
            hint="send no Idempotency-Key, or wait until the oldest answer is deleted",
        )

    def tidy(self, connection: sa.Connection) -> int:
        """Delete at most :data:`STEP` answers that are too old; -> how many."""
        table, old = self.table, self._old
        oldest = sa.select(table.c.digest).where(table.c.kept_at <= old).order_by(table.c.kept_at).limit(STEP)
        # The condition again: a row may have been claimed anew while this waited for its lock.
        statement = sa.delete(table).where(table.c.digest.in_(oldest), table.c.kept_at <= old)
        return connection.execute(statement).rowcount
