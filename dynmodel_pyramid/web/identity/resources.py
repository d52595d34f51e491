"""The traversal tree below ``/access/``."""

from typing import Any

from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.web.http.tree import Resource


class BelowAccess(Resource):
    """A resource of access."""

    def __init__(self, parent: Any, name: str) -> None:
        super().__init__(parent, name)
        self.attempt: Attempt = parent.attempt


class AccessResource(BelowAccess):
    """All roles and their grants."""

    def __getitem__(self, segment: str) -> Resource:
        return {"role": Roles, "plan": AccessPlan, "explain": AccessExplained}[segment](self, segment)


class Roles(BelowAccess):
    """The roles, by their names; the list of them is :class:`AccessResource`."""

    def __getitem__(self, segment: str) -> Resource:
        return RoleResource(self, segment)


class RoleResource(BelowAccess):
    """One role; it may not exist."""


class AccessPlan(BelowAccess):
    """The plan of a document of roles."""


class AccessExplained(BelowAccess):
    """Why an identity may do something, or may not."""
