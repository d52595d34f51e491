"""Fields whose values may be too long for their index: PostgreSQL takes 2,700 bytes an entry, after compression."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.table_builder import Model

HINT = "shorten the value, or take index and unique from the field (some 2,700 bytes fit, after compression)"
#: Types whose values always fit.
_SHORT = (sa.Integer, sa.Float, sa.Boolean, sa.Date, sa.DateTime, sa.Time, sa.Interval, sa.Uuid)


def too_long_text(names: Sequence[str]) -> str:
    """:param names: the fields that may be meant, as far as they exist for the caller"""
    subject = f"the value of {' or '.join(names)}" if names else "the value of an indexed or unique field"
    return f"{subject} is too long for its index"


def long_indexed_fields(model: Model) -> list[str]:
    """The names of indexed fields whose values may be too long for the index."""
    definition = model.definition
    indexed = {field.id for field in definition.fields if field.is_unique or field.index is True}
    indexed |= {number for index in definition.indexes for number, _ in index.fields}
    columns = {field.name: model.table.c.get(field.name) for field in definition.fields if field.id in indexed}
    return [name for name, column in columns.items() if column is not None and not is_short(column.type)]


def is_short(kind: sa.types.TypeEngine[Any]) -> bool:
    return isinstance(getattr(kind, "impl_instance", kind), _SHORT)
