"""Pyramid's security policy of the application (:func:`dynmodel_pyramid.main`); a host application has its own.

Views of this package bear no permission: what a caller may do is decided by grants. A view that an application adds
with a permission of its own is for administrators.
"""

from typing import Any

from pyramid.request import Request
from pyramid.security import Allowed, Denied

from dynmodel_pyramid.access.caller import Caller
from dynmodel_pyramid.access.identity import Identity
from dynmodel_pyramid.web.http.tree import ATTEMPT


class SecurityPolicy:
    """Pyramid's ``ISecurityPolicy``."""

    def _caller(self, request: Request) -> Caller | None:
        attempt = request.environ.get(ATTEMPT)
        caller: Caller | None = None if attempt is None else attempt.caller
        return caller

    def identity(self, request: Request) -> Identity | None:
        """The attempt's identity; None of anonymous."""
        caller = self._caller(request)
        return None if caller is None or caller.identity.is_anonymous else caller.identity

    def authenticated_userid(self, request: Request) -> str | None:
        identity = self.identity(request)
        return None if identity is None else identity.id

    def permits(self, request: Request, context: Any, permission: str) -> Allowed | Denied:
        caller = self._caller(request)
        if caller is not None and caller.is_admin:
            return Allowed("administrators have the permission %r", permission)
        return Denied("only administrators have the permission %r", permission)

    def remember(self, request: Request, userid: str, **options: Any) -> list[tuple[str, str]]:
        """None: sessions begin at ``/session/`` only."""
        return []

    def forget(self, request: Request, **options: Any) -> list[tuple[str, str]]:
        return []
