"""The tree of identities."""

from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.web.http.tree import Numbered, Resource, numbered


class _OfAttempt(Resource):
    @property
    def attempt(self) -> Attempt:
        attempt: Attempt = self.__parent__.attempt
        return attempt


class Tokens(_OfAttempt):
    """The tokens that the caller may see."""

    def __getitem__(self, segment: str) -> Resource:
        return numbered(TokenResource, self, segment)


class TokenResource(Numbered, _OfAttempt):
    """One token."""


class Users(_OfAttempt):
    """All users."""

    def __getitem__(self, segment: str) -> Resource:
        return numbered(UserResource, self, segment)


class UserResource(Numbered, _OfAttempt):
    """One user."""

    def __getitem__(self, segment: str) -> Resource:
        return {"password": UserPassword}[segment](self, segment)


class UserPassword(_OfAttempt):
    """The password of a user, which is written only."""


class SessionResource(_OfAttempt):
    """The caller's session."""

    def __getitem__(self, segment: str) -> Resource:
        if not self.attempt.database.settings.oidc_issuer:
            raise KeyError(segment)
        return {"oidc": OidcSignIn}[segment](self, segment)


class OidcSignIn(_OfAttempt):
    """Where a sign-in with an OpenID provider begins."""

    def __getitem__(self, segment: str) -> Resource:
        return {"callback": OidcCallback}[segment](self, segment)


class OidcCallback(_OfAttempt):
    """Where it ends."""


class Me(_OfAttempt):
    """The caller, and what it may do."""


class AuditLog(_OfAttempt):
    """What happened to access."""


#: The first segments of addresses.
SEGMENTS: dict[str, type[Resource]] = {
    "token": Tokens,
    "user": Users,
    "session": SessionResource,
    "me": Me,
    "audit": AuditLog,
}
