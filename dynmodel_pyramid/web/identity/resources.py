"""The traversal tree of identities and of access."""

from typing import Any

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.web.http.tree import Numbered, Resource, numbered


class BelowAccess(Resource):
    """A resource of identities or of access."""

    def __init__(self, parent: Any, name: str) -> None:
        super().__init__(parent, name)
        self.attempt: RequestAttempt = parent.attempt


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


class Tokens(BelowAccess):
    """The tokens that the caller may see."""

    def __getitem__(self, segment: str) -> Resource:
        return numbered(TokenResource, self, segment)


class TokenResource(Numbered, BelowAccess):
    """One token."""


class Users(BelowAccess):
    """All users."""

    def __getitem__(self, segment: str) -> Resource:
        return numbered(UserResource, self, segment)


class UserResource(Numbered, BelowAccess):
    """One user."""

    def __getitem__(self, segment: str) -> Resource:
        return {"password": UserPassword}[segment](self, segment)


class UserPassword(BelowAccess):
    """The password of a user, which is written only."""


class SessionResource(BelowAccess):
    """The caller's session."""

    def __getitem__(self, segment: str) -> Resource:
        if not self.attempt.database.settings.oidc_issuer:
            raise KeyError(segment)
        return {"oidc": OidcSignIn}[segment](self, segment)


class OidcSignIn(BelowAccess):
    """Where a sign-in with an OpenID provider begins."""

    def __getitem__(self, segment: str) -> Resource:
        return {"callback": OidcCallback}[segment](self, segment)


class OidcCallback(BelowAccess):
    """Where it ends."""


class Me(BelowAccess):
    """The caller, and what it may do."""


class AuditLog(BelowAccess):
    """What happened to access."""


#: The first segments of addresses.
SEGMENTS: dict[str, type[Resource]] = {
    "token": Tokens,
    "user": Users,
    "session": SessionResource,
    "me": Me,
    "audit": AuditLog,
    "access": AccessResource,
}
