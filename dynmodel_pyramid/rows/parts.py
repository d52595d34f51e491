"""The documents of an import, as they come, and the parts in which they are judged and written."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dynmodel_pyramid.rows.entries import Faults
from dynmodel_pyramid.rows.written_rows import PART

#: A part that has read this many bytes of the request takes no further row.
PART_BYTES = 1_048_576


@dataclass(slots=True)
class Document:
    """One document, and the faults that were found earlier, with pointers within the document."""

    document: Any
    faults: Faults | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents that come together, at most :data:`PART`.

    :param columns: their values by name, if no fault was found; all documents have the same names
    :param documents: makes the same one by one, with their faults
    """

    count: int
    columns: Mapping[str, Sequence[Any]] | None
    documents: Callable[[], Iterable[Document]]


#: What is judged and written at a time.
Part = Sequence[Document] | Batch


def size_of(part: Part) -> int:
    return part.count if isinstance(part, Batch) else len(part)


def parts_of(documents: Iterable[Document | Batch], position: Callable[[], int]) -> Iterator[Part]:
    """
    :param position: gives the bytes of the request that were read so far
    """
    part: list[Document] = []
    begun = 0
    for item in documents:
        if isinstance(item, Batch):
            if part:
                yield part
                part, begun = [], position()
            yield item
            continue
        part.append(item)
        if len(part) == PART or position() - begun >= PART_BYTES:
            yield part
            part, begun = [], position()
    if part:
        yield part


def one_by_one(documents: Iterable[Document | Batch]) -> Iterator[Document]:
    """The documents without their batches."""
    for item in documents:
        if isinstance(item, Batch):
            yield from item.documents()
        else:
            yield item
