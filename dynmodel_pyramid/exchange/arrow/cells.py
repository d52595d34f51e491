"""Arrow's arrays -> the cells of records. No digit is lost: a value that has too many of them is refused.

pyarrow's own conversion is used for numbers and texts only. Of times it gives pandas' objects if pandas is installed,
and takes twenty times as long.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.exchange.arrow.columns import load_arrow
from dynmodel_pyramid.exchange.arrow.flat import numbers_of, texts_at, texts_of, validity, with_nulls
from dynmodel_pyramid.exchange.contents import ColumnType
from dynmodel_pyramid.exchange.documents import parse_json
from dynmodel_pyramid.fields.types.clock import write_duration

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_FIRST_DAY = _EPOCH.toordinal()
#: Of a day in microseconds.
_LENGTH = 86_400_000_000
#: The units of times, in a second.
_UNITS = {"s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}
_MICROSECONDS = 1_000_000
_UINT64 = {"precision": 20, "scale": 0}

#: An array of Arrow -> cells.
Cells = Callable[[Any], Sequence[Any]]


class Unreadable(NamedTuple):
    """Stands for a cell whose value can't be read."""

    detail: str


class Cell(NamedTuple):
    """How the cells of one type are read, and the field type that it is."""

    cells: Cells
    type: ColumnType | None


def _type(name: str, options: Mapping[str, Any] = MappingProxyType({})) -> ColumnType:
    return ColumnType(name, options)


def cell_of(name: str, kind: Any, most: int) -> Cell:
    """
    :param name: the column's, for errors
    :param kind: its type
    :param most: the most values in lists
    :raises Malformed: no field takes values of this type
    """
    pa = load_arrow()
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return _extension(name, kind, most)
    if types.is_null(kind):
        return Cell(_plain, None)
    if types.is_boolean(kind):
        return Cell(_plain, _type("boolean"))
    if types.is_integer(kind):
        if kind == pa.int64():
            return Cell(lambda array: with_nulls(array, numbers_of(array, "q")), _type("integer"))
        return Cell(_plain, _type("decimal", _UINT64) if kind == pa.uint64() else _type("integer"))
    if types.is_floating(kind):
        return Cell(_floats, _type("number"))
    if types.is_decimal(kind):
        fits = 0 <= kind.scale <= kind.precision
        return Cell(_plain, _type("decimal", {"precision": kind.precision, "scale": kind.scale}) if fits else None)
    if types.is_string(kind) or types.is_large_string(kind):
        return Cell(lambda array: with_nulls(array, texts_of(array)), _type("text"))
    if types.is_string_view(kind):
        return Cell(_plain, _type("text"))
    if types.is_date(kind):
        return Cell(_values(_day if types.is_date32(kind) else _day_of_milliseconds), _type("date"))
    if types.is_timestamp(kind):
        return Cell(_values(_moment_of(kind.unit, kind.tz is not None)), _type("datetime"))
    if types.is_time(kind):
        return Cell(_values(_time_of(kind.unit)), _type("time"))
    if types.is_duration(kind):
        return Cell(_values(_duration_of(kind.unit)), _type("duration"))
    if types.is_dictionary(kind):
        inner = cell_of(name, kind.value_type, most)
        has_texts = types.is_string(kind.value_type) or types.is_large_string(kind.value_type)
        return Cell(_texts if has_texts else _dictionary(inner.cells), inner.type)
    return _nested(name, kind, most)


def _nested(name: str, kind: Any, most: int) -> Cell:
    types = load_arrow().types
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        inner = cell_of(name, kind.value_type, most)
        return Cell(_lists(inner.cells, name, most), _type("json"))
    if types.is_map(kind):
        key, inner = cell_of(name, kind.key_type, most), cell_of(name, kind.item_type, most)
        if key.type != _type("text"):
            raise _refused(name, f"{kind}, whose keys are no texts")
        return Cell(_maps(key.cells, inner.cells, name, most), _type("json"))
    if types.is_struct(kind):
        names = [kind.field(place).name for place in range(kind.num_fields)]
        if len(set(names)) < len(names):
            raise _refused(name, "a struct with two members of one name")
        parts = [cell_of(name, kind.field(place).type, most) for place in range(kind.num_fields)]
        is_point = sorted(names) == ["latitude", "longitude"] and all(part.type == _type("number") for part in parts)
        return Cell(_structs(names, [part.cells for part in parts]), _type("point" if is_point else "json"))
    raise _refused(name, str(kind))


def _refused(name: str, what: str) -> Malformed:
    return Malformed(
        f"the column {name!r} has the type {what}, which no field takes",
        code="malformed_file",
        hint="leave the column out of the file, or write it as another type: bytes as text, for example in base 64",
    )


def _extension(name: str, kind: Any, most: int) -> Cell:
    inner = cell_of(name, kind.storage_type, most) if kind.extension_name != "arrow.uuid" else None
    if inner is None:
        return Cell(lambda array: [None if value is None else str(value) for value in array.to_pylist()], _type("uuid"))
    if kind.extension_name == "arrow.json":
        return Cell(lambda array: [_json(text) for text in inner.cells(array.storage)], _type("json"))
    return Cell(lambda array: inner.cells(array.storage), inner.type)


def _json(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return parse_json(text.encode())
    except (Malformed, TooLarge) as error:
        return Unreadable(error.detail)


def _plain(array: Any) -> Sequence[Any]:
    values: Sequence[Any] = array.to_pylist()
    return values


def _floats(array: Any) -> Sequence[Any]:
    """Not pyarrow's own reading of half floats, which gives numpy's objects."""
    pa = load_arrow()
    if array.type == pa.float16():
        return [None if value is None else float(value) for value in array.to_pylist()]
    return with_nulls(array, numbers_of(array, "d")) if array.type == pa.float64() else _plain(array)


def _values(read: Callable[[int], Any]) -> Cells:
    """Reads the integers that Arrow keeps."""

    def cells(array: Any) -> Sequence[Any]:
        integers = with_nulls(array, numbers_of(array, "i" if array.type.bit_width == 32 else "q"))
        return [None if value is None else read(value) for value in integers]

    return cells


def _day(days: int) -> Any:
    try:
        return datetime.date.fromordinal(days + _FIRST_DAY)
    except (ValueError, OverflowError):
        return Unreadable(f"{days} days after 1970-01-01 are in no year from 1 to 9999")


def _day_of_milliseconds(value: int) -> Any:
    days, rest = divmod(value, 86_400_000)
    return Unreadable(f"{value} milliseconds after 1970-01-01 are not a whole day") if rest else _day(days)


def _in_microseconds(unit: str) -> Callable[[int], int | None]:
    """A function: a number of units -> microseconds; None if digits were lost."""
    per_second = _UNITS[unit]
    if per_second <= _MICROSECONDS:
        factor = _MICROSECONDS // per_second
        return lambda value: value * factor
    divisor = per_second // _MICROSECONDS
    return lambda value: None if value % divisor else value // divisor


_FINER = "has digits behind microseconds, which no field keeps"


def _moment_of(unit: str, is_aware: bool) -> Callable[[int], Any]:
    microseconds = _in_microseconds(unit)
    epoch = _EPOCH if is_aware else _EPOCH.replace(tzinfo=None)

    def moment(value: int) -> Any:
        whole = microseconds(value)
        if whole is None:
            return Unreadable(f"the time {value} {unit} after 1970 {_FINER}")
        try:
            return epoch + datetime.timedelta(microseconds=whole)
        except OverflowError:
            return Unreadable(f"{value} {unit} after 1970 are in no year from 1 to 9999")

    return moment


def _time_of(unit: str) -> Callable[[int], Any]:
    microseconds = _in_microseconds(unit)

    def time(value: int) -> Any:
        whole = microseconds(value)
        if whole is None:
            return Unreadable(f"the time of day {value} {unit} {_FINER}")
        if not 0 <= whole < _LENGTH:
            return Unreadable(f"the time of day {value} {unit} is not within a day")
        seconds, rest = divmod(whole, _MICROSECONDS)
        return datetime.time(seconds // 3600, seconds // 60 % 60, seconds % 60, rest)

    return time


def _duration_of(unit: str) -> Callable[[int], Any]:
    microseconds = _in_microseconds(unit)

    def duration(value: int) -> Any:
        whole = microseconds(value)
        if whole is None:
            return Unreadable(f"the duration {value} {unit} {_FINER}")
        try:
            return write_duration(datetime.timedelta(microseconds=whole))
        except OverflowError:
            return Unreadable(f"the duration {value} {unit} is too long")

    return duration


def _texts(array: Any) -> Sequence[Any]:
    """Texts of a dictionary, of which no others are read: it may be that of many rows. Each stays one text."""
    places = array.indices.to_pylist()
    texts: dict[int | None, Any] = dict(texts_at(array.dictionary, {*places} - {None}).items())
    if array.dictionary.null_count:
        there = validity(array.dictionary) or ()
        texts |= {place: None for place in texts if place is not None and not there[place]}
    texts[None] = None
    return list(map(texts.__getitem__, places))


def _dictionary(read: Cells) -> Cells:
    def cells(array: Any) -> Sequence[Any]:
        values, places = read(array.dictionary), array.indices.to_pylist()
        return [None if place is None else values[place] for place in places]

    return cells


def _lists(read: Cells, name: str, most: int) -> Cells:
    def cells(array: Any) -> Sequence[Any]:
        return [None if part is None else read_list(part) for part in _parts(array, read, name, most)]

    def read_list(part: list[Any]) -> Any:
        return next((value for value in part if type(value) is Unreadable), part)

    return cells


def _maps(read_keys: Cells, read: Cells, name: str, most: int) -> Cells:
    pairs = _structs(["key", "value"], [read_keys, read])

    def cells(array: Any) -> Sequence[Any]:
        return [
            None if part is None else read_map([(pair["key"], pair["value"]) for pair in part])
            for part in _parts(array, pairs, name, most)
        ]

    def read_map(items: list[tuple[str, Any]]) -> Any:
        value = dict(items)
        if len(value) < len(items):
            return Unreadable("a key stands twice in one map")
        return next((item for item in value.values() if type(item) is Unreadable), value)

    return cells


def _parts(array: Any, read: Cells, name: str, most: int) -> list[list[Any] | None]:
    """The lists of an array, each with its values read."""
    pa = load_arrow()
    if pa.types.is_fixed_size_list(array.type):
        size = array.type.list_size
        offsets = [size * (array.offset + place) for place in range(len(array) + 1)]
    else:
        offsets = array.offsets.to_pylist()
    first, last = (offsets[0], offsets[-1]) if offsets else (0, 0)
    if last - first > most:
        raise TooLarge(f"lists of the column {name!r} have more than {most} values", hint="send fewer rows at a time")
    values = read(array.values.slice(first, last - first))
    return [
        list(values[start - first : end - first]) if is_there else None
        for start, end, is_there in zip(offsets, offsets[1:], _validity(array), strict=False)
    ]


def _structs(names: Sequence[str], readers: Sequence[Cells]) -> Cells:
    def cells(array: Any) -> Sequence[Any]:
        columns = [read(part) for read, part in zip(readers, array.flatten(), strict=True)]
        rows = zip(*columns, strict=True) if columns else ([()] * len(array))
        return [struct(row) if is_there else None for row, is_there in zip(rows, _validity(array), strict=True)]

    def struct(row: Sequence[Any]) -> Any:
        faults = (value for value in row if type(value) is Unreadable)
        return next(faults, None) or dict(zip(names, row, strict=True))

    return cells


def _validity(array: Any) -> Sequence[bool]:
    """Of each value whether it is there: bits, the lowest first (Arrow Columnar Format, "Validity bitmaps")."""
    bitmap = array.buffers()[0] if array.null_count else None
    if bitmap is None:
        return [True] * len(array)
    bits = memoryview(bitmap)
    return [bool(bits[place >> 3] >> (place & 7) & 1) for place in range(array.offset, array.offset + len(array))]
