"""Structs of Thrift's compact protocol (thrift-compact-protocol.md), in which a Parquet file describes itself."""

from typing import Any

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_DEPTH = 16


class Compact:
    """Reads structs: each a dictionary of members by their ids.

    ``at`` is the place behind what was read.
    """

    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """
        :raises IndexError: the data end within it
        :raises ValueError: it is no struct
        """
        members: dict[int, Any] = {}
        member = 0
        while (head := self._byte()) & 0x0F:
            member = member + (head >> 4) if head >> 4 else self._number()
            kind = head & 0x0F
            members[member] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        if head:
            raise ValueError
        return members

    def _byte(self) -> int:
        byte = self._data[self.at]
        self.at += 1
        return byte

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise ValueError

    def _number(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (_I16, _I32, _I64):
            return self._number()
        if kind in (_TRUE, _FALSE, _BYTE):
            return self._byte()
        if depth > _DEPTH:
            raise ValueError
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in (_BINARY, _DOUBLE):
            return self._bytes(8 if kind == _DOUBLE else self._varint())
        if kind in (_LIST, _SET):
            head = self._byte()
            count = self._varint() if head >> 4 == 15 else head >> 4
            return [self._value(head & 0x0F, depth + 1) for _ in range(count)]
        raise ValueError

    def _bytes(self, size: int) -> bytes:
        start, self.at = self.at, self.at + size
        if self.at > len(self._data):
            raise IndexError
        return self._data[start : self.at]
