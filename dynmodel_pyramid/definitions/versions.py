"""Versions of a definition in the log, and the rules that were still to be proven in each.

All functions take a connection inside a transaction; none begins or ends one.
"""

import sqlalchemy as sa

from dynmodel_pyramid.database import SystemTables
from dynmodel_pyramid.definitions.model import TableDefinition


def latest_proven(connection: sa.Connection, system: SystemTables, table_id: int) -> TableDefinition | None:
    """The latest version without rules that are or were still to be proven."""
    log = system.change.c
    return _first_proven(connection, system, table_id, sa.true(), log.version.desc())


def next_proven(connection: sa.Connection, system: SystemTables, table_id: int, version: int) -> TableDefinition | None:
    """The first version after that one without rules that are still to be proven."""
    log = system.change.c
    return _first_proven(connection, system, table_id, log.version > version, log.version)


def _first_proven(connection: sa.Connection, system: SystemTables, table_id: int, condition, order):
    log = system.change.c
    query = sa.select(log.document).where(log.table_id == table_id, condition).order_by(order).limit(1)
    for offset in range(1000):
        document = connection.scalar(query.offset(offset))
        if document is None:
            return None
        definition = TableDefinition.from_stored(document)
        if not definition.pending:
            return definition
    return None
