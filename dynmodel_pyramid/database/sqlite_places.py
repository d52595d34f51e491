"""Tenants of SQLite: a file each, in a folder beside the file of ``sqlalchemy.url``."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from dynmodel_pyramid.database.places import Begin, Places
from dynmodel_pyramid.errors import Conflict
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.settings.values import is_tenant_name

_SUFFIX = ".sqlite"
#: The ends of the files beside a database's: SQLite's own, and those of the order of writers.
_BESIDE = ("-wal", "-shm", "-journal", "-writer", "-next")


class FilePlaces(Places):
    """See the module."""

    share_engine = False
    # 0.6 MB with the connections of two threads.
    columns = 60

    @property
    def folder(self) -> Path:
        return Path(self.url.database or "").with_suffix(".tenants")

    def path(self, name: str) -> Path:
        return self.folder / f"{name}{_SUFFIX}"

    def settings_of(self, name: str) -> Settings:
        return self._settings_at(name, self.path(name))

    def _settings_at(self, name: str, path: Path) -> Settings:
        url = self.url.set(database=str(path)).render_as_string(hide_password=False)
        return self.settings.of_tenant(name, url=url.replace("$", "$$"))

    def exists(self, reading: Begin, name: str) -> bool:
        return self.path(name).is_file()

    def names(self, reading: Begin) -> Iterator[str]:
        if self.folder.is_dir():
            found = (name.removesuffix(_SUFFIX) for name in os.listdir(self.folder) if name.endswith(_SUFFIX))
            yield from sorted(filter(is_tenant_name, found))

    def check(self, reading: Begin) -> None:
        # Before the first tenant is made there is no folder, and that is no fault.
        os.stat(self.folder if self.folder.exists() else self.folder.parent)

    def make_room(self, name: str, *, is_opened: bool) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if is_opened:
            os.close(os.open(self.path(name), os.O_CREAT | os.O_WRONLY, 0o600))

    def create(self, reading: Begin, name: str, fill: Callable[[Settings], None]) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        path, part = self.path(name), self.folder / f".{name}.part"
        if path.exists():
            raise Conflict(f"there is a tenant {name} already")
        _remove(part)
        try:
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            fill(self._settings_at(name, part))
            try:
                os.link(part, path)  # which never replaces a file
            except FileExistsError:
                raise Conflict(f"there is a tenant {name} already") from None
        finally:
            _remove(part)

    def drop(self, reading: Begin, changing: Begin, name: str) -> None:
        _remove(self.path(name))


def _remove(path: Path) -> None:
    """Remove a database, its file first: from then on nobody finds it."""
    for end in ("", *_BESIDE):
        path.with_name(path.name + end).unlink(missing_ok=True)
