"""The types of the functions by which field types make SQL; ``contract`` hands them on to authors."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import sqlalchemy as sa


class Context(Protocol):
    """The surroundings that a field type may use."""

    @property
    def dialect(self) -> str:
        """The database's name: ``sqlite`` or ``postgresql``."""


#: (expression, dialect's name) -> expression
SqlForm = Callable[[sa.ColumnElement[Any], str], sa.ColumnElement[Any]]
#: Conditions by the names of the options that they are for, or ``type``.
Checks = Mapping[str, sa.ColumnElement[bool]]
