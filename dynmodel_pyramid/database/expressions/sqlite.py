"""SQLite's expressions. It has few types, so most values are text or JSON.

Functions whose names begin with ``dynmodel_`` are defined by this package (``database/sqlite_functions.py``,
``database/sqlite_sums.py``).
"""

import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite.base import _SQliteJson  # the type that the dialect makes of JSON
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from dynmodel_pyramid.database import sqlite_search
from dynmodel_pyramid.database.expressions.base import Column, Condition, Expressions
from dynmodel_pyramid.database.expressions.once import text_once
from dynmodel_pyramid.database.sqlite_functions import as_jsonb
from dynmodel_pyramid.database.texts import functions

_ESCAPE = "\\"
_SPECIAL_IN_GLOB = re.compile(r"[*?\[]")
#: Whole numbers up to this one are exact as floats, and integers of every database.
_WHOLE = 2**53


class _Json(_SQliteJson):
    """Declared as TEXT: a column declared as JSON has numeric affinity, which rounds (Datatypes In SQLite, 3).

    Written as jsonb is, so that answers, which take over the text as it is, are the same on both databases.
    """

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], Any]:
        return lambda value: None if value is None or isinstance(value, sa.sql.elements.Null) else as_jsonb(value)


@compiles(_Json)
def _declare(type_: Any, compiler: SQLCompiler, **options: Any) -> str:
    return "TEXT"


class SQLiteExpressions(Expressions):
    """SQLite has texts, numbers and JSON; values of all other types are stored as one of these."""

    name = "sqlite"
    #: Only an INTEGER PRIMARY KEY draws ids (SQLite Autoincrement, 1).
    row_id = sa.Integer

    def json_type(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return _Json(none_as_null=True)

    def json_written(self, value: Any) -> str:
        return as_jsonb(value)

    def insert(self, table: sa.Table) -> Any:
        return sqlite.insert(table)

    # Texts

    def place_of(self, part: Any, text: Column) -> Column:
        return sa.func.instr(text, part, type_=sa.Integer())

    def text_before(self, part: str, text: Column) -> Column:
        return sa.func.substr(text, 1, self.place_of(part, text) - 1, type_=sa.Text())

    def joined(self, texts: Column, separator: Column) -> Column:
        return sa.func.group_concat(texts, separator)

    def like(self, text: Column, pattern: str) -> Condition:
        # Its LIKE ignores case; GLOB doesn't, and an index serves it.
        return text.bool_op("GLOB")(sa.literal(as_glob(pattern), sa.Text()))

    def looks_like(self, text: Column, form: str) -> Condition:
        return text.bool_op("GLOB")(form)

    def finds(self, text: Column, pattern: str) -> Condition:
        return _is_true(sa.func.dynmodel_match(sa.literal(pattern, sa.Text()), text, type_=sa.Integer()))

    def has_words(self, text: Column, query: str, schema: str | None, *, accents: bool) -> Condition:
        function = sa.Function(functions.SEARCH, sa.literal(query, sa.Text()), text, int(accents), type_=sa.Integer())
        return _is_true(function)

    def candidates(self, index: str, row_id: Column, query: str) -> Condition:
        return sqlite_search.candidates(index, row_id, query)

    # Values and their texts

    def read_as(self, text: Column, kind: sa.types.TypeEngine[Any]) -> Column:
        return sa.type_coerce(text, kind)

    def constant(self, value: Any, kind: sa.types.TypeEngine[Any]) -> Column:
        return sa.literal(value, kind)

    def kept_text(self, value: Column) -> Column:
        return _text(value)

    def read_moment(self, text: Column, kind: sa.types.TypeEngine[Any]) -> Column:
        return sa.type_coerce(text, kind)

    def read_uuid(self, text: Column, kind: sa.types.TypeEngine[Any]) -> Column:
        return sa.type_coerce(self.lower(text), kind)

    def read_float(self, text: Column, is_good: Callable[[Column], Condition], pattern: str) -> Column:
        def read(text: Column) -> Column:
            return sa.case((is_good(text), sa.func.dynmodel_float(text, pattern, type_=sa.Float(53))))

        return text_once(text, read)

    def rounded(self, digits: Column) -> Column:
        return sa.func.dynmodel_rounded(digits, type_=sa.Text())

    def day_text(self, date: Column) -> Column:
        return sa.cast(date, sa.Text)

    def time_text(self, time: Column) -> Column:
        return _text(time)

    def moment_text(self, moment: Column) -> Column:
        blank, letter = sa.literal_column("' '", sa.Text()), sa.literal_column("'T'", sa.Text())
        return sa.func.replace(_text(moment), blank, letter)

    def float_text(self, number: Column) -> Column:
        return sa.func.dynmodel_float_text(number, type_=sa.Text())

    def decimal_text(self, number: Column, precision: int, scale: int, *, sortable: bool) -> Column:
        stored = sa.type_coerce(number, sa.Text() if sortable else sa.BigInteger())
        if not sortable:
            return _of_units(stored, scale)
        negative = sa.func.substr(stored, 1, 1) == "0"
        written = sa.func.substr(stored, 2, type_=sa.Text())
        digits = sa.case((negative, sa.func.dynmodel_complement(written)), else_=written)
        whole = sa.func.ltrim(sa.func.substr(digits, 1, precision - scale), "0")
        text = sa.case((negative, "-"), else_="") + sa.case((whole == "", "0"), else_=whole)
        if scale:
            text = text + "." + sa.func.substr(digits, precision - scale + 1, type_=sa.Text())
        return sa.case((number.is_not(None), text))

    def exact_float(self, number: float) -> Column:
        # SQLite does not always read decimal digits to the nearest float ("Floating Point Numbers", 2). So a fraction
        # is a whole number, divided or multiplied by powers of two, each of which is exact.
        if number.is_integer() and abs(number) <= _WHOLE:
            return sa.literal(int(number), sa.BigInteger())
        mantissa, exponent = math.frexp(number)
        whole, exponent = int(mantissa * _WHOLE), exponent - 53
        while whole % 2 == 0:
            whole, exponent = whole // 2, exponent + 1
        sql = f"CAST({whole} AS REAL)"
        sign = "*" if exponent > 0 else "/"
        while exponent:
            step = min(abs(exponent), 62)
            sql += f" {sign} {2**step}"
            exponent += -step if exponent > 0 else step
        return sa.literal_column(f"({sql})", sa.Float(53))

    # Every column can hold values of every storage class (Datatypes In SQLite, 2)

    def holds(self, column: Column, storage_class: str) -> Condition:
        return sa.func.typeof(column, type_=sa.Text()).in_([storage_class, "null"])

    def holds_truth(self, column: Column) -> Condition:
        return sa.type_coerce(column, sa.Integer()).in_([0, 1])

    def holds_time(self, column: Column, function: str, length: int) -> Condition:
        # Texts that its own function writes so, and then microseconds, if any.
        call = getattr(sa.func, function)
        text = _text(column)
        # Compared by IS, because the function returns NULL for other texts. With a modifier, because else it would
        # return 30 February unchanged.
        if length == len("2026-01-31"):
            return _same(call(text, "+0 days", type_=sa.Text()), text)
        begin = sa.func.substr(text, 1, length, type_=sa.Text())
        digits = self.looks_like(sa.func.substr(text, length + 1, type_=sa.Text()), "." + "[0-9]" * 6)
        return sa.and_(_same(call(begin, "+0 days", type_=sa.Text()), begin), digits)

    # Aggregates

    def extreme(self, function: str, source: Column, kind: sa.types.TypeEngine[Any]) -> Column:
        value: Column = getattr(sa.func, function)(source, type_=kind)
        return value

    def exact_total(self, function: str, source: Column, kind: str) -> Column:
        total = sa.func.dynmodel_sum if function == "sum" else sa.func.dynmodel_avg
        return total(_text(source), sa.literal(kind, sa.Text()), type_=sa.Text())

    def total_as_float(self, total: Column) -> Column:
        return sa.func.dynmodel_float(total, ".*", type_=sa.Float(53))

    def exact_number(self, total: Column, digits: int, scale: int) -> Column:
        return sa.func.dynmodel_sortable(total, digits, scale, type_=sa.Text())

    # JSON: texts

    def json_string(self, text: Column) -> Column:
        return sa.func.json_quote(text, type_=sa.Text())

    def json_string_or_null(self, text: Column) -> Column:
        return sa.case((text.is_not(None), self.json_string(_text(text))))

    def json_float(self, number: Column) -> Column:
        return sa.func.dynmodel_json_float(number, type_=sa.Text())

    def json_array(self, value: Column) -> Column:
        return sa.func.json_group_array(value)

    def json_items(self, array: Column) -> sa.TableValuedAlias:
        return sa.func.json_each(array).table_valued("value", "key")

    def json_value(self, document: Column) -> Column:
        return self.json_constant(_text(document))

    def json_constant(self, text: Column) -> Column:
        return sa.func.dynmodel_json(text, type_=sa.Text())

    def json_contains(self, document: Column, text: Column) -> Condition:
        return _is_true(sa.func.dynmodel_json_contains(_text(document), text, type_=sa.Integer()))

    def json_is_contained(self, document: Column, text: Column) -> Condition:
        return _is_true(sa.func.dynmodel_json_contains(text, _text(document), type_=sa.Integer()))

    def json_compares(self, document: Column, sign: str, text: Column) -> Condition:
        compared = sa.func.dynmodel_json_number(_text(document), text, type_=sa.Integer())
        return compared.bool_op(sign)(sa.literal_column("0"))

    def json_number(self, document: Column) -> Column:
        return sa.func.dynmodel_json_size(_text(document))

    def json_sort_text(self, document: Column) -> Column:
        return _text(document)

    def json_part(self, document: Column, steps: Sequence[str | int], *, as_text: bool) -> Column:
        return sa.func.dynmodel_json_path(_text(document), json.dumps(list(steps)), int(as_text), type_=sa.Text())

    def json_texts(self, document: Column) -> Column:
        return sa.func.dynmodel_json_texts(_text(document), type_=sa.Text())

    def json_of(self, text: Column) -> Column:
        return sa.func.dynmodel_json_of(text, type_=sa.Text())

    # Arrays of texts: JSON

    def array_length(self, array: Column) -> Column:
        return sa.func.json_array_length(array, type_=sa.Integer())

    def array_json(self, array: Column) -> Column:
        return _text(array)

    def array_of(self, text: Column, is_good: Condition) -> Column:
        # Characters that JSON escapes are left to Python.
        plain = text.bool_op("NOT GLOB")('*[\x01-\x1f"\\]*')
        return sa.case((sa.and_(is_good, plain), sa.literal('["').concat(text).concat('"]')))

    def array_compares(self, array: Column, sign: str, items: Column) -> Condition:
        difference = sa.func.dynmodel_array_order(array, items, type_=sa.Integer())
        return difference.bool_op(sign)(sa.literal_column("0"))

    def array_contains(self, array: Column, items: Column) -> Condition:
        return _unless_null(array, ~_any_item(items, of=array, there=False))

    def array_is_contained(self, array: Column, items: Column) -> Condition:
        return _unless_null(array, ~_any_item(array, of=items, there=False))

    def array_overlaps(self, array: Column, items: Column) -> Condition:
        return _unless_null(array, _any_item(array, of=items, there=True))


def as_glob(pattern: str) -> str:
    """A LIKE pattern for SQLite's GLOB (Core Functions, glob)."""
    parts, characters = [], iter(pattern)
    for character in characters:
        if character == _ESCAPE:
            parts.append(_SPECIAL_IN_GLOB.sub(r"[\g<0>]", next(characters)))
        else:
            parts.append({"%": "*", "_": "?"}.get(character) or _SPECIAL_IN_GLOB.sub(r"[\g<0>]", character))
    return "".join(parts)


def _text(value: Column) -> Column:
    return sa.type_coerce(value, sa.Text())


def _is_true(number: Column) -> Condition:
    return number == sa.literal_column("1")


def _same(one: Column, other: Column) -> Condition:
    # SQLAlchemy's own IS does not render constants in DDL.
    return one.op("IS", is_comparison=True)(other)


def _unless_null(array: Column, condition: Condition) -> Condition:
    return sa.case((array.is_not(None), condition))


def _of_units(units: Column, scale: int) -> Column:
    """The number for a count of smallest units."""
    if not scale:
        return sa.cast(units, sa.Text())
    size, sign = sa.literal(10**scale, sa.BigInteger()), sa.case((units < 0, "-"), else_="")
    amount = sa.func.abs(units, type_=sa.BigInteger())
    text = sa.func.printf(f"%s%d.%0{scale}d", sign, amount // size, amount % size, type_=sa.Text())
    return sa.case((units.is_not(None), text))


def _items(array: Column) -> sa.Select[*tuple[Any, ...]]:
    items = sa.func.json_each(_text(array)).table_valued("value")
    return sa.select(items.c.value)


def _any_item(array: Column, *, of: Column, there: bool) -> sa.Exists:
    """Whether an array has an item that is (``there``), or is not, in another one.

    Each array is one value, so that no limit of parameters or of nested expressions is reached.
    """
    items, others = _items(array), _items(of)
    (value,) = items.selected_columns
    return sa.exists(items.where(value.in_(others) if there else value.not_in(others)))
