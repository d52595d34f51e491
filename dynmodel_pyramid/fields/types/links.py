"""Links: values that are ids of rows, of another table or of the same.

This module defines only the values. The system makes foreign keys and tables of ids from :meth:`FieldType.reference`.
"""

from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.database.dialect import LARGEST_ID
from dynmodel_pyramid.fields import operators, schema
from dynmodel_pyramid.fields.contract import Context, FieldType, Options, Reference, TextForm, Upgrade
from dynmodel_pyramid.fields.sql import text_forms
from dynmodel_pyramid.fields.types import array_operators
from dynmodel_pyramid.fields.types.json import read_json, write_json
from dynmodel_pyramid.fields.types.numbers import read_integer

#: The most ids that a link may ask to be shown of its reverse side.
MOST_REVERSE = 1_000_000


class _RowId(schema.Integer):
    wanted = "the id of a row"

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        value = super().check(node, value)
        if not 1 <= value <= LARGEST_ID:
            raise schema.invalid(node, f"want an id from 1 to {LARGEST_ID}", "out_of_range", value)
        return value


def _is_id(value: Any) -> bool:
    return type(value) is int and 1 <= value <= LARGEST_ID


class Link(FieldType):
    """One row of another table or of the same; the value is its id."""

    icon = "link"
    help = "A link to one row of a table"
    other_names: tuple[str, ...] = ("foreign_key", "foreignkey", "references", "reference", "relation", "ref")
    operators = operators.ORDERED
    many = False
    #: An earlier release had no options ``key`` and ``reverse_limit``.
    upgrades: tuple[Upgrade, ...] = (dict,)
    #: The values of ``on_delete``, the default first.
    actions: tuple[str, ...] = ("restrict", "set_null", "cascade")

    def options_schema(self) -> colander.SchemaNode:
        return colander.SchemaNode(
            colander.Mapping(unknown="raise"),
            colander.SchemaNode(schema.Table(), name="table", description="the table's number or model name"),
            schema.option(
                schema.Word(*self.actions),
                "on_delete",
                default=self.actions[0],
                description=f"what happens here when the row that is linked to is deleted: {', '.join(self.actions)}",
            ),
            schema.option(schema.Text(), "reverse", description="the name under which the far table shows these rows"),
            schema.option(
                schema.Integer(),
                "reverse_limit",
                description="how many ids of these rows it shows; 0: only where select names them; null: the setting",
            ),
            *self._own_options(),
            validator=self._check_options,
        )

    def _own_options(self) -> list[colander.SchemaNode]:
        description = "the unique field of the far table whose values become links, and links become, in conversions"
        return [schema.option(schema.Text(), "key", description=description)]

    def _check_options(self, node: colander.SchemaNode, options: Options) -> None:
        if options["reverse_limit"] is not None and not 0 <= options["reverse_limit"] <= MOST_REVERSE:
            raise schema.at_option(node, "reverse_limit", f"want a number from 0 to {MOST_REVERSE}")

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(sa.BigInteger())

    def schema_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(_RowId(), fast_path=_is_id)

    def operand_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(schema.Integer())

    def text_form(self, options: Options) -> TextForm:
        return TextForm(
            str,
            read_integer,
            text_forms.digits,
            lambda text, dialect: text_forms.within(text_forms.whole_number(text), 1, LARGEST_ID),
        )

    def json_schema(self, options: Options) -> dict[str, Any]:
        return {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}

    def reference(self, options: Options) -> Reference:
        return Reference(
            options["table"],
            options["on_delete"],
            options["reverse"],
            self.many,
            options.get("key"),
            options.get("reverse_limit"),
        )


class Links(Link):
    """Rows of another table or of the same, in an order; the value is the array of their ids, each once."""

    icon = "links"
    help = "Links to several rows of a table, in an order"
    other_names: tuple[str, ...] = ("many_to_many", "manytomany", "relations")
    operators = array_operators.LISTS
    many = True
    actions = ("remove", "restrict")

    def _own_options(self) -> list[colander.SchemaNode]:
        return []

    def schema_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(_RowIds(), fast_path=_are_ids)

    def operand_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(schema.List(schema.Integer()))

    def text_form(self, options: Options) -> TextForm:
        return TextForm(write_json, _read_ids)

    def json_schema(self, options: Options) -> dict[str, Any]:
        return {"type": "array", "items": super().json_schema(options), "uniqueItems": True}


class _RowIds(schema.List):
    wanted = "an array of ids of rows"

    def __init__(self) -> None:
        super().__init__(_RowId())

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        ids = super().check(node, value)
        if len(set(ids)) != len(ids):
            raise schema.invalid(node, "has an id twice", "duplicate_item", value)
        return ids


def _are_ids(value: Any) -> bool:
    return type(value) is list and all(map(_is_id, value)) and len(set(value)) == len(value)


def _read_ids(text: str) -> list[Any]:
    """Read a JSON array of ids, or a single id."""
    return read_json(text) if text.lstrip().startswith("[") else [read_integer(text)]
