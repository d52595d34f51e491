"""What the messages of an Arrow stream will grow to, by their metadata (Message.fbs, Schema.fbs; Flatbuffers).

A buffer in a message may be packed, and says itself how large it will be; pyarrow makes room for that.
"""

import io
import struct
from typing import BinaryIO

from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.exchange.packed import Growth

#: The most bytes of a message's metadata, and of its values, packed or not: it is read whole.
MAX_METADATA, MAX_MESSAGE = 16_777_216, 134_217_728
_CONTINUES = b"\xff\xff\xff\xff"
_SCHEMA, _DICTIONARY, _BATCH = 1, 2, 3
_NOT_PACKED = -1


def _broken(why: str) -> Malformed:
    return Malformed(f"the body is not an Arrow stream: {why}", code="malformed_file")


class CheckedMessages(io.RawIOBase):
    """A stream whose messages are looked at before pyarrow gets them.

    :param begun: eight bytes of it that were read already, or nothing
    :raises TooLarge: a message grows to more than :data:`MAX_MESSAGE`, or all of them to more than they may
    """

    def __init__(self, file: BinaryIO, growth: Growth, begun: bytes = b"") -> None:
        self._file, self._growth, self._begun = file, growth, begun
        #: What is to be read next: whole parts of the message, as pyarrow asks for them.
        self._parts: list[bytes] = []

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        if not self._parts:
            self._parts = self._message()
        if not self._parts or size is None or size < 0:
            return b""
        part = self._parts.pop(0)
        if len(part) > size:
            self._parts.insert(0, part[size:])
            return part[:size]
        if len(part) < size and self._parts:
            return part + self.read(size - len(part))
        return part

    def _read(self, size: int) -> bytes:
        begun, self._begun = self._begun[:size], self._begun[size:]
        return begun + self._file.read(size - len(begun)) if len(begun) < size else begun

    def _message(self) -> list[bytes]:
        mark = self._read(4)
        # Before Arrow 0.15 a message began with the length.
        length = self._read(4) if mark == _CONTINUES else mark
        head = [mark, length] if mark == _CONTINUES else [mark]
        if len(length) < 4 or length == b"\0\0\0\0":
            return [part for part in head if part]
        size = int.from_bytes(length, "little")
        if size > MAX_METADATA:
            raise (
                _broken("it does not begin with a message")
                if mark != _CONTINUES
                else TooLarge(
                    f"the metadata of a message has more than {MAX_METADATA} bytes", hint="write fewer columns"
                )
            )
        metadata = self._read(size)
        try:
            kind, header, body_size = _header(metadata)
            if not 0 <= body_size <= MAX_MESSAGE:
                raise _too_large()
            body = self._file.read(body_size)
            if len(body) < body_size:
                raise _broken("its end is missing")
            if kind in (_DICTIONARY, _BATCH):
                self._check(_Table(metadata, header), kind, body)
        except (struct.error, IndexError, ValueError):
            raise _broken("the metadata of a message can't be read") from None
        return [*head, metadata, *([body] if body else [])]

    def _check(self, batch: "_Table", kind: int, body: bytes) -> None:
        """A message of values: what they grow to."""
        if kind == _DICTIONARY:
            batch = batch.table(1)
        rows, size = batch.number(0, "<q"), len(body)
        nodes = batch.structs(1, "<qq")
        if batch.has(3):
            for start, length in batch.structs(2, "<qq"):
                if length >= 8:
                    (grown,) = struct.unpack_from("<q", body, start)
                    size += 0 if grown == _NOT_PACKED else grown
                    if grown < _NOT_PACKED or size > MAX_MESSAGE:
                        raise _too_large()
        self._growth.add(size=size, cells=max(rows, sum(length for length, _ in nodes)))


def _too_large() -> TooLarge:
    return TooLarge(f"a batch grows to more than {MAX_MESSAGE} bytes", hint="write it in smaller batches")


def _header(metadata: bytes) -> tuple[int, int, int]:
    """The type of a message's header, its place, and the bytes behind the metadata."""
    message = _Table(metadata, struct.unpack_from("<I", metadata)[0])
    return message.number(1, "<B"), message.place_of_table(2), message.number(3, "<q")


class _Table:
    """A table of Flatbuffers ("FlatBuffers Internals"): members by their numbers."""

    def __init__(self, data: bytes, place: int) -> None:
        self._data, self._place = data, place
        self._names = place - self._at("<i", place)
        self._size = self._at("<H", self._names)

    def _at(self, kind: str, place: int) -> int:
        if place < 0:
            raise ValueError
        value: int = struct.unpack_from(kind, self._data, place)[0]
        return value

    def _place_of(self, member: int) -> int:
        """0 if it is not there."""
        entry = 4 + 2 * member
        offset = self._at("<H", self._names + entry) if entry < self._size else 0
        return self._place + offset if offset else 0

    def has(self, member: int) -> bool:
        return bool(self._place_of(member))

    def number(self, member: int, kind: str) -> int:
        place = self._place_of(member)
        return self._at(kind, place) if place else 0

    def place_of_table(self, member: int) -> int:
        place = self._place_of(member)
        if not place:
            raise ValueError
        return place + self._at("<I", place)

    def table(self, member: int) -> "_Table":
        return _Table(self._data, self.place_of_table(member))

    def structs(self, member: int, kind: str) -> list[tuple[int, ...]]:
        """A vector of structs."""
        if not self.has(member):
            return []
        place = self.place_of_table(member)
        count, size = self._at("<I", place), struct.calcsize(kind)
        if count * size > len(self._data):
            raise ValueError
        return [struct.unpack_from(kind, self._data, place + 4 + number * size) for number in range(count)]
