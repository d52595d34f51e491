"""The built-in field types pass the suite that every plugin must pass."""

import importlib
import inspect
from pathlib import Path

from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.testing import Case, FieldTypeConformance
from dynmodel_pyramid.testing.suite import Suite

LONG = "ä" * 5000
HERE = Path(__file__).parent


class TestString(FieldTypeConformance):
    type_name = "string"
    cases = [
        Case(
            valid=["", " ", 'it\'s 100 % \\ "ä" 🙂', "Z", "a", "ä", "é", "é", "🙂", "null", ":name", "--", "'"],
            invalid=[
                ("x" * 256, "too_long"),
                ("a\0b", "unstorable_text"),
                ("\udfff", "unstorable_text"),
                (1, "wrong_type"),
            ],
            texts={"": "", " x ": " x "},
        ),
        Case({"max_length": 3, "min_length": 2}, ["ab", "äöü"], [("a", "too_short"), ("abcd", "too_long")]),
        Case(
            {"max_length": 1000, "pattern": "[a-z]+|"},
            ["", "a", "x" * 1000],
            [("A", "pattern_mismatch"), ("a\n", "pattern_mismatch")],
        ),
        Case({"choices": ["red", "it's", "50 %"]}, ["red", "it's", "50 %"], [("green", "not_a_choice")]),
    ]


class TestText(FieldTypeConformance):
    type_name = "text"
    cases = [
        Case(valid=["", "\r\n\t", LONG, "a\nb"], invalid=[("\0", "unstorable_text"), ([], "wrong_type")]),
        Case(
            {"max_length": 5, "pattern": "(?s).*x"},
            ["x", "\n\n\n\nx"],
            [("xxxxxx", "too_long"), ("y", "pattern_mismatch")],
        ),
    ]


class TestNumber(FieldTypeConformance):
    type_name = "number"
    cases = [
        Case(
            valid=[
                0,
                1,
                -1,
                0.1,
                1 / 3,
                (-0.0, 0),
                19.99,
                5e-324,
                -2.5e-310,
                1.7976931348623157e308,
                1e23,
                2**53,
                2**70,
            ],
            invalid=[(2**53 + 1, "out_of_range"), (10**400, "out_of_range"), (True, "wrong_type"), ("1", "wrong_type")],
            texts={"1": 1, " -1.50 ": -1.5, "1e3": 1000, ".5": 0.5, "+5.": 5},
        ),
        Case({"min": 0, "max": 1.5}, [0, 1.5, (-0.0, 0)], [(-1e-9, "too_small"), (2, "too_large")]),
        Case({"choices": [1, 2.5]}, [1, 2.5], [(2, "not_a_choice")]),
    ]


class TestInteger(FieldTypeConformance):
    type_name = "integer"
    cases = [
        Case(
            valid=[0, -1, 10, 9, (1.0, 1), 2**53 + 1, 2**63 - 1, -(2**63)],
            invalid=[
                (2**63, "out_of_range"),
                (-(2**63) - 1, "out_of_range"),
                (1.5, "wrong_type"),
                (1e300, "out_of_range"),
                (False, "wrong_type"),
                ("1", "wrong_type"),
            ],
            texts={"007": 7, " -1 ": -1, "+1": 1},
        ),
        Case({"min": -1, "max": 1}, [-1, 0, 1], [(-2, "too_small"), (2, "too_large")]),
        Case({"choices": [1, 3]}, [1, 3], [(2, "not_a_choice")]),
    ]


class TestBoolean(FieldTypeConformance):
    type_name = "boolean"
    cases = [
        Case(
            valid=[True, False],
            invalid=[(0, "wrong_type"), (1, "wrong_type"), ("true", "wrong_type"), ([], "wrong_type")],
            texts={"t": True, "FALSE": False, " true ": True, "Yes": True, "0": False, "off": False},
        )
    ]


class TestDate(FieldTypeConformance):
    type_name = "date"
    cases = [
        Case(
            valid=[
                *("2026-01-31", "2024-02-29", "0001-01-01", "9999-12-31", "0999-12-31", ("2026/1/31", "2026-01-31")),
                ("2026-01-31T00:00:00.000Z", "2026-01-31"),
                ("20260131", "2026-01-31"),
            ],
            invalid=[
                ("2026-02-29", "invalid_format"),
                ("2026011", "invalid_format"),
                ("2026-W01-1", "invalid_format"),
                ("٢٠٢٦-01-01", "invalid_format"),
                ("0000-01-01", "invalid_format"),
                ("2026-01-31T00:00:00.001Z", "invalid_format"),
                ("2026-01-31T00:00:00+01:00", "invalid_format"),
                ("2026-01/31", "invalid_format"),
                (20260101, "wrong_type"),
            ],
            texts={" 2026-01-31 ": "2026-01-31", "2026-01-31T00:00:00Z ": "2026-01-31"},
        ),
        Case(
            {"min": "2026-01-01", "max": "2026-12-31"},
            ["2026-01-01", "2026-12-31"],
            [("2025-12-31", "too_small"), ("2027-01-01", "too_large")],
        ),
    ]


class TestDateTime(FieldTypeConformance):
    type_name = "datetime"
    cases = [
        Case(
            valid=[
                "2026-01-31T12:00:00Z",
                "2026-01-31T12:00:00.000001Z",
                "0001-01-01T00:00:00Z",
                "9999-12-31T23:59:59.999999Z",
                ("2026-01-31T12:00:00.5+01:00", "2026-01-31T11:00:00.500000Z"),
                ("2026-01-31t12:00:00.120000000z", "2026-01-31T12:00:00.120000Z"),
                ("1969-12-31 23:59:59-23:59", "1970-01-01T23:58:59Z"),
                ("2026-01-31T12:00Z", "2026-01-31T12:00:00Z"),
                ("2026-01-31 12:00:00.5+01", "2026-01-31T11:00:00.500000Z"),
                ("20260131T120000.5+01", "2026-01-31T11:00:00.500000Z"),
            ],
            invalid=[
                ("2026-01-31T12:00:00", "invalid_format"),
                ("2026-01-31T24:00:00Z", "invalid_format"),
                ("2026-01-31T12:00:60Z", "invalid_format"),
                ("2026-01-31T12:00:00.0000001Z", "invalid_format"),
                ("2026-01-31T12:00:00+24:00", "invalid_format"),
                ("2026-01-31T12:00:00+01:60", "invalid_format"),
                ("0001-01-01T00:00:00+01:00", "invalid_format"),
                ("9999-12-31T23:59:59-00:01", "invalid_format"),
                (1, "wrong_type"),
            ],
            texts={
                " 2026-01-31T12:00:00+00:00 ": "2026-01-31T12:00:00Z",
                " 2026-01-31": "2026-01-31T00:00:00Z",
            },
        ),
        Case(
            {"min": "2026-01-01T00:00:00Z", "max": "2026-12-31T23:59:59+01:00"},
            ["2026-01-01T00:00:00Z", "2026-12-31T22:59:59Z"],
            [("2025-12-31T23:59:59Z", "too_small"), ("2026-12-31T23:00:00Z", "too_large")],
        ),
    ]


class TestJson(FieldTypeConformance):
    type_name = "json"
    cases = [
        Case(
            valid=[
                "",
                "12",
                "null",
                12,
                1.5,
                1e23,
                1e16,
                -1e18,
                1e-9,
                (-0.0, 0),
                True,
                False,
                [],
                {},
                [None, True, "it's 100 % \\ ä🙂"],
                {"b": {"a": [1, 2.50, {"": None}]}, "a": ":x"},
                2**63 - 1,
                10**23,
                1.7976931348623157e308,
                5e-324,
            ],
            invalid=[
                (["\0"], "unstorable_text"),
                ({"\ud800": 1}, "unstorable_text"),
                (2**63, "out_of_range"),
                ([10**400], "out_of_range"),
                (10**23 + 1, "out_of_range"),
            ],
            texts={'"x"': "x", "12": 12, "[1, {}]": [1, {}], "hello": "hello"},
        ),
        Case(
            {
                "schema": {
                    "$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
                    "anyOf": [{"$ref": "#/$defs/tree"}, {"type": "string", "pattern": "^(a+)+$"}],
                }
            },
            ["a", [], [[[]], []]],
            [("b", "schema_mismatch"), ([1], "schema_mismatch"), ("\0", "unstorable_text")],
        ),
    ]


def test_every_built_in_type_has_a_run():
    types = FieldTypes()
    types.load_entry_points()
    own = {registered.name for registered in types if registered.distribution == "dynmodel_pyramid"}
    runs = set()
    for path in HERE.glob("test_conformance*.py"):
        module = importlib.import_module(f"{__package__}.{path.stem}")
        classes = [member for _, member in inspect.getmembers(module, inspect.isclass)]
        runs |= {cls.type_name for cls in classes if issubclass(cls, Suite) and "type_name" in vars(cls)}
    assert own == runs
