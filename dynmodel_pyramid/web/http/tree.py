"""The base classes of the traversal tree, its traverser, and its route."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from pyramid.request import Request
from pyramid.response import Response
from pyramid.traversal import PATH_SAFE, ResourceTreeTraverser

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.rows.aliases import aliases_of
from dynmodel_pyramid.rows.reading import parse_id

#: The type of tweens, and of the handlers that they call.
Handler = Callable[[Request], Response]
#: Name of the one route under which the tree hangs; it is a hybrid route, so the tree can be mounted under a prefix.
ROUTE = "dynmodel"
#: The key under which a request keeps its tenant; a service without tenants has one.
TENANT = "dynmodel.tenant"
#: The keys under which a request keeps its current attempt, and the attempt's number with the deadline of all.
ATTEMPT = "dynmodel.attempt"
ATTEMPT_NUMBER = "dynmodel.attempt_number"
#: Prefixes that are kept, where they have parts such as a tenant.
_MOST_BASES = 1000


class Traverser(ResourceTreeTraverser):
    """Pyramid's traverser without ``@@view`` segments and without virtual roots, so that a path has one meaning.

    With them, ``/table/1/@@/junk`` would be the table, and a client's header could move the root.
    """

    VIEW_SELECTOR = None
    VH_ROOT_KEY = "dynmodel.no_virtual_root"

    def __call__(self, request: Request) -> dict[str, Any]:
        """Pyramid's way joins the segments that the route has found, and splits them again: 8 us."""
        matched = request.matchdict
        if matched is None or "subpath" in matched:
            found: dict[str, Any] = super().__call__(request)
            return found
        segments: tuple[str, ...] = matched["traverse"]
        subpath: tuple[str, ...] = ()
        context, view_name, traversed = self.root, "", segments
        for number, segment in enumerate(segments):
            try:
                following = context[segment]
            except KeyError:
                view_name, subpath, traversed = segment, segments[number + 1 :], segments[:number]
                break
            context = following
        return {
            "context": context,
            "view_name": view_name,
            "subpath": subpath,
            "traversed": traversed,
            "virtual_root": self.root,
            "virtual_root_path": (),
            "root": self.root,
        }


class Resource:
    """A place in the tree; ``__name__`` and ``__parent__`` make it location-aware (Pyramid, "Location-Aware")."""

    def __init__(self, parent: "Resource | None", name: str) -> None:
        #: Of the class that hangs this one up; None of the root.
        self.__parent__: Any = parent
        self.__name__ = name

    #: The table that is written just now, if it is another one than the resource's: errors name its fields.
    written: Model | None = None

    def __getitem__(self, segment: str) -> "Resource":
        raise KeyError(segment)

    def writing(self, model: Model) -> None:
        """Say which table is written now."""
        self.written = model


class BelowTable(Resource):
    """A resource below a table, at any depth."""

    def __init__(self, parent: Any, name: str) -> None:
        super().__init__(parent, name)
        self.attempt: RequestAttempt = parent.attempt
        self.model: Model = parent.model


class Numbered(Resource):
    """A resource whose path segment is a number; it may not exist."""

    @property
    def number(self) -> int:
        return int(self.__name__)


def numbered(kind: type[Numbered], parent: Resource, segment: str) -> Numbered:
    """:raises KeyError: the segment is not a number"""
    if parse_id(segment) is None:
        raise KeyError(segment)
    return kind(parent, segment)


def sees_all(attempt: RequestAttempt) -> bool:
    """Whether the caller may see all definitions as they are."""
    return attempt.scopes.are_whole or attempt.caller.definitions != "none"


def visible(attempt: RequestAttempt, model: Model | None) -> Model | None:
    """The table, if it exists for the caller; None for a table without any grant, as if there were none.

    :raises Unauthenticated: the caller is anonymous: then every such table, existing or not, may need a credential
    """
    if is_visible(attempt, model):
        return model
    if attempt.caller.identity.is_anonymous:
        raise attempt.caller.refused("see this table")
    return None


def is_visible(attempt: RequestAttempt, model: Model | None) -> bool:
    """Whether the table exists for the caller."""
    return model is not None and (sees_all(attempt) or attempt.scopes.scope(model).has_grants)


def deprecation_of(attempt: RequestAttempt, model: Model) -> str | None:
    """The header ``Deprecation`` of answers below a table. Errors have it as well, so it asks no database."""
    aliases = aliases_of(model)
    if not aliases.names:
        return None
    if sees_all(attempt):
        return aliases.deprecation(lambda name: True)
    # Traversal has made the scope, to know whether the table exists.
    return aliases.deprecation(attempt.scopes.scope(model).exists)


def _base(request: Request, parts: dict[str, Any]) -> str:
    """Pyramid takes 25 us for a path, and keeps each segment, which may be a row's id, for ever."""
    bases: dict[Any, str] = request.registry.dynmodel_bases
    key = request.script_name, *parts.values()
    base = bases.get(key)
    if base is None:
        if len(bases) >= _MOST_BASES:
            bases.clear()
        base = bases[key] = request.route_path(ROUTE, **parts)
    return base


def path(request: Request, *segments: object) -> str:
    """The canonical path of a resource, with the last slash, below the prefix under which the tree is mounted."""
    # The prefix may have parts of its own, such as /{tenant}.
    parts = {**(request.matchdict or {}), "traverse": ()}
    known: tuple[Any, str] | None = getattr(request.registry, "dynmodel_base", None)
    of = request.script_name, parts
    if known is None or known[0] != of:
        known = request.registry.dynmodel_base = of, _base(request, parts)
    return known[1] + "".join([f"{_quoted(str(segment))}/" for segment in segments])


def _quoted(segment: str) -> str:
    # Nearly all are words and numbers, for which quote() takes 5 us.
    return segment if segment.isalnum() and segment.isascii() else quote(segment, safe=PATH_SAFE)
