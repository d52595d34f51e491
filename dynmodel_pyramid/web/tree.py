"""What all places of the traversal tree (:mod:`~.resources`) share."""

from dynmodel_pyramid.rows.reading import parse_id


class Resource:
    """A place in the tree; ``__name__`` and ``__parent__`` make it location-aware (Pyramid, "Location-Aware")."""

    def __init__(self, parent: "Resource", name: str):
        self.__parent__ = parent
        self.__name__ = name

    def __getitem__(self, segment: str) -> "Resource":
        raise KeyError(segment)


class BelowTable(Resource):
    """What hangs below a table, one step or more."""

    def __init__(self, parent, name: str):
        super().__init__(parent, name)
        self.work = parent.work
        self.model = parent.model


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
