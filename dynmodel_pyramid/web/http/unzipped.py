"""Bodies in gzip (RFC 9110, section 8.4.1.3), unpacked while they are read, with a bound on what comes out."""

import gzip
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO

from dynmodel_pyramid.errors import Malformed

#: The names of the encoding.
NAMES = ("gzip", "x-gzip")


class Unzipped(gzip.GzipFile):
    """The unpacked body.

    :param file: the body as it was sent
    :param limit: the most bytes that may come out
    :param too_large: makes the error for more
    :raises Malformed: when it is read: the body is not gzip, or is cut off
    """

    def __init__(self, file: BinaryIO, limit: int, too_large: Callable[[int], Exception]) -> None:
        super().__init__(fileobj=file, mode="rb")
        self._limit, self._too_large = limit, too_large

    def read(self, size: int | None = -1) -> bytes:
        whole = size is None or size < 0
        return self._bounded(super().read, self._limit + 1 if whole else size)

    def readline(self, size: int | None = -1) -> bytes:
        whole = size is None or size < 0
        return self._bounded(super().readline, self._limit + 1 if whole else size)

    def _bounded(self, read: Callable[[Any], bytes], size: int | None) -> bytes:
        try:
            data = read(size)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            detail = "the body is not gzip, or it is cut off"
            hint = "leave Content-Encoding out if it is not encoded"
            raise Malformed(detail, code="malformed_gzip", hint=hint) from None
        if self.tell() > self._limit:
            raise self._too_large(self._limit)
        return data
