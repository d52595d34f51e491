"""Faults of the SQLite file, and of its disk."""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from tests.faults import mounts
from tests.faults.bed import Fault, Scene, Unavailable

_PARTS = ("", "-wal", "-shm")


def _on_small_disk(scene: Scene) -> None:
    folder = mounts.small_disk(scene, "disk", 8)
    scene.settings["sqlalchemy.url"] = f"sqlite:///{folder}/data.sqlite"


def full(scene: Scene) -> Iterator[None]:
    with mounts.filled(scene.file.parent):
        yield


def _bound_by_modes(scene: Scene) -> None:
    """Root's processes may write what modes forbid, but not without this capability (capabilities(7))."""
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            raise Unavailable("setpriv is missing: modes of files don't bind root")
        scene.prefix = ("setpriv", "--bounding-set", "-dac_override")
    folder = scene.folder / "own"
    folder.mkdir()
    scene.settings["sqlalchemy.url"] = f"sqlite:///{folder}/data.sqlite"


def read_only(scene: Scene) -> Iterator[None]:
    """The file and its folder may no longer be written; the workers are replaced, so that they open it anew."""
    paths = list(scene.file.parent.iterdir())
    modes = {path: path.stat().st_mode for path in paths}
    for path in paths:
        path.chmod(0o444)
    scene.file.parent.chmod(0o555)
    for pid in scene.service.workers():
        os.kill(pid, 9)
    yield
    scene.file.parent.chmod(0o755)
    for path, mode in modes.items():
        if path.exists():
            path.chmod(mode)


def moved(scene: Scene) -> Iterator[None]:
    away = scene.folder / "away"
    away.mkdir()
    for part in _PARTS:
        if (path := Path(f"{scene.file}{part}")).exists():
            path.rename(away / path.name)
    yield
    if scene.file.exists():
        scene.wrong.append("an empty file was made in its place")
    for path in away.iterdir():
        path.rename(scene.file.parent / path.name)


def locked(scene: Scene) -> Iterator[None]:
    stranger = sqlite3.connect(scene.file, isolation_level=None, timeout=10, check_same_thread=False)
    stranger.execute("BEGIN EXCLUSIVE")
    yield
    stranger.execute("ROLLBACK")
    stranger.close()


def writers_killed(scene: Scene) -> Iterator[None]:
    """Workers are killed under writers, some of which have the lock."""
    killed = 0
    for _ in range(6):
        for pid in scene.service.workers()[:1]:
            os.kill(pid, 9)
            killed += 1
        time.sleep(0.5)
    scene.notes.append(f"{killed} kills")
    yield


def all_killed(scene: Scene) -> Iterator[None]:
    """Everything is killed, and the log is left."""
    scene.service.kill_all()
    wal = Path(f"{scene.file}-wal")
    scene.notes.append(f"-wal of {wal.stat().st_size} bytes")
    yield
    scene.service.start()


def with_failing_disk(scene: Scene) -> None:
    scene.load_inside()
    scene.environment["FAILING_DISK"] = str(scene.folder / "fails")


def failing_disk(scene: Scene) -> Iterator[None]:
    (scene.folder / "fails").touch()
    yield
    (scene.folder / "fails").unlink()


def _fault(name: str, happens, seconds: float = 3.0, **more) -> Fault:
    return Fault(f"sqlite: {name}", "sqlite", happens, seconds, **more)


ALL = [
    _fault("the disk is full", full, 5, prepare=_on_small_disk),
    _fault("the file is read-only", read_only, 5, prepare=_bound_by_modes),
    _fault("the file is moved away and back", moved, 4),
    _fault("a stranger writes for 3 s", locked, 3),
    _fault("a stranger writes for 30 s", locked, 30),
    _fault("writers are killed", writers_killed, 0.5),
    _fault("all processes are killed, -wal stays", all_killed, 1),
    _fault("fdatasync fails", failing_disk, 3, prepare=with_failing_disk),
]
