"""What a workbook says of its sheets: their names, the formats of numbers, and the texts that they share."""

import re
from array import array
from collections.abc import Callable
from tempfile import TemporaryFile
from typing import IO

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange.packed import Growth
from dynmodel_pyramid.exchange.xlsx.archive import Archive, broken
from dynmodel_pyramid.exchange.xlsx.serials import kind_of
from dynmodel_pyramid.exchange.xlsx.xml import elements, local, parse, parser

#: Before the type of a relationship (ECMA-376, Transitional and Strict).
_TYPES = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/",
    "http://purl.oclc.org/ooxml/officeDocument/relationships/",
)
_MAX_SHEETS = 1000
#: Characters of shared texts that stay in memory; more of them are kept in a temporary file.
IN_MEMORY = 4_194_304
#: Bytes of a text in memory, besides its characters.
_OVERHEAD = 50
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class Sheet:
    """A sheet of cells: its name, and the part that it is."""

    def __init__(self, name: str, part: str, *, is_hidden: bool) -> None:
        self.name, self.part, self.is_hidden = name, part, is_hidden


class Workbook:
    """
    :raises Malformed: a part is missing, or damaged
    """

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.is_1904 = False
        root = _related(archive, "_rels/.rels", "").get("officeDocument", ["xl/workbook.xml"])[0]
        folder, _, name = root.rpartition("/")
        links = f"{folder}/_rels/{name}.rels"
        self._related = _related(archive, links, folder)
        self._by_id = _by_id(archive, links, folder)
        self.sheets: list[Sheet] = []
        elements(archive.read(root), root, self._found)
        if not self.sheets:
            raise broken("it has no sheet with cells")

    def _found(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "workbookPr":
            self.is_1904 = attributes.get("date1904", "0") in ("1", "true")
        elif tag == "sheet":
            links = [value for name, value in attributes.items() if local(name) == "id" != name]
            kind, part = self._by_id.get(links[0] if links else "", ("", ""))
            if kind == "worksheet" and len(self.sheets) < _MAX_SHEETS:
                hidden = attributes.get("state", "visible") != "visible"
                self.sheets.append(Sheet(attributes.get("name", ""), part, is_hidden=hidden))

    def sheet(self, name: str | None) -> Sheet:
        """The sheet of this name; without one the first that is not hidden.

        :raises Malformed: there is no such sheet; the hint lists them
        """
        if name is None:
            return next((sheet for sheet in self.sheets if not sheet.is_hidden), self.sheets[0])
        for sheet in self.sheets:
            if sheet.name.casefold() == name.casefold():
                return sheet
        names = [sheet.name for sheet in self.sheets]
        hint = f"its sheets are {', '.join(map(repr, names[:20]))}"
        raise Malformed(f"the workbook has no sheet {name!r}", code="malformed_file", hint=hint)

    def kinds(self) -> list[str | None]:
        """What the cells of each style show their numbers as (18.8.10)."""
        codes: dict[int, str] = {}
        kinds: list[str | None] = []
        within = ""

        def found(tag: str, attributes: dict[str, str]) -> None:
            nonlocal within
            if tag == "numFmt":
                codes[_integer(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
            elif tag in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
                within = tag
            elif tag == "xf" and within == "cellXfs":
                number = _integer(attributes.get("numFmtId"))
                kinds.append(kind_of(number, codes.get(number)))

        for part in self._related.get("styles", [])[:1]:
            if part in self.archive:
                elements(self.archive.read(part), part, found)
        return kinds

    def texts(self, most: int) -> "SharedTexts":
        """The texts that cells share; the caller closes them.

        :param most: the most bytes that those of all cells may have
        """
        texts = SharedTexts(Growth(most))
        try:
            for part in self._related.get("sharedStrings", [])[:1]:
                if part in self.archive:
                    _read_texts(self.archive, part, texts.add)
        except BaseException:
            texts.close()
            raise
        return texts


def _integer(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else 0


def _by_id(archive: Archive, part: str, folder: str) -> dict[str, tuple[str, str]]:
    """The type and the target of each relationship."""
    links: dict[str, tuple[str, str]] = {}

    def found(tag: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("Type", "")
        if tag == "Relationship" and kind.startswith(_TYPES) and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            is_whole = target.startswith("/") or not folder
            path = target.lstrip("/") if is_whole else f"{folder}/{target.removeprefix('./')}"
            links[attributes.get("Id", "")] = (kind.rpartition("/")[2], path)

    if part in archive:
        elements(archive.read(part), part, found)
    return links


def _related(archive: Archive, part: str, folder: str) -> dict[str, list[str]]:
    """The targets of relationships by their types."""
    related: dict[str, list[str]] = {}
    for kind, path in _by_id(archive, part, folder).values():
        related.setdefault(kind, []).append(path)
    return related


def _read_texts(archive: Archive, part: str, add: Callable[[str], None]) -> None:
    """The items of a table of texts (18.4.9): each the text of its runs, without what says how it is spoken."""
    made, text, taken, silent = parser(), list[str](), False, 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal taken, silent
        name = local(tag)
        taken = name == "t" and not silent
        silent += name == "rPh"

    def end(tag: str) -> None:
        nonlocal taken, silent
        name, taken = local(tag), False
        silent -= name == "rPh"
        if name == "si":
            add(unescaped("".join(text)))
            text.clear()

    made.StartElementHandler, made.EndElementHandler = start, end
    made.CharacterDataHandler = lambda data: text.append(data) if taken else None
    parse(made, archive.read(part), part)


def unescaped(text: str) -> str:
    """Characters that XML does not have are written as ``_x000D_`` (22.9.2.19)."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


class SharedTexts:
    """Texts by their numbers; beyond :data:`IN_MEMORY` in a temporary file.

    :param grown: counts the texts of cells: a text may be that of any number of them
    """

    def __init__(self, grown: Growth) -> None:
        self._grown = grown
        self._texts: list[str] = []
        self._size = 0
        self._file: IO[bytes] | None = None
        #: Where the texts in the file begin and end.
        self._bounds = array("Q", [0])

    def add(self, text: str) -> None:
        if self._size <= IN_MEMORY:
            self._texts.append(text)
            self._size += len(text) + _OVERHEAD
            return
        if self._file is None:
            self._file = TemporaryFile()
        data = text.encode("utf-8", "surrogatepass")
        self._file.write(data)
        self._bounds.append(self._bounds[-1] + len(data))

    def __getitem__(self, number: int) -> str:
        """
        :raises IndexError: there is no such text
        :raises TooLarge: all that were asked for are too long together
        """
        if number < 0:
            raise IndexError(number)
        place = number - len(self._texts)
        if place < 0 or self._file is None:
            text = self._texts[number]
            self._grown.add(size=len(text))
            return text
        start, end = self._bounds[place], self._bounds[place + 1]
        self._grown.add(size=end - start)
        self._file.seek(start)
        return self._file.read(end - start).decode("utf-8", "surrogatepass")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
