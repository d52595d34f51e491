"""The tests that every format of rows must pass; they need no database.

Derive a class whose name begins with ``Test``, and give it the format, and files that it can't read::

    class TestKeyValue(FormatConformance):
        format = FORMAT
        broken = [b"\\xff\\xfe\\x00"]

The suite writes rows and reads them back: names and texts with odd characters, null and the empty text, numbers, many
rows. It checks that rows are written while they come where the format says so, that files are read in parts, and that
the bounds of a document hold.
"""

import io
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.exchange.contents import Broken, DocumentContents, Reading
from dynmodel_pyramid.exchange.formats import Format, Formats

#: Rows of the test of memory.
MANY = 20_000
#: The most records of a chunk.
_CHUNK = 60_000


class FormatConformance:
    """The suite; see the module."""

    format: Format
    #: Files that are refused.
    broken: Sequence[bytes] = ()
    #: Names of columns, which all formats must keep.
    names: Sequence[str] = ("id", "Price (EUR)", "naïve", "a.b", "x;y")
    #: Texts that must come back.
    texts: Sequence[str] = ("plain", " blanks ", 'a "quote"', "a,b;c\td", "two\nlines", "é漢🙂", "NULL", "0", "=1+1")

    def written(self, names: Sequence[str], parts: Iterator[list[list[Any]]]) -> Iterator[bytes]:
        assert self.format.write is not None
        shown: Any = SimpleNamespace(names=names, texts={}, fields={}, parameters={}, title="Things")
        return self.format.write(shown).parts(parts)

    def read(self, data: bytes, **bounds: Any) -> list[dict[str | None, Any]]:
        """The documents of a file."""
        assert self.format.read is not None
        contents = self.format.read(io.BytesIO(data), Reading(**bounds))
        found: list[Any] = []
        if isinstance(contents, DocumentContents):
            found = list(contents.documents)
        else:
            for chunk in contents.chunks:
                assert len(chunk) <= _CHUNK, "chunks are parts of a file"
                found += [
                    record if isinstance(record, Broken) else dict(zip(contents.names, record, strict=True))
                    for record in chunk
                ]
        return found

    def both_ways(self, names: Sequence[str], rows: list[list[Any]]) -> list[dict[str | None, Any]]:
        if self.format.read is None or self.format.write is None:
            pytest.skip("the format goes one way only")
        return self.read(b"".join(self.written(names, iter([rows]))))

    def test_it_is_registered(self) -> None:
        formats = Formats()
        formats.register("mine", self.format)
        assert formats.named("mine") is self.format
        assert not self.format.suffix or formats.of_file(f"things{self.format.suffix}") in (self.format, None)

    def test_names_and_texts_come_back(self) -> None:
        rows = [[number, *[text] * (len(self.names) - 1)] for number, text in enumerate(self.texts)]
        found = self.both_ways(self.names, rows)
        for row, document in zip(rows, found, strict=True):
            assert list(document) == list(self.names)
            assert [str(value) for value in document.values()] == [str(value) for value in row]

    def test_null_is_not_the_empty_text(self) -> None:
        found = self.both_ways(["a", "b"], [["", None], [None, ""], ["x", "y"]])
        assert [list(document.values()) for document in found] == [["", None], [None, ""], ["x", "y"]]

    def test_no_rows(self) -> None:
        assert self.both_ways(["a", "b"], []) == []

    def test_rows_are_written_while_they_come(self) -> None:
        if self.format.write is None:
            pytest.skip("the format is not written")
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
            except Malformed as error:
                assert error.detail and error.code
            else:
                assert any(isinstance(document, Broken) for document in found), f"{data[:40]!r} was read"

    def test_longest(self) -> None:
        if self.format.read is None or self.format.write is None or not self.format.is_text:
            pytest.skip("the length of a document is that of its text")
        data = b"".join(self.written(["a", "b"], iter([[["x", "y" * 5000]]])))
        assert len(self.read(data)) == 1
        with pytest.raises(TooLarge):
            self.read(data, longest=1000)
