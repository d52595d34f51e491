"""Batches of Arrow -> records, and what readers and writers share."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange.arrow.cells import Unreadable, cell_of
from dynmodel_pyramid.exchange.arrow.columns import load_arrow
from dynmodel_pyramid.exchange.contents import Broken, Chunk, Reading, RecordContents
from dynmodel_pyramid.exchange.packed import Growth

#: The most columns of a file: no table has as many.
MAX_COLUMNS = 10_000
#: The most records in one chunk, and about how many bytes of Arrow's memory.
ROWS, BYTES = 1000, 1_048_576
#: The most characters of a chunk's texts if each is written out where it stands.
SHARED = 16_777_216


def records_of(schema: Any, batches: Iterable[Any], reading: Reading, kind: str) -> RecordContents:
    """The records in batches of this schema.

    :param kind: of the file, for errors
    :raises Malformed: a column is of no use
    """
    with refusing(kind):
        if len(schema.names) > MAX_COLUMNS:
            raise Malformed(f"the file has more than {MAX_COLUMNS} columns", code="malformed_file")
        cells = [
            cell_of(name, column, reading.most_bytes) for name, column in zip(schema.names, schema.types, strict=True)
        ]
        readers = [cell.cells for cell in cells]
        growth = Growth(reading.most_bytes)
        shared = [at for at, column in enumerate(schema.types) if _has_shared_texts(column)]

    def chunks() -> Iterator[Chunk]:
        with refusing(kind):
            for batch in batches:
                # Offsets and indices in a file may lead anywhere: pyarrow trusts them otherwise.
                batch.validate(full=True)
                for part in _slices(batch):
                    columns = [read(part.column(at)) for at, read in enumerate(readers)]
                    texts = sum(len(text) for at in shared for text in columns[at] if text is not None)
                    growth.add(size=_size(part) + texts, cells=len(part) * len(columns))
                    chunk = _chunk(schema.names, columns, len(part))
                    widest = sum(max(map(len, filter(None, columns[at])), default=0) for at in shared)
                    step = max(1, SHARED // max(widest, 1))
                    for start in range(0, len(chunk), step):
                        yield chunk[start : start + step]

    return RecordContents(schema.names, chunks(), types=[cell.type for cell in cells], code="malformed_file")


def _is_text(kind: Any) -> bool:
    types = load_arrow().types
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _has_shared_texts(kind: Any) -> bool:
    """Whether texts stand in a dictionary: one of them may stand in all rows."""
    return bool(load_arrow().types.is_dictionary(kind)) and _is_text(kind.value_type)


def _size(batch: Any) -> int:
    """The bytes of its values, without texts that rows share."""
    return sum((column.indices if _has_shared_texts(column.type) else column).nbytes for column in batch.columns)


def _slices(batch: Any) -> Iterator[Any]:
    """A batch in parts that are small enough to be made Python's values."""
    rows = len(batch)
    step = max(1, min(ROWS, rows * BYTES // max(_size(batch), 1)))
    for start in range(0, rows, step):
        yield batch.slice(start, step)


def _chunk(names: Sequence[str], columns: Sequence[Sequence[Any]], rows: int) -> Chunk:
    records: list[Any] = list(zip(*columns, strict=True)) if columns else [()] * rows
    for name, column in zip(names, columns, strict=True):
        if Unreadable not in set(map(type, column)):
            continue
        for place, value in enumerate(column):
            if type(value) is Unreadable and type(records[place]) is not Broken:
                records[place] = Broken(f"the column {name!r}: {value.detail}")
    return records


@contextmanager
def refusing(kind: str) -> Iterator[None]:
    """Faults that pyarrow finds in a file are the client's.

    :raises Malformed:
    """
    pa = load_arrow()
    try:
        yield
    except (pa.ArrowException, OSError, EOFError, ValueError, LookupError, OverflowError) as error:
        message = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise Malformed(f"the body is not {kind}: {message}", code="malformed_file") from None


class Sink:
    """A file that is only written, and gives what was written since it was last asked."""

    closed = False
    mode = "wb"

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)
