"""CSV (RFC 4180): an unquoted empty field is null, a quoted one the empty text.

The standard library's reader does not tell these two apart, and its limit for fields is one for the whole process; it
reads only lines where this is no matter.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from itertools import chain
from typing import BinaryIO

from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.exchange.contents import Note
from dynmodel_pyramid.exchange.dialects import Dialect, public_charset
from dynmodel_pyramid.exchange.plain_lines import plain_records, quoted_records
from dynmodel_pyramid.exchange.text import CHUNK, text_reader

#: Values in one record; no table has as many columns.
MAX_VALUES = 10_000
#: A chunk that has so many records, or characters, takes no further one.
CHUNK_RECORDS, CHUNK_CHARACTERS = 1000, 1_048_576
Record = list[str | None]
#: A value with one of these stands in quotes.
MARKS = '",\r\n'
_QUOTED = re.compile(f"[{MARKS}]")
#: The cells of null and of the empty text.
CELLS = {None: "", "": '""'}
_USUAL = Dialect()


@lru_cache(64)
def _field(delimiter: str, quote: str | None) -> re.Pattern[str]:
    """A value: in quotes, or without."""
    if quote is None:
        return re.compile(rf"((?!))|([^{re.escape(delimiter)}\r\n]*+)")
    mark, comma = re.escape(quote), re.escape(delimiter)
    return re.compile(rf"{mark}([^{mark}]*+(?:{mark}{mark}[^{mark}]*+)*+){mark}|([^{mark}{comma}\r\n]*+)")


def write_record(values: Iterable[str | None], delimiter: str = ",", quoted: re.Pattern[str] = _QUOTED) -> str:
    """
    :param quoted: found in values that stand in quotes
    """
    return delimiter.join([write_cell(value, quoted) for value in values]) + "\r\n"


def to_quote(delimiter: str) -> re.Pattern[str]:
    return re.compile(rf'["{re.escape(delimiter)}\r\n]')


def write_cell(value: str | None, quoted: re.Pattern[str] = _QUOTED) -> str:
    if not value:
        return CELLS[value]
    return f'"{value.replace(chr(34), chr(34) * 2)}"' if quoted.search(value) else value


def read_records(file: BinaryIO, longest: int | None = None) -> Iterator[Record]:
    """The records of a file, by :func:`read_chunks`."""
    return chain.from_iterable(read_chunks(file, longest))


def read_chunks(
    file: BinaryIO, longest: int | None = None, dialect: Dialect = _USUAL, note: Note | None = None
) -> Iterator[list[Record]]:
    """The records of a file, read in parts; a byte order mark is skipped.

    Lines end with LF or CRLF; with CR alone, too, where the first one does. Then LF may end the file, and nothing else.

    :param longest: the most characters that one record may have
    :param note: see :class:`~.contents.Reading`; the record of names is noted as well
    :raises Malformed: naming the line that is wrong
    :raises TooLarge: a record is longer
    """
    read = text_reader(file, partial(_not_text, dialect), dialect.charset)
    text, position, size, line, ended = "", 0, CHUNK, 1, False
    field = _field(dialect.delimiter, dialect.quote)
    ends_with_cr = None
    chunk: list[Record] = []
    taken = 0
    while True:
        if taken >= CHUNK_CHARACTERS or len(chunk) >= CHUNK_RECORDS:
            yield chunk
            chunk, taken = [], 0
        if ends_with_cr is False and note is None:
            limits = longest or len(text), MAX_VALUES
            plain, end = plain_records(text, position, *limits, dialect.delimiter, dialect.quote)
            if not plain and dialect.quote is not None:
                plain, end = quoted_records(text, position, *limits, dialect.delimiter, dialect.quote)
            if plain:
                line += len(plain)
                chunk += plain
                taken += end - position
                position, size = end, CHUNK
                continue
        try:
            parsed = None
            if position < len(text):
                parsed = _record(text, position, ended, line, ends_with_cr, dialect, field)
        except Malformed:
            yield chunk
            raise
        length = len(text) - position if parsed is None else parsed[1] - position
        if longest is not None and length > longest:
            yield chunk
            raise TooLarge(
                f"the record that begins in line {line} has more than {longest} bytes",
                hint="a quote that is not closed makes one record of many",
            )
        if parsed is not None:
            record, end = parsed
            if ends_with_cr is None:
                ends_with_cr = text[end - 1] == "\r"
            if note is not None:
                note(line, text[position:end].rstrip("\r\n"))
            line += text.count("\r" if ends_with_cr else "\n", position, end)
            taken += end - position
            position, size = end, CHUNK
            chunk.append(record)
            continue
        if ended:
            if chunk:
                yield chunk
            return
        more = read(size)
        ended = not more
        # A record that is longer than a part is parsed again. Parts grow, so this happens only a few times.
        text, position, size = text[position:] + more, 0, 2 * size


def _not_text(dialect: Dialect, place: int) -> Malformed:
    name = "UTF-8" if dialect.charset == "utf-8" else public_charset(dialect.charset)
    return Malformed(
        f"the body is not {name} (byte {place})",
        code="malformed_csv",
        hint="name its charset, such as text/csv; charset=windows-1252, or have it guessed: text/csv; dialect=detect",
    )


def _record(
    text: str,
    position: int,
    ended: bool,
    line: int,
    ends_with_cr: bool | None,
    dialect: Dialect,
    field: re.Pattern[str],
) -> tuple[Record, int] | None:
    """The record that begins at ``position``, and where the next one begins; None if the record may be incomplete.

    :param ends_with_cr: whether CR alone ends the lines; None for the first line, which decides
    """
    fields: Record = []
    delimiter, quote = dialect.delimiter, dialect.quote or ""
    while len(fields) < MAX_VALUES:
        match = field.match(text, position)
        assert match is not None  # a field may be empty
        quoted, plain = match.groups()
        fields.append(quoted.replace(quote + quote, quote) if quoted is not None else plain or None)
        end = match.end()
        mark = text[end : end + 1]
        if not mark:
            return (fields, end) if ended else None
        if mark == delimiter:
            position = end + 1
        elif mark in "\r\n" and end + 2 >= len(text) and not ended:
            return None
        elif ends_with_cr and "\n" in text[end : end + 2] and text[end:] not in ("\n", "\r\n"):
            raise Malformed(
                f"the body is not CSV: lines end with CR, and line {line} with LF",
                code="malformed_csv",
                hint="let all lines end alike; a value with a line end stands in quotes",
            )
        elif mark == "\n":
            return fields, end + 1
        elif mark == "\r" and (ends_with_cr is not False or text[end + 1 : end + 2] in ("", "\n")):
            return fields, end + 1 + (text[end + 1 : end + 2] == "\n")
        elif mark == quote and quoted is None and not plain and not ended:
            return None
        else:
            raise Malformed(
                f"the body is not CSV: the record that begins in line {line}, value {len(fields)}",
                code="malformed_csv",
                hint='a value with commas, quotes or line ends stands in quotes, and a quote in it twice: "a ""b"""',
            )
    raise Malformed(f"the record that begins in line {line} has more than {MAX_VALUES} values", code="malformed_csv")
