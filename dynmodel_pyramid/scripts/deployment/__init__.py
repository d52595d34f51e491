"""``dynmodel-init``: the files of a deployment, in a folder: INI file, units of systemd, nginx, container, compose.

    dynmodel-init /srv/dynmodel
    dynmodel-init . --only production.ini

The files beside this module are written as they stand; only the folder's own path takes the place of ``/srv/dynmodel``.
No file is overwritten. docs/deployment.md tells what each is for.
"""

import argparse
import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from dynmodel_pyramid.errors import ConfigurationProblem

FILES = (
    "production.ini",
    "environment",
    "dynmodel.service",
    "dynmodel-purge.service",
    "dynmodel-purge.timer",
    "nginx.conf",
    "Dockerfile",
    "compose.yaml",
)
#: Holds a password: nobody else reads it.
SECRET = "environment"
_FOLDER = "/srv/dynmodel"
_RELEASE = "0.0.0"


def texts(folder: Path, names: tuple[str, ...] = FILES) -> dict[Path, str]:
    """The files for a folder, by path."""
    here, release = files(__package__), version("dynmodel_pyramid")
    return {
        folder / name: here.joinpath(name)
        .read_text(encoding="utf-8")
        .replace(_FOLDER, str(folder.resolve()))
        .replace(_RELEASE, release)
        for name in names
    }


def write(made: dict[Path, str]) -> None:
    """Write files that are not there yet.

    :raises ConfigurationProblem: one is there, or can't be written; then none is
    """
    there = [str(path) for path in made if path.exists()]
    if there:
        raise ConfigurationProblem(
            f"{', '.join(there)}: there already", hint="name another folder, or single files with --only"
        )
    try:
        for path, text in made.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600 if path.name == SECRET else 0o644)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationProblem(f"{error.filename}: {error.strerror}") from error


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dynmodel-init", description="Write the files of a deployment.")
    parser.add_argument("folder", type=Path, help="where to; made if it isn't there")
    parser.add_argument("--only", action="append", choices=FILES, metavar="FILE", help="this file; repeatable")
    args = parser.parse_args(arguments)
    try:
        made = texts(args.folder, tuple(args.only or FILES))
        write(made)
    except ConfigurationProblem as problem:
        print(f"dynmodel-init: {problem}", file=sys.stderr)
        return 1
    for path in made:
        print(path)
    return 0
