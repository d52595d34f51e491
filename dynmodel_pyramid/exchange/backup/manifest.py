"""``manifest.json``: what a backup holds, with counts and checksums."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, cast

from dynmodel_pyramid.errors import DynmodelError, Malformed
from dynmodel_pyramid.exchange.backup.archives import Source
from dynmodel_pyramid.exchange.documents import parse_json

NAME = "manifest.json"
SCHEMA = "schema.json"
KIND, VERSION = "dynmodel-backup", 1
#: The most bytes of the manifest and of the schema.
_LONGEST = 256 * 1024 * 1024
_CHUNK = 1 << 20
_ROWS = re.compile(r"rows/[1-9]\d{0,15}\.ndjson")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a backup.

    :param table: the model's name of the table whose rows it has; None: the schema
    """

    file: str
    bytes: int
    sha256: str
    rows: int = 0
    table: str | None = None


class Sealed:
    """A file that is written, with its size and checksum."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._digest, self._size = file, hashlib.sha256(), 0

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._size += len(data)

    def part(self, name: str, rows: int = 0, table: str | None = None) -> Part:
        return Part(name, self._size, self._digest.hexdigest(), rows, table)


def document(parts: list[Part], made: str, revision: int) -> bytes:
    """The text of a manifest."""
    manifest = {"kind": KIND, "version": VERSION, "made": made, "revision": revision}
    schema, *tables = [asdict(part) for part in parts]
    return json.dumps({**manifest, "schema": schema, "tables": tables}, indent=1, ensure_ascii=False).encode()


def read(source: Source) -> list[Part]:
    """The files of a backup, the schema first, each with the checksum that the manifest says.

    :raises Malformed: it is no backup, or not whole
    """
    found = _whole(source, NAME)
    if type(found) is not dict or found.get("kind") != KIND:
        raise Malformed("this is no backup: manifest.json has another kind")
    if found.get("version") != VERSION:
        raise Malformed(f"the backup is of version {found.get('version')}, and this release reads version {VERSION}")
    try:
        parts = [Part(**found["schema"]), *[Part(**table) for table in found["tables"]]]
        names = [part.table for part in parts[1:]]
        files = [part.file for part in parts[1:]]
        is_right = (
            all(type(part.bytes) is int and type(part.rows) is int and _SHA256.fullmatch(part.sha256) for part in parts)
            and parts[0].file == SCHEMA
            and all(type(name) is str for name in names)
            and all(_ROWS.fullmatch(file) for file in files)
            and len(set(names)) == len(names)
        )
    except (KeyError, TypeError):
        is_right = False
    if not is_right:
        raise Malformed("manifest.json is damaged")
    for part in parts:
        _refuse_damaged(source, part)
    return parts


def _refuse_damaged(source: Source, part: Part) -> None:
    digest, size = hashlib.sha256(), 0
    with opened(source, part.file) as file:
        for data in iter(lambda: file.read(_CHUNK), b""):
            digest.update(data)
            size += len(data)
    if (size, digest.hexdigest()) != (part.bytes, part.sha256):
        raise Malformed(f"{part.file} is damaged: it is not what manifest.json says")


def opened(source: Source, name: str) -> BinaryIO:
    """:raises Malformed: there is no such file"""
    try:
        return source.open(name)
    except KeyError:
        raise Malformed(f"this is no whole backup: {name} is missing") from None


def schema_of(source: Source) -> dict[str, Any]:
    return cast(dict[str, Any], _whole(source, SCHEMA))


def _whole(source: Source, name: str) -> Any:
    with opened(source, name) as file:
        text = file.read(_LONGEST + 1)
    if len(text) > _LONGEST:
        raise Malformed(f"{name} is too long")
    try:
        return parse_json(text)
    except DynmodelError as error:
        raise Malformed(f"{name}: {error.detail}") from None


def lines(file: BinaryIO, longest: int) -> Iterator[Any]:
    """The documents of a file of rows.

    :raises Malformed: naming the line
    """
    number = 0
    while text := file.readline(longest + 1):
        number += 1
        try:
            yield parse_json(text)
        except DynmodelError as error:
            raise Malformed(f"line {number}: {error.detail}") from None
