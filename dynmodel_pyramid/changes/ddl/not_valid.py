"""Rules that are in force before they are proven for all rows: which rules of a change may be, and their statements.

PostgreSQL's manual, ALTER TABLE: a constraint that is added NOT VALID holds for what is written from then on, and no
row is looked at. VALIDATE CONSTRAINT looks at all rows while they are read and written. SET NOT NULL looks at no row
where a valid check proves that there are no nulls.
"""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.check_constraints import check_name, judged_options
from dynmodel_pyramid.catalogue.table_builder import foreign_key_name
from dynmodel_pyramid.changes.comparison import Difference, Pair
from dynmodel_pyramid.changes.ddl.columns import Steps
from dynmodel_pyramid.changes.values.column_values import Carried
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.operations import ChangeField, DropField, DropIndex, RenameTable, Step

NOT_VALID = {"postgresql_not_valid": True}


def required_name(definition: TableDefinition, field: FieldDefinition) -> str:
    """The check that stands for NOT NULL till that can be set without a look at the rows."""
    return check_name(definition, field, "required")


def candidates(
    steps: Steps, change: Difference, converted: Iterable[Pair], rekeyed: Iterable[Pair]
) -> dict[int, tuple[str, ...]]:
    """The constraints that may be proven later, by the ids of their fields, whatever the rows are.

    There are none where something else in the change could not be taken back if the proof fails.
    """
    if not all(map(_can_be_taken_back, change.steps)):
        return {}
    after, found = change.after, {}
    for old, new in ((None, field) for field in change.arriving):
        found[new.id] = _of_values(steps, after, old, new)
    for old, new in converted:
        found[new.id] = _of_values(steps, after, old, new) if _is_proven(steps, old, new) else ()
    for old, new in rekeyed:
        same = steps.generator.reference(old).table == steps.generator.reference(new).table
        found[new.id] = _keys(steps, after, new) if same else ()
    for _, new in change.changed("required"):
        if new.required and steps.has_column(new) and not steps.is_system_value(new):
            found[new.id] = (*found.get(new.id, ()), required_name(after, new))
    return {number: names for number, names in found.items() if names}


def put_off(
    steps: Steps,
    change: Difference,
    carried: Mapping[int, Carried],
    converted: Iterable[Pair],
    rekeyed: Iterable[Pair],
) -> frozenset[str]:
    """The :func:`candidates`, if no row needs to be written by the change."""
    found = candidates(steps, change, converted, rekeyed)
    touched = [*change.arriving, *(new for _, new in converted), *(new for _, new in change.changed("required"))]
    if any(not _leaves_rows(steps, carried[field.id]) for field in touched if field.id in carried):
        return frozenset()
    return frozenset(name for names in found.values() for name in names)


def _can_be_taken_back(step: Step) -> bool:
    if isinstance(step, ChangeField) and step.aspect in ("required", "unique"):
        return step.kind.startswith("set_") and not (step.aspect == "unique" and step.before.is_unique)
    if isinstance(step, DropIndex):
        return not step.index.unique
    return not isinstance(step, DropField | RenameTable)


def _is_proven(steps: Steps, old: FieldDefinition, new: FieldDefinition) -> bool:
    """Whether the constraints judge all that the change of type or options demands of the values."""
    if old.type != new.type:
        return steps.has_foreign_key(new) and steps.column_type(old)[1] == steps.column_type(new)[1]
    return judged_options(old, new, steps.rules(new)) is not None


def _of_values(
    steps: Steps, after: TableDefinition, old: FieldDefinition | None, new: FieldDefinition
) -> tuple[str, ...]:
    known = {} if old is None else steps.rules(old)
    options = [option for option, rule in steps.rules(new).items() if known.get(option) != rule]
    made = (check_name(after, new, option) for option in options)
    return (*made, *_keys(steps, after, new))


def _keys(steps: Steps, after: TableDefinition, field: FieldDefinition) -> tuple[str, ...]:
    return (foreign_key_name(after, field),) if steps.has_foreign_key(field) else ()


def _leaves_rows(steps: Steps, made: Carried) -> bool:
    if steps.is_list(made.after) or steps.is_system_value(made.after):
        return False
    return made.is_same or (made.before is None and made.by_sql)


# What constraints are about


def trusted_fields(definition: TableDefinition, names: Iterable[str]) -> set[int]:
    """The fields whose values some of these constraints prove, null or not."""
    names = set(names)

    def is_trusted(field: FieldDefinition) -> bool:
        others = names - {required_name(definition, field)}
        begin, key = check_name(definition, field, ""), foreign_key_name(definition, field)
        return any(name == key or name.startswith(begin) for name in others)

    return {field.id for field in definition.fields if is_trusted(field)}


# Statements


def demand_values(steps: Steps, definition: TableDefinition) -> None:
    """Add the checks that stand for NOT NULL."""
    for field in definition.fields:
        name = required_name(definition, field)
        if name in steps.put_off:
            table = steps.generator.table(definition)
            rule = table.c[field.name].is_not(None)
            check = sa.CheckConstraint(rule, name=quoted_name(name, quote=True), **NOT_VALID)
            table.append_constraint(check)
            with steps.ddl.serving(("required", field.id), lock="ACCESS EXCLUSIVE"):
                steps.ddl.run(sa.schema.AddConstraint(check))


def validate(steps: Steps, definition: TableDefinition, names: Iterable[str]) -> None:
    """Prove constraints for all rows, in one statement: the checks share one scan."""
    quote = steps.connection.dialect.identifier_preparer.quote_identifier
    table = f"{quote(steps.schema)}.{quote(definition.physical_name)}"
    parts = ", ".join(f"VALIDATE CONSTRAINT {quote(name)}" for name in sorted(names))
    with steps.ddl.serving(("pending", 0), cost="scan", lock="SHARE UPDATE EXCLUSIVE"):
        steps.ddl.run(f"ALTER TABLE {table} {parts}")


def complete(steps: Steps, definition: TableDefinition, names: Iterable[str]) -> None:
    """Replace the checks that stand for NOT NULL; where the rule has gone, only drop them."""
    quote = steps.connection.dialect.identifier_preparer.quote_identifier
    table = f"{quote(steps.schema)}.{quote(definition.physical_name)}"
    helpers = {required_name(definition, field): field for field in definition.fields}
    for name in sorted(set(names) & set(helpers)):
        field = helpers[name]
        with steps.ddl.serving(("required", field.id), lock="ACCESS EXCLUSIVE"):
            if field.required:
                steps.ddl.run(f"ALTER TABLE {table} ALTER COLUMN {quote(field.column)} SET NOT NULL")
            steps.ddl.run(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {quote(name)}")
