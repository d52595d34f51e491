"""``dynmodel-settings``: every setting with its default and meaning, and the values in an INI file.

    dynmodel-settings
    dynmodel-settings production.ini

Only the running application knows settings that plugins declare with ``config.add_dynmodel_setting``: the script prints
these as the INI file has them.
"""

import argparse
import os
import sys
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.scripts.ini import read_ini
from dynmodel_pyramid.settings import ENVIRONMENT, PREFIX, Settings
from dynmodel_pyramid.settings.known import SETTINGS
from dynmodel_pyramid.settings.values import Setting

WIDTH = 100


def shown(value: Any) -> str:
    """A value as one would write it in an INI file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return " ".join(map(str, value))
    return str(value)


def describe(setting: Setting, raw: Mapping[str, Any] | None) -> Iterator[str]:
    """The lines of one setting; ``raw`` holds the keys of the INI file, if there is one."""
    name = PREFIX + setting.name
    yield f"{name} = {shown(setting.default)}".rstrip()
    variable = ENVIRONMENT + setting.name.upper()
    text = os.environ.get(variable) or (raw or {}).get(name)
    if text is not None and (raw is not None or variable in os.environ):
        by = f", by {variable}" if os.environ.get(variable) else ""
        yield f"    now set{by}, and not shown here" if setting.secret else f"    now {str(text).strip()}{by}"
    yield from textwrap.wrap(setting.help, WIDTH, initial_indent="    ", subsequent_indent="    ")


def report(raw: Mapping[str, Any] | None = None) -> Iterator[str]:
    """The lines of the whole list."""
    yield from textwrap.wrap(
        "Each key can be set in the environment, too, which wins over the INI file: dynmodel.max_tables by "
        "DYNMODEL_MAX_TABLES.",
        WIDTH,
    )
    yield ""
    for setting in SETTINGS:
        yield from describe(setting, raw)
        yield ""
    yield "sqlalchemy.url, and further sqlalchemy.* keys"
    if raw is not None and "sqlalchemy.url" not in raw:
        yield "    not set"
    yield from textwrap.wrap(
        "The database, as SQLAlchemy's engine_from_config takes it. ${NAME} is filled in from the environment.",
        WIDTH,
        initial_indent="    ",
        subsequent_indent="    ",
    )
    known = {PREFIX + setting.name for setting in SETTINGS}
    values = raw or {}
    others = [key for key in sorted(values) if key.startswith(PREFIX) and key not in known]
    if others:
        yield ""
        yield "Not known here; the start refuses what no installed plugin declares:"
        yield from (f"    {key} = {values[key]}" for key in others)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dynmodel-settings", description="List every setting, its default and help.")
    parser.add_argument(
        "ini", nargs="?", help="an INI file whose values are shown as well; file.ini#name for [app:name]"
    )
    args = parser.parse_args(arguments)
    try:
        raw = None if args.ini is None else read_ini(args.ini)
        print("\n".join(report(raw)))
        if raw is not None:
            Settings(raw)
    except ConfigurationProblem as problem:
        print(f"dynmodel-settings: {problem}", file=sys.stderr)
        return 1
    return 0
