"""Files on the disk, and standard input: the formats and parameters that their names and options tell."""

import hashlib
import shutil
import sys
from contextlib import ExitStack
from dataclasses import replace
from io import BufferedReader
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange.codings import SUFFIXES, Decoded, encoder
from dynmodel_pyramid.exchange.contents import Contents, Note, Parameters, Reading
from dynmodel_pyramid.exchange.formats import Format, Formats
from dynmodel_pyramid.hints import either

#: Standard input or output.
STANDARD = "-"
#: How much is spent on files that are written: the usual levels of gzip and zstd, and one of brotli that is as fast.
_LEVELS = {"gzip": 6, "zstd": 3, "br": 5}


def coding_of(file: str) -> str | None:
    """The coding that the suffix of a file's name tells."""
    return SUFFIXES.get(Path(file).suffix)


def format_of(formats: Formats, name: str, file: str) -> Format:
    """The format of a file.

    :param name: the format's own; the empty text: the file's name tells it
    :raises Malformed: there is none
    """
    found = formats.named(name) if name else formats.of_file(_unpacked_name(file))
    if found is None or found.face:
        names = [each.name for each in formats if not each.format.face]
        raise Malformed(f"{name or file}: no format of rows", hint=f"say --format: {either(names)}")
    return found


def _unpacked_name(file: str) -> str:
    return file if coding_of(file) is None else str(Path(file).with_suffix(""))


def refuse_parameters(format: Format, parameters: Parameters) -> None:
    """:raises Malformed: the format has no such parameter"""
    for name in parameters:
        if name not in format.parameters and not (name == "charset" and format.is_text):
            known = either(list(format.parameters)) or "none"
            raise Malformed(f"{format.media_type} has no parameter {name}", hint=f"it has {known}")


class LocalFile:
    """A file that can be read several times; standard input is copied.

    :param path: ``-`` for standard input
    """

    def __init__(self, path: str, format: Format, reading: Reading) -> None:
        self._format, self._reading = format, reading
        self._opened = ExitStack()
        file: BinaryIO
        if path == STANDARD:
            file = cast(BinaryIO, self._opened.enter_context(TemporaryFile()))
            shutil.copyfileobj(sys.stdin.buffer, file)
        else:
            file = self._opened.enter_context(Path(path).open("rb"))
        #: Bytes of the file.
        self.size = file.seek(0, 2)
        file.seek(0)
        self._file = self._shown = file
        coding = coding_of(path)
        if coding is not None:
            decoded = Decoded(file, coding, hint="its name ends as those of packed files do")
            self._file = cast(BinaryIO, self._opened.enter_context(decoded))

    def contents(self, note: Note | None = None) -> Contents:
        """
        :param note: see :class:`~.contents.Reading`
        :raises Malformed: the format is not read
        """
        if self._format.read is None:
            raise Malformed(f"{self._format.media_type} is only written")
        self._file.seek(0)
        return self._format.read(self._file, replace(self._reading, note=note))

    def position(self) -> int:
        """How far the file is read, in bytes of its contents."""
        return self._file.tell()

    def digest(self) -> str:
        """The SHA-256 of the file, in its own bytes. Contents that were opened before can't be read on."""
        self._file.seek(0)
        self._shown.seek(0)
        digest = hashlib.file_digest(cast(BufferedReader, self._shown), "sha256").hexdigest()
        self._shown.seek(0)
        return digest

    def place(self) -> int:
        """How far the file is read, in its own bytes."""
        return self._shown.tell()

    def __enter__(self) -> "LocalFile":
        return self

    def __exit__(self, *ignored: object) -> None:
        self._opened.close()


class PackedFile:
    """Packs what is written, into a file that stays open.

    :raises ExtraMissing: no library for the coding is installed
    """

    def __init__(self, file: BinaryIO, coding: str) -> None:
        self._file, self._encoder = file, encoder(coding, _LEVELS[coding])

    def write(self, data: bytes) -> int:
        self._file.write(self._encoder.encode(data))
        return len(data)

    def __enter__(self) -> "PackedFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, *ignored: object) -> None:
        if kind is None:
            self._file.write(self._encoder.finish())
