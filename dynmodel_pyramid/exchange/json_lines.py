"""NDJSON (ndjson.org): a document in each line; empty lines are skipped."""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange.contents import Broken, Note
from dynmodel_pyramid.exchange.documents import PLAIN, parse_json, too_long
from dynmodel_pyramid.exchange.plain_json import flat_lines
from dynmodel_pyramid.exchange.text import CHUNK
from dynmodel_pyramid.nesting import is_deep

_BLANK = b" \t\r\n"
_LINE_END = re.compile("\r?\n")


def read_lines(file: BinaryIO, longest: int, note: Note | None = None) -> Iterator[list[Any]]:
    """The documents, as many at a time as are read so.

    :param note: see :class:`~.contents.Reading`
    :raises TooLarge: a line is too long
    """
    number = 0
    for block in _blocks(file, longest):
        flat = flat_lines(block, longest) if note is None else None
        if flat is not None:
            yield flat
            continue
        text = _text(block) if note is None and len(block) <= longest else ""
        position = 0
        while True:
            documents, end = PLAIN.read(text, position, _LINE_END, longest)
            if not documents or text.count("\n", position, end) > len(documents):  # an object of several lines is none
                break
            position = end
            yield documents
        # The rest of the block is read line by line: which line is not plain, is not known.
        rest = text[position:].encode() if position else block
        for line in rest.removesuffix(b"\n").split(b"\n") if rest else ():
            number += 1
            line = line.strip(_BLANK)
            if len(line) > longest:
                raise too_long(longest)
            if line:
                if note is not None:
                    note(number, line.decode(errors="replace"))
                yield [_document(line)]


def _text(block: bytes) -> str:
    """Nothing where it is not UTF-8, or nested too deeply: single lines of it are not."""
    try:
        text = block.decode()
    except UnicodeDecodeError:
        return ""
    return "" if is_deep(text) else text


def _document(line: bytes) -> Any:
    try:
        return parse_json(line)
    except Malformed as error:
        hint = _joined if b"}{" in line else None
        return Broken(error.detail, hint=hint, raw=line.decode(errors="replace"))


def _joined() -> str:
    return "each document stands in a line of its own; curl -d strips line ends: use --data-binary @file"


def _blocks(file: BinaryIO, longest: int) -> Iterator[bytes]:
    """Whole lines.

    :raises TooLarge: a line is too long
    """
    begun, size = b"", CHUNK
    while data := file.read(size):
        end = data.rfind(b"\n") + 1
        if end:
            yield begun + data[:end]
            begun, size = data[end:], CHUNK
            continue
        begun = (begun + data).lstrip(_BLANK)
        if len(begun.rstrip(_BLANK)) > longest:
            raise too_long(longest)
        # Parts grow, so that a long line is put together only a few times.
        size = min(2 * size, longest + 1)
    if begun:
        yield begun
