"""Dates and points in time."""

import datetime
import functools
import re
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import colander
import orjson
import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import OfDialect, expressions_of
from dynmodel_pyramid.fields import columns, operators, schema
from dynmodel_pyramid.fields.contract import Checks, Context, FieldType, Options, Repair, TextForm, Upgrade
from dynmodel_pyramid.fields.relative_times import relative_time
from dynmodel_pyramid.fields.sql import checks, reading, text_forms
from dynmodel_pyramid.fields.time_texts import (
    UTC,
    parse_date,
    parse_dates,
    parse_datetime,
    parse_datetimes,
    without_finer_digits,
    write_datetime,
)

#: An offset behind a clock whose plus has become a blank, and a day as people write it.
_LOST_PLUS = re.compile(r"[T:]\d\S* \d\d(?::?\d\d)?$", re.ASCII)
_OTHER_DAY = re.compile(r"\s*(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?!\d)", re.ASCII)


@functools.cache
def zone_names() -> frozenset[str]:
    """The names of all time zones (IANA Time Zone Database). ``ZoneInfo`` itself accepts paths of directories, too."""
    # "localtime" depends on the settings of the machine.
    return frozenset(zoneinfo.available_timezones()) - {"localtime", "Factory"}


class Zone(schema.Text):
    """The name of a time zone, as an option."""

    wanted = "the name of a time zone"
    json_schema = {"type": "string", "format": "time-zone"}

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        if value not in zone_names():
            raise schema.invalid(node, "want the IANA name of a time zone, such as Europe/Berlin", "invalid_option")
        return value


def zone_option() -> colander.SchemaNode:
    return schema.option(Zone(), "timezone", description="whose local time a value without offset is")


def zone_of(options: Options) -> zoneinfo.ZoneInfo | None:
    """The option ``timezone``, for types that have it."""
    zone = options.get("timezone")
    return None if zone is None else zoneinfo.ZoneInfo(zone)


class UTCDateTime(sa.TypeDecorator[Any]):
    """Aware datetimes, stored in UTC with microseconds on both databases, and returned in UTC."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("want an aware datetime: give it a tzinfo")
        value = value.astimezone(UTC)
        return value if expressions_of(dialect.name).has_moments else value.replace(tzinfo=None)

    def process_literal_param(self, value: Any, dialect: sa.Dialect) -> str:
        return self.process_bind_param(value, dialect)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        if value is None or value.tzinfo is UTC:
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    # Where moments are texts one function each, for the decorator's, that of SQLAlchemy's storage format and a third
    # around them: 0.5 of the time to store a value, 0.15 of the time to read one. The text that is stored is the same.

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], Any] | None:
        if expressions_of(dialect.name).has_moments:
            return super().bind_processor(dialect)

        def store(value: Any) -> str | None:
            if value is None:
                return None
            if value.tzinfo is not UTC:
                value = self.process_bind_param(value, dialect)
            return value.isoformat(" ", "microseconds")[:26]

        return store

    def column_bind_processor(self, dialect: sa.Dialect) -> Callable[[Sequence[Any]], Sequence[Any]]:
        """The same for the values of a column."""
        process = self.bind_processor(dialect)
        has_moments = expressions_of(dialect.name).has_moments

        def store(values: Sequence[Any]) -> Sequence[Any]:
            if process is not None and len({*map(id, values)}) == 1:  # the moment of the write
                return [process(values[0])] * len(values)
            if not all(value is None or value.tzinfo is UTC for value in values):
                return list(map(process, values)) if process is not None else values
            if has_moments:
                return values
            # orjson writes 2026-01-31T12:00:00Z or ...00.123456Z, six times as fast as isoformat.
            text = orjson.dumps(values, option=orjson.OPT_UTC_Z).decode()
            texts = text[1:-1].replace("T", " ").replace("Z", "").replace('"', "").split(",")
            return (
                [text if len(text) == 26 else None if text == "null" else f"{text}.000000" for text in texts]
                if values
                else values
            )

        return store

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], Any] | None:
        if expressions_of(dialect.name).has_moments:
            return super().result_processor(dialect, coltype)
        parse = datetime.datetime.fromisoformat
        return lambda text: None if text is None else parse(text + "+00:00")


UTC_DATETIME = UTCDateTime()
_DATE, _READ = sa.Date(), sa.DateTime(timezone=True)

#: The parsers of many texts, by those of one; offsets and time zones are left to these.
_PARSE_MANY: Mapping[Any, Callable[[list[str]], list[Any] | None]] = {
    parse_date: parse_dates,
    parse_datetime: parse_datetimes,
}


class _Moment(schema.Text):
    """A JSON string that a parser turns into a date or datetime."""

    def __init__(self, parse: Callable[[str], Any], wanted: str, rules: dict[str, str]) -> None:
        self.parse = parse
        self.wanted = wanted
        self.json_schema = {"type": "string", **rules}

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        try:
            return self.parse(value)
        except OverflowError as error:
            raise schema.invalid(node, str(error), "out_of_range", value) from None
        except ValueError as error:
            raise schema.invalid(node, str(error), "invalid_format", value) from None


class _MomentText(_Moment):
    """The same for an option, which keeps its text as it was sent."""

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        super().check(node, value)
        return value


class Temporal(FieldType):
    """The base of types of time: ``min`` and ``max``, which are texts that a parser reads.

    ``parse`` raises ValueError, or OverflowError for a value that can't be stored; ``rules`` are keywords of the JSON
    Schema.
    """

    operators = operators.ORDERED
    parse: Callable[[str], Any] = staticmethod(parse_date)
    wanted = ""
    rules: dict[str, str] = {}

    def options_schema(self) -> colander.SchemaNode:
        kind = _MomentText(self.parse, self.wanted, {})
        return colander.SchemaNode(
            colander.Mapping(unknown="raise"),
            schema.option(kind, "min", description="the earliest value allowed"),
            schema.option(kind, "max", description="the latest value allowed"),
            validator=self._check_options,
        )

    def _check_options(self, node: colander.SchemaNode, options: Options) -> None:
        low, high = options["min"], options["max"]
        if low is not None and high is not None and self.parse(low) > self.parse(high):
            raise schema.at_option(node, "min", "is after max")

    def schema_node(self, options: Options) -> colander.SchemaNode:
        low, high = self.bounds(options)

        def check(node: colander.SchemaNode, value: Any) -> None:
            if low is not None and value < low:
                raise schema.invalid(node, f"want {options['min']} or later", "too_small")
            if high is not None and value > high:
                raise schema.invalid(node, f"want {options['max']} or earlier", "too_large")

        return colander.SchemaNode(
            _Moment(self.reader(options), self.wanted, self.rules), validator=check, fast_path=self._fast_path(options)
        )

    def _fast_path(self, options: Options) -> columns.Fast | None:
        reader = self.reader(options)
        parse = _PARSE_MANY.get(getattr(reader, "func", reader))
        if parse is None:
            return None
        low, high = self.bounds(options)

        def many(values: list[Any]) -> list[Any] | None:
            moments = parse(values) if columns.are(values, str) else None
            return moments if moments is not None and columns.are_within(moments, low, high) else None

        return columns.Fast(many)

    def bounds(self, options: Options) -> list[Any]:
        """``min`` and ``max`` as values."""
        return [None if options.get(name) is None else self.parse(options[name]) for name in ("min", "max")]

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        return checks.bounds(column, *self.bounds(options))

    def operand_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(_Moment(self.reader(options), self.wanted, self.rules))

    def reader(self, options: Options) -> Callable[[str], Any]:
        """The parser of values."""
        return self.parse

    def text_hint(self, text: str) -> str | None:
        if _LOST_PLUS.search(text):
            return "in an address + is a blank: write %2B"
        if (day := _OTHER_DAY.match(text)) is not None and int(day[2]) <= 12 < int(day[1]):
            return f"write year, month, day: {day[3]}-{day[2]:0>2}-{day[1]:0>2}"
        return "write year, month, day: 2026-01-31" if day is not None else None

    def json_schema(self, options: Options) -> dict[str, Any]:
        return {"type": "string", **self.rules}

    def text_form(self, options: Options) -> TextForm:
        return TextForm(self.write)

    @staticmethod
    def write(value: Any) -> str:
        return value.isoformat()


def _day_of(text: str, options: Options) -> str:
    """The day of a date and time in UTC."""
    return parse_datetime(without_finer_digits(text), datetime.UTC).date().isoformat()


def _answered(source: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    # Parsing SQLite's text and writing it again is faster than letting SQLite write another form. The value is left
    # naive, which the encoder takes for UTC.
    has_moments = expressions_of(dialect).has_moments
    return text_forms.moment_text(source, dialect) if has_moments else sa.type_coerce(source, _READ)


class Date(Temporal):
    """A day of the Gregorian calendar, such as ``2026-01-31`` (RFC 3339 full-date)."""

    icon = "date"
    help = "A day, such as 2026-01-31"
    other_names: tuple[str, ...] = ("day",)

    wanted, rules = "a date in a string", {"format": "date"}
    repairs = MappingProxyType({"truncate": _day_of})

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(_DATE)

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        return {**checks.instant(column, "date", 10, context), **super().checks(column, options, context)}

    def json_expression(self, source: sa.ColumnElement[Any], options: Options) -> sa.ColumnElement[Any]:
        return text_forms.answered(text_forms.day_text, source)

    def relative_value(self, text: str, options: Options, moment: datetime.datetime) -> str | None:
        time = relative_time(text, moment)
        return None if time is None else time.date().isoformat()

    def text_form(self, options: Options) -> TextForm:
        low, high = self.bounds(options)

        def from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
            return text_forms.within(text_forms.day(text, dialect), low, high)

        return TextForm(self.write, sql_to_text=text_forms.day_text, sql_from_text=from_text)


class DateTime(Temporal):
    """A point in time, such as ``2026-01-31T12:00:00Z`` (RFC 3339 date-time), answered in UTC. The offset is required,
    unless ``timezone`` says whose local time it is without."""

    icon = "moment"
    help = "A point in time, which everybody sees in their own time zone"
    other_names: tuple[str, ...] = ("timestamp", "timestamptz", "timestamp with time zone", "instant")

    parse = staticmethod(parse_datetime)
    wanted, rules = "a date and time in a string", {"format": "date-time"}
    repairs: Mapping[str, Repair] = MappingProxyType({"truncate": lambda text, options: without_finer_digits(text)})
    #: Version 2 has ``timezone``.
    upgrades: tuple[Upgrade, ...] = (dict,)

    def options_schema(self) -> colander.SchemaNode:
        node = super().options_schema()
        node.add(zone_option())
        return node

    def reader(self, options: Options) -> Callable[[str], Any]:
        zone = zone_of(options)
        return self.parse if zone is None else functools.partial(self.parse, zone=zone)

    def relative_value(self, text: str, options: Options, moment: datetime.datetime) -> str | None:
        time = relative_time(text, moment, zone_of(options) or UTC)
        return None if time is None else write_datetime(time)

    def column(self, options: Options, context: Context) -> sa.Column[Any] | None:
        return sa.Column(UTC_DATETIME)

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        return {**checks.instant(column, "datetime", 19, context), **super().checks(column, options, context)}

    def json_expression(self, source: sa.ColumnElement[Any], options: Options) -> sa.ColumnElement[Any]:
        return OfDialect(_answered, source, _READ)

    def text_form(self, options: Options) -> TextForm:
        low, high = self.bounds(options)
        is_utc = options.get("timezone") is None

        def from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
            moment = reading.moment(text, UTC_DATETIME, dialect, days=is_utc)
            return text_forms.within(moment, low, high)

        return TextForm(self.write, sql_to_text=text_forms.moment_text, sql_from_text=from_text)

    @staticmethod
    def write(value: Any) -> str:
        return write_datetime(value)
