"""Describes a database error by the broken rule, in words of the table's definition."""

from collections.abc import Callable

from dynmodel_pyramid.catalogue.check_constraints import checked_field
from dynmodel_pyramid.database import Failure
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.errors import Conflict

#: The kinds of :class:`~dynmodel_pyramid.database.Failure` that are the fault of rows.
KINDS = ("unique", "foreign_key", "required", "check")


def violation(
    failure: Failure, definition: TableDefinition | None, exists: Callable[[str], bool] = lambda name: True
) -> Conflict:
    """The error for a write that the database refused.

    :param failure: of one of :data:`KINDS`
    :param definition: of the written table, if it is known
    :param exists: whether a field exists for the caller; a rule with others is not described
    """
    names = violated_fields(failure, definition) if definition is not None else []
    names = names if all(name == "id" or exists(name) for name in names) else []
    where = ", ".join(names) or "a rule of the table"
    details = {
        "unique": f"another row has the same value in {where}",
        "foreign_key": f"{where} refers to a row that is not there, or the row is referred to",
        "required": f"{where} is required",
        "check": f"{where} breaks a rule of the database",
    }
    field = definition.by_name.get(names[0]) if definition is not None and len(names) == 1 else None
    own = None if field is None else field.message
    return Conflict(own or details[failure.kind], code=f"{failure.kind}_violation", fields=names)


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
