"""The columns of tables in OpenAPI 2.0: JSON types, with PostgreSQL's names of the types as formats."""

import html
import json
import re
from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy.dialects import postgresql

from dynmodel_pyramid.catalogue.references import reference_of
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.fields import FieldType, FieldTypes
from dynmodel_pyramid.fields.contract import Options

#: Keywords of JSON Schema that mean the same in Swagger 2.0 ("Schema Object"). Patterns there are of JavaScript.
_KNOWN = {"type", "enum", "minimum", "maximum", "minLength", "maxLength", "items"}
_DIALECT = postgresql.dialect()
#: SQLAlchemy's names -> those that PostgREST gives.
_FORMATS = {"bigint": "int64", "integer": "int32", "smallint": "int32", "float": "double precision"}
_FORMATS |= {"varchar": "character varying", "char": "character"}
_NOT_THE_NAME = re.compile(r"\([^)]*\)| collate .*")
_MOMENT = "timestamp with time zone"

#: The names of the tables that the caller may see, by their ids.
Names = Mapping[int, str]


class _PostgreSQL:
    """The surroundings of field types whose columns are named. The same description is given on both databases."""

    dialect = "postgresql"


def table_schema(definition: TableDefinition, types: FieldTypes, names: Names) -> dict[str, Any]:
    """The schema of a table's rows."""
    fields = [field for field in definition.fields if not field.write_only]
    key = {"type": "integer", "format": "int64", "description": "Note:\nThis is a Primary Key.<pk/>"}
    schema: dict[str, Any] = {"required": ["id", *[field.name for field in fields if field.required]], "type": "object"}
    schema["properties"] = {"id": key} | {field.name: _property(field, types, names) for field in fields}
    return schema if definition.description is None else {"description": definition.description, **schema}


def _property(field: FieldDefinition, types: FieldTypes, names: Names) -> dict[str, Any]:
    """Nothing is known of a type that is not installed."""
    if field.type not in types:
        return {}
    field_type = types[field.type]
    schema = {"type": "number"} if field_type.exact_numbers else field_type.json_schema(field.options)
    members = _known(schema)
    if (format := _format(field_type, field.options, schema)) is not None:
        members["format"] = format
    note = _foreign_key(field, types, names)
    told = [part for part in (field.description, note) if part]
    if told:
        members["description"] = "\n\n".join(told)
    if field.default is not None:
        members["default"] = _default(field_type, field.default)
    return members


def _known(schema: dict[str, Any]) -> dict[str, Any]:
    members = {name: value for name, value in schema.items() if name in _KNOWN and not isinstance(value, bool)}
    if not isinstance(members.get("type"), str):
        members.pop("type", None)
    if members.get("type") == "array":
        members["items"] = _known(members.get("items", {}))
    return members


def _format(field_type: FieldType, options: Options, schema: dict[str, Any]) -> str | None:
    """PostgreSQL's name of a field's type; its own name of a value that is stored as a number and shown as a text."""
    column, shown = field_type.column(options, _PostgreSQL()), schema.get("type")
    if column is None:
        return _MOMENT if schema.get("format") == "date-time" else schema.get("format")
    name = _NOT_THE_NAME.sub("", column.type.compile(_DIALECT).lower())
    if shown == "array":
        return name if name.endswith("[]") else f"{name}[]"
    if shown == "string" and name in ("bigint", "integer", "smallint"):
        return type(field_type).__name__.lower()
    return _FORMATS.get(name, name)


def _foreign_key(field: FieldDefinition, types: FieldTypes, names: Names) -> str | None:
    """The note by which clients of PostgREST find the far table."""
    reference = reference_of(field, types)
    far = None if reference is None or reference.many else names.get(reference.table)
    if far is None:
        return None
    return f"Note:\nThis is a Foreign Key to `{far}.id`.<fk table='{html.escape(far)}' column='id'/>"


def _default(field_type: FieldType, default: Any) -> orjson.Fragment:
    """A default as it stands in rows: an exact number with all its digits. It may have more than 64 bits."""
    return orjson.Fragment(str(default) if field_type.exact_numbers else json.dumps(default))
