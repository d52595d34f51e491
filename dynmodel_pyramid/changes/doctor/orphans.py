"""Things in the database that no definition names, and system rows whose table or user is gone."""

import datetime
import json
import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.database.findings import Finding
from dynmodel_pyramid.database.identifiers import quote_identifier
from dynmodel_pyramid.definitions.store import LIST_PREFIX, now

#: Names of this package's tables and sequences with the id of the table that they belong to. Those of changes, which
#: are there only while a change runs, come with the table's own health.
_OF_TABLE = re.compile(r"_(?:(?P<trash>trash_table)|seq|links|sx)_(?P<table>\d+)(?:_\d+)?(?:_\w+)?", re.ASCII)
#: What changes make while they run.
_OF_CHANGE = re.compile(r"_(?:rebuild|rename|moving|rebuild_links)_(?P<table>\d+)(?:_\d+)?", re.ASCII)
#: Seconds after which a compaction is told that takes no step; the longest step builds an index.
STOPPED = 1800
#: So many of one kind are named.
_NAMED = 20


def findings(connection: sa.Connection, catalogue: Catalogue) -> Iterator[Finding]:
    """In one moment of the database where a transaction has one, so that nothing is told of a change that runs."""
    yield from _things(connection, catalogue)
    yield from _compactions(connection, catalogue)
    yield from _rows(connection, catalogue)


def _things(connection: sa.Connection, catalogue: Catalogue) -> Iterator[Finding]:
    system, dialect = catalogue.database.system, catalogue.database.dialect
    # Things first: those that a change makes meanwhile are not seen, and those that it drops are asked for again.
    there = {thing.name: thing.kind for thing in dialect.relations(connection)}
    table = system.table.c
    known: dict[int, str] = {row[0]: row[1] for row in connection.execute(sa.select(table.id, table.physical_name))}
    trashed = {f"{LIST_PREFIX}{number}" for number in connection.scalars(sa.select(system.trash.c.id))}
    lost = [(name, kind) for name, kind in there.items() if _is_lost(name, known, trashed)]
    still_there = {thing.name for thing in dialect.relations(connection)} if lost else set()
    for name, kind in sorted(lost):
        if name in still_there:
            yield Finding(
                "warning",
                "without_definition",
                f"no definition names the {kind} {name}: its table is gone",
                f"the {kind} {name}",
                f"look at it, then DROP {kind.upper()} {quote_identifier(name, dialect.schema)}",
            )
    for number, name in known.items():
        if name.startswith("_trash_table_") and name not in there and _is_known(connection, catalogue, number, name):
            yield Finding(
                "error",
                "trash_is_lost",
                f"the table {number} is in the trash, but its rows are gone",
                f"the table {name}",
                f"restore a backup, or DELETE /trash/{number}/",
                number,
            )


def _is_lost(name: str, known: dict[int, str], trashed: set[str]) -> bool:
    if name.startswith(LIST_PREFIX):
        return name not in trashed
    found = _OF_TABLE.fullmatch(name)
    if found is not None:
        number = int(found["table"])
        return number not in known or (found["trash"] is not None and known[number] != name)
    found = _OF_CHANGE.fullmatch(name)
    return found is not None and int(found["table"]) not in known


def _is_known(connection: sa.Connection, catalogue: Catalogue, number: int, name: str) -> bool:
    """Whether it is still in the trash, because it may have been restored or purged in between."""
    table = catalogue.database.system.table.c
    return connection.scalar(sa.select(table.physical_name).where(table.id == number)) == name


def _compactions(connection: sa.Connection, catalogue: Catalogue) -> Iterator[Finding]:
    """Compactions that do not go on: their triggers note every write meanwhile."""
    for number, text in sorted(catalogue.database.dialect.compactions(connection).items()):
        noted = json.loads(text)
        at = datetime.datetime.fromisoformat(noted.get("at", "1970-01-01T00:00:00+00:00"))
        _, definition = catalogue.store.by_id(connection, number)
        if definition is not None and now() - at < datetime.timedelta(seconds=STOPPED):
            continue
        cancel = f"dynmodel-compact CONFIG.ini --cancel {number}"
        on = f"dynmodel-compact CONFIG.ini {number}, or POST /table/{number}/compact/, goes on with it; {cancel}"
        yield Finding(
            "warning",
            "compaction_stopped",
            f"a compaction has not gone on since {at:%Y-%m-%d %H:%M} UTC: its copy takes room, and a log notes writes",
            f"the table {number}",
            cancel if definition is None else f"{on} removes the copy",
            number,
        )


def _rows(connection: sa.Connection, catalogue: Catalogue) -> Iterator[Finding]:
    system = catalogue.database.system
    tables = sa.select(system.table.c.id)
    for lines, what in (
        (system.trash, "entries in the trash"),
        (system.quarantine, "values in the quarantine"),
        (system.counter, "counters"),
        (system.view, "saved views"),
    ):
        yield from _orphans(connection, catalogue, lines, lines.c.table_id, tables, f"{what} are of tables", "error")
    users = sa.select(system.access.user.c.id)
    for lines, what in (
        (system.access.token, "tokens"),
        (system.access.session, "sessions"),
        (system.access.login, "sign-ins by a provider"),
    ):
        yield from _orphans(connection, catalogue, lines, lines.c.user_id, users, f"{what} are of users", "warning")


def _orphans(
    connection: sa.Connection,
    catalogue: Catalogue,
    lines: sa.Table,
    owner: sa.Column[Any],
    owners: sa.Select[Any],
    what: str,
    severity: str,
) -> Iterator[Finding]:
    gone = sa.and_(owner.is_not(None), owner.not_in(owners))
    numbers = list(connection.scalars(sa.select(owner).where(gone).distinct().order_by(owner).limit(_NAMED + 1)))
    if not numbers:
        return
    count = connection.scalar(sa.select(sa.func.count()).select_from(lines).where(gone))
    named = ", ".join(map(str, numbers[:_NAMED])) + (", ..." if len(numbers) > _NAMED else "")
    name = quote_identifier(lines.name, catalogue.database.dialect.schema)
    yield Finding(
        severity,
        "without_owner",
        f"{count} {what} that are gone: {named}",
        f"the table {lines.name}",
        f"DELETE FROM {name} WHERE {owner.name} IN ({named.removesuffix(', ...')})",
    )
