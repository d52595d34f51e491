"""Choices with keys, labels and colours: one of them, or several.

Rows store only keys. So a new label, colour or order changes the definition, and no row.
"""

import dataclasses
import functools
import re
from collections.abc import Callable
from typing import Any

import colander
import orjson
import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.fields import columns, operators, schema
from dynmodel_pyramid.fields.choices import one_of
from dynmodel_pyramid.fields.contract import Checks, Context, FieldType, Options, TextForm
from dynmodel_pyramid.fields.sql import checks, formats, text_forms
from dynmodel_pyramid.fields.types.arrays import ArrayType, TextArray, TextList
from dynmodel_pyramid.fields.types.json import FRAGMENT, Fragment
from dynmodel_pyramid.fields.types.text import byte_order

#: The most choices of a field, and characters of a key or label.
MOST_CHOICES, LONGEST = 1000, 100
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)


class _Choices(schema.List):
    """The option ``choices``: an array of objects or of keys; stored as objects with all members."""

    members = ("key", "label", "colour")

    def __init__(self) -> None:
        text = {"type": "string", "maxLength": LONGEST}
        key = text | {"minLength": 1}
        optional = {"type": ["string", "null"]}
        label, colour = text | optional, {"pattern": f"^{_COLOUR.pattern}$"} | optional
        choice = {
            "type": "object",
            "properties": {"key": key, "label": label, "colour": colour},
            "required": ["key"],
            "additionalProperties": False,
        }
        items = {"anyOf": [key, choice]}
        self.json_schema = {"type": "array", "items": items, "minItems": 1, "maxItems": MOST_CHOICES}

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        if not 1 <= len(value) <= MOST_CHOICES:
            raise schema.invalid(node, f"want from 1 to {MOST_CHOICES} choices", "invalid_option")
        whole, keys, choices = colander.Invalid(node), set(), []
        for number, item in enumerate(value):
            place = schema.Place(number)
            try:
                choice = self.choice(place, item)
                if choice["key"] in keys:
                    raise schema.invalid(place, "another choice has the same key", "invalid_option")
                keys.add(choice["key"])
                choices.append(choice)
            except colander.Invalid as error:
                whole.add(error, number)
        if whole.children:
            raise whole
        return choices

    def choice(self, node: colander.SchemaNode, item: Any) -> dict[str, str | None]:
        if type(item) is str:
            item = {"key": item}
        if type(item) is not dict:
            message = f"want a key or an object with a key, not {schema.json_type(item)}"
            raise schema.invalid(node, message, "wrong_type")
        unknown = sorted(set(item) - set(self.members))
        if unknown:
            raise schema.invalid(node, f"has no {unknown[0]!r:.50}, only {', '.join(self.members)}", "invalid_option")
        choice = {name: self.text(node, name, item.get(name)) for name in self.members}
        if not choice["key"]:
            raise schema.invalid(node, "want a key of at least one character", "invalid_option")
        if choice["colour"] is not None and not _COLOUR.fullmatch(choice["colour"]):
            raise schema.invalid(node, "want a colour such as #ff0000", "invalid_option")
        return choice

    @staticmethod
    def text(node: colander.SchemaNode, name: str, value: Any) -> str | None:
        if value is None:
            return None
        text = schema.Text().deserialize(node, value)
        if len(text) > LONGEST:
            raise schema.invalid(node, f"want a {name} of at most {LONGEST} characters", "invalid_option")
        return text


def choices_option() -> colander.SchemaNode:
    option = schema.option(
        _Choices(),
        "choices",
        default=colander.required,
        description="the choices in their order: keys, or objects with key, label and colour (#rrggbb)",
    )
    option.missing_msg = "is required: the choices of the field"
    return option


def keys_of(options: Options) -> list[str]:
    return [choice["key"] for choice in options["choices"]]


class Choice(FieldType):
    """One of the choices that the definition lists; the value is its key."""

    icon = "choice"
    help = "One of a list of choices, with colours"
    other_names: tuple[str, ...] = ("enum", "select", "single_select")
    operators = operators.ORDERED

    def options_schema(self) -> colander.SchemaNode:
        return colander.SchemaNode(colander.Mapping(unknown="raise"), choices_option())

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(byte_order())

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        return checks.choices(column, keys_of(options))

    def schema_node(self, options: Options) -> colander.SchemaNode:
        keys = keys_of(options)
        allowed = frozenset(keys)

        def many(values: list[Any]) -> list[Any] | None:
            return values if columns.are(values, str) and allowed.issuperset(values) else None

        fast = columns.Fast(many, lambda value: type(value) is str and value in allowed)
        return colander.SchemaNode(schema.Text(), validator=one_of(keys), fast_path=fast)

    def operand_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(schema.Text())

    def json_schema(self, options: Options) -> dict[str, Any]:
        return {"type": "string", "enum": keys_of(options)}

    def text_form(self, options: Options) -> TextForm:
        return TextForm(
            sql_to_text=text_forms.unchanged,
            sql_from_text=lambda text, dialect: text_forms.within(text, choices=keys_of(options)),
        )


class MultiChoice(ArrayType):
    """Some of the choices that the definition lists: an array of keys, each once, in the order of the choices."""

    icon = "choices"
    help = "Several of a list of choices, with colours"
    other_names: tuple[str, ...] = ("set", "multi_select", "multiselect")

    def options_schema(self) -> colander.SchemaNode:
        return colander.SchemaNode(
            colander.Mapping(unknown="raise"),
            choices_option(),
            schema.option(schema.Integer(), "min_items", default=0, description="at least so many"),
            schema.option(schema.Integer(), "max_items", description="at most so many"),
            validator=_check_counts,
        )

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        keys = keys_of(options)
        conditions = {**checks.items(column, options["min_items"], options["max_items"], context)}
        if expressions_of(context.dialect).has_arrays and len(keys) <= checks.MOST_CHOICES:
            conditions["choices"] = column.op("<@", is_comparison=True)(sa.literal(keys, column.type))
        return conditions

    def schema_node(self, options: Options) -> colander.SchemaNode:
        keys = keys_of(options)
        # More items than choices can't be distinct.
        most = len(keys) if options["max_items"] is None else min(options["max_items"], len(keys))
        kind = _Keys(options["min_items"], most, one_of(keys))
        return colander.SchemaNode(kind)

    def operand_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(schema.List(schema.Text()), preparer=sorted)

    def json_expression(self, source: sa.ColumnElement[Any], options: Options) -> sa.ColumnElement[Any]:
        return self.as_json(source, _InOrder(tuple(keys_of(options))))

    def json_text(self, source: sa.ColumnElement[Any], options: Options, dialect: str) -> sa.ColumnElement[Any] | None:
        return text_forms.unless_null(
            source, text_forms.ordered_items(self.as_json(source, FRAGMENT), keys_of(options), dialect)
        )

    def json_schema(self, options: Options) -> dict[str, Any]:
        rules = {"minItems": options["min_items"], "maxItems": options["max_items"]}
        own = {"type": "array", "items": {"enum": keys_of(options)}, "uniqueItems": True}
        return own | {name: value for name, value in rules.items() if value is not None}

    def text_form(self, options: Options) -> TextForm:
        def from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
            return formats.only_item(text_forms.within(text, choices=keys_of(options)), TextArray(), dialect)

        return dataclasses.replace(
            super().text_form(options), sql_from_text=from_text if options["min_items"] <= 1 else None
        )


class _Keys(TextList):
    """Keys, stored in the order of their bytes, which does not depend on the choices: equal sets are equal values."""

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        return sorted(super().check(node, value))


class _InOrder(Fragment):
    """Keys in answers: in the order of the choices, and keys that are no longer choices at the end."""

    cache_ok = True

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = keys

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], Any] | None:
        places = {key: place for place, key in enumerate(self.keys)}
        place, last = places.__getitem__, len(places)

        def in_order(text: str) -> list[str]:
            keys = orjson.loads(text)
            try:
                return sorted(keys, key=place)
            except KeyError:
                return sorted(keys, key=lambda key: places.get(key, last))

        # Rows repeat the same few sets. Only short ones are kept, so that the cache stays small.
        known = functools.lru_cache(128)(lambda text: orjson.Fragment(orjson.dumps(in_order(text))))

        def read(text: str | None) -> Any:
            if text is None:
                return None
            return known(text) if len(text) <= 100 else in_order(text)

        return read


def _check_counts(node: colander.SchemaNode, options: Options) -> None:
    low, high = options["min_items"], options["max_items"]
    count = len(options["choices"])
    if not 0 <= low <= count:
        raise schema.at_option(node, "min_items", f"want a number from 0 to that of the choices, {count}")
    if high is not None and high < max(low, 1):
        raise schema.at_option(node, "max_items", "want at least 1, and not less than min_items")
