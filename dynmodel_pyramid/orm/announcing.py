"""Tells of a session's rows before they are written: whoever watches may fill values, or refuse rows."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.system_values import system_fields
from dynmodel_pyramid.catalogue.table_builder import Model, attribute_names
from dynmodel_pyramid.catalogue.watching import WantedWrites
from dynmodel_pyramid.orm.flush import definition_of


def announce(
    catalogue: Catalogue,
    connection: sa.Connection,
    model_of: Callable[[int], Model],
    rows: list[Any],
    author: str | None,
    *,
    new: bool,
) -> None:
    """
    :param rows: new rows, or changed ones
    :raises Invalid: a row is refused
    """
    by_table: dict[int, list[Any]] = {}
    for row in rows:
        by_table.setdefault(definition_of(row).id, []).append(row)
    for table_id, alike in by_table.items():
        model = model_of(table_id)
        names = attribute_names(model.definition)
        for field in system_fields(model.definition, model.field_types):
            names.pop(field.name)
        known = [_values(row, names, new=new) for row in alike]
        values = [dict(found) for found in known]
        operation = "insert" if new else "update"
        ids, pointers = [row.id for row in alike], [""] * len(alike)
        catalogue.announce(connection, WantedWrites(model, operation, ids, values, pointers, author))
        for row, before, after in zip(alike, known, values, strict=True):
            for name, value in after.items():
                if name not in before or value is not before[name]:
                    setattr(row, names[name], value)


def _values(row: Any, names: dict[str, str], *, new: bool) -> dict[str, Any]:
    """The values of a new row, or the changed ones, by field."""
    attributes = sa.inspect(row).attrs
    return {
        name: getattr(row, attribute)
        for name, attribute in names.items()
        if new or attribute not in attributes or attributes[attribute].history.has_changes()
    }
