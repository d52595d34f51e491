"""What workbooks cost: 1,000,000 cells read and written by this package and by other libraries, in one run.

python -m tests.bench.workbooks [--rows 100000]

Each way has a process of its own. It prints the seconds of processor time, and by how much the peak of memory grew. The
file that is read has its texts in a table of shared ones, as Excel writes them.
"""

import argparse
import datetime
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import openpyxl
import python_calamine
import xlsxwriter

from dynmodel_pyramid.exchange.contents import Reading
from dynmodel_pyramid.exchange.shown import ShownField
from dynmodel_pyramid.exchange.xlsx.reading import read_xlsx
from dynmodel_pyramid.exchange.xlsx.writing import XlsxForm
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.fields.registry import read_options

COLUMNS = {
    **dict.fromkeys(("number", "other"), "integer"),
    **dict.fromkeys(("price", "weight"), "number"),
    **dict.fromkeys(("name", "city", "note", "code"), "text"),
    "day": "date",
    "sold": "boolean",
}
#: Rows of one part of a list.
PART = 1000
_DAY = datetime.date(2020, 1, 1)


def rows(count: int, *, day: Callable[[datetime.date], Any] = lambda value: value) -> Iterator[list[Any]]:
    for n in range(count):
        texts = [f"customer {n}", f"city {n % 311}", f"note {n * 7919 % 9973}", f"C-{n % 5000:05}"]
        yield [n, n * n % 10**9, n % 1000 + 0.25, n / 7, *texts, day(_DAY + datetime.timedelta(n % 2000)), n % 3 == 0]


def _parts(count: int) -> Iterator[list[list[Any]]]:
    source = rows(count, day=datetime.date.isoformat)
    for _ in range(0, count, PART):
        yield [row for _, row in zip(range(PART), source, strict=False)]


def write_ours(path: Path, count: int) -> None:
    types = FieldTypes()
    types.load_entry_points()
    fields = {name: ShownField(kind, types[kind], read_options(types[kind], {})) for name, kind in COLUMNS.items()}
    none: Any = MappingProxyType({})
    shown: Any = SimpleNamespace(names=list(COLUMNS), title="Sale", fields=fields, texts=none, parameters=none)
    with path.open("wb") as file:
        for part in XlsxForm(shown).parts(_parts(count)):
            file.write(part)


def write_xlsxwriter(path: Path, count: int, *, constant_memory: bool = True) -> None:
    with xlsxwriter.Workbook(str(path), {"constant_memory": constant_memory}) as book:
        sheet, format = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, list(COLUMNS))
        for number, row in enumerate(rows(count), 1):
            for column, value in enumerate(row):
                if isinstance(value, datetime.date):
                    sheet.write_datetime(number, column, value, format)
                else:
                    sheet.write(number, column, value)


def write_openpyxl(path: Path, count: int) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(list(COLUMNS))
    for row in rows(count):
        sheet.append(row)
    book.save(path)


def read_ours(path: Path, count: int) -> None:
    with path.open("rb") as file:
        contents = read_xlsx(file, Reading(most_bytes=10**9))
        assert sum(len(chunk) for chunk in contents.chunks) == count


def read_calamine(path: Path, count: int) -> None:
    sheet = python_calamine.load_workbook(io.BytesIO(path.read_bytes())).get_sheet_by_index(0)
    assert sum(1 for _ in sheet.iter_rows()) == count + 1


def read_openpyxl(path: Path, count: int) -> None:
    book = openpyxl.load_workbook(path, read_only=True)
    assert sum(1 for _ in book.active.iter_rows(values_only=True)) == count + 1
    book.close()


WAYS: dict[str, Callable[[Path, int], None]] = {
    way.__name__: way for way in (read_ours, read_calamine, read_openpyxl, write_ours, write_xlsxwriter, write_openpyxl)
}


def _measure(way: str, path: Path, count: int) -> None:
    before, begun = _peak(), time.process_time()
    WAYS[way](path, count)
    used = time.process_time() - begun
    print(f"| {way} | {used:.1f} | {_peak() - before:.0f} |", flush=True)


def _peak() -> float:
    """The most memory that this process has had, in MB. getrusage tells that of the process before exec, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure reading and writing of workbooks.")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of ten cells")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if args.only is not None:
        _measure(args.only, args.file, args.rows)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        shared = Path(folder, "shared.xlsx")
        write_xlsxwriter(shared, args.rows, constant_memory=False)
        print("| way | s of processor | MB |\n| --- | --- | --- |", flush=True)
        for _ in range(args.rounds):
            for way in WAYS:
                file = shared if way.startswith("read") else Path(folder, "written.xlsx")
                command = [sys.executable, "-m", __spec__.name, "--rows", str(args.rows), "--only", way]
                subprocess.run([*command, "--file", str(file)], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
