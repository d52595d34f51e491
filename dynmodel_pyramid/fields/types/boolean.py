"""True or false."""

import colander
import sqlalchemy as sa

from dynmodel_pyramid.fields import operators, schema
from dynmodel_pyramid.fields.contract import FieldType, TextForm
from dynmodel_pyramid.fields.sql import checks


class Boolean(FieldType):
    """True or false."""

    operators = (operators.IS_TRUTH, *(known for known in operators.ORDERED if known is not operators.IS))

    def column(self, options, context):
        return sa.Column(sa.Boolean())

    def checks(self, column, options, context):
        return checks.truth(column, context)

    def schema_node(self, options):
        return colander.SchemaNode(schema.Boolean(), fast_path=lambda value: type(value) is bool)

    def json_schema(self, options):
        return {"type": "boolean"}

    def text_form(self, options):
        return TextForm(lambda value: "true" if value else "false", read_boolean, _sql_to_text, _sql_from_text)


def _sql_to_text(value, dialect):
    return sa.case((value.is_(sa.true()), "true"), (value.is_(sa.false()), "false"))


def _sql_from_text(text, dialect):
    word = sa.func.lower(text)
    return sa.case((word.in_(["true", "t"]), sa.true()), (word.in_(["false", "f"]), sa.false()))


def read_boolean(text: str) -> bool:
    words = {"true": True, "t": True, "false": False, "f": False}
    try:
        return words[text.strip().lower()]
    except KeyError:
        raise ValueError("want true or false") from None
