"""Files of UTF-8 as text, in parts."""

from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import BinaryIO

#: Bytes read at a time.
CHUNK = 65_536
#: Reads text of about that many bytes; the empty text at the end.
Reader = Callable[[int], str]


def text_reader(file: BinaryIO, refused: Callable[[int], Exception]) -> Reader:
    """Reads a file in UTF-8; a byte order mark is skipped.

    :param refused: makes the error for the place of a byte that is not UTF-8
    """
    decoder = getincrementaldecoder("utf-8-sig")()
    passed = 0

    def read(size: int) -> str:
        nonlocal passed
        while True:
            data = file.read(size)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                raise refused(passed - pending + error.start) from None
            passed += len(data)
            if text or not data:
                return text

    return read
