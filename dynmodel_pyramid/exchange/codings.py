"""Bodies and files in a content coding (RFC 9110, section 8.4.1).

They are decoded while they are read, with bounds on what comes out and on the memory that a decoder takes, and encoded
part by part.

zstd and brotli come with the extra ``compression``.
"""

import gzip
import io
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from os import SEEK_CUR, SEEK_END, SEEK_SET
from types import ModuleType
from typing import Any, BinaryIO, cast

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields.extras import require

#: The names of codings, and the name by which each is meant.
NAMES = {"gzip": "gzip", "x-gzip": "gzip", "zstd": "zstd", "br": "br"}
#: The suffixes of files.
SUFFIXES = {".gz": "gzip", ".zst": "zstd", ".br": "br"}
EXTRA = "compression"
_CHUNK = 65_536
#: The largest window of zstd, as a power of two: 8 MiB, as RFC 9659 has it.
_WINDOW_LOG = 23


def zstd() -> ModuleType:
    """The library: the standard one since Python 3.14, else its backport."""
    return require("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd", EXTRA)


class Decoded(io.BufferedIOBase):
    """The decoded body.

    :param file: the body as it was sent
    :param coding: one of :data:`NAMES`
    :param limit: the most bytes that may come out, and what makes the error for more; None: any number
    :param hint: of the error for a file that is not in the coding
    :raises ExtraMissing: no library for the coding is installed
    :raises Malformed: when it is read: the body is not in the coding, or is cut off
    """

    def __init__(
        self,
        file: BinaryIO,
        coding: str,
        limit: tuple[int, Callable[[int], Exception]] | None = None,
        *,
        hint: str = "leave Content-Encoding out if it is not encoded",
    ) -> None:
        self._coding = NAMES[coding]
        self._file, self._broken = _OPENERS[self._coding](file)
        self._limit, self._hint = limit, hint

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        """To go back is to decode from the beginning, so readers that jump take a copy (``exchange.packed``)."""
        return False

    def read(self, size: int | None = -1) -> bytes:
        return self._bounded(self._file.read, size)

    read1 = read

    def readline(self, size: int | None = -1) -> bytes:
        return self._bounded(self._file.readline, size)

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Reads up to there, by the same bound."""
        if whence == SEEK_END:
            while self.read(_CHUNK):
                pass
        if whence != SEEK_SET:
            offset += self.tell()
        if offset < self.tell():
            self._file.seek(max(0, offset) if offset < _CHUNK else 0)
        while (left := offset - self.tell()) > 0 and self.read(min(left, _CHUNK)):
            pass
        return self.tell()

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    def _bounded(self, read: Callable[[Any], bytes], size: int | None) -> bytes:
        if self._limit is not None and (size is None or size < 0):
            size = self._limit[0] + 1
        try:
            data = read(size)
        except self._broken:
            detail = f"the body is not {_TITLES[self._coding]}, or it is cut off"
            if self._coding == "zstd":
                detail += ", or it needs a window of more than 8 MiB"
            code = "malformed_gzip" if self._coding == "gzip" else "malformed_encoding"
            raise Malformed(detail, code=code, hint=self._hint) from None
        if self._limit is not None and self._file.tell() > self._limit[0]:
            most, too_large = self._limit
            raise too_large(most)
        return data


_TITLES = {"gzip": "gzip", "zstd": "zstd", "br": "brotli"}


class _Brotli(io.RawIOBase):
    """Brotli has no frames: the end of its stream is the end of the file. Its window has at most 16 MiB (RFC 7932)."""

    def __init__(self, file: BinaryIO) -> None:
        self._source, self._brotli = file, require("brotli", EXTRA)
        self._begin()

    def _begin(self) -> None:
        self._source.seek(0)
        self._decoder, self._place, self._ahead = self._brotli.Decompressor(), 0, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        most = len(buffer)
        data = self._take(most)
        while not data:
            # What is left of the part before comes first: the decoder has output, or input that it has not looked at.
            self._ahead = self._decoder.process(b"", output_buffer_limit=_CHUNK)
            if not self._ahead:
                if self._decoder.is_finished():
                    if self._source.read(1):
                        raise EOFError("there is more behind the end")
                    return 0
                sent = self._source.read(_CHUNK)
                if not sent or not self._decoder.can_accept_more_data():
                    raise EOFError("the stream has no end")
                self._ahead = self._decoder.process(sent, output_buffer_limit=_CHUNK)
            data = self._take(most)
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

    def _take(self, most: int) -> bytes:
        data, self._ahead = self._ahead[:most], self._ahead[most:]
        return data

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        if whence == SEEK_CUR:
            offset += self._place
        elif whence == SEEK_END:
            raise io.UnsupportedOperation("its end is not known")
        if offset < self._place:
            self._begin()
        while self._place < offset and self.read(min(_CHUNK, offset - self._place)):
            pass
        return self._place


class _Seekable:
    """A body of WebOb can be read from its beginning again, and does not say so."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek = file.read, file.seek

    def seekable(self) -> bool:
        return True


def _open_gzip(file: BinaryIO) -> tuple[BinaryIO, tuple[type[Exception], ...]]:
    return cast(BinaryIO, gzip.GzipFile(fileobj=file, mode="rb")), (EOFError, gzip.BadGzipFile, zlib.error)


def _open_zstd(file: BinaryIO) -> tuple[BinaryIO, tuple[type[Exception], ...]]:
    library = zstd()
    options = {library.DecompressionParameter.window_log_max: _WINDOW_LOG}
    return library.ZstdFile(_Seekable(file), "rb", options=options), (EOFError, library.ZstdError)


def _open_brotli(file: BinaryIO) -> tuple[BinaryIO, tuple[type[Exception], ...]]:
    return cast(BinaryIO, io.BufferedReader(_Brotli(file), _CHUNK)), (EOFError, require("brotli", EXTRA).error)


_OPENERS = {"gzip": _open_gzip, "zstd": _open_zstd, "br": _open_brotli}


@dataclass(frozen=True, slots=True)
class Encoder:
    """What makes the bytes of one body or file.

    :param encode: takes a part, and may keep bytes back
    :param flush: gives what was kept back
    :param finish: gives the end
    """

    encode: Callable[[bytes], bytes]
    flush: Callable[[], bytes]
    finish: Callable[[], bytes]


def encoder(coding: str, level: int) -> Encoder:
    """
    :param coding: one of the values of :data:`NAMES`
    :raises ExtraMissing: no library for the coding is installed
    """
    return _ENCODERS[coding](level)


def _encode_gzip(level: int) -> Encoder:
    deflate = zlib.compressobj(level, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return Encoder(deflate.compress, partial(deflate.flush, zlib.Z_SYNC_FLUSH), deflate.flush)


def _encode_zstd(level: int) -> Encoder:
    compressor = zstd().ZstdCompressor(level=level)
    return Encoder(compressor.compress, partial(compressor.flush, compressor.FLUSH_BLOCK), compressor.flush)


def _encode_brotli(level: int) -> Encoder:
    compressor = require("brotli", EXTRA).Compressor(quality=level)
    return Encoder(compressor.process, compressor.flush, compressor.finish)


_ENCODERS: dict[str, Callable[[int], Encoder]] = {"gzip": _encode_gzip, "zstd": _encode_zstd, "br": _encode_brotli}
