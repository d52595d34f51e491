"""Read an INI file for the console scripts, without making its application."""

from typing import Any

import plaster
from pyramid.paster import get_appsettings

from dynmodel_pyramid.errors import ConfigurationProblem


def read_ini(path: str) -> dict[str, Any]:
    """The settings of the application of an INI file, ``[app:main]`` or what stands after a ``#`` in the path.

    :raises ConfigurationProblem: there is no such file or section
    """
    try:
        return dict(get_appsettings(path))
    except (plaster.PlasterError, LookupError, OSError, ValueError) as error:
        raise ConfigurationProblem(f"{path}: {error}") from None
