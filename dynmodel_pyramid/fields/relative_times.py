"""Times that a query names by the moment at which it is asked: ``now``, ``today``, ``now-7d``, ``today+1mo``."""

import calendar
import datetime
import functools
import re

from dynmodel_pyramid.fields.time_texts import UTC

_WORDS = ("now", "today", "tomorrow", "yesterday")
#: Those of fixed length, in seconds.
_SECONDS = {"s": 1, "min": 60, "h": 3600}
#: Those of the calendar: (days, months).
_CALENDAR = {"d": (1, 0), "w": (7, 0), "mo": (0, 1), "y": (0, 12)}
_TERM = rf"[+ -]\d{{1,9}}(?:{'|'.join([*_SECONDS, *_CALENDAR])})"
_RELATIVE = re.compile(rf"\s*({'|'.join(_WORDS)})((?:{_TERM}){{0,4}})\s*", re.ASCII | re.IGNORECASE)
_BEGUN = re.compile(rf"\s*(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)
_EACH = re.compile(r"([+ -])(\d+)([a-z]+)")
_DAY = datetime.timedelta(days=1)


@functools.lru_cache(1000)
def relative_form(text: str) -> str | None:
    """The usual form of a relative time; None: the text is none.

    A sign ``+`` is a blank in a query string unless it is encoded, so a blank stands for it.
    """
    match = _RELATIVE.fullmatch(text)
    return None if match is None else match[1].lower() + match[2].lower().replace(" ", "+")


def relative_time(text: str, moment: datetime.datetime, zone: datetime.tzinfo = UTC) -> datetime.datetime | None:
    """The point in time that a text means at a moment; None: the text is no relative time.

    ``today`` is the midnight with which the day begins in the zone. Days, weeks, months and years are those of the
    zone's calendar, so that a clock's time is kept when clocks are changed; 31 January and a month are the last day of
    February. The others are lengths of time.

    :raises ValueError: it is out of the years 0001 to 9999, or begins like one and is of another form
    """
    form = relative_form(text)
    if form is None:
        if _BEGUN.match(text):
            units = ", ".join([*_SECONDS, *_CALENDAR])
            raise ValueError(f"want a relative time such as now-7d or today+1mo, at most four steps; units are {units}")
        return None
    word = re.match("[a-z]+", form)
    assert word is not None
    try:
        local = moment.astimezone(zone)
        if word[0] != "now":
            local = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
            local += {"today": 0, "tomorrow": 1, "yesterday": -1}[word[0]] * _DAY
        for sign, number, unit in _EACH.findall(form[word.end() :]):
            local = _moved(local, int(number) if sign == "+" else -int(number), unit)
        return local.astimezone(UTC)
    except (OverflowError, ValueError):
        raise ValueError("want a time in the years 0001 to 9999") from None


def _moved(local: datetime.datetime, number: int, unit: str) -> datetime.datetime:
    if unit in _SECONDS:
        seconds = datetime.timedelta(seconds=number * _SECONDS[unit])
        return (local.astimezone(UTC) + seconds).astimezone(local.tzinfo)
    days, months = (number * size for size in _CALENDAR[unit])
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return local.replace(year=year, month=month + 1, day=min(local.day, last), fold=0) + days * _DAY
