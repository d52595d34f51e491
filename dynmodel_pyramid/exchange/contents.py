"""What a file holds, as its reader finds it: documents, or records under names. Nothing here knows a table.

:mod:`~.binding` makes rows of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType
from typing import Any, NamedTuple

from dynmodel_pyramid.hints import Hint

#: The parameters of a media type, such as ``charset``; their names are in lower case.
Parameters = Mapping[str, str]
Note = Callable[[int | None, str], None]
NO_PARAMETERS: Parameters = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is to be read.

    :param longest: the most bytes, or characters, of one document or record
    :param most_bytes: the most bytes that a packed file (a spreadsheet, Parquet) may grow to
    :param most_cells: the most cells of a file that is read as a whole
    :param parameters: those of the media type, of :attr:`Format.parameters`
    :param note: called by readers of texts with the line (from 1; None: lines mean nothing) and the text of each
        document or record, in their order
    """

    longest: int = 16_777_216
    most_bytes: int = 67_108_864
    most_cells: int = 20_000_000
    parameters: Parameters = field(default_factory=lambda: NO_PARAMETERS)
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """Stands for a document or record that can't be read, where the others can.

    :param raw: its text, if it has one
    :param pointer: to the fault within it
    """

    detail: str
    code: str = "malformed_line"
    hint: Hint | None = None
    raw: str | None = None
    pointer: str = ""


class ColumnType(NamedTuple):
    """The field type by which a file declares a column, and its options."""

    name: str
    options: Mapping[str, Any] = MappingProxyType({})


#: The cells of a record, one for each name: None, and a text, or a value of another type where the file has types:
#: bool, int, float, Decimal, str, date, time, datetime, a list of these, or a JSON object.
Record = Sequence[Any]
#: Records that follow one another, as many as fit in memory easily.
Chunk = Sequence[Record | Broken]


class Runs:
    """Documents that a reader gives many at a time, as long as nobody asks for them one by one.

    :param runs: lists of documents, which are read while they are asked for
    """

    def __init__(self, runs: Iterable[list[Any]]) -> None:
        self.runs = iter(runs)

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(self.runs)


@dataclass(slots=True)
class DocumentContents:
    """JSON values. ``is_one``: the file is a single document, which is answered as one row.

    :param documents: these may be :class:`Runs`

    :param place: the key under which documents have a value of the table's one point field, whatever its name is
    :param told: what the reader has guessed, in words: ``{"charset": "windows-1252"}``
    """

    documents: Iterable[Any]
    is_one: bool = False
    place: str | None = None
    told: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class RecordContents:
    """Records under names.

    :param names: as the file has them; None for a column without a name
    :param chunks: the records, read while they are asked for; each has one cell for each name
    :param is_text: the cells are texts, which the text forms of the fields read; else they are values
    :param has_text_forms: the cells are values; but texts among them are in the text forms of the fields, as in a
        spreadsheet
    :param has_names: whether the names are the file's; else they are made of the columns' places
    :param numbers: for texts: rewrites a number of the file with a decimal point, or raises ``ValueError``
    :param types: the declared type of each column, where the file has types
    :param code: of the error for names that are refused
    :param told: as of :class:`DocumentContents`
    """

    names: Sequence[str | None]
    chunks: Iterator[Chunk]
    is_text: bool = False
    has_text_forms: bool = False
    has_names: bool = True
    numbers: Callable[[str], str] | None = None
    types: Sequence[ColumnType | None] | None = None
    code: str = "malformed_file"
    told: dict[str, str] = field(default_factory=dict)

    is_one = False


Contents = DocumentContents | RecordContents


def with_nulls(chunks: Iterable[Chunk], nulls: frozenset[str]) -> Iterator[Chunk]:
    """The chunks with None for the texts that stand for null."""
    if not nulls:
        yield from chunks
        return
    for chunk in chunks:
        yield [
            record
            if isinstance(record, Broken)
            else [None if type(cell) is str and cell in nulls else cell for cell in record]
            for record in chunk
        ]
