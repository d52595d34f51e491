"""CSV as text, against the rules of RFC 4180 and against the standard library."""

import csv
import io
from unittest import mock

import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers, lists, none, one_of, sampled_from, text

from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.exchange import delimited
from dynmodel_pyramid.exchange.delimited import read_records, write_record

VALUES = one_of(none(), text(alphabet='a",\r\n ä\U0001f680', max_size=6), text(max_size=6))


class Slow(io.BytesIO):
    """Gives a few bytes at a time, whatever is asked for."""

    def __init__(self, data: bytes, most: int):
        super().__init__(data)
        self.most = most

    def read(self, size=-1):
        return super().read(min(size, self.most))


def written(records) -> bytes:
    return "".join(map(write_record, records)).encode("utf-8", "replace")


@given(lists(lists(VALUES, min_size=1, max_size=4), max_size=5), integers(1, 9))
def test_what_is_written_is_read(records, most):
    records = [
        [None if each is None else each.encode("utf-8", "replace").decode() for each in record] for record in records
    ]
    assert list(read_records(Slow(written(records), most))) == records


@given(lists(lists(text(alphabet='a", \n', max_size=6), min_size=2, max_size=4), max_size=5))
def test_the_standard_library_agrees(records):
    made = list(csv.reader(io.StringIO(written(records).decode(), newline="")))
    assert made == records


@given(binary(max_size=60), integers(1, 9))
def test_anything_is_read_or_refused(data, most):
    try:
        whole = list(read_records(io.BytesIO(data)))
    except Malformed:
        whole = None
    try:
        parts = list(read_records(Slow(data, most)))
    except Malformed:
        parts = None
    assert parts == whole


def read(data: str):
    return list(read_records(io.BytesIO(data.encode())))


def test_ends():
    assert read("") == []
    assert read("a") == read("a\n") == read("a\r\n") == read("a\r") == [["a"]]
    assert read("a,\n,b") == [["a", None], [None, "b"]]
    assert read("a,") == [["a", None]]
    assert read("\n\n") == [[None], [None]]
    assert read('"a\r\nb",""\r\n') == [["a\r\nb", ""]]
    assert read("\ufeffa") == [["a"]]
    assert read('a,b\r1,"x\ry"\r\r') == [["a", "b"], ["1", "x\ry"], [None]]


@pytest.mark.parametrize("data", ['a"b', '"a"b', '"a', '"a""', "a\rb", 'a,"b\n', ' "a"'])
def test_refused(data):
    with pytest.raises(Malformed) as refused:
        read(f"ok\n{data}")
    assert "line 2" in refused.value.detail


def test_long_and_hostile_values(monkeypatch):
    monkeypatch.setattr(delimited, "CHUNK", 16)
    assert read('"' + '""' * 200_000 + '",b\nc') == [['"' * 200_000, "b"], ["c"]]
    assert read("," * 9_999) == [[None] * 10_000]
    with pytest.raises(Malformed):
        read("," * 10_000)
    with pytest.raises(Malformed):
        read('"' + '""' * 200_000)


def test_line_ends_are_not_mixed():
    for data in ("a\r1\n2", "a\r1\r\n2", "a\n1\r2", "a\r\n1\r2"):
        with pytest.raises(Malformed):
            read(data)


def test_records_are_bounded():
    assert list(read_records(io.BytesIO(b"a\n" + b"x" * 99_000), 100_000)) == [["a"], ["x" * 99_000]]
    with pytest.raises(TooLarge):
        list(read_records(io.BytesIO(b'a\n"' + b"x" * 1_000_000), 100_000))


@given(
    lists(
        sampled_from(["a", "b,c", "", ",", '"x"', '"x,y",z', 'x"y"', '"a""b,\n"', '"', "ä", "\r", "x" * 70]),
        max_size=12,
    ),
    sampled_from(["\n", "\r\n", "\r"]),
    integers(1, 40),
)
def test_plain_lines_are_read_as_all_others_are(lines, line_end, most):
    def outcome() -> list:
        records = []
        try:
            records.extend(read_records(Slow(line_end.join(lines).encode(), most), 60))
        except (Malformed, TooLarge) as error:
            records.append(str(error))
        return records

    found = outcome()

    def none(text: str, position: int, *limits: object) -> tuple[list, int]:
        return [], position

    with mock.patch.multiple(delimited, plain_records=none, quoted_records=none):
        assert found == outcome()
