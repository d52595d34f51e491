"""Roles -> the document that clients get. Reading it back changes nothing."""

from collections.abc import Iterable, Mapping
from typing import Any

from dynmodel_pyramid.access.condition_printing import print_condition
from dynmodel_pyramid.access.conditions import Condition, ConditionBroken, Placeholder
from dynmodel_pyramid.access.field_lists import listed
from dynmodel_pyramid.access.grants import ACTIONS, ALL_FIELDS, DEFINITIONS, Action, Fields, Grant, Role
from dynmodel_pyramid.access.store import EVERY_TABLE
from dynmodel_pyramid.access.tables import Tables
from dynmodel_pyramid.catalogue.column_expressions import is_system_value
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions.names import name_key


def roles_document(roles: Mapping[str, Role], tables: Tables) -> dict[str, Any]:
    """The document of these roles, in the order of their names. Grants of dropped tables are left out."""
    return {"roles": {name: role_document(roles[name], tables) for name in sorted(roles)}}


def role_document(role: Role, tables: Tables) -> dict[str, Any]:
    document: dict[str, Any] = {}
    if role.label is not None:
        document["label"] = role.label
    if role.description is not None:
        document["description"] = role.description
    entries: dict[str, dict[str, Any]] = {}
    for table_id, grants in role.tables.items():
        model = None if table_id is None else tables(table_id)
        if model is None and table_id is not None:
            continue
        name = EVERY_TABLE if model is None else model.definition.model_name
        entries[name] = {
            action: _grants(grants.of(action), action, model, tables) for action in ACTIONS if grants.of(action)
        }
    document["tables"] = {name: entries[name] for name in sorted(entries, key=lambda name: (name_key(name), name))}
    if role.definitions != DEFINITIONS[0]:
        document["definitions"] = role.definitions
    return document


def _grants(grants: tuple[Grant, ...], action: Action, model: Model | None, tables: Tables) -> Any:
    if len(grants) > 1:
        return [grant_document(grant, action, model, tables) for grant in grants]
    return grant_document(grants[0], action, model, tables) or True


def grant_document(grant: Grant, action: Action, model: Model | None, tables: Tables) -> dict[str, Any]:
    """One grant; empty if it is for all rows and fields."""
    if model is None:
        return {}
    document: dict[str, Any] = {}
    if grant.rows is not None:
        document["rows"] = condition_text(grant.rows, model, tables)
    if grant.fields != ALL_FIELDS:
        document["fields"] = field_names(grant.fields, model)
    if grant.check != (grant.rows if action == "update" else None):
        document["check"] = True if grant.check is None else condition_text(grant.check, model, tables)
    if grant.preset:
        fields = model.definition.by_id
        document["preset"] = {
            fields[number].name: f"{{{value.name}}}" if isinstance(value, Placeholder) else value
            for number, value in grant.preset
            if number in fields
        }
    return document


def condition_text(condition: Condition, model: Model, tables: Tables) -> Any:
    """The text; of a condition that no longer means anything an object, which nobody takes back."""
    try:
        return print_condition(condition, model, tables)
    except ConditionBroken as error:
        return {"broken": error.detail}


def field_names(fields: Fields, model: Model) -> list[str]:
    every = model.definition.fields
    return [
        *(["*"] if fields.every else []),
        *(["id"] if fields.row_id else []),
        *(listed(field.name) for field in every if field.id in fields.named),
        *(f"-{listed(field.name)}" for field in every if field.id in fields.without),
    ]


def fields_of(grants: Iterable[Grant], action: Action, model: Model | None) -> list[str]:
    """The names of all fields that some grant names."""
    if model is None or action == "delete":
        return []
    grants, found = list(grants), []
    for field in model.definition.fields:
        writable = action == "read" or not is_system_value(model, field)
        if any(
            field.id in grant.fields.named or (grant.fields.every and writable and field.id not in grant.fields.without)
            for grant in grants
        ):
            found.append(field.name)
    return found
