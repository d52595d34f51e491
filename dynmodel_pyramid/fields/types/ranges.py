"""Ranges of whole numbers, days and points in time.

Values are ``sqlalchemy.dialects.postgresql.Range`` objects in canonical form. A database without native range types
keeps the canonical text: equal ranges have equal texts.
"""

import dataclasses
import datetime
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import colander
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import Range

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.fields import schema
from dynmodel_pyramid.fields.contract import Context, FieldType, Options, TextForm, Upgrade, named_format
from dynmodel_pyramid.fields.sql import text_forms
from dynmodel_pyramid.fields.time_texts import parse_date, parse_datetime, write_datetime
from dynmodel_pyramid.fields.types import range_operators
from dynmodel_pyramid.fields.types.temporal import zone_of, zone_option

#: More characters than two quoted datetimes have.
_LONGEST = 200
_BOUND = r'(\s*"(?:[^"\\]|\\.|"")*"\s*|[^"\\,()\[\]]*)'
_LITERAL = re.compile(rf"\s*([\[(]){_BOUND},{_BOUND}([\])])\s*")
_BOUNDS: Mapping[str, Literal["()", "[)", "(]", "[]"]] = {"()": "()", "[)": "[)", "(]": "(]", "[]": "[]"}
_EMPTY = re.compile(r"\s*empty\s*", re.IGNORECASE | re.ASCII)
_ESCAPED = re.compile(r'\\(.)|"(")', re.DOTALL)
_DAY = datetime.timedelta(days=1)
_INTEGER = re.compile(r"[+-]?\d+(?:\.0*)?", re.ASCII)


@dataclass(frozen=True)
class Subtype:
    """The type of a range's bounds: how a bound is read and written; ``step`` if values are discrete."""

    parse: Callable[[str], Any]
    write: Callable[[Any], str]
    step: Any
    native: type[sa.types.TypeEngine[Any]]
    #: Of a bound of a native range.
    sql_text: Callable[[sa.ColumnElement[Any], str], sa.ColumnElement[Any]]


def parse_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError("want whole numbers as bounds")
    return in_64_bits(int(text.partition(".")[0]))


def in_64_bits(number: int) -> int:
    if not -schema.INT64 <= number < schema.INT64:
        raise OverflowError("want bounds of at most 64 bits; an inclusive upper one is stored as the next number")
    return number


SUBTYPES = {
    "integer": Subtype(
        parse_integer, lambda value: str(in_64_bits(value)), 1, postgresql.INT8RANGE, text_forms.as_text
    ),
    "date": Subtype(parse_date, datetime.date.isoformat, _DAY, postgresql.DATERANGE, text_forms.day_text),
    "datetime": Subtype(parse_datetime, write_datetime, None, postgresql.TSTZRANGE, text_forms.moment_text),
}


def parse_range(text: str, subtype: Subtype) -> Range[Any]:
    """A range as PostgreSQL writes it (manual, 8.17.5), any bounds, in canonical form.

    :raises ValueError: saying what is wanted
    :raises OverflowError: a bound can't be stored
    """
    if len(text) > _LONGEST:
        raise ValueError(f"want a range of at most {_LONGEST} characters")
    if _EMPTY.fullmatch(text):
        return Range(empty=True)
    match = _LITERAL.fullmatch(text)
    if not match:
        raise ValueError("want a range such as [1,10), (,5] or empty")
    opening, lower, upper, closing = match.groups()
    bounds = _BOUNDS[opening + closing]
    return canonical(Range(_bound(lower, subtype), _bound(upper, subtype), bounds=bounds), subtype)


def _bound(text: str, subtype: Subtype) -> Any:
    if not text:
        return None
    text = text.strip()
    if text.startswith('"'):
        text = _ESCAPED.sub(lambda match: match[1] or match[2], text[1:-1])
    return subtype.parse(text)


def canonical(value: Range[Any], subtype: Subtype) -> Range[Any]:
    """The one form of equal ranges (PostgreSQL's manual, 8.17.7): discrete ones include the lower bound only, no
    missing bound is included, and a range without values is ``empty``.

    :raises ValueError: the lower bound is above the upper one
    :raises OverflowError: the next value after a bound can't be stored
    """
    lower, upper, bounds = value.lower, value.upper, value.bounds
    if value.empty:
        return Range(empty=True)
    if lower is not None and upper is not None:
        if lower > upper:
            raise ValueError("the lower bound must not be above the upper one")
        if lower == upper and bounds != "[]":
            return Range(empty=True)
    if subtype.step is not None:
        lower = _next(lower, subtype) if bounds[0] == "(" else lower
        upper = _next(upper, subtype) if bounds[1] == "]" else upper
        bounds = "[)"
        if lower is not None and lower == upper:
            return Range(empty=True)
    opening = "(" if lower is None else bounds[0]
    return Range(lower, upper, bounds=_BOUNDS[opening + (")" if upper is None else bounds[1])])


def _next(value: Any, subtype: Subtype) -> Any:
    if value is None:
        return None
    try:
        following = value + subtype.step
    except OverflowError:
        raise OverflowError("want days to 9999-12-30; an inclusive upper one is stored as the next day") from None
    return in_64_bits(following) if isinstance(following, int) else following


def write_range(value: Range[Any], subtype: Subtype) -> str:
    if value.empty:
        return "empty"
    lower, upper = ("" if bound is None else subtype.write(bound) for bound in (value.lower, value.upper))
    return f"{value.bounds[0]}{lower},{upper}{value.bounds[1]}"


class RangeColumn(sa.TypeDecorator[Any]):
    """``Range`` objects of one subtype: int8range, daterange or tstzrange, or canonical text."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        native = SUBTYPES[self.kind].native() if expressions_of(dialect.name).has_ranges else sa.Text()
        return dialect.type_descriptor(native)

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        # The text is used for PostgreSQL, too: its driver would send small numbers as an int4range.
        subtype = SUBTYPES[self.kind]
        return None if value is None else write_range(canonical(value, subtype), subtype)

    def write_bound(self, value: Any) -> str:
        return SUBTYPES[self.kind].write(value)

    def literal_processor(self, dialect: sa.Dialect) -> Callable[[Any], str]:
        quote = sa.String().literal_processor(dialect)
        return lambda value: quote(self.process_bind_param(value, dialect))

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        subtype = SUBTYPES[self.kind]
        if isinstance(value, str):
            return parse_range(value, subtype)
        # From the driver, in the session's time zone.
        return parse_range(write_range(value, subtype), subtype) if subtype.native is postgresql.TSTZRANGE else value


class _RangeString(schema.Text):
    wanted = "a range in a string"

    def __init__(self, subtype: Subtype) -> None:
        self.subtype = subtype

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        try:
            return parse_range(value, self.subtype)
        except OverflowError as error:
            raise schema.invalid(node, str(error), "out_of_range", value) from None
        except ValueError as error:
            raise schema.invalid(node, str(error), "invalid_format", value) from None


class _Ranges(FieldType):
    operators = range_operators.RANGES
    kind = ""

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(RangeColumn(self.kind))

    def schema_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(_RangeString(self.subtype(options)))

    def subtype(self, options: Options) -> Subtype:
        return SUBTYPES[self.kind]

    def json_expression(self, source: sa.ColumnElement[Any], options: Options) -> sa.ColumnElement[Any]:
        return text_forms.answered(self.sql_text, source)

    def json_schema(self, options: Options) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^(empty|[\[(][^,]*,[^,]*[\])])$"}

    def request_schema(self, options: Options) -> dict[str, Any]:
        return {"type": "string", "format": named_format(self)}

    def text_form(self, options: Options) -> TextForm:
        return TextForm(lambda value: write_range(value, SUBTYPES[self.kind]), sql_to_text=self.sql_text)

    def sql_text(self, value: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
        if not expressions_of(dialect).has_ranges:
            return sa.type_coerce(value, sa.Text())
        kind = SUBTYPES[self.kind]
        lower, upper = (getattr(sa.func, name)(value, type_=sa.Text()) for name in ("lower", "upper"))
        opening, closing, nothing = map(text_forms.literal, ("[", "]", ""))
        # Operators take two thirds of the time of concat(), which looks at the type of each value.
        text: sa.ColumnElement[Any] = sa.case((sa.func.lower_inc(value), opening), else_=text_forms.literal("("))
        text = text.concat(sa.func.coalesce(kind.sql_text(lower, dialect), nothing)).concat(text_forms.literal(","))
        text = text.concat(sa.func.coalesce(kind.sql_text(upper, dialect), nothing))
        text = text.concat(sa.case((sa.func.upper_inc(value), closing), else_=text_forms.literal(")")))
        return sa.case((sa.func.isempty(value), text_forms.literal("empty")), (value.is_not(None), text))


class IntegerRange(_Ranges):
    """A range of whole numbers of 64 bits, such as "[1,10)": 1 to 9."""

    icon = "range"
    help = "From one whole number to another"
    other_names: tuple[str, ...] = ("int4range", "int8range")

    kind = "integer"


class DateRange(_Ranges):
    """A range of days, such as "[2026-01-01,2026-02-01)": all of January."""

    icon = "range"
    help = "From one day to another: bookings, validity"
    other_names: tuple[str, ...] = ("daterange",)

    kind = "date"


class DateTimeRange(_Ranges):
    """A range of points in time, such as "[2026-01-31T12:00:00Z,2026-01-31T13:00:00Z)". Offsets are required, unless
    ``timezone`` says whose local time it is without."""

    icon = "range"
    help = "From one point in time to another: shifts, meetings"
    other_names: tuple[str, ...] = ("tstzrange", "tsrange")

    kind = "datetime"
    #: Version 2 has ``timezone``.
    upgrades: tuple[Upgrade, ...] = (dict,)

    def options_schema(self) -> colander.SchemaNode:
        return colander.SchemaNode(colander.Mapping(unknown="raise"), zone_option())

    def subtype(self, options: Options) -> Subtype:
        parse = functools.partial(parse_datetime, zone=zone_of(options))
        return dataclasses.replace(super().subtype(options), parse=parse)
