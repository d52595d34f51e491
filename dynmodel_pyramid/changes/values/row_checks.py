"""Checks whether the rows allow a change: nulls in required fields, equal values where they must differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.changes.values.column_values import UNCACHED, ColumnValues
from dynmodel_pyramid.changes.values.violations import SAMPLES, Violation
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.compare import field_key
from dynmodel_pyramid.fields.sql.patterns import Case


def lost_values(values: ColumnValues, form: str, repairs: Sequence[str] = ()) -> Violation:
    """The violation by values that can't be converted.

    :param form: the form of ``on_error`` that would make them null
    :param repairs: further words that the field takes
    """
    field = values.after
    aspect, number = field_key(values.before, field)
    if values.old.type != field.type:
        detail = f"{values.lost.count} values of the field {field.name!r} can't become {field.type}"
    else:
        detail = f"the field {field.name!r} would not take {values.lost.count} of its values any more"
    words = " or ".join(["default", "quarantine", *repairs])
    return Violation(
        aspect,
        number,
        detail,
        f"mend the values, or say what becomes of them: on_error={form}, or {words} in place of null",
        values.lost.count,
        values.lost.rows,
        {"field": field.name},
    )


def nulls(connection: sa.Connection, table: sa.FromClause, values: ColumnValues) -> Violation | None:
    """The violation by rows without a value in a required field."""
    field, is_null = values.after, values.expression.is_(None)
    count = connection.scalar(sa.select(sa.func.count()).select_from(table).where(is_null), execution_options=UNCACHED)
    if not count:
        return None
    rows = sa.select(table.c.id).where(is_null).order_by(table.c.id).limit(SAMPLES)
    ids = connection.scalars(rows, execution_options=UNCACHED).all()
    if values.before is None:
        detail = f"the table has rows, and the new field {field.name!r} is required without a default"
        hint = "give the field a default, or make it required after filling it"
    else:
        detail = f"{count} rows have no value in the field {field.name!r}, so it can't be required"
        hint = "fill the values first, or give the field a default and say on_error=default"
    samples = [{"id": row_id} for row_id in ids]
    return Violation("required", field.id, detail, hint, count, samples, {"field": field.name})


def duplicates(
    connection: sa.Connection,
    table: sa.FromClause,
    number: int,
    fields: list[FieldDefinition],
    expressions: list[sa.ColumnElement[Any]],
    nulls_distinct: bool,
) -> Violation | None:
    """The violation by equal values; ``count`` is the number of these rows."""
    labelled = [expression.label(f"value_{place}") for place, expression in enumerate(expressions)]
    rows = sa.select(table.c.id, *labelled).subquery()
    parts = list(rows.c)[1:]
    size = sa.func.count()
    groups = sa.select(size.label("size"), sa.func.min(rows.c.id).label("first")).group_by(*parts).having(size > 1)
    if nulls_distinct:
        groups = groups.where(*[part.is_not(None) for part in parts])
    repeated = groups.subquery()
    total = connection.scalar(sa.select(sa.func.sum(repeated.c.size)), execution_options=UNCACHED)
    if not total:
        return None
    first = sa.select(repeated.c.first, repeated.c.size).order_by(repeated.c.first).limit(SAMPLES)
    samples = [{"id": row_id, "rows": size} for row_id, size in connection.execute(first, execution_options=UNCACHED)]
    names = [field.name for field in fields]
    return Violation(
        "unique" if len(fields) == 1 else "several",
        number,
        f"rows have equal values in {', '.join(names)}, so it can't be unique",
        "mend the rows first; each sample is the first of its equals",
        int(total),
        samples,
        {"fields": names},
        tuple(field.id for field in fields),
    )


@dataclass(frozen=True, slots=True)
class UniqueRule:
    """A rule that rows must differ: ``name`` is its index's; ``number`` is the id of its field, or its own."""

    name: str
    number: int
    fields: list[FieldDefinition]
    case: Case | None
    nulls_distinct: bool

    def violation(
        self, connection: sa.Connection, table: sa.FromClause, expressions: Mapping[int, sa.ColumnElement[Any]]
    ) -> Violation | None:
        """:param expressions: the values of fields over the table, by the fields' ids"""
        parts = [expressions[field.id] for field in self.fields]
        parts = [self.case.key(part) for part in parts] if self.case is not None else parts
        return duplicates(connection, table, self.number, self.fields, parts, self.nulls_distinct)


def unique_rules(definition: TableDefinition, kept_indexes: set[str], schema: str | None) -> list[UniqueRule]:
    """The rules with a new index, which is not in ``kept_indexes``.

    :param schema: the one of all tables
    """
    rules = [
        UniqueRule(
            f"_ux_{definition.id}_{field.id}",
            field.id,
            [field],
            Case(field.folding, schema) if field.unique_ignore_case else None,
            True,
        )
        for field in definition.fields
        if field.is_unique
    ]
    for index in definition.indexes:
        if index.unique:
            fields = [definition.by_id[number] for number, _ in index.fields]
            name = f"_ux_{definition.id}_{index.id}"
            rules.append(UniqueRule(name, index.id, fields, None, index.nulls_distinct))
    return [rule for rule in rules if rule.name not in kept_indexes]
