"""The names that a client probably meant."""

import time

import pytest

from dynmodel_pyramid.hints import LONGEST, asked, either, hint, meant, nearest


@pytest.mark.parametrize(
    ("name", "candidates", "near"),
    [
        ("Produkt", ["Order", "Product", "Customer"], ["Product"]),
        ("nmae", ["name", "age"], ["name"]),
        ("PRICE", ["price", "prices"], ["price"]),
        ("first name", ["first_name", "firstName", "last_name"], ["first_name", "firstName"]),
        ("colour", ["color", "colours"], ["colours", "color"]),
        ("xyz", ["name", "price"], []),
        ("", ["name"], []),
        ("_", ["name"], []),
        (7, ["name"], []),
        (None, ["name"], []),
        ("n" * (LONGEST + 1), ["n" * LONGEST], []),
        ("name", [], []),
    ],
)
def test_nearest(name, candidates, near):
    assert nearest(name, candidates) == near


def test_at_most_so_many():
    assert len(nearest("field", [f"field{number}" for number in range(9)])) == 3
    assert len(nearest("field", [f"field{number}" for number in range(9)], most=1)) == 1


def test_words():
    assert meant("nmae", ["name"]) == "did you mean name?"
    assert meant("xyz", ["name"]) is None
    assert (asked(["a", "b", "c"]), asked([])) == ("did you mean a, b or c?", None)
    assert [either(names) for names in ([], ["a"], ["a", "b"])] == ["", "a", "a or b"]
    assert hint("nmae", lambda: ["name"])() == "did you mean name?"


@pytest.mark.parametrize("name", ["ab" * 31, "a" * 63, "field_name_that_is_long_0123456789_0123456789_0123456789"])
def test_many_long_names_take_little_time(name):
    candidates = [f"{name[:57]}{number:06}" for number in range(20_000)]
    start = time.process_time()
    nearest(name[::-1], candidates)
    assert time.process_time() - start < 0.2
