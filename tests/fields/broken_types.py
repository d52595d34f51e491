"""Field types that break the contract, each in one way; test_suite_catches.py runs the conformance suite on them."""

import colander
import sqlalchemy as sa

from dynmodel_pyramid.fields import FieldType, operators, schema
from dynmodel_pyramid.testing import Case, FieldTypeConformance


class Sound(FieldType):
    """A whole number."""

    operators = operators.ORDERED

    def column(self, options, context):
        return sa.Column(sa.BigInteger())

    def schema_node(self, options):
        return colander.SchemaNode(schema.Integer())

    def json_schema(self, options):
        return {"type": "integer"}

    def from_text(self, text, options):
        if not (text.lstrip("-").isascii() and text.lstrip("-").isdigit()) or len(text) > 19:
            raise ValueError("want a whole number")
        return int(text)


class Lenient(Sound):
    def schema_node(self, options):
        return colander.SchemaNode(colander.Integer())


class Raising(Sound):
    def schema_node(self, options):
        def check(node, value):
            if value > 10**12:
                raise OverflowError("too much")

        return colander.SchemaNode(schema.Integer(), validator=check)


class Hasty(Sound):
    def fast_path(self, options):
        return lambda value: isinstance(value, int)


class Narrow(Sound):
    def column(self, options, context):
        return sa.Column(sa.Text())


class Mute(Sound):
    def to_text(self, value, options):
        return f"<{value}>"


class Untrue(Sound):
    def json_schema(self, options):
        return {"type": "string"}


class Shared(Sound):
    kept = sa.Column(sa.BigInteger())

    def column(self, options, context):
        return self.kept


class OneByOne(Sound):
    sortable = True

    def read_expression(self, column, options):
        return sa.cast(column, sa.Text) if column.table.schema else column


CASES = [Case(valid=[1, 2, 10, -3], invalid=[("1", "wrong_type")], texts={"7": 7})]


def run_of(kind: type[FieldType]) -> type:
    name = kind.__name__.lower()
    return type(
        f"Test{kind.__name__}", (FieldTypeConformance,), {"type_name": name, "field_type": kind, "cases": CASES}
    )


TestSound, TestLenient, TestRaising, TestHasty = map(run_of, (Sound, Lenient, Raising, Hasty))
TestNarrow, TestMute, TestUntrue, TestShared = map(run_of, (Narrow, Mute, Untrue, Shared))
TestOneByOne = run_of(OneByOne)
