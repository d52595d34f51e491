"""Times of day and durations."""

import datetime
import re
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.fields import schema
from dynmodel_pyramid.fields.contract import Checks, Context, Options, TextForm
from dynmodel_pyramid.fields.relative_times import relative_time
from dynmodel_pyramid.fields.sql import checks, reading, text_forms
from dynmodel_pyramid.fields.time_texts import microseconds, parse_time, without_finer_digits
from dynmodel_pyramid.fields.types.temporal import Temporal

MICROSECOND = datetime.timedelta(microseconds=1)
_SECONDS_OF = {"weeks": 604_800, "days": 86_400, "hours": 3600, "minutes": 60, "seconds": 1}

_DURATION = re.compile(
    r"([+-]?)P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)(?:[.,](?P<fraction>\d{1,9}))?S)?)?",
    re.ASCII,
)
_CALENDAR = re.compile(r"[+-]?P[\d.,WD]*[YM]", re.ASCII)
#: More characters than a duration of 64 bits needs.
_LONGEST = 100


def parse_duration(text: str) -> datetime.timedelta:
    """A duration of ISO 8601-1:2019 section 5.5.2 in weeks, days, hours, minutes and seconds, with a sign (ISO 8601-2).

    :raises ValueError: saying what is wanted
    :raises OverflowError: its microseconds are more than 64 bits
    """
    text = text.strip()
    match = _DURATION.fullmatch(text) if len(text) <= _LONGEST else None
    if _CALENDAR.match(text):
        raise ValueError("years and months have no fixed length; want weeks, days, hours, minutes and seconds")
    if not match or text[-1] in "PT":
        raise ValueError("want a duration such as P1DT2H3.5S")
    seconds = sum(int(match[unit] or 0) * length for unit, length in _SECONDS_OF.items())
    total = seconds * 1_000_000 + int(microseconds(match["fraction"]))
    total = -total if match[1] == "-" else total
    if not -schema.INT64 <= total < schema.INT64:
        raise OverflowError("want a duration of less than 106751992 days")
    return datetime.timedelta(microseconds=total)


def write_duration(value: datetime.timedelta) -> str:
    """The one canonical form: a sign, days, hours, minutes and seconds, none that is zero; ``PT0S`` for nothing."""
    total = value // MICROSECOND
    seconds, fraction = divmod(abs(total), 1_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    text = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M")) if number)
    if fraction:
        text += f"{seconds}.{fraction:06}".rstrip("0") + "S"
    elif seconds:
        text += f"{seconds}S"
    whole = (f"{days}D" if days else "") + (f"T{text}" if text else "")
    return ("-" if total < 0 else "") + "P" + (whole or "T0S")


class Microseconds(sa.TypeDecorator[Any]):
    """``datetime.timedelta`` as whole microseconds."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return None if value is None else value // MICROSECOND

    def process_literal_param(self, value: Any, dialect: sa.Dialect) -> str:
        return str(value // MICROSECOND)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        return None if value is None else datetime.timedelta(microseconds=value)


_TIME, _MICROSECONDS = sa.Time(), Microseconds()


class Time(Temporal):
    """A time of day, such as ``23:59:59.5`` (RFC 3339 partial-time): without date and offset."""

    icon = "time"
    help = "A time of day, such as 08:30"
    parse = staticmethod(parse_time)
    wanted = "a time of day in a string"
    repairs = MappingProxyType({"truncate": lambda text, options: without_finer_digits(text)})
    rules = {"pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?$"}

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(_TIME)

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        return {**checks.instant(column, "time", 8, context), **super().checks(column, options, context)}

    def json_expression(self, source: sa.ColumnElement[Any], options: Options) -> sa.ColumnElement[Any]:
        return text_forms.answered(text_forms.time_text, source)

    def request_schema(self, options: Options) -> dict[str, Any]:
        # "time" of JSON Schema has an offset (RFC 3339, full-time).
        return {"type": "string", "format": "partial-time"}

    def text_form(self, options: Options) -> TextForm:
        low, high = self.bounds(options)

        def from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
            return text_forms.within(reading.time(text, dialect), low, high)

        return TextForm(datetime.time.isoformat, sql_to_text=text_forms.time_text, sql_from_text=from_text)

    def relative_value(self, text: str, options: Options, moment: datetime.datetime) -> str | None:
        time = relative_time(text, moment)
        return None if time is None else time.time().isoformat()


class Duration(Temporal):
    """A span of time, such as ``P1DT2H3.5S`` (ISO 8601): weeks, days, hours, minutes, seconds, with a sign."""

    icon = "duration"
    help = "A span of time, such as 1 day and 2 hours"
    other_names: tuple[str, ...] = ("interval", "timedelta")

    parse = staticmethod(parse_duration)
    wanted = "a duration in a string"
    rules = {
        "pattern": r"^[+-]?P(?=[0-9T])([0-9]+W)?([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+([.,][0-9]{1,9})?S)?)?$"
    }

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(_MICROSECONDS)

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        return {**checks.kind(column, "integer", context), **super().checks(column, options, context)}

    def json_expression(self, source: sa.ColumnElement[Any], options: Options) -> sa.ColumnElement[Any]:
        return text_forms.answered(text_forms.duration_text, source)

    def request_schema(self, options: Options) -> dict[str, Any]:
        # "duration" of JSON Schema has years and months, and no fractions (RFC 3339, appendix A).
        return {"type": "string", "format": "day-time-duration"}

    def text_form(self, options: Options) -> TextForm:
        return TextForm(write_duration, sql_to_text=text_forms.duration_text)
