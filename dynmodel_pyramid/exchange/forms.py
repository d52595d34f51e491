"""Rows as the bodies of answers: the encoded rows, and the text before, between and behind them."""

from codecs import BOM_UTF16_LE
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from secrets import token_hex
from typing import Any

import orjson

from dynmodel_pyramid.exchange import CSV, NDJSON
from dynmodel_pyramid.exchange.csv_columns import csv_records
from dynmodel_pyramid.exchange.delimited import to_quote, write_record
from dynmodel_pyramid.exchange.dialects import Dialect
from dynmodel_pyramid.exchange.outgoing import Texts, cell
from dynmodel_pyramid.exchange.typed import exact_json, exactly
from dynmodel_pyramid.rows.encoding import json_rows

Rows = Sequence[Sequence[Any]]


class Form:
    """How rows are written, and the media type of the result; made for one answer.

    A format whose files are more than rows between an opening and a closing overrides :meth:`parts`.

    :param is_single: the form is for exactly one row
    :param is_made_first: the whole is made before its first byte, so that :class:`~dynmodel_pyramid.errors.Unwritable`
        is an answer
    :param records: the kinds of values, by columns, of records that it takes as rows, too (:class:`Records`)
    :param takes_few: parts of few rows are as good as larger ones
    """

    content_type: str
    is_single = is_made_first = takes_few = False
    opening = between = closing = b""
    records: Sequence[str] | None = None

    def part(self, rows: Rows) -> bytes:
        """One or more rows, without the text around them."""
        raise NotImplementedError

    def whole(self, rows: Rows) -> bytes:
        """All rows at once."""
        return b"".join(self.parts([rows]))

    def parts(self, parts: Iterable[Rows]) -> Iterator[bytes]:
        """The bytes of :meth:`whole` in parts, as the rows come."""
        before, end = self.opening, self.opening + self.closing
        for rows in parts:
            if rows:
                yield before + self.part(rows)
                before, end = self.between, self.closing
        if end:
            yield end


class JsonForm(Form):
    """A JSON array of objects, or one object.

    :param encode: makes a JSON array of rows with these names
    """

    takes_few = True

    def __init__(
        self,
        names: Sequence[str],
        content_type: str = "application/json",
        *,
        is_single: bool = False,
        encode: Callable[[Sequence[str], Rows], bytes] = json_rows,
    ) -> None:
        self.names, self.content_type, self.is_single, self._encode = names, content_type, is_single, encode
        if not is_single:
            self.opening, self.between, self.closing = b"[", b",", b"]"

    def part(self, rows: Rows) -> bytes:
        return self._encode(self.names, rows)[1:-1]

    def whole(self, rows: Rows) -> bytes:
        return self.part(rows) if self.is_single else self._encode(self.names, rows)


#: A name that no object in a row has.
_ROW = token_hex(16)
_ROW_BEGINS, _ROW_FOLLOWS = f'{{"{_ROW}":'.encode(), f',{{"{_ROW}":'.encode()


class NdJsonForm(Form):
    """A JSON object in each line.

    All rows are encoded together, as an array: 1.6 us for a row of 21 values, where a call for each row costs 8. The
    first name stands in for the place where a row begins, until commas become line ends there.
    """

    content_type = f"{NDJSON}; charset=utf-8"
    takes_few = True

    def __init__(self, names: Sequence[str]) -> None:
        self._names = (_ROW, *names[1:])
        self._begins = b"{" + orjson.dumps(names[0]) + b":"

    def part(self, rows: Rows) -> bytes:
        array = json_rows(self._names, rows)[1:-1]
        return array.replace(_ROW_FOLLOWS, b"\n" + self._begins).replace(_ROW_BEGINS, self._begins, 1) + b"\n"


class CsvForm(Form):
    """RFC 4180, with a header line."""

    content_type = f"{CSV}; charset=utf-8"

    def __init__(self, names: Sequence[str], texts: Texts) -> None:
        self.opening = write_record(names).encode()
        self._forms = [texts.get(name) for name in names]

    def part(self, rows: Rows) -> bytes:
        return "\r\n".join([*csv_records(rows, self._forms), ""]).encode()


class DialectForm(Form):
    """CSV in another dialect.

    :param numbers: the names of columns of numbers, which are written with the dialect's decimal mark
    """

    def __init__(self, names: Sequence[str], texts: Texts, dialect: Dialect, numbers: Collection[str] = ()) -> None:
        self.content_type = f"{CSV}; charset={dialect.charset}" + ("" if dialect.has_header else "; header=absent")
        # A text in UTF-16 begins with a mark; its parts have none.
        self._charset = "utf-16-le" if dialect.charset == "utf-16" else dialect.charset
        self._delimiter, self._quoted = dialect.delimiter, to_quote(dialect.delimiter)
        mark = BOM_UTF16_LE if dialect.charset == "utf-16" else b""
        self.opening = mark + (self._line(names).encode(self._charset) if dialect.has_header else b"")
        self._forms = [texts.get(name) for name in names]
        self._with_comma = [place for place, name in enumerate(names) if name in numbers]

    def _line(self, cells: Iterable[str | None]) -> str:
        return write_record(cells, self._delimiter, self._quoted)

    def part(self, rows: Rows) -> bytes:
        return "".join([self._line(self._cells(row)) for row in rows]).encode(self._charset)

    def _cells(self, row: Sequence[Any]) -> Iterable[str | None]:
        cells = list(map(cell, row, self._forms))
        for place in self._with_comma:
            text = cells[place]
            cells[place] = None if text is None else text.replace(".", ",")
        return cells


class RestCsvForm(Form):
    """CSV as PostgREST writes it: JSON without blanks, and no line end behind the last line."""

    content_type = f"{CSV}; charset=utf-8"

    def __init__(self, names: Sequence[str]) -> None:
        self.opening = csv_line(names)
        self._forms = [_compact] * len(names)

    def part(self, rows: Rows) -> bytes:
        return "\n".join(["", *csv_records(rows, self._forms)]).encode()


def csv_line(cells: Iterable[str | None]) -> bytes:
    """A line of CSV: null is written as nothing, the empty text as two quotes."""
    return write_record(cells).removesuffix("\r\n").encode()


def _compact(text: str) -> str:
    """JSON without blanks between its parts; a text stays itself."""
    if text[0] in "[{":
        return exact_json(exactly(text.encode())).decode()
    return orjson.loads(text) if text[0] == '"' else text
