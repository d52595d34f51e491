"""The elements of a JSON array one by one, held against the same text parsed as a whole."""

import io
import json
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis.strategies import booleans, integers, lists, one_of, recursive, sampled_from, text

from dynmodel_pyramid.errors import Invalid, Malformed, TooLarge
from dynmodel_pyramid.exchange import built_in, documents, json_lines
from dynmodel_pyramid.exchange.built_in import _read_json
from dynmodel_pyramid.exchange.contents import Reading, Runs
from dynmodel_pyramid.exchange.documents import Documents, parse_json
from dynmodel_pyramid.exchange.json_lines import read_lines
from dynmodel_pyramid.exchange.plain_json import PlainObjects
from dynmodel_pyramid.exchange.typed import Digits
from tests.exchange.test_delimited import Slow

VALUES = recursive(
    one_of(integers(), text(max_size=4), sampled_from([None, True, 1.5, 1e300, "\U0001f600"])),
    lambda inner: one_of(lists(inner, max_size=3), lists(inner, max_size=2).map(lambda each: {"a": each, "b\n": 1})),
    max_leaves=6,
)
PIECES = [
    "[",
    "]",
    ",",
    "{",
    "}",
    '"a"',
    ":",
    " ",
    "\n",
    "1",
    "-",
    ".5",
    "e+3",
    "true",
    "tru",
    '"',
    "\\u12",
    "NaN",
    "é",
]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(documents, "CHUNK", 1)


def whole(data: bytes):
    try:
        document = parse_json(data)
        return document if type(document) is list else [document]
    except Malformed as error:
        return error.detail


def parts(data: bytes, most: int):
    try:
        return list(Documents(Slow(data, most), 10_000))
    except Malformed as error:
        return error.detail


@given(lists(VALUES, max_size=4), integers(1, 9), sampled_from([None, 1]), booleans())
def test_good_texts(values, most, indent, is_ascii):
    data = json.dumps(values, indent=indent, ensure_ascii=is_ascii).encode()
    for each in (data, b"\xef\xbb\xbf" + data, b" \n" + data + b"\n"):
        assert parts(each, most) == whole(each) == values


@given(lists(sampled_from(PIECES), max_size=12).map("".join), integers(1, 30))
@example('[{"a": 1, "a": 2}]', 1)
@example("[1,]", 1)
@example("[1 2]", 1)
@example("[1] x", 3)
@example("[\n1,\n  tru]", 2)
@example("[[[1]", 1)
@example('["a\nb"]', 1)
@example('["\\x"]', 2)
@example("[-Infinity]", 2)
@example("", 1)
def test_any_text_gives_what_the_whole_gives(text, most):
    data = b"[" + text.encode()
    assert parts(data, most) == whole(data)
    assert parts(text.encode(), most) == whole(text.encode())


def test_one_document():
    assert list(Documents(io.BytesIO(b'\xef\xbb\xbf {"a": 1} '), 100)) == [{"a": 1}]
    assert not Documents(io.BytesIO(b"3"), 100).is_array
    assert parts(b"\xff", 1) == "the body is not UTF-8 (byte 0)"
    assert parts(b'["\xc3\xa4", "\xff"]', 1) == "the body is not UTF-8 (byte 8)"
    assert parts(b"[" * 100_000, 50_000) == "the body is nested too deeply"
    assert parts(b"[" + b"9" * 5000 + b"]", 7) == "the body holds a number with too many digits"


class Counted(io.BytesIO):
    """Counts the bytes that are read."""

    count = 0

    def read(self, size=-1):
        data = super().read(size)
        self.count += len(data)
        return data


def test_elements_are_bounded(monkeypatch):
    monkeypatch.setattr(documents, "CHUNK", 64)
    file = Counted(b'["' + b"x" * 100_000 + b'"]')
    with pytest.raises(TooLarge):
        list(Documents(file, 1000))
    assert file.count < 3000
    assert [len(each) for each in Documents(io.BytesIO(b'["' + b"x" * 998 + b'", "y"]'), 1000)] == [998, 1]
    with pytest.raises(TooLarge):
        list(Documents(io.BytesIO(b'["' + b"x" * 999 + b'", "y"]'), 1000))


def test_values_are_counted_before_they_are_built(monkeypatch):
    monkeypatch.setattr(documents, "MAX_VALUES", 100)
    full, over = b'{"a": [' + b"[]," * 48 + b"[]]}", b'{"a": [' + b"[]," * 200 + b"[]]}"
    assert len(parse_json(full)["a"]) == 49
    for each in (over, b"[" + over + b"]"):
        with pytest.raises(TooLarge):
            parse_json(each)
        with pytest.raises(TooLarge):
            list(Documents(Slow(each, 50), 10_000))
    marks = b'{"a": "' + b"[,{" * 200 + b'"}'
    assert parse_json(marks) == json.loads(marks)
    assert list(Documents(Slow(b"[" + marks + b"]", 9), 10_000)) == [json.loads(marks)]
    many = b"[" + b"1," * 500 + b"1]"
    assert len(list(Documents(Slow(many, 9), 10_000))) == 501


def test_time_is_linear_in_one_long_element():
    """A long element is tried a few times, each time with twice as much of it."""
    tried = []

    class Decoder(json.JSONDecoder):
        def raw_decode(self, text, position=0):
            tried.append(len(text))
            return super().raw_decode(text, position)

    list(Documents(io.BytesIO(b'[["' + b"x" * 100_000 + b'"]]'), 1_000_000, Decoder()))
    assert sum(tried) < 4 * 100_000


OBJECTS = [
    '{"a": 1}',
    '{"a":1,"b":"x"}',
    '{"a":1,"a":2}',
    '{"a" :1,"a":2}',
    '{"a": {"b": [{"c": 1}]}, "d": []}',
    '{"a": {"b": 1, "b": 2}}',
    r'{"a": "\":", "b": 1}',
    '{"a": "\\" : ", "b": 1e400}',
    '{"a": 0.1234567890123456789, "b": -0.0, "c": 12345678901234567890}',
    '{"a": NaN}',
    '{"a":1,"a" :2}',
    '{"a":1,"\\u0061":2}',
    '{"a":-0,"b":1E2,"c":0.10000000000000000001}',
    '{"a":18446744073709551616}',
    '{"a"\n:1,"a":2}',
    '{"a":1,\n"b":\n1234567890.12345678}',
    '{"a":-1.23456789012345,"b":-12345678901234.5}',
    '{"a":"},{","b":"x :\\t:"}',
    '{"a":{"b":1}}',
    '{"a":[12345678901234567890123]}',
    '{"a":0.1234567890123456789,"b":-0.0,"c":1e22,"d":1e-7}',
    '{"a":12345678901234567890,"b":-9223372036854775809}',
    "{}",
    "[]",
    "7",
    '{"a": 1',
    "",
    " ",
    '{"ä": "\\ud800"}',
    '{"a": 1}{"a": 2}',
    '{"a": 1},{"a": 2}',
]


@given(
    lists(sampled_from(OBJECTS), max_size=8),
    sampled_from(["\n", "\r\n", " \n", ",", ", ", "\n\n"]),
    integers(1, 80),
)
def test_plain_objects_are_read_as_all_others_are(objects, between, most):
    def outcome(read) -> list:
        found = []
        try:
            found.extend(map(repr, read()))
        except (Malformed, TooLarge) as error:
            found.append(str(error))
        return found

    body = between.join(objects).encode()
    rest = json.JSONDecoder(object_pairs_hook=dict, parse_float=Digits)
    digits = PlainObjects(Digits, documents._constant, unique=False)
    ways = [
        lambda: Runs(read_lines(Slow(body, most), 60)),
        lambda: Documents(Slow(b"[" + body + b"]", most), 60),
        lambda: Documents(Slow(b"[" + body + b"]", most), 60, rest, plain=digits),
    ]
    for way in ways:
        found = outcome(way)
        with (
            mock.patch.object(PlainObjects, "read", lambda self, text, position, *limits: ([], position)),
            mock.patch.object(documents, "flat_objects", lambda text, position, longest: ([], position)),
            mock.patch.object(json_lines, "flat_lines", lambda *block: None),
        ):
            assert found == outcome(way)


@pytest.mark.parametrize("one", OBJECTS)
@pytest.mark.parametrize("between", [",", ", "])
@pytest.mark.parametrize("part", [20, 1000])
def test_each_plain_object_among_others(monkeypatch, one, between, part):
    """As :func:`test_plain_objects_are_read_as_all_others_are`, with each object in a run of several."""
    monkeypatch.setattr(documents, "CHUNK", part)
    body = between.join(['{"y":0}', one, '{"z":1}', "7"]).encode()

    def outcome() -> list:
        found = []
        try:
            found.extend(map(repr, Documents(io.BytesIO(b"[" + body + b"]"), 1000)))
        except (Malformed, TooLarge) as error:
            found.append(str(error))
        return found

    found = outcome()
    with (
        mock.patch.object(PlainObjects, "read", lambda self, text, position, *limits: ([], position)),
        mock.patch.object(documents, "flat_objects", lambda text, position, longest: ([], position)),
    ):
        assert found == outcome()


@given(
    sampled_from(OBJECTS),
    sampled_from(["", " ", "\n", "\ufeff"]),
    sampled_from(["", " \n", ",", "{}"]),
    integers(1, 80),
)
def test_one_plain_object_is_read_as_any_other_is(one, before, behind, longest):
    body = f"{before}{one}{behind}".encode()

    def outcome() -> tuple:
        try:
            contents = _read_json(io.BytesIO(body), Reading(longest, 1000))
            return contents.is_one, repr(list(contents.documents))
        except (Malformed, TooLarge, Invalid) as error:
            return type(error), str(error), error.hint

    found = outcome()
    with mock.patch.object(built_in, "flat_document", lambda body: None):
        assert found == outcome()
