"""Field types that break the contract, each in one way; test_suite_catches.py runs the conformance suite on them."""

import colander
import sqlalchemy as sa
from hypothesis import strategies as st

from dynmodel_pyramid.fields import FieldType, TextForm, columns, operators, schema
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

    def text_form(self, options):
        return TextForm(from_text=read)


def read(text):
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
    def schema_node(self, options):
        return colander.SchemaNode(schema.Integer(), fast_path=lambda value: isinstance(value, int))


class Rash(Sound):
    def schema_node(self, options):
        return colander.SchemaNode(schema.Integer(), fast_path=columns.Fast(lambda values: values))


class Narrow(Sound):
    def column(self, options, context):
        return sa.Column(sa.Text())


class Mute(Sound):
    def text_form(self, options):
        return TextForm("<{}>".format, read)


class Untrue(Sound):
    def json_schema(self, options):
        return {"type": "string"}


class Shared(Sound):
    kept = sa.Column(sa.BigInteger())

    def column(self, options, context):
        return self.kept


class Forgetful(Sound):
    """Stores the last three digits: the author's own values are too small to show it."""

    def schema_node(self, options):
        return colander.SchemaNode(schema.Integer(), preparer=lambda value: value % 1000 if value > 0 else value)


def _backwards(left, right, dialect):
    return left < right if dialect == "sqlite" else left > right


class Unheard(Sound):
    operators = (*operators.ORDERED, operators.Operator("sounds", "sounds like", _backwards))


class Unlisted(Sound):
    """Its operator takes lists, but not the empty one."""

    operators = (
        *operators.ORDERED,
        operators.Operator("first", "is the first of a list", lambda left, right, dialect: left == right[0], many=True),
    )


class OneByOne(Sound):
    def read_expression(self, source, options):
        return sa.cast(source, sa.Text) if source.table.schema else source


CASES = [Case(valid=[1, 2, 10, -3], invalid=[("1", "wrong_type")], texts={"7": 7}, strategy=st.integers(0, 10**6))]


def run_of(kind: type[FieldType]) -> type:
    name = kind.__name__.lower()
    return type(
        f"Test{kind.__name__}", (FieldTypeConformance,), {"type_name": name, "field_type": kind, "cases": CASES}
    )


TestSound, TestLenient, TestRaising, TestHasty = map(run_of, (Sound, Lenient, Raising, Hasty))
TestNarrow, TestMute, TestUntrue, TestShared = map(run_of, (Narrow, Mute, Untrue, Shared))
TestOneByOne, TestForgetful, TestRash = map(run_of, (OneByOne, Forgetful, Rash))
TestUnheard, TestUnlisted = map(run_of, (Unheard, Unlisted))
