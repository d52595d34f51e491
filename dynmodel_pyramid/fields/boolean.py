"""True or false."""

import colander
import sqlalchemy as sa

from dynmodel_pyramid.fields import schema
from dynmodel_pyramid.fields.contract import FieldType


class Boolean(FieldType):
    """True or false."""

    def column(self, options, context):
        return sa.Column(sa.Boolean())

    def schema_node(self, options):
        return colander.SchemaNode(schema.Boolean())

    def fast_path(self, options):
        return lambda value: type(value) is bool

    def json_schema(self, options):
        return {"type": "boolean"}

    def to_text(self, value, options):
        return "true" if value else "false"

    def from_text(self, text, options):
        words = {"true": True, "t": True, "false": False, "f": False}
        try:
            return words[text.strip().lower()]
        except KeyError:
            raise ValueError("want true or false") from None
