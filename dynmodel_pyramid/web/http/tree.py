"""What all places of the traversal tree share: their kinds, how it is walked, and where it hangs."""

from collections.abc import Callable
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.traversal import ResourceTreeTraverser

from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.rows.reading import parse_id

#: What a tween calls, and what it is itself.
Handler = Callable[[Request], Response]
#: Name of the one route under which the tree hangs; it is a hybrid route, so the tree can be mounted under a prefix.
ROUTE = "dynmodel"
#: Where a request keeps its current attempt, and the number of that with the deadline of all.
ATTEMPT = "dynmodel.attempt"
ATTEMPT_NUMBER = "dynmodel.attempt_number"


class Traverser(ResourceTreeTraverser):
    """Pyramid's traverser without ``@@view`` segments and without virtual roots: a path means one thing only.

    With them, ``/table/1/@@/junk`` would be the table, and a header of the client's could move the root.
    """

    VIEW_SELECTOR = None
    VH_ROOT_KEY = "dynmodel.no_virtual_root"


class Resource:
    """A place in the tree; ``__name__`` and ``__parent__`` make it location-aware (Pyramid, "Location-Aware")."""

    def __init__(self, parent: "Resource | None", name: str) -> None:
        #: Of the class that hangs this one up; None of the root.
        self.__parent__: Any = parent
        self.__name__ = name

    def __getitem__(self, segment: str) -> "Resource":
        raise KeyError(segment)


class BelowTable(Resource):
    """What hangs below a table, one step or more."""

    def __init__(self, parent: Any, name: str) -> None:
        super().__init__(parent, name)
        self.attempt: Attempt = parent.attempt
        self.model: Model = parent.model


class Numbered(Resource):
    """Something whose path segment is a number; whether it exists nobody has asked yet."""

    @property
    def number(self) -> int:
        return int(self.__name__)


def numbered(kind: type[Numbered], parent: Resource, segment: str) -> Numbered:
    """:raises KeyError: the segment is no number"""
    if parse_id(segment) is None:
        raise KeyError(segment)
    return kind(parent, segment)


def path(request: Request, *segments: object) -> str:
    """The canonical path of a resource, with the last slash, under whatever prefix the tree is mounted."""
    # The prefix may have parts of its own, such as /{tenant}.
    return request.route_path(ROUTE, **{**(request.matchdict or {}), "traverse": (*map(str, segments), "")})
