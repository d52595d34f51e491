"""Files as text, in parts."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Callable
from typing import BinaryIO

from dynmodel_pyramid.errors import Malformed

#: Bytes read at a time.
CHUNK = 65_536
#: Reads text of about that many bytes; the empty text at the end.
Reader = Callable[[int], str]


def text_reader(file: BinaryIO, refused: Callable[[int], Malformed], charset: str = "utf-8") -> Reader:
    """Reads a file strictly; a byte order mark is skipped.

    :param refused: makes the error for the place of a byte that is no text
    """
    decoder = getincrementaldecoder("utf-8-sig" if charset == "utf-8" else charset)()
    passed, head = 0, b""

    def read(size: int) -> str:
        nonlocal passed, head
        while True:
            data = file.read(size)
            head = head or data[:4]
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                fault = refused(passed - pending + error.start)
                if charset == "utf-8":
                    fault.hint = _hint_of_binary(head) or fault.hint or _encoding_hint(head)
                raise fault from None
            except UnicodeError:
                # What Python's utf-16 and utf-32 raise where there is no byte order mark.
                fault = refused(0)
                fault.hint = f"the file has no byte order mark: name the order, charset={charset}le or {charset}be"
                raise fault from None
            passed += len(data)
            if text or not data:
                # A mark is passed over where the charset names the order of bytes, too.
                return text.removeprefix("\ufeff") if passed == len(data) and charset != "utf-8" else text

    return read


def _encoding_hint(head: bytes) -> str:
    """The mend of a file that is not UTF-8, by its first bytes."""
    if head[:2] in (BOM_UTF16_LE, BOM_UTF16_BE):
        return "the file is UTF-16: convert it, for example by iconv -f UTF-16 -t UTF-8"
    return "convert the file, for example by iconv -f WINDOWS-1252 -t UTF-8"


def _hint_of_binary(head: bytes) -> str | None:
    if head in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        return "the file is a spreadsheet, or an archive: save it as CSV in UTF-8"
    return None
