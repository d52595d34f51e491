"""Replicas of PostgreSQL: which of them may answer, and how old their data is.

A read of a replica sees some moment of the primary. Two promises are kept, whatever the network and the replicas do:

* **Never older than a position** of the primary's log, which a client got for its write (:class:`Position`). The
  transaction that reads asks first how far the replica is, by its own connection, so it does not matter what stands
  behind the URL.
* **At most** ``dynmodel.replica_max_age`` **seconds old.** A thread notes now and then how long the primary's log is,
  with the time *before* it asked. A replica that has reached a noted length is no older than that time; no clock of
  another machine is asked. When the primary does not answer, all replicas grow old, and are left out.

So whoever has changed access waits for the replicas, or else for that time (:meth:`Replicas.let_all_have`): then no
process answers from before the change.

Each server is watched by a thread of its own, so no request asks a server that is away. The threads begin with the
first request: a process that is to be forked has none.
"""

import itertools
import logging
import math
import os
import random
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from dynmodel_pyramid.errors import DynmodelError
from dynmodel_pyramid.telemetry.measuring import replica_lag

log = logging.getLogger(__name__)

#: How far a replica is in the primary's log, in bytes.
LENGTH = "SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint"
#: The primary's place in it: the timeline is in the name of the file.
POSITION = (
    "SELECT ('x' || left(pg_walfile_name(place), 8))::bit(32)::int, pg_wal_lsn_diff(place, '0/0')::bigint"
    " FROM pg_current_wal_insert_lsn() AS place"
)
#: The timeline is that of the log that is received, which only members of ``pg_monitor`` see; for others it is that of
#: the last checkpoint, so after a failover they come back late.
_LOOK = (
    f"SELECT ({LENGTH}), CASE WHEN pg_is_in_recovery() THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver),"
    " (SELECT timeline_id FROM pg_control_checkpoint())) END"
)
#: Looks at each server within ``dynmodel.replica_max_age``.
_LOOKS = 10
#: Seconds between two looks at a replica while somebody waits for it.
_FAST = 0.004
#: Seconds until a server that is away is tried again: the first pause, and the longest.
_PAUSES = (0.2, 10.0)
#: A replica that has not answered its watcher for so many seconds hangs: whoever reads from it is freed.
_HANGS = 5.0
_TOKEN = re.compile(r"([0-9a-f]{1,8})\.([0-9a-f]{1,15})")


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the log of the primary.

    :param timeline: another one with each failover; places of different timelines can't be compared
    :param length: in bytes
    """

    timeline: int
    length: int

    @classmethod
    def read(cls, text: str) -> "Position | None":
        """None: it is no token."""
        match = _TOKEN.fullmatch(text.strip())
        return None if match is None else cls(int(match[1], 16), int(match[2], 16))

    @property
    def token(self) -> str:
        return f"{self.timeline:x}.{self.length:x}"


class ReplicaBehind(DynmodelError):
    """The data of a replica is older than it may be: read it from the primary."""

    code = "stale"


class Reading:
    """The reads of one request from a replica.

    :param least: how far the replica has to be
    """

    def __init__(self, replica: "Replica", least: int) -> None:
        self.replica, self._least = replica, least
        #: How old the data is at most, in seconds.
        self.age = 0.0

    def see(self, length: int | None) -> None:
        """Called with the replica's place, which was read in the transaction before any data.

        :raises ReplicaBehind: it is not far enough
        """
        age = math.inf if length is None or length < self._least else self.replica.age(length)
        if length is None or age > self.replica.max_age:
            raise ReplicaBehind("the replica is behind")
        self.age = max(self.age, age)
        self.replica.reach(length)


class _Watched:
    """A server with a thread that looks at it.

    :param interval: seconds between two looks
    """

    def __init__(self, engine: sa.Engine, interval: float) -> None:
        self.engine, self._interval = engine, interval
        url = engine.url
        #: Without the password.
        self.name = url.render_as_string(hide_password=True).rpartition("@")[2]
        self.is_there = False
        self.answered_at = -math.inf
        self._raw: Any = None
        self._wake = threading.Event()
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Called once in each process. A connection that a fork has inherited is its parent's, and so is a lock."""
        self._raw, self._wake = None, threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"dynmodel-watch {self.name}"[:60], daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._is_closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(1)

    def _run(self) -> None:
        pause = _PAUSES[0]
        while not self._is_closed:
            try:
                asked_at = time.monotonic()
                found = self._connected().execute(self.statement).fetchone()
                self.answered_at = time.monotonic()
                self.see(asked_at, found)
                wait, pause = self._wait(), _PAUSES[0]
            except Exception as error:
                self._gone(error)
                wait, pause = pause * random.uniform(0.7, 1.3), min(2 * pause, _PAUSES[1])
            self._wake.wait(wait)
            self._wake.clear()
        self._drop()

    def _connected(self) -> Any:
        if self._raw is None:
            dialect: Any = self.engine.dialect
            arguments, options = dialect.create_connect_args(self.engine.url)
            # Nothing is prepared: behind a pooler the next statement is another session's.
            options = {"connect_timeout": 3, **options, "autocommit": True, "prepare_threshold": None}
            self._raw = dialect.loaded_dbapi.connect(*arguments, **options)
        return self._raw

    def _drop(self) -> None:
        raw, self._raw = self._raw, None
        if raw is not None:
            with suppress(Exception):
                raw.close()

    def _gone(self, error: Exception) -> None:
        if self.is_there:
            log.warning("%s %s is left out: %s", self.kind, self.name, str(error).strip().partition("\n")[0][:200])
        self.is_there = False
        self._drop()

    def _wait(self) -> float:
        return self._interval

    kind = "server"
    statement = ""

    def see(self, asked_at: float, found: Sequence[Any]) -> None:
        raise NotImplementedError


class _Primary(_Watched):
    kind, statement = "the primary", POSITION

    def __init__(self, engine: sa.Engine, max_age: float) -> None:
        super().__init__(engine, max_age / _LOOKS)
        self._max_age = max_age
        self.timeline = 0
        #: When the primary was asked, and how long its log was then; the newest first.
        self.lengths: tuple[tuple[float, int], ...] = ()
        self.on_look: Callable[[], None] = lambda: None

    def see(self, asked_at: float, found: Sequence[Any]) -> None:
        timeline, length = found
        kept = self.lengths if timeline == self.timeline else ()
        self.lengths = ((asked_at, length), *(seen for seen in kept if seen[0] > asked_at - self._max_age))
        self.timeline, self.is_there = timeline, True
        self.on_look()

    def age(self, length: int) -> float:
        for asked_at, noted in self.lengths:
            if noted <= length:
                return time.monotonic() - asked_at
        return math.inf


class Replica(_Watched):
    """One replica, with a pool of its own."""

    kind, statement = "the replica", _LOOK

    def __init__(self, engine: sa.Engine, primary: _Primary, max_age: float, number: int) -> None:
        super().__init__(engine, max_age / _LOOKS)
        self._number = number
        self.max_age, self._primary = max_age, primary
        self.age = primary.age
        self._timeline = 0
        #: How far it is at least.
        self.length = -1
        self._reached = threading.Condition()
        self._waiting = 0
        self._in_use: set[Any] = set()
        event.listen(engine, "checkout", lambda raw, *ignored: self._in_use.add(raw))
        for name in ("checkin", "invalidate", "close"):
            event.listen(engine, name, lambda raw, *ignored: self._in_use.discard(raw))

    def see(self, asked_at: float, found: Sequence[Any]) -> None:
        length, timeline = found
        if length is None or timeline is None:
            raise ConnectionError("it is no replica")
        if timeline != self._primary.timeline:
            raise ConnectionError(f"it follows timeline {timeline}, and the primary is in {self._primary.timeline}")
        if not self.is_there:
            log.info("the replica %s is read from", self.name)
            self.length = -1
        self.is_there, self._timeline = True, timeline
        self.reach(length)
        replica_lag(self._number, self.lag)

    def _gone(self, error: Exception) -> None:
        super()._gone(error)
        replica_lag(self._number, math.inf)

    def reach(self, length: int) -> None:
        if length > self.length:
            with self._reached:
                self.length = max(length, self.length)
                self._reached.notify_all()

    def _wait(self) -> float:
        return _FAST if self._waiting else self._interval

    def wait_for(self, length: int, seconds: float) -> bool:
        """-> whether it has got so far."""
        with self._reached:
            self._waiting += 1
            self._wake.set()
            try:
                return self._reached.wait_for(lambda: self.length >= length, max(0, seconds))
            finally:
                self._waiting -= 1

    @property
    def lag(self) -> float:
        """Seconds that its data is old at most, as far as is known."""
        return self.age(self.length) if self.is_there else math.inf

    @property
    def is_usable(self) -> bool:
        # Behind a failover its place says nothing until it has been looked at again.
        return self.is_there and self._timeline == self._primary.timeline and self.lag <= self.max_age

    def failed(self) -> None:
        """A request found it away: leave it out until its watcher has seen it again."""
        self.is_there = False
        self.engine.dispose()
        self._wake.set()

    def free_if_hanging(self) -> None:
        """Called by another thread: its own may be one of those that hang."""
        if time.monotonic() - self.answered_at < _HANGS:
            return
        if self.is_there:
            log.warning("the replica %s does not answer; whoever reads from it is freed", self.name)
            self.is_there = False
        for raw in [self._raw, *self._in_use]:
            with suppress(Exception):  # it may be closed in this moment
                with socket.socket(fileno=os.dup(raw.fileno())) as end:
                    end.shutdown(socket.SHUT_RDWR)


class Replicas:
    """All replicas of a database.

    :param primary: the engine of the primary
    :param engines: those of the replicas
    :param max_age: how old their data may be, in seconds
    :param wait: seconds to wait for a replica that is only just behind a client's own write
    """

    def __init__(self, primary: sa.Engine, engines: Sequence[sa.Engine], max_age: float, wait: float) -> None:
        self.max_age, self._bound = max_age, wait
        self._primary = _Primary(primary, max_age)
        self._primary.on_look = self._free_hanging
        self.all = [Replica(engine, self._primary, max_age, number) for number, engine in enumerate(engines)]
        self._turns = itertools.count()
        self._lock = threading.Lock()
        self._process: int | None = None
        self._changes = threading.local()

    def _start(self) -> None:
        with self._lock:
            if self._process != os.getpid():  # a fork has no threads
                self._process = os.getpid()
                for watched in (self._primary, *self.all):
                    watched.start()

    def _free_hanging(self) -> None:
        for replica in self.all:
            replica.free_if_hanging()

    def choose(self, least: Position | None) -> Reading | None:
        """A replica to read from; None: the primary has to answer.

        :param least: which the data must not be older than
        """
        if self._process != os.getpid():
            self._start()
        usable = [replica for replica in self.all if replica.is_usable]
        if not usable:
            return None
        turn = next(self._turns)
        if least is None:
            return Reading(usable[turn % len(usable)], 0)
        if least.timeline != self._primary.timeline:
            return None
        there = [replica for replica in usable if replica.length >= least.length]
        if there:
            return Reading(there[turn % len(there)], least.length)
        # Waiting for a replica that is always later would be in vain.
        replica = min(usable, key=lambda replica: replica.lag)
        late = replica.lag - self.max_age / _LOOKS
        if late < self._bound and replica.wait_for(least.length, self._bound):
            return Reading(replica, least.length)
        return None

    def note_change(self) -> None:
        """This thread is changing access."""
        self._changes.is_any = True

    def let_all_have(self, position: Callable[[], Position]) -> None:
        """After a change of access that :meth:`note_change` told of, and its commit: wait until no answer of a replica
        can be from before it: all have it, or those that do not are too old to be read from.
        """
        if not getattr(self._changes, "is_any", False):
            return
        self._changes.is_any = False
        until = time.monotonic() + self.max_age
        self._start()
        try:
            length = position().length
        except sa.exc.DBAPIError:  # the change is made, and nobody can tell where
            length = sys.maxsize
        for replica in self.all:
            replica.wait_for(length, until - time.monotonic())

    def status(self) -> list[dict[str, Any]]:
        """For people who look after them: the name, whether it is read from, and how many seconds it lags at most."""
        lags = [(replica, replica.lag) for replica in self.all]
        return [
            {"name": replica.name, "is_read": replica.is_usable, "lag": None if math.isinf(lag) else lag}
            for replica, lag in lags
        ]

    def close(self) -> None:
        for watched in (self._primary, *self.all):
            watched.close()
        for replica in self.all:
            replica.engine.dispose()
