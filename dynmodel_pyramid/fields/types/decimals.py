"""Exact decimal numbers, and percentages."""

import dataclasses
import decimal
from collections.abc import Callable
from decimal import Decimal as Number
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import OfDialect, expressions_of
from dynmodel_pyramid.fields import columns, schema
from dynmodel_pyramid.fields.contract import Checks, Context, FieldType, Options, Repair, TextForm, named_format
from dynmodel_pyramid.fields.numerals import decimal_comma
from dynmodel_pyramid.fields.sql import checks, reading
from dynmodel_pyramid.fields.sql.exact import (
    INTEGER_DIGITS,
    LONGEST,
    MAX_PRECISION,
    DecimalText,
    ExactDecimal,
    exact,
    exact_reader,
    plain_digits,
    plain_percentage,
    storable_bound,
)
from dynmodel_pyramid.fields.sql.numbers import decimal_text
from dynmodel_pyramid.fields.types.decimal_operators import DECIMALS


def _repair(rounding: str) -> Repair:
    """The nearest number of a column's digits after the point; PostgreSQL's numeric rounds as ROUND_HALF_UP does."""

    def repaired(text: str, options: Options) -> str:
        plain = plain_percentage(text)
        if len(plain) > LONGEST:
            raise ValueError("want fewer digits")
        with decimal.localcontext(decimal.Context(prec=2 * LONGEST)):
            return f"{Number(plain).quantize(Number(1).scaleb(-options['scale']), rounding):f}"

    return repaired


#: Of all types of exact decimals.
REPAIRS = {"round": _repair(decimal.ROUND_HALF_UP), "truncate": _repair(decimal.ROUND_DOWN)}


class DecimalString(schema.Text):
    """A JSON string with a decimal number, which becomes a ``decimal.Decimal`` of exactly ``scale`` digits."""

    wanted = "a decimal number in a string"

    def __init__(self, precision: int, scale: int, plain: Callable[[str], str]) -> None:
        """
        :param plain: makes plain digits of a text (:func:`plain_digits`)
        """
        self.precision, self.scale, self.plain = precision, scale, plain

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        try:
            return exact(self.plain(value), self.precision, self.scale)
        except OverflowError as error:
            raise schema.invalid(node, str(error), "out_of_range", value) from None
        except ValueError as error:
            raise schema.invalid(node, str(error), "invalid_format", value) from None


class Bound(DecimalString):
    """A decimal number as an option, which keeps its text as it was sent."""

    wanted = "a decimal number in a string"
    json_schema = {"type": "string"}

    def __init__(self, plain: Callable[[str], str]) -> None:
        super().__init__(2 * MAX_PRECISION, MAX_PRECISION, plain)

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        super().check(node, value)
        return value


def _answered(source: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    return sa.cast(source, sa.Text()) if expressions_of(dialect).has_exact_numbers else source


class Decimal(FieldType):
    """An exact decimal number in a string, such as "19.90"; never rounded, never a float."""

    icon = "decimal"
    help = "An exact number with a fixed number of decimal places"
    other_names: tuple[str, ...] = ("numeric", "bigdecimal")
    operators = DECIMALS
    exact_numbers = True
    repairs = REPAIRS
    default_precision, default_scale = 18, 2
    #: Reads a text of this type.
    plain: Callable[[str], str] = staticmethod(plain_digits)

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
            schema.option(Bound(self.plain), "min", description="the least value allowed"),
            schema.option(Bound(self.plain), "max", description="the greatest value allowed"),
            validator=self.check_options,
        )

    def check_options(self, node: colander.SchemaNode, options: Options) -> None:
        precision, scale = options["precision"], options["scale"]
        if not 1 <= precision <= MAX_PRECISION:
            raise schema.at_option(node, "precision", f"want a number from 1 to {MAX_PRECISION}")
        if not 0 <= scale <= precision:
            raise schema.at_option(node, "scale", f"want a number from 0 to the precision, {precision}")
        low, high = self.bounds(options)
        if low is not None and high is not None and low > high:
            raise schema.at_option(node, "min", "is above max")

    def bounds(self, options: Options) -> list[Number | None]:
        """``min`` and ``max``."""
        return [None if options.get(name) is None else Number(self.plain(options[name])) for name in ("min", "max")]

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(ExactDecimal(options["precision"], options["scale"]))

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        digits = options["precision"], options["scale"]
        low, high = self.bounds(options)
        low, high = storable_bound(low, *digits, least=True), storable_bound(high, *digits, least=False)
        storage_class = "integer" if options["precision"] <= INTEGER_DIGITS else "text"
        return {**checks.kind(column, storage_class, context), **checks.bounds(column, low, high)}

    def schema_node(self, options: Options) -> colander.SchemaNode:
        low, high = self.bounds(options)

        def check(node: colander.SchemaNode, value: Any) -> None:
            if low is not None and value < low:
                raise schema.invalid(node, f"want at least {options['min']}", "too_small")
            if high is not None and value > high:
                raise schema.invalid(node, f"want at most {options['max']}", "too_large")

        read = exact_reader(options["precision"], options["scale"])

        def many(values: list[Any]) -> list[Any] | None:
            numbers = read(values) if columns.are(values, str) else None
            return numbers if numbers is not None and columns.are_within(numbers, low, high) else None

        kind = DecimalString(options["precision"], options["scale"], self.plain)
        return colander.SchemaNode(kind, validator=check, fast_path=columns.Fast(many))

    def operand_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(DecimalString(options["precision"], options["scale"], self.plain))

    def json_expression(self, source: sa.ColumnElement[Any], options: Options) -> sa.ColumnElement[Any]:
        kind = DecimalText(options["precision"], options["scale"])
        return OfDialect(_answered, sa.type_coerce(source, kind), kind)

    def text_hint(self, text: str) -> str | None:
        return decimal_comma(text)

    def json_schema(self, options: Options) -> dict[str, Any]:
        whole, scale = options["precision"] - options["scale"], options["scale"]
        fraction = rf"\.[0-9]{{{scale}}}" if scale else ""
        return {"type": "string", "pattern": rf"^-?(0|[1-9][0-9]{{0,{max(whole - 1, 0)}}}){fraction}$"}

    def request_schema(self, options: Options) -> dict[str, Any]:
        return {"type": "string", "format": named_format(self)}

    def text_form(self, options: Options) -> TextForm:
        def from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
            low, high = self.bounds(options)
            return reading.exact(text, options["precision"], options["scale"], low, high, dialect)

        precision = options["precision"]
        to_text = decimal_text(precision, options["scale"], sortable=precision > INTEGER_DIGITS)
        return TextForm("{:f}".format, sql_to_text=to_text, sql_from_text=from_text)


class Percent(Decimal):
    """A percentage in a string: "12.5" means 12.5 %. Exact."""

    icon = "percent"
    help = "A percentage, such as 12.5 %"
    other_names: tuple[str, ...] = ("percentage",)

    default_precision = 7
    plain = staticmethod(plain_percentage)

    def text_form(self, options: Options) -> TextForm:
        form = super().text_form(options)
        number = form.sql_from_text
        assert number is not None

        def from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
            size = sa.func.length(text)
            marked = sa.func.substr(text, size, 1) == "%"
            return number(sa.case((marked, sa.func.substr(text, 1, size - 1)), else_=text), dialect)

        return dataclasses.replace(form, sql_from_text=from_text)
