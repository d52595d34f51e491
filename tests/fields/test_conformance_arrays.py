"""Choices, several choices and tags pass the suite that every plugin must pass."""

from dynmodel_pyramid.testing import Case, FieldTypeConformance

RED = {"key": "red", "label": "Red", "colour": "#FF0000"}
CHOICES = [RED, "it's 50 %", {"key": 'ä\\"🙂{,}', "label": None}, "Null"]


class TestChoice(FieldTypeConformance):
    type_name = "choice"
    cases = [
        Case(
            {"choices": CHOICES},
            ["red", "it's 50 %", 'ä\\"🙂{,}', "Null"],
            [("Red", "not_a_choice"), ("", "not_a_choice"), (1, "wrong_type"), ("\0", "unstorable_text")],
            {"red": "red"},
        ),
        Case({"choices": ["b", "a"]}, ["a", "b"]),
    ]


class TestMultiChoice(FieldTypeConformance):
    type_name = "multi_choice"
    cases = [
        Case(
            {"choices": CHOICES},
            [
                [],
                ["red"],
                (["Null", "red"], ["red", "Null"]),
                (["Null", 'ä\\"🙂{,}', "it's 50 %", "red"], ["red", "it's 50 %", 'ä\\"🙂{,}', "Null"]),
            ],
            [
                ("red", "wrong_type"),
                ({}, "wrong_type"),
                ([1], "wrong_type"),
                (["red", None], "wrong_type"),
                (["green"], "not_a_choice"),
                (["red", "red"], "duplicate_item"),
                (["red"] * 5, "too_many_items"),
                (["\0"], "unstorable_text"),
            ],
            {
                "red": ["red"],
                " [] ": [],
                "{}": [],
                '{"Null",red}': ["red", "Null"],
                '["Null", "red"]': ["red", "Null"],
                r'{ it\'s 50 %  , "ä\\\"🙂{,}" }': ["it's 50 %", 'ä\\"🙂{,}'],
            },
        ),
        Case(
            {"choices": ["a", "b", "c"], "min_items": 1, "max_items": 2},
            [["a"], ["a", "b"], ["b", "c"]],
            [([], "too_few_items"), (["a", "b", "c"], "too_many_items")],
        ),
    ]


class TestTags(FieldTypeConformance):
    type_name = "tags"
    cases = [
        Case(
            valid=[
                [],
                ["b", "a"],
                ["NULL", "null", '"', "\\", "{", "}", ",", "'", "%s", ":x", " ", "\n\t"],
                ["ä", "\u00e9", "e\u0301", "🙂", "x" * 100],
                [str(number) for number in range(100)],
            ],
            invalid=[
                ("a", "wrong_type"),
                ([1], "wrong_type"),
                ([["a"]], "wrong_type"),
                ([None], "wrong_type"),
                ([""], "too_short"),
                (["x" * 101], "too_long"),
                (["a", "b", "a"], "duplicate_item"),
                (["\ud800"], "unstorable_text"),
                ([str(number) for number in range(101)], "too_many_items"),
            ],
            texts={'{b,"b c"}': ["b", "b c"], "[]": [], "{}": [], "plain text": ["plain text"], "{ }": []},
        ),
        Case({"max_items": 2, "max_length": 3}, [["äöü"], ["a", "b"]], [(["abcd"], "too_long")]),
    ]
