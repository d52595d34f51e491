"""Counting: the numbers of this process, and the record of the request that runs in this thread.

A :class:`Record` gathers what one request does, wherever it does it; :func:`finish` counts it, once. So the parts of a
request add to plain attributes, and take no lock. About once a second :func:`store` adds what was counted to the memory
that all processes read; a process that is killed loses what it has counted since. Where nobody looks
(``dynmodel.metrics`` and ``dynmodel.request_log`` are off) there is no record, and nothing is counted.
"""

import os
import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from dynmodel_pyramid.telemetry import families as f
from dynmodel_pyramid.telemetry.memory import VARIABLE, Memory
from dynmodel_pyramid.telemetry.resources import SERVER
from dynmodel_pyramid.telemetry.trace_context import TraceContext


class Record:
    """What one request has done so far. Plain attributes of the class are the beginning, so that a record costs
    nothing but what it notes.
    """

    #: When the request was there, of ``time.monotonic``; and when its answer was made.
    arrived = ended = 0.0
    attempts = 1
    #: Seconds of the database.
    database = 0.0
    statements = slow = rows_read = inserted = updated = deleted = 0
    #: The statement that took longest, if it took ``NOTED``, and how long.
    slowest_seconds, slowest = 0.0, ""
    #: Its table, and who sent it.
    table_id: int | None = None
    identity: str | None = None
    #: The id that its client sent, or that was made for it.
    request_id = ""
    #: Whether the log has a line of it.
    is_told = False
    trace: TraceContext | None = None
    #: Called when it is counted, with what :func:`finish` was given for it and for others: writes their lines.
    tell: "Callable[[list[tuple[Record, str, str, str]]], None] | None" = None

    def __init__(self, arrived: float | None = None) -> None:
        self.began = self.arrived = time.monotonic()
        if arrived is not None:
            self.arrived = arrived

    def queried(self, seconds: float, statement: str = "") -> None:
        """A statement took so long; it is not always known which."""
        self.database += seconds
        self.statements += 1
        if seconds > NOTED:
            self._note(seconds, statement)

    def _note(self, seconds: float, statement: str) -> None:
        if seconds > SLOW_STATEMENT:
            self.slow += 1
        if statement and seconds > self.slowest_seconds:
            self.slowest_seconds, self.slowest = seconds, statement

    def wrote(self, operation: str, count: int) -> None:
        if operation == "insert":
            self.inserted += count
        elif operation == "update":
            self.updated += count
        else:
            self.deleted += count

    @property
    def rows_written(self) -> int:
        return self.inserted + self.updated + self.deleted


class TracedRecord(Record):
    """The record of a request that has a span (:mod:`~.spans`)."""

    span: Any = None

    def queried(self, seconds: float, statement: str = "") -> None:
        super().queried(seconds, statement)
        self.span.queried(seconds, statement)


#: Seconds from which on a statement is looked at closer.
NOTED = 0.005
#: The record of the request that runs here.
CURRENT: "ContextVar[Record | None]" = ContextVar("record", default=None)
#: Seconds from which on a statement is slow.
SLOW_STATEMENT = float("inf")
#: How many tables have metrics of their own.
TABLES = 0
#: Whether any request is recorded. Statements look at it first, so that they cost nothing where none is.
active = False
#: The numbers.
MEMORY = Memory()
_path: str | None = None
#: Called about once a second, and before the numbers are shown, to set gauges; they must not wait for anything.
_REFRESHERS: list[Callable[[], None]] = []
_cpu = time.process_time()
_refreshing, _storing = threading.Lock(), threading.Lock()


def begin(path: str = "", *, slow_statement: float = float("inf"), tables: int = 0) -> None:
    """Use the memory that processes share, if there is any.

    :param path: a file for it; empty: that of ``dynmodel-serve``, if it runs this process
    :raises OSError: the file can't be opened
    """
    global MEMORY, SLOW_STATEMENT, TABLES, active, _path
    active, TABLES = True, max(TABLES, tables)
    SLOW_STATEMENT = min(SLOW_STATEMENT, slow_statement)
    wanted = path or os.environ.get(VARIABLE) or None
    if wanted is not None and wanted != _path:
        MEMORY, _path = Memory(wanted), wanted


def _forked() -> None:
    """The child takes a part of its own, and leaves what was counted to its parent."""
    global MEMORY, _cpu, _refreshing, _storing
    _DONE.clear()
    _refreshing, _storing = threading.Lock(), threading.Lock()
    try:
        MEMORY = Memory(_path)
    except OSError:
        MEMORY = Memory()
    _cpu = time.process_time()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def add(family: f.Family, *labels: str, by: float = 1) -> None:
    """Count something that happens seldom."""
    with MEMORY.lock:
        MEMORY.values[family.at(*labels)] += by


def observe(family: f.Histogram, seconds: float, *labels: str) -> None:
    place = family.at(*labels)
    with MEMORY.lock:
        MEMORY.values[place + family.bucket(seconds)] += 1
        MEMORY.values[place + family.width - 1] += seconds


def read(count: int) -> None:
    """Note that the request which runs here has read so many rows."""
    record = CURRENT.get()
    if record is not None:
        record.rows_read += count


def wrote(operation: str, count: int) -> None:
    """Note that it has written so many rows.

    :param operation: insert, update, delete
    """
    record = CURRENT.get()
    if record is not None:
        record.wrote(operation, count)


class _Waits(threading.local):
    """Seconds for which this thread has waited for its turns to write, in all."""

    for_turns = 0.0


waits = _Waits()


class waiting:
    """A context in which a request may wait for a lock.

    :param lock: see ``families.LOCK_SECONDS``
    """

    __slots__ = ("_began", "_is_recorded", "_lock")

    def __init__(self, lock: str) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        self._is_recorded = CURRENT.get() is not None
        if self._is_recorded:
            self._began = time.monotonic()

    def __exit__(self, *ignored: object) -> None:
        if self._is_recorded:
            seconds = time.monotonic() - self._began
            observe(f.LOCK_SECONDS, seconds, self._lock)
            if self._lock == "writer":
                waits.for_turns += seconds


def set_gauge(gauge: f.Gauge, value: float, *labels: str) -> None:
    """Set a gauge of this process."""
    MEMORY.values[gauge.at(*labels)] = value


def replica_lag(replica: int, seconds: float) -> None:
    """Note how far behind a replica is; replicas are numbered from 0, and those beyond the bound are not told."""
    if 0 <= replica < f.MOST_REPLICAS:
        set_gauge(f.REPLICA_LAG, seconds, str(replica))


def refreshed_by(refresh: Callable[[], None]) -> Callable[[], None]:
    """Let a function set gauges about once a second."""
    _REFRESHERS.append(refresh)
    return refresh


def refresh() -> None:
    """Count what was done, and set the gauges of this process; call it about once a second. Any thread may."""
    global _cpu
    if not _refreshing.acquire(blocking=False):
        return  # another thread does
    try:
        store()
        for each in _REFRESHERS:
            each()
        set_gauge(f.PROCESSES, 1)
        now = time.process_time()
        add(f.CPU, by=now - _cpu)
        _cpu = now
        with suppress(OSError, ValueError, IndexError), open("/proc/self/statm", encoding="ascii") as file:
            set_gauge(f.MEMORY, int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE"))  # Linux
    finally:
        _refreshing.release()


#: Of the requests of one resource, method and status: what was counted since it was last stored (:func:`store`). A list
#: is counted in for a third of what the shared memory costs.
_Counts = list[float]
_COUNTS: dict[tuple[str, str, str], _Counts] = {}
#: Where a list has what: the number of requests, sums, and the buckets of durations.
_NUMBER, _SECONDS, _WAITED, _DATABASE, _STATEMENTS, _SLOW, _READ, _INSERTED, _UPDATED, _DELETED, _BUCKETS = range(11)
#: Requests that have waited for longer than the first bucket of ``QUEUE_SECONDS``, by its buckets.
_LATE: _Counts = [0.0] * f.QUEUE_SECONDS.width
_FIRST = f.QUEUE_SECONDS.buckets[0]
_DURATIONS = f.REQUEST_SECONDS.buckets


#: Requests that are done, and not yet counted: a record, the class of the resource, method, status.
_DONE: "deque[tuple[Record, str, str, str]]" = deque()
#: So many of them are counted at once, if that is not done once a second.
_MANY = 1000


def finish(record: Record, resource: str, method: str, status: str) -> None:
    """Note that a request is done; it is counted by the next :func:`store`.

    In the midst of a request these few lines took three times as long as in a loop, because the processor's caches are
    full of others: 4 us against 1.3.

    :param status: three digits
    """
    _DONE.append((record, resource, method, status))
    if len(_DONE) > _MANY:
        store()


def _count(record: Record, resource: str, method: str, status: str) -> None:
    counts = _COUNTS.get((resource, method, status))
    if counts is None:
        counts = _counts(resource, method, status)
    seconds, waited = record.ended - record.arrived, record.began - record.arrived
    counts[_NUMBER] += 1
    counts[_SECONDS] += seconds
    counts[_BUCKETS + bisect_left(_DURATIONS, seconds)] += 1
    counts[_WAITED] += waited
    counts[_DATABASE] += record.database
    counts[_STATEMENTS] += record.statements
    counts[_READ] += record.rows_read
    if waited > _FIRST:
        _LATE[f.QUEUE_SECONDS.bucket(waited)] += 1
    if record.slow:
        counts[_SLOW] += record.slow
    if record.inserted or record.updated or record.deleted:
        counts[_INSERTED] += record.inserted
        counts[_UPDATED] += record.updated
        counts[_DELETED] += record.deleted
    if TABLES and record.table_id is not None:
        place = MEMORY.place_of(record.table_id, TABLES)
        if place is not None:
            add(f.TABLE_REQUESTS, str(place), f"{status[0]}xx")
            add(f.TABLE_SECONDS, str(place), by=seconds)


def _counts(resource: str, method: str, status: str) -> _Counts:
    """Clients make up methods without end: those that are not known are one."""
    method = method if method in f.METHODS else "other"
    status = status if status in f.STATUSES else "other"
    return _COUNTS.setdefault((resource, method, status), [0.0] * (_BUCKETS + len(_DURATIONS) + 1))


def store() -> None:
    """Add what was counted to the memory that all processes read."""
    if _storing.acquire(blocking=False):  # else another thread does
        try:
            _store()
        finally:
            _storing.release()


def _store() -> None:
    queue, durations = f.QUEUE_SECONDS, f.REQUEST_SECONDS
    sums = (
        (f.DATABASE_SECONDS.at(), _DATABASE),
        (f.STATEMENTS.at(), _STATEMENTS),
        (f.SLOW_STATEMENTS.at(), _SLOW),
        (f.ROWS_READ.at(), _READ),
        (f.ROWS_WRITTEN.at("insert"), _INSERTED),
        (f.ROWS_WRITTEN.at("update"), _UPDATED),
        (f.ROWS_WRITTEN.at("delete"), _DELETED),
        (queue.at(), _NUMBER),  # in the first bucket, unless they were late
        (queue.at() + queue.width - 1, _WAITED),
    )
    told = []
    with suppress(IndexError):
        while True:
            done = _DONE.popleft()
            _count(*done)
            if done[0].tell is not None:
                told.append(done)
    if told and (tell := told[0][0].tell) is not None:
        tell(told)
    with MEMORY.lock:
        values = MEMORY.values
        for (resource, method, status), counts in _COUNTS.items():
            if not counts[_NUMBER]:
                continue
            status_class = f"{status[0]}xx"
            values[f.REQUESTS.at(resource, method, status_class if status_class in f.CLASSES else "5xx")] += counts[
                _NUMBER
            ]
            values[f.ANSWERS.at(status)] += counts[_NUMBER]
            for place, index in sums:
                values[place] += counts[index]
            start = durations.at(resource)
            for number, count in enumerate(counts[_BUCKETS:]):
                values[start + number] += count
            values[start + durations.width - 1] += counts[_SECONDS]
            counts[:] = [0.0] * len(counts)
        for number, late in enumerate(_LATE):
            values[queue.at() + number] += late
            values[queue.at()] -= late
        _LATE[:] = [0.0] * len(_LATE)


def count_answer(status: str) -> None:
    """Count an answer of the server's own, such as a refusal: no application was asked."""
    status_class = f"{status[:1]}xx"
    add(f.REQUESTS, SERVER, "other", status_class if status_class in f.CLASSES else "5xx")
    add(f.ANSWERS, status)
