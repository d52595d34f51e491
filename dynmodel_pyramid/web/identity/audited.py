"""The audit of changes of grants."""

from typing import Any

import sqlalchemy as sa
from pyramid.request import Request

from dynmodel_pyramid.access.caller import Caller
from dynmodel_pyramid.changes.access_change import Audit
from dynmodel_pyramid.web.identity.changing import note


def audit_of(request: Request, caller: Caller) -> Audit:
    """Writes a change of grants by a caller."""

    def audit(connection: sa.Connection, detail: dict[str, Any]) -> None:
        note(request, caller, connection, "access_changed", **detail)

    return audit
