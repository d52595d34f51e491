"""CSV (RFC 4180): an unquoted empty field is null, a quoted one the empty text.

Our own, because the standard library's reader tells neither apart, and has a limit for fields that is of the process.
"""

import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from dynmodel_pyramid.errors import Malformed

CHUNK = 65_536
Record = list[str | None]
_FIELD = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"|([^",\r\n]*+)')
_QUOTED = re.compile(r'[",\r\n]')


def write_record(values: Iterable[str | None]) -> str:
    return ",".join(map(_written, values)) + "\r\n"


def _written(value: str | None) -> str:
    if value is None:
        return ""
    return f'"{value.replace(chr(34), chr(34) * 2)}"' if not value or _QUOTED.search(value) else value


def read_records(file: BinaryIO) -> Iterator[Record]:
    """The records of a file in UTF-8, a part of it in memory; a byte order mark is passed over.

    :raises Malformed: saying in which line it breaks
    """
    read, text, position, size, line, ended = _reader(file), "", 0, CHUNK, 1, False
    while True:
        found = None if position == len(text) else _record(text, position, ended, line)
        if found is not None:
            record, end = found
            line += text.count("\n", position, end)
            position, size = end, CHUNK
            yield record
        elif ended:
            return
        else:
            more = read(size)
            ended = not more
            # A record that is longer than a part is looked at again: parts grow, so that this is done but a few times.
            text, position, size = text[position:] + more, 0, 2 * size


def _reader(file: BinaryIO) -> Callable[[int], str]:
    """Gives text of about so many bytes; none at the end."""
    decoder = getincrementaldecoder("utf-8-sig")()

    def read(size: int) -> str:
        while True:
            data = file.read(size)
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError:
                raise Malformed("the body is not UTF-8", code="malformed_csv") from None
            if text or not data:
                return text

    return read


def _record(text: str, position: int, ended: bool, line: int) -> tuple[Record, int] | None:
    """The record that begins there, and where the next one does; None if the text may go on within it."""
    fields: Record = []
    while True:
        match = _FIELD.match(text, position)
        quoted, plain = match.groups()
        fields.append(quoted.replace('""', '"') if quoted is not None else plain or None)
        end = match.end()
        mark = text[end : end + 1]
        if not mark:
            return (fields, end) if ended else None
        if mark == ",":
            position = end + 1
        elif mark == "\n":
            return fields, end + 1
        elif mark == "\r" and text[end + 1 : end + 2] in ("", "\n"):
            if end + 1 == len(text) and not ended:
                return None
            return fields, min(end + 2, len(text))
        elif mark == '"' and quoted is None and not plain and not ended:
            return None
        else:
            raise Malformed(
                f"the body is not CSV: the record that begins in line {line}, value {len(fields)}",
                code="malformed_csv",
                hint='a value with commas, quotes or line ends stands in quotes, and a quote in it twice: "a ""b"""',
            )
