"""Exact decimal numbers, and percentages."""

import dataclasses
import re
from decimal import Decimal as Number
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import OfDialect, expressions_of
from dynmodel_pyramid.fields import operators, schema
from dynmodel_pyramid.fields.contract import Checks, Context, FieldType, Options, TextForm
from dynmodel_pyramid.fields.sql import checks, reading
from dynmodel_pyramid.fields.sql.exact import (
    INTEGER_DIGITS,
    LONGEST,
    MAX_PRECISION,
    DecimalText,
    ExactDecimal,
    exact,
    storable_bound,
)
from dynmodel_pyramid.fields.sql.numbers import decimal_text

#: A number as JSON writes it (RFC 8259, section 6), without an exponent.
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_LENIENT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


class DecimalString(schema.Text):
    """A JSON string with a decimal number, which becomes a ``decimal.Decimal`` of exactly ``scale`` digits."""

    wanted = "a decimal number in a string"

    def __init__(self, precision: int, scale: int) -> None:
        self.precision, self.scale = precision, scale

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        try:
            if not _NUMBER.fullmatch(value[: LONGEST + 1]):
                raise ValueError("want a decimal number such as 19.90")
            return exact(value, self.precision, self.scale)
        except OverflowError as error:
            raise schema.invalid(node, str(error), "out_of_range", value) from None
        except ValueError as error:
            raise schema.invalid(node, str(error), "invalid_format", value) from None


class Bound(DecimalString):
    """A decimal number as an option, which keeps its text as it was sent."""

    wanted = "a decimal number in a string"
    json_schema = {"type": "string", "pattern": f"^{_NUMBER.pattern}$".replace(r"\d", "[0-9]")}

    def __init__(self) -> None:
        super().__init__(2 * MAX_PRECISION, MAX_PRECISION)

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        super().check(node, value)
        return value


class Decimal(FieldType):
    """An exact decimal number in a string, such as "19.90"; never rounded, never a float."""

    other_names: tuple[str, ...] = ("numeric", "bigdecimal")
    operators = operators.ORDERED
    exact_numbers = True
    default_precision, default_scale = 18, 2

    def options_schema(self) -> colander.SchemaNode:
        return colander.SchemaNode(
            colander.Mapping(unknown="raise"),
            schema.option(
                schema.Integer(),
                "precision",
                default=self.default_precision,
                description=f"digits in all, 1 to {MAX_PRECISION}",
            ),
            schema.option(
                schema.Integer(), "scale", default=self.default_scale, description="digits after the point, of these"
            ),
            schema.option(Bound(), "min", description="the least value allowed"),
            schema.option(Bound(), "max", description="the greatest value allowed"),
            validator=check_options,
        )

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(ExactDecimal(options["precision"], options["scale"]))

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        digits = options["precision"], options["scale"]
        low = storable_bound(options.get("min"), *digits, least=True)
        high = storable_bound(options.get("max"), *digits, least=False)
        storage_class = "integer" if options["precision"] <= INTEGER_DIGITS else "text"
        return {**checks.kind(column, storage_class, context), **checks.bounds(column, low, high)}

    def schema_node(self, options: Options) -> colander.SchemaNode:
        low, high = bounds(options)

        def check(node: colander.SchemaNode, value: Any) -> None:
            if low is not None and value < low:
                raise schema.invalid(node, f"want at least {options['min']}", "too_small")
            if high is not None and value > high:
                raise schema.invalid(node, f"want at most {options['max']}", "too_large")

        return colander.SchemaNode(DecimalString(options["precision"], options["scale"]), validator=check)

    def operand_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(DecimalString(options["precision"], options["scale"]))

    def json_expression(self, source: sa.ColumnElement[Any], options: Options) -> sa.ColumnElement[Any]:
        kind = DecimalText(options["precision"], options["scale"])

        def answered(dialect: str) -> sa.ColumnElement[Any]:
            is_exact = expressions_of(dialect).has_exact_numbers
            return sa.cast(source, sa.Text()) if is_exact else sa.type_coerce(source, kind)

        return OfDialect(answered, kind)

    def json_schema(self, options: Options) -> dict[str, Any]:
        whole, scale = options["precision"] - options["scale"], options["scale"]
        fraction = rf"\.[0-9]{{{scale}}}" if scale else ""
        return {"type": "string", "pattern": rf"^-?(0|[1-9][0-9]{{0,{max(whole - 1, 0)}}}){fraction}$"}

    def text_form(self, options: Options) -> TextForm:
        def from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
            low, high = bounds(options)
            return reading.exact(text, options["precision"], options["scale"], low, high, dialect)

        precision = options["precision"]
        to_text = decimal_text(precision, options["scale"], sortable=precision > INTEGER_DIGITS)
        return TextForm("{:f}".format, read_decimal, to_text, from_text)


def bounds(options: Options) -> list[Number | None]:
    """``min`` and ``max``."""
    return [None if options[name] is None else Number(options[name]) for name in ("min", "max")]


class Percent(Decimal):
    """A percentage in a string: "12.5" means 12.5 %. Exact."""

    other_names: tuple[str, ...] = ("percentage",)

    default_precision = 7

    def text_form(self, options: Options) -> TextForm:
        form = super().text_form(options)
        number = form.sql_from_text
        assert number is not None

        def from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
            size = sa.func.length(text)
            marked = sa.func.substr(text, size, 1) == "%"
            return number(sa.case((marked, sa.func.substr(text, 1, size - 1)), else_=text), dialect)

        return dataclasses.replace(form, from_text=read_percentage, sql_from_text=from_text)


def read_decimal(text: str) -> str:
    """The validator's form of a text that may have an exponent, a plus sign or needless zeros."""
    text = text.strip()
    if len(text) > LONGEST or not _LENIENT.fullmatch(text):
        raise ValueError("want a decimal number such as 19.90")
    sign, plain = ("-", text[1:]) if text[0] == "-" else ("", text)
    # Exact: neither the constructor nor the format "f" uses the decimal context.
    return sign + f"{Number(plain):f}"


def read_percentage(text: str) -> str:
    return read_decimal(text.strip().removesuffix("%"))


def check_options(node: colander.SchemaNode, options: Options) -> None:
    precision, scale = options["precision"], options["scale"]
    if not 1 <= precision <= MAX_PRECISION:
        raise schema.at_option(node, "precision", f"want a number from 1 to {MAX_PRECISION}")
    if not 0 <= scale <= precision:
        raise schema.at_option(node, "scale", f"want a number from 0 to the precision, {precision}")
    low, high = options["min"], options["max"]
    if low is not None and high is not None and Number(low) > Number(high):
        raise schema.at_option(node, "min", "is above max")
