"""Exceptions -> problem documents (RFC 9457). No traceback and no SQL reach a client."""

import json
import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPException, HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from webob.request import DisconnectionError

from dynmodel_pyramid import errors
from dynmodel_pyramid.catalogue.constraint_violations import KINDS, violated_fields, violation
from dynmodel_pyramid.catalogue.long_entries import HINT, long_indexed_fields, too_long_text
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.database import Failure
from dynmodel_pyramid.telemetry.lines import FIELDS, BoundedLog, fields_text, plain, request_id_of
from dynmodel_pyramid.telemetry.measuring import CURRENT
from dynmodel_pyramid.web.http.recorded import fields_of, note, resource_of

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
#: In a request's environment: the failure, its cause, and whether it is logged.
_FAILURE, _CAUSE, _LOGGED = "dynmodel.failure", "dynmodel.cause", "dynmodel.logged"
#: In a request's environment while an attempt runs: its errors that look like faults of this package.
UNDECIDED = "dynmodel.undecided"
#: The most characters of a detail, and of a hint: they may quote what a client sent.
_LONGEST = 4000
#: At most so many lines of a kind in ten seconds, so that an outage does not fill the disk.
_bounded = BoundedLog(log, burst=100)


class HttpError(errors.DynmodelError):
    """An error of HTTP alone; ``status`` and further ``headers`` are for the answer."""

    status = 400
    headers: dict[str, str] = {}


class MethodNotAllowed(HttpError):
    status, code = 405, "method_not_allowed"

    def __init__(self, method: str, allow: str) -> None:
        super().__init__(f"{method} is not allowed here", hint=f"allowed are {allow}")
        self.headers = {"Allow": allow}


class NotAcceptable(HttpError):
    status, code = 406, "not_acceptable"


class UnsupportedMediaType(HttpError):
    status, code = 415, "unsupported_media_type"

    def __init__(self, detail: str, *, hint: str, media_types: tuple[str, ...], codings: tuple[str, ...] = ()) -> None:
        super().__init__(detail, hint=hint)
        self.headers = {"Accept": ", ".join(media_types)}  # RFC 9110, 15.5.16
        if codings:
            self.headers = {"Accept-Encoding": ", ".join(codings)}


class RangeNotSatisfiable(HttpError):
    status, code = 416, "range_not_satisfiable"

    def __init__(self, detail: str, total: int | None = None, hint: str | None = None) -> None:
        super().__init__(detail, hint=hint)
        self.headers = {"Content-Range": f"*/{'*' if total is None else total}"}  # RFC 9110, 15.5.17


STATUSES: tuple[tuple[type[errors.DynmodelError], int], ...] = (
    (errors.Malformed, 400),
    (errors.TooLarge, 413),
    (errors.Unwritable, 406),
    (errors.UnsupportedParameter, 415),
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.TooManyRequests, 429),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.PreconditionFailed, 412),
    (errors.Invalid, 422),
    (errors.Busy, 503),
    (errors.OutcomeUnknown, 503),
)
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    416: "Range Not Satisfiable",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


#: Writes an error from a request, status, code, detail, hint and further members.
ErrorWriter = Callable[[Any, int, str, str, str | None, dict[str, Any]], Response]


def add_error_writer(config: Configurator, segment: str, writer: ErrorWriter) -> None:
    """Let a face write errors in its own form, for all addresses below a first segment."""
    config.registry.dynmodel_error_writers[segment] = writer


def request_id(request: Request) -> str:
    """The client's ``X-Request-Id`` if it is valid, else a new one; the same for the whole request."""
    known = request.environ.get("dynmodel.request_id")
    if known is None:
        known = request_id_of(request.environ.get("HTTP_X_REQUEST_ID", ""))
        request.environ["dynmodel.request_id"] = known
    return known


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def problem(request: Request, status: int, code: str, detail: str, hint: str | None = None, **members: Any) -> Response:
    """A problem document. It is ASCII only, because texts of clients may have surrogates, which have no UTF-8.

    Below the address of a face with its own form of errors it has that form, unless ``Accept`` names this one.
    """
    detail, hint = _clipped(detail), hint and _clipped(hint)
    if status >= 500:
        request.environ[_FAILURE] = f"{code}: {detail}"
    if (writer := _error_writer(request)) is not None:
        answer = writer(request, status, code, detail, hint, members)
        answer.headers["X-Request-Id"] = request_id(request)
        return with_definition_version(answer, request)
    operation = getattr(getattr(request, "context", None), "operation", None)
    if operation is not None:
        members = {"operation": operation, **members}
    title = TITLES.get(status) or HTTPStatus(status).phrase
    document = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "hint": hint,
        "request_id": request_id(request),
        **members,
    }
    body = json.dumps(document).encode()
    answer = Response(body, status=f"{status} {title}", content_type=MEDIA_TYPE, charset=None)
    answer.headers["X-Request-Id"] = document["request_id"]
    return with_definition_version(answer, request)


def _error_writer(request: Request) -> ErrorWriter | None:
    segments = (getattr(request, "matchdict", None) or {}).get("traverse") or (None,)
    writer = request.registry.dynmodel_error_writers.get(segments[0])
    return writer if writer is not None and MEDIA_TYPE not in request.headers.get("Accept", "") else None


def domain_error_view(error: errors.DynmodelError, request: Request) -> Response:
    if isinstance(error, HttpError):
        answer = problem(request, error.status, error.code, error.detail, error.hint, **error.members)
        answer.headers.update(error.headers)
        return answer
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 500)
    if status == 500:
        return unexpected_error_view(error, request)
    if status > 500:
        note_cause(error.__cause__, request)
    if isinstance(error, errors.Busy):
        return busy(request, error.detail, error.code, error.retry_after)
    members = dict(error.members)
    if isinstance(error, errors.Faulty):
        hints = error.hints()
        members["errors"] = [
            {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail} | ({"hint": hint} if hint else {})
            for fault, hint in zip(error.problems, hints, strict=True)
        ]
        members["error_count"] = error.total
        error.hint = error.hint or hints[0]
    if isinstance(error, errors.PreconditionFailed) and error.current is not None:
        members["current"] = json.loads(error.current)
    answer = problem(request, status, error.code, error.detail, error.hint, **members)
    if isinstance(error, errors.Unauthenticated):
        # There is no challenge for Basic, which browsers answer with a dialogue of their own (RFC 9110, 11.6.1).
        answer.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.TooManyRequests):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def with_definition_version(answer: Response, request: Request) -> Response:
    """Add ``Definition-Version`` to an answer below a table; and ``Deprecation`` if its rows have former names."""
    context = getattr(request, "context", None)
    model = getattr(context, "model", None)
    if model is not None:
        answer.headerlist.append(("Definition-Version", str(model.definition.version)))
    deprecation = getattr(context, "deprecation", None)
    if deprecation is not None:
        answer.headerlist.append(("Deprecation", deprecation))
    return answer


def not_found_view(error: HTTPNotFound, request: Request) -> Response:
    # error.detail would reveal names of classes and views.
    return problem(request, 404, "not_found", f"there is nothing at {request.path_info}")


def http_exception_view(error: HTTPException, request: Request) -> Response:
    """HTTP exceptions that Pyramid itself raises."""
    return problem(request, error.status_int, error.title.lower().replace(" ", "_"), error.explanation or error.title)


def stale_view(error: errors.DynmodelError, request: Request) -> Response:
    """The answer when the last attempt was stale, too."""
    return busy(request, "the definition changed faster than the request could run")


def busy(request: Request, detail: str, code: str = "busy", retry_after: int = 1) -> Response:
    """503: nothing was changed, and the client may repeat the request."""
    answer = problem(request, 503, code, detail, "nothing was changed; repeat the request")
    answer.headers["Retry-After"] = str(retry_after)
    return answer


def undecodable_view(error: UnicodeDecodeError, request: Request) -> Response:
    return problem(request, 400, "malformed", "the address is not UTF-8")


def incomplete_body_view(error: DisconnectionError, request: Request) -> Response:
    """The client has probably gone. waitress passes on only whole bodies; other servers may not."""
    return problem(request, 400, "malformed", "the body ended before its Content-Length")


def database_error_view(error: sa.exc.DBAPIError, request: Request) -> Response:
    """An error of the database. ``transactions`` has found before that no stale definition caused it."""
    failure = request.registry.dynmodel_database.failure(error)
    note_cause(error, request)
    if failure.kind in KINDS:
        return _violation(failure, request)
    if failure.kind == "too_long":
        return _too_long(failure, request)
    if failure.kind == "too_large" and "dynmodel.writes" not in request.environ:
        detail = "what one row has with its embedded rows is larger than the database makes it"
        return problem(request, 400, "query_too_complex", detail, "embed less deeply, fewer rows or fewer fields")
    if failure.kind in ("value", "too_large"):
        return problem(
            request, 422, "validation", "a value, or the row as a whole, is beyond what the database can store"
        )
    if failure.kind == "too_complex":
        detail = "the query is more than the database takes"
        return problem(request, 400, "query_too_complex", detail, "embed less deeply, or ask in several queries")
    if failure.kind == "timeout":
        settings = request.registry.dynmodel_settings
        detail = f"the database took longer than {settings.statement_timeout:g} seconds"
        if settings.change_timeout != settings.statement_timeout:
            detail += f", or {settings.change_timeout:g} seconds for the change of a definition"
        return problem(request, 504, "statement_timeout", detail, "ask for less, or index the fields that are compared")
    if failure.kind == "read_only":
        return busy(
            request,
            "the database takes no writes: its server is, or has become, a replica, or its file may not be written",
            "database_read_only",
        )
    if failure.kind in ("busy", "away", "full"):
        details = {
            "busy": "the rows are locked by another request",
            "away": "the database can't be reached",
            "full": "the database has no room left",
        }
        if failure.kind == "away" and writes_committed(request):
            return domain_error_view(errors.OutcomeUnknown(), request)
        code = "busy" if failure.kind == "busy" else "database_unavailable"
        return busy(request, details[failure.kind], code)
    if writes_committed(request):
        return unexpected_error_view(error, request)
    return internal_error(request)  # logged by the attempts tween, unless a further attempt succeeds


def writes_committed(request: Request) -> bool:
    """Whether pyramid_tm was at the commit: before that it removes its mark from the request."""
    return "dynmodel.writes" in request.environ and not request.environ.get("tm.active")


def _violation(failure: Failure, request: Request) -> Response:
    model = _written(request)
    definition = None if model is None else model.definition
    names = [] if definition is None else violated_fields(failure, definition)
    seen = all(name == "id" or _exists(request, name) for name in names)
    error = violation(failure, definition if seen else None)
    return problem(request, 409, error.code, error.detail, **error.members)


def _exists(request: Request, name: str) -> bool:
    """Whether a field of the written table exists for the caller."""
    model = _written(request)
    return model is not None and request.context.attempt.scopes.scope(model).exists(name)


def _written(request: Request) -> Model | None:
    """The table that the request writes."""
    context = request.context
    return getattr(context, "written", None) or getattr(context, "model", None)


def _too_long(failure: Failure, request: Request) -> Response:
    """A value that is too long for an index; for very long values the database does not name the index."""
    model = _written(request)
    names = [] if model is None else violated_fields(failure, model.definition) or long_indexed_fields(model)
    names = [name for name in names if _exists(request, name)]
    return problem(request, 422, "validation", too_long_text(names), HINT, fields=names)


def unexpected_error_view(error: Exception, request: Request) -> Response:
    """A fault of this package: the log has the details under the request's id; the client gets only the id.

    During an attempt a changed definition may be the cause: ``transactions`` checks that first, and then logs the
    fault.
    """
    undecided = request.environ.get(UNDECIDED)
    if undecided is None:
        log_unexpected(error, request)
    else:
        undecided.append(error)
    return internal_error(request)


def log_unexpected(error: Exception, request: Request) -> None:
    request.environ[_LOGGED] = True
    what = request_id(request), plain(request.method), request.path
    kind = type(error).__name__
    _bounded.log(logging.ERROR, kind, "request %s: %s %s failed", *what, exc_info=error)


def note_cause(error: BaseException | None, request: Request) -> None:
    """Keep the database's message for the log."""
    if error is not None:
        request.environ[_CAUSE] = first_line(getattr(error, "orig", None) or error)


def log_failure(answer: Response, request: Request) -> None:
    """Log the cause of an answer of 500 and above in one line with its request_id, without a traceback.

    Faults of this package are logged already.
    """
    failure = request.environ.get(_FAILURE)
    if failure is None or answer.status_int < 500 or request.registry.dynmodel_settings.request_log == "off":
        return
    record = CURRENT.get()
    if record is not None:
        record.is_told = True
    if request.environ.pop(_LOGGED, False):
        return
    cause = request.environ.get(_CAUSE)
    fields: dict[str, Any] = {}
    if record is not None:
        note(request, record)
        fields = fields_of(record, resource_of(request), time.monotonic() - record.arrived)
    _bounded.warning(
        failure.partition(":")[0],
        "request %s: %s %s answered %d %s%s%s",
        *(request_id(request), plain(request.method), request.path, answer.status_int, plain(failure)),
        f" ({plain(cause)})" if cause else "",
        f" {fields_text(fields)}" if fields else "",
        extra={FIELDS: {"request": request_id(request), "status": answer.status_int, **fields}},
    )


def first_line(error: BaseException | None) -> str:
    """The first line of an error's message, for the log."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def internal_error(request: Request) -> Response:
    return problem(request, 500, "internal_error", "the server failed; its log says why under this request_id")
