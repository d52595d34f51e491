"""Files that are packed, such as spreadsheets and Parquet: what they may grow to, and where they are read."""

import weakref
from functools import wraps
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import BinaryIO, Protocol, cast

from dynmodel_pyramid.errors import TooLarge
from dynmodel_pyramid.exchange.contents import Reading, RecordContents


class ReadRecords(Protocol):
    """A reader of records."""

    def __call__(self, file: BinaryIO, reading: Reading) -> RecordContents: ...


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


def on_seekable(read: ReadRecords) -> ReadRecords:
    """A reader of files that it jumps in.

    It gets a temporary copy of a file that can only be read from its beginning to its end, or that lacks methods of
    files, as ``wsgi.input`` may (PEP 3333). The copy is closed when the records are no longer used.
    """

    @wraps(read)
    def reads(file: BinaryIO, reading: Reading) -> RecordContents:
        if hasattr(file, "closed") and getattr(file, "seekable", lambda: hasattr(file, "seek"))():
            return read(file, reading)
        copy = cast(BinaryIO, TemporaryFile())
        try:
            copyfileobj(file, copy)
            copy.seek(0)
            contents = read(copy, reading)
        except BaseException:
            copy.close()
            raise
        weakref.finalize(contents.chunks, copy.close)
        return contents

    return reads
