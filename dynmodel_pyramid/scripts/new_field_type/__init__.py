"""``dynmodel-new-field-type``: the skeleton of a distribution with a field type, which passes its tests at once.

    dynmodel-new-field-type airport_code
    dynmodel-new-field-type airport_code --folder ~/src/airports

The files beside this module are its templates (``string.Template``).
"""

import argparse
import logging
import re
import sys
from importlib.resources import files
from pathlib import Path
from string import Template

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.fields import FieldTypes

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def names(name: str) -> dict[str, str]:
    """The names that the templates use.

    :raises ConfigurationProblem: no type can be called so
    """
    if len(name) > 40 or not NAME.fullmatch(name):
        raise ConfigurationProblem(f"{name!r}: want at most 40 of a-z, 0-9 and _, such as airport_code")
    types = FieldTypes()
    types.load_entry_points()
    there = types.registered(name)
    if there is not None:
        message = f"{name!r}: {there.origin} provides a type of that name already"
        raise ConfigurationProblem(message, hint="take another name")
    return {
        "name": name,
        "distribution": f"dynmodel-{name.replace('_', '-')}",
        "package": f"dynmodel_{name}",
        "cls": "".join(part.capitalize() for part in name.split("_")),
    }


def write(folder: Path, known: dict[str, str]) -> list[Path]:
    """Write the skeleton into a folder that doesn't exist or is empty; -> its files.

    :raises ConfigurationProblem: there is something already
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationProblem(f"{folder} is there already", hint="name another folder with --folder")
    written = {
        "pyproject.toml.in": folder / "pyproject.toml",
        "README.md.in": folder / "README.md",
        "package.py.in": folder / known["package"] / "__init__.py",
        "test_package.py.in": folder / "tests" / f"test_{known['name']}.py",
    }
    for template, path in written.items():
        text = files(__package__).joinpath(template).read_text(encoding="utf-8")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(text).substitute(known), encoding="utf-8")
    return list(written.values())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="dynmodel-new-field-type", description="Write the skeleton of a distribution with a field type."
    )
    parser.add_argument("name", help="the type's name in definitions, such as airport_code")
    parser.add_argument("--folder", type=Path, help="where to write it; dynmodel-NAME in this folder if not given")
    args = parser.parse_args(arguments)
    logging.getLogger("dynmodel_pyramid").addHandler(
        logging.NullHandler()
    )  # failures of other plugins do not matter here
    try:
        known = names(args.name)
        written = write(args.folder or Path(known["distribution"]), known)
    except (ConfigurationProblem, OSError) as problem:
        print(f"dynmodel-new-field-type: {problem}", file=sys.stderr)
        return 1
    print("\n".join(map(str, written)))
    return 0
