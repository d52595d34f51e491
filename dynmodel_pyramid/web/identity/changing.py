"""Transactions that change access, and what the audit says of them."""

from typing import Any

import sqlalchemy as sa
from pyramid.request import Request

from dynmodel_pyramid.access import changes
from dynmodel_pyramid.access.accounts.accounts import Accounts
from dynmodel_pyramid.access.accounts.audit import Origin
from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.access.caller import Caller
from dynmodel_pyramid.tenants.tenant import Tenant
from dynmodel_pyramid.web.http.errors import request_id
from dynmodel_pyramid.web.http.transactions import write_connection
from dynmodel_pyramid.web.http.tree import TENANT


def accounts_of(request: Request) -> Accounts:
    tenant: Tenant = request.environ[TENANT]
    return tenant.accounts


def changing_access(attempt: RequestAttempt, request: Request) -> sa.Connection:
    """The attempt's connection, in a transaction that may change access: all writes of rows wait, and the caller's own
    access is proven now, because the change may end it.
    """
    connection = write_connection(request, lambda connection: changes.hold(connection, attempt.database))
    attempt.confirm()
    return connection


def origin_of(request: Request, caller: Caller | None = None) -> Origin:
    """
    :param caller: None: nobody that is known yet
    """
    identity = None if caller is None else caller.identity.id
    return Origin(identity, request.remote_addr, request_id(request))


def note(request: Request, caller: Caller, connection: sa.Connection, event: str, **detail: Any) -> None:
    """Write an event of the caller's into the audit."""
    accounts_of(request).audit.note(connection, event, origin_of(request, caller), **detail)


def own_user_id(caller: Caller) -> int | None:
    """The number of the user that the caller is; None: it is none."""
    kind, _, number = (caller.identity.id or "").partition(":")
    return int(number) if kind == "user" else None


def is_signed_in(caller: Caller) -> bool:
    """Whether the caller is a user with a session. A token may not do what only its user may: make further tokens."""
    credential = caller.identity.credential
    return credential is not None and credential.kind == "session"
