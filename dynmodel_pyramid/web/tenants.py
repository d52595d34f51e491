"""A request -> its tenant (``dynmodel.tenants``).

==========  ==========================================================================================================
``path``    the first segment of the address, below the prefix of a mounted service: ``/acme/table/``
``host``    the label before ``dynmodel.tenant_domain``: ``acme.data.example.org``. By ``Host`` alone: a header in which
            a proxy says what the host was counts only if the server trusts the proxy, and has put it into ``Host``
``claim``   a claim of the request's JSON Web Token, which is verified first
==========  ==========================================================================================================

A tenant that does not exist is 404, as any address that leads nowhere. Below an existing one whoever has no credential
gets what he gets without tenants, so names can be tried; they are no secret.
"""

import re
from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from dynmodel_pyramid.access.accounts.secrets import PREFIX
from dynmodel_pyramid.access.jwt import Verifier
from dynmodel_pyramid.errors import ConfigurationProblem, NotFound, Unauthenticated
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.tenants.claims import named_tenant
from dynmodel_pyramid.tenants.tenant import Tenant
from dynmodel_pyramid.tenants.tenants import Tenants
from dynmodel_pyramid.web.identity.caching import BY_CLAIM
from dynmodel_pyramid.web.identity.credentials import sent_credential
from dynmodel_pyramid.web.identity.rates import limit

#: The pages of operators, which belong to no tenant.
OPERATORS = frozenset({"live", "ready", "metrics"})
_PART = "tenant"
_PORT = re.compile(r":[0-9]{0,5}\Z")


def pattern(config: Configurator) -> str:
    """The pattern of the service's route, below its prefix."""
    is_named = f"{{{_PART}}}" in (config.route_prefix or "")
    by_path = config.registry.dynmodel_settings.tenants == "path" and not config.registry.dynmodel_settings.tenant
    return f"/{{{_PART}}}/*traverse" if by_path and not is_named else "/*traverse"


def check_settings(settings: Settings) -> None:
    """
    :raises ConfigurationProblem: settings that contradict each other
    """
    if settings.tenants == "none":
        return
    settings.tenant_values()
    if settings.tenants == "host" and not settings.tenant_domain:
        raise ConfigurationProblem(
            "dynmodel.tenants = host needs dynmodel.tenant_domain", hint="such as data.example.org"
        )
    if settings.tenants == "host" and settings.public_url and not settings.tenant:
        raise ConfigurationProblem(
            "dynmodel.public_url is one origin, and with dynmodel.tenants = host each tenant has its own",
            hint="take it out: let the proxy pass Host on as it is, and the scheme in a header that the server trusts",
        )
    if settings.tenants == "claim" and not (settings.jwt_secret or settings.jwt_jwks_url or settings.jwt_jwks_file):
        raise ConfigurationProblem(
            "dynmodel.tenants = claim needs JSON Web Tokens", hint="set dynmodel.jwt_secret or dynmodel.jwt_jwks_url"
        )


def tenant_for(request: Request, tenants: Tenants) -> Tenant | None:
    """The tenant of a request; None: it asks for a page of operators.

    :raises NotFound: there is no such tenant
    :raises Unauthenticated: the token that should name it does not, or is wrong
    """
    matched: dict[str, Any] = request.matchdict
    traverse = matched["traverse"]
    name: str | None = matched.get(_PART)
    if name in OPERATORS and not traverse:
        traverse = matched["traverse"] = (name,)
    if len(traverse) == 1 and traverse[0] in OPERATORS and (name is None or name == traverse[0]):
        return None
    try:
        return tenants.get(_NAMES[tenants.home.settings.tenants](request))
    except (NotFound, Unauthenticated):
        # Nobody is known yet: the address pays for what was looked up.
        limit(request, request.registry.dynmodel_rates, None)
        raise


def _of_path(request: Request) -> str:
    return str(request.matchdict[_PART])


def _of_host(request: Request) -> str:
    host = _PORT.sub("", request.environ.get("HTTP_HOST", "")).lower().removesuffix(".")
    label, dot, domain = host.partition(".")
    return label if dot and domain == request.registry.dynmodel_settings.tenant_domain else ""


def _of_claim(request: Request) -> str:
    request.environ[BY_CLAIM] = True
    sent = sent_credential(request)
    verifier: Verifier | None = request.registry.dynmodel_jwt
    if sent is None or sent.kind not in ("bearer", "apikey") or sent.secret.startswith(PREFIX) or verifier is None:
        raise Unauthenticated(
            "the request must bear a JSON Web Token, which names its tenant", hint="Authorization: Bearer TOKEN"
        )
    return named_tenant(verifier.claims(sent.secret), request.registry.dynmodel_settings)


_NAMES: dict[str, Callable[[Request], str]] = {"path": _of_path, "host": _of_host, "claim": _of_claim}
