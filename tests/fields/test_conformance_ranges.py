"""Ranges and points: the conformance runs, and what is particular to them."""

import datetime

import pytest
import sqlalchemy as sa
import webtest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import Range

import dynmodel_pyramid
from dynmodel_pyramid.fields.types.ranges import SUBTYPES, parse_range, write_range
from dynmodel_pyramid.testing import Case, FieldTypeConformance
from dynmodel_pyramid.testing.driver import TableDriver

MOST, LEAST = 2**63 - 1, -(2**63)


class TestIntegerRange(FieldTypeConformance):
    type_name = "integer_range"
    cases = [
        Case(
            valid=[
                "[1,10)",
                ("[1,10]", "[1,11)"),
                ("(1,10]", "[2,11)"),
                ("(1,10)", "[2,10)"),
                ("[3,3]", "[3,4)"),
                "(,5)",
                ("[,5]", "(,6)"),
                "[5,)",
                ("(5,]", "[6,)"),
                "(,)",
                ("[,]", "(,)"),
                "empty",
                (" EMPTY ", "empty"),
                ("[1,1)", "empty"),
                ("(4,5)", "empty"),
                (f"({MOST},{MOST})", "empty"),
                (' [ +1 ,"10" ) ', "[1,10)"),
                ("[-5,-05]", "[-5,-4)"),
                f"[{LEAST},{MOST})",
            ],
            invalid=[
                ("[10,1]", "invalid_format"),
                ("[1,2,3]", "invalid_format"),
                ("1,2", "invalid_format"),
                ("[1,2", "invalid_format"),
                ("[1]", "invalid_format"),
                ("[1.5,2)", "invalid_format"),
                ("[ ,2)", "invalid_format"),
                ('["",2)', "invalid_format"),
                ("[١,2)", "invalid_format"),
                ("[1_0,20)", "invalid_format"),
                ("", "invalid_format"),
                ("[" + "1" * 5000 + ",)", "invalid_format"),
                (f"[1,{MOST}]", "out_of_range"),
                (f"({MOST},)", "out_of_range"),
                (f"[1,{MOST + 1})", "out_of_range"),
                (f"[{LEAST - 1},1)", "out_of_range"),
                ([1, 10], "wrong_type"),
                (1, "wrong_type"),
            ],
            texts={" [1,3] ": "[1,4)"},
        )
    ]


class TestDateRange(FieldTypeConformance):
    type_name = "date_range"
    cases = [
        Case(
            valid=[
                "[2026-01-01,2026-02-01)",
                ("[2026-01-01,2026-01-31]", "[2026-01-01,2026-02-01)"),
                ('("2026-01-01",2026-01-31]', "[2026-01-02,2026-02-01)"),
                "[0001-01-01,9999-12-31)",
                "(,0999-12-31)",
                ("(9999-12-30,]", "[9999-12-31,)"),
                "(,)",
                ("(2026-01-01,2026-01-02)", "empty"),
            ],
            invalid=[
                ("[2026-02-01,2026-01-01)", "invalid_format"),
                ("[2026-02-30,)", "invalid_format"),
                ("[-infinity,infinity]", "invalid_format"),
                ("[2026-01-01,9999-12-31]", "out_of_range"),
                ("(9999-12-31,)", "out_of_range"),
                ("[10000-01-01,)", "invalid_format"),
                ("2026-01-01", "invalid_format"),
                ({}, "wrong_type"),
            ],
            texts={"[2026-01-01,2026-01-01]": "[2026-01-01,2026-01-02)"},
        )
    ]


class TestDateTimeRange(FieldTypeConformance):
    type_name = "datetime_range"
    cases = [
        Case(
            valid=[
                "[2026-01-31T12:00:00Z,2026-01-31T13:00:00Z)",
                "(2026-01-31T12:00:00Z,2026-01-31T13:00:00Z]",
                "[2026-01-31T12:00:00Z,2026-01-31T12:00:00Z]",
                ("(2026-01-31T12:00:00Z,2026-01-31T13:00:00+01:00]", "empty"),
                (
                    '["2026-01-31 12:00:00.5+01:00","2026-01-31T12:00:00z"]',
                    "[2026-01-31T11:00:00.500000Z,2026-01-31T12:00:00Z]",
                ),
                ("[,2026-01-31T12:00:00Z]", "(,2026-01-31T12:00:00Z]"),
                "[0001-01-01T00:00:00Z,9999-12-31T23:59:59.999999Z]",
                "(2026-01-31T12:00:00.000001Z,)",
                "(,)",
                "empty",
            ],
            invalid=[
                ("[2026-01-31T12:00:00,)", "invalid_format"),
                ("[2026-01-31T13:00:00Z,2026-01-31T12:00:00Z]", "invalid_format"),
                ("[0001-01-01T00:00:00+01:00,)", "invalid_format"),
                ('["2026-01-31T12:00:00Z,)', "invalid_format"),
                (True, "wrong_type"),
            ],
        )
    ]


class TestPoint(FieldTypeConformance):
    type_name = "point"
    cases = [
        Case(
            valid=[
                {"longitude": 13.4, "latitude": 52.5},
                {"latitude": -33.86, "longitude": 151.2},
                {"longitude": -180, "latitude": -90},
                {"longitude": 180.0, "latitude": 90},
                ({"longitude": -0.0, "latitude": 0}, {"longitude": 0, "latitude": 0}),
                {"longitude": 5e-324, "latitude": 1 / 3},
            ],
            invalid=[
                ({"longitude": 180.0000001, "latitude": 0}, "out_of_range"),
                ({"longitude": 0, "latitude": -91}, "out_of_range"),
                ({"longitude": 10**400, "latitude": 0}, "out_of_range"),
                ({"longitude": "13.4", "latitude": 52.5}, "wrong_type"),
                ({"longitude": True, "latitude": 52.5}, "wrong_type"),
                ({"longitude": None, "latitude": 52.5}, "wrong_type"),
                ({"longitude": 13.4}, "invalid_format"),
                ({"longitude": 13.4, "latitude": 52.5, "altitude": 1}, "invalid_format"),
                ({"lon": 13.4, "lat": 52.5}, "invalid_format"),
                ([13.4, 52.5], "wrong_type"),
                ("13.4 52.5", "wrong_type"),
            ],
            texts={
                " 13.4 52.5 ": {"longitude": 13.4, "latitude": 52.5},
                "POINT(13.4 52.5)": {"longitude": 13.4, "latitude": 52.5},
                "point ( -1e1  +5 )": {"longitude": -10, "latitude": 5},
            },
        )
    ]


@pytest.fixture
def app(settings):
    wsgi = dynmodel_pyramid.main({}, **settings)
    yield webtest.TestApp(wsgi)
    wsgi.registry.dynmodel_catalogue.database.close()


def test_sessions_give_and_find_ranges(app):
    table = TableDriver(app, "integer_range")
    cls = table.catalogue.models[table.model_name]
    with table.catalogue.session() as session:
        session.add_all([cls(value=Range(1, 3, bounds="[]")), cls(value=Range(empty=True)), cls(value=Range())])
        session.flush()
        session.expire_all()
        found = session.scalars(sa.select(cls).where(cls.value == Range(0, 4, bounds="()"))).one()
        assert (found.value.lower, found.value.upper, found.value.bounds) == (1, 4, "[)")
        assert session.scalars(sa.select(cls.id).where(cls.value.in_([Range(empty=True), Range()]))).all() == [2, 3]


def test_many_ranges_at_once(app):
    """So many that PostgreSQL gets them by COPY."""
    values = [f"[{number},{number + 1})" for number in range(50)]
    table = TableDriver(app, "integer_range")
    rows = app.post_json(f"{table.path}rows/", [{"value": value} for value in values], status=201).json
    assert [row["value"] for row in rows] == values


@given(st.text('[]()",\\ 0123456789-+TZ:.empty', max_size=60), st.sampled_from(sorted(SUBTYPES)))
def test_any_text_is_read_or_refused(text, kind):
    subtype = SUBTYPES[kind]
    try:
        value = parse_range(text, subtype)
    except (ValueError, OverflowError):
        return
    assert parse_range(write_range(value, subtype), subtype) == value


def test_quotes_and_escapes():
    assert parse_range(r'["\1\0","20")', SUBTYPES["integer"]) == Range(10, 20)
    assert parse_range('["2026-01-01",)', SUBTYPES["date"]) == Range(datetime.date(2026, 1, 1), None)
