"""Rows as a workbook of one sheet.

The workbook is made in a temporary file before its first byte is sent, so that a value that does not fit is an answer.
"""

import zipfile
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import IO

from dynmodel_pyramid.errors import Unwritable
from dynmodel_pyramid.exchange.formats import Format
from dynmodel_pyramid.exchange.forms import Form, Rows
from dynmodel_pyramid.exchange.shown import Shown
from dynmodel_pyramid.exchange.xlsx import MAX_COLUMNS, MAX_ROWS, MEDIA_TYPE
from dynmodel_pyramid.exchange.xlsx.cells import kind_of
from dynmodel_pyramid.exchange.xlsx.package import SHEET, SHEET_END, package_parts, sheet_head
from dynmodel_pyramid.exchange.xlsx.reading import read_xlsx
from dynmodel_pyramid.exchange.xlsx.sheet import letters_of

_CHUNK = 65_536
#: Higher levels take twice the time for a tenth less.
_LEVEL = 1


class XlsxForm(Form):
    """A workbook.

    :raises Unwritable: there are too many columns
    """

    content_type = MEDIA_TYPE
    is_made_first = True

    def __init__(self, shown: Shown) -> None:
        if len(shown.names) > MAX_COLUMNS:
            raise Unwritable(f"a sheet has at most {MAX_COLUMNS} columns", hint="choose fields by select=")
        fields, texts = shown.fields, shown.texts
        kinds = [kind_of(fields.get(name), texts.get(name)) for name in shown.names]
        formats = list(dict.fromkeys(kind.format for kind in kinds if kind.format))
        styles = {"": 0, **{format: number for number, format in enumerate(formats, 1)}}
        self._parts = package_parts(shown.parameters.get("sheet") or shown.title, formats)
        self._cells = [(letters_of(at), kind.cell(styles[kind.format])) for at, kind in enumerate(kinds)]
        self._head = sheet_head([kind.width for kind in kinds], shown.names)

    def parts(self, parts: Iterable[Rows]) -> Iterator[bytes]:
        with TemporaryFile() as file:
            # Nothing is sent yet, but whoever waits for the bytes may stop here.
            for _ in self._written(file, parts):
                yield b""
            file.seek(0)
            while data := file.read(_CHUNK):
                yield data

    def _written(self, file: IO[bytes], parts: Iterable[Rows]) -> Iterator[None]:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            for name, text in self._parts.items():
                archive.writestr(name, text)
            with archive.open(SHEET, "w", force_zip64=True) as sheet:
                sheet.write(self._head.encode())
                number = 1
                for rows in parts:
                    if number + len(rows) > MAX_ROWS:
                        raise Unwritable(
                            f"the list has more than {MAX_ROWS - 1} rows, which is all that a sheet holds",
                            hint="ask for parts by limit and offset, or for another format",
                        )
                    sheet.write(self._rows(rows, number).encode("utf-8"))
                    number += len(rows)
                    yield
                sheet.write(SHEET_END)

    def _rows(self, rows: Rows, number: int) -> str:
        written: list[str] = []
        for row in rows:
            number += 1
            written.append(f'<row r="{number}">')
            for value, (letters, write) in zip(row, self._cells, strict=True):
                if value is not None:
                    written.append(f'<c r="{letters}{number}"{write(value)}')
            written.append("</row>")
        return "".join(written)


XLSX_FORMAT = Format(
    MEDIA_TYPE, read_xlsx, XlsxForm, suffix=".xlsx", is_text=False, streams=False, parameters=("sheet",)
)
