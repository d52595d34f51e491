"""Checks of the database: the rules of fields, for users who write by SQL."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.fields import Context, FieldTypes


def checks_of(
    definition: TableDefinition, table: sa.Table, field_types: FieldTypes, context: Context
) -> dict[str, sa.CheckConstraint]:
    """The constraints by their names. A check names its column, so it belongs to the table, as an index does.

    Computed fields, and fields with a table of their own, have no checks here.
    """
    constraints = {}
    for field in definition.fields:
        if field.name not in table.c:
            continue
        own = field_types[field.type].checks(table.c[field.name], field.options, context)
        for option, condition in own.items():
            name = check_name(definition, field, option)
            constraints[name] = sa.CheckConstraint(condition, name=quoted_name(name, quote=True))
    return constraints


def rules_of(field: FieldDefinition, field_types: FieldTypes, context: Context, dialect: sa.Dialect) -> dict[str, str]:
    """The conditions of a field as SQL that does not depend on its column's name: equal texts are equal rules."""
    field_type = field_types[field.type]
    column = field_type.column(field.options, context)
    if column is None:
        return {}
    source = sa.column("value", column.type)
    own = field_type.checks(source, field.options, context)
    options = {"literal_binds": True}
    return {name: str(rule.compile(dialect=dialect, compile_kwargs=options)) for name, rule in own.items()}


def judged_options(old: FieldDefinition, new: FieldDefinition, checks: Mapping[str, object]) -> set[str] | None:
    """The options that have changed and are set, if checks of the database judge each of them; else None."""
    changed = {name for name in new.options if new.options[name] != old.options.get(name)}
    wanted = {name for name in changed if new.options[name] is not None}
    return wanted if wanted <= set(checks) else None


def check_name(definition: TableDefinition, field: FieldDefinition, option: str) -> str:
    return f"_ck_{definition.id}_{field.id}_{option}"


def checked_field(definition: TableDefinition, constraint: str) -> FieldDefinition | None:
    """The field of the check of that name."""
    begin = f"_ck_{definition.id}_"
    number = constraint.removeprefix(begin).partition("_")[0]
    if not constraint.startswith(begin) or not number.isdigit():
        return None
    return definition.by_id.get(int(number))
