"""Libraries that only some field types need, and that are installed as extras of this package.

A type imports its library when it makes a validator, so that it is listed, and everything else works, without it.
"""

import importlib
from types import ModuleType

from dynmodel_pyramid.errors import ExtraMissing


def require(module_name: str, extra: str) -> ModuleType:
    """Import an optional library.

    :param extra: the extra in this package's ``setup.py`` that installs it
    :raises ExtraMissing: naming the library and the extra
    """
    try:
        return importlib.import_module(module_name)
    except ImportError as error:
        raise ExtraMissing(module_name, extra) from error
