"""The files of the page: read once, compressed once, at addresses that change with their content.

All files have one hash, which is a segment of their addresses. So modules import each other by relative paths, and a
browser may keep every file for ever: another release has other addresses. A file is compressed when it is first asked
for. The files are those of the package, so memory is bounded by them: about one megabyte.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from posixpath import dirname, join, normpath

from dynmodel_pyramid.errors import ExtraMissing
from dynmodel_pyramid.exchange.codings import encoder

#: By the ending of a name. Files with other endings are not served: types for checks, for instance.
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
PACKED = (".png", ".woff2")
#: The best levels: each file is compressed once.
LEVELS = {"br": 11, "gzip": 9}
#: Bytes below which compression saves nothing.
SMALL = 1024
#: A static import of another module of the page, as they are written: with one path in double quotes.
_IMPORT = re.compile(rb'^(?:import|export)\b[^;"]*?"(\.[^"]+)";', re.MULTILINE)

#: A route in the module that starts the page: its path and its module.
_ROUTE = re.compile(rb'^route\("([^"]+)", \(\) => import\("\./([^"]+)"\)', re.MULTILINE)
START = "js/main.js"


@dataclass(slots=True)
class Asset:
    """A file, with its bytes in each coding that was asked for."""

    content: bytes
    suffix: str
    encoded: dict[str, bytes | None] = field(default_factory=dict)
    levels: Mapping[str, int] = field(default_factory=lambda: LEVELS)

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.suffix]

    def body(self, coding: str) -> bytes | None:
        """The bytes in a coding; None if there is no library for it, or it would save nothing."""
        if coding not in self.encoded:
            self.encoded[coding] = self._compressed(coding)
        return self.encoded[coding]

    def _compressed(self, coding: str) -> bytes | None:
        if self.suffix in PACKED or len(self.content) < SMALL:
            return None
        try:
            whole = encoder(coding, self.levels[coding])
        except ExtraMissing:
            return None
        return whole.encode(self.content) + whole.finish()


class Files:
    """The page's files as they are in a folder."""

    def __init__(self, folder: Path) -> None:
        self.files = {name: Asset(path.read_bytes(), path.suffix) for name, path in _paths(folder)}
        #: The document's text, which lacks addresses yet.
        self.document = self.files["index.html"].content.decode()
        whole = sha256()
        for name, asset in self.files.items():
            whole.update(f"{name}\0{len(asset.content)}\0".encode() + asset.content)
        #: Of all files: 64 bits tell releases apart.
        self.hash = whole.hexdigest()[:16]
        del self.files["index.html"]
        start = self.files.get(START)
        self._routes = [_Route(*found) for found in (() if start is None else _ROUTE.findall(start.content))]

    def imports(self, *starts: str) -> list[str]:
        """Modules and those that they need before they can run."""
        found: dict[str, None] = {}
        left = list(starts)
        while left:
            name = left.pop(0)
            if name not in found and name in self.files:
                found[name] = None
                needed = _IMPORT.findall(self.files[name].content)
                left += [normpath(join(dirname(name), near.decode())) for near in needed]
        return list(found)

    def needed(self, path: str) -> list[str]:
        """The modules that a path of the page needs, so that a browser fetches them at once."""
        route = next((route for route in self._routes if route.pattern.fullmatch(path)), None)
        if route is None:
            return self.imports(START)
        if route.needed is None:
            route.needed = self.imports(START, route.module)
        return route.needed


class _Route:
    """A route of the page: paths, and the module of their part."""

    def __init__(self, path: bytes, module: bytes) -> None:
        self.pattern = re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path.decode())))
        self.module = f"js/{module.decode()}"
        self.needed: list[str] | None = None


def _paths(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in MEDIA_TYPES and not path.name.startswith("."):
            yield path.relative_to(folder).as_posix(), path


#: Applications of one process share them; they are read when a browser first asks.
_shared = lru_cache(4)(Files)


class Assets:
    """The files that an application serves.

    :param editors: gives the modules that field types bring, by their names
    :param reload: look for changed files each time the document is asked for
    """

    def __init__(self, folder: Path, editors: Callable[[], dict[str, Asset]] = dict, *, reload: bool = False) -> None:
        self._folder, self.editors, self._reload = folder, editors, reload
        self._read: tuple[dict[str, tuple[int, int]], Files] | None = None

    def _state(self) -> dict[str, tuple[int, int]]:
        return {name: ((found := path.stat()).st_mtime_ns, found.st_size) for name, path in _paths(self._folder)}

    @property
    def current(self) -> Files:
        """The files that are served now."""
        if not self._reload:
            return _shared(self._folder)
        if self._read is None:
            self._read = self._state(), Files(self._folder)
        return self._read[1]

    def refresh(self) -> Files:
        """The files; changed ones are read again, in development."""
        if self._read is not None and self._state() != self._read[0]:
            self._read = None
        return self.current
