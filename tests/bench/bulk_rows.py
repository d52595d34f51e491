"""The table of the measurements of bulk imports and exports, and files with its rows."""

import csv
import datetime
import itertools
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

COUNTRIES = ["AT", "CH", "DE", "FR", "IT", "NL", "PL", "US"]
STATES = ["open", "packed", "sent", "returned"]
#: 20 fields, with rules and indexes as somebody would define them.
FIELDS: dict[str, Any] = {
    "number": {"type": "string", "max_length": 20, "required": True, "unique": True},
    "customer": {"type": "string", "max_length": 100, "required": True},
    "street": "string",
    "city": {"type": "string", "max_length": 80},
    "country": {"type": "choice", "choices": COUNTRIES},
    "email": "email",
    "state": {"type": "choice", "choices": STATES, "required": True, "default": "open"},
    "note": "text",
    "pieces": {"type": "integer", "min": 0},
    "year": {"type": "integer", "min": 1900, "max": 2100},
    "weight": "number",
    "ratio": {"type": "number", "min": 0, "max": 1},
    "price": {"type": "decimal", "scale": 2},
    "tax": {"type": "decimal", "scale": 4, "min": "0"},
    "is_paid": "boolean",
    "is_gift": "boolean",
    "ordered_on": {"type": "date", "index": True},
    "due": "date",
    "ordered_at": "datetime",
    "token": "uuid",
}
MEDIA_TYPES = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
#: Rows of a Parquet file's row group.
GROUP = 50_000
_DAY = datetime.date(2015, 1, 1)
_MOMENT = datetime.datetime(2015, 1, 1, tzinfo=datetime.UTC)
_WORDS = "pale green wooden box of small parts, Größe 12, with a lid that closes; fragile and heavy".split()


def rows(count: int) -> Iterator[tuple[Any, ...]]:
    """Rows as Python values; some are null."""
    for number in range(count):
        mixed = number * 2_654_435_761 % 4_294_967_296  # Knuth's multiplicative hash: looks random, costs nothing
        yield (
            f"A-{number:09}",
            f"{_WORDS[mixed % 16].title()} {_WORDS[mixed // 16 % 16].title()} {mixed % 9973}",
            f"Lange Straße {mixed % 300}",
            f"City of {_WORDS[mixed // 7 % 16].title()}",
            COUNTRIES[mixed % 8],
            f"someone.{mixed % 1_000_000}@example.com" if mixed % 10 else None,
            STATES[mixed // 8 % 4],
            " ".join(_WORDS[mixed % 5 : mixed % 5 + 3 + mixed % 9]) if mixed % 3 else None,
            mixed % 1000,
            1950 + mixed % 100,
            mixed / 7,
            mixed % 1024 / 1024,
            Decimal(mixed % 10_000_000).scaleb(-2),
            Decimal(mixed % 99_999).scaleb(-4),
            mixed % 3 == 0,
            mixed % 50 == 0 if mixed % 4 else None,
            _DAY + datetime.timedelta(mixed % 4000),
            _DAY + datetime.timedelta(mixed % 5000) if mixed % 6 else None,
            _MOMENT + datetime.timedelta(seconds=mixed % 300_000_000, milliseconds=mixed % 1000),
            UUID(int=mixed << 96 | 1 << 78 | 1 << 63 | number),
        )


def _texts(row: tuple[Any, ...]) -> list[Any]:
    """The JSON values of a row."""
    return [
        value if value is None or type(value) in (str, int, float, bool) else _text(value).replace("+00:00", "Z")
        for value in row
    ]


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def _write_json(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number, row in enumerate(rows(count)):
            file.write("[\n" if number == 0 else ",\n")
            file.write(json.dumps(dict(zip(FIELDS, _texts(row), strict=True)), ensure_ascii=False))
        file.write("\n]\n")


def _write_ndjson(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows(count):
            file.write(json.dumps(dict(zip(FIELDS, _texts(row), strict=True)), ensure_ascii=False) + "\n")


def _write_csv(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        for row in rows(count):
            texts = _texts(row)
            writer.writerow([str(value).lower() if type(value) is bool else value for value in texts])


def _schema() -> Any:
    import pyarrow as pa

    types = {
        **{name: pa.int64() for name in ("pieces", "year")},
        **{name: pa.float64() for name in ("weight", "ratio")},
        "price": pa.decimal128(18, 2),
        "tax": pa.decimal128(18, 4),
        **{name: pa.bool_() for name in ("is_paid", "is_gift")},
        **{name: pa.date32() for name in ("ordered_on", "due")},
        "ordered_at": pa.timestamp("us", tz="UTC"),
    }
    return pa.schema([(name, types.get(name, pa.string())) for name in FIELDS])


def _write_parquet(path: Path, count: int) -> None:
    import pyarrow.parquet as pq

    schema = _schema()
    with pq.ParquetWriter(path, schema) as writer:
        for table in _tables(schema, count, GROUP):
            writer.write_table(table)


def _tables(schema: Any, count: int, size: int) -> Iterator[Any]:
    """The rows as tables of Arrow, with so many rows each."""
    import pyarrow as pa

    source = rows(count)
    while part := list(itertools.islice(source, size)):
        columns = dict(zip(FIELDS, zip(*part, strict=True), strict=True))
        columns["token"] = tuple(map(str, columns["token"]))
        yield pa.table({name: list(columns[name]) for name in FIELDS}, schema=schema)


def _write_arrow(path: Path, count: int) -> None:
    import pyarrow as pa

    schema = _schema()
    with pa.ipc.new_stream(path, schema) as writer:
        for table in _tables(schema, count, 10_000):
            writer.write_table(table)


def _write_xlsx(path: Path, count: int) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        sheet, moment = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
        sheet.write_row(0, 0, FIELDS)
        for number, row in enumerate(rows(count), 1):
            for column, value in enumerate(row):
                if isinstance(value, datetime.datetime):
                    sheet.write_datetime(number, column, value.replace(tzinfo=None), moment)
                else:
                    sheet.write(number, column, str(value) if isinstance(value, UUID) else value)


WRITERS: dict[str, Callable[[Path, int], None]] = {
    "json": _write_json,
    "ndjson": _write_ndjson,
    "csv": _write_csv,
    "parquet": _write_parquet,
    "arrow": _write_arrow,
    "xlsx": _write_xlsx,
}
