"""A request -> its identity.

One credential counts (:func:`~.credentials.sent_credential`). If it is wrong the answer is 401: nobody is anonymous,
or somebody else, by mistake. Below a host application the host's word counts where no credential of ours was sent.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request

from dynmodel_pyramid.access.accounts.secrets import PREFIX
from dynmodel_pyramid.access.grants import Access
from dynmodel_pyramid.access.identity import ANONYMOUS, AUTHENTICATED, BUILT_IN_ROLES, EVERYONE, Identity
from dynmodel_pyramid.access.jwt import Verifier
from dynmodel_pyramid.errors import ConfigurationProblem, Unauthenticated
from dynmodel_pyramid.tenants.claims import refuse_other_tenant
from dynmodel_pyramid.tenants.tenant import Tenant
from dynmodel_pyramid.web.http.tree import TENANT
from dynmodel_pyramid.web.identity import origins
from dynmodel_pyramid.web.identity.credentials import Sent, clear_cookie, face_of, sent_cookies, sent_credential
from dynmodel_pyramid.web.identity.policy import SecurityPolicy

#: What a host application says of a request: None, an id, or an object with ``id`` and, if it likes, ``name``,
#: ``email``, ``roles`` and ``claims``.
HostIdentity = Callable[[Request], Mapping[str, Any] | str | None]


def identify(request: Request, access: Access) -> Identity:
    """Who sends a request. Call it before the attempt reads anything: it may read in a transaction of its own, if this
    process has not seen the credential since access changed.

    :param access: the roles in force, whose stamp the attempt proves afterwards
    :raises Unauthenticated: the credential is wrong, or has expired
    :raises Forbidden: it may come from a page of another site
    """
    sent = sent_credential(request)
    if sent is None or sent.kind == "cookie" or not _is_ours(sent):
        host = _host_identity(request)
        if host is not None:
            return host
    if sent is None:
        return ANONYMOUS
    identity = _identity(request, sent, access)
    if sent.kind in ("basic", "cookie") and not identity.is_anonymous:
        origins.check(request, request.registry.dynmodel_settings, "basic" if sent.kind == "basic" else "cookie")
    return identity


def _is_ours(sent: Sent) -> bool:
    return sent.secret.startswith(PREFIX)


def _identity(request: Request, sent: Sent, access: Access) -> Identity:
    tenant: Tenant = request.environ[TENANT]
    accounts = tenant.accounts
    if sent.kind == "cookie":
        for secret in sent_cookies(request):
            identity = accounts.recogniser.found("session", secret, access.stamp)
            if identity is not None:
                return identity
        if face_of(request) == "session":
            return ANONYMOUS  # whoever signs in again need not sign out first
        # Browsers would send it again and again.
        request.add_response_callback(clear_cookie)
        raise _invalid("the session has ended", "sign in again: POST /session/")
    if sent.kind in ("bearer", "apikey") and not _is_ours(sent):
        verifier: Verifier | None = request.registry.dynmodel_jwt
        if verifier is not None:
            identity = verifier.identity(sent.secret, access.roles.keys() | BUILT_IN_ROLES)
            refuse_other_tenant(tenant, identity.claims)
            return identity
    identity = accounts.recogniser.found("token", sent.secret, access.stamp)
    if identity is None:
        raise _invalid(
            "the credential is wrong, or has expired", "send a token that is in force: Authorization: Bearer dyn_..."
        )
    return identity


def _invalid(detail: str, hint: str) -> Unauthenticated:
    return Unauthenticated(detail, hint=hint, code="invalid_credential")


def _host_identity(request: Request) -> Identity | None:
    """What the host application says; None also where there is none."""
    ask: HostIdentity | None = getattr(request.registry, "dynmodel_identity", None)
    if ask is not None:
        said = ask(request)
        return None if said is None else host_identity(said)
    if isinstance(request.registry.queryUtility(ISecurityPolicy), SecurityPolicy):
        return None
    user_id = request.authenticated_userid
    return None if user_id is None else host_identity(str(user_id))


def host_identity(said: Mapping[str, Any] | str) -> Identity:
    """
    :raises ConfigurationProblem: the host's function returned something else
    """
    if isinstance(said, str):
        said = {"id": said}
    wrong = not isinstance(said, Mapping) or said.get("id") in (None, "")
    if wrong or set(said) - {"id", "name", "email", "roles", "claims"} or isinstance(said.get("roles"), str):
        raise ConfigurationProblem(
            "the function of set_dynmodel_identity must return None, an id, or a mapping with id, name, email, "
            "roles (a list of names) and claims (a mapping)"
        )
    return Identity(
        "host",
        f"host:{said['id']}",
        said.get("name"),
        said.get("email"),
        frozenset({EVERYONE, AUTHENTICATED, *(said.get("roles") or ())}),
        said.get("claims") or {},
    )
