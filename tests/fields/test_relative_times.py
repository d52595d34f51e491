"""``now-7d`` and the like: what they mean at a moment, in a time zone, for each type."""

import datetime
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.fields.relative_times import relative_form, relative_time

TYPES = FieldTypes()
TYPES.load_entry_points()
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
#: A Saturday; the next morning clocks in Berlin are put forward.
MOMENT = datetime.datetime(2026, 3, 28, 23, 30, 15, 5, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("text", "utc", "berlin"),
    [
        ("now", "2026-03-28T23:30:15.000005Z", "2026-03-28T23:30:15.000005Z"),
        ("today", "2026-03-28T00:00:00Z", "2026-03-28T23:00:00Z"),
        ("tomorrow", "2026-03-29T00:00:00Z", "2026-03-29T22:00:00Z"),
        ("yesterday", "2026-03-27T00:00:00Z", "2026-03-27T23:00:00Z"),
        ("today+1d", "2026-03-29T00:00:00Z", "2026-03-29T22:00:00Z"),
        ("today+24h", "2026-03-29T00:00:00Z", "2026-03-29T23:00:00Z"),
        ("TODAY 2h", "2026-03-28T02:00:00Z", "2026-03-29T01:00:00Z"),
        ("now-7d", "2026-03-21T23:30:15.000005Z", "2026-03-21T23:30:15.000005Z"),
        ("now-1w", "2026-03-21T23:30:15.000005Z", "2026-03-21T23:30:15.000005Z"),
        ("now+1d", "2026-03-29T23:30:15.000005Z", "2026-03-29T22:30:15.000005Z"),
        ("today+3d-1mo", "2026-02-28T00:00:00Z", "2026-02-28T23:00:00Z"),
        ("today-28d-1mo", "2026-01-28T00:00:00Z", "2026-01-31T23:00:00Z"),
        ("today-2y", "2024-03-28T00:00:00Z", "2024-03-28T23:00:00Z"),
        ("now-90min+30s", "2026-03-28T22:00:45.000005Z", "2026-03-28T22:00:45.000005Z"),
    ],
)
def test_what_a_text_means(text, utc, berlin):
    for zone, wanted in ((datetime.UTC, utc), (BERLIN, berlin)):
        found = relative_time(text, MOMENT, zone)
        assert found.isoformat().replace("+00:00", "Z") == wanted, zone


@pytest.mark.parametrize("text", ["now-7", "now-7days", "now--7d", "today-1m", "now-1d-1d-1d-1d-1d", "now now"])
def test_what_only_begins_like_one(text):
    assert relative_form(text) is None
    with pytest.raises(ValueError, match="units are s, min, h, d, w, mo, y"):
        relative_time(text, MOMENT)


def test_what_is_none():
    assert [relative_time(text, MOMENT) for text in ("", "nowadays", "7d", "2026-01-31")] == [None] * 4


@given(
    st.sampled_from(["now", "today"]),
    st.integers(0, 10**9 - 1),
    st.sampled_from(["s", "min", "h", "d", "w", "mo", "y"]),
    st.sampled_from("+-"),
)
def test_any_number_of_any_unit_is_a_time_or_refused(word, number, unit, sign):
    try:
        found = relative_time(f"{word}{sign}{number}{unit}", MOMENT, BERLIN)
    except ValueError as error:
        assert "years" in str(error)
    else:
        assert found.tzinfo is datetime.UTC and (
            found <= MOMENT if sign == "-" else found >= MOMENT - datetime.timedelta(1)
        )


def test_each_type_of_times_has_its_own_value():
    def value(name, text, **options):
        known = TYPES[name]
        return known.relative_value(text, read_options(known, options), MOMENT)

    assert value("date", "now+1h") == "2026-03-29" and value("date", "today-1mo") == "2026-02-28"
    assert value("time", "now") == "23:30:15.000005" and value("time", "now+1h") == "00:30:15.000005"
    assert value("datetime", "today") == "2026-03-28T00:00:00Z"
    assert value("datetime", "today", timezone="Europe/Berlin") == "2026-03-28T23:00:00Z"
    assert value("created_time", "now-7d") == value("updated_time", "now-7d") == "2026-03-21T23:30:15.000005Z"
    assert [name for name in TYPES.names() if TYPES[name].relative_value("now", {}, MOMENT) is not None] == sorted(
        ["created_time", "date", "datetime", "time", "updated_time"]
    )
