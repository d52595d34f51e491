"""Files that are packed, such as spreadsheets and Parquet: what they may grow to, and where they are read."""

import weakref
from collections.abc import Iterator
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

from dynmodel_pyramid.errors import TooLarge

_HINT = "send it in parts, each with some of the rows"


class Growth:
    """Counts what a file has grown to. A cell takes a byte at least, however small the file makes it: as in CSV.

    :param most: the most bytes
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._bytes = self._cells = 0

    def add(self, *, size: int = 0, cells: int = 0) -> None:
        """:raises TooLarge:"""
        self._bytes += size
        self._cells += cells
        if self._bytes > self.most:
            raise TooLarge(f"the file grows to more than {self.most} bytes", hint=_HINT)
        if self._cells > self.most:
            raise TooLarge(f"the file has more than {self.most} cells", hint=_HINT)


def seekable(file: BinaryIO) -> BinaryIO:
    """The file, or a temporary copy if it can only be read from its beginning to its end."""
    if getattr(file, "seekable", lambda: hasattr(file, "seek"))():
        return file
    copy = TemporaryFile()
    try:
        copyfileobj(file, copy)
        copy.seek(0)
    except BaseException:
        copy.close()
        raise
    return cast(BinaryIO, copy)


def closed_with(chunks: Iterator[Any], opened: BinaryIO, file: BinaryIO) -> None:
    """Close a copy of the file when the iterator is no longer used."""
    if opened is not file:
        weakref.finalize(chunks, opened.close)
