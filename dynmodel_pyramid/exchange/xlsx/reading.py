"""A sheet as records: its first row that is not empty has the names."""

import weakref
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange.contents import Broken, Chunk, Reading, RecordContents
from dynmodel_pyramid.exchange.packed import Growth, on_seekable
from dynmodel_pyramid.exchange.xlsx.archive import Archive
from dynmodel_pyramid.exchange.xlsx.sheet import Row, Unreadable, letters_of, rows_of
from dynmodel_pyramid.exchange.xlsx.workbook import Workbook

#: The most records, and cells, of one chunk.
_ROWS, _CELLS = 1000, 50_000


@on_seekable
def read_xlsx(file: BinaryIO, reading: Reading) -> RecordContents:
    """
    :raises Malformed: it is no workbook, it is damaged, or has no such sheet
    :raises TooLarge: it grows to more than it may
    """
    growth = Growth(reading.most_bytes)
    workbook = Workbook(Archive(file, growth))
    asked = reading.parameters.get("sheet")
    sheet = workbook.sheet(asked)
    texts = workbook.texts(reading.most_bytes)
    rows = rows_of(workbook, sheet, texts, reading.longest)
    try:
        header = next(rows, None)
        if header is None:
            raise Malformed(
                f"the sheet {sheet.name!r} is empty",
                code="malformed_file",
                hint=f"the workbook's sheets are {', '.join(repr(one.name) for one in workbook.sheets[:20])}",
            )
        first, names = _names(header)
    except BaseException:
        texts.close()
        raise

    told = {"sheet": sheet.name} if asked is None and len(workbook.sheets) > 1 else {}
    contents = RecordContents(names, _chunks(rows, first, names, growth), has_text_forms=True, told=told)
    weakref.finalize(contents.chunks, texts.close)
    return contents


def _names(header: Row) -> tuple[int, list[str | None]]:
    """The first column with a name, and the names from there on."""
    first, last = header.cells[0][0], header.cells[-1][0]
    names: list[str | None] = [None] * (last - first + 1)
    for column, value in header.cells:
        if isinstance(value, Unreadable):
            raise Malformed(
                f"the cell {letters_of(column)}{header.number} {value.detail}, where the columns have their names",
                code="malformed_file",
                hint=value.hint and value.hint(),
            )
        names[column - first] = value if isinstance(value, str) else str(value)
    return first, names


def _chunks(rows: Iterator[Row], first: int, names: Sequence[str | None], growth: Growth) -> Iterator[Chunk]:
    most = max(1, min(_ROWS, _CELLS // len(names)))
    chunk: list[Any] = []
    for row in rows:
        growth.add(cells=len(names))
        chunk.append(_record(row, first, len(names)))
        if len(chunk) == most:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _record(row: Row, first: int, width: int) -> Any:
    record: list[Any] = [None] * width
    for column, value in row.cells:
        place = column - first
        if not 0 <= place < width:
            if value == "":
                continue
            return Broken(
                f"the cell {letters_of(column)}{row.number} has a value, and its column has no name in the first row"
            )
        if type(value) is Unreadable:
            return Broken(f"the cell {letters_of(column)}{row.number} {value.detail}", hint=value.hint)
        record[place] = value
    return record
