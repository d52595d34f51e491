"""Values that are too long for an index: PostgreSQL allows about 2,700 bytes an entry, after compression."""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.catalogue.word_indexes import SEARCH
from dynmodel_pyramid.changes.values.violations import SAMPLES, Violation
from dynmodel_pyramid.database import Dialect
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.fields.sql.patterns import Case

#: Types whose values always fit.
_SHORT = (sa.Integer, sa.Float, sa.Boolean, sa.Date, sa.DateTime, sa.Time, sa.Interval, sa.Uuid)


def too_long_entries(
    connection: sa.Connection,
    dialect: Dialect,
    table: sa.FromClause,
    indexes: Mapping[str, tuple[Any, ...]],
    definition: TableDefinition,
    expressions: Mapping[int, sa.ColumnElement[Any]],
) -> Iterator[Violation]:
    """
    :param indexes: the indexes to check, as ``SchemaTools.index_names`` describes them
    :param expressions: the values of fields over the table, by the fields' ids
    """
    for name, (ids, folds_case, *_) in indexes.items():
        if folds_case == SEARCH:
            continue  # it has words, and the beginnings of texts
        parts = [expressions[number] for number in ids]
        kinds = [part.type for part in parts]
        if all(map(_is_short, kinds)) or any(isinstance(kind, sa.types.NullType) for kind in kinds):
            continue  # an unknown type belongs to a missing plugin
        if folds_case is True:
            case = Case(definition.by_id[ids[0]].folding, dialect.schema)
            parts = [case.key(part) for part in parts]
        rows = sa.select(table.c.id, *[part.label(f"value_{place}") for place, part in enumerate(parts)])
        count, first = dialect.refused_entries(connection, rows, SAMPLES)
        if count:
            yield _violation(name, count, first, [definition.by_id[number].name for number in ids], ids)


def long_indexed_fields(model: Model) -> list[str]:
    """The names of indexed fields whose values may be too long for the index."""
    definition = model.definition
    indexed = {field.id for field in definition.fields if field.is_unique or field.index is True}
    indexed |= {number for index in definition.indexes for number, _ in index.fields}
    columns = {field.name: model.table.c.get(field.name) for field in definition.fields if field.id in indexed}
    return [name for name, column in columns.items() if column is not None and not _is_short(column.type)]


def _is_short(kind: sa.types.TypeEngine[Any]) -> bool:
    return isinstance(getattr(kind, "impl_instance", kind), _SHORT)


def _violation(name: str, count: int, first: list[int], names: list[str], ids: tuple[int, ...]) -> Violation:
    number = int(name.rpartition("_")[2])
    aspect = "several" if number not in ids else "unique" if name.startswith("_ux_") else "index"
    return Violation(
        aspect,
        number,
        f"{count} rows have a value in {', '.join(names)} that is too long for an index",
        "shorten the values, or leave the index or unique rule away",
        count,
        [{"id": row_id} for row_id in first],
        {"fields": names},
        ids,
    )
