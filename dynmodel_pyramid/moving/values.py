"""Values in one form, whatever database they come from, and their sums.

Both databases give the same Python values through the types of their columns. What may still differ is made alike here:
datetimes of the system tables have no zone on SQLite, which has no negative zero either. The form is JSON, because
orjson writes a column several times as fast as ``repr`` does.
"""

import datetime
import decimal
import hashlib
import math
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from sqlalchemy.dialects.postgresql import Range

#: orjson writes them, equal values alike.
_WRITTEN = frozenset({str, int, bool, type(None), dict, list, datetime.date, datetime.time, uuid.UUID})
_OPTIONS = orjson.OPT_NAIVE_UTC
Columns = Sequence[Sequence[Any]]
#: What makes a text of a value of a type that is not known here.
Text = Callable[[Any], str]


def written(columns: Columns, texts: Sequence[Text]) -> list[bytes]:
    """A text for each column of some rows: equal texts mean equal values.

    :param texts: for values of types that are not known here
    """
    return [_written(column, text) for column, text in zip(columns, texts, strict=True)]


def _written(column: Sequence[Any], text: Text) -> bytes:
    others = {*map(type, column)} - _WRITTEN
    if others == {float}:
        column = _floats(column)
    elif others and not (others == {datetime.datetime} and _are_in_utc(column)):
        column = [value if type(value) in _WRITTEN else _plain(value, text) for value in column]
    try:
        return orjson.dumps(column, option=_OPTIONS)
    except TypeError:  # a number of more than 64 bits, or half a surrogate pair
        return repr(list(column)).encode("utf-8", "surrogatepass")


def _are_in_utc(column: Sequence[Any]) -> bool:
    zones = {value.tzinfo for value in column if type(value) is datetime.datetime}
    return zones <= {None, datetime.UTC}


def _floats(column: Sequence[Any]) -> Sequence[Any]:
    if math.isfinite(sum(value for value in column if type(value) is float)):
        return [value + 0.0 if type(value) is float else value for value in column]
    return [_float(value) if type(value) is float else value for value in column]


def _float(value: float) -> Any:
    return value + 0.0 if math.isfinite(value) else {"": repr(value)}


def _plain(value: Any, text: Text) -> Any:
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, datetime.datetime):
        moment = value if value.tzinfo is not None else value.replace(tzinfo=datetime.UTC)
        return moment.astimezone(datetime.UTC)
    if isinstance(value, decimal.Decimal):
        digits = format(value, "f")
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, datetime.timedelta):
        return repr(value)
    if isinstance(value, Range):
        bounds = [bound if type(bound) in _WRITTEN else _plain(bound, text) for bound in (value.lower, value.upper)]
        return "empty" if value.isempty else [*bounds, value.bounds]
    if isinstance(value, str):
        return str(value)
    return text(value)


class Sum:
    """The sum of rows that are read a few at a time; equal sums need the same number of rows each time."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        #: Bytes so far.
        self.length = 0

    def add(self, texts: Sequence[bytes]) -> None:
        """
        :param texts: of :func:`written`
        """
        for text in texts:
            self._hash.update(text)
            self._hash.update(b"\n")
            self.length += len(text)

    def digest(self) -> bytes:
        return self._hash.digest()
