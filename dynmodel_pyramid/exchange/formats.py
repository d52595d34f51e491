"""The registry of formats of rows, by media type: readers of files and writers of lists.

A format is registered under the entry-point group ``dynmodel_pyramid.formats``, or by ``config.add_row_format``; the
built-in ones come in by the same door (``setup.py``). A second format for a media type is refused.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import BinaryIO, NamedTuple, Protocol

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.exchange.forms import Form
from dynmodel_pyramid.exchange.outgoing import Texts
from dynmodel_pyramid.plugins import in_order, installed, load, origin
from dynmodel_pyramid.rows.entries import Columns
from dynmodel_pyramid.rows.imports import Document
from dynmodel_pyramid.rows.service import Rows

log = logging.getLogger(__name__)

GROUP = "dynmodel_pyramid.formats"
#: The media type of answers where a client asks for none.
USUAL = "application/json"
#: RFC 6838, section 4.2, in lower case.
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")


class Incoming(NamedTuple):
    """The documents in a file. ``is_one``: the file is a single document, which is answered as one row."""

    documents: Iterable[Document]
    is_one: bool = False


class Read(Protocol):
    """Reads a file in parts: memory is bounded by ``longest``, the bytes or characters that one document may have.

    Faults of the file are :class:`~dynmodel_pyramid.errors.Malformed`; faults of one document are part of it.
    """

    def __call__(self, file: BinaryIO, rows: Rows, columns: Columns, longest: int) -> Incoming: ...


class Write(Protocol):
    """Makes the form of a list whose rows have values under these names; ``texts`` makes the text forms of values."""

    def __call__(self, names: Sequence[str], texts: Callable[[], Texts]) -> Form: ...


@dataclass(frozen=True, slots=True)
class Format:
    """A format of rows. ``None`` for a reader or writer: the format is not read, or not written."""

    media_type: str
    read: Read | None = None
    write: Write | None = None


class Formats:
    """The installed formats by media type; filled at start, read-only afterwards."""

    def __init__(self) -> None:
        self._formats: dict[str, Format] = {}
        self._origins: dict[str, str] = {}
        #: The media types of bodies, and of lists; the usual one comes first.
        self.readable: tuple[str, ...] = ()
        self.writable: tuple[str, ...] = ()

    def __getitem__(self, media_type: str) -> Format:
        return self._formats[media_type]

    def __iter__(self) -> Iterator[Format]:
        return iter(self._formats.values())

    def register(self, name: str, format: Format, source: str = "") -> None:
        """:param source: the distribution or package that the format comes from
        :raises ConfigurationProblem: naming the format, its origin and the fault
        """
        where = f"format {name!r}" + (f" of {source}" if source else "")
        if not isinstance(format, Format):
            raise ConfigurationProblem(f"{where}: {format!r} is no dynmodel_pyramid.exchange.formats.Format")
        if not _MEDIA_TYPE.fullmatch(format.media_type):
            raise ConfigurationProblem(f"{where}: {format.media_type!r} is no media type in lower case (RFC 6838)")
        if format.read is None and format.write is None:
            raise ConfigurationProblem(f"{where}: it neither reads nor writes")
        if format.media_type in self._formats:
            other = self._origins[format.media_type]
            raise ConfigurationProblem(f"{where}: {other} serves {format.media_type} already")
        self._formats[format.media_type], self._origins[format.media_type] = format, where
        known = sorted(self._formats.values(), key=lambda registered: registered.media_type != USUAL)
        self.readable = tuple(registered.media_type for registered in known if registered.read is not None)
        self.writable = tuple(registered.media_type for registered in known if registered.write is not None)

    def load_entry_points(self, entry_points: Iterable[EntryPoint] | None = None) -> None:
        """Register every installed format; one that fails is logged and left out."""
        for point in installed(GROUP) if entry_points is None else in_order(entry_points):
            try:
                self.register(point.name, load(point), " ".join(origin(point)).strip())
            except ConfigurationProblem as problem:
                log.error("%s = %s: %s", point.name, point.value, problem, exc_info=problem.__cause__)
