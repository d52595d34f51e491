"""Squares of a chess board."""

import re

import colander
import sqlalchemy as sa

from dynmodel_pyramid.fields import FieldInvalid, FieldType, TextForm, byte_order, operators, schema


class ChessSquare(FieldType):
    """A square of a chess board such as ``e4``; upper case becomes lower case."""

    help = "A square of a chess board"
    icon = "place"
    editor = "square.js"
    operators = operators.ORDERED

    def options_schema(self):
        size = schema.option(
            schema.Integer(),
            "size",
            default=8,
            description="how many squares a side of the board has, at most 9",
            validator=colander.Range(1, 9),
        )
        return colander.SchemaNode(colander.Mapping(unknown="raise"), size)

    def column(self, options, context):
        return sa.Column(byte_order())

    def schema_node(self, options):
        return colander.SchemaNode(_SquareText(re.compile(pattern(options))))

    def json_schema(self, options):
        return {"type": "string", "pattern": f"^{pattern(options)}$"}

    def request_schema(self, options):
        return {"type": "string"}  # upper case, too

    def text_form(self, options):
        return TextForm(from_text=str.strip)


def pattern(options):
    size = options["size"]
    return f"[a-{'abcdefghi'[size - 1]}][1-{size}]"


class _SquareText(schema.Text):
    wanted = "a square in a string"

    def __init__(self, pattern):
        self.pattern = pattern

    def check(self, node, value):
        if not self.pattern.fullmatch(value.lower()):
            raise FieldInvalid(node, "want a square of the board such as e4", code="invalid_format", value=value)
        return value.lower()
