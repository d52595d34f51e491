"""Numbers: 64-bit floats and 64-bit integers."""

import decimal
import functools
import math
import re
import sys
from types import MappingProxyType
from typing import Any

import colander
import orjson
import sqlalchemy as sa

from dynmodel_pyramid.fields import columns, operators, schema
from dynmodel_pyramid.fields.choices import check_choices, choices_option, each_of, one_of
from dynmodel_pyramid.fields.contract import Checks, Context, FieldType, Options, Repair, TextForm
from dynmodel_pyramid.fields.numerals import DIGITS_KEPT, NUMBER, UNSURE, decimal_comma, parse_float
from dynmodel_pyramid.fields.sql import checks, numbers, text_forms

#: More digits than the largest float has.
_DIGITS = 400
#: No number of 64 bits has a greater exponent.
_LARGEST = 18
_INTEGER, _FLOAT = sa.BigInteger(), sa.Float(53)


def _whole(rounding: str) -> Repair:
    def repaired(text: str, options: Options) -> int:
        if not NUMBER.fullmatch(text):
            raise ValueError("want a number")
        number = decimal.Decimal(text)
        if number.adjusted() > _LARGEST:
            raise ValueError("want a whole number of at most 64 bits")
        with decimal.localcontext(decimal.Context(prec=2 * _DIGITS)):
            return int(number.to_integral_value(rounding))

    return repaired


def _nearest_float(text: str, options: Options) -> float:
    """The validator refuses whole numbers whose digits a float can't keep."""
    if not NUMBER.fullmatch(text):
        raise ValueError("want a number")
    return float(text)


def check_bounds(node: colander.SchemaNode, options: Options) -> None:
    low, high = options["min"], options["max"]
    if low is not None and high is not None and low > high:
        raise schema.at_option(node, "min", "is above max")
    check_choices(node, options)


class _Bounded(FieldType):
    """The base of both kinds of number: ``min``, ``max`` and ``choices``."""

    operators = operators.ORDERED
    kind: type[schema.Number] | type[schema.Integer]
    #: The least and the greatest value that can be stored.
    stored: tuple[float, float]

    def options_schema(self) -> colander.SchemaNode:
        return colander.SchemaNode(
            colander.Mapping(unknown="raise"),
            schema.option(self.kind(), "min", description="the least value allowed"),
            schema.option(self.kind(), "max", description="the greatest value allowed"),
            choices_option(self.kind(), "the only values allowed"),
            validator=check_bounds,
        )

    def schema_node(self, options: Options) -> colander.SchemaNode:
        low, high = options["min"], options["max"]

        def check(node: colander.SchemaNode, value: Any) -> None:
            if low is not None and value < low:
                raise schema.invalid(node, f"want at least {low}", "too_small", value)
            if high is not None and value > high:
                raise schema.invalid(node, f"want at most {high}", "too_large", value)

        validator = check if options["choices"] is None else each_of(check, one_of(options["choices"]))
        fast = None
        if options["choices"] is None:
            fast = columns.Fast(functools.partial(self.many, low, high), self.fast_path(options))
        return colander.SchemaNode(self.kind(), validator=validator, fast_path=fast)

    def operand_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(self.kind())

    @staticmethod
    def fast_path(options: Options) -> schema.FastPath:
        raise NotImplementedError

    @staticmethod
    def many(low: Any, high: Any, values: list[Any]) -> list[Any] | None:
        """See :class:`columns.Fast`."""
        raise NotImplementedError

    def text_hint(self, text: str) -> str | None:
        return decimal_comma(text)

    def json_schema(self, options: Options) -> dict[str, Any]:
        rules = {"minimum": options["min"], "maximum": options["max"], "enum": options["choices"]}
        return self.kind.json_schema | {name: value for name, value in rules.items() if value is not None}

    def request_schema(self, options: Options) -> dict[str, Any]:
        least, greatest = self.stored
        return {"minimum": least, "maximum": greatest} | self.json_schema(options)


class Number(_Bounded):
    """A 64-bit floating-point number (IEEE 754 double precision)."""

    icon = "number"
    help = "A number with any fraction: measurements"
    other_names: tuple[str, ...] = ("float", "double", "real", "double precision", "float4", "float8")

    kind = schema.Number
    stored = (-sys.float_info.max, sys.float_info.max)
    repairs = MappingProxyType({"round": _nearest_float})

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(_FLOAT)

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        def exact(number: float) -> sa.ColumnElement[Any]:
            return checks.exact_float(number, context)

        low, high, allowed = (options.get(name) for name in ("min", "max", "choices"))
        conditions = {**checks.kind(column, "real", context)}
        if low is not None:
            conditions["min"] = column >= exact(low)
        if high is not None:
            conditions["max"] = column <= exact(high)
        return {**conditions, **checks.choices(column, allowed and [exact(number) for number in allowed])}

    @staticmethod
    def fast_path(options: Options) -> schema.FastPath:
        low = -math.inf if options["min"] is None else options["min"]
        high = math.inf if options["max"] is None else options["max"]
        # -inf < value < inf refuses infinities; comparisons with NaN are false. Zero may be minus zero.
        return lambda value: (
            type(value) is float and low <= value <= high and -math.inf < value < math.inf and value != 0
        )

    @staticmethod
    def many(low: Any, high: Any, values: list[Any]) -> list[Any] | None:
        if not columns.are(values, float, int) or not columns.are_finite(values):
            return None
        least, greatest = min(values), max(values)
        if not columns.are(values, float) and not -UNSURE < least <= greatest < UNSURE:
            return None
        # Minus zero becomes zero.
        return [value + 0.0 for value in values] if columns.are_within((least, greatest), low, high) else None

    def text_form(self, options: Options) -> TextForm:
        def from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
            return text_forms.within(
                numbers.float_of(text, dialect), options["min"], options["max"], options["choices"]
            )

        return TextForm(repr, NUMBER_READER, numbers.float_text, from_text, numbers.sure_float_of)


class Integer(_Bounded):
    """A whole number of 64 bits."""

    icon = "number"
    help = "A whole number: counts, years, quantities"
    other_names: tuple[str, ...] = ("int", "bigint", "smallint", "int2", "int4", "int8", "long", "serial")

    kind = schema.Integer
    stored = (-schema.INT64, schema.INT64 - 1)
    repairs = MappingProxyType({"round": _whole(decimal.ROUND_HALF_UP), "truncate": _whole(decimal.ROUND_DOWN)})

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(_INTEGER)

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        return {
            **checks.kind(column, "integer", context),
            **checks.bounds(column, options.get("min"), options.get("max")),
            **checks.choices(column, options.get("choices")),
        }

    @staticmethod
    def fast_path(options: Options) -> schema.FastPath:
        low = -schema.INT64 if options["min"] is None else options["min"]
        high = schema.INT64 - 1 if options["max"] is None else options["max"]
        return lambda value: type(value) is int and low <= value <= high

    @staticmethod
    def many(low: Any, high: Any, values: list[Any]) -> list[Any] | None:
        if not columns.are(values, int):
            return None
        least, greatest = min(values), max(values)
        is_stored = -schema.INT64 <= least and greatest < schema.INT64
        return values if is_stored and columns.are_within((least, greatest), low, high) else None

    def text_form(self, options: Options) -> TextForm:
        def from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
            return text_forms.within(text_forms.whole_number(text), options["min"], options["max"], options["choices"])

        return TextForm(str, INTEGER_READER, text_forms.digits, from_text)


class Rating(Integer):
    """A rating: a whole number from 1 to ``max``, such as a number of stars."""

    icon = "star"
    help = "A number of stars"
    other_names: tuple[str, ...] = ("stars",)

    def options_schema(self) -> colander.SchemaNode:
        return colander.SchemaNode(
            colander.Mapping(unknown="raise"),
            schema.option(schema.Integer(), "max", default=5, description="the best rating, 1 to 10"),
            validator=_check_best,
        )

    def schema_node(self, options: Options) -> colander.SchemaNode:
        return super().schema_node(_bounds(options))

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        return super().checks(column, _bounds(options), context)

    def text_form(self, options: Options) -> TextForm:
        return super().text_form(_bounds(options))

    def json_schema(self, options: Options) -> dict[str, Any]:
        return super().json_schema(_bounds(options))


def _bounds(options: Options) -> Options:
    return {"min": 1, "max": options["max"], "choices": None}


def _check_best(node: colander.SchemaNode, options: Options) -> None:
    if not 1 <= options["max"] <= 10:
        raise schema.at_option(node, "max", "want a number from 1 to 10")


def read_number(text: str) -> int | float:
    """The number that a text stands for, as a JSON parser reads it; the validator checks that a float keeps its digits.

    :raises ValueError: saying what is wanted
    """
    text = text.strip()
    match = NUMBER.fullmatch(text)
    if not match:
        raise ValueError("want a number")
    if match.groups() == (None, None, None) and len(text) <= _DIGITS:
        return int(text)
    return parse_float(text)


def read_integer(text: str) -> int | float:
    """The number that a text stands for; the validator refuses fractions and large ones, as it does in JSON.

    :raises ValueError: saying what is wanted
    """
    try:
        return read_number(text)
    except ValueError:
        raise ValueError("want a whole number of at most 64 bits") from None


_USUAL_INTEGERS = columns.Lines(r"[+-]?\d{1,18}", re.ASCII)
_USUAL_NUMBERS = columns.Lines(r"[+-]?\d{1,18}(?:\.\d{1,20})?", re.ASCII)


def _read_integers(texts: list[str]) -> list[int] | None:
    return list(map(int, texts)) if _USUAL_INTEGERS.match(texts) else None


def _read_numbers(texts: list[str]) -> list[Any] | None:
    """Numbers that lose no digits as floats: short ones, and those that stand in their shortest form."""
    if not _USUAL_NUMBERS.match(texts):
        return None
    long = [text for text in texts if len(text) > DIGITS_KEPT and "." in text]
    if long and orjson.dumps(list(map(float, long)))[1:-1].decode().split(",") != long:
        return None
    return [float(text) if "." in text else int(text) for text in texts]


NUMBER_READER = columns.Reader(read_number, _read_numbers)
INTEGER_READER = columns.Reader(read_integer, _read_integers)
