"""What rows of a file would become, without writing them: for plans of imports."""

import datetime
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from typing import Any

import orjson

from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.exchange.binding import documents_of
from dynmodel_pyramid.exchange.contents import Chunk, Contents, RecordContents
from dynmodel_pyramid.rows.encoding import OPTIONS
from dynmodel_pyramid.rows.entries import Columns
from dynmodel_pyramid.rows.imports import Judged, Merging
from dynmodel_pyramid.rows.lenient import LenientImport
from dynmodel_pyramid.rows.refused import RawTexts, Refused
from dynmodel_pyramid.rows.service import NewRows, Rows

#: How many rows are shown as they would be stored, and how many as they would be refused.
SHOWN = 20
_JSON = (str, bool, int, float, type(None), datetime.datetime, datetime.date, datetime.time, list, dict)


@dataclass(slots=True)
class Rehearsed:
    """
    :param sample: the first good rows, in the forms of JSON answers
    :param refused: the first bad rows, as answers tell them
    :param refused_count: how many rows are bad, of those that were judged
    :param judged: how many rows were judged
    """

    sample: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    refused_count: int = 0
    judged: int = 0

    def document(self) -> dict[str, Any]:
        return {
            "sample": self.sample,
            "judged": self.judged,
            "refused_count": self.refused_count,
            "refused": self.refused,
        }


def rehearse(
    contents: Contents,
    rows: Rows,
    columns: Columns,
    texts: RawTexts | None = None,
    check: Callable[[], None] = lambda: None,
    merging: Merging | None = None,
) -> Rehearsed:
    """Judge the rows of a file as an import judges them.

    :param texts: those of the records, as the reader notes them
    :param check: called for each part; raises where the work is to end
    """
    found = Rehearsed()

    def refuse(refused: Refused) -> None:
        if len(found.refused) < SHOWN:
            found.refused.append(refused.document(hints=len(found.refused) < 3))

    def take(part: Judged) -> None:
        check()
        found.judged += len(part.ids) if isinstance(part, NewRows) else len(part)
        missing = SHOWN - len(found.sample)
        if missing > 0:
            found.sample += [_shown(*row) for row in _first_rows(part, missing)]

    importer = LenientImport(rows, columns, merging, refused=refuse, raws=texts)
    importer.rehearse(documents_of(contents, rows, columns), take)
    found.refused_count = importer.refused_count
    found.judged += importer.refused_count
    return found


def _first_rows(part: Judged, count: int) -> Iterator[tuple[int | None, dict[str, Any]]]:
    if isinstance(part, NewRows):
        some = part.some(range(min(count, len(part.ids))))
        return zip(some.ids, some.values, strict=True)
    return ((entry.row.get("id"), entry.assigned) for entry in part[:count])


def _shown(row_id: int | None, values: dict[str, Any]) -> dict[str, Any]:
    row = {name: value if isinstance(value, _JSON) else _text(value) for name, value in values.items()}
    shown: dict[str, Any] = orjson.loads(orjson.dumps({"id": row_id, **row}, default=str, option=OPTIONS))
    return shown


def _text(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def first_of(contents: Contents, count: int) -> Contents:
    """The contents with their first records only."""
    if isinstance(contents, RecordContents):
        return replace(contents, chunks=_first(contents.chunks, count))
    return replace(contents, documents=islice(contents.documents, count))


def _first(chunks: Iterator[Chunk], count: int) -> Iterator[Chunk]:
    for chunk in chunks:
        yield chunk[:count]
        count -= len(chunk)
        if count <= 0:
            return


def beginning(contents: Contents) -> Contents:
    """The contents of the first part of a file: its last record may be cut off, and is left out."""
    if isinstance(contents, RecordContents):
        return replace(contents, chunks=_whole_chunks(contents.chunks))
    return replace(contents, documents=_whole_documents(contents.documents))


def _whole_chunks(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    last: Chunk = ()
    try:
        for chunk in chunks:
            if last:
                yield last
            last = chunk or last
    except (Malformed, TooLarge):
        yield last
        return
    yield last[:-1]


def _whole_documents(documents: Iterable[Any]) -> Iterator[Any]:
    """A document that could not be read as its end is missing raises; one in a line of its own is the last one."""
    last: list[Any] = []
    try:
        for document in documents:
            yield from last
            last = [document]
    except (Malformed, TooLarge):
        yield from last
