"""A request -> its caller: who sends it, and the roles that are in force.

Both come from this process's memory, so they cost no statement; the attempt proves them (``access/attempt.py``). If
they were out of date, the next attempt reads them anew.
"""

from dataclasses import replace

import sqlalchemy as sa
from pyramid.request import Request

from dynmodel_pyramid.access.caller import Caller
from dynmodel_pyramid.access.grants import Access
from dynmodel_pyramid.access.identity import OPEN
from dynmodel_pyramid.errors import Unauthenticated
from dynmodel_pyramid.tenants.tenant import Tenant
from dynmodel_pyramid.web.http.tree import TENANT
from dynmodel_pyramid.web.identity import open_mode
from dynmodel_pyramid.web.identity.identify import identify
from dynmodel_pyramid.web.identity.rates import limit

#: Everybody in open mode.
_OPEN = Caller(OPEN, Access(), None)


def caller_of(request: Request) -> Caller:
    """
    :raises Unauthenticated: the credential is wrong, or has expired
    :raises Forbidden: open mode does not take this request, or it may come from a page of another site
    :raises TooManyRequests: the caller has used up its requests
    """
    registry = request.registry
    open_mode.refuse(request, registry.dynmodel_settings)
    try:
        caller = _found(request)
    except Unauthenticated:
        limit(request, registry.dynmodel_rates, None)
        raise
    limit(request, registry.dynmodel_rates, caller.identity)
    return caller


def _found(request: Request) -> Caller:
    tenant: Tenant = request.environ[TENANT]
    access = tenant.access.newest()
    identity = identify(request, access)
    if request.registry.dynmodel_settings.access == "open":
        if identity.is_anonymous:
            return _OPEN
        if identity.kind == "host":
            return Caller(replace(identity, roles=identity.roles | OPEN.roles), access, None)
    return Caller(identity, access, access.stamp)


def forget(tenant: Tenant, caller: Caller, connection: sa.Connection) -> None:
    """The caller was out of date."""
    tenant.access.refresh(connection)
    if caller.identity.credential is not None:
        tenant.accounts.recogniser.forget(caller.identity.credential)
