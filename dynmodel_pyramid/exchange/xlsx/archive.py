"""The zip file that a workbook is: its parts, with bounds on what comes out of them."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.exchange.packed import Growth

#: Bytes of the directory. Each part takes a thousand bytes in memory, and fifty here.
MAX_DIRECTORY = 1_048_576
_CHUNK = 65_536
_END = b"PK\x05\x06"
#: The length of the end record, and of the longest comment behind it (APPNOTE.TXT, 4.3.16).
_END_SIZE, _COMMENT = 22, 65_535
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SAVE = "save it as an Excel workbook (.xlsx)"


def broken(why: str, hint: str | None = None) -> Malformed:
    return Malformed(f"the body is not a workbook (XLSX): {why}", code="malformed_file", hint=hint)


class Archive:
    """The parts of a workbook.

    :param growth: counts what comes out of the parts that are read
    :raises Malformed: the file is no zip file, or another kind of workbook
    """

    def __init__(self, file: BinaryIO, growth: Growth) -> None:
        _refuse_other_files(file)
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise broken(str(error)) from None
        self._growth = growth
        names = self._zip.namelist()
        self._names = {name.lower().lstrip("/"): name for name in names}
        if "mimetype" in self._names:
            raise broken("it is an OpenDocument file", _SAVE)
        if "xl/workbook.bin" in self._names:
            raise broken("it is a binary workbook (.xlsb)", _SAVE)

    def __contains__(self, name: str) -> bool:
        return name.lower().lstrip("/") in self._names

    def read(self, name: str) -> Iterator[bytes]:
        """A part, piece by piece.

        :raises Malformed: it is missing, or damaged
        :raises TooLarge: more comes out than may
        """
        known = self._names.get(name.lower().lstrip("/"))
        if known is None:
            raise broken(f"the part {name} is missing")
        info = self._zip.getinfo(known)
        if info.flag_bits & 1:
            raise broken("it is encrypted", "save it without a password")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise broken("its parts are packed in a way that workbooks do not use", _SAVE)
        try:
            with self._zip.open(info) as part:
                while data := part.read(_CHUNK):
                    self._growth.add(size=len(data))
                    yield data
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
            raise broken(f"the part {name} is damaged: {error}") from None


def _refuse_other_files(file: BinaryIO) -> None:
    head = file.read(len(_OLE))
    if head == _OLE:
        raise broken("it is an old workbook (.xls), or protected by a password", f"{_SAVE}, without a password")
    if not head.startswith(b"PK"):
        raise broken("it is no zip file", "send the file as it is: curl --data-binary @file")
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_SIZE - _COMMENT))
    tail = file.read()
    place = tail.rfind(_END)
    if place < 0 or len(tail) - place < _END_SIZE:
        raise broken("its end is missing", "send the whole file")
    count, directory = struct.unpack_from("<HI", tail, place + 10)
    if count == 0xFFFF or directory > MAX_DIRECTORY:
        raise TooLarge("the workbook has too many parts", hint=_SAVE)
    file.seek(0)
