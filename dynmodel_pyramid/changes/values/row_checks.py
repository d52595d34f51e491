"""Whether the rows allow a change: nulls where a field is required, equal values where they must differ."""

import sqlalchemy as sa

from dynmodel_pyramid.changes.comparison import field_key
from dynmodel_pyramid.changes.values.column_values import UNCACHED, Carried
from dynmodel_pyramid.changes.values.violations import SAMPLES, Finding
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition


def lost_values(carried: Carried, form: str) -> Finding:
    """Values that can't be carried over.

    :param form: of ``on_error``, which would make them null
    """
    field = carried.after
    aspect, number = field_key(carried.before, field)
    if carried.before.type != field.type:
        detail = f"{carried.lost.count} values of the field {field.name!r} can't become {field.type}"
    else:
        detail = f"the field {field.name!r} would not take {carried.lost.count} of its values any more"
    return Finding(
        aspect,
        number,
        detail,
        f"mend the values, or say what becomes of them: on_error={form}, or default or quarantine in place of null",
        carried.lost.count,
        carried.lost.told,
        {"field": field.name},
    )


def nulls(connection: sa.Connection, table: sa.FromClause, carried: Carried) -> Finding | None:
    """Rows without a value in a required field."""
    field, is_null = carried.after, carried.expression.is_(None)
    count = connection.scalar(sa.select(sa.func.count()).select_from(table).where(is_null), execution_options=UNCACHED)
    if not count:
        return None
    rows = sa.select(table.c.id).where(is_null).order_by(table.c.id).limit(SAMPLES)
    ids = connection.scalars(rows, execution_options=UNCACHED).all()
    if carried.before is None:
        detail = f"the table has rows, and the new field {field.name!r} is required without a default"
        hint = "give the field a default, or make it required after filling it"
    else:
        detail = f"{count} rows have no value in the field {field.name!r}, so it can't be required"
        hint = "fill the values first, or give the field a default and say on_error=default"
    samples = [{"id": row_id} for row_id in ids]
    return Finding("required", field.id, detail, hint, count, samples, {"field": field.name})


def duplicates(
    connection: sa.Connection,
    table: sa.FromClause,
    number: int,
    fields: list[FieldDefinition],
    expressions: list[sa.ColumnElement],
    nulls_distinct: bool,
) -> Finding | None:
    """Equal values where there may be none; ``count`` is that of the rows concerned."""
    values = [expression.label(f"value_{place}") for place, expression in enumerate(expressions)]
    rows = sa.select(table.c.id, *values).subquery()
    parts = list(rows.c)[1:]
    size = sa.func.count()
    groups = sa.select(size.label("size"), sa.func.min(rows.c.id).label("first")).group_by(*parts).having(size > 1)
    if nulls_distinct:
        groups = groups.where(*[part.is_not(None) for part in parts])
    groups = groups.subquery()
    total = connection.scalar(sa.select(sa.func.sum(groups.c.size)), execution_options=UNCACHED)
    if not total:
        return None
    first = sa.select(groups.c.first, groups.c.size).order_by(groups.c.first).limit(SAMPLES)
    samples = [{"id": row_id, "rows": size} for row_id, size in connection.execute(first, execution_options=UNCACHED)]
    names = [field.name for field in fields]
    return Finding(
        "unique" if len(fields) == 1 else "several",
        number,
        f"rows have equal values in {', '.join(names)}, so it can't be unique",
        "mend the rows first; each sample is the first of its equals",
        int(total),
        samples,
        {"fields": names},
        tuple(field.id for field in fields),
    )


def unique_rules(
    definition: TableDefinition, kept: set[str]
) -> list[tuple[str, int, list[FieldDefinition], bool, bool]]:
    """(name, id, fields, whether the case of letters is folded, whether nulls differ) of rules that are new."""
    rules = [
        (f"_ux_{definition.id}_{field.id}", field.id, [field], field.unique_ignore_case, True)
        for field in definition.fields
        if field.is_unique
    ]
    rules += [
        (
            f"_ux_{definition.id}_{index.id}",
            index.id,
            [definition.by_id[number] for number, _ in index.fields],
            False,
            index.nulls_distinct,
        )
        for index in definition.indexes
        if index.unique
    ]
    return [rule for rule in rules if rule[0] not in kept]
