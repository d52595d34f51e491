"""The health of a table: whether it agrees with its definition, and how far it is from its limits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.table_builder import SYSTEM_COLUMNS
from dynmodel_pyramid.catalogue.unsupported_options import unsupported_option
from dynmodel_pyramid.changes.ddl.columns import Width
from dynmodel_pyramid.changes.promises import Broken, Promises
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.model import FieldDefinition
from dynmodel_pyramid.definitions.trashed import TrashStore
from dynmodel_pyramid.errors import PluginMissing

#: From this part of the limit on there are warnings.
WARN_FROM = 0.5


@dataclass(frozen=True, slots=True)
class Health:
    """The state of a table: its columns, old columns that are kept, and warnings with hints."""

    width: Width
    limit: int
    trashed: int
    quarantined: int
    #: Constraints that are still to be proven for existing rows (:mod:`~.validate`).
    pending: tuple[str, ...]
    warnings: tuple[dict[str, Any], ...]
    #: The differences between the database and the definition's promises.
    broken: tuple[Broken, ...]

    @property
    def left(self) -> int:
        """How many more columns the table can have."""
        return max(0, self.limit - self.width.counted)


def health_of(catalogue: Catalogue, definition: TableDefinition) -> Health:
    dialect, trash = catalogue.database.dialect, TrashStore(catalogue.database.system)
    with catalogue.database.rehearsing() as connection:
        trashed = trash.fields(connection, definition.id)
        quarantined = trash.quarantined(connection, definition.id)
        counted = dialect.counted_columns(connection, definition.physical_name) if dialect.counts_dropped_columns else 0
        columns = catalogue.store.trashed_fields(connection, definition.id)
        broken = Promises(connection, catalogue.generator, catalogue.store).broken(definition)
    in_use = len(SYSTEM_COLUMNS) + 1 + sum(_has_column(catalogue, field) for field in definition.fields)
    width = Width(in_use, len(columns), max(0, counted - in_use - len(columns)))
    limit = dialect.max_columns
    warnings = [
        *_warnings(definition.model_name, width, limit, dialect.counts_dropped_columns),
        *_unsupported(catalogue.upgraded(definition), catalogue),
    ]
    return Health(width, limit, len(trashed), quarantined, tuple(definition.pending), tuple(warnings), tuple(broken))


def health_now(catalogue: Catalogue, table_id: int) -> tuple[TableDefinition, Health] | None:
    """The health of a table, without a lock: made again if the definition changes meanwhile. None if it is dropped."""
    while True:
        with catalogue.database.reading() as connection:
            _, definition = catalogue.store.by_id(connection, table_id)
        if definition is None:
            return None
        health = health_of(catalogue, definition)
        with catalogue.database.reading() as connection:
            _, later = catalogue.store.by_id(connection, table_id)
        if later is not None and later.version == definition.version:
            return definition, health


def _has_column(catalogue: Catalogue, field: FieldDefinition) -> bool:
    try:
        return catalogue.generator.column(field) is not None
    except PluginMissing:
        return True


def _warnings(table: str, width: Width, limit: int, counts_dropped: bool) -> list[dict[str, Any]]:
    if width.counted < limit * WARN_FROM:
        return []
    detail = f"{width.counted} of the {limit} columns that the database allows for a table are used up"
    if counts_dropped and width.dropped + width.in_trash > width.in_use:
        hint = f"columns count even after they are purged: dynmodel-compact CONFIG.ini {table}"
    elif not counts_dropped and width.in_trash:
        hint = "purge the table's trash"
    else:
        hint = "make a table of its own for some of the fields"
    return [{"kind": "columns_run_out", "detail": detail, "hint": hint}]


def _unsupported(definition: TableDefinition, catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    for field in definition.fields:
        option = unsupported_option(field, catalogue.field_types)
        if option is not None:
            error = option.error(field.name)
            yield {"kind": error.code, "field": field.name, "detail": error.detail, "hint": error.hint}


def health_document(health: Health) -> dict[str, Any]:
    """The document for clients; ``status`` is ``healthy`` or ``damaged``.

    ``pending`` is for checks of the database that do not hold for all rows yet.
    """
    width = health.width
    return {
        "status": "damaged" if health.broken else "healthy",
        "columns": {
            "in_use": width.in_use,
            "in_trash": width.in_trash,
            "dropped": width.dropped,
            "counted": width.counted,
            "limit": health.limit,
            "left": health.left,
        },
        "trash": health.trashed,
        "quarantine": health.quarantined,
        "pending": list(health.pending),
        "warnings": list(health.warnings),
        "differences": [
            {
                "kind": thing.kind,
                "name": thing.name,
                "table": thing.table,
                "field": thing.field,
                "promised": thing.promised,
                "found": thing.found,
                "detail": thing.detail,
                "hint": thing.hint,
            }
            for thing in health.broken
        ],
    }
