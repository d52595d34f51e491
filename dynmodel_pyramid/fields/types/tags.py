"""Tags: an array of free texts."""

import dataclasses
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.fields import schema
from dynmodel_pyramid.fields.contract import Checks, Context, Options, TextForm
from dynmodel_pyramid.fields.sql import checks, formats, text_forms
from dynmodel_pyramid.fields.types.arrays import MOST, ArrayType, TextArray, TextList


class Tags(ArrayType):
    """An array of texts that the client chooses freely, each once; their order is kept."""

    icon = "tags"
    help = "Words that anybody adds freely"
    other_names: tuple[str, ...] = ("array", "list", "labels")

    def options_schema(self) -> colander.SchemaNode:
        return colander.SchemaNode(
            colander.Mapping(unknown="raise"),
            schema.option(schema.Integer(), "max_items", default=100, description="at most so many tags"),
            schema.option(schema.Integer(), "max_length", default=100, description="at most so many characters a tag"),
            validator=_check_options,
        )

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        # The databases' checks can't look at each item.
        return checks.items(column, None, options["max_items"], context)

    def schema_node(self, options: Options) -> colander.SchemaNode:
        most, longest, unstorable = options["max_items"], options["max_length"], schema.UNSTORABLE.search

        def judge(place: int, text: str) -> None:
            if not text:
                raise schema.invalid(place, "want at least one character", "too_short")
            if len(text) > longest:
                raise schema.invalid(place, f"want at most {longest} characters, not {len(text)}", "too_long")

        def fast_path(value: Any) -> bool:
            if type(value) is not list or len(value) > most:
                return False
            for item in value:
                if type(item) is not str or not 0 < len(item) <= longest or unstorable(item):
                    return False
            return len(set(value)) == len(value)

        return colander.SchemaNode(TextList(0, most, judge), fast_path=fast_path)

    def json_schema(self, options: Options) -> dict[str, Any]:
        item = {"type": "string", "minLength": 1, "maxLength": options["max_length"]}
        return {"type": "array", "items": item, "maxItems": options["max_items"], "uniqueItems": True}

    def text_form(self, options: Options) -> TextForm:
        def from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
            return formats.only_item(text_forms.within_length(text, 1, options["max_length"]), TextArray(), dialect)

        return dataclasses.replace(super().text_form(options), sql_from_text=from_text)


def _check_options(node: colander.SchemaNode, options: Options) -> None:
    for name in ("max_items", "max_length"):
        if not 1 <= options[name] <= MOST:
            raise schema.at_option(node, name, f"want a number from 1 to {MOST}")
