"""The registry of formats of rows, by media type: readers of files and writers of lists.

A format is registered under the entry-point group ``dynmodel_pyramid.row_formats``, or by ``config.add_row_format``;
the built-in ones come in by the same door (``setup.py``). A second format for a media type is refused, unless it is one
face's own (:attr:`Format.face`).
"""

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from typing import BinaryIO, NamedTuple, Protocol

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.exchange.contents import Contents, Reading
from dynmodel_pyramid.exchange.forms import Form
from dynmodel_pyramid.exchange.shown import Shown
from dynmodel_pyramid.plugins import in_order, installed, load, origin

log = logging.getLogger(__name__)

GROUP = "dynmodel_pyramid.row_formats"
#: The media type of answers where a client asks for none.
USUAL = "application/json"
#: RFC 6838, section 4.2, in lower case.
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")


#: The face of PostgREST, which has formats of its own.
REST = "rest"
_SUFFIX = re.compile(r"(?:\.[a-z0-9]+)+")


class Read(Protocol):
    """Reads a file in parts: memory is bounded by :attr:`Reading.longest`.

    Faults of the file are :class:`~dynmodel_pyramid.errors.Malformed`; faults of one document or record are
    :class:`~dynmodel_pyramid.exchange.contents.Broken` in its place. A value of a parameter that means nothing is
    :class:`~dynmodel_pyramid.errors.UnsupportedParameter`.
    """

    def __call__(self, file: BinaryIO, reading: Reading) -> Contents: ...


class Write(Protocol):
    """Makes the form of a list; a value of a parameter that means nothing is
    :class:`~dynmodel_pyramid.errors.UnsupportedParameter`.
    """

    def __call__(self, shown: Shown) -> Form: ...


@dataclass(frozen=True, slots=True)
class Format:
    """A format of rows.

    :param media_type: in lower case, without parameters
    :param read: None: the format is not read
    :param write: None: the format is not written
    :param suffix: of the names of files: ``.csv``
    :param is_text: whether files are text
    :param streams: whether rows are written while they come
    :param parameters: those of the media type that the format understands, in lower case. ``charset=utf-8`` is
        understood of every text.
    :param face: the face that has this format in the place of the usual one of its media type: :data:`REST`
    :param needs_type: the name of a field type that rows need to be in this format
    :param requires: a library that reading and writing need, and the extra that installs it
    """

    media_type: str
    read: Read | None = None
    write: Write | None = None
    suffix: str = ""
    is_text: bool = True
    streams: bool = True
    parameters: tuple[str, ...] = ()
    face: str = ""
    requires: tuple[str, str] | None = None
    needs_type: str = ""


def missing_extra(format: Format) -> str | None:
    """The extra that installs the library which the format lacks."""
    if format.requires is None:
        return None
    library, extra = format.requires
    return None if find_spec(library) is not None else extra


class Registered(NamedTuple):
    """
    :param distribution: the distribution or package that the format comes from, and its version
    """

    name: str
    format: Format
    distribution: str
    version: str


class Formats:
    """The installed formats; filled at start, read-only afterwards."""

    def __init__(self) -> None:
        self._installed: list[Registered] = []
        #: Names and causes of entry points that failed.
        self.failures: list[tuple[str, str]] = []
        #: The media types of bodies, and of lists; the usual one comes first, then texts: ``*/*`` means the first.
        self.readable: tuple[str, ...] = ()
        self.writable: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Registered]:
        return iter(self._installed)

    def __getitem__(self, media_type: str) -> Format:
        return self.of(media_type)

    def of(self, media_type: str, face: str = "") -> Format:
        """The format of a media type, at a face.

        :raises KeyError: there is none
        """
        found = {each.format.face: each.format for each in self._installed if each.format.media_type == media_type}
        return found[face if face in found else ""]

    def named(self, name: str) -> Format | None:
        """The format of this name."""
        return next((each.format for each in self._installed if each.name == name), None)

    def of_file(self, name: str) -> Format | None:
        """The format that the suffix of a file's name tells; the longest suffix decides."""
        known = [
            each.format
            for each in self._installed
            if not each.format.face and each.format.suffix and name.lower().endswith(each.format.suffix)
        ]
        return max(known, key=lambda format: len(format.suffix), default=None)

    def register(self, name: str, format: Format, distribution: str = "", version: str = "") -> None:
        """:param distribution: the distribution or package that the format comes from
        :raises ConfigurationProblem: naming the format, its origin and the fault
        """
        where = _where(name, distribution, version)
        if not isinstance(format, Format):
            raise ConfigurationProblem(f"{where}: {format!r} is no dynmodel_pyramid.exchange.formats.Format")
        if not _MEDIA_TYPE.fullmatch(format.media_type):
            raise ConfigurationProblem(f"{where}: {format.media_type!r} is no media type in lower case (RFC 6838)")
        if format.suffix and not _SUFFIX.fullmatch(format.suffix):
            raise ConfigurationProblem(f"{where}: {format.suffix!r} is no suffix such as .csv, in lower case")
        if format.read is None and format.write is None:
            raise ConfigurationProblem(f"{where}: it neither reads nor writes")
        for other in self._installed:
            known = _where(other.name, other.distribution, other.version)
            if (other.format.media_type, other.format.face) == (format.media_type, format.face):
                raise ConfigurationProblem(f"{where}: {known} serves {format.media_type} already")
            if other.name == name:
                raise ConfigurationProblem(f"{where}: {known} has that name already")
        self._installed.append(Registered(name, format, distribution, version))
        known_formats = [each.format for each in self._installed if not each.format.face]
        known_formats.sort(key=lambda known: (known.media_type != USUAL, not known.is_text))
        self.readable = tuple(known.media_type for known in known_formats if known.read is not None)
        self.writable = tuple(known.media_type for known in known_formats if known.write is not None)

    def load_entry_points(self, entry_points: Iterable[EntryPoint] | None = None) -> None:
        """Register every installed format; one that fails is logged and left out."""
        for point in installed(GROUP) if entry_points is None else in_order(entry_points):
            try:
                self.register(point.name, load(point), *origin(point))
            except ConfigurationProblem as problem:
                self.failures.append((point.name, f"{point.value}: {problem}"))
                log.error("%s = %s: %s", point.name, point.value, problem, exc_info=problem.__cause__)


def _where(name: str, distribution: str, version: str) -> str:
    source = f"{distribution} {version}".strip()
    return f"format {name!r}" + (f" of {source}" if source else "")
