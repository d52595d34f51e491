"""For which tenant the claims of others count: of JSON Web Tokens, and of sign-ins with an OpenID provider.

Their keys are the service's, not a tenant's: without a claim that names the tenant they would be good for all.
"""

from collections.abc import Mapping
from typing import Any

from dynmodel_pyramid.access.jwt import invalid
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.tenants.tenant import Tenant


def named_tenant(claims: Mapping[str, Any], settings: Settings) -> str:
    """The tenant that claims name.

    :raises Unauthenticated: they name none: a list, or a number, is no name
    """
    value: Any = claims
    for key in settings.tenant_claim:
        value = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(value, str) or not value:
        raise invalid(f"names no tenant: want one name, as a text, in its claim {'.'.join(settings.tenant_claim)}")
    return value


def refuse_other_tenant(tenant: Tenant, claims: Mapping[str, Any]) -> None:
    """Refuse claims that are not meant for a tenant.

    :raises Unauthenticated: they name another one, or none
    """
    if tenant.name and named_tenant(claims, tenant.database.settings) != tenant.name:
        raise invalid("is for another tenant")
