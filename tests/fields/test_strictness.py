"""What the validators of the built-in types take, and how it comes out: properties rather than examples."""

import datetime
import json
import math
import re
from decimal import Decimal

import colander
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmodel_pyramid.fields import schema
from dynmodel_pyramid.fields.time_texts import parse_date, parse_datetime
from dynmodel_pyramid.fields.types.boolean import Boolean
from dynmodel_pyramid.fields.types.json import Json
from dynmodel_pyramid.fields.types.numbers import Integer, Number, read_integer, read_number
from dynmodel_pyramid.fields.types.temporal import DateTime
from dynmodel_pyramid.fields.types.text import Text
from dynmodel_pyramid.testing.values import identical, same_json

NODE = colander.SchemaNode(schema.Text())
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None))
ANY = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
INT64 = 2**63
NUMBERS = {"min": None, "max": None, "choices": None}


def taken(kind, value):
    """(True, result) or (False, None)."""
    try:
        return True, kind.deserialize(NODE, value)
    except colander.Invalid:
        return False, None


# Dates and times


@given(st.dates())
def test_every_date_is_read(day):
    assert parse_date(day.isoformat()) == day


@given(st.text() | st.from_regex(r"\A[0-9]{1,5}[-/][0-9]{1,3}[-/][0-9]{1,3}[ZT]?\Z|\A[0-9]{7,9}\Z"))
def test_no_other_text_is_a_date(text):
    try:
        day = parse_date(text)
    except ValueError as error:
        assert str(error)
        return
    text = text.strip()
    year, month, number = (text[:4], text[4:6], text[6:]) if text.isdecimal() else re.split("[-/]", text)
    assert len(year) == 4 and (int(year), int(month), int(number)) == (day.year, day.month, day.day)


OFFSETS = st.integers(-1439, 1439).map(lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes)))


@given(st.datetimes(), OFFSETS)
def test_every_moment_is_read_and_written(moment, offset):
    moment = moment.replace(tzinfo=offset)
    text = moment.isoformat()
    try:
        expected = moment.astimezone(datetime.UTC)
    except OverflowError:
        with pytest.raises(ValueError):
            parse_datetime(text)
        return
    assert parse_datetime(text) == expected
    assert parse_datetime(text.lower()) == parse_datetime(text.replace("T", " ")) == expected
    written = DateTime().text_form({}).to_text(expected)
    assert written.endswith("Z") and parse_datetime(written) == expected
    assert parse_datetime(text).tzinfo is datetime.UTC
    basic = f"{moment:%Y%m%dT%H%M%S.%f%z}"
    assert len(basic) != 27 or parse_datetime(basic) == expected  # below 1000, strftime does not pad the year


PARTS = st.integers(0, 99).map("{:02}".format)
NEAR = st.builds(
    "{}-{}-{}{}{}:{}{}{}{}".format,
    st.integers(0, 9999).map("{:04}".format), PARTS, PARTS, st.sampled_from("Tt _"), PARTS, PARTS,
    st.just("") | PARTS.map(":{}".format),
    st.sampled_from(["", ".", ".5", ".123456", ".1234567", ".1234560", ".0123456789"]),
    st.sampled_from(["", "Z", "z", "+00:00", "-00:00", "+1:00", "+0100", "+25:00", "-23:59", "+01:60", " Z"])
    | st.sampled_from(["+00", " -0130", "utc", "+1"]),
)  # fmt: skip


@given(st.text() | NEAR)
def test_what_is_read_as_a_moment_has_this_form(text):
    try:
        moment = parse_datetime(text)
    except ValueError as error:
        assert str(error)
        return
    assert moment.tzinfo is datetime.UTC
    day, clock, offset = re.fullmatch(r"(.{10})[T ](.*?) ?(Z|UTC|[+-][\d:]*)", text.strip().upper()).groups()
    whole, _, fraction = clock.partition(".")
    whole += ":00" if whole.count(":") == 1 else ""
    offset = "+0000" if offset in ("Z", "UTC") else f"{offset.replace(':', ''):0<5}"
    again = datetime.datetime.strptime(f"{day} {whole}{offset}", "%Y-%m-%d %H:%M:%S%z")
    again += datetime.timedelta(microseconds=int(fraction[:6].ljust(6, "0")))
    assert again == moment


# Numbers


@given(ANY)
def test_integer_takes_whole_numbers_of_64_bits_only(value):
    good, result = taken(schema.Integer(), value)
    whole = type(value) is int or (type(value) is float and value.is_integer() and abs(value) < 2**53)
    assert good == (whole and -INT64 <= value < INT64)
    assert not good or (type(result) is int and result == value)


@given(ANY | st.integers(-(2**70), 2**70))
def test_number_takes_what_a_float_holds_exactly(value):
    good, result = taken(schema.Number(), value)
    if type(value) is float:
        assert good == math.isfinite(value)
    elif type(value) is int:
        assert good == (abs(value) < 2**1024 and int(float(value)) == value)
    else:
        assert not good
    assert not good or (type(result) is float and result == value and math.copysign(1, result or 1.0) != 0)
    assert not good or result != 0 or math.copysign(1, result) == 1, "minus zero became zero"


@given(ANY, st.sampled_from([Integer(), Number(), Boolean(), Text()]))
def test_fast_paths_vouch_only_for_what_stays_as_it_is(value, field_type):
    options = {child.name: child.missing for child in field_type.options_schema().children}
    node = field_type.schema_node(options)
    if node.fast_path(value):
        assert identical(node.deserialize(value), value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_form_of_a_number_is_exact(value):
    assert float(read_number(Number().text_form(NUMBERS).to_text(value))) == value


@given(st.text() | st.from_regex(r"\A[+-]?[0-9_.eE ]{1,9}\Z"))
def test_texts_of_numbers(text):
    try:
        value = read_number(text)
    except ValueError as error:
        assert str(error).startswith("want")
        return
    assert "_" not in text and text.strip().isascii()
    assert value == float(Decimal(text.strip()))


@given(st.integers() | st.integers(-(2**64), 2**64))
def test_texts_of_integers(value):
    try:
        assert read_integer(str(value)) == value
    except ValueError:
        assert abs(value) >= 10**19


def test_a_long_integer_in_text_is_refused_and_not_rounded():
    node = Number().schema_node(NUMBERS)
    with pytest.raises(colander.Invalid):
        node.deserialize(read_number(str(2**60 + 1)))
    with pytest.raises(colander.Invalid):
        node.deserialize(read_number("1" * 5000))


# Text, true or false, any JSON


@given(ANY)
def test_text_and_boolean_take_their_own_type_only(value):
    storable = type(value) is str and not schema.UNSTORABLE.search(value)
    assert taken(schema.Text(), value) == ((True, value) if storable else (False, None))
    assert taken(schema.Boolean(), value)[0] == (type(value) is bool)


@given(ANY)
def test_json_comes_back_equal_and_can_be_encoded(value):
    good, result = taken(schema.Json(), value)
    if good:
        assert same_json(result, value)
        assert identical(schema.Json().deserialize(NODE, result), result), "an answer is taken as it is"
        text = Json().text_form({}).to_text(result)
        text.encode()
        assert same_json(Json().text_form({}).from_text(text), result)
        json.dumps(result, allow_nan=False)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_json_takes_a_float_however_it_is_written_out(value):
    """PostgreSQL's jsonb writes 1e23 with 24 digits."""
    written = json.loads(format(Decimal(repr(value)), "f"))
    result = schema.Json().deserialize(NODE, written)
    assert float(result) == value


def test_json_is_nested_at_most_100_levels():
    value = []
    for _ in range(99):
        value = [value]
    assert taken(schema.Json(), value)[0] and not taken(schema.Json(), [value])[0]


def test_things_that_are_no_json_are_refused():
    for value in (object(), {1: 2}, {"a": {1, 2}}, b"x", Decimal(1), datetime.date(2026, 1, 1)):
        assert not taken(schema.Json(), value)[0]
