"""Values of Python -> the values that columns store, by the rules of requests."""

from typing import Any

import colander

from dynmodel_pyramid.definitions.model import FieldDefinition
from dynmodel_pyramid.definitions.problems import Problems, faults
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields import FieldType, TextForm


def stored_form(form: TextForm, node: colander.SchemaNode, type_name: str, value: Any) -> Any:
    """The value that a request would store for a value in the columns' form. Validators take JSON: the type's text form
    leads from the one to the other, as where a field changes its type.

    :raises colander.Invalid: the field refuses it
    :raises ValueError: it is not a value of the field
    """
    try:
        text = form.to_text(value)
    except Exception:  # a plugin may raise anything for a value of another type
        raise ValueError(f"{type(value).__name__} is no value of a field of type {type_name}") from None
    stored = node.deserialize(form.from_text(text))
    if type(stored) is not type(value) and stored != value:
        raise ValueError(f"want {type(stored).__name__}, not {type(value).__name__}")
    return stored


def stored_value(field: FieldDefinition, field_type: FieldType, value: Any, pointer: str) -> Any:
    """The value that a request would store for a value in JSON's form or in the columns'.

    :raises Invalid: the field refuses it
    """
    node = field_type.schema_node(field.options)
    problems = Problems()
    try:
        return node.deserialize(value)
    except colander.Invalid as refused:
        error = refused
    try:
        return stored_form(field_type.text_form(field.options), node, field.type, value)
    except (ValueError, Malformed, colander.Invalid):
        for below, code, message in faults(error):
            problems.add(f"{pointer}{below}", code, message)
    problems.raise_if_any()
    raise AssertionError  # a refusal has faults
