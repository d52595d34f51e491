"""The parameters with conditions on fields: for each type the operators and how a condition begins."""

from collections.abc import Iterator
from typing import Any

from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.fields.contract import FieldType
from dynmodel_pyramid.fields.operators import Operator
from dynmodel_pyramid.queries.grammar.printing import parameter_name
from dynmodel_pyramid.web.openapi.examples import example_of
from dynmodel_pyramid.web.openapi.operations import reference
from dynmodel_pyramid.web.openapi.rows import TableFields, ascii_name, component


def filter_schema(name: str, field_type: FieldType, dialect: str) -> dict[str, Any]:
    """The schema of one condition on a field of a type: an operator, a full stop, a value."""
    known = [operator for operator in field_type.operators if dialect in operator.dialects]
    told = "\n".join(f"- `{operator.name}` ({operator.syntax}): {operator.description}" for operator in known)
    return {
        "type": "string",
        "format": f"condition-{name}",
        "pattern": f"^(not\\.)?({'|'.join(_form(operator) for operator in known)})\\.",
        "description": f"An operator, a full stop and a value; `not.` may stand before:\n\n{told}",
    }


def _form(operator: Operator) -> str:
    if operator.quantified:
        return rf"{operator.name}(\((any|all)\))?"
    return rf"{operator.name}(\([^()]+\))?" if operator.searches else operator.name


def filters(table: TableFields) -> Iterator[tuple[str, dict[str, Any]]]:
    """The parameters of a table's own fields, by their keys."""
    for key, field in _filtered(table):
        yield key, _parameter("id", "integer", "eq.1") if field is None else _of_field(table, field)


def filter_keys(table: TableFields) -> list[str]:
    return [key for key, _ in _filtered(table)]


def _filtered(table: TableFields) -> Iterator[tuple[str, FieldDefinition | None]]:
    """The fields that may be filtered by, with the keys of their parameters; None is the id."""
    prefix = component(table.definition)
    yield f"{prefix}.id", None
    for field in table.definition.fields:
        if field.type in table.types and not field.write_only and table.rights.reads(field.name):
            yield f"{prefix}.{ascii_name(field.name, field.id)}", field


def _of_field(table: TableFields, field: FieldDefinition) -> dict[str, Any]:
    field_type = table.types[field.type]
    value = example_of(field.type, field_type.json_schema(field.options))
    names = [operator.name for operator in field_type.operators]
    example = f"eq.{value}" if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    if example is None or "eq" not in names:
        example = "is.null" if "is" in names else None
    return _parameter(field.name, field.type, example)


def _parameter(name: str, type_name: str, example: str | None) -> dict[str, Any]:
    told = f"Conditions on {name}; all must hold"
    return {
        "name": parameter_name(name),
        "in": "query",
        "description": told if example is None else f"{told}. Example: `{example}`",
        "schema": {"type": "array", "items": reference("schemas", f"filter.{type_name}")},
    }
