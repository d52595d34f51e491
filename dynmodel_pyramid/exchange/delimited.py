"""CSV (RFC 4180): an unquoted empty field is null, a quoted one the empty text.

Not the standard library's reader: it does not tell these two apart, and its limit for fields is one for the whole
process.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.exchange.contents import Note
from dynmodel_pyramid.exchange.plain_lines import plain_records
from dynmodel_pyramid.exchange.text import CHUNK, text_reader

#: Values in one record; no table has as many columns.
MAX_VALUES = 10_000
#: A chunk that has so many records, or characters, takes no further one.
CHUNK_RECORDS, CHUNK_CHARACTERS = 1000, 1_048_576
Record = list[str | None]
_FIELD = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"|([^",\r\n]*+)')
#: A value with one of these stands in quotes.
MARKS = '",\r\n'
_QUOTED = re.compile(f"[{MARKS}]")
#: The cells of null and of the empty text.
CELLS = {None: "", "": '""'}


def write_record(values: Iterable[str | None]) -> str:
    return ",".join(map(write_cell, values)) + "\r\n"


def write_cell(value: str | None) -> str:
    if not value:
        return CELLS[value]
    return f'"{value.replace(chr(34), chr(34) * 2)}"' if _QUOTED.search(value) else value


def read_records(file: BinaryIO, longest: int | None = None) -> Iterator[Record]:
    """The records of a file, by :func:`read_chunks`."""
    return chain.from_iterable(read_chunks(file, longest))


def read_chunks(file: BinaryIO, longest: int | None = None, note: Note | None = None) -> Iterator[list[Record]]:
    """The records of a file in UTF-8, read in parts; a byte order mark is skipped.

    Lines end with LF or CRLF; with CR alone, too, where the first one does. Then LF may end the file, and nothing else.

    :param longest: the most characters that one record may have
    :param note: see :class:`~.contents.Reading`; the record of names is noted as well
    :raises Malformed: naming the line that is wrong
    :raises TooLarge: a record is longer
    """
    read, text, position, size, line, ended = text_reader(file, _not_utf_8), "", 0, CHUNK, 1, False
    ends_with_cr = None
    chunk: list[Record] = []
    taken = 0
    while True:
        if taken >= CHUNK_CHARACTERS or len(chunk) >= CHUNK_RECORDS:
            yield chunk
            chunk, taken = [], 0
        if ends_with_cr is False and note is None:
            plain, end = plain_records(text, position, longest or len(text), MAX_VALUES)
            if plain:
                line += len(plain)
                chunk += plain
                taken += end - position
                position, size = end, CHUNK
                continue
        try:
            parsed = None if position == len(text) else _record(text, position, ended, line, ends_with_cr)
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


def _not_utf_8(place: int) -> Malformed:
    return Malformed(f"the body is not UTF-8 (byte {place})", code="malformed_csv")


def _record(text: str, position: int, ended: bool, line: int, ends_with_cr: bool | None) -> tuple[Record, int] | None:
    """The record that begins at ``position``, and where the next one begins; None if the record may be incomplete.

    :param ends_with_cr: whether CR alone ends the lines; None for the first line, which decides
    """
    fields: Record = []
    while len(fields) < MAX_VALUES:
        match = _FIELD.match(text, position)
        assert match is not None  # a field may be empty
        quoted, plain = match.groups()
        fields.append(quoted.replace('""', '"') if quoted is not None else plain or None)
        end = match.end()
        mark = text[end : end + 1]
        if not mark:
            return (fields, end) if ended else None
        if mark == ",":
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
        elif mark == '"' and quoted is None and not plain and not ended:
            return None
        else:
            raise Malformed(
                f"the body is not CSV: the record that begins in line {line}, value {len(fields)}",
                code="malformed_csv",
                hint='a value with commas, quotes or line ends stands in quotes, and a quote in it twice: "a ""b"""',
            )
    raise Malformed(f"the record that begins in line {line} has more than {MAX_VALUES} values", code="malformed_csv")
