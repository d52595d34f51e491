"""Spans of OpenTelemetry, with the SDK's exporter in memory."""

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from dynmodel_pyramid.access import fetching

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture(scope="module")
def exporter():
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


def test_a_request_has_a_span_named_by_its_resource_and_no_values(make_app, exporter):
    app = make_app(**{"dynmodel.tracing": "true"})
    app.post_json("/table/", {"model_name": "Thing", "fields": {"name": "string"}})
    app.post_json("/table/Thing/rows/", {"name": "secret-value"})
    exporter.clear()
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "a=1"}
    app.get("/table/Thing/rows/?name=eq.secret-value", headers=headers)
    *statements, span = exporter.get_finished_spans()
    assert (span.name, span.kind) == ("GET /table/{table}/rows/", trace.SpanKind.SERVER)
    assert (span.context.trace_id, span.parent.span_id) == (int(TRACE, 16), int(PARENT, 16))
    assert span.context.trace_state.to_header() == "a=1"
    attributes = dict(span.attributes)
    assert attributes["http.request.method"] == "GET" and attributes["http.response.status_code"] == 200
    assert attributes["http.route"] == "/table/{table}/rows/" and attributes["dynmodel.rows_read"] == 1
    assert statements and all(each.parent.span_id == span.context.span_id for each in statements)
    assert all(each.kind == trace.SpanKind.CLIENT and each.attributes["db.system.name"] for each in statements)
    assert "SELECT" in {each.name for each in statements}
    assert "secret" not in "".join(each.to_json() for each in (*statements, span))
    exporter.clear()
    app.get("/table/none/", status=404)
    assert exporter.get_finished_spans()[-1].name == "GET"


def test_requests_of_our_own_belong_to_the_trace(monkeypatch):
    from dynmodel_pyramid.telemetry.measuring import CURRENT, Record
    from dynmodel_pyramid.telemetry.trace_context import trace_context

    sent = []

    class Opener:
        def open(self, request, timeout):
            sent.append(request)
            raise OSError("no network")

    monkeypatch.setattr(fetching.urllib.request, "build_opener", lambda *handlers: Opener())
    record = Record()
    record.trace = trace_context({"HTTP_TRACEPARENT": f"00-{TRACE}-{PARENT}-01"})
    before = CURRENT.set(record)
    try:
        with pytest.raises(fetching.FetchFailed):
            fetching.fetch("https://keys.example.org/")
    finally:
        CURRENT.reset(before)
    assert sent[0].get_header("Traceparent").startswith(f"00-{TRACE}-")
