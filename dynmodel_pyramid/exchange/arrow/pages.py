"""What a Parquet file will grow to (parquet.thrift: ``FileMetaData``, ``PageHeader``).

The footer of a file says how large each column is, and the header of a page how large the page is; nothing makes them
say the truth, and pyarrow makes room for what they say: a page of 2 GB may take 200 KB in the file. pyarrow's own
objects for the footer are not used: some damaged ones make it abort the process.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.exchange.arrow.columns import load_arrow
from dynmodel_pyramid.exchange.arrow.thrift import Compact

#: The most bytes of a footer. It takes a hundred times as many in memory.
MAX_FOOTER = 4_194_304
#: The most bytes that one page may grow to. Writers make pages of 1 MB; DuckDB of at most 100 MB.
MAX_PAGE = 134_217_728
_MAGIC, _SEALED = b"PAR1", b"PARE"
#: Bytes of a page's header; statistics in it may have long texts.
_SHORT, _LONGEST = 1024, 1_048_576
#: Encodings: values begin as the value before does, or stand in a dictionary.
DELTA_BYTE_ARRAY = 7
DICTIONARIES = frozenset((2, 8))
#: Physical types.
INT96, BYTE_ARRAY = 3, 6
#: How pages are packed, by the names that pyarrow has for it.
_CODECS = {0: "", 1: "snappy", 2: "gzip", 4: "brotli", 6: "zstd", 7: "lz4_raw"}
#: The types of pages; of those with data where their header is, and in it their encoding.
_DICTIONARY, _DATA = 2, {0: (5, 2), 3: (8, 4)}


def broken(why: str, hint: str | None = None) -> Malformed:
    return Malformed(f"the body is not Parquet: {why}", code="malformed_file", hint=hint)


@dataclass(frozen=True, slots=True)
class Part:
    """A column in one row group.

    :param path: its name, and the names within it, with dots between
    :param kind: the physical type; ``codec``: how its pages are packed
    :param start: where its pages begin in the file, which have ``packed`` bytes
    """

    path: str
    kind: int
    codec: int
    encodings: frozenset[int]
    values: int
    start: int
    packed: int


@dataclass(frozen=True, slots=True)
class Group:
    """A row group: its rows, the bytes that it grows to, its columns."""

    rows: int
    size: int
    parts: list[Part]


class Page(NamedTuple):
    """A page: bytes when it is decompressed, its values, and their encoding."""

    size: int
    values: int = 0
    encoding: int = 0
    #: Of a dictionary: where its bytes stand in the file, and how many they are.
    start: int = 0
    packed: int = 0


def groups_of(file: BinaryIO) -> list[Group]:
    """The row groups, by the footer.

    :raises Malformed: the file is not Parquet
    :raises TooLarge: its footer is too long
    """
    head = file.read(4)
    end = file.seek(0, 2)
    file.seek(max(end - 8, 0))
    tail = file.read(8)
    if _SEALED in (head, tail[4:]):
        raise broken("it is encrypted", "write it without encryption")
    if head != _MAGIC or tail[4:] != _MAGIC or end < 12:
        why = "its end is missing" if head == _MAGIC else "it does not begin with PAR1"
        raise broken(why, "send the whole file; curl -d changes bytes: use --data-binary @file")
    size = int.from_bytes(tail[:4], "little")
    if size > MAX_FOOTER:
        raise TooLarge(f"the footer has more than {MAX_FOOTER} bytes", hint="write fewer and larger row groups")
    if size > end - 12:
        raise broken("its footer can't be read")
    file.seek(end - 8 - size)
    data = file.read(size)
    file.seek(0)
    try:
        return _groups(Compact(data).struct(), end)
    except (IndexError, ValueError, KeyError, TypeError, AttributeError):
        raise broken("its footer can't be read") from None


def _groups(footer: Mapping[int, Any], end: int) -> list[Group]:
    #: Elements of the schema without children, which are the columns.
    columns = sum(not element.get(5) for element in footer[2][1:])
    groups = []
    for group in footer[4]:
        parts = [_part(chunk[3], end) for chunk in group[1]]
        if len(parts) != columns:
            raise ValueError
        groups.append(Group(_count(group[3]), _count(group[2]), parts))
    return groups


def _part(column: Mapping[int, Any], end: int) -> Part:
    starts = [_count(column[place]) for place in (11, 9) if column.get(place)]
    start, packed = min(starts), _count(column[7])
    if start + packed > end:
        raise ValueError
    path = b".".join(column[3]).decode()
    return Part(path, _count(column[1]), _count(column[4]), frozenset(column[2]), _count(column[5]), start, packed)


def _count(value: Any) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError
    return value


def pages_of(file: BinaryIO, part: Part) -> Iterator[Page]:
    """The pages of one column in one row group.

    :raises Malformed: there are no pages
    :raises TooLarge: a page grows to more than :data:`MAX_PAGE`
    """
    place, end = part.start, part.start + part.packed
    while place < end:
        file.seek(place)
        header, length = _header(file, end - place, part)
        kind, grown, packed = header.get(1), header.get(2), header.get(3)
        if not (isinstance(grown, int) and isinstance(packed, int) and grown >= 0 and packed >= 0):
            raise _unreadable(part)
        if grown > MAX_PAGE:
            raise TooLarge(
                f"a page of the column {part.path!r} grows to {grown} bytes, more than {MAX_PAGE}",
                hint="write the file with smaller pages, or smaller row groups",
            )
        if kind == _DICTIONARY:
            yield Page(grown, start=place + length, packed=packed)
        elif kind in _DATA:
            member, encoding_at = _DATA[kind]
            inner = header.get(member)
            values, encoding = (inner.get(1), inner.get(encoding_at)) if isinstance(inner, dict) else (None, None)
            if not (isinstance(values, int) and isinstance(encoding, int) and values >= 0):
                raise _unreadable(part)
            yield Page(grown, values, encoding)
        place += length + packed


def _unreadable(part: Part) -> Malformed:
    return broken(f"the pages of the column {part.path!r} can't be read")


def _header(file: BinaryIO, most: int, part: Part) -> tuple[dict[int, Any], int]:
    """The header that begins here, and its length."""
    data = b""
    for size in (_SHORT, _LONGEST):
        data += file.read(min(size, most) - len(data))
        reader = Compact(data)
        try:
            return reader.struct(), reader.at
        except IndexError:
            continue
        except ValueError:
            break
    raise _unreadable(part)


def longest_text(file: BinaryIO, part: Part, page: Page) -> int:
    """The bytes of the longest text in a dictionary; those of the page if it can't be told.

    :raises Malformed: the page is damaged
    """
    codec = _CODECS.get(part.codec)
    if codec is None:
        return page.size
    file.seek(page.start)
    data = file.read(page.packed)
    if codec:
        try:
            data = load_arrow().Codec(codec).decompress(data, decompressed_size=page.size, asbytes=True)
        except (OSError, ValueError):
            raise _unreadable(part) from None
    longest = place = 0
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "little")
        longest, place = max(longest, length), place + 4 + length
    return longest
