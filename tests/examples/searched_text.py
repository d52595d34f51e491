"""A text with operators of its own: one takes any and all, one a list, and one a language."""

import colander
import sqlalchemy as sa

from dynmodel_pyramid.fields import FieldType, byte_order, operators, schema


def begins_with(left, right, dialect):
    return sa.func.substr(left, 1, len(right)) == operators.bound(left, right)


def a_length(text, read):
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise ValueError("want a number of characters")
    return int(text)


def has_length(left, right, dialect):
    return sa.func.length(left).in_(right) if right else sa.false()


def has_word(left, right, dialect):
    language, word = right
    if language == "english":
        word = word.removesuffix("s")
    return sa.func.replace(left, operators.bound(left, word), "") != left


class SearchedText(FieldType):
    """Text that can be asked for its beginning, its length and a word in it."""

    operators = (
        *operators.ORDERED,
        operators.Operator("bw", "begins with", begins_with, quantified=True),
        operators.Operator("len", "has one of these lengths", has_length, a_length, many=True),
        operators.Operator("has", "has a word", has_word, searches=True, languages=frozenset({"english"})),
    )

    def column(self, options, context):
        return sa.Column(byte_order())

    def schema_node(self, options):
        return colander.SchemaNode(schema.Text())
