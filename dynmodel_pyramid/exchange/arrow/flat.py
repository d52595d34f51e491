"""Arrow's buffers of numbers and texts -> Python's values: a tenth of the time of pyarrow's ``to_pylist``.

The arrays were validated, so no offset leads out of its buffer (Arrow Columnar Format, "Physical Memory Layout").
"""

from collections.abc import Iterable, Sequence
from struct import calcsize
from typing import Any

from dynmodel_pyramid.exchange.arrow.columns import load_arrow


def validity(array: Any) -> Sequence[bool] | None:
    """Of each value whether it is there; None: all are."""
    bitmap = array.buffers()[0] if array.null_count else None
    if bitmap is None:
        return None
    # Bits, the lowest first ("Validity bitmaps").
    first, last = array.offset >> 3, (array.offset + len(array) + 7) >> 3
    bits = int.from_bytes(memoryview(bitmap)[first:last], "little") >> (array.offset & 7)
    digits = f"{bits:0{len(array)}b}"[::-1]
    return [digit == "1" for digit in digits[: len(array)]]


def numbers_of(array: Any, code: str) -> list[Any]:
    """The values of an array of numbers, null or not.

    :param code: of the module ``struct``
    """
    view = _view(array.buffers()[1], code)
    numbers: list[Any] = view[array.offset : array.offset + len(array)].tolist()
    return numbers


def texts_of(array: Any) -> list[str]:
    """The values of an array of texts, null or not."""
    ends = _ends(array)[array.offset : array.offset + len(array) + 1].tolist()
    if len(ends) < 2:
        return []
    begin = ends[0]
    blob = bytes(_view(array.buffers()[2], "B")[begin : ends[-1]])
    pairs = zip(ends, ends[1:], strict=False)
    if blob.isascii():
        text = blob.decode("ascii")
        return [text[one - begin : other - begin] for one, other in pairs]
    return [blob[one - begin : other - begin].decode() for one, other in pairs]


def texts_at(array: Any, places: Iterable[int]) -> dict[int, str]:
    """Some of the values, by their places."""
    ends, data, offset = _ends(array), _view(array.buffers()[2], "B"), array.offset
    return {place: str(data[ends[place + offset] : ends[place + offset + 1]], "utf-8") for place in places}


def _ends(array: Any) -> "memoryview[int]":
    pa = load_arrow()
    return _view(array.buffers()[1], "q" if pa.types.is_large_string(array.type) else "i")


def _view(buffer: Any, code: str) -> "memoryview[int]":
    view: Any = memoryview(b"" if buffer is None else buffer).cast("B")
    cast: memoryview[int] = view[: len(view) // calcsize(code) * calcsize(code)].cast(code)
    return cast


def with_nulls(array: Any, values: Sequence[Any]) -> Sequence[Any]:
    """The values, with None where there is none."""
    there = validity(array)
    return (
        values
        if there is None
        else [value if is_there else None for value, is_there in zip(values, there, strict=True)]
    )
