"""Days and times as numbers of days (ECMA-376, part 1, 18.17.4), and which formats of numbers show them.

Day 60 is 29 February 1900, which there was not: days before it are not written as numbers.
"""

import datetime
import re
from typing import Any

from dynmodel_pyramid.fields.types.clock import write_duration

_EPOCH, _EARLY, _EPOCH_1904 = (datetime.datetime(*day) for day in ((1899, 12, 30), (1899, 12, 31), (1904, 1, 1)))
#: The first day that all programs number alike.
FIRST = datetime.date(1900, 3, 1)
_DAY = 86_400_000_000
#: The number of 29 February 1900, and more than the number of any day.
_NO_DAY, _MOST_DAYS = 60, 1e8
_PLAIN = re.compile(r"(-?)(\d{1,8})(?:\.(\d{1,20}))?", re.ASCII)
#: By how many digits behind the point a number has: how far it may be from the time that it means, in microseconds.
_BLUR = {9: 50, 10: 5, 11: 1}

DATE, MOMENT, TIME, SPAN = "date", "moment", "time", "span"
#: Kinds of the formats that have a number only (18.8.30).
_KNOWN = {
    **dict.fromkeys((14, 15, 16, 17, *range(27, 32), 36, *range(50, 59)), DATE),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 47), TIME),
    22: MOMENT,
    46: SPAN,
}
_LITERAL = re.compile(r'"[^"]*"?|\\.|[_*].')
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_BRACKETS = re.compile(r"\[[^\]]*\]")
_HALVES = re.compile(r"am/pm|a/p", re.IGNORECASE)


def kind_of(number: int, code: str | None) -> str | None:
    """What a format shows a number as; None: as a number.

    :param code: the format's code, if the workbook has one for this number
    """
    if code is None:
        return _KNOWN.get(number)
    section = _LITERAL.sub("", code).partition(";")[0]
    if _ELAPSED.search(section):
        return SPAN
    bare = _BRACKETS.sub("", section)
    if bare.strip().lower() in ("general", "standard"):
        return None
    clock = _HALVES.search(bare) is not None
    letters = set(_HALVES.sub("", bare).lower())
    clock = clock or bool(letters & set("hs"))
    day = bool(letters & set("yd")) or ("m" in letters and not clock)
    if day:
        return MOMENT if clock else DATE
    return TIME if clock else None


def value_of(text: str, kind: str, *, is_1904: bool) -> Any:
    """A date, datetime, time, or the text of a duration.

    :raises ValueError: it is no number, or there is no such day
    """
    whole = _microseconds(text)
    if kind == SPAN:
        return write_duration(datetime.timedelta(microseconds=whole))
    if whole < 0:
        raise ValueError("it is before the first day")
    if kind == TIME and whole < _DAY:
        return (datetime.datetime.min + datetime.timedelta(microseconds=whole)).time()
    if not is_1904 and whole // _DAY == _NO_DAY:
        raise ValueError("there was no 29 February 1900")
    epoch = _EPOCH_1904 if is_1904 else _EPOCH if whole // _DAY > _NO_DAY else _EARLY
    try:
        moment = epoch + datetime.timedelta(microseconds=whole)
    except OverflowError:
        raise ValueError("there is no such day") from None
    return moment.date() if kind == DATE and not whole % _DAY else moment


def _microseconds(text: str) -> int:
    """Numbers of 15 digits, which many programs write, are up to 50 microseconds away from the time that they mean:
    from a whole millisecond, that is. :func:`serial_of` writes twelve digits behind the point; they tell a microsecond.
    """
    match = _PLAIN.fullmatch(text)
    if match is None:
        number = float(text)
        if not abs(number) < _MOST_DAYS:
            raise ValueError("there is no such day")
        return round(number * _DAY)
    sign, days, digits = match.groups(default="")
    unit = 10 ** len(digits)
    whole = int(days) * _DAY + (2 * int(digits or 0) * _DAY + unit) // (2 * unit)
    near = (whole + 500) // 1000 * 1000
    if abs(near - whole) <= _BLUR.get(len(digits), 0):
        whole = near
    return -whole if sign else whole


def serial_of(value: datetime.date | datetime.time) -> str | None:
    """The number of a day, of a naive moment or of a time; None: there is none."""
    if isinstance(value, datetime.time):
        days, within = 0, datetime.datetime.combine(FIRST, value)
    else:
        day = value.date() if isinstance(value, datetime.datetime) else value
        if day < FIRST:
            return None
        days = day.toordinal() - _EPOCH.toordinal()
        if not isinstance(value, datetime.datetime):
            return str(days)
        within = value
    seconds = within.hour * 3600 + within.minute * 60 + within.second
    fraction = seconds * 1_000_000 + within.microsecond
    return f"{days}.{(2 * fraction * 10**12 + _DAY) // (2 * _DAY):012}" if fraction else str(days)
