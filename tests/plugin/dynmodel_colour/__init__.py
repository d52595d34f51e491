"""Colours as the web writes them."""

import re

import colander
import sqlalchemy as sa

from dynmodel_pyramid.fields import FieldInvalid, FieldType, TextForm, byte_order, operators, schema

PATTERNS = {False: r"#[0-9a-f]{6}", True: r"#[0-9a-f]{6}([0-9a-f]{2})?"}


class Colour(FieldType):
    """A colour such as ``#00ff80``; upper case becomes lower case."""

    operators = operators.ORDERED

    def options_schema(self):
        return colander.SchemaNode(
            colander.Mapping(unknown="raise"),
            schema.option(schema.Boolean(), "alpha", default=False, description="whether #rrggbbaa is allowed, too"),
        )

    def column(self, options, context):
        return sa.Column(byte_order())

    def schema_node(self, options):
        return colander.SchemaNode(_ColourText(re.compile(PATTERNS[options["alpha"]])))

    def json_schema(self, options):
        return {"type": "string", "pattern": f"^{PATTERNS[options['alpha']]}$"}

    def text_form(self, options):
        return TextForm(from_text=str.strip)


class _ColourText(schema.Text):
    wanted = "a colour in a string"

    def __init__(self, pattern):
        self.pattern = pattern

    def check(self, node, value):
        if not self.pattern.fullmatch(value.lower()):
            raise FieldInvalid(node, "want a colour such as #00ff80", code="invalid_format", value=value)
        return value.lower()
