"""Where the files of a backup are: a folder, or an archive of the kind zip or tar."""

import io
import lzma
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Protocol, cast

from dynmodel_pyramid.errors import Malformed

#: The suffixes of archives, and how tar packs them.
_TAR = {".tar": "", ".tar.gz": "gz", ".tgz": "gz", ".tar.xz": "xz"}
_ZIP = ".zip"
#: What archives raise that are damaged or cut off.
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError)


class Target(Protocol):
    """Takes the files of a backup, one after the other."""

    def file(self, name: str) -> AbstractContextManager[BinaryIO]: ...


class Source(Protocol):
    """Gives the files of a backup."""

    def open(self, name: str) -> BinaryIO:
        """:raises KeyError: there is no such file"""


def is_archive(path: str) -> bool:
    """Whether the name is that of an archive."""
    return path.lower().endswith((_ZIP, *_TAR))


def _packing(path: str) -> str | None:
    return next((how for suffix, how in _TAR.items() if path.lower().endswith(suffix)), None)


@contextmanager
def writing(path: str) -> Iterator[Target]:
    """The target for a backup; it gets its name when it is whole.

    :raises Malformed: there is a folder of that name that has files
    """
    place = Path(path)
    if place.is_dir() and any(place.iterdir()):
        raise Malformed(f"{path} is there and not empty", hint="say another name")
    unfinished = Path(f"{path.rstrip('/')}.{os.getpid()}.unfinished")
    try:
        if not is_archive(path):
            unfinished.mkdir()
            yield _Folder(unfinished)
            if place.is_dir():
                place.rmdir()
        elif (packing := _packing(path)) is None:
            with zipfile.ZipFile(unfinished, "x", zipfile.ZIP_DEFLATED) as archive:
                yield _Zip(archive)
        else:
            with tarfile.open(unfinished, f"x:{packing}") as tar:  # type: ignore[call-overload]
                yield _Tar(tar)
        unfinished.replace(place)
    except BaseException:
        if unfinished.is_dir():
            shutil.rmtree(unfinished, ignore_errors=True)
        else:
            unfinished.unlink(missing_ok=True)
        raise


@contextmanager
def reading(path: str) -> Iterator[Source]:
    """:raises Malformed: it is no folder and no archive, or a damaged one"""
    try:
        if Path(path).is_dir():
            yield _Folder(Path(path))
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield _Zip(archive)
        else:
            with tarfile.open(path) as tar:
                yield _Tar(tar)
    except _BROKEN as error:
        why = str(error).partition("\n")[0].rstrip(":")
        raise Malformed(f"{path}: {why}", hint="want a folder, or a whole archive of the kind zip or tar") from None


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def file(self, name: str) -> Iterator[BinaryIO]:
        path = self._folder / name
        path.parent.mkdir(exist_ok=True)
        with path.open("xb") as file:
            yield file

    def open(self, name: str) -> BinaryIO:
        try:
            return (self._folder / name).open("rb")
        except FileNotFoundError:
            raise KeyError(name) from None


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    @contextmanager
    def file(self, name: str) -> Iterator[BinaryIO]:
        with self._archive.open(name, "w", force_zip64=True) as file:
            yield cast(BinaryIO, file)

    def open(self, name: str) -> BinaryIO:
        """:raises Malformed: the file is packed in a way that can't be read"""
        try:
            opened = self._archive.open(name)
        except RuntimeError as error:  # it is encrypted, or packed by another method
            raise Malformed(f"{name}: {error}", hint="unpack the archive, and give the folder") from None
        return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, opened)))


class _Tar:
    """Tar has the size of a file before it, so each is written to a temporary file first."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    @contextmanager
    def file(self, name: str) -> Iterator[BinaryIO]:
        with TemporaryFile() as file:
            yield cast(BinaryIO, file)
            member = tarfile.TarInfo(name)
            member.size = file.tell()
            file.seek(0)
            self._tar.addfile(member, file)

    def open(self, name: str) -> BinaryIO:
        member = self._tar.getmember(name)
        if not member.isreg():  # links may go round in a circle
            raise KeyError(name)
        return cast(BinaryIO, self._tar.extractfile(member))
