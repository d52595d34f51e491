"""OpenTelemetry: a span for each request, and one for each of its first statements, without any value.

Names and attributes are those of the semantic conventions (HTTP server spans, database client spans). Where the program
has set no provider of its own, the SDK's is made, and sends spans as the standard variables of the environment say
(``OTEL_EXPORTER_OTLP_ENDPOINT``, ``OTEL_SERVICE_NAME`` ...): at the first request, because its thread must not be there
before a worker is forked.
"""

import time
from typing import Any

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.telemetry.families import METHODS
from dynmodel_pyramid.telemetry.trace_context import TraceContext

#: Statements of one request that have spans.
MOST_STATEMENTS = 50


class Spans:
    """
    :param database: the name of the database system, as the conventions have it
    :raises ConfigurationProblem: a library is missing
    """

    def __init__(self, database: str) -> None:
        try:
            from opentelemetry import trace
        except ImportError as error:
            raise ConfigurationProblem(
                "dynmodel.tracing needs OpenTelemetry", hint="pip install 'dynmodel_pyramid[otel]'"
            ) from error
        self._api = trace
        self._database = database
        self._tracer: Any = None

    def begin(self, context: TraceContext | None, arrived: float) -> "RequestSpan":
        """
        :param context: of the request that came
        :param arrived: when, of ``time.monotonic``
        """
        if self._tracer is None:
            self._tracer = self._made()
        began = time.time_ns() - int((time.monotonic() - arrived) * 1e9)
        span = self._tracer.start_span(
            "request", context=self._parent(context), kind=self._api.SpanKind.SERVER, start_time=began
        )
        return RequestSpan(self._api, self._tracer, span, self._database)

    def _made(self) -> Any:
        api = self._api
        if isinstance(api.get_tracer_provider(), api.ProxyTracerProvider):
            _provide(api)
        return api.get_tracer("dynmodel_pyramid")

    def _parent(self, context: TraceContext | None) -> Any:
        api = self._api
        if context is None:
            return None
        remote = api.SpanContext(
            int(context.trace_id, 16),
            int(context.parent_id, 16),
            is_remote=True,
            trace_flags=api.TraceFlags(int(context.flags, 16)),
            trace_state=api.TraceState.from_header([context.state] if context.state else []),
        )
        return api.set_span_in_context(api.NonRecordingSpan(remote))


def _provide(api: Any) -> None:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        return  # the API alone: spans go nowhere
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    api.set_tracer_provider(provider)


class RequestSpan:
    """The span of one request."""

    def __init__(self, api: Any, tracer: Any, span: Any, database: str) -> None:
        self._api, self._tracer, self._span, self._database = api, tracer, span, database
        self._context = api.set_span_in_context(span)
        self._left = MOST_STATEMENTS

    @property
    def trace(self) -> TraceContext:
        """For requests that are sent because of this one, and for the log."""
        own = self._span.get_span_context()
        flags = f"{int(own.trace_flags) & 1:02x}"
        return TraceContext(f"{own.trace_id:032x}", f"{own.span_id:016x}", flags, own.trace_state.to_header())

    def queried(self, seconds: float, statement: str) -> None:
        """A statement has just ended."""
        if not self._left or not self._span.is_recording():
            return
        self._left -= 1
        now = time.time_ns()
        operation = statement.lstrip(" (")[:10].partition(" ")[0].upper()
        operation = operation if operation.isalpha() else "statement"
        attributes = {"db.system.name": self._database, "db.operation.name": operation}
        span = self._tracer.start_span(
            operation,
            context=self._context,
            kind=self._api.SpanKind.CLIENT,
            start_time=now - int(seconds * 1e9),
            attributes=attributes,
        )
        span.end(now)

    def end(self, method: str, route: str | None, status: str, further: dict[str, Any]) -> None:
        """
        :param route: with names in the places of parts that differ
        :param further: attributes of ours
        """
        span = self._span
        known = method if method in METHODS and method != "other" else "_OTHER"
        span.update_name(f"{known if known != '_OTHER' else 'HTTP'} {route}" if route else known)
        span.set_attribute("http.request.method", known)
        span.set_attribute("http.response.status_code", int(status))
        if route is not None:
            span.set_attribute("http.route", route)
        for name, value in further.items():
            span.set_attribute(name, value)
        if status >= "500":
            span.set_attribute("error.type", status)
            span.set_status(self._api.StatusCode.ERROR)
        span.end()
