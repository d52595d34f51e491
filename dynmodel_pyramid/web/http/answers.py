"""The responses of this package."""

import json
from collections.abc import Iterable
from io import BytesIO
from tempfile import TemporaryFile
from typing import Any, BinaryIO

import orjson
from pyramid.response import FileIter, Response

#: Bytes up to which an answer stays in memory.
IN_MEMORY = 1_048_576


class Answer(Response):
    """A response whose ``Location`` stays a path (RFC 9110, 10.2.2); WebOb would guess a host before it."""

    def _abs_headerlist(self, environ: dict[str, Any]) -> list[tuple[str, str]]:
        return self.headerlist

    def add(self, name: str, value: str) -> None:
        """Add a header that the answer does not have; ``headers`` would look for it first."""
        self.headerlist.append((name, value))


def encode(document: Any) -> bytes:
    """A document as JSON. orjson can't write whole numbers of more than 64 bits, which a field's default may be."""
    try:
        return orjson.dumps(document)
    except TypeError:
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def rows_answer(content_type: str, body: bytes = b"", status: int = 200) -> Answer:
    """An answer with rows in any form; the header is used as it is."""
    headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    # WebOb looks at a list of headers and an iterable no further: 3 us instead of 12.
    return Answer(app_iter=[body], status=None if status == 200 else status, headerlist=headers)


def json_answer(body: bytes, status: int = 200) -> Answer:
    return rows_answer("application/json", body, status)


def add_vary(answer: Response, word: str) -> None:
    """Add a word to the header ``Vary``, which stands at most once."""
    headers = answer.headerlist
    for place, (name, value) in enumerate(headers):
        if name.lower() == "vary":
            headers[place] = (name, f"{value}, {word}")
            return
    headers.append(("Vary", word))


def empty_answer(status: int = 204) -> Answer:
    return Answer(status=status, content_type=None)


class RowsBody:
    """A body that is made in parts; beyond :data:`IN_MEMORY` bytes it is in a temporary file.

    :param opening: stands before the first part, ``between`` between two parts, ``closing`` after the last one
    """

    def __init__(self, opening: bytes, between: bytes, closing: bytes) -> None:
        self._file: BinaryIO = BytesIO()
        self._before, self._between, self._closing = opening, between, closing

    def add(self, part: bytes) -> None:
        """Add one or more rows."""
        self.add_pieces([part])

    def add_pieces(self, pieces: Iterable[bytes]) -> None:
        """Add what one element is made of."""
        self._file.write(self._before)
        self._before = self._between
        for piece in pieces:
            self._file.write(piece)
            self._spill()

    def _spill(self) -> None:
        if isinstance(self._file, BytesIO) and self._file.tell() > IN_MEMORY:
            buffer, self._file = self._file, TemporaryFile()
            self._file.write(buffer.getbuffer())

    def go_on(self, text: bytes, between: bytes, closing: bytes) -> None:
        """Begin another list behind the parts that were added.

        :param text: stands before its first part; for ``between`` and ``closing`` see the class
        """
        if not self._file.tell():
            self._file.write(self._before)
        self._file.write(text)
        self._before, self._between, self._closing = b"", between, closing

    def add_body(self, other: "RowsBody") -> None:
        """Add all that another body has, as one part; the other is used up."""
        other._file.seek(0)
        self.add_pieces(iter(lambda: other._file.read(IN_MEMORY), b""))
        other._file.close()

    def answer(self, answer: Response) -> None:
        """Let this be the body of an answer, which closes it."""
        if not self._file.tell():
            self._file.write(self._before)
        self._file.write(self._closing)
        if isinstance(self._file, BytesIO):
            answer.body = self._file.getvalue()
        else:
            size = self._file.tell()
            self._file.seek(0)
            answer.app_iter, answer.content_length = FileIter(self._file), size
