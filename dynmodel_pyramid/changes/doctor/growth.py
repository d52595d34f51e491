"""What grows until somebody clears it: the trash, the audit, kept answers, the history, the quarantine."""

import datetime
from collections.abc import Iterator

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.database.findings import Finding
from dynmodel_pyramid.definitions.store import now

#: Days that dynmodel-purge may be late, since it runs once a day.
LATE = 2
#: Versions of definitions from which on the history is told, in all and in one table.
MANY_VERSIONS, MANY_OF_ONE = 1_000_000, 10_000
_PURGE = "run dynmodel-purge CONFIG.ini once a day (dynmodel-purge.timer)"


def findings(connection: sa.Connection, catalogue: Catalogue) -> Iterator[Finding]:
    yield from _overdue(connection, catalogue)
    log = catalogue.database.system.change
    versions = connection.scalar(sa.select(sa.func.count()).select_from(log)) or 0
    if versions > MANY_VERSIONS:
        yield Finding(
            "note",
            "long_history",
            f"the history has {versions:,} versions of definitions; it is kept for ever",
            f"the table {log.name}",
            "change definitions less often, several tables in one document (PUT /schema/)",
        )
    count = sa.func.count()
    query = sa.select(log.c.table_id, count).group_by(log.c.table_id).having(count > MANY_OF_ONE)
    for number, of_one in connection.execute(query.order_by(count.desc()).limit(20)):
        yield Finding(
            "note",
            "long_history",
            f"the table has {of_one:,} versions: does a program change its definition again and again?",
            f"the table {number}",
            f"look at GET /table/{number}/history/ for who changes it",
            number,
        )


def _overdue(connection: sa.Connection, catalogue: Catalogue) -> Iterator[Finding]:
    """What dynmodel-purge should have destroyed long ago."""
    system, settings = catalogue.database.system, catalogue.database.settings
    places = [
        (system.trash, system.trash.c.dropped_at, settings.trash_days, "dropped fields and old columns"),
        (system.table, system.table.c.dropped_at, settings.trash_days, "dropped tables"),
        (system.access.audit, system.access.audit.c.at, settings.audit_days, "events of the audit"),
        (system.answer, system.answer.c.kept_at, settings.idempotency_hours / 24, "answers kept for repetitions"),
    ]
    for lines, since, days, what in places:
        if not days:
            continue
        late = since < now() - datetime.timedelta(days=days + LATE)
        count = connection.scalar(sa.select(sa.func.count()).select_from(lines).where(late))
        if count:
            yield Finding(
                "warning",
                "purge_is_late",
                f"{count:,} {what} should have been purged more than {LATE} days ago",
                f"the table {lines.name}",
                _PURGE,
            )
