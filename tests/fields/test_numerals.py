"""What a 64-bit float keeps of the digits of a number, and the forms in which clients write floats."""

import json
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmodel_pyramid.fields.numerals import Rounded, float_of_whole, parse_float
from dynmodel_pyramid.fields.types.numbers import read_integer, read_number

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@given(FLOATS)
def test_every_way_to_write_a_float_keeps_it(value):
    texts = {repr(value), f"{value:.16e}", f"{value:.17g}", f"{Decimal(value):f}", json.dumps(value)}
    for text in texts:
        made = parse_float(text)
        assert type(made) is float and made == value, text


@given(FLOATS)
def test_a_float_written_without_an_exponent_is_that_float(value):
    """As JavaScript (ECMAScript, Number::toString) and Go (encoding/json) write what is less than 1e21."""
    if value.is_integer():
        assert float_of_whole(int(Decimal(repr(value)))) == float_of_whole(int(value)) == value


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_what_is_no_float_is_told(number):
    text = f"{number:e}"
    made = parse_float(text)
    if type(made) is Rounded:
        assert made == float(text) and made.text == text and Decimal(repr(float(made))) != number
    elif math.isfinite(made):
        ways = [*(f"{made:.{digits}e}" for digits in range(17)), repr(made), made]
        assert number in map(Decimal, ways)


@pytest.mark.parametrize(
    "text",
    ["0.1234567890123456789012345", "1e-400", "9007199254740993.0", "1.00000000000000000001", "1e-99999999999999999999"]
    + [f"0.{'1' * 2000}", "9007199254740992.9"],
)
def test_digits_that_are_lost(text):
    made = parse_float(text)
    assert type(made) is Rounded and made.text == text and type(made + 0.0) is float


@pytest.mark.parametrize("text", ["0.0", "-0.0", "0e-400", "0.10", "1.50e3", "5e-324", "4.9e-324", "1e22"])
def test_digits_that_are_kept(text):
    assert type(parse_float(text)) is float


@pytest.mark.parametrize("value", [2**53 + 1, 123456789012345678901, 10**400, 10**23 + 1, -(2**63) + 1])
def test_whole_numbers_that_no_float_is(value):
    assert float_of_whole(value) is None


def test_whole_numbers_of_more_digits_than_a_float_is_written_with():
    assert float_of_whole(2**70) == 2.0**70
    assert float_of_whole(2**70, as_written=True) is None
    assert float_of_whole(10**23, as_written=True) == 1e23


def test_texts_are_read_as_json_is():
    for text in ("1.0", "1e2", "9007199254740993.0", "1e-400", "12", "123456789012345680000"):
        parsed = json.loads(text, parse_float=parse_float)
        for read in (read_number, read_integer):
            assert (type(read(text)), read(text)) == (type(parsed), parsed)
