"""What the log tells of a request besides its answer: ids and numbers, never values."""

from typing import Any

from pyramid.request import Request

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.telemetry.measuring import Record
from dynmodel_pyramid.telemetry.resources import UNKNOWN, name_of
from dynmodel_pyramid.web.http.tree import ATTEMPT, Resource


def note(request: Request, record: Record) -> None:
    """Note on the record what a line tells of the request, which may be gone when the line is written."""
    attempt: RequestAttempt | None = request.environ.get(ATTEMPT)
    record.identity = None if attempt is None else attempt.known_identity
    model = getattr(request.__dict__.get("context"), "model", None)
    record.table_id = None if model is None else model.definition.id


def resource_of(request: Request) -> str:
    """The name of the resource that a request is for."""
    # Pyramid keeps it among the attributes; what was not reached is missing.
    context = request.__dict__.get("context")
    if isinstance(context, Resource) and not request.__dict__.get("view_name"):
        return name_of(context.__class__)
    return UNKNOWN


def fields_of(record: Record, resource: str, seconds: float) -> dict[str, Any]:
    """The fields of a line, in their order; those without a value are left out.

    :param seconds: in all
    """
    fields: dict[str, Any] = {
        "resource": resource,
        "table": record.table_id,
        "identity": record.identity,
        "ms": round(seconds * 1000, 1),
        "queue_ms": round((record.began - record.arrived) * 1000, 1),
        "database_ms": round(record.database * 1000, 1),
        "statements": record.statements,
        "attempts": record.attempts,
        "rows_read": record.rows_read,
        "rows_written": record.rows_written,
        "trace": None if record.trace is None else record.trace.trace_id,
    }
    return {name: value for name, value in fields.items() if value is not None}
