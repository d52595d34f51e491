"""Values as the text formats write them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.queries.grammar.syntax import Embed, Field, SelectItem, Star
from dynmodel_pyramid.rows.encoding import OPTIONS

#: Makes a value's text form of the JSON text of an array or object.
Text = Callable[[str], str]
#: The makers of text forms of a list's values, by their names.
Texts = Mapping[str, Text]


def cell(value: Any, form: Text | None = None) -> str | None:
    """A value of an answer as CSV writes it; None is null.

    Groups, paths and embedded rows come as JSON texts, other values as values: both give the same cell.

    :param form: makes text forms of the field's values; without it a text stays itself, and other values become JSON
        text
    """
    if value is None or isinstance(value, str):
        return value
    text = orjson.dumps(value, option=OPTIONS).decode()
    if text == "null":
        return None
    if form is not None and (isinstance(value, orjson.Fragment) or text[0] in "[{"):
        return form(text)
    return orjson.loads(text) if text[0] == '"' else text


def texts_of(model: Model, select: Sequence[SelectItem] = (Star(),)) -> Texts:
    """The makers of text forms for fields, and for paths into their JSON, by their names in answers."""
    texts: dict[str, Text] = {}
    for name, shown in _shown(model, select).items():
        if isinstance(shown, FieldDefinition):
            texts[name] = _text_of(model, shown)
        elif shown is _PATH:
            texts[name] = str
    return texts


def fields_of(model: Model, select: Sequence[SelectItem] = (Star(),)) -> dict[str, FieldDefinition]:
    """The fields whose values are shown as they are, by their names in answers."""
    return {name: shown for name, shown in _shown(model, select).items() if isinstance(shown, FieldDefinition)}


#: Stands for a path into a field's JSON.
_PATH = object()


def _shown(model: Model, select: Sequence[SelectItem]) -> dict[str, Any]:
    """What is shown under each name: a field, :data:`_PATH`, or None for something that is made of the row."""
    definition = model.definition
    fields = definition.by_name | {alias.name: field for field in definition.fields for alias in field.aliases}
    shown: dict[str, Any] = {}
    for item in select:
        if isinstance(item, Star):
            shown |= fields
        elif isinstance(item, Field):
            column, field = item.column, fields.get(item.column.name)
            own = item.cast is None and item.aggregate_cast is None and item.aggregate in (None, "max", "min")
            keys = [column.name, *[step for step in column.path if isinstance(step, str)]]
            name = item.alias or item.aggregate or keys[-1]
            if own and column.path and not column.as_text:
                shown[name] = _PATH
            else:
                shown[name] = field if own and not column.path else None
    # Embedded rows have the name of the link that they replace.
    return shown | {name: None for item in select if isinstance(item, Embed) for name in _names_of(item)}


def _names_of(embed: Embed) -> Iterator[str]:
    """The names that embedded rows, or the values that they spread, have in answers."""
    if not embed.spread:
        yield embed.key
        return
    for item in embed.items:
        if isinstance(item, Embed):
            yield from _names_of(item)
        elif isinstance(item, Field):
            yield item.alias or item.aggregate or item.column.name


def _text_of(model: Model, field: FieldDefinition) -> Text:
    field_type = model.field_types[field.type]
    form, node = field_type.text_form(field.options), field_type.schema_node(field.options)

    def text(source: str) -> str:
        document = json.loads(source)
        try:
            # Where the text form is JSON, the text stays as it is: nothing in it is rounded.
            if form.from_text(source) == document:
                return source
        except (ValueError, Malformed):
            pass
        return form.to_text(node.deserialize(document))

    return text
