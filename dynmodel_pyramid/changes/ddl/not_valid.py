"""Rules that are in force before they are proven for all rows: the rules of a change for which that is possible, and
their statements.

PostgreSQL's manual, ALTER TABLE: a constraint that is added NOT VALID holds for later writes, and no row is scanned.
VALIDATE CONSTRAINT scans all rows while they are read and written. SET NOT NULL scans no row if a valid check proves
that there are no nulls.
"""

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.check_constraints import check_name, judged_options
from dynmodel_pyramid.catalogue.table_builder import foreign_key_name
from dynmodel_pyramid.changes.ddl.columns import SchemaTools, TableEdit
from dynmodel_pyramid.changes.values.column_values import ColumnValues
from dynmodel_pyramid.database.identifiers import quote_identifier
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.compare import Comparison, Pair
from dynmodel_pyramid.definitions.operations import ChangeField, DropField, DropIndex, Operation, RenameTable

NOT_VALID: dict[str, Any] = {"postgresql_not_valid": True}


def required_name(definition: TableDefinition, field: FieldDefinition) -> str:
    """The check in the place of NOT NULL, until NOT NULL can be set without a scan."""
    return check_name(definition, field, "required")


def candidates(
    tools: SchemaTools, comparison: Comparison, converted: Iterable[Pair], rekeyed: Iterable[Pair]
) -> frozenset[str]:
    """The constraints that may be proven later, whatever the rows contain.

    There are none if another part of the change could not be reversed after a failed proof.
    """
    if not all(map(_can_be_reversed, comparison.operations)):
        return frozenset()
    after, names = comparison.after, set()
    for field in comparison.arriving:
        names |= _of_values(tools, after, None, field)
    for old, new in converted:
        names |= _of_values(tools, after, old, new) if _is_proven(tools, old, new) else set()
    for old, new in rekeyed:
        is_same_table = tools.reference(old).table == tools.reference(new).table
        names |= _keys(tools, after, new) if is_same_table else set()
    for _, new in comparison.changed("required"):
        if new.required and tools.has_column(new) and not tools.is_system_value(new):
            names.add(required_name(after, new))
    return frozenset(names)


def put_off(tools: SchemaTools, edit: TableEdit) -> frozenset[str]:
    """The :func:`candidates`, if the change need not write rows."""
    comparison = edit.comparison
    pairs = [*edit.converted, *comparison.changed("required")]
    touched = [*comparison.arriving, *(new for _, new in pairs)]
    if any(not _leaves_rows(tools, edit.values[field.id]) for field in touched if field.id in edit.values):
        return frozenset()
    return candidates(tools, comparison, edit.converted, edit.rekeyed)


def _can_be_reversed(operation: Operation) -> bool:
    if isinstance(operation, ChangeField) and operation.aspect in ("required", "unique"):
        return operation.kind.startswith("set_") and not (operation.aspect == "unique" and operation.before.is_unique)
    if isinstance(operation, DropIndex):
        return not operation.index.unique
    return not isinstance(operation, DropField | RenameTable)


def _is_proven(tools: SchemaTools, old: FieldDefinition, new: FieldDefinition) -> bool:
    """Whether the constraints prove everything that the change of type or options demands of the values."""
    if old.type != new.type:
        return tools.has_foreign_key(new) and tools.column_type(old)[1] == tools.column_type(new)[1]
    return judged_options(old, new, tools.rules(new)) is not None


def _of_values(
    tools: SchemaTools, after: TableDefinition, old: FieldDefinition | None, new: FieldDefinition
) -> set[str]:
    known = {} if old is None else tools.rules(old)
    checks = {check_name(after, new, option) for option, rule in tools.rules(new).items() if known.get(option) != rule}
    return checks | _keys(tools, after, new)


def _keys(tools: SchemaTools, after: TableDefinition, field: FieldDefinition) -> set[str]:
    return {foreign_key_name(after, field)} if tools.has_foreign_key(field) else set()


def _leaves_rows(tools: SchemaTools, values: ColumnValues) -> bool:
    if tools.is_list(values.after) or tools.is_system_value(values.after):
        return False
    return values.is_same or (values.before is None and values.by_sql)


# The fields of constraints


def trusted_fields(definition: TableDefinition, names: Iterable[str]) -> frozenset[int]:
    """The fields whose values one of these constraints proves, apart from nulls."""
    names = set(names)

    def is_trusted(field: FieldDefinition) -> bool:
        others = names - {required_name(definition, field)}
        begin, key = check_name(definition, field, ""), foreign_key_name(definition, field)
        return any(name == key or name.startswith(begin) for name in others)

    return frozenset(field.id for field in definition.fields if is_trusted(field))


# Statements


def demand_values(tools: SchemaTools, definition: TableDefinition, names: Collection[str]) -> None:
    """Add the checks among these constraints that are in the place of NOT NULL."""
    for field in definition.fields:
        name = required_name(definition, field)
        if name in names:
            table = tools.generator.table(definition)
            rule = table.c[field.name].is_not(None)
            check = sa.CheckConstraint(rule, name=quoted_name(name, quote=True), **NOT_VALID)
            table.append_constraint(check)
            with tools.runner.serving(("required", field.id), lock="ACCESS EXCLUSIVE"):
                tools.runner.run(sa.schema.AddConstraint(check))


def validate(tools: SchemaTools, definition: TableDefinition, names: Iterable[str]) -> None:
    """Prove constraints for all rows, in one statement: the checks share one scan."""
    table = tools.table_sql(definition.physical_name)
    parts = ", ".join(f"VALIDATE CONSTRAINT {quote_identifier(name)}" for name in sorted(names))
    with tools.runner.serving(("pending", 0), cost="scan", lock="SHARE UPDATE EXCLUSIVE"):
        tools.runner.run(f"ALTER TABLE {table} {parts}")


def complete(tools: SchemaTools, definition: TableDefinition, names: Iterable[str]) -> None:
    """Replace the checks that are in the place of NOT NULL; if the rule is gone, only drop them."""
    table = tools.table_sql(definition.physical_name)
    helpers = {required_name(definition, field): field for field in definition.fields}
    for name in sorted(set(names) & set(helpers)):
        field = helpers[name]
        with tools.runner.serving(("required", field.id), lock="ACCESS EXCLUSIVE"):
            if field.required:
                tools.runner.run(f"ALTER TABLE {table} ALTER COLUMN {quote_identifier(field.column)} SET NOT NULL")
            tools.runner.run(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {quote_identifier(name)}")
