"""Which names are good, and which of them clash."""

import keyword
import string
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.definitions.names import (
    SYSTEM_COLUMNS,
    field_name_fault,
    identifier,
    identifiers,
    model_name_fault,
    name_key,
)

LETTERS = st.one_of(st.characters(), st.sampled_from("İıIiſsSßẞKkΣσςǅﬁé\u0301\u0345ᾳ ./_-%\"'2rpc"))


@settings(derandomize=True, max_examples=500, database=None, deadline=None)
@given(name=st.text(LETTERS, max_size=30))
def test_rules(name):
    good = (
        name != ""
        and all(unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for letter in name)
        and name.strip() == name
        and not name.startswith("_")
        and "__[" not in name
        and unicodedata.normalize("NFC", name) == name
        and len(name.encode("utf-8", "surrogatepass")) <= 63
    )
    assert (field_name_fault(name) is None) == (good and name.casefold() not in SYSTEM_COLUMNS)
    folded = name.casefold()
    refused = folded == "rpc" or folded.startswith(("sqlite_", "rpc/", "v1/"))
    refused = refused or name == "*" or not {"", ".", ".."}.isdisjoint(name.split("/"))
    assert (model_name_fault(name) is None) == (good and not refused)


def test_keys_are_stable():
    """The key of a key is itself: a name may be folded more than once."""
    for number in range(sys.maxunicode + 1):
        letter = chr(number)
        if unicodedata.category(letter) not in ("Cs", "Cn") and unicodedata.is_normalized("NFC", f"a{letter}"):
            assert name_key(name_key(letter)) == name_key(letter)


def test_ascii_case_never_tells_names_apart():
    """SQLite takes names that differ by ASCII case for the same one."""
    for letter in string.ascii_letters:
        assert name_key(f"x{letter}") == name_key(f"X{letter.swapcase()}")


@pytest.mark.parametrize("names", [("straße", "STRASSE"), ("ǅ", "ǆ"), ("Σ", "ς"), ("é", "E\u0301"), ("ﬁ", "FI")])
def test_names_with_equal_keys(names):
    assert len({name_key(name) for name in names}) == 1


@pytest.mark.parametrize("names", [("i", "ı"), ("i", "İ"), ("e", "é"), ("a", "а"), ("a_b", "ab")])
def test_names_with_other_keys(names):
    assert len({name_key(name) for name in names}) == 2


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Order Items", "Order_Items"),
        ("Price (EUR)", "Price_EUR"),
        ("2024", "n_2024"),
        ("?", "n"),
        ("class?", "class_"),
        ("class", "class"),
        ("ﬁ", "ﬁ"),
        ("ﬁ n", "fi_n"),
        ("x²", "x2"),
        ("€ 変 数", "変_数"),
        ("a__b c_", "a__b_c"),
    ],
)
def test_identifiers(name, made):
    assert identifier(name) == made


def test_identifiers_that_clash():
    names = ["a b", "a-b", "a_b", "a_b_", "metadata?", "metadata", "id?"]
    made = ["a_b__", "a_b___", "a_b", "a_b_", "metadata__", "metadata_", "id_"]
    assert identifiers(names, {"metadata", "id"}) == dict(zip(names, made, strict=True))


@settings(derandomize=True, max_examples=200, database=None, deadline=None)
@given(names=st.lists(st.text(LETTERS, max_size=6), unique=True, max_size=6))
def test_every_name_has_an_identifier(names):
    made = identifiers(names, {"id"})
    assert len(set(made.values())) == len(names) and "id" not in made.values()
    for name, attribute in made.items():
        assert attribute.isidentifier()
        if name.isidentifier():
            assert attribute == name or name == "id"
        else:
            assert unicodedata.normalize("NFKC", attribute) == attribute and not keyword.iskeyword(attribute)
            assert attribute.isascii() or not name.isascii()
