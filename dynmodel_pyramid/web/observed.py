"""The outermost tween: what a request does is recorded, and told when its answer is made.

An answer that is sent while it is made counts until its last part is made. Where nobody looks there is no tween, and
nothing is recorded.

Lines of requests are written together, as they are counted (``telemetry.measuring``), up to a second later; those of
errors and of slow requests at once.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from time import monotonic, time
from typing import Any

from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.telemetry import families
from dynmodel_pyramid.telemetry.lines import (
    FIELDS,
    BoundedLog,
    Line,
    fields_text,
    plain,
    request_id_of,
    shape,
    write_lines,
)
from dynmodel_pyramid.telemetry.measuring import CURRENT, Record, TracedRecord, add, finish
from dynmodel_pyramid.telemetry.resources import route_of
from dynmodel_pyramid.telemetry.spans import Spans
from dynmodel_pyramid.telemetry.trace_context import trace_context
from dynmodel_pyramid.web.http.errors import request_id
from dynmodel_pyramid.web.http.recorded import fields_of, note, resource_of
from dynmodel_pyramid.web.http.tree import ROUTE, Handler

log = logging.getLogger(__name__)
#: At most so many slow requests are told in ten seconds.
_slow_log = BoundedLog(log, burst=100)
#: In the environment of our own server: when the request was there, of ``time.monotonic``.
ARRIVED = "dynmodel.arrived"


class Observer:
    """
    :param registry: of the application
    """

    def __init__(self, registry: Registry) -> None:
        settings = registry.dynmodel_settings
        # Tenants have tables with the same ids.
        self._tells_tables = bool(settings.metrics_tables) and registry.dynmodel_tenants is None
        self._is_alone = registry.dynmodel_prefix is None
        self._counts = settings.metrics
        self.slow = settings.slow_request if settings.request_log != "off" or settings.metrics else float("inf")
        self._tells_slow = settings.request_log != "off"
        self._tells_all = settings.request_log == "all"
        self._notes = self._tells_tables or self._tells_all
        self.has_spans = settings.tracing
        #: Whether other requests than slow ones are not told.
        self.sees_slow_ones_only = not (settings.metrics or settings.tracing or self._tells_all)
        if self._tells_all and log.level == logging.NOTSET:
            log.setLevel(logging.INFO)
        self._spans: Spans | None = None
        if settings.tracing:
            self._spans = Spans(registry.dynmodel_database.dialect.name)

    def begun(self, request: Request) -> Record:
        environ = request.environ
        arrived = environ.get(ARRIVED)
        if self._spans is None:
            record = Record(arrived)
            record.trace = trace_context(environ)
            return record
        traced = TracedRecord(arrived)
        traced.span = self._spans.begin(trace_context(environ), traced.arrived)
        traced.trace = traced.span.trace
        return traced

    def done(self, request: Request, record: Record, status: str, answered: float, ended: float) -> None:
        """The answer to a request is made.

        :param status: three digits
        :param answered: when its first part was there
        :param ended: when all of it was
        """
        method = request.environ["REQUEST_METHOD"]
        if not self._is_alone and not _is_ours(request):
            if isinstance(record, TracedRecord):
                record.span.end(method, None, status, {})
            return
        record.ended = ended
        resource = resource_of(request)
        if self._notes:
            note(request, record)
        if answered - record.arrived > self.slow:
            self._was_slow(request, record, resource, status)
        if self._tells_all and not record.is_told:
            environ = request.environ
            record.request_id = environ.get("dynmodel.request_id") or environ.get("HTTP_X_REQUEST_ID", "")
            record.tell = _tell
        if self._counts or record.tell is not None:
            finish(record, resource, method, status)
        if self._spans is not None:
            self._end_span(request, record, method, status)

    def _was_slow(self, request: Request, record: Record, resource: str, status: str) -> None:
        add(families.SLOW_REQUESTS)
        if not self._tells_slow or record.is_told:
            return
        record.is_told = True
        note(request, record)
        fields = fields_of(record, resource, record.ended - record.arrived)
        if record.slowest:
            fields["slowest_ms"] = round(record.slowest_seconds * 1000, 1)
            fields["statement"] = shape(record.slowest)
        _slow_log.warning(
            "slow",
            "request %s: %s was slow, answered %s: %s",
            *(request_id(request), plain(request.method), status, fields_text(fields)),
            extra={FIELDS: {"request": request_id(request), "status": int(status), **fields}},
        )

    def _end_span(self, request: Request, record: Record, method: str, status: str) -> None:
        assert isinstance(record, TracedRecord)
        context = request.__dict__.get("context")
        route = None if request.__dict__.get("view_name") or context is None else route_of(context.__class__)
        further = {
            "url.scheme": request.environ.get("wsgi.url_scheme", "http"),
            "dynmodel.attempts": record.attempts,
            "dynmodel.rows_read": record.rows_read,
            "dynmodel.rows_written": record.rows_written,
        }
        record.span.end(method, route, status, further)


def _tell(done: list[tuple[Record, str, str, str]]) -> None:
    """Write the lines of requests that are done."""
    write_lines(log, [_line(*each) for each in done])


def _line(record: Record, resource: str, method: str, status: str) -> Line:
    known = request_id_of(record.request_id)
    method = method if method.isalpha() and len(method) < 20 else plain(method, 20)
    before = time() - monotonic()
    return Line(
        f"request {known}: {method} answered {status}: ",
        {
            "request": known,
            "method": method,
            "status": int(status),
            **fields_of(record, resource, record.ended - record.arrived),
            "ended": datetime.fromtimestamp(before + record.ended, UTC).isoformat(timespec="milliseconds"),
        },
    )


def _is_ours(request: Request) -> bool:
    """Whether a request is not the host application's own."""
    # Pyramid keeps it among the attributes; what was not reached is missing.
    route = request.__dict__.get("matched_route")
    return route is not None and route.name == ROUTE


class _Body:
    """The parts of an answer, while they are made; told of when they end."""

    def __init__(
        self, parts: Any, observer: Observer, request: Request, record: Record, status: str, answered: float
    ) -> None:
        self._parts, self._source = parts, iter(parts)
        self._observer, self._record = observer, record
        self._told = request, record, status, answered
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        before = CURRENT.set(self._record)
        try:
            part: bytes = next(self._source)
        finally:
            CURRENT.reset(before)
        return part

    def close(self) -> None:
        try:
            if hasattr(self._parts, "close"):
                self._parts.close()
        finally:
            if self._is_open:
                self._is_open = False
                self._observer.done(*self._told, monotonic())


def observing_tween_factory(handler: Handler, registry: Registry) -> Handler:
    if not registry.dynmodel_settings.observes:
        return handler
    observer = Observer(registry)

    def observing_tween(request: Request) -> Response:
        environ = request.environ
        if observer.has_spans or "HTTP_TRACEPARENT" in environ:
            record = observer.begun(request)
        else:
            record = Record(environ.get(ARRIVED))
        before = CURRENT.set(record)
        try:
            answer = handler(request)
        except BaseException:
            observer.done(request, record, "500", now := monotonic(), now)
            raise
        finally:
            CURRENT.reset(before)
        parts, status, answered = answer.app_iter, answer.status[:3], monotonic()
        if observer.sees_slow_ones_only or isinstance(parts, (list, tuple)):
            if observer.sees_slow_ones_only and answered - record.arrived < observer.slow:
                return answer
            observer.done(request, record, status, answered, answered)
        else:
            length = answer.content_length
            answer.app_iter = _Body(parts, observer, request, record, status, answered)
            answer.content_length = length  # which WebOb has just forgotten
        return answer

    return observing_tween
