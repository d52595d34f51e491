"""What operators see of a process: metrics, lines of the log, traces. It knows neither HTTP nor the database.

``resources``   the names by which requests are counted
``families``    all metrics, and the places of their numbers
``memory``      the numbers: of one process, or of all that share them
``measuring``   counting: the record of a request, and the numbers of this process
``exposition``  the numbers as text for Prometheus (needs the extra ``metrics``)
``lines``       lines of the log, in text and JSON; shapes of statements
``trace_context``  the headers ``traceparent`` and ``tracestate``
``spans``       spans of OpenTelemetry (needs the extra ``otel``)
``page``        who may see ``/metrics``
"""
