"""Types whose values are computed: by the database in a column, of the row when it is read, or of a column."""

import colander
import sqlalchemy as sa

from dynmodel_pyramid.fields import FieldType, TextForm, operators, schema
from dynmodel_pyramid.fields.sql import text_forms
from dynmodel_pyramid.fields.types.numbers import read_integer
from dynmodel_pyramid.testing import Case, FieldTypeConformance, GivenFieldTypeConformance


class Whole(FieldType):
    """Whole numbers."""

    operators = operators.ORDERED

    def column(self, options, context):
        return sa.Column(sa.BigInteger())

    def schema_node(self, options):
        return colander.SchemaNode(schema.Integer())

    def text_form(self, options):
        return TextForm(str, read_integer, text_forms.digits, lambda text, dialect: text_forms.whole_number(text))

    def json_schema(self, options):
        return {"type": "integer"}


class Twice(Whole):
    """Twice the row's id, made when it is read."""

    def column(self, options, context):
        return None

    def read_expression(self, source, options):
        return source.c.id * 2


class Stored(Whole):
    """Twice the row's id, computed by the database into a column."""

    def column(self, options, context):
        return sa.Column(sa.BigInteger(), sa.Computed("id * 2", persisted=context.dialect == "postgresql"))


class Shifted(Whole):
    """Stored as one more than it is shown."""

    def schema_node(self, options):
        # More than fits is refused before it is shifted.
        node = colander.SchemaNode(schema.Integer(), validator=colander.Range(max=2**62, min=-(2**62)))
        node.preparer = None
        return node

    def read_expression(self, source, options):
        return source + sa.literal_column("0")


class TestTwice(GivenFieldTypeConformance):
    type_name, field_type, cases = "twice", Twice, [Case()]


class TestStored(GivenFieldTypeConformance):
    type_name, field_type, cases = "stored", Stored, [Case()]


class TestShifted(FieldTypeConformance):
    type_name, field_type = "shifted", Shifted
    cases = [Case(valid=[1, 2, 10, -3], invalid=[("1", "wrong_type")], texts={"7": 7})]
