"""Libraries that only some field types need; extras of this package install them.

A type imports its library when it makes a validator. Without the library the type is listed, and everything else works.
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
