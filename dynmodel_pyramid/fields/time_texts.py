"""Days, times of day and points in time, as people and programs write them; one grammar for every way in.

A form is read if it has one meaning and nothing of it is lost. Blanks around are dropped. ``docs/types/`` has the
grammar of each type.
"""

import datetime
import re

from dynmodel_pyramid.fields import columns

UTC = datetime.UTC
#: The year comes first: ``2026-01-31``, ``2026/1/31``.
_DAY = r"(?P<day>\d{4}(?:-\d{1,2}-|/\d{1,2}/)\d{1,2})"
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
_OFFSET = r"(?P<offset> ?(?:Z|UTC|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?))"
#: ISO 8601's basic format, as PostgreSQL takes it and calendars write it (RFC 5545): ``20260131``, ``20260131T120000``.
_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?)?(?!\d)", re.ASCII | re.IGNORECASE)
_DATETIME = re.compile(rf"{_DAY}(?:(?:T| ){_CLOCK}{_OFFSET}?)?", re.ASCII | re.IGNORECASE)
_TIME = re.compile(rf"{_CLOCK}{_OFFSET}?", re.ASCII | re.IGNORECASE)
_USUAL_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
#: The forms that most programs write are read by ``fromisoformat``, several times as fast. It takes other forms, too,
#: 24:00 among them (Python 3.14).
_USUAL_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3}|\.\d{6})?", re.ASCII)
_USUAL_DATETIME = re.compile(rf"\d{{4}}-\d\d-\d\d[T ]{_USUAL_TIME.pattern}Z", re.ASCII)
_NO_SUCH_DAY = "there is no such day"
_NO_SUCH_TIME = "there is no such day or time, or it is out of the years 0001 to 9999 in UTC"
_MIDNIGHT = datetime.time()
_USUAL_DATES = columns.Lines(_USUAL_DATE.pattern, re.ASCII)
_USUAL_DATETIMES = columns.Lines(_USUAL_DATETIME.pattern, re.ASCII)


class NoSuchLocalTime(ValueError):
    """Clocks were put forward past this local time."""


def parse_date(text: str) -> datetime.date:
    """A day, years 0001 to 9999; or its midnight without an offset or in UTC, as JavaScript and datetimes write it.

    :raises ValueError: saying what is wanted
    """
    text = text.strip()
    if _USUAL_DATE.fullmatch(text):
        try:
            return datetime.date.fromisoformat(text)
        except ValueError:
            raise ValueError(_NO_SUCH_DAY) from None
    match = _parts(text)
    if not match:
        raise ValueError("want a date such as 2026-01-31")
    if match["hour"] is not None and (_clock(match) != _MIDNIGHT or not _is_utc(match["offset"])):
        raise ValueError("want a date such as 2026-01-31; a time of day is read if it is midnight in UTC")
    return _day(match["day"])


def parse_dates(texts: list[str]) -> list[datetime.date] | None:
    """Many days in the form that most programs write; None if one of them is in another form, or no day."""
    try:
        return list(map(datetime.date.fromisoformat, texts)) if _USUAL_DATES.match(texts) else None
    except ValueError:
        return None


def _parts(text: str) -> re.Match[str] | None:
    """The parts of a day, or of a date and time."""
    if basic := _BASIC.match(text):
        day, clock = basic.groups()[:3], [part for part in basic.groups()[3:] if part]
        text = "-".join(day) + ("T" + ":".join(clock) if clock else "") + text[basic.end() :]
    return _DATETIME.fullmatch(text)


def _day(text: str) -> datetime.date:
    try:
        return datetime.date(*map(int, re.split("[-/]", text)))
    except ValueError:
        raise ValueError(_NO_SUCH_DAY) from None


def parse_time(text: str) -> datetime.time:
    """A time of day, at most microseconds, with seconds or without; no 24:00, no leap second, no offset but UTC's.

    :raises ValueError: saying what is wanted
    """
    text = text.strip()
    if _USUAL_TIME.fullmatch(text):
        return datetime.time.fromisoformat(text)
    match = _TIME.fullmatch(text)
    if not match or not _is_utc(match["offset"]):
        raise ValueError("want a time of day from 00:00:00 to 23:59:59.999999, without offset")
    return _clock(match)


def _clock(match: re.Match[str]) -> datetime.time:
    fraction = int(microseconds(match["fraction"]))
    try:
        return datetime.time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0), fraction)
    except ValueError:
        raise ValueError("want a time of day from 00:00:00 to 23:59:59.999999") from None


def _is_utc(offset: str | None) -> bool:
    """Also if there is none."""
    return offset is None or _offset(offset) == UTC


def _offset(text: str) -> datetime.timezone:
    text = text.strip().upper()
    if text in ("Z", "UTC"):
        return UTC
    digits = text[1:].replace(":", "")
    offset = datetime.timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return datetime.timezone(-offset if text[0] == "-" else offset) if offset else UTC


def microseconds(fraction: str | None) -> str:
    """Six digits of a fraction of a second."""
    fraction = fraction or ""
    if fraction[6:].strip("0"):
        raise ValueError("want at most microseconds")
    return f"{fraction[:6]:0<6}"


def without_finer_digits(text: str) -> str:
    """A text without the digits of a second that are finer than microseconds."""
    return re.sub(r"([.,]\d{6})\d+", r"\1", text, count=1, flags=re.ASCII)


def parse_datetime(text: str, zone: datetime.tzinfo | None = None) -> datetime.datetime:
    """A point in time, in UTC. Without an offset it is a local time of the zone; without a zone, an offset is required.
    A day is its midnight, in the zone or else in UTC. Finer fractions than microseconds are refused unless their digits
    are zeros, and so are leap seconds.

    :raises ValueError: saying what is wanted
    """
    text = text.strip()
    if _USUAL_DATETIME.fullmatch(text):
        try:
            return datetime.datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(_NO_SUCH_TIME) from None
    match = _parts(text)
    if not match or (match["hour"] is not None and match["offset"] is None and zone is None):
        raise ValueError(f"want a date and time{'' if zone else ' with an offset'}, such as 2026-01-31T12:00:00Z")
    clock = _MIDNIGHT
    if match["hour"] is not None:
        microseconds(match["fraction"])
    try:
        if match["hour"] is not None:
            clock = _clock(match)
        moment = datetime.datetime.combine(_day(match["day"]), clock)
        if match["offset"] is not None:
            return moment.replace(tzinfo=_offset(match["offset"])).astimezone(UTC)
        return moment.replace(tzinfo=UTC) if zone is None else from_local(moment, zone)
    except (ValueError, OverflowError) as error:
        raise ValueError(str(error) if isinstance(error, NoSuchLocalTime) else _NO_SUCH_TIME) from None


def parse_datetimes(texts: list[str]) -> list[datetime.datetime] | None:
    """The same for points in time."""
    try:
        return list(map(datetime.datetime.fromisoformat, texts)) if _USUAL_DATETIMES.match(texts) else None
    except ValueError:
        return None


def write_datetime(value: datetime.datetime) -> str:
    """A date-time of RFC 3339 in UTC, with ``Z``; microseconds where there are any."""
    if value.tzinfo is None:
        raise ValueError("want an aware datetime: give it a tzinfo")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def from_local(naive: datetime.datetime, zone: datetime.tzinfo) -> datetime.datetime:
    """A local time in UTC. If clocks were put back and the time occurred twice, the first one (PEP 495, fold=0)."""
    moment = naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != naive:
        raise NoSuchLocalTime(f"there is no such local time in {zone}: clocks were put forward over it")
    return moment
