"""All definitions as one document, for version control and for promotion from one environment to another.

It leaves out everything that differs between equal environments: ids, positions, versions and moments. Tables stand in
the order of their names, fields in their own order; links name tables by their model names. Options that have their
defaults are left out, unless the full form is wanted.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import colander

from dynmodel_pyramid.definitions.model import FieldDefinition, TableDefinition, same_json
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.writing import field_document, table_document
from dynmodel_pyramid.fields import FieldType, FieldTypes, schema
from dynmodel_pyramid.fields.registry import read_options

#: The members of a table in the document, in this order.
TABLE_KEYS = ("renamed_from", "label", "description", "display", "key", "fields", "unique", "indexes")
_TABLE_DEFAULTS: Mapping[str, Any] = {
    "label": None,
    "description": None,
    "display": None,
    "key": {"type": "integer"},
    "unique": [],
    "indexes": [],
}
#: The common options in this order, with their defaults.
_FIELD_DEFAULTS: Mapping[str, Any] = {
    "required": False,
    "unique": False,
    "unique_ignore_case": False,
    "index": False,
    "default": None,
    "default_expression": None,
    "read_only": False,
    "write_only": False,
    "aliases": [],
    "message": None,
    "label": None,
    "description": None,
}


def schema_document(
    definitions: Iterable[TableDefinition],
    field_types: FieldTypes,
    *,
    full: bool = False,
    access: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The document of these tables. Tables that they link to must be among them.

    :param full: include options that have their defaults
    :param access: the document of roles and grants, if it belongs in it
    """
    definitions = sorted(definitions, key=lambda definition: (name_key(definition.model_name), definition.model_name))
    names = {definition.id: definition.model_name for definition in definitions}
    tables = {
        definition.model_name: table_entry(definition, names, field_types, full=full) for definition in definitions
    }
    return {"tables": tables} if access is None else {"tables": tables, "access": access}


def table_entry(
    definition: TableDefinition, names: Mapping[int, str], field_types: FieldTypes, *, full: bool = False
) -> dict[str, Any]:
    """:param names: the model names of tables by their ids"""
    whole = table_document(definition)
    whole["fields"] = {}
    for field in definition.fields:
        entry = field_entry(field, names, field_types, full=full)
        whole["fields"][field.name] = field.type if len(entry) == 1 and not full else entry
    if not full:
        for rule in whole["unique"]:
            if rule["nulls_distinct"]:
                del rule["nulls_distinct"]
        for index in whole["indexes"]:
            index["fields"] = [part if part["descending"] else part["field"] for part in index["fields"]]
    members = {key: whole[key] for key in TABLE_KEYS if key in whole}
    return {key: value for key, value in members.items() if full or key == "fields" or value != _TABLE_DEFAULTS[key]}


def field_entry(
    field: FieldDefinition, names: Mapping[int, str], field_types: FieldTypes, *, full: bool = False
) -> dict[str, Any]:
    whole = field_document(field, 0)
    common = {key: whole[key] for key in _FIELD_DEFAULTS}
    common["aliases"] = [alias.name for alias in field.aliases]
    own = dict(field.options)
    if field.type in field_types:
        own = _own_options(field_types[field.type], field.options, names, full)
    if not full:
        common = {key: value for key, value in common.items() if not same_json(value, _FIELD_DEFAULTS[key])}
    return {"type": field.type, **own, **common}


def _own_options(
    field_type: FieldType, options: Mapping[str, Any], names: Mapping[int, str], full: bool
) -> dict[str, Any]:
    """A type's own options, with model names for tables, and without defaults where the short form means the same."""
    kinds = field_type.options_schema().children
    defaults = {kind.name: kind.missing for kind in kinds if kind.missing is not colander.required}
    short = {name: value for name, value in options.items()
             if name not in defaults or not same_json(value, defaults[name])}  # fmt: skip
    chosen = dict(options) if full or not _means_the_same(field_type, short, options) else short
    tables = {kind.name for kind in kinds if isinstance(kind.typ, schema.Table)}
    return {name: names.get(value, value) if name in tables else value for name, value in chosen.items()}


def _means_the_same(field_type: FieldType, short: dict[str, Any], options: Mapping[str, Any]) -> bool:
    """Whether the type reads the short options as the full ones; a plugin's validator may do anything."""
    try:
        return same_json(read_options(field_type, dict(short)), dict(options))
    except colander.Invalid:
        return False


def same_document(one: Any, other: Any) -> bool:
    """Equality with the order of fields; to Python 1 and true are equal."""
    return json.dumps(one) == json.dumps(other)
