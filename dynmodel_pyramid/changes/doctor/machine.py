"""Settings that fit neither the machine nor one another."""

import os
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.database.findings import Finding, Load, size_text
from dynmodel_pyramid.settings import Settings

_MB = 1024 * 1024
#: Of a process without tables, and of the generated classes for each column (docs/performance.md).
PROCESS, COLUMN = 90 * _MB, 10 * 1024
#: The part of the memory that the processes may need.
MEMORY_PART = 0.8
_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def findings(database: Database, load: Load) -> Iterator[Finding]:
    settings = database.settings
    yield from _each_other(settings)
    if load.threads is not None and load.connections is not None and load.connections < 1.5 * load.threads + 2:
        yield Finding(
            "warning",
            "small_pool",
            f"a process has {load.threads} threads and opens at most {load.connections} connections: requests wait for "
            "one another",
            "sqlalchemy.pool_size and sqlalchemy.max_overflow",
            f"let pool_size be {load.threads}, and max_overflow at least {load.threads + 2}",
        )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if load.processes > 2 * cores:
        yield Finding(
            "note",
            "many_processes",
            f"{load.processes} processes share {cores} cores",
            "processes in [dynmodel-serve]",
            f"one process a core: {cores}",
        )
    memory = memory_limit()
    wanted = load.processes * (PROCESS + settings.class_cache_columns * COLUMN)
    if memory is not None and wanted > MEMORY_PART * memory:
        yield Finding(
            "warning",
            "little_memory",
            f"{load.processes} processes need some {size_text(wanted)} when their caches are full; there are "
            f"{size_text(memory)}",
            "processes in [dynmodel-serve], and dynmodel.class_cache_columns",
            "fewer processes, a smaller cache, or more memory",
        )


def _each_other(settings: Settings) -> Iterator[Finding]:
    wrong = (
        (
            settings.lock_attempt * 5 > settings.lock_timeout,
            "lock_attempt",
            "leaves a change of a definition fewer than five attempts in dynmodel.lock_timeout",
            f"at most {settings.lock_timeout / 5:g}",
        ),
        (
            settings.max_document_size > settings.max_body_size,
            "max_document_size",
            "is above dynmodel.max_body_size, which refuses the document first",
            "at most dynmodel.max_body_size",
        ),
        (
            settings.change_timeout < settings.statement_timeout,
            "change_timeout",
            "is below dynmodel.statement_timeout, but a change reads all rows as a query does, and converts them",
            "at least dynmodel.statement_timeout",
        ),
        (
            settings.session_idle > settings.session_lifetime,
            "session_idle",
            "is above dynmodel.session_lifetime, so it never ends a session",
            "below dynmodel.session_lifetime",
        ),
    )
    for is_wrong, name, what, mend in wrong:
        if is_wrong:
            where = f"the setting dynmodel.{name}"
            yield Finding("warning", "settings_clash", f"{name} {what}", where, f"set it to {mend}")


def memory_limit() -> int | None:
    """Bytes that this process and its like may use: of the container, else of the machine; None: not known (Linux)."""
    limits = []
    for name in _CGROUPS:
        text = Path(name).read_text(encoding="ascii").strip() if Path(name).exists() else ""
        if text.isdigit() and int(text) < 2**60:
            limits.append(int(text))
    if "SC_PHYS_PAGES" in os.sysconf_names:
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(limits, default=None)


def load_of(database: Database, processes: int, threads: int | None = None) -> Load:
    """What such processes ask of the machine and of the database."""
    pool = database.engine.pool
    connections = None
    if isinstance(pool, sa.QueuePool) and pool._max_overflow >= 0:
        connections = pool.size() + pool._max_overflow
    return Load(processes, threads, connections)
