"""What is wrong with a PostgreSQL server for this service. Only reads, and locks nothing but system catalogues."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.findings import Finding, Load, size_text
from dynmodel_pyramid.settings import Settings

#: (setting, value, severity, what follows from it).
_WRONG = (
    ("fsync", "off", "error", "a crash of the machine may destroy the database"),
    ("full_page_writes", "off", "error", "a crash of the machine may damage pages of the database"),
    ("synchronous_commit", "off", "warning", "writes that were acknowledged may be lost by a crash"),
    ("autovacuum", "off", "error", "dead rows are never removed, and the server stops in the end to protect its data"),
    ("track_counts", "off", "error", "autovacuum does nothing without these counts"),
    ("zero_damaged_pages", "on", "error", "damaged pages are emptied without a word"),
    ("ignore_checksum_failure", "on", "error", "damaged pages are read without a word"),
)
#: Rows that are dead, and their part of the live ones, from which on a table is told.
DEAD_ROWS, DEAD_PART = 50_000, 1.0
#: Transactions since the last freeze, from which on it is told; the server stops at 2,100,000,000.
OLD = 1_200_000_000
#: Seconds of a transaction that does nothing.
IDLE = 600
#: Bytes of a log that a slot keeps.
KEPT_LOG = 10 * 1024**3
_LANGUAGE = "SELECT 1 FROM pg_language WHERE lanname = 'plpgsql' AND has_language_privilege(oid, 'USAGE')"
_DEAD = """
SELECT relname, n_dead_tup, n_live_tup FROM pg_stat_user_tables
WHERE schemaname = :schema AND n_dead_tup > :dead AND n_dead_tup > :part * n_live_tup
ORDER BY n_dead_tup DESC LIMIT 20
"""
_IDLE = """
SELECT pid, application_name, extract(epoch FROM clock_timestamp() - xact_start)::bigint FROM pg_stat_activity
WHERE datname = current_database() AND state LIKE 'idle in transaction%'
  AND xact_start < clock_timestamp() - make_interval(secs => :idle) ORDER BY xact_start LIMIT 20
"""
_SLOTS = """
SELECT slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint FROM pg_replication_slots
WHERE NOT active AND pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) > :kept
"""


def findings(connection: sa.Connection, settings: Settings, load: Load) -> Iterator[Finding]:
    """Of the server of a connection, which reads."""

    def rows(query: str, **values: Any) -> list[Any]:
        return list(connection.execute(sa.text(query), values))

    known = {row[0]: row[1] for row in rows("SELECT name, setting FROM pg_settings")}
    for name, value, severity, effect in _WRONG:
        if known.get(name) == value:
            mend = f"ALTER SYSTEM RESET {name}; SELECT pg_reload_conf()"
            yield Finding(severity, "server_setting", f"{name} is {value}: {effect}", "the server", mend)
    encoding = known.get("server_encoding", "UTF8")
    if encoding != "UTF8":
        yield Finding(
            "error",
            "server_encoding",
            f"the database's encoding is {encoding}, which can't store all texts",
            "the database",
            "make a database with ENCODING 'UTF8', and take the tables there by dynmodel-export and dynmodel-import",
        )
    if not rows(_LANGUAGE):
        yield Finding(
            "warning",
            "no_plpgsql",
            "the database is without PL/pgSQL, which compaction, unique_ignore_case and the search for words need",
            "the database",
            "CREATE EXTENSION plpgsql, or GRANT USAGE ON LANGUAGE plpgsql TO the service's role",
        )
    yield from _connections(known, load)
    yield from _locks(connection, known, settings)
    idle = int(known.get("idle_in_transaction_session_timeout", 0)) / 1000
    if 0 < idle < 5:
        yield Finding(
            "warning",
            "server_setting",
            f"idle_in_transaction_session_timeout is {idle:g} s: imports and long answers are ended in their midst",
            "the server",
            "ALTER SYSTEM SET idle_in_transaction_session_timeout = '60s'; SELECT pg_reload_conf()",
        )
    for name, dead, live in rows(_DEAD, schema=settings.schema, dead=DEAD_ROWS, part=DEAD_PART):
        yield Finding(
            "warning",
            "bloat",
            f"{dead:,} rows are dead beside {live:,} live ones: autovacuum does not keep up, or a long transaction "
            "holds it back",
            f"the table {settings.schema}.{name}",
            f'VACUUM (ANALYZE) {settings.schema}."{name}"',
        )
    for pid, name, seconds in rows(_IDLE, idle=IDLE):
        yield Finding(
            "warning",
            "idle_transaction",
            f"a transaction has done nothing for {seconds:,} s: it holds locks, and no dead row is removed meanwhile",
            f"the server's process {pid} ({name or 'without a name'})",
            f"SELECT pg_terminate_backend({pid})",
        )
    ((age,),) = rows("SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()")
    if age > OLD:
        yield Finding(
            "error",
            "old_transactions",
            f"the oldest row was frozen {age:,} transactions ago; the server stops at 2,100,000,000",
            "the database",
            "end idle transactions and unused replication slots, then VACUUM (FREEZE) as a superuser",
        )
    ((is_standby,),) = rows("SELECT pg_is_in_recovery()")
    if not is_standby:
        for slot, kept in rows(_SLOTS, kept=KEPT_LOG):
            yield Finding(
                "warning",
                "unused_slot",
                f"nobody reads the replication slot {slot}, for which the server keeps {size_text(kept)} of its log",
                "the server",
                f"start its standby, or SELECT pg_drop_replication_slot('{slot}')",
            )


def _connections(known: dict[str, str], load: Load) -> Iterator[Finding]:
    free = int(known["max_connections"]) - int(known.get("superuser_reserved_connections", 0))
    if load.connections is not None and load.processes * load.connections > free:
        yield Finding(
            "warning",
            "too_many_connections",
            f"{load.processes} processes may open {load.connections} connections each, the server has {free} for all: "
            "under load, requests will be refused with 503",
            "sqlalchemy.pool_size and sqlalchemy.max_overflow",
            f"let both together be at most {max(1, free // load.processes)}, or raise max_connections, or use "
            "PgBouncer",
        )


def _locks(connection: sa.Connection, known: dict[str, str], settings: Settings) -> Iterator[Finding]:
    """A backup, and a document of the whole schema, lock every table in one transaction (manual, 20.12)."""
    query = sa.text(
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = :schema AND c.relkind IN ('r', 'i', 'S')"
    )
    relations = connection.execute(query, {"schema": settings.schema}).scalar_one()
    each = int(known["max_locks_per_transaction"])
    places = each * (int(known["max_connections"]) + int(known.get("max_prepared_transactions", 0)))
    if relations > places:
        wanted = each * (relations // places + 1)
        yield Finding(
            "warning",
            "too_few_locks",
            f"the schema has {relations:,} tables, indexes and sequences, and the server room for {places:,} locks: a "
            "backup, which locks all tables, may fail",
            "the server",
            f"ALTER SYSTEM SET max_locks_per_transaction = {wanted}, and restart the server",
        )
