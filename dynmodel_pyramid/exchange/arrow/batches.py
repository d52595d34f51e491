"""Lists of rows -> Arrow's batches. On PostgreSQL rows of plain values come as the texts of records.

pyarrow's reader of CSV reads them, with its values' types, without a Python value for each: 2 us for 20 of them instead
of 9. A record is a line of CSV in parentheses: what is neither null nor plain is quoted, and a quote or backslash
within is written twice (PostgreSQL manual, "Composite Type Input and Output Syntax").
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dynmodel_pyramid.exchange.arrow.columns import columns_of, load_arrow, schema_of
from dynmodel_pyramid.exchange.arrow.records import ROWS
from dynmodel_pyramid.exchange.forms import Rows
from dynmodel_pyramid.exchange.shown import Shown
from dynmodel_pyramid.rows.prepared import Records

#: About how many characters are read at once.
_SIZE = 4_194_304
_MARK = b"\xef\xbb\xbf"
_VALUE = re.compile(r'(?:"((?:[^"\\]|""|\\\\)*)"|([^,"]*))(?:,|$)')
_DOUBLED = re.compile(r'""|\\\\')
_KINDS: Mapping[str | None, Callable[[str], Any]] = {
    "text": str,
    "integer": int,
    "number": float,
    "boolean": lambda text: text == "t",
}


class Batches:
    """Makes batches of rows; ``records`` are the kinds of its columns, if it takes records too."""

    def __init__(self, shown: Shown) -> None:
        self._columns = columns_of(shown)
        self.schema = schema_of(shown, self._columns)
        self._types = {str(place): column.type for place, column in enumerate(self._columns)}
        kinds = [column.kind for column in self._columns if column.kind is not None]
        self.records = kinds if len(kinds) == len(self._columns) else None

    def of(self, rows: Rows) -> Iterator[Any]:
        """The batches of one part, of at most :data:`ROWS` rows."""
        for start in range(0, len(rows), ROWS):
            part = rows[start : start + ROWS]
            if isinstance(rows, Records):
                yield from self._of_records(part)
            else:
                yield self._batch(self._arrays(part))

    def _batch(self, arrays: Sequence[Any]) -> Any:
        return load_arrow().record_batch(arrays, schema=self.schema)

    def _arrays(self, rows: Rows) -> list[Any]:
        return [column.array(part) for column, part in zip(self._columns, zip(*rows, strict=True), strict=True)]

    def _of_records(self, rows: Rows) -> Iterator[Any]:
        lines = [text[1:-1] for (text,) in rows]
        step = max(1, len(lines) * _SIZE // max(sum(map(len, lines)), 1))
        for start in range(0, len(lines), step):
            yield self._batch(self.of_lines(lines[start : start + step]))

    def of_lines(self, lines: Sequence[str]) -> list[Any]:
        """The arrays of records without their parentheses."""
        try:
            return self._read(lines)
        except load_arrow().ArrowInvalid:
            # What only Python's own types read, or refuse.
            return self.of_values(lines)

    def _read(self, lines: Sequence[str]) -> list[Any]:
        pa, csv = load_arrow(), load_arrow("pyarrow.csv")
        data = "\n".join([*lines, ""]).encode()
        if data.startswith(_MARK):
            data = _MARK + data  # the reader takes one away
        table = csv.read_csv(
            pa.py_buffer(data),
            read_options=csv.ReadOptions(use_threads=False, column_names=list(self._types), block_size=len(data) + 1),
            parse_options=csv.ParseOptions(escape_char="\\", newlines_in_values=True, ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(
                check_utf8=False,
                column_types=self._types,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                true_values=["t"],
                false_values=["f"],
            ),
            memory_pool=pa.system_memory_pool(),
        )
        if len(table) != len(lines):
            raise pa.ArrowInvalid
        return [column.chunk(0) if column.num_chunks == 1 else column.combine_chunks() for column in table.columns]

    def of_values(self, lines: Sequence[str]) -> list[Any]:
        """The same arrays by Python's values."""
        return self._arrays(list(map(self._values, lines)))

    def _values(self, line: str) -> list[Any]:
        values: list[Any] = []
        place = 0
        for column in self._columns:
            found = _VALUE.match(line, place)
            if found is None:
                raise ValueError("a record is not as PostgreSQL writes it")
            quoted, plain = found.groups()
            text = _DOUBLED.sub(lambda pair: pair[0][0], quoted) if plain is None else plain or None
            values.append(None if text is None else _KINDS[column.kind](text))
            place = found.end()
        return values
