"""The audit of changes of access."""

from typing import Any

import sqlalchemy as sa
from pyramid.request import Request

from dynmodel_pyramid.access.identity import Identity
from dynmodel_pyramid.changes.access_change import Audit
from dynmodel_pyramid.definitions.store import now
from dynmodel_pyramid.web.http.errors import request_id


def audit_of(request: Request, identity: Identity, event: str = "access_changed") -> Audit:
    """Writes an event of a request by an identity."""
    table = request.registry.dynmodel_catalogue.database.system.access.audit

    def audit(connection: sa.Connection, detail: dict[str, Any]) -> None:
        line = {
            "at": now(),
            "event": event,
            "identity": identity.id,
            "address": request.remote_addr,
            "request_id": request_id(request),
            "detail": detail,
            "count": 1,
        }
        connection.execute(sa.insert(table), line)

    return audit
