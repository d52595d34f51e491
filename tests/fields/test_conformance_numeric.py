"""Exact decimals, percentages, currency and rating: the conformance runs, and what is particular to them."""

import decimal
from decimal import Decimal

import pytest
import sqlalchemy as sa
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.fields.sql.exact import ExactDecimal, from_sortable, to_sortable
from dynmodel_pyramid.testing import Case, FieldTypeConformance
from dynmodel_pyramid.testing.driver import TableDriver

NINES = "9" * 80 + "." + "9" * 20


class TestDecimal(FieldTypeConformance):
    type_name = "decimal"
    cases = [
        Case(
            valid=[
                "19.90",
                ("19.9", "19.90"),
                ("-0", "0.00"),
                ("-0.00", "0.00"),
                "-0.01",
                ("7", "7.00"),
                "9.99",
                "10.00",
                "-9.00",
                "-10.00",
                ("1.50000", "1.50"),
                "9999999999999999.99",
                "-9999999999999999.99",
            ],
            invalid=[
                ("19.905", "out_of_range"),
                ("10000000000000000", "out_of_range"),
                ("NaN", "invalid_format"),
                ("Infinity", "invalid_format"),
                ("1_0", "invalid_format"),
                ("١", "invalid_format"),
                ("1" * 5000, "invalid_format"),
                (19.9, "wrong_type"),
                (1, "wrong_type"),
            ],
            texts={" 19.9 ": "19.90", "+007.5": "7.50", ".5": "0.50", "-1e2": "-100.00", "1500E-2": "15.00"},
        ),
        Case(
            {"precision": 100, "scale": 20},
            [NINES, "-" + NINES, ("1", "1." + "0" * 20), ("-1", "-1." + "0" * 20), ("-0.0", "0." + "0" * 20)]
            + ["0." + "0" * 19 + "1", "-0." + "0" * 19 + "1", "-2." + "0" * 20],
            [("0." + "0" * 20 + "1", "out_of_range"), ("1" + "0" * 80, "out_of_range")],
        ),
        Case({"precision": 19, "scale": 0}, ["9" * 19, "-" + "9" * 19, "0", ("1.000", "1")], [("0.1", "out_of_range")]),
        Case({"precision": 8, "scale": 8}, ["0.00000001", "-0.99999999", "0.00000000"], [("1", "out_of_range")]),
        Case(
            {"min": "-0.5", "max": "1"},
            ["-0.50", "1.00"],
            [("-0.51", "too_small"), ("1.01", "too_large")],
        ),
    ]


class TestPercent(FieldTypeConformance):
    type_name = "percent"
    cases = [
        Case(
            valid=[("12.5", "12.50"), "-99999.99", "100.00", "0.01"],
            invalid=[("100000", "out_of_range"), (0.5, "wrong_type")],
            texts={"12.5 %": "12.50", "50%": "50.00", "7": "7.00"},
        ),
        Case({"min": "0", "max": "100", "scale": 0}, ["0", "100"], [("-1", "too_small"), ("101", "too_large")]),
    ]


class TestCurrency(FieldTypeConformance):
    type_name = "currency"
    cases = [
        Case(valid=["19.90", "-1.00"], invalid=[("0.001", "out_of_range"), ("EUR 1", "invalid_format")]),
        Case({"currency": "EUR", "min": "0"}, ["19.90", "0.00"], [("0.001", "out_of_range"), ("-1", "too_small")]),
        Case({"currency": "JPY"}, ["1990", ("5.0", "5")], [("0.5", "out_of_range")]),
        Case({"currency": "BHD"}, ["1.999", ("5", "5.000")], [("0.0001", "out_of_range")]),
        Case({"currency": "XAU", "scale": 6}, ["0.000001", "-3.500000"], [(1.5, "wrong_type")]),
    ]


class TestRating(FieldTypeConformance):
    type_name = "rating"
    cases = [
        Case(
            valid=[1, 5, (3.0, 3)],
            invalid=[(0, "too_small"), (6, "too_large"), (2.5, "wrong_type"), ("3", "wrong_type")],
            texts={" 4 ": 4},
        ),
        Case({"max": 10}, [1, 10], [(11, "too_large")]),
    ]


@pytest.fixture
def app(settings):
    wsgi = dynmodel_pyramid.main({}, **settings)
    yield webtest.TestApp(wsgi)
    wsgi.registry.dynmodel_catalogue.database.close()


@pytest.mark.parametrize("precision", (18, 30))
def test_another_scale_converts_the_values(app, precision):
    table = TableDriver(app, {"type": "decimal", "precision": precision, "unique": True, "default": "-7.5"})
    for value in ("19.90", "-0.01", None):
        table.add_value(value)

    def scale(digits: int, status: int = 200) -> dict:
        kind = {"type": "decimal", "precision": precision, "scale": digits, "unique": True, "default": "-7.5"}
        return table.define({"key": "integer", "value": kind}, status=status)

    scale(4)
    assert [row["value"] for row in table.rows()] == ["19.9000", "-0.0100", None]
    assert table.add({"key": 1})["value"] == "-7.5000"
    table.add({"value": "19.9"}, status=409)
    lost = table.add_value("0.0001")["id"]
    refused = scale(2, status=409)
    assert (refused["code"], refused["count"], refused["samples"][0]["id"]) == ("lossy_change", 1, lost)
    assert table.row(lost)["value"] == "0.0001"
    table.change(lost, {"value": "5"})
    scale(2)
    assert [row["value"] for row in table.rows()] == ["19.90", "-0.01", None, "-7.50", "5.00"]


def test_less_precision_and_more(app):
    table = TableDriver(app, {"type": "decimal", "precision": 18})
    table.add_value("1234.56")
    table.define({"key": "integer", "value": {"type": "decimal", "precision": 40, "scale": 2}})
    assert table.rows()[0]["value"] == "1234.56"
    small = {"key": "integer", "value": {"type": "decimal", "precision": 5}}
    assert table.define(small, status=409)["code"] == "lossy_change"


@pytest.mark.parametrize(
    ("before", "value", "after", "becomes"),
    (
        ("number", 19.9, "decimal", "19.90"),
        ("number", 1e15, "decimal", "1000000000000000.00"),
        ("integer", 5, "decimal", "5.00"),
        ("decimal", "5.00", "number", 5),
        ("decimal", "5.25", "percent", "5.25"),
        ("percent", "12.50", "string", "12.50"),
    ),
)
def test_decimals_and_other_types(app, before, value, after, becomes):
    table = TableDriver(app, before)
    table.add_value(value)
    table.define({"key": "integer", "value": after})
    assert table.rows()[0]["value"] == becomes


@pytest.mark.parametrize("precision", (18, 30))
def test_sessions_take_and_give_exact_decimals_only(app, precision):
    table = TableDriver(app, {"type": "decimal", "precision": precision})
    cls = table.catalogue.models[table.model_name]
    with decimal.localcontext(prec=3), table.catalogue.session() as session:
        session.add_all([cls(value=Decimal("123456789.01")), cls(value=5), cls(value=Decimal("-1E+3"))])
        session.flush()
        session.expire_all()
        order = sa.select(cls.value).order_by(cls.value)
        assert [f"{value}" for value in session.scalars(order)] == ["-1000.00", "5.00", "123456789.01"]
        assert session.scalars(order.where(cls.value > Decimal("4.99"))).first() == 5
    kind = ExactDecimal(precision, 2)
    for wrong in (1.5, Decimal("0.001"), Decimal("NaN"), Decimal("1E+999999"), Decimal("-Infinity"), True, "1"):
        with pytest.raises((ValueError, OverflowError)):
            kind.checked(wrong)


def test_sortable_texts_sort_as_the_numbers():
    numbers = [-999, -998, -100, -99, -1, 0, 1, 9, 10, 99, 100, 999]
    texts = [to_sortable(number, 3) for number in numbers]
    assert texts == sorted(texts) and {len(text) for text in texts} == {4}
    assert [from_sortable(text) for text in texts] == numbers


def test_scale_of_a_currency_is_kept_with_the_definition(app):
    def scale(**options):
        return TableDriver(app, {"type": "currency", **options}).definition["fields"]["value"]["scale"]

    assert [scale(), scale(currency="JPY"), scale(currency="BHD"), scale(currency="JPY", scale=1)] == [2, 0, 3, 1]
    fields = {"value": {"type": "currency", "currency": "eur"}}
    problem = app.post_json("/table/", {"model_name": "Wrong", "fields": fields}, status=422).json["errors"][0]
    assert (problem["pointer"], problem["code"]) == ("/fields/value/currency", "invalid_option")


@pytest.mark.parametrize("best", (0, 11, -1))
def test_best_rating_is_from_1_to_10(app, best):
    fields = {"value": {"type": "rating", "max": best}}
    problem = app.post_json("/table/", {"model_name": "Wrong", "fields": fields}, status=422).json["errors"][0]
    assert (problem["pointer"], problem["code"]) == ("/fields/value/max", "invalid_option")
