"""Which names are good, and which of them clash."""

import string
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.definitions.names import SYSTEM_COLUMNS, field_name_fault, model_name_fault, name_key

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
