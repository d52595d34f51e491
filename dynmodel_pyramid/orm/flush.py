"""A session's flush: which rows have changed, and their system values."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.orderinglist import OrderingList
from sqlalchemy.orm import Session

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.system_values import Filler, system_fields
from dynmodel_pyramid.catalogue.table_builder import DEFINITION, attribute_names
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.store import now


def definition_of(row: Any) -> TableDefinition:
    """The definition that the class of a row, or of a list's line, was made from."""
    return type(row).__table__.info[DEFINITION]


def is_row(row: Any) -> bool:
    """Whether the object is a row, and not a line of a row's list."""
    return hasattr(type(row), "__definition__")


def changed_rows(session: Session) -> list[Any]:
    """The changed rows, and rows of which a list has changed."""
    modified = [row for row in session.dirty if session.is_modified(row)]
    rows = [row if is_row(row) else row.owner for row in modified]
    left_out = (*session.new, *session.deleted, None)
    unique = {id(row): row for row in rows if not any(row is other for other in left_out)}
    return list(unique.values())


def settle_lists(row: Any) -> None:
    """Number the lines of a row's lists from 0 again, without gaps."""
    for value in vars(row).values():
        if isinstance(value, OrderingList):
            value.reorder()


def stale_relationships(row: Any) -> list[str]:
    """The relationships that lead to the row whose id is in a field, as far as they are loaded."""
    relationships = sa.inspect(type(row)).relationships
    return [
        relationship.key
        for relationship in relationships
        if not relationship.viewonly and not relationship.uselist and relationship.key in vars(row)
    ]


def fill(session: Session, catalogue: Catalogue, author: str | None, rows: list[Any], *, new: bool) -> None:
    """Set the system values of rows."""
    moment, connection = now(), session.connection()
    by_definition: dict[int, list[Any]] = {}
    for row in rows:
        row._updated = moment
        if new:
            row._created = moment
        by_definition.setdefault(id(definition_of(row)), []).append(row)
    for alike in by_definition.values():
        definition, field_types = definition_of(alike[0]), catalogue.field_types
        fields, names = system_fields(definition, field_types), attribute_names(definition)
        filler = Filler(connection, catalogue.store, field_types, definition, author, moment)
        filled = filler.of_new_rows(fields, len(alike)) if new else [filler.of_changed_row(fields) for _ in alike]
        if new:
            table, ids = type(alike[0]).__table__, [row.id for row in alike if row.id is not None]
            # Numbers that are drawn later come after numbers that the caller has set.
            catalogue.database.dialect.draw_ids(connection, table, 0, above=max(ids, default=0))
        for row, values in zip(alike, filled, strict=True):
            for name, value in values.items():
                setattr(row, names[name], value)
