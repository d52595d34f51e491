"""How a value is carried over to another field type, or to other options of its own.

A value keeps its text form if it can: the text of a json field becomes the document that it spells. Else it is taken as
the JSON value it is (1.0 becomes the integer 1). What the new type refuses is not carried over, and the caller decides
what becomes of it. A value never becomes null by a conversion: the text ``null``, which spells none, is taken as text.

Where both types have SQL text forms, one expression converts what these can do, and Python the rest. That agrees: by
the contract they give what the texts lead to, a value that keeps its text form leads to the same (text forms
round-trip), and whatever has to be taken as the JSON value it is has no other way, so that SQL gave NULL for it.
"""

from collections.abc import Callable
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.fields import FieldTypes

#: A stored value -> (the new stored value, None), or (None, why it can't be carried over).
Convert = Callable[[Any], tuple[Any, str | None]]


def converter(field_types: FieldTypes, before: FieldDefinition, after: FieldDefinition) -> Convert:
    old, new = field_types[before.type], field_types[after.type]
    node = new.schema_node(after.options)
    node = getattr(node, "brief", node)
    to_text = old.text_form(before.options).to_text
    new_form = new.text_form(after.options)

    def convert(value: Any) -> tuple[Any, str | None]:
        text = to_text(value)
        try:
            direct, refusal = node.deserialize(value), None
            if new_form.to_text(direct) == text:
                return direct, None
        except colander.Invalid as error:
            direct, refusal = None, "; ".join(error.asdict().values())
        try:
            spelt = node.deserialize(new_form.from_text(text))
            if spelt is not None:
                return spelt, None
            reason = "spells null, which is no value"
        except ValueError as error:
            reason = str(error)
        except colander.Invalid as error:
            reason = "; ".join(error.asdict().values())
        if refusal is None:
            return direct, None
        # Of a value that JSON has as it is, the direct reason says more.
        return None, refusal if isinstance(value, int | float) else reason

    return convert


def in_database(
    field_types: FieldTypes, before: FieldDefinition, after: FieldDefinition, source: sa.ColumnElement, dialect: str
) -> sa.ColumnElement | None:
    """The converted value in SQL, NULL where :func:`converter` must judge; None where the types have no such way."""
    to_text = field_types[before.type].text_form(before.options).sql_to_text
    from_text = field_types[after.type].text_form(after.options).sql_from_text
    return None if to_text is None or from_text is None else from_text(to_text(source, dialect), dialect)
