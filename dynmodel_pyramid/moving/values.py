"""Values in one form, whatever database they come from.

Both databases give the same Python values through the types of their columns. What may still differ in its form is made
alike here: datetimes of the system tables have no zone on SQLite, which has no negative zero either.
"""

import datetime
import decimal
import hashlib
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import Range

#: Their ``repr`` says all.
_PLAIN = frozenset(
    {str, int, bool, type(None), bytes, dict, list, datetime.date, datetime.time, datetime.timedelta, uuid.UUID}
)
Columns = Sequence[Sequence[Any]]
#: What makes a text of a value of a type that is not known here.
Text = Callable[[Any], str]


def canonical(column: Sequence[Any], text: Text = repr) -> Sequence[Any]:
    """The values of a column, each of a type whose ``repr`` says all.

    :param text: for values of other types
    """
    others = {*map(type, column)} - _PLAIN
    if not others:
        return column
    if others == {float}:
        return [value + 0.0 if type(value) is float else value for value in column]
    return [value if type(value) in _PLAIN else _plain(value, text) for value in column]


def _plain(value: Any, text: Text) -> Any:
    if isinstance(value, float):
        return value + 0.0
    if isinstance(value, datetime.datetime):
        moment = value if value.tzinfo is not None else value.replace(tzinfo=datetime.UTC)
        return moment.astimezone(datetime.UTC).isoformat()
    if isinstance(value, decimal.Decimal):
        digits = format(value, "f")
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if isinstance(value, Range):
        bounds = (None if bound is None else _bound(bound, text) for bound in (value.lower, value.upper))
        return "empty" if value.isempty else f"{value.bounds[0]}{', '.join(map(repr, bounds))}{value.bounds[1]}"
    if isinstance(value, str):
        return str(value)
    return text(value)


def _bound(value: Any, text: Text) -> Any:
    return value if type(value) in _PLAIN else _plain(value, text)


def written(columns: Columns, texts: Sequence[Text]) -> list[str]:
    """A text for each column of some rows: equal texts mean equal values."""
    return [repr(tuple(canonical(column, text))) for column, text in zip(columns, texts, strict=True)]


class Sum:
    """The sum of rows that are read a few at a time; equal sums need the same number of rows each time."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        #: Characters so far.
        self.length = 0

    def add(self, texts: Sequence[str]) -> None:
        """
        :param texts: of :func:`written`
        """
        for text in texts:
            self._hash.update(text.encode("utf-8", "surrogatepass"))
            self._hash.update(b"\n")
            self.length += len(text)

    def digest(self) -> bytes:
        return self._hash.digest()
