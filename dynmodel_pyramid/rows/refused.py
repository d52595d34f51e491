"""Rows that an import leaves out: why, and the texts by which their sender knows them."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any, Self

from dynmodel_pyramid.errors import Problem

#: The most characters that are kept of a record's text.
LONGEST_RAW = 1000
#: The most faults that are told of one row.
MOST_FAULTS = 10
_IN_MEMORY = 1_048_576
#: Place and bytes of a text, and the number of its line; 0: none.
_PLACE = struct.Struct("<QII")


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is left out.

    :param number: of the row in the file, from 0; the pointers of ``problems`` begin with it
    :param line: of the file, from 1; None where lines mean nothing
    :param problems: at least one
    :param raw: the record as it was sent, or its beginning; None: the format has no text
    """

    number: int
    line: int | None
    problems: Sequence[Problem]
    raw: str | None

    def document(self, *, hints: bool = False) -> dict[str, Any]:
        """The row in answers and files of refused rows.

        :param hints: make the hint of the first fault, which takes time
        """
        errors = [
            {"pointer": problem.pointer, "code": problem.code, "detail": problem.detail}
            for problem in self.problems[:MOST_FAULTS]
        ]
        make = self.problems[0].hint
        hint = make() if hints and make is not None else None
        if hint is not None:
            errors[0]["hint"] = hint
        return {"number": self.number, "line": self.line, "errors": errors, "raw": self.raw}


#: Called with each row that is left out.
Sink = Callable[[Refused], None]


class RawTexts:
    """The texts of a file's records, in temporary files: any of them may be asked for later."""

    def __init__(self) -> None:
        self._texts, self._places = SpooledTemporaryFile(_IN_MEMORY), SpooledTemporaryFile(_IN_MEMORY)
        self._count = self._end = 0
        self._is_behind = True

    def add(self, line: int | None, text: str) -> None:
        """Note the next record."""
        if len(text) > LONGEST_RAW:
            text = text[:LONGEST_RAW] + "…"
        if not self._is_behind:
            self._texts.seek(0, 2)
            self._places.seek(0, 2)
            self._is_behind = True
        kept = text.encode(errors="replace")
        self._texts.write(kept)
        self._places.write(_PLACE.pack(self._end, len(kept), line or 0))
        self._end += len(kept)
        self._count += 1

    def get(self, number: int) -> tuple[int | None, str | None]:
        """Line and text of a record; None for both where the reader has noted none."""
        if number >= self._count:
            return None, None
        self._is_behind = False
        self._places.seek(number * _PLACE.size)
        begin, size, line = _PLACE.unpack(self._places.read(_PLACE.size))
        self._texts.seek(begin)
        return line or None, self._texts.read(size).decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ignored: object) -> None:
        self._texts.close()
        self._places.close()
