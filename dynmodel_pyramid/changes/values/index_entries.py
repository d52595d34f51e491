"""Values that are too long for an index: PostgreSQL allows about 2,700 bytes an entry, after compression."""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.long_entries import is_short
from dynmodel_pyramid.catalogue.word_indexes import SEARCH
from dynmodel_pyramid.changes.values.violations import SAMPLES, Violation
from dynmodel_pyramid.database import Dialect
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.fields.sql.patterns import Case


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
        if all(map(is_short, kinds)) or any(isinstance(kind, sa.types.NullType) for kind in kinds):
            continue  # an unknown type belongs to a missing plugin
        if folds_case is True:
            case = Case(definition.by_id[ids[0]].folding, dialect.schema)
            parts = [case.key(part) for part in parts]
        rows = sa.select(table.c.id, *[part.label(f"value_{place}") for place, part in enumerate(parts)])
        count, first = dialect.refused_entries(connection, rows, SAMPLES)
        if count:
            yield _violation(name, count, first, [definition.by_id[number].name for number in ids], ids)


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
