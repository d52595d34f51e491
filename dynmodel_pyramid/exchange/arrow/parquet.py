"""Parquet: a row group at a time is read and written."""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange.arrow.batches import Batches
from dynmodel_pyramid.exchange.arrow.columns import ARROW, load_arrow
from dynmodel_pyramid.exchange.arrow.pages import (
    BYTE_ARRAY,
    DELTA_BYTE_ARRAY,
    DICTIONARIES,
    INT96,
    Group,
    broken,
    groups_of,
    longest_text,
    pages_of,
)
from dynmodel_pyramid.exchange.arrow.records import BYTES, ROWS, Sink, records_of, refusing
from dynmodel_pyramid.exchange.contents import Reading, RecordContents
from dynmodel_pyramid.exchange.formats import Format
from dynmodel_pyramid.exchange.forms import Form, Rows
from dynmodel_pyramid.exchange.packed import Growth, on_seekable
from dynmodel_pyramid.exchange.shown import Shown

MEDIA_TYPE = "application/vnd.apache.parquet"
#: The most rows of a written row group, and about how many bytes of memory.
GROUP_ROWS, GROUP_BYTES = 50_000, 4_194_304
_MAX_TEXT, _MAX_LIST, _MAX_DEPTH = 1_048_576, 1_000_000, 32
#: Bytes read at a time of a column.
_BUFFER = 65_536
#: Bytes of a dictionary that is not looked into.
_SHORT = 8192


@on_seekable
def read_parquet(file: BinaryIO, reading: Reading) -> RecordContents:
    """
    :raises Malformed: the file is not Parquet, or a column is of no use
    :raises TooLarge: by its footer it grows to more than it may
    """
    groups = groups_of(file)
    _refuse_growth(groups, reading)
    parquet, pa = load_arrow("pyarrow.parquet"), load_arrow()
    with refusing("Parquet"):
        opened = parquet.ParquetFile(
            file,
            buffer_size=_BUFFER,
            pre_buffer=False,
            thrift_string_size_limit=_MAX_TEXT,
            thrift_container_size_limit=_MAX_LIST,
            schema_depth_limit=_MAX_DEPTH,
            # The finest unit of INT96 in which all days can be told.
            coerce_int96_timestamp_unit="us",
        )
        schema = opened.schema_arrow

    def batches() -> Iterator[Any]:
        growth = Growth(reading.most_bytes)
        for number, group in enumerate(groups):
            size = _rows_of_batch(file, group, growth)
            yield from opened.iter_batches(batch_size=size, row_groups=[number], use_threads=False)
        pa.system_memory_pool().release_unused()

    records = records_of(schema, batches(), reading, "Parquet")
    moments = dict.fromkeys(part.path for group in groups for part in group.parts if part.kind == INT96)
    if moments:
        records.told["int96"] = f"read to the microsecond: {', '.join(moments)}"
    return records


def _refuse_growth(groups: list[Group], reading: Reading) -> None:
    """Refuse a file by what its footer says."""
    growth = Growth(reading.most_bytes)
    for group in groups:
        growth.add(size=group.size, cells=group.rows * max(1, len(group.parts)))


def _rows_of_batch(file: BinaryIO, group: Group, growth: Growth) -> int:
    """How many rows of a group to read at a time, by what its pages grow to.

    :raises Malformed: the pages are not what the footer says
    :raises TooLarge: they grow to more than they may
    """
    total = most_of_row = 0
    place = file.tell()
    for part in group.parts:
        values = 0
        for page in pages_of(file, part):
            growth.add(size=page.size)
            total += page.size
            values += page.values
            if page.packed and part.kind == BYTE_ARRAY:
                # A text of a dictionary may stand in all rows.
                most_of_row = max(most_of_row, longest_text(file, part, page) if page.size > _SHORT else page.size)
            if page.encoding == DELTA_BYTE_ARRAY:
                # Each value may be as long as the page.
                most_of_row = max(most_of_row, page.size)
            if page.encoding in DICTIONARIES and not part.encodings & DICTIONARIES:
                raise _contradiction()
        if values > part.values:
            raise _contradiction()
    file.seek(place)
    size = min(ROWS, max(1, BYTES * group.rows // max(total, 1)))
    return min(size, max(1, 16 * BYTES // most_of_row)) if most_of_row else size


def _contradiction() -> Malformed:
    return broken("its pages contradict its footer")


class ParquetForm(Form):
    """Row groups of at most :data:`GROUP_ROWS` rows, of fewer if the rows are wide."""

    content_type = MEDIA_TYPE

    def __init__(self, shown: Shown) -> None:
        self._batches = Batches(shown)
        self.records = self._batches.records

    def parts(self, parts: Iterable[Rows]) -> Iterator[bytes]:
        parquet, pa = load_arrow("pyarrow.parquet"), load_arrow()
        sink, rows, size = Sink(), 0, 0
        held: list[Any] = []
        schema = self._batches.schema
        writer = parquet.ParquetWriter(
            pa.PythonFile(sink, "w"), schema, data_page_size=262_144, dictionary_pagesize_limit=262_144
        )

        def write() -> bytes:
            table = pa.Table.from_batches(held, schema)
            writer.write_table(table, row_group_size=max(rows, 1))
            held.clear()
            return sink.take()

        for part in parts:
            for batch in self._batches.of(part):
                if held and (rows + len(batch) > GROUP_ROWS or size + batch.nbytes > GROUP_BYTES):
                    yield write()
                    rows = size = 0
                held.append(batch)
                rows, size = rows + len(batch), size + batch.nbytes
            yield b""
        if held:
            yield write()
        writer.close()
        yield sink.take()
        pa.system_memory_pool().release_unused()


PARQUET_FORMAT = Format(MEDIA_TYPE, read_parquet, ParquetForm, suffix=".parquet", is_text=False, requires=ARROW)
