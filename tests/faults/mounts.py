"""Small disks, which root may make: file systems in memory, mounted for one run."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.bed import Scene, Unavailable


def small_disk(scene: Scene, name: str, megabytes: int, *, user: str | None = None) -> Path:
    """:raises Unavailable: this user may not mount"""
    folder = scene.folder / name
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False) if os.geteuid() == 0 else None
    if done is None or done.returncode:
        raise Unavailable("only root may mount a small disk" if done is None else done.stderr.strip())
    scene.stack.callback(subprocess.run, ["umount", "-l", str(folder)], check=False)
    if user is not None:
        give(folder, user)
        scene.folder.chmod(0o755)
    return folder


def give(path: Path, user: str) -> None:
    if os.geteuid() == 0:
        shutil.chown(path, user, user)


def move(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
    shutil.rmtree(source)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """No byte is free."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue
            yield
        finally:
            filler.unlink()
