"""The cells of a sheet, row by row (ECMA-376, part 1, 18.3.1)."""

import datetime
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from dynmodel_pyramid.errors import TooLarge
from dynmodel_pyramid.exchange.xlsx import MAX_COLUMNS
from dynmodel_pyramid.exchange.xlsx.archive import broken
from dynmodel_pyramid.exchange.xlsx.serials import DATE, MOMENT, SPAN, TIME, value_of
from dynmodel_pyramid.exchange.xlsx.workbook import SharedTexts, Sheet, Workbook, unescaped
from dynmodel_pyramid.exchange.xlsx.xml import SEPARATOR, fed, parser
from dynmodel_pyramid.hints import Hint

_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_LETTERS = re.compile(r"[A-Z]{1,3}", re.ASCII)


_WORDS = {DATE: "date", MOMENT: "date and time", TIME: "time", SPAN: "duration"}


class Unreadable(NamedTuple):
    """Stands for a cell whose value can't be read."""

    detail: str
    hint: Hint | None = None


def _save() -> str:
    return "open the workbook in a spreadsheet program and save it: then it has the values"


class Row(NamedTuple):
    """The cells of a row that are not empty: columns, from 0, and values."""

    number: int
    cells: list[tuple[int, Any]]


class _Values:
    """The values of cells, by what their elements say."""

    def __init__(self, workbook: Workbook, texts: SharedTexts) -> None:
        self._kinds, self._is_1904, self._texts = workbook.kinds(), workbook.is_1904, texts

    def of(self, kind: str, style: str | None, text: str) -> Any:
        if kind == "n":
            return self._number(style, text)
        if kind == "s":
            try:
                return self._texts[int(text)]
            except (ValueError, IndexError):
                raise broken(f"a cell names the shared text {text[:20]!r}, which there is not") from None
        if kind in ("inlineStr", "str"):
            return unescaped(text)
        if kind == "b":
            return text.strip() in ("1", "true")
        if kind == "e":
            return Unreadable(f"holds the error {text[:20]}")
        if kind == "d":
            return _day(text)
        raise broken(f"a cell has the type {kind[:20]!r}")

    def _number(self, style: str | None, text: str) -> Any:
        place = int(style) if style is not None and style.isdecimal() else 0
        shown_as = self._kinds[place] if place < len(self._kinds) else None
        try:
            if shown_as is None:
                return int(text) if _INTEGER.fullmatch(text) else float(text)
            return value_of(text, shown_as, is_1904=self._is_1904)
        except (ValueError, OverflowError) as error:
            what = "a number" if shown_as is None else f"a {_WORDS[shown_as]} ({error})"
            return Unreadable(f"holds {text[:20]!r}, which is not {what}")


def _day(text: str) -> Any:
    for read in (datetime.date.fromisoformat, datetime.datetime.fromisoformat, datetime.time.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    return Unreadable(f"holds {text[:20]!r} as a date")


_COLUMNS: dict[str, int] = {}


def column_of(letters: str) -> int:
    """The number of a column, from 0: ``A``, ``XFD``."""
    known = _COLUMNS.get(letters)
    if known is not None:
        return known
    number = 0
    for letter in letters if _LETTERS.fullmatch(letters) else "":
        number = number * 26 + ord(letter) - 64
    if not 1 <= number <= MAX_COLUMNS:
        raise broken(f"a cell is in the column {letters[:10]!r}")
    _COLUMNS[letters] = number - 1
    return number - 1


def letters_of(column: int) -> str:
    """``A`` for 0."""
    letters, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def rows_of(workbook: Workbook, sheet: Sheet, texts: SharedTexts, longest: int) -> Iterator[Row]:
    """The rows that have cells.

    :param longest: the most characters in one row
    :raises Malformed: the sheet is damaged
    :raises TooLarge: a row has too many characters
    """
    reader = _Reader(_Values(workbook, texts), longest)
    for _ in fed(reader.parser, workbook.archive.read(sheet.part), sheet.part):
        yield from reader.take()


class _Reader:
    """Collects the rows of a sheet while its XML is parsed."""

    def __init__(self, values: _Values, longest: int) -> None:
        self.parser = made = parser()
        self._value: Callable[[str, str | None, str], Any] = values.of
        self._longest = longest
        self._rows: list[Row] = []
        self._cells: list[tuple[int, Any]] = []
        self._number = self._column = self._size = 0
        #: Of the cell that is read: its attributes and text, and whether it has a formula.
        self._attributes: dict[str, str] = {}
        self._text: list[str] = []
        self._takes = self._has_formula = self._has_value = False
        self._silent = 0
        self._namespace = ""
        made.StartElementHandler, made.EndElementHandler, made.CharacterDataHandler = self._root, self._end, self._data

    def take(self) -> Sequence[Row]:
        rows, self._rows = self._rows, []
        return rows

    def _root(self, tag: str, attributes: dict[str, str]) -> None:
        namespace, mark, name = tag.rpartition(SEPARATOR)
        if name != "worksheet":
            raise broken("a sheet is no sheet")
        names = ("row", "c", "v", "t", "f", "is", "rPh")
        self._row, self._c, self._v, self._t, self._f, self._is, self._spoken = (namespace + mark + n for n in names)
        self.parser.StartElementHandler = self._start

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == self._c:
            self._attributes = attributes
            self._has_formula = self._has_value = False
        elif tag == self._v or tag == self._t and not self._silent:
            self._takes = self._has_value = True
        elif tag == self._row:
            number = attributes.get("r", "")
            self._number = int(number) if number.isdecimal() and len(number) < 8 else self._number + 1
            self._column = self._size = 0
        elif tag == self._f:
            self._has_formula = True
        elif tag == self._spoken:
            self._silent += 1

    def _data(self, data: str) -> None:
        if self._takes:
            self._text.append(data)
            self._size += len(data)
            if self._size > self._longest:
                raise TooLarge(f"row {self._number} has more than {self._longest} characters")

    def _end(self, tag: str) -> None:
        if tag == self._v or tag == self._t:
            self._takes = False
        elif tag == self._c:
            self._cell()
        elif tag == self._row:
            if self._cells:
                self._rows.append(Row(self._number, self._cells))
                self._cells = []
        elif tag == self._spoken:
            self._silent -= 1

    def _cell(self) -> None:
        attributes = self._attributes
        place = attributes.get("r")
        self._column = column = self._column if place is None else column_of(place.rstrip("0123456789"))
        self._column += 1
        text = "".join(self._text) if self._has_value else ""
        self._text.clear()
        kind = attributes.get("t", "n")
        if text or (self._has_value and kind in ("s", "inlineStr")):
            self._cells.append((column, self._value(kind, attributes.get("s"), text)))
        elif self._has_formula and kind != "str":
            self._cells.append((column, Unreadable("has a formula without its value", _save)))
