"""Parquet and Arrow without a table: what is read of files of other programs, and what is refused."""

import datetime
import io
import struct
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.exchange.arrow.batches import Batches
from dynmodel_pyramid.exchange.arrow.parquet import read_parquet
from dynmodel_pyramid.exchange.arrow.streams import read_stream
from dynmodel_pyramid.exchange.contents import Broken, Reading
from dynmodel_pyramid.exchange.shown import ShownField
from dynmodel_pyramid.fields.registry import read_options
from tests.document_types import installed

UTC = datetime.UTC
MOMENT = datetime.datetime(2026, 1, 31, 12, 30, 0, 250000)
DAY, CLOCK = datetime.date(2026, 1, 31), datetime.time(23, 59, 59, 500000)
NANO = 1_000_000_000


def parquet(table, **options) -> io.BytesIO:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return io.BytesIO(file.getvalue())


def stream(table, *, compression=None, write=pa.ipc.new_stream) -> io.BytesIO:
    file = io.BytesIO()
    with write(file, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table)
    return io.BytesIO(file.getvalue())


def records(contents):
    return [record for chunk in contents.chunks for record in chunk]


def values(array, make=stream, read=read_stream):
    return [record[0] for record in records(read(make(pa.table({"a": array})), Reading()))]


#: Arrays of types that other programs write, with the cells that they are.
USUAL = [
    (pa.array([None, None], pa.null()), [None, None]),
    *[
        (pa.array([1, None], pa.type_for_alias(f"{sign}int{bits}")), [1, None])
        for sign in ("", "u")
        for bits in (8, 64)
    ],
    (pa.array([2**64 - 1], pa.uint64()), [2**64 - 1]),
    *[(pa.array([1.5, None], pa.type_for_alias(name)), [1.5, None]) for name in ("float16", "float32", "float64")],
    (pa.array([True, None]), [True, None]),
    (pa.array([Decimal("1.50"), None], pa.decimal128(10, 2)), [Decimal("1.50"), None]),
    (pa.array([Decimal("1" * 60)], pa.decimal256(76, 0)), [Decimal("1" * 60)]),
    *[(pa.array(["ä", None], kind), ["ä", None]) for kind in (pa.string(), pa.large_string())],
    *[(pa.array([DAY, None], kind), [DAY, None]) for kind in (pa.date32(), pa.date64())],
    (pa.array([MOMENT.replace(microsecond=0)], pa.timestamp("s")), [MOMENT.replace(microsecond=0)]),
    (pa.array([MOMENT, None], pa.timestamp("ms")), [MOMENT, None]),
    (pa.array([MOMENT], pa.timestamp("us", "Europe/Berlin")), [MOMENT.replace(tzinfo=UTC)]),
    (pa.array([7 * NANO], pa.timestamp("ns", "UTC")), [datetime.datetime(1970, 1, 1, 0, 0, 7, tzinfo=UTC)]),
    (pa.array([CLOCK, None], pa.time32("ms")), [CLOCK, None]),
    *[(pa.array([CLOCK, None], pa.time64(unit)), [CLOCK, None]) for unit in ("us", "ns")],
    (pa.array([90_500, None], pa.duration("ms")), ["PT1M30.5S", None]),
    (pa.array(["x", None, "x"]).dictionary_encode(), ["x", None, "x"]),
    (pa.array([["a", None], None, []]), [["a", None], None, []]),
    (pa.array([[DAY], None], pa.large_list(pa.date32())), [[DAY], None]),
    (pa.array([[1, 2], None], pa.list_(pa.int8(), 2)), [[1, 2], None]),
    (pa.array([{"x": 1, "y": [DAY]}, None]), [{"x": 1, "y": [DAY]}, None]),
    (pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())), [{"k": 1}, None]),
    (pa.array([UUID(int=7).bytes, None], pa.uuid()), [str(UUID(int=7)), None]),
    (pa.array(['{"a": 1.10}', None], pa.json_(pa.string())), [{"a": 1.1}, None]),
]


@pytest.mark.parametrize(("array", "cells"), USUAL, ids=[str(array.type) for array, _ in USUAL])
def test_usual_types(array, cells):
    for compression in (None, "zstd", "lz4"):
        assert values(array, lambda table, c=compression: stream(table, compression=c)) == cells
    assert values(array.slice(1)) == cells[1:]
    assert values(array, lambda table: stream(table, write=pa.ipc.new_file)) == cells
    for options in ({}, {"store_schema": False}, {"data_page_version": "2.0", "compression": "zstd"}):
        read = values(array, lambda table, o=options: parquet(table, **o), read_parquet)
        # Without the schema of Arrow a duration is a number.
        assert read == ([90_500, None] if pa.types.is_duration(array.type) and "store_schema" in options else cells)


def test_views_of_texts():
    assert values(pa.array(["ä", None, "a text that is too long for a view"], pa.string_view()))[1:] == [
        None,
        "a text that is too long for a view",
    ]


@pytest.mark.parametrize(
    ("array", "detail"),
    [
        (pa.array([NANO + 1], pa.timestamp("ns")), "digits behind microseconds"),
        (pa.array([1], pa.time64("ns")), "digits behind microseconds"),
        (pa.array([[1]], pa.list_(pa.duration("ns"))), "digits behind microseconds"),
        (pa.array([10**12], pa.timestamp("s")), "no year from 1 to 9999"),
        (pa.array([2**30], pa.date32()), "no year from 1 to 9999"),
        (pa.array(["{"], pa.json_(pa.string())), "not JSON"),
        (pa.array([[("k", 1), ("k", 2)]], pa.map_(pa.string(), pa.int64())), "twice"),
    ],
)
def test_a_value_that_no_field_keeps(array, detail):
    [cell] = records(read_stream(stream(pa.table({"x": array})), Reading()))
    assert type(cell) is Broken and "'x'" in cell.detail and detail in cell.detail


@pytest.mark.parametrize("kind", [pa.binary(), pa.binary(4), pa.large_binary(), pa.month_day_nano_interval()])
def test_a_type_that_no_field_takes(kind):
    with pytest.raises(Malformed, match="the column 'x' has the type") as caught:
        read_stream(stream(pa.table({"x": pa.array([None], kind)})), Reading())
    assert caught.value.hint


def test_int96_is_told():
    table = pa.table({"at": pa.array([MOMENT], pa.timestamp("us"))})
    read = read_parquet(parquet(table, use_deprecated_int96_timestamps=True), Reading())
    assert read.told == {"int96": "read to the microsecond: at"}
    assert records(read) == [(MOMENT,)]


def test_declared_types():
    table = pa.table(
        {
            "n": pa.array([1], pa.int32()),
            "d": pa.array([1], pa.decimal128(10, 2)),
            "at": pa.array([1], pa.timestamp("us", "UTC")),
            "p": pa.array([{"longitude": 1.0, "latitude": 2.0}]),
            "l": pa.array([["a"]]),
        }
    )
    for read in (read_parquet(parquet(table), Reading()), read_stream(stream(table), Reading())):
        names = [None if kind is None else kind.name for kind in read.types]
        assert (list(read.names), names) == ([*table.column_names], ["integer", "decimal", "datetime", "point", "json"])
        assert read.types[1].options == {"precision": 10, "scale": 2}


# Files that grow


def test_what_a_footer_says_is_refused_before_it_is_read():
    wide = pa.table({"a": pa.nulls(100_000), "b": pa.nulls(100_000)})
    with pytest.raises(TooLarge, match="cells"):
        read_parquet(parquet(wide), Reading(most_bytes=150_000))
    zeros = pa.table({"a": ["0" * 1_000_000]})
    with pytest.raises(TooLarge, match="grows"):
        read_parquet(parquet(zeros, compression="zstd"), Reading(most_bytes=900_000))
    with pytest.raises(TooLarge, match="grows"):
        records(read_stream(stream(zeros, compression="zstd"), Reading(most_bytes=900_000)))


def test_a_footer_that_lies():
    """The size of the column is a number in the footer: another one is put in its place."""
    file = parquet(pa.table({"a": ["0" * 1_000_000]}), compression="zstd", use_dictionary=False, write_statistics=False)
    data = file.getvalue()
    size = pq.ParquetFile(file).metadata.row_group(0).column(0).total_uncompressed_size

    def varint(number):
        number, written = number * 2, b""
        while number > 0x7F:
            written, number = written + bytes([number & 0x7F | 0x80]), number >> 7
        return written + bytes([number])

    footer = struct.unpack("<I", data[-8:-4])[0]
    head, tail = data[: -8 - footer], data[-8 - footer : -8]
    assert varint(size) in tail
    lied = tail.replace(varint(size), bytes([0x82, *[0x80] * (len(varint(size)) - 2), 0x00]))
    file = io.BytesIO(head + lied + data[-8:])
    assert pq.ParquetFile(file).metadata.row_group(0).total_byte_size == 1
    file.seek(0)
    contents = read_parquet(file, Reading(most_bytes=900_000))
    with pytest.raises(TooLarge, match="grows"):
        records(contents)


@pytest.mark.parametrize("compression", ["snappy", "zstd", "gzip", "brotli", "lz4", "none"])
def test_a_long_text_in_every_row(compression):
    """A dictionary makes a small file of it, which becomes a large one in parts that are not large."""
    table = pa.table({"a": pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int32()), pa.array(["0" * 100_000]))})
    plain = parquet(table, compression=compression, store_schema=False)
    reading = Reading(most_bytes=200_000_000)
    for contents in (read_parquet(plain, reading), read_stream(stream(table), reading)):
        sizes = [sum(len(record[0]) for record in next(contents.chunks)) for _ in range(3)]
        assert max(sizes) <= 17_000_000
    plain.seek(0)
    with pytest.raises(TooLarge, match="grows"):
        records(read_parquet(plain, Reading()))
    with pytest.raises(TooLarge, match="grows"):
        records(read_stream(stream(table), Reading()))


def test_a_stream_whose_values_lead_out_of_it():
    array = pa.DictionaryArray.from_arrays(pa.array([7], pa.int32()), pa.array(["a"]), safe=False)
    with pytest.raises(Malformed):
        records(read_stream(stream(pa.table({"a": array})), Reading()))


@pytest.mark.parametrize("make", [parquet, stream], ids=["parquet", "stream"])
def test_damaged_files(make):
    """Each byte is changed in turn: there is an answer, or a domain error."""
    table = pa.table({"a": ["x", None], "n": [1, 2], "l": [["y"], None]})
    data = make(table).getvalue()
    read = read_parquet if make is parquet else read_stream
    faults = 0
    for cut in (0, 3, 7, 8, 12, 40, len(data) - 9, len(data) - 1):
        with pytest.raises(Malformed):
            records(read(io.BytesIO(data[:cut]), Reading()))
    for place in range(len(data)):
        for bits in (0xFF, 0x01, 0x80):
            changed = data[:place] + bytes([data[place] ^ bits]) + data[place + 1 :]
            try:
                records(read(io.BytesIO(changed), Reading()))
            except (Malformed, TooLarge):
                faults += 1
    assert faults > 100


def test_other_files():
    for data, hint in ((b"PARE" + b"x" * 20 + b"PARE", "encryption"), (b"a,b\n1,2\n3,4\n5,6\n", "--data-binary")):
        with pytest.raises(Malformed) as caught:
            read_parquet(io.BytesIO(data), Reading())
        assert hint in caught.value.hint
    with pytest.raises(Malformed):
        read_stream(io.BytesIO(b"a,b\n1,2\n3,4\n5,6\n"), Reading())


#: The lines of records as PostgreSQL writes them, without their parentheses.
LINES = [
    '1,"a ""b\\\\",2.50,2026-01-31,t,1e+20,2026-01-31T12:00:00Z',
    "2,,,,,,",
    '3,"",-0.01,0001-01-01,f,-0,9999-12-31T23:59:59.000001Z',
    '4,"x\ny",9,9999-12-31,,0.1,0001-01-01T00:00:00Z',
]


def test_records_are_read_as_their_values_are():
    definition = {"text": {}, "decimal": {"scale": 2}, "date": {}, "boolean": {}, "number": {}, "datetime": {}}
    types = {known.name: known.field_type for known in installed()}
    fields = {
        name: ShownField(name, types[name], read_options(types[name], options)) for name, options in definition.items()
    }
    batches = Batches(SimpleNamespace(names=["id", *fields], fields=fields))
    assert batches.records == ["integer", "text", "text", "text", "boolean", "number", "text"]
    read = batches.of_lines(LINES)
    assert read == batches.of_values(LINES)
    assert [array[0].as_py() for array in read][:4] == [1, 'a "b\\', Decimal("2.50"), DAY]
    # A day that only Python reads.
    assert batches.of_lines([LINES[0].replace("2026-01-31,", "20260131,")])[3][0].as_py() == DAY
