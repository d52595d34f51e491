"""Times of day, durations, local times: the conformance runs, and what is particular to them."""

import datetime

import pytest
import webtest
from hypothesis import given
from hypothesis import strategies as st

import dynmodel_pyramid
from dynmodel_pyramid.fields.types.clock import parse_duration, write_duration
from dynmodel_pyramid.fields.types.temporal import DateTime
from dynmodel_pyramid.testing import Case, FieldTypeConformance
from dynmodel_pyramid.testing.driver import TableDriver


class TestTime(FieldTypeConformance):
    type_name = "time"
    cases = [
        Case(
            valid=[
                "00:00:00",
                "23:59:59.999999",
                "12:00:00",
                "12:00:00.000001",
                "12:00:00.000999",
                "12:00:00.013840",
                "12:00:00.099999",
                ("12:00:00.5", "12:00:00.500000"),
                ("12:00:00.100000000", "12:00:00.100000"),
            ],
            invalid=[
                ("24:00:00", "invalid_format"),
                ("23:59:60", "invalid_format"),
                ("12:60:00", "invalid_format"),
                ("12:00:00+01:00", "invalid_format"),
                ("T12:00:00", "invalid_format"),
                ("120000", "invalid_format"),
                ("12:00:00.0000001", "invalid_format"),
                ("٠٠:00:00", "invalid_format"),
                (12, "wrong_type"),
            ],
            texts={" 12:30 ": "12:30:00", "12:30:15.25": "12:30:15.250000"},
        ),
        Case(
            {"min": "08:00:00", "max": "17:30:00"},
            ["08:00:00", "17:30:00"],
            [("07:59:59.999999", "too_small"), ("17:30:00.000001", "too_large")],
        ),
    ]


class TestDuration(FieldTypeConformance):
    type_name = "duration"
    cases = [
        Case(
            valid=[
                "PT0S",
                ("P0D", "PT0S"),
                ("-PT0S", "PT0S"),
                "P1DT2H3.5S",
                "-P1DT2H3.5S",
                "PT0.000001S",
                "-PT0.000001S",
                ("P1W", "P7D"),
                ("P1W1D", "P8D"),
                ("+PT90M", "PT1H30M"),
                ("PT36H", "P1DT12H"),
                ("PT1,50S", "PT1.5S"),
                ("PT61.000000000S", "PT1M1S"),
                "P106751991DT4H54.775807S",
                "-P106751991DT4H54.775808S",
            ],
            invalid=[
                ("P1Y", "invalid_format"),
                ("P1M", "invalid_format"),
                ("P1Y2M3DT4H", "invalid_format"),
                ("P", "invalid_format"),
                ("PT", "invalid_format"),
                ("P1DT", "invalid_format"),
                ("PT1.5H", "invalid_format"),
                ("PT1S1M", "invalid_format"),
                ("P-1D", "invalid_format"),
                ("p1d", "invalid_format"),
                ("1:30", "invalid_format"),
                ("PT0.0000001S", "invalid_format"),
                ("P١D", "invalid_format"),
                ("P" + "9" * 5000 + "D", "invalid_format"),
                ("P106751991DT4H54.775808S", "out_of_range"),
                ("P" + "9" * 90 + "W", "out_of_range"),
                (60, "wrong_type"),
            ],
            texts={" PT60S ": "PT1M"},
        ),
        Case(
            {"min": "PT0S", "max": "P1D"},
            ["PT0S", "P1D", ("PT24H", "P1D")],
            [("-PT1S", "too_small"), ("PT24H0.1S", "too_large")],
        ),
    ]


class TestLocalDateTime(FieldTypeConformance):
    type_name = "datetime"
    cases = [
        Case(
            {"timezone": "Europe/Berlin"},
            [
                ("2026-01-31T12:00:00", "2026-01-31T11:00:00Z"),
                ("2026-07-31 12:00:00.5", "2026-07-31T10:00:00.500000Z"),
                ("2026-01-31T12:00:00+09:00", "2026-01-31T03:00:00Z"),
                "2026-01-31T12:00:00Z",
                # Clocks are put back from 3:00 to 2:00: the first of the two.
                ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
                ("2026-10-25T03:00:00", "2026-10-25T02:00:00Z"),
                ("9999-12-31T23:59:59", "9999-12-31T22:59:59Z"),
            ],
            [
                # Clocks are put forward from 2:00 to 3:00.
                ("2026-03-29T02:00:00", "invalid_format"),
                ("2026-03-29T02:59:59.999999", "invalid_format"),
                ("0001-01-01T00:00:00", "invalid_format"),
                ("2026-02-31T12:00:00", "invalid_format"),
            ],
            {" 2026-01-31T12:00:00 ": "2026-01-31T11:00:00Z"},
        )
    ]


@pytest.fixture
def app(settings):
    wsgi = dynmodel_pyramid.main({}, **settings)
    yield webtest.TestApp(wsgi)
    wsgi.registry.dynmodel_catalogue.database.close()


def test_years_and_months_are_refused_with_the_reason(app):
    table = TableDriver(app, "duration")
    assert "no fixed length" in table.refuse({"value": "P1M"})[0]["detail"]


@pytest.mark.parametrize("zone", ("Mars/Base", "Europe", "../etc/passwd", "/etc/localtime", "", "x" * 5000))
def test_unknown_time_zones_are_refused(app, zone):
    fields = {"value": {"type": "datetime", "timezone": zone}}
    problem = app.post_json("/table/", {"model_name": "Wrong", "fields": fields}, status=422).json["errors"][0]
    assert (problem["pointer"], problem["code"]) == ("/fields/value/timezone", "invalid_option")


def test_another_time_zone_leaves_the_stored_moments_alone(app):
    table = TableDriver(app, {"type": "datetime", "timezone": "Europe/Berlin"})
    row = table.add_value("2026-01-31T12:00:00")
    table.define({"key": "integer", "value": {"type": "datetime", "timezone": "Asia/Tokyo"}})
    assert table.rows() == [row]
    assert table.add_value("2026-01-31T12:00:00")["value"] == "2026-01-31T03:00:00Z"


def test_options_of_the_first_version_are_brought_to_todays():
    (upgrade,) = DateTime.upgrades
    assert upgrade({"min": None, "max": None}) == {"min": None, "max": None}


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_duration_has_one_text(number):
    value = datetime.timedelta(microseconds=number)
    assert parse_duration(write_duration(value)) == value
