"""The first line of a CSV -> names."""

import unicodedata

import pytest

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange.headers import column_names, header_hint, ragged_hint

FIELDS = {"name", "n", "two lines", "a  b", "Ä", "column 1", "column 3", " odd"}
exists = FIELDS.__contains__


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (["name", "n"], ["name", "n"]),
        ([" name ", "\tn"], ["name", "n"]),
        (["two\r\n\tlines", "a  b"], ["two lines", "a  b"]),
        ([unicodedata.normalize("NFD", "Ä"), "nope"], ["Ä", "nope"]),
        ([None, "name"], ["column 1", "name"]),
        (["", "name", " ", None], ["column 1", "name", "column 3", None]),
        (["name", None], ["name", None]),
        ([" odd"], [" odd"]),
    ],
)
def test_names(header, names):
    assert column_names(header, exists) == names


@pytest.mark.parametrize("header", [[], [None], ["", " "], ["name", " name"], ["column 1", "n", "column 1"]])
def test_refused(header):
    with pytest.raises(Malformed) as raised:
        column_names(header, exists)
    assert raised.value.code == "malformed_csv" and raised.value.hint


def test_hints():
    assert "';'" in header_hint(["a;b"], exists, iter([]))
    assert "--data-binary" in header_hint(["a", "b1"], exists, iter([]))
    assert "has values" in header_hint(["1", "x", "2.5"], exists, iter([["2"]]))
    assert header_hint(["name", "2024"], exists, iter([["2"]])) is None
    assert "2 commas" in ragged_hint(["1", "2"], ["a", "b", "c"])
    assert "quotes" in ragged_hint(["1", "2"], ["a"])
