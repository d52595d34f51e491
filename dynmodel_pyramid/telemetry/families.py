"""All metrics: their names, labels, and the place of each number in memory (``memory``).

The values of every label are known beforehand, so the number of series is bounded whatever clients send, and each has
its fixed place: to count is to add to a number. A process sums the numbers of all (``exposition``).
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from dynmodel_pyramid.telemetry.resources import NAMES

#: The most replicas and tables that have labels of their own.
MOST_REPLICAS, MOST_TABLES = 8, 200
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "other")
CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
STATUSES = tuple(
    "200 201 202 204 206 207 303 304 400 401 403 404 405 406 408 409 411 412 413 415 416 417 422 428 429 431 499 500 "
    "501 502 503 504 505 other".split()
)
#: Seconds.
QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LONG = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
#: The kinds of failures of the database (``database.Failure``).
FAILURES = (
    "unique foreign_key required check busy timeout too_complex name_taken away full value too_long statement other"
).split()


class Family:
    """One metric.

    :param labels: name -> all values
    """

    kind = ""
    #: How many numbers one series has.
    width = 1

    def __init__(self, name: str, help: str, **labels: Sequence[str]) -> None:
        self.name, self.help, self.labels = name, help, labels
        self.start = 0
        self._places: dict[tuple[str, ...], int] = {}
        for number, values in enumerate(product(*labels.values())):
            self._places[values] = number * self.width
        self.size = len(self._places) * self.width

    def at(self, *values: str) -> int:
        """The place of a series; a value that is not known counts as ``other``, which the label must have."""
        place = self._places.get(values)
        if place is None:
            known = list(self.labels.values())
            values = tuple(value if value in some else "other" for value, some in zip(values, known, strict=True))
            place = self._places[values]
        return self.start + place

    def series(self) -> Iterator[tuple[tuple[str, ...], int]]:
        """Values of the labels, and the place."""
        for values, place in self._places.items():
            yield values, self.start + place


class Counter(Family):
    kind = "counter"


class Gauge(Family):
    """
    :param joins: how the numbers of several processes become one
    """

    kind = "gauge"

    def __init__(self, name: str, help: str, joins: str = "sum", **labels: Sequence[str]) -> None:
        super().__init__(name, help, **labels)
        self.joins = joins


class Histogram(Family):
    """Of each series: the counts of the buckets, the last one without a bound, and the sum of all values."""

    kind = "histogram"

    def __init__(self, name: str, help: str, buckets: Sequence[float], **labels: Sequence[str]) -> None:
        self.buckets = tuple(buckets)
        self.width = len(buckets) + 2
        super().__init__(name, help, **labels)

    def bucket(self, value: float) -> int:
        return bisect_left(self.buckets, value)


REQUESTS = Counter(
    "dynmodel_requests",
    "Requests that were answered.",
    resource=NAMES,
    method=METHODS,
    status=CLASSES,
)
ANSWERS = Counter("dynmodel_answers", "Answers by their exact status.", status=STATUSES)
REQUEST_SECONDS = Histogram(
    "dynmodel_request_seconds",
    "Seconds from the moment in which a request was there until its answer was made, with the time in the queue.",
    QUICK,
    resource=NAMES,
)
QUEUE_SECONDS = Histogram("dynmodel_queue_seconds", "Seconds that requests waited for a thread.", QUICK)
DATABASE_SECONDS = Counter("dynmodel_database_seconds", "Seconds of requests in which the database worked for them.")
STATEMENTS = Counter("dynmodel_statements", "Statements that requests sent to the database.")
SLOW_STATEMENTS = Counter("dynmodel_slow_statements", "Statements that took longer than dynmodel.slow_statement.")
SLOW_REQUESTS = Counter("dynmodel_slow_requests", "Requests that took longer than dynmodel.slow_request.")
REPEATED = Counter(
    "dynmodel_attempts_repeated",
    "Attempts at requests that were run again, by the cause.",
    cause=("definition", "access", *FAILURES),
)
DATABASE_ERRORS = Counter(
    "dynmodel_database_errors", "Errors of the database, as the last attempt of a request met them.", kind=FAILURES
)
LOCK_SECONDS = Histogram(
    "dynmodel_lock_seconds",
    "Seconds that were waited for locks: for the turn to write (SQLite), for tables and changes of access "
    "(PostgreSQL), for the tables of a definition change.",
    QUICK,
    lock=("writer", "tables", "change"),
)
DISK_SECONDS = Histogram(
    "dynmodel_disk_seconds", "Seconds that were waited for the disk to have what rows were written (SQLite).", QUICK
)
ROWS_READ = Counter("dynmodel_rows_read", "Rows of tables that requests read.")
ROWS_WRITTEN = Counter(
    "dynmodel_rows_written",
    "Rows of tables that requests wrote, also in transactions that were then rolled back.",
    operation=("insert", "update", "delete"),
)
CHANGES = Histogram(
    "dynmodel_definition_change_seconds",
    "Seconds that changes of definitions took, by what happened to the first table.",
    LONG,
    kind=("create", "change", "drop", "restore", "access", "refused", "failed"),
)
TABLE_LOADS = Counter("dynmodel_table_loads", "Definitions that were read because the cache did not have them.")
TABLE_EVICTIONS = Counter(
    "dynmodel_table_evictions", "Tables that left the cache because dynmodel.class_cache_columns was reached."
)
CACHED = Gauge(
    "dynmodel_cache",
    "The cache of tables: tables and columns in it, and the columns that fit.",
    unit=("tables", "columns", "most_columns"),
)
POOL = Gauge(
    "dynmodel_connections",
    "Connections to the database. most is what the pools may open; SQLite's have no bound, and tell 0.",
    state=("in_use", "idle", "most"),
)
REPLICA_LAG = Gauge(
    "dynmodel_replica_lag_seconds",
    "How many seconds a replica is behind, as the process that is worst off sees it.",
    "most",
    replica=tuple(map(str, range(MOST_REPLICAS))),
)
QUEUED = Gauge("dynmodel_queue_length", "Requests that wait for a thread.")
THREADS = Gauge("dynmodel_threads", "Requests that may run at a time, and those that run.", state=("most", "busy"))
CLIENTS = Gauge("dynmodel_clients", "Connections of clients.")
SPOOLED = Gauge("dynmodel_spooled_bytes", "Bytes of answers in temporary files.")
PROCESSES = Gauge("dynmodel_processes", "Processes that answer requests.")
MEMORY = Gauge(
    "dynmodel_resident_bytes",
    "Memory of the processes. Pages that they share count for each of them, as do those of SQLite's files that are "
    "read in place.",
)
CPU = Counter("dynmodel_cpu_seconds", "Processor time of the processes that answer requests.")
WORKERS = Gauge(
    "dynmodel_workers",
    "Workers of dynmodel-serve: wanted, ready to serve, starting, stopping.",
    state=("wanted", "ready", "starting", "stopping"),
)
WORKER_DEATHS = Counter(
    "dynmodel_worker_deaths",
    "Workers that ended without being told to, and were replaced: by a status, by a signal, or killed for silence.",
    cause=("exit", "signal", "silent"),
)
RELOADS = Counter("dynmodel_reloads", "Reloads of dynmodel-serve.", outcome=("done", "failed"))
#: Of tables with labels of their own (dynmodel.metrics_tables); the number of the place stands for the table.
_PLACES = tuple(map(str, range(MOST_TABLES)))
TABLE_REQUESTS = Counter(
    "dynmodel_table_requests",
    "Requests for rows of a table, by its id, of the first dynmodel.metrics_tables tables that were asked for.",
    table=_PLACES,
    status=CLASSES,
)
TABLE_SECONDS = Counter("dynmodel_table_seconds", "Seconds of these requests.", table=_PLACES)

FAMILIES: tuple[Family, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Family))
#: Those whose label ``table`` stands for a place.
BY_TABLE = frozenset({TABLE_REQUESTS, TABLE_SECONDS})


def _laid_out(families: Sequence[Family]) -> int:
    size = 0
    for family in families:
        family.start = size
        size += family.size
    return size


#: How many numbers a process has.
SIZE = _laid_out(FAMILIES)


def _described(family: Family) -> tuple[str, int, Mapping[str, Sequence[str]], tuple[float, ...]]:
    return family.name, family.start, family.labels, getattr(family, "buckets", ())


#: Tells layouts apart: a reload may bring code with other metrics. 52 bits, so that a float holds it.
LAYOUT = float(int.from_bytes(hashlib.sha256(repr([*map(_described, FAMILIES)]).encode()).digest()[:6], "big"))
