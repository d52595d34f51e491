"""The tests that every format of rows must pass; they need no database.

Derive a class whose name begins with ``Test``, and give it the format, and files that it can't read::

    class TestKeyValue(FormatConformance):
        format = FORMAT
        broken = [b"\\xff\\xfe\\x00"]

The suite writes rows and reads them back: names and texts with odd characters, null and the empty text, values of
fields in the forms that answers have, many rows. It checks that rows are written while they come where the format says
so, that files are read in parts, and that the bounds of a document hold.
"""

import datetime
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType, SimpleNamespace
from typing import Any

import orjson
import pytest

from dynmodel_pyramid.definitions.model import FieldDefinition, TableDefinition
from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.exchange.binding import field_reader
from dynmodel_pyramid.exchange.contents import Broken, DocumentContents, Reading
from dynmodel_pyramid.exchange.formats import Format, Formats
from dynmodel_pyramid.exchange.shown import Shown
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.rows.encoding import OPTIONS

#: Rows of the test of memory.
MANY = 20_000
#: The most records of a chunk.
_CHUNK = 60_000

#: Field types, their options, and values in the forms that answers have: values of Python, or JSON texts.
FIELDS: Mapping[str, tuple[Mapping[str, Any], Sequence[Any]]] = {
    "integer": ({}, [0, -1, 2**53 + 1]),
    "number": ({}, [1.5, 0.1 + 0.2, -1e300]),
    "decimal": ({"precision": 20, "scale": 2}, ["12.50", "-0.01", "123456789012345678.90"]),
    "boolean": ({}, [True, False, True]),
    "date": ({}, ["2026-01-31", "1850-12-01", "2024-02-29"]),
    "datetime": (
        {"timezone": "Europe/Berlin"},
        [datetime.datetime(2026, 1, 31, 12, 30, 0, 250000), "2026-10-25T00:30:00Z", "1850-12-01T00:00:00Z"],
    ),
    "time": ({}, ["23:59:59", "00:00:00", "12:30:00.25"]),
    "duration": ({}, ["P1DT12H", "PT0.5S", "PT0S"]),
    "text": ({}, ["=1+1", " two\nlines ", "NULL"]),
    "choice": ({"choices": ["a", "b;c"]}, ["a", "b;c", "a"]),
    "tags": ({}, [orjson.Fragment('["a,b", "\\"c\\""]'), orjson.Fragment("[]"), orjson.Fragment('["NULL"]')]),
    "json": ({}, [orjson.Fragment('{"a": [1, null, "x"]}'), orjson.Fragment("[]"), orjson.Fragment('"text"')]),
    "point": ({}, [orjson.Fragment('{"longitude": 13.4, "latitude": 52.5}'), None, None]),
}


@cache
def _types() -> FieldTypes:
    types = FieldTypes()
    types.load_entry_points()
    return types


def _model(fields: Mapping[str, str]) -> Any:
    """Stands for a table: the field types of its fields by their names."""
    definitions = [
        FieldDefinition(number, name, kind, name, read_options(_types()[kind], dict(FIELDS[kind][0])))
        for number, (name, kind) in enumerate(fields.items(), 1)
    ]
    definition = TableDefinition(1, "Things", 1, "things", tuple(definitions))
    return SimpleNamespace(definition=definition, field_types=_types())


class FormatConformance:
    """The suite; see the module."""

    format: Format
    #: Files that are refused.
    broken: Sequence[bytes] = ()
    #: Names of columns, which all formats must keep.
    names: Sequence[str] = ("id", "Price (EUR)", "naïve", "a.b", "x;y")
    #: Texts that must come back.
    texts: Sequence[str] = ("plain", " blanks ", 'a "quote"', "a,b;c\td", "two\nlines", "é漢🙂", "NULL", "0", "=1+1")

    #: Parameters of the media type, with which all files of the suite are written and read.
    parameters: Mapping[str, str] = MappingProxyType({})
    #: A field, and its type of :data:`FIELDS`, without which no file of the format can be written.
    needed: tuple[str, str] | None = None
    #: Field types of :data:`FIELDS` whose values the format can't keep.
    lost: Sequence[str] = ()

    def written(
        self, names: Sequence[str], parts: Iterator[list[list[Any]]], fields: Mapping[str, str] = MappingProxyType({})
    ) -> Iterator[bytes]:
        """:param fields: the field types of those names that stand for fields"""
        assert self.format.write is not None
        if self.needed is not None:
            name, kind = self.needed
            names, fields, inner = [*names, name], {**fields, name: kind}, parts
            parts = ([[*row, None] for row in rows] for rows in inner)
        shown = Shown(names, _model(fields), parameters=self.parameters)
        return self.format.write(shown).parts(parts)

    def read(self, data: bytes, fields: Mapping[str, str] = MappingProxyType({}), **bounds: Any) -> list[Any]:
        """The documents of a file; values of ``fields`` are read as the fields do."""
        assert self.format.read is not None
        contents = self.format.read(io.BytesIO(data), Reading(parameters=self.parameters, **bounds))
        found: list[Any] = []
        if isinstance(contents, DocumentContents):
            found = list(contents.documents)
        else:
            readers: dict[str | None, Any] = {
                field.name: field_reader(_types()[field.type], field.options, contents)
                for field in _model(fields).definition.fields
            }
            for chunk in contents.chunks:
                assert len(chunk) <= _CHUNK, "chunks are parts of a file"
                found += [
                    record if isinstance(record, Broken) else dict(zip(contents.names, record, strict=True))
                    for record in chunk
                ]
            for document in found:
                for name, read in readers.items():
                    if read is not None and document[name] is not None:
                        document[name] = read(document[name])
        for document in found:
            if self.needed is not None and isinstance(document, dict):
                del document[self.needed[0]]
        return found

    def both_ways(self, names: Sequence[str], rows: list[list[Any]], **fields: str) -> list[dict[str | None, Any]]:
        """:param fields: as of :meth:`written`"""
        if self.format.read is None or self.format.write is None:
            pytest.skip("the format goes one way only")
        return self.read(b"".join(self.written(names, iter([rows]), fields)), fields)

    def test_it_is_registered(self) -> None:
        formats = Formats()
        formats.register("mine", self.format)
        assert formats.named("mine") is self.format
        assert not self.format.suffix or formats.of_file(f"things{self.format.suffix}") in (self.format, None)

    def test_names_and_texts_come_back(self) -> None:
        rows = [[number, *[text] * (len(self.names) - 1)] for number, text in enumerate(self.texts)]
        found = self.both_ways(self.names, rows)
        for row, document in zip(rows, found, strict=True):
            assert {name: str(value) for name, value in document.items()} == {
                name: str(value) for name, value in zip(self.names, row, strict=True)
            }

    def test_null_is_not_the_empty_text(self) -> None:
        found = self.both_ways(["a", "b"], [["", None], [None, ""], ["x", "y"]])
        assert [list(document.values()) for document in found] == [["", None], [None, ""], ["x", "y"]]

    def test_values_of_fields_come_back(self) -> None:
        kinds = [kind for kind in FIELDS if kind not in self.lost]
        columns = [[*FIELDS[kind][1], None] for kind in kinds]
        rows = [[number, *row] for number, row in enumerate(zip(*columns, strict=True), 1)]
        found = self.both_ways(["id", *kinds], rows, **{kind: kind for kind in kinds})
        assert [int(document["id"]) for document in found] == [1, 2, 3, 4]
        for kind, column in zip(kinds, columns, strict=True):
            options = read_options(_types()[kind], dict(FIELDS[kind][0]))
            value = _types()[kind].schema_node(options).deserialize
            for document, given in zip(found, column, strict=True):
                plain = json.loads(orjson.dumps(given, option=OPTIONS))
                if plain is None:
                    assert document[kind] is None
                else:
                    assert value(document[kind]) == value(plain), f"{kind}: {plain!r} was {document[kind]!r}"

    def test_no_rows(self) -> None:
        assert self.both_ways(["a", "b"], []) == []

    def test_rows_are_written_while_they_come(self) -> None:
        if self.format.write is None:
            return  # the format is not written
        given = 0

        def parts() -> Iterator[list[list[Any]]]:
            nonlocal given
            for start in range(0, MANY, 1000):
                given += 1000
                yield [[number, f"text {number}"] for number in range(start, start + 1000)]

        written = self.written(["n", "s"], parts())
        first = next(written)
        assert not self.format.streams or given < MANY, "the format says that it streams, and takes all rows at first"
        whole = first + b"".join(written)
        if self.format.read is not None:
            assert len(self.read(whole)) == MANY

    def test_is_text(self) -> None:
        if self.format.write is not None and self.format.is_text:
            b"".join(self.written(["a"], iter([[["é"]]]))).decode("utf-8-sig")

    def test_broken_files_are_refused(self) -> None:
        for data in self.broken:
            try:
                found = self.read(data)
            except (Malformed, TooLarge) as error:
                assert error.detail and error.code
            else:
                assert any(isinstance(document, Broken) for document in found), f"{data[:40]!r} was read"

    def test_longest(self) -> None:
        if self.format.read is None or self.format.write is None or not self.format.is_text:
            return  # the length of a document is that of its text
        data = b"".join(self.written(["a", "b"], iter([[["x", "y" * 5000]]])))
        assert len(self.read(data)) == 1
        with pytest.raises(TooLarge):
            self.read(data, longest=1000)
