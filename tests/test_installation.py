"""The package can be installed by the pip and the setuptools that a new virtual environment has.

No index is asked: what builds the package is a wheel of this environment's setuptools, and its libraries are those of
this environment.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.documents import ROOT

pytestmark = pytest.mark.long

COMMANDS = distribution("dynmodel_pyramid").entry_points.select(group="console_scripts").names
#: Modules are compiled once.
VARIABLES = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Environment:
    """A new virtual environment."""

    def __init__(self, folder: Path, wheels: Path) -> None:
        self.folder = folder
        run(sys.executable, "-m", "venv", folder)
        wheel_of("setuptools", wheels)
        self.offline = ("--no-index", f"--find-links={wheels}", "--no-deps", "--quiet")

    def pip(self, command: str, *arguments: str | Path) -> None:
        run(self.folder / "bin" / "python", "-m", "pip", "--isolated", command, *self.offline, *arguments)

    @contextmanager
    def libraries(self) -> Iterator[None]:
        """Let it find the libraries of this environment behind its own."""
        (site,) = self.folder.glob("lib/python*/site-packages")
        path = site / "libraries.pth"
        path.write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
        try:
            yield
        finally:
            path.unlink()


def run(*command: str | Path) -> str:
    """What a command prints, which must succeed."""
    done = subprocess.run(command, env=VARIABLES, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def wheel_of(name: str, folder: Path) -> None:
    """Make a wheel of an installed distribution again."""
    installed = distribution(name)
    with ZipFile(folder / f"{name}-{installed.version}-py3-none-any.whl", "w") as wheel:
        for path in installed.files or ():
            if ".." not in path.parts and path.suffix != ".pyc":
                wheel.write(path.locate(), str(path))


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Environment:
    return Environment(tmp_path_factory.mktemp("new"), tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A copy of the project, because a build writes into it."""
    folder = tmp_path_factory.mktemp("source")
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    shutil.copytree(ROOT / "dynmodel_pyramid", folder / "dynmodel_pyramid", ignore=shutil.ignore_patterns("*.pyc"))
    return folder


def test_the_commands_of_an_editable_installation_start(environment, source):
    environment.pip("install", "-e", source)
    folder = environment.folder / "bin"
    assert {path.name for path in folder.glob("dynmodel-*")} == COMMANDS
    with environment.libraries():
        # All are made alike; each takes a second.
        for command in ("dynmodel-token", "dynmodel-serve"):
            assert f"usage: {command}" in run(folder / command, "--help")


def test_a_wheel_is_built(environment, source, tmp_path):
    environment.pip("wheel", f"--wheel-dir={tmp_path}", source)
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as opened:
        names = opened.namelist()
    assert {"dynmodel_pyramid/py.typed", "dynmodel_pyramid/web/page/static/js/main.js"} <= set(names)
    assert not [name for name in names if not name.startswith("dynmodel_pyramid")]
