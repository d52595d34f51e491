"""Values that a conversion could not carry over, kept aside with row, old value and reason."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dynmodel_pyramid.changes.values.column_values import UNCACHED
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition

if TYPE_CHECKING:
    from dynmodel_pyramid.changes.ddl.columns import Steps


def keep_aside(
    steps: "Steps", after: TableDefinition
) -> Callable[[FieldDefinition, FieldDefinition, list[tuple[int, Any, str, str]]], None]:
    """What keeps (id of the row, value, its text, reason) of values that ``after`` has no room for."""
    quarantine = steps.store.system.quarantine

    def keep(old: FieldDefinition, new: FieldDefinition, lost: list[tuple[int, Any, str, str]]) -> None:
        rows = [
            {
                "table_id": after.id,
                "field_id": new.id,
                "row_id": row_id,
                "version": after.version,
                "type": old.type,
                "value": text,
                "reason": reason,
                "kept_at": steps.moment,
            }
            for row_id, _, text, reason in lost
        ]
        steps.connection.execute(sa.insert(quarantine), rows, execution_options=UNCACHED)

    return keep
