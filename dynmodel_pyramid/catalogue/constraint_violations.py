"""Describes a database error by the broken rule, in words of the table's definition."""

from collections.abc import Sequence

from dynmodel_pyramid.catalogue.check_constraints import checked_field
from dynmodel_pyramid.database import Failure
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.errors import Conflict

#: The kinds of :class:`~dynmodel_pyramid.database.Failure` that are the fault of rows.
KINDS = ("unique", "foreign_key", "required", "check")


def violation(failure: Failure, definition: TableDefinition | None) -> Conflict:
    """The error for a write that the database refused.

    :param failure: of one of :data:`KINDS`
    :param definition: of the written table, if it is known
    """
    names = violated_fields(failure, definition) if definition is not None else []
    return Conflict(violation_text(failure.kind, names, definition), code=violation_code(failure), fields=names)


def violation_code(failure: Failure) -> str:
    return f"{failure.kind}_violation"


def violation_text(
    kind: str, names: Sequence[str], definition: TableDefinition | None, *, other: str = "another row", values: str = ""
) -> str:
    """What is wrong with a row, in words.

    :param kind: one of :data:`KINDS`
    :param names: the fields of the rule; none if they are not known
    :param other: the row that has the same values
    :param values: the row's values of these fields
    """
    field = definition.by_name.get(names[0]) if definition is not None and len(names) == 1 else None
    if field is not None and field.message:
        return field.message
    where = ", ".join(names) or "a rule of the table"
    values = f": {values}" if values else ""
    details = {
        "unique": f"{other} has the same value in {where}{values}",
        "foreign_key": f"{where} refers to a row that is not there, or the row is referred to",
        "required": f"{where} is required",
        "check": f"{where} breaks a rule of the database{values}",
    }
    return details[kind]


def violated_fields(failure: Failure, definition: TableDefinition) -> list[str]:
    """The names of the fields that a violated constraint is about; none if it is not of this table."""
    if failure.table is not None and failure.table != definition.physical_name:
        return []
    by_column = {field.column: field.name for field in definition.fields} | {"id": "id"}
    if failure.constraint:
        checked = checked_field(definition, failure.constraint)
        if checked is not None:
            return [checked.name]
        prefix, _, number = failure.constraint.rpartition("_")
        if prefix == "_pk":
            return ["id"] if number == str(definition.id) else []
        if prefix in (f"_ux_{definition.id}", f"_ix_{definition.id}") and number.isdigit():
            field = definition.by_id.get(int(number))
            if field is not None:
                return [field.name]
            parts = next((index.fields for index in definition.indexes if index.id == int(number)), ())
            return [definition.by_id[part].name for part, _ in parts]
    if failure.told is not None:
        rules = [[column] for column in by_column]
        rules += [[definition.by_id[part].column for part, _ in index.fields] for index in definition.indexes]
        for rule in rules:
            if failure.told == ", ".join(f"{definition.physical_name}.{column}" for column in rule):
                return [by_column[column] for column in rule]
        return []
    return [by_column[column] for column in failure.columns if column in by_column]
