"""Who may call the views of a resource. Each resource says so where its views are registered (:mod:`~.methods`)."""

from collections.abc import Callable
from typing import Any

from pyramid.request import Request

from dynmodel_pyramid.access.grants import DEFINITIONS

#: (resource, request); it raises Unauthenticated or Forbidden.
Permission = Callable[[Any, Request], None]
_SAFE = frozenset({"GET", "HEAD"})


def anybody(context: Any, request: Request) -> None:
    """The resource is for everybody, or shows each caller its own."""


def by_grants(context: Any, request: Request) -> None:
    """The grants of the table decide, in the row service and in queries."""


def administrators(context: Any, request: Request) -> None:
    caller = context.attempt.caller
    if not caller.is_admin:
        raise caller.refused("administer access")


def _may(context: Any, needed: str) -> None:
    caller = context.attempt.caller
    if DEFINITIONS.index(caller.definitions) < DEFINITIONS.index(needed):
        raise caller.refused(f"{needed} definitions of tables")


def by_definitions(context: Any, request: Request) -> None:
    """Whoever may read definitions may read it; whoever may write them may write it."""
    _may(context, "read" if request.method in _SAFE else "write")


def writers_of_definitions(context: Any, request: Request) -> None:
    """Only whoever may write definitions, because it shows data of all rows."""
    _may(context, "write")


def writes_by_definitions(context: Any, request: Request) -> None:
    """The view shows each caller what it may see; whoever may write definitions may change it."""
    if request.method not in _SAFE:
        _may(context, "write")
