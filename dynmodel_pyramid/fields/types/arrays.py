"""Arrays of texts: their column, their text forms, and the checks that all of them share."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import colander
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dynmodel_pyramid.database.expressions import OfDialect, expressions_of
from dynmodel_pyramid.fields import schema
from dynmodel_pyramid.fields.contract import Context, FieldType, Options, TextForm
from dynmodel_pyramid.fields.types import array_operators
from dynmodel_pyramid.fields.types.json import FRAGMENT, read_json, write_json

#: The most items that any option may allow.
MOST = 10_000


class TextArray(sa.TypeDecorator[Any]):
    """A list of texts: ``text[]`` where the database has arrays, else JSON text. It can be a column's default."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(postgresql.ARRAY(sa.Text()) if _are_native(dialect) else sa.Text())

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return value if value is None or _are_native(dialect) else write_json(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        return value if value is None or _are_native(dialect) else read_json(value)

    def literal_processor(self, dialect: sa.Dialect) -> Callable[[Any], str]:
        quote = sa.String().literal_processor(dialect)
        if not _are_native(dialect):
            return lambda value: quote(write_json(value))
        return lambda value: f"ARRAY[{', '.join(map(quote, value))}]::TEXT[]"


def _are_native(dialect: sa.Dialect) -> bool:
    return expressions_of(dialect.name).has_arrays


#: Types without options are made once: SQLAlchemy keeps for each what it makes of it for a database.
_TEXTS = TextArray()


class ArrayType(FieldType):
    """The base of types whose values are arrays of texts."""

    operators = array_operators.ARRAYS

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(_TEXTS)

    def operand_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(schema.List(schema.Text()))

    def json_expression(self, source: sa.ColumnElement[Any], options: Options) -> sa.ColumnElement[Any]:
        return self.as_json(source, FRAGMENT)

    @staticmethod
    def as_json(source: sa.ColumnElement[Any], kind: sa.types.TypeEngine[Any]) -> sa.ColumnElement[Any]:
        """The array's JSON text, read by the given type."""
        return OfDialect(_json_text, source, kind)

    def text_form(self, options: Options) -> TextForm:
        return TextForm(write_json, read_array, sql_to_text=_json_text)


def _json_text(array: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """As :func:`write_json` has it."""
    return expressions_of(dialect).array_json(array)


# One item of an array literal and what follows it. Possessive, so that a hostile text costs linear time; a group that
# may fail in its midst is atomic instead, because Python before 3.11.5 goes on from where such a group failed, if it is
# possessive (https://github.com/python/cpython/issues/106052).
_ITEM = re.compile(
    r"""\s*+ (?: "( (?: [^"\\] | \\. )*+ )"                                            # quoted, or of words:
             | ( (?: [^"\\{},\s] | \\. )++ (?> (?: \s++ (?: [^"\\{},\s] | \\. )++ )* ) )
         ) \s*+ ([,}])""",
    re.VERBOSE | re.DOTALL,
)


def read_array(text: str) -> Any:
    """The array that a text stands for: JSON, an array literal of PostgreSQL, or else a single item.

    :raises ValueError: saying what is wanted
    """
    text = text.strip()
    if text.startswith("{"):
        return list(_literal_items(text))
    if text.startswith("["):
        return read_json(text)
    if not text:
        raise ValueError("want an array")
    return [text]


def _literal_items(text: str) -> Iterable[str]:
    """The items of ``{a,"b c"}`` (PostgreSQL manual, 8.15.6), one dimension and no nulls."""
    place, last = 1, ","
    if not text[1:-1].strip() and text.endswith("}"):
        return
    while last == ",":
        match = _ITEM.match(text, place)
        if match is None or (match[2] or "").upper() == "NULL":
            raise ValueError('want an array of texts such as ["a","b c"] or {a,"b c"}')
        quoted, plain, last = match.groups()
        place = match.end()
        yield re.sub(r"\\(.)", r"\1", plain if quoted is None else quoted, flags=re.DOTALL)
    if place != len(text):
        raise ValueError('want nothing after the array\'s "}"')


class TextList(schema.Text):
    """A JSON array of distinct texts; every fault points at its item.

    :param most: a longer array is refused before its items are looked at
    :param judge: a colander validator of one item
    """

    wanted = "an array"
    types = (list,)

    def __init__(self, low: int, most: int, judge: Callable[[Any, str], None]) -> None:
        self.low, self.most, self.judge = low, most, judge

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        if len(value) > self.most:
            raise schema.invalid(node, f"want at most {self.most} items, not {len(value)}", "too_many_items")
        if len(value) < self.low:
            raise schema.invalid(node, f"want at least {self.low} items, not {len(value)}", "too_few_items")
        whole, text, seen = colander.Invalid(node), schema.Text(), set()
        for number, item in enumerate(value):
            place = schema.Place(number)
            try:
                text.deserialize(place, item)
                if item in seen:
                    raise schema.invalid(place, "stands there twice", "duplicate_item")
                self.judge(place, item)
                seen.add(item)
            except colander.Invalid as error:
                whole.add(error, number)
        if whole.children:
            raise whole
        return value
